//! Header sets: what every answer of a session carries, and what pages of our own carry.
//!
//! Values are put together from checked parts (origin patterns, media types, numbers), and whatever else goes in is encoded
//! first, so none of them ever holds a control character.

use std::borrow::Cow;

use crate::config::Config;
use crate::options::{Network, SessionOptions};

/// Names in small letters, and values.
pub type Headers<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// The headers of every answer of a session, whatever its type: workers take their policy from their own script.
pub fn session<'a>(config: &Config, options: &SessionOptions) -> Headers<'a> {
    let mut headers: Headers<'a> = Vec::with_capacity(16);
    headers.push((
        "content-security-policy",
        content_policy(config, &options.network).into(),
    ));
    add(&mut headers, &ALWAYS);
    add(&mut headers, &[("cache-control", "no-cache")]);
    if options.network != Network::Open {
        // Neither names that are looked up nor addresses of pages may carry data out.
        add(&mut headers, &[("x-dns-prefetch-control", "off"), QUIET]);
    }
    if options.cross_origin_isolated {
        add(&mut headers, &[("cross-origin-opener-policy", "same-origin")]);
        add(&mut headers, &EMBEDDABLE);
    }
    headers
}

/// The headers of a page of our own, with its policy: it loads nothing, and anyone who may embed a session may embed it.
pub fn page<'a>(config: &Config, length: usize) -> Headers<'a> {
    let mut policy = String::from("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'");
    push_frame_ancestors(&mut policy, config);
    let mut headers: Headers<'a> = Vec::with_capacity(12);
    headers.push(("content-length", length.to_string().into()));
    headers.push(("content-security-policy", policy.into()));
    add(&mut headers, &[HTML, QUIET, ("cache-control", "no-store")]);
    add(&mut headers, &ALWAYS);
    add(&mut headers, &EMBEDDABLE);
    headers
}

/// A header whose value is known beforehand.
pub(crate) type Fixed = (&'static str, &'static str);

/// On every answer of this origin.
pub(crate) const ALWAYS: [Fixed; 2] = [("x-content-type-options", "nosniff"), ("origin-agent-cluster", "?1")];

/// A document that is to be shown inside a cross-origin isolated one must carry these itself.
pub(crate) const EMBEDDABLE: [Fixed; 2] = [
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// On what is no document: in a frame it would be one of this origin, without the policy of the session that framed it.
pub(crate) const NO_DOCUMENT: Fixed = (
    "content-security-policy",
    "default-src 'none'; frame-ancestors 'none'; sandbox",
);

const HTML: Fixed = ("content-type", "text/html; charset=utf-8");

/// The address may hold a session's id, which is nobody else's business.
pub(crate) const QUIET: Fixed = ("referrer-policy", "same-origin");

pub(crate) fn add(headers: &mut Headers<'_>, fixed: &[Fixed]) {
    headers.extend(fixed.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))));
}

/// The Content-Security-Policy of a session.
pub fn content_policy(config: &Config, network: &Network) -> String {
    let origins: &[_] = match network {
        Network::Open => {
            let mut policy = String::new();
            push_frame_ancestors(&mut policy, config);
            return policy;
        }
        Network::None => &[],
        Network::Origins(origins) => origins,
    };
    // `default-src` stands for scripts, styles, frames, workers, connections, media and prefetches alike; the others do not
    // fall back to it. Code that is made at run time is the session's own affair: what it reaches is limited all the same.
    const DIRECTIVES: [&str; 3] = [
        "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'",
        "; base-uri 'self'",
        "; form-action 'self'",
    ];
    let mut policy = String::with_capacity(256);
    for directive in DIRECTIVES {
        policy.push_str(directive);
        for origin in origins {
            policy.push(' ');
            policy.push_str(origin.as_str());
        }
    }
    push_frame_ancestors(&mut policy, config);
    policy
}

/// What a document of an opaque origin may do by itself. The list lacks `allow-same-origin`, without which a document
/// never acts as the origin that it came from, and `allow-top-navigation`.
pub const OPAQUE_SANDBOX: &str =
    "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads allow-pointer-lock";

/// The Content-Security-Policy of a document of an opaque origin whose files lie below `base`, `{origin}/{id}/`. It may
/// stand in a `<meta>`.
///
/// An opaque origin is nobody's `'self'`, and no ancestor that is one matches a source: the session is named by its URL,
/// and `frame-ancestors` is left to [`crate::edge::access`].
pub fn opaque_policy(base: &str, network: &Network) -> String {
    let origins: &[_] = match network {
        // Without `default-src`, all that loads is allowed.
        Network::Open => return String::from("base-uri *; form-action *"),
        Network::None => &[],
        Network::Origins(origins) => origins,
    };
    // Whatever the caller calls its base, it cannot end the source.
    let base: String = base
        .chars()
        .filter(|char| char.is_ascii_graphic() && !matches!(char, ';' | ',' | '\'' | '"'))
        .collect();
    let mut policy = String::with_capacity(256);
    for (before, after) in [
        ("default-src ", " data: blob: 'unsafe-inline' 'unsafe-eval'"),
        ("; base-uri ", ""),
        ("; form-action ", ""),
    ] {
        policy.push_str(before);
        policy.push_str(&base);
        policy.push_str(after);
        for origin in origins {
            policy.push(' ');
            policy.push_str(origin.as_str());
        }
    }
    policy
}

/// The same as a header's value, with the sandbox that makes the origin opaque whoever embeds the document.
pub fn opaque_policy_header(base: &str, network: &Network) -> String {
    [OPAQUE_SANDBOX, "; ", &opaque_policy(base, network)].concat()
}

fn push_frame_ancestors(policy: &mut String, config: &Config) {
    if !policy.is_empty() {
        policy.push_str("; ");
    }
    policy.push_str("frame-ancestors ");
    policy.push_str(config.frame_ancestors());
}

/// A `Link` (RFC 8288) that asks for modules in advance, by their addresses.
pub fn module_preloads(addresses: &[String]) -> String {
    let mut text = String::new();
    for address in addresses {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push('<');
        text.push_str(address);
        text.push_str(">; rel=\"modulepreload\"");
    }
    text
}

/// A `Location` within this origin from pieces of a URL: exactly one `/` in front, so that no host name can follow, and
/// nothing that is not a visible ASCII character.
pub fn location(pieces: &[&str]) -> String {
    let mut text = String::from("/");
    for piece in pieces {
        for byte in piece.bytes() {
            match byte {
                b'/' if text.len() == 1 => {}
                // Browsers read a backslash as a slash.
                b'\\' | 0..=b' ' | 0x7f.. => {
                    text.push('%');
                    for digit in [byte >> 4, byte & 15] {
                        let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                        text.push(digit.to_ascii_uppercase());
                    }
                }
                _ => text.push(char::from(byte)),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::OriginPattern;

    fn config() -> Config {
        Config::new("vfs.test", ["https://app.test", "http://localhost:*"]).unwrap()
    }

    #[test]
    fn policies() {
        let ancestors = "frame-ancestors 'self' https://app.test http://localhost:*";
        assert_eq!(
            content_policy(&config(), &Network::None),
            format!(
                "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; base-uri 'self'; form-action 'self'; {ancestors}"
            )
        );
        let api = OriginPattern::parse("https://api.test").unwrap();
        let socket = OriginPattern::parse("wss://*.test:*").unwrap();
        assert_eq!(
            content_policy(&config(), &Network::Origins(vec![api, socket])),
            format!(
                "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval' https://api.test wss://*.test:*; \
                 base-uri 'self' https://api.test wss://*.test:*; form-action 'self' https://api.test wss://*.test:*; \
                 {ancestors}"
            )
        );
        assert_eq!(content_policy(&config(), &Network::Open), ancestors);
    }

    #[test]
    fn opaque_policies_name_the_session_and_never_self() {
        let base = "https://vfs.test/e-abc/";
        let api = OriginPattern::parse("https://api.test").unwrap();
        assert_eq!(
            opaque_policy(base, &Network::None),
            format!(
                "default-src {base} data: blob: 'unsafe-inline' 'unsafe-eval'; base-uri {base}; form-action {base}"
            )
        );
        assert_eq!(
            opaque_policy(base, &Network::Origins(vec![api])),
            format!(
                "default-src {base} data: blob: 'unsafe-inline' 'unsafe-eval' https://api.test; \
                 base-uri {base} https://api.test; form-action {base} https://api.test"
            )
        );
        assert_eq!(opaque_policy(base, &Network::Open), "base-uri *; form-action *");
        assert!(!OPAQUE_SANDBOX.contains("same-origin") && !OPAQUE_SANDBOX.contains("top-navigation"));
    }

    proptest::proptest! {
        #[test]
        fn a_base_cannot_end_its_source(base: String, open: bool) {
            let network = if open { Network::Open } else { Network::None };
            let policy = opaque_policy_header(&base, &network);
            let directives: Vec<&str> = policy.split("; ").map(|part| part.split(' ').next().unwrap()).collect();
            let expected: &[&str] = if open {
                &["sandbox", "base-uri", "form-action"]
            } else {
                &["sandbox", "default-src", "base-uri", "form-action"]
            };
            proptest::prop_assert_eq!(directives, expected);
            proptest::prop_assert!(policy.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !policy.contains(','));
            proptest::prop_assert!(!policy.contains("'self'"));
            proptest::prop_assert_eq!(policy.matches(';').count(), expected.len() - 1);
        }
    }

    #[test]
    fn locations_stay_on_the_origin() {
        for (pieces, expected) in [
            (&["/docs", "/", "?a=b"][..], "/docs/?a=b"),
            (&["//evil.test", "/"], "/evil.test/"),
            (&["/\\evil.test"], "/%5Cevil.test"),
            (&["https://evil.test"], "/https://evil.test"),
            (&["/a\r\nSet-Cookie: b"], "/a%0D%0ASet-Cookie:%20b"),
            (&["/é%20\u{7f}"], "/%C3%A9%20%7F"),
            (&[], "/"),
        ] {
            assert_eq!(location(pieces), expected);
        }
    }
}

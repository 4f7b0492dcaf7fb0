//! The configuration of nginx.

use std::fmt::Write;
use std::path::Path;

use virtual_files_core::config::Config;
use virtual_files_core::edge::BOOT_PAGE;
use virtual_files_core::origin::OriginPattern;
use virtual_files_core::protocol::PROTOCOL_VERSION;

use crate::{Asset, NOT_FOUND};

/// The maps and the server, for the `http` block.
pub(crate) fn server(config: &Config, root: &Path, listen: &str, assets: &[Asset]) -> String {
    let host = config.host();
    let name = pattern(host);
    let mut text = format!(
        "# The VFS origin {host} as static files, for nginx's http block. Made by `cargo xtask static`; change that, not this.\n\
         # Plain HTTP is for development and behind a proxy. Elsewhere: listen 443 ssl, with a certificate for {host} and *.{host}.\n\
         \n\
         # Whether the page that asks may embed previews.\n\
         map $http_origin $virtual_files_allowed {{\n    default false;\n"
    );
    for allowed in config.allowed_hosts() {
        push(&mut text, format_args!("    \"~^{}$\" true;\n", origin(allowed)));
    }
    push(
        &mut text,
        format_args!(
            "}}\n\n\
             # Whether a document is asked for: by Fetch Metadata, or, where there is none, by what is accepted.\n\
             map $http_accept $virtual_files_accepts {{\n    default 0;\n    \"~text/html\" 1;\n}}\n\
             map $http_sec_fetch_mode $virtual_files_navigates {{\n    default 0;\n    navigate 1;\n    \"\" $virtual_files_accepts;\n}}\n\
             \n\
             # Whether it is a session's: any on a session's own name, on the bare name those below a session's id. Sessions of\n\
             # the edge, e-..., are nowhere here.\n\
             map \"$virtual_files_navigates $host $uri\" $virtual_files_boots {{\n    default 0;\n\
             \x20   \"~^1 (?!{EDGE}\\.){LABEL}\\.{name} \" 1;\n\
             \x20   \"~^1 {name} /(?!{EDGE}(/|$)){LABEL}(/|$)\" 1;\n}}\n\
             \n\
             server {{\n\
             \x20   listen {listen};\n\
             \x20   server_name {host} *.{host};\n\
             \x20   root \"{}\";\n\
             \n\
             \x20   types {{ }}\n\
             \x20   server_tokens off;\n\
             \x20   gzip on;\n\
             \x20   gzip_vary on;\n\
             \x20   gzip_types application/wasm \"text/javascript; charset=utf-8\";\n\
             \x20   error_page 404 {NOT_FOUND};\n",
            root.display()
        ),
    );
    push(
        &mut text,
        format_args!(
            "\n    # Which protocol the hub speaks, and who may embed. Anyone may read it.\n\
             \x20   location = /_vf/hello {{\n\
             \x20       default_type application/json;\n\
             \x20       add_header access-control-allow-origin * always;\n\
             \x20       add_header cache-control no-store always;\n\
             \x20       add_header vary Origin always;\n\
             \x20       add_header x-content-type-options nosniff always;\n\
             \x20       return 200 '{{\"version\":{PROTOCOL_VERSION},\"allowed\":$virtual_files_allowed,\"sessions\":false}}';\n\
             \x20   }}\n"
        ),
    );
    for asset in assets.iter().filter(|asset| asset.path != BOOT_PAGE) {
        let internal = asset.path == NOT_FOUND;
        push(&mut text, format_args!("\n    location = {} {{\n", asset.path));
        if internal {
            text.push_str("        internal;\n");
        }
        headers(&mut text, asset);
        text.push_str("    }\n");
    }
    text.push_str("\n    # Nothing else is ours.\n    location /_vf/ {\n        return 404;\n    }\n");
    if let Some(boot) = assets.iter().find(|asset| asset.path == BOOT_PAGE) {
        text.push_str(
            "\n    # A session's document: the page that brings its worker. Whatever else comes to the network, only a worker\n\
             \x20   # could have answered.\n    location / {\n        if ($virtual_files_boots = 0) {\n            return 404;\n        }\n",
        );
        headers(&mut text, boot);
        push(
            &mut text,
            format_args!("        try_files {BOOT_PAGE} =404;\n    }}\n}}\n"),
        );
    }
    text
}

/// A session's id in a host name or as the first part of a path.
const LABEL: &str = "(?!..--)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

/// The id of a session of the edge.
const EDGE: &str = "e-[a-z2-7]{26}";

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string never fails.
    let _ = text.write_fmt(what);
}

/// A text as a regular expression: of its characters only the dot means something else there.
fn pattern(text: &str) -> String {
    text.replace('.', "\\.")
}

/// The origins that a pattern matches, as a regular expression.
fn origin(allowed: &OriginPattern) -> String {
    let text = allowed.as_str();
    // Browsers leave a scheme's own port out.
    let own = if text.starts_with("https:") { ":443" } else { ":80" };
    let text = text.strip_suffix(own).unwrap_or(text);
    let (text, port) = match text.strip_suffix(":*") {
        Some(text) => (text, "(:[0-9]+)?"),
        None => (text, ""),
    };
    let text = match text.split_once("://*.") {
        Some((scheme, rest)) => format!("{scheme}://[a-z0-9._-]+\\.{}", pattern(rest)),
        None => pattern(text),
    };
    text + port
}

/// The headers of a file; its type is no header that can be added.
fn headers(text: &mut String, asset: &Asset) {
    for (name, value) in &asset.headers {
        if *name == "content-type" {
            push(text, format_args!("        default_type \"{value}\";\n"));
        } else {
            push(text, format_args!("        add_header {name} \"{value}\" always;\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let of = |text| origin(&OriginPattern::parse(text).unwrap());
        assert_eq!(of("https://app.test"), "https://app\\.test");
        assert_eq!(of("http://localhost:*"), "http://localhost(:[0-9]+)?");
        assert_eq!(of("https://app.test:443"), "https://app\\.test");
        assert_eq!(of("http://app.test:443"), "http://app\\.test:443");
        assert_eq!(of("https://*.app.test:81"), "https://[a-z0-9._-]+\\.app\\.test:81");
    }
}

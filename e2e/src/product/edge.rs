//! The network side of the VFS origin, by plain HTTP: its own assets, the boot page, real errors, and settings that
//! are wrong. No browser takes part, so one engine's run shows it.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::Response;

use super::wrangler::Wrangler;
use crate::case::Case;
use crate::lab::Shared;
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::wire("edge_worker_script", worker_script),
    Case::wire("edge_hub_page", hub_page),
    Case::wire("edge_hashed_assets", hashed_assets),
    Case::wire("edge_session_documents_boot", boot),
    Case::wire("edge_real_errors", errors),
    Case::wire("edge_methods", methods),
    Case::wire("edge_hello", hello),
    Case::wire("edge_wrong_settings_are_named", settings),
];

const BARE: &str = "virtual-files.localhost";
const SESSION: &str = "some-session.virtual-files.localhost";
const ANCESTORS: &str = "http://localhost:* http://127.0.0.1:* http://*.virtual-files.localhost:*";

/// An answer, its body read.
pub(crate) struct Answer {
    what: String,
    response: Response<()>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn code(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Names and values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.response.headers().iter();
        headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
    }

    fn header(&self, name: &str) -> &str {
        let value = self.response.headers().get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn status(&self, wanted: u16) -> Result {
        let found = self.code();
        ensure(found == wanted, || {
            format!("{}: status {found}, not {wanted}: {:.200}", self.what, self.text())
        })
    }

    pub(crate) fn has(&self, name: &str, wanted: &str) -> Result {
        let found = self.header(name);
        ensure(found == wanted, || {
            format!("{}: {name} is {found:?}, not {wanted:?}", self.what)
        })
    }

    /// A page of ours that a person understands.
    fn is_page(&self, status: u16, title: &str) -> Result {
        self.status(status)?;
        self.has("content-type", "text/html; charset=utf-8")?;
        let (policy, text) = (self.header("content-security-policy"), self.text());
        ensure(policy.starts_with("default-src 'none'"), || {
            format!("{}: policy {policy}", self.what)
        })?;
        ensure(
            text.contains(&format!("<h1>{title}</h1>")) && !text.contains("<script"),
            || format!("{}: no page {title:?} but {text:.300}", self.what),
        )?;
        self.always()
    }

    /// What every answer of the origin has.
    fn always(&self) -> Result {
        self.has("x-content-type-options", "nosniff")?;
        self.has("origin-agent-cluster", "?1")
    }
}

/// Asks the VFS origin at this port, under a host name of its.
///
/// Where the connection between `wrangler dev`'s proxy and the Worker breaks, the proxy repeats GET and HEAD by itself,
/// and for other methods asks its client to: no answer of the Worker's.
pub(crate) fn ask(port: u16, method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut answer = ask_once(port, method, host, path, headers)?;
    for _ in 0..5 {
        if !(answer.response.status() == 503 && answer.text().starts_with("Your worker restarted mid-request")) {
            break;
        }
        answer = ask_once(port, method, host, path, headers)?;
    }
    Ok(answer)
}

fn ask_once(port: u16, method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let what = format!("{method} {host}{path} {headers:?}");
    let url = format!("http://127.0.0.1:{port}{path}");
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    request = request.header("Host", format!("{host}:{port}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = agent
        .run(request.body(())?)
        .map_err(|error| format!("{what}: {error}"))?;
    let (parts, mut body) = response.into_parts();
    let body = body.read_to_vec().map_err(|error| format!("{what}: {error}"))?;
    let response = Response::from_parts(parts, ());
    Ok(Answer { what, response, body })
}

const DOCUMENT: &[(&str, &str)] = &[
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "iframe"),
    ("Accept", "text/html,*/*;q=0.8"),
];

fn worker_script(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    for host in [BARE, SESSION] {
        let script = ask(port, "GET", host, "/sw.js", &[])?;
        script.status(200)?;
        script.always()?;
        script.has("content-type", "text/javascript; charset=utf-8")?;
        script.has("service-worker-allowed", "/")?;
        script.has("cache-control", "no-cache")?;
        let text = script.text();
        ensure(
            text.contains(r#""host":"virtual-files.localhost""#) && !text.contains("__VF_"),
            || "the worker has no configuration".to_owned(),
        )?;
        let etag = script.header("etag").to_owned();
        ensure(etag.starts_with('"'), || format!("no entity tag but {etag:?}"))?;
        let again = ask(port, "GET", host, "/sw.js", &[("If-None-Match", &etag)])?;
        again.status(304)?;
        ensure(again.body.is_empty(), || "a 304 with a body".to_owned())?;
        ask(port, "GET", host, "/sw.js", &[("If-None-Match", "\"x\"")])?.status(200)?;
        let head = ask(port, "HEAD", host, "/sw.js", &[])?;
        head.status(200)?;
        ensure(head.body.is_empty(), || "a HEAD with a body".to_owned())?;
        head.has("etag", &etag)?;
    }
    Ok(())
}

fn hub_page(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    let mut nonces = Vec::new();
    for host in [BARE, SESSION] {
        let page = ask(port, "GET", host, "/hub.html", DOCUMENT)?;
        page.status(200)?;
        page.always()?;
        page.has("content-type", "text/html; charset=utf-8")?;
        page.has("cache-control", "no-store")?;
        let policy = page.header("content-security-policy");
        let (rules, ancestors) = policy.split_once("frame-ancestors ").unwrap_or_default();
        ensure(ancestors == ANCESTORS, || format!("frame-ancestors {ancestors}"))?;
        ensure(
            rules.starts_with("default-src 'none'; ") && !rules.contains("script-src 'unsafe-inline'"),
            || format!("the hub's policy: {rules}"),
        )?;
        let nonce = rules.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\''));
        let (nonce, _) = nonce.ok_or_else(|| format!("no nonce in {rules}"))?;
        let text = page.text();
        ensure(
            text.contains(&format!("nonce=\"{nonce}\"")) && !text.contains("__VF_"),
            || format!("the page does not bear the nonce {nonce}: {text}"),
        )?;
        nonces.push(nonce.to_owned());
    }
    ensure(nonces[0] != nonces[1] && nonces[0].len() > 20, || {
        format!("nonces: {nonces:?}")
    })
}

fn hashed_assets(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    let folder = super::dist("origin")?.join("_vf");
    let mut seen = 0;
    for file in std::fs::read_dir(&folder)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.starts_with("hub-") {
            continue;
        }
        seen += 1;
        for host in [BARE, SESSION] {
            let asset = ask(port, "GET", host, &format!("/_vf/{name}"), &[])?;
            asset.status(200)?;
            asset.always()?;
            asset.has("cache-control", "public, max-age=31536000, immutable")?;
            asset.has("cross-origin-resource-policy", "same-origin")?;
            let media_type = if name.ends_with(".wasm") {
                "application/wasm"
            } else {
                "text/javascript; charset=utf-8"
            };
            asset.has("content-type", media_type)?;
            ensure(asset.body == std::fs::read(file.path())?, || {
                format!("{name} is not served as it lies")
            })?;
        }
    }
    ensure(seen == 2, || {
        format!("{seen} hashed assets in {}, not two", folder.display())
    })
}

fn boot(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    let old: &[(&str, &str)] = &[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let top: &[(&str, &str)] = &[
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
        ("Accept", "*/*"),
    ];
    for (host, path) in [
        (BARE, "/some-session/"),
        (BARE, "/some-session/index.html"),
        (BARE, "/some-session/deep/link?q=1"),
        (SESSION, "/some-session/index.html"),
        (SESSION, "/"),
        (SESSION, "/deep/link"),
    ] {
        for headers in [DOCUMENT, old, top] {
            let page = ask(port, "GET", host, path, headers)?;
            page.status(200)?;
            page.always()?;
            page.has("cache-control", "no-store")?;
            let text = page.text();
            ensure(
                text.contains("<title>Starting preview…</title>") && !text.contains("__VF_"),
                || format!("{} is no boot page: {text:.300}", page.what),
            )?;
            let policy = page.header("content-security-policy");
            let own = format!("frame-ancestors 'self' {BARE}:* *.{BARE}:* {ANCESTORS}");
            ensure(policy.ends_with(&own), || format!("{}: {policy}", page.what))?;
            // Nothing of a session passes through here, not even its name.
            ensure(!text.contains("some-session"), || {
                "the boot page names the session".to_owned()
            })?;
        }
        // What is no document, nobody but a worker can answer.
        for (destination, mode) in [
            ("script", "cors"),
            ("image", "no-cors"),
            ("empty", "cors"),
            ("style", "no-cors"),
        ] {
            let headers = [
                ("Sec-Fetch-Mode", mode),
                ("Sec-Fetch-Dest", destination),
                ("Accept", "*/*"),
            ];
            ask(port, "GET", host, path, &headers)?.is_page(404, "Nothing here")?;
        }
        ask(port, "GET", host, path, &[("Accept", "*/*")])?.is_page(404, "Nothing here")?;
    }
    Ok(())
}

fn errors(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    for (host, path) in [
        (BARE, "/"),
        (BARE, "/index.html"),
        (BARE, "/Not_A_Session/x"),
        (BARE, "/_vf/boot.html"),
        (SESSION, "/_vf/boot.html"),
        (BARE, "/_vf/unknown.js"),
        (BARE, "/_vf/"),
        (SESSION, "/_vf/%2e%2e/%2e%2e/wrangler.toml"),
        (BARE, "/_vf/../../package.json"),
        (BARE, "/favicon.ico"),
        (BARE, "/hub-page.html"),
    ] {
        ask(port, "GET", host, path, DOCUMENT).and_then(|answer| match (host, path) {
            // On a session's own name the way out of `_vf` is a path of the session, hence a document of it.
            (SESSION, path) if path.contains("%2e") => answer.status(200),
            _ => answer.is_page(404, "Nothing here"),
        })?;
    }
    Ok(())
}

fn methods(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    for host in [BARE, SESSION] {
        for path in ["/some-session/", "/sw.js", "/hub.html", "/_vf/hello", "/"] {
            for method in ["POST", "OPTIONS", "DELETE"] {
                let answer = ask(port, method, host, path, DOCUMENT)?;
                answer.is_page(405, "This can only be read")?;
                answer.has("allow", "GET, HEAD")?;
            }
        }
    }
    Ok(())
}

fn hello(shared: &mut Shared) -> Result {
    let port = shared.product()?.port;
    for host in [BARE, SESSION] {
        for (origin, allowed) in [
            ("http://localhost:1234", true),
            ("http://app.virtual-files.localhost:1", true),
            ("https://localhost:1234", false),
            ("http://evil.example", false),
            ("http://localhost.evil.example:1234", false),
            ("null", false),
            ("", false),
        ] {
            let headers: Vec<(&str, &str)> = [("Origin", origin)]
                .into_iter()
                .filter(|(_, origin)| !origin.is_empty())
                .collect();
            let answer = ask(port, "GET", host, "/_vf/hello", &headers)?;
            answer.status(200)?;
            answer.always()?;
            answer.has("content-type", "application/json")?;
            answer.has("cache-control", "no-store")?;
            answer.has("access-control-allow-origin", "*")?;
            answer.has("vary", "Origin")?;
            let said: Value = serde_json::from_slice(&answer.body)?;
            ensure(
                said == json!({"version": 2, "allowed": allowed, "sessions": true}),
                || format!("{}: {said}", answer.what),
            )?;
        }
    }
    Ok(())
}

/// Whoever deploys with settings that cannot be meant is told which one is wrong, and nothing else is served.
fn settings(shared: &mut Shared) -> Result {
    let cases = [
        ("VFS_HOST:https://vfs.example.com/", "VFS_HOST"),
        ("ALLOWED_HOSTS:http://localhost:* example.com", "ALLOWED_HOSTS"),
        ("EDGE_TTL_SECONDS:soon", "EDGE_TTL_SECONDS"),
        ("EDGE_SESSION_BYTES:0", "EDGE_SESSION_BYTES"),
    ];
    for (number, (variable, named)) in cases.into_iter().enumerate() {
        let name = format!("settings-{number}");
        let wrangler = Wrangler::start(shared.out(), &name, Wrangler::product()?, &[variable])?;
        let port = wrangler.port();
        let answer = ask(port, "GET", BARE, "/sw.js", &[])?;
        answer.status(500)?;
        let text = answer.text();
        ensure(
            text.contains(&format!("The variable {named} ")) && text.contains("not set up"),
            || format!("{variable}: {text}"),
        )?;
        for path in ["/hub.html", "/some-session/", "/_vf/hello"] {
            ask(port, "GET", BARE, path, DOCUMENT)?.status(500)?;
        }
    }
    Ok(())
}

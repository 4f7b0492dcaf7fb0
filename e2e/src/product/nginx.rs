//! The VFS origin on nginx, without the Worker: the files and the configuration that `cargo xtask static` writes.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use virtual_files_core::config::Config;

use super::edge::{Answer, ask};
use super::{ISOLATIONS, Stage};
use crate::case::{Case, Context};
use crate::lab::Shared;
use crate::process::{Process, scratch};
use crate::server::free_port;
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::wire("static_nginx_answers_as_the_worker_does", answers),
    Case::new("static_nginx_serves_previews", previews),
];

const BARE: &str = "virtual-files.localhost";
const SESSION: &str = "some-session.virtual-files.localhost";
/// As `wrangler.toml` has it in development.
const ALLOWED: [&str; 3] = [
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://*.virtual-files.localhost:*",
];

/// A running nginx; ended when dropped.
pub(crate) struct Nginx {
    port: u16,
    _process: Process,
}

impl Nginx {
    fn start() -> Result<Self> {
        let port = free_port()?;
        let folder = scratch(&format!("nginx-{port}"))?;
        let config = Config::new(BARE, ALLOWED).map_err(|error| error.to_string())?;
        let assets = super::dist("origin")?;
        let written = virtual_files_static::write(&assets, &folder, &config, &format!("127.0.0.1:{port}"))?;
        Self::serve(&written.nginx, port)
    }

    /// Serves what a configuration of `cargo xtask static` says, which is to listen on this port of 127.0.0.1.
    pub(crate) fn serve(server: &Path, port: u16) -> Result<Self> {
        let folder = scratch(&format!("nginx-{port}-own"))?;
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {}/{name};\n", folder.display()))
            .collect();
        let main = format!(
            "daemon off; master_process off; pid {}/pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}include {};\n}}\n",
            folder.display(),
            server.display()
        );
        let file = folder.join("main.conf");
        std::fs::write(&file, main)?;
        let program = std::env::var("VF_NGINX").unwrap_or_else(|_| "nginx".to_owned());
        let log = folder.join("log");
        let mut command = Command::new(program);
        command.args(["-e", "stderr", "-p"]).arg(&folder).arg("-c").arg(file);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(std::fs::File::create(&log)?);
        let mut process = Process::start(&mut command)?;
        let limit = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if !process.running() || Instant::now() > limit {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("nginx did not start: {said}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            port,
            _process: process,
        })
    }

    /// The origin of this server under a host name.
    pub(crate) fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }
}

/// What differs between two servers whatever they serve, and what a static one adds.
const OF_THE_SERVER: [&str; 10] = [
    "accept-ranges",
    "connection",
    "content-length",
    "date",
    "etag",
    "last-modified",
    "server",
    "transfer-encoding",
    "content-encoding",
    "vary",
];

/// The headers that say something, without what has to differ: how an inline script is allowed, and whether a page may be kept.
fn said(answer: &Answer) -> BTreeMap<String, String> {
    let headers = answer.headers();
    headers
        .filter(|(name, _)| !OF_THE_SERVER.contains(name))
        .map(|(name, value)| {
            let sources = value.split(' ').map(|source| match source {
                "no-store" => "no-cache",
                _ if source.starts_with("'nonce-") || source.starts_with("'sha256-") => "'inline'",
                _ => source,
            });
            (name.to_owned(), sources.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn body(answer: &Answer) -> String {
    let text = answer.text();
    let mut pieces = text.split("nonce=\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + "nonce=\"" + piece.split_once('"').map_or("", |(_, rest)| rest)
    })
}

/// A host name, a path and headers.
type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn answers(shared: &mut Shared) -> Result {
    let worker = shared.product()?.port();
    let nginx = Nginx::start()?;
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let old = [("accept", "text/html,*/*")];
    let script = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")];
    let assets = std::fs::read_dir(super::dist("origin")?.join("_vf"))?;
    let assets: Vec<String> = assets
        .filter_map(|entry| Some(format!("/_vf/{}", entry.ok()?.file_name().to_str()?)))
        .collect();
    let mut asked: Vec<Asked<'_>> = vec![
        (BARE, "/hub.html", &frame),
        (SESSION, "/hub.html", &frame),
        (SESSION, "/sw.js", &script),
        (SESSION, "/", &frame),
        (SESSION, "/some-session/deep/page.html", &frame),
        (SESSION, "/routed/by/the/app", &old),
        (SESSION, "/script.js", &script),
        (BARE, "/some-session/", &frame),
        (BARE, "/some-session/page.html", &old),
        (BARE, "/some-session/script.js", &script),
        (BARE, "/", &frame),
        (BARE, "/NO%20SESSION/", &frame),
        (BARE, "/_vf/none.js", &script),
        (SESSION, "/_vf/", &frame),
    ];
    asked.extend(assets.iter().map(|path| (SESSION, path.as_str(), &script[..])));
    for (host, path, headers) in asked {
        let (theirs, ours) = (
            ask(worker, "GET", host, path, headers)?,
            ask(nginx.port, "GET", host, path, headers)?,
        );
        let what = format!("{host}{path} {headers:?}");
        ensure(theirs.code() == ours.code(), || {
            format!("{what}: {}, not {}", ours.code(), theirs.code())
        })?;
        let (wanted, found) = (said(&theirs), said(&ours));
        ensure(wanted == found, || format!("{what}: {found:#?}, not {wanted:#?}"))?;
        // The page for what is not there is that of one address, for all.
        ensure(theirs.code() == 404 || body(&theirs) == body(&ours), || {
            format!("{what}: another body")
        })?;
    }
    for origin in [
        "http://localhost:1234",
        "http://app.virtual-files.localhost:1",
        "https://evil.test",
        "null",
    ] {
        let asked = [("origin", origin)];
        let (theirs, ours) = (
            ask(worker, "GET", BARE, "/_vf/hello", &asked)?,
            ask(nginx.port, "GET", BARE, "/_vf/hello", &asked)?,
        );
        let wanted = theirs.text().replace("\"sessions\":true", "\"sessions\":false");
        ensure(ours.text() == wanted, || {
            format!("hello to {origin}: {}, not {wanted}", ours.text())
        })?;
    }
    let packed = ask(nginx.port, "GET", SESSION, "/sw.js", &[("accept-encoding", "gzip")])?;
    packed.has("content-encoding", "gzip")?;
    // Sessions of the edge are nowhere, and get no boot page that would wait for their worker.
    let edge = format!("e-{}", "a".repeat(26));
    for (host, path) in [
        (BARE.to_owned(), format!("/{edge}/")),
        (format!("{edge}.{BARE}"), "/".to_owned()),
    ] {
        ask(nginx.port, "GET", &host, &path, &frame)?.status(404)?;
    }
    Ok(())
}

/// A session's whole life, where nothing but files is served.
fn previews(context: &mut Context<'_>) -> Result {
    let nginx = Nginx::start()?;
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        let host = match isolation {
            "origin" => "{session}.virtual-files.localhost",
            _ => BARE,
        };
        let body = r"
            const vfs = await within(connect({ origin: args.origin }), 'connect');
            const session = await within(vfs.session({ isolation: args.isolation }), 'session');
            const page = `<!doctype html><script type=module>import text from './a.mjs'; parent.postMessage({ text, at: location.origin }, '*')</script>`;
            await within(session.put({ 'index.html': page, 'a.mjs': `export default 'put'` }), 'put');
            const said = once(window, 'message', (event) => event.data?.text);
            await within(session.mount(stage), 'mount');
            const { text, at } = (await within(said, 'the page')).data;
            const refused = await vfs.session({ isolation: 'opaque' }).then(() => 'opened', (error) => error.code);
            return { text, at, refused };
        ";
        let seen = stage.run(body, json!({"origin": nginx.origin(host), "isolation": isolation}))?;
        let at = seen["at"].as_str().unwrap_or_default();
        ensure(
            seen["text"] == "put"
                && seen["refused"] == "EDGE_UNAVAILABLE"
                && at.ends_with(&format!("{BARE}:{}", nginx.port)),
            || format!("{isolation}: {seen}"),
        )?;
        let unregister = "const all = await navigator.serviceWorker.getRegistrations();\
                          if (!all.length) throw new Error('no worker');\
                          for (const registration of all) await registration.unregister();";
        stage.enter_preview()?;
        stage.run(unregister, json!({}))?;
        stage.browser.leave()?;
        // Without its worker, the network's answer is the boot page, which brings another.
        let again = "const said = once(window, 'message', (event) => event.data?.text);\
                     const frame = stage.querySelector('iframe'); frame.src = frame.src;\
                     return (await within(said, 'the page, by way of the boot page')).data.text;";
        let text = stage.run(again, json!({}))?;
        ensure(text == "put", || format!("{isolation}: booted to {text}"))?;
    }
    let host = format!("http://not-allowed.localhost:{}", stage.product.host.port());
    let stage = Stage { host, ..stage };
    stage.goto_host()?;
    let body = "return connect({ origin: args.origin }).then((vfs) => vfs.session({ isolation: 'shared' }))\
                .then(() => 'opened', (error) => error.code)";
    let code = stage.run(body, json!({"origin": nginx.origin(BARE)}))?;
    ensure(code == "ORIGIN_NOT_ALLOWED", || {
        format!("a host that is not allowed gets {code}")
    })
}

//! The servers: of the host app; of every origin with a worker, told apart by host name; and nginx.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use virtual_files_core::protocol::PROTOCOL_VERSION;

use super::corpus::Corpus;
use crate::process::scratch;
use crate::product::{self, Nginx};
use crate::server::{Hit, Reply, Server, free_port};
use crate::{Result, ensure};

const JS: &str = include_str!("workers/js.js");
const LIMIT: &str = include_str!("workers/limit.js");
const CACHE: &str = include_str!("workers/cache.js");
const BOOT: &str = include_str!("pages/boot.html");

/// What is served under all names but nginx's.
struct Site {
    list: String,
    bytes: Vec<u8>,
    /// Our origin's files whose marks are filled in, by path.
    filled: BTreeMap<&'static str, String>,
    assets: PathBuf,
    package: PathBuf,
    peers: PathBuf,
}

/// Starts the server of the host app, and that of our origin and of the others' workers. They have ports of their own: a host
/// name below our origin's, on its port, is a session, and never a host.
pub(super) fn servers(corpus: &Corpus, peers: &Path, slow_down: u32) -> Result<(Server, Server)> {
    let assets = product::dist("origin")?;
    let filled = ["/hub.html", "/sw.js", "/_vf/boot.html"];
    for name in ["playground-elements", "static-browser-server", "almostnode"] {
        let package = peers.join(name);
        ensure(package.is_dir(), || format!("{} is not there", package.display()))?;
    }
    let mut filled: BTreeMap<_, _> = filled
        .map(|path| (path, product::filled(&assets, path.trim_start_matches('/'))))
        .into();
    if let Some(worker) = filled.get_mut("/sw.js").filter(|_| slow_down > 0) {
        let hinder = format!(
            "addEventListener('fetch', () => {{ const end = performance.now() + {slow_down} / 1000; while (performance.now() < end); }});\n"
        );
        worker.insert_str(0, &hinder);
    }
    let site = Arc::new(Site {
        list: corpus.list(),
        bytes: corpus.bytes(),
        filled,
        assets,
        package: product::dist("npm")?,
        peers: peers.to_owned(),
    });
    let other = Arc::clone(&site);
    let host = Server::start(move |hit| other.host(hit.path()).with("Cache-Control", "no-cache"))?;
    let origins = Server::start(move |hit| {
        let label = hit.header("host").split('.').next().unwrap_or_default();
        let kind = label.rsplit('-').next().unwrap_or_default();
        site.answer(kind, hit)
    })?;
    Ok((host, origins))
}

impl Site {
    fn answer(&self, kind: &str, hit: &Hit) -> Reply {
        let path = hit.path();
        // As one would deploy it: what has its hash in its name is kept, and all else asked for again.
        let hashed = ["/_vf/", "/__csb"].iter().any(|folder| path.starts_with(folder)) && !path.ends_with(['/', 'l']);
        let cache = if hashed {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let reply = match (kind, path) {
            ("ours" | "js" | "limit" | "cache", "/boot.html") => Reply::html(BOOT).with("Origin-Agent-Cluster", "?1"),
            ("ours", _) => self.ours(hit),
            ("js", "/sw.js") => Reply::script(JS),
            ("limit", "/sw.js") => Reply::script(LIMIT),
            ("cache", "/sw.js") => Reply::script(CACHE),
            ("playground", _) if path.starts_with("/playground-service-worker") => {
                Reply::file(&self.peers.join("playground-elements"), path)
            }
            ("relay", _) if path.ends_with('/') => Reply::file(
                &self.peers.join("static-browser-server/out/preview"),
                &format!("{path}index.html"),
            ),
            ("relay", _) => Reply::file(&self.peers.join("static-browser-server/out/preview"), path),
            ("bridge", "/bridge.html") => Reply::html(include_str!("pages/bridge.html")),
            ("bridge", "/__sw__.js") => Reply::file(&self.peers.join("almostnode/dist"), path),
            _ => Reply::missing(),
        };
        reply.with("Cache-Control", cache)
    }

    fn host(&self, path: &str) -> Reply {
        match path {
            "/bench.html" => Reply::html(include_str!("pages/bench.html")),
            "/prelude.js" => Reply::script(include_str!("../prelude.js")),
            "/host.js" => Reply::script(include_str!("pages/host.js")),
            "/peers.js" => Reply::script(include_str!("pages/peers.js")),
            "/load.js" => Reply::script(include_str!("pages/load.js")),
            "/put.js" => Reply::script(include_str!("pages/put.js")),
            "/corpus.json" => Reply::new("application/json", self.list.clone()),
            "/corpus.bin" => Reply::new("application/octet-stream", self.bytes.clone()),
            "/static-browser-server.js" => Reply::file(&self.peers.join("static-browser-server/out/lib"), "main.js"),
            _ => match path.strip_prefix("/virtual-files") {
                Some(file) => Reply::file(&self.package, file),
                None => Reply::missing(),
            },
        }
    }

    fn ours(&self, hit: &Hit) -> Reply {
        match (self.filled.get(hit.path()), hit.path()) {
            (Some(script), "/sw.js") => Reply::script(script.clone()),
            (Some(page), _) => Reply::html(page.clone()),
            (None, "/_vf/hello") => product::hello(PROTOCOL_VERSION),
            (None, path) if path.starts_with("/_vf/") => Reply::file(&self.assets, path),
            (None, _) if hit.header("sec-fetch-mode") == "navigate" => {
                Reply::html(self.filled.get("/_vf/boot.html").cloned().unwrap_or_default())
            }
            _ => Reply::missing(),
        }
    }
}

/// Starts nginx with the same files, set up to be fast, and to be asked each time.
pub(super) fn nginx(corpus: &Corpus) -> Result<Nginx> {
    let (port, folder) = (free_port()?, scratch("bench-nginx")?);
    let root = folder.join("www");
    corpus.write(&root)?;
    let server = format!(
        "server {{\n\
         \x20   listen 127.0.0.1:{port};\n\
         \x20   root \"{}\";\n\
         \x20   charset utf-8;\n\
         \x20   charset_types text/html text/css text/plain text/javascript;\n\
         \x20   types {{ text/html html; text/css css; text/plain txt; text/javascript js; }}\n\
         \x20   sendfile on;\n\
         \x20   open_file_cache max=4000;\n\
         \x20   keepalive_requests 1000000;\n\
         \x20   add_header Cache-Control no-store;\n\
         \x20   add_header Origin-Agent-Cluster ?1;\n\
         }}\n",
        root.display()
    );
    let file = folder.join("server.conf");
    std::fs::write(&file, server)?;
    Nginx::serve(&file, port)
}

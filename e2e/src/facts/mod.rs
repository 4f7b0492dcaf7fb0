//! The platform facts that the design rests on, each as a case with a tiny origin and worker of its own.
//!
//! Nothing of the product is in them. When one fails, a browser has changed, and the design must be thought over:
//! the message names the fact by its number, and `decisions/` says what rests on it.

mod baseline;
mod cases;
mod lifetime;

pub(crate) use baseline::{media_is_right, media_is_sought};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::case::{Case, Context};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

/// All facts.
pub const CASES: &[&[Case]] = &[baseline::CASES, cases::CASES, lifetime::CASES];

const DOCUMENT: &str = include_str!("document.html");

/// The stand-in for host and VFS origin: one server, told apart by host names.
pub struct Site {
    server: Server,
}

impl Site {
    /// Starts the server.
    pub fn start() -> Result<Self> {
        let server = Server::start(|hit| match hit.path() {
            "/sw.js" => {
                let document = DOCUMENT
                    .replace("@base@", "")
                    .replace('\\', "\\\\")
                    .replace('\'', "\\'");
                let document = document.replace("</script>", "<\\/script>").replace('\n', "\\n");
                Reply::script(include_str!("worker.js").replace("{{document}}", &document))
            }
            "/register.html" => Reply::html(include_str!("register.html")),
            "/host.html" => Reply::html("<!doctype html><meta charset=utf-8><title>host</title><body>"),
            path if path.starts_with("/s/") => network(path),
            _ => Reply::missing(),
        })?;
        Ok(Self { server })
    }
}

/// The network's answers to the URLs that the worker answers too.
fn network(path: &str) -> Reply {
    let reply = if path.ends_with(".js") {
        Reply::script("self.scriptFrom = 'network'")
    } else if path.ends_with(".txt") {
        Reply::new("text/plain", "network")
    } else {
        Reply::html(document("network", ""))
    };
    let reply = reply
        .with("Cache-Control", "no-store")
        .with("Access-Control-Allow-Origin", "*");
    if path.ends_with("csp.html") {
        reply.with("Content-Security-Policy", "sandbox allow-scripts")
    } else {
        reply
    }
}

/// The probing document, as somebody sends it whose relative URLs need this base.
fn document(who: &str, base: &str) -> String {
    DOCUMENT.replace("@who@", who).replace("@base@", base)
}

/// A fresh VFS-like origin with its host page open in the browser.
struct Stage<'a> {
    browser: &'a Browser,
    /// The origin that has, or will have, the worker.
    vfs: String,
}

impl<'a> Stage<'a> {
    /// Opens the host page.
    fn open(context: &'a mut Context<'_>) -> Result<Self> {
        let label = context.shared.label();
        let server = &context.shared.site()?.server;
        let vfs = server.origin(&format!("{label}.virtual-files.localhost"));
        let host = server.origin(context.host.hostname());
        let browser: &Browser = context.browser;
        browser.goto(&format!("{host}/host.html"))?;
        Ok(Self { browser, vfs })
    }

    /// Opens the host page and registers the worker from a plain frame in it.
    fn registered(context: &'a mut Context<'_>, fact: &str) -> Result<Self> {
        let stage = Self::open(context)?;
        let report = stage.register()?;
        ensure(report["registered"] == true, || {
            format!("{fact}: the worker was not registered: {report}")
        })?;
        Ok(stage)
    }

    /// Asks a plain frame to register the worker; gives what it reports.
    fn register(&self) -> Result<Value> {
        self.probe(json!({"src": format!("{}/register.html", self.vfs), "class": "register"}))
    }

    /// The report of a new frame in the current frame.
    fn probe(&self, attributes: Value) -> Result<Value> {
        self.browser.eval("return await probe(args)", &attributes)
    }

    /// The URL of a path that the worker answers.
    fn url(&self, path: &str) -> String {
        format!("{}/s/{path}", self.vfs)
    }

    /// The random number that the running worker drew when it started.
    fn born(&self) -> Result<Value> {
        self.browser.eval(
            "return (await fetch('/s/born.txt', { cache: 'no-store' })).text()",
            &json!({}),
        )
    }
}

/// Fails unless document, script and fetch of a report came from these.
fn expect(fact: &str, case: &str, report: &Value, wanted: [&str; 3]) -> Result {
    let found = [&report["document"], &report["script"], &report["fetch"]];
    ensure(found == wanted, || {
        format!("{fact} has changed. {case}: expected document, script, fetch from {wanted:?}, got {report}")
    })
}

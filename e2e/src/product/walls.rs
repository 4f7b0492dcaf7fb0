//! The attacks of SECURITY.md, row by row: each must fail, and where it can be seen to work without its wall, it is.
//!
//! Session code is played by scripts in a preview's own realm; foreign sites by a server of the case's own.

pub(super) mod host;
pub(super) mod hub;
pub(super) mod network;
pub(super) mod own;
pub(super) mod session;

use serde_json::json;

use super::lifecycle::Life;
use crate::Result;
use crate::server::{Reply, Server};

/// Any web site: its pages attack, and its log tells what reached it.
fn foreign() -> Result<Server> {
    Server::start(|hit| {
        let reply = match hit.path() {
            "/page.html" => Reply::html("<!doctype html><meta charset=utf-8><title>a foreign page</title><body>"),
            "/script.js" => Reply::script("self.foreign = true"),
            "/module.mjs" => Reply::script("export default true"),
            "/style.css" => Reply::new("text/css", "p { color: red }"),
            "/image.svg" => Reply::new("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "/file" => Reply::new("application/octet-stream", "bytes").with("Content-Disposition", "attachment"),
            _ => Reply::new("text/plain", "a foreign answer"),
        };
        reply
            .with("Access-Control-Allow-Origin", "*")
            .with("Cache-Control", "no-store")
    })
}

/// The foreign site's origin: of another site than host and VFS, and in no list of allowed hosts.
fn foreign_origin(server: &Server) -> String {
    server.origin("elsewhere.localhost")
}

impl Life<'_> {
    /// Puts the probe into a new session, mounts it alone, with these sandbox tokens beside the ones that are always
    /// there, and makes it the current frame.
    fn infiltrate(&self, sandbox: &str) -> Result {
        self.stage.browser.leave()?;
        self.run_with(
            r"
            for (const old of [...stage.children]) old.remove(); await open();
            await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' });
            self.preview = await session.mount(stage, { entry: 'probe.html', sandbox: args.sandbox })
            ",
            json!({"sandbox": sandbox}),
        )?;
        self.stage.enter_preview()
    }
}

//! An edge that takes a request and never answers it: nobody waits for it for ever, nor longer than they want to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::{Stage, dist};
use crate::case::{Case, Context, Host};
use crate::server::{Hit, Reply, Server};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] =
    &[Case::new("opaque_put_where_the_edge_falls_silent", silent).under(&[Host::SameSite])];

/// A VFS origin whose edge takes whatever it is given, until it is told to say nothing any more.
fn edge(mute: Arc<AtomicBool>, waiting: Arc<AtomicUsize>) -> Result<Server> {
    let folder = dist("origin")?;
    let config = json!({"host": "virtual-files.localhost", "allowedHosts": ["http://localhost:*", "http://*.virtual-files.localhost:*"]});
    Server::start(move |hit| match hit.path() {
        "/_vf/hello" => json(&json!({"version": 1, "allowed": true})),
        path if path.starts_with("/_vf/sessions/") => {
            while mute.load(Ordering::SeqCst) {
                waiting.fetch_add(1, Ordering::SeqCst);
                std::thread::park();
            }
            answer(hit)
        }
        path if path.starts_with("/_vf/") => Reply::file(&folder, path),
        "/hub.html" | "/sw.js" => {
            let page = std::fs::read_to_string(folder.join(&hit.path()[1..])).unwrap_or_default();
            let page = page.replace("\"__VF_CONFIG__\"", &config.to_string());
            let page = page.replace("__VF_NONCE__", "static");
            if hit.path() == "/sw.js" {
                Reply::script(page)
            } else {
                Reply::html(page)
            }
        }
        _ => Reply::html("<!doctype html><title>a preview</title>"),
    })
}

fn json(value: &serde_json::Value) -> Reply {
    Reply::new("application/json", value.to_string()).with("Access-Control-Allow-Origin", "*")
}

fn answer(hit: &Hit) -> Reply {
    match hit.method.as_str() {
        "POST" if hit.path().ends_with("/commit") => json(&json!({"version": 1})),
        "POST" => json(&json!({"upload": "00000000-0000-0000-0000-000000000000", "missing": [], "version": 1})),
        _ => json(&json!({"version": 1})),
    }
}

fn silent(context: &mut Context<'_>) -> Result {
    let mute = Arc::new(AtomicBool::new(false));
    let waiting = Arc::new(AtomicUsize::new(0));
    let server = edge(mute.clone(), waiting.clone())?;
    let stage = Stage::open(context)?;
    let body = r"
        const vfs = await connect({ origin: args.origin });
        self.session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        await within(session.put({ 'index.html': 'x' }), 'put');
        await within(session.mount(stage), 'mount');
        await within(session.put({ 'index.html': 'y' }), 'a put that goes to the edge as well');
        ";
    stage.run(body, json!({"origin": server.origin("virtual-files.localhost")}))?;
    mute.store(true, Ordering::SeqCst);
    let body = r"
        self.codeOf = (promise) => promise.then(() => 'done', ({ code }) => code);
        self.control = new AbortController();
        self.put = codeOf(session.put({ 'index.html': 'given up' }, { signal: control.signal }));
        ";
    stage.run(body, json!({}))?;
    let limit = Instant::now() + Duration::from_secs(20);
    // A request is noted once it is answered, and this one never is: what is counted is who waits for an answer.
    while waiting.load(Ordering::SeqCst) == 0 {
        ensure(Instant::now() < limit, || "the edge is not asked".to_owned())?;
        std::thread::sleep(Duration::from_millis(10));
    }
    let body = r"
        control.abort();
        const first = await within(put, 'what is given up');
        const second = await within(codeOf(session.put({ 'index.html': 'waited for' })), 'what is waited for', 55000);
        return [first, second, await (await session.read('index.html')).text()]
        ";
    let found = stage.run(body, json!({}))?;
    ensure(found == json!(["ABORTED", "EDGE_UNAVAILABLE", "y"]), || {
        found.to_string()
    })
}

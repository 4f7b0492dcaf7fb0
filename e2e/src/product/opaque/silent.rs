//! An edge that takes a request and never answers it: nobody waits for it for ever, nor longer than they want to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::{Stage, asset, dist};
use crate::case::{Case, Context, Host};
use crate::server::{Hit, Reply, Server};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] =
    &[Case::new("opaque_put_where_the_edge_falls_silent", silent).under(&[Host::SameSite])];

/// What the edge does not answer any more.
#[derive(Default)]
struct Silence {
    /// Manifests and commits.
    begins: AtomicBool,
    /// Everything else: parts, and that an upload is given up.
    rest: AtomicBool,
    /// How many manifests and parts wait. The server notes a request once it is answered, and those never are.
    waiting: [AtomicUsize; 2],
}

impl Silence {
    fn takes(&self, hit: &Hit) -> bool {
        let which = if hit.method == "POST" { &self.begins } else { &self.rest };
        which.load(Ordering::SeqCst)
    }

    fn waiting(&self, method: &str) -> Option<&AtomicUsize> {
        let place = ["POST", "PUT"].iter().position(|counted| *counted == method)?;
        self.waiting.get(place)
    }

    /// Waits until the edge was asked something by this method that it does not answer.
    fn wait(&self, method: &str) -> Result {
        let waiting = self.waiting(method).ok_or("not counted")?;
        let limit = Instant::now() + Duration::from_secs(20);
        while waiting.load(Ordering::SeqCst) == 0 {
            ensure(Instant::now() < limit, || "the edge is not asked".to_owned())?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

/// A VFS origin whose edge takes whatever it is given.
fn edge(silence: Arc<Silence>) -> Result<Server> {
    let folder = dist("origin")?;
    Server::start(move |hit| match hit.path() {
        "/_vf/hello" => json(&json!({"version": 1, "allowed": true})),
        path if path.starts_with("/_vf/sessions/") => {
            if silence.takes(hit) {
                if let Some(waiting) = silence.waiting(&hit.method) {
                    waiting.fetch_add(1, Ordering::SeqCst);
                }
                loop {
                    std::thread::park();
                }
            }
            answer(hit, silence.rest.load(Ordering::SeqCst))
        }
        path => asset(&folder, path).unwrap_or_else(|| Reply::html("<!doctype html><title>a preview</title>")),
    })
}

fn json(value: &Value) -> Reply {
    Reply::new("application/json", value.to_string()).with("Access-Control-Allow-Origin", "*")
}

/// The edge has all files until it stops answering to their parts: then it wants the first of each change.
fn answer(hit: &Hit, wants: bool) -> Reply {
    let missing: &[u32] = if wants { &[0] } else { &[] };
    if hit.method == "POST" && hit.path().ends_with("/uploads") {
        json(&json!({"upload": "00000000-0000-0000-0000-000000000000", "missing": missing, "version": 1}))
    } else {
        json(&json!({"version": 1}))
    }
}

fn silent(context: &mut Context<'_>) -> Result {
    let silence = Arc::new(Silence::default());
    let server = edge(silence.clone())?;
    let stage = Stage::open(context)?;
    let open = r"
        const vfs = await connect({ origin: args.origin });
        self.session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        await within(session.put({ 'index.html': 'x' }), 'put');
        await within(session.mount(stage), 'mount');
        await within(session.put({ 'index.html': 'y' }), 'a put that goes to the edge as well');
        self.codeOf = (promise) => promise.then(() => 'done', ({ code }) => code);
        ";
    stage.run(open, json!({"origin": server.origin("virtual-files.localhost")}))?;
    for (which, method) in [(&silence.rest, "PUT"), (&silence.begins, "POST")] {
        which.store(true, Ordering::SeqCst);
        let begin = "self.control = new AbortController(); self.put = codeOf(session.put({ 'index.html': 'given up' }, { signal: control.signal }))";
        stage.run(begin, json!({}))?;
        silence.wait(method)?;
        let given_up = stage.run(
            "control.abort(); return await within(put, 'what is given up')",
            json!({}),
        )?;
        ensure(given_up == "ABORTED", || given_up.to_string())?;
    }
    let wait = "const code = await within(codeOf(session.put({ 'index.html': 'waited for' })), 'what is waited for', 55000);\
                return [code, await (await session.read('index.html')).text()]";
    let found = stage.run(wait, json!({}))?;
    ensure(found == json!(["EDGE_UNAVAILABLE", "y"]), || found.to_string())
}

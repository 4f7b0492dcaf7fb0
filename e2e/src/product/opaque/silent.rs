//! An edge that takes a request and never answers it: nobody waits for it for ever, nor longer than they want to.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Stage, asset, dist};
use crate::case::{Case, Context, Host, locked};
use crate::server::{Hit, Reply, Server};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("opaque_put_where_the_edge_falls_silent", silent).under(&[Host::SameSite]),
    Case::new("opaque_put_beside_the_first_upload", beside).under(&[Host::SameSite]),
];

/// What the edge does not answer, by method: a manifest or commit is a POST, a part a PUT.
#[derive(Default)]
struct Silence {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    silent: Vec<&'static str>,
    /// The methods of what waits for an answer. The server notes a request when it is answered only.
    waiting: Vec<String>,
}

impl Silence {
    fn set(&self, silent: &[&'static str]) {
        locked(&self.state).silent = silent.to_vec();
        self.changed.notify_all();
    }

    /// Waits until a request may be answered.
    fn keep(&self, hit: &Hit) {
        let is_silent = |state: &mut State| state.silent.contains(&hit.method.as_str());
        let mut state = locked(&self.state);
        if is_silent(&mut state) {
            state.waiting.push(hit.method.clone());
            self.changed.notify_all();
            drop(self.changed.wait_while(state, is_silent));
        }
    }

    /// Waits until the edge was asked something by this method that it does not answer.
    fn asked(&self, method: &str) -> Result {
        let unasked = |state: &mut State| !state.waiting.iter().any(|waiting| waiting == method);
        let waited = self
            .changed
            .wait_timeout_while(locked(&self.state), Duration::from_secs(20), unasked);
        let result = waited.unwrap_or_else(PoisonError::into_inner).1;
        ensure(!result.timed_out(), || format!("no {method} reached the edge"))
    }
}

/// A VFS origin whose edge takes whatever it is given.
fn edge(silence: Arc<Silence>) -> Result<Server> {
    let folder = dist("origin")?;
    Server::start(move |hit| match hit.path() {
        "/_vf/hello" => json(&json!({"version": 2, "allowed": true})),
        path if path.starts_with("/_vf/sessions/") => {
            silence.keep(hit);
            answer(hit, locked(&silence.state).silent.contains(&"PUT"))
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
        self.other = await within(vfs.session({ id: session.id, isolation: 'opaque' }), 'another');
        self.codeOf = (promise) => promise.then(() => 'done', ({ code }) => code);
        ";
    stage.run(open, json!({"origin": server.origin("virtual-files.localhost")}))?;
    // What was given up is waited for by the next upload, and by nobody before.
    for (silent, method) in [(["PUT", "DELETE"].as_slice(), "PUT"), (&["POST"], "POST")] {
        silence.set(silent);
        let begin = "self.control = new AbortController(); self.put = codeOf(session.put({ 'index.html': 'given up' }, { signal: control.signal }))";
        stage.run(begin, json!({}))?;
        silence.asked(method)?;
        // Who waits for its turn can be given up as who has it.
        let given_up = r"
            const behind = new AbortController();
            const queued = codeOf(other.put({ 'index.html': 'behind' }, { signal: behind.signal }));
            await other.list();
            behind.abort();
            const first = await within(queued, 'what waits for its turn');
            control.abort();
            return [first, await within(put, 'what is given up')]
            ";
        let given_up = stage.run(given_up, json!({}))?;
        ensure(given_up == json!(["ABORTED", "ABORTED"]), || given_up.to_string())?;
    }
    let wait = "const code = await within(codeOf(session.put({ 'index.html': 'waited for' })), 'what is waited for', 55000);\
                return [code, await (await session.read('index.html')).text()]";
    let found = stage.run(wait, json!({}))?;
    ensure(found == json!(["EDGE_UNAVAILABLE", "y"]), || found.to_string())
}

/// Who shows a session without the edge does not wait for it while another has it told the first time, and what is put
/// meanwhile is told afterwards.
fn beside(context: &mut Context<'_>) -> Result {
    let silence = Arc::new(Silence::default());
    let server = edge(silence.clone())?;
    let stage = Stage::open(context)?;
    silence.set(&["POST"]);
    let open = r"
        const vfs = await connect({ origin: args.origin });
        self.session = await within(vfs.session({ isolation: 'shared' }), 'session');
        await within(session.put({ 'index.html': 'x' }), 'put');
        const other = await within(vfs.session({ id: session.id, isolation: 'shared' }), 'another');
        self.mounted = other.mount(stage, { isolation: 'opaque' });
        ";
    stage.run(open, json!({"origin": server.origin("virtual-files.localhost")}))?;
    silence.asked("POST")?;
    stage.run(
        "await within(session.put({ 'index.html': 'y' }), 'a put beside')",
        json!({}),
    )?;
    silence.set(&[]);
    stage.run("await within(mounted, 'mount')", json!({}))?;
    let commits = server
        .hits()
        .iter()
        .filter(|hit| hit.path().ends_with("/commit"))
        .count();
    ensure(commits == 2, || format!("{commits} bundles were made at the edge"))
}

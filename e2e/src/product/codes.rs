//! The error codes that hosts see of the SDK, each provoked by what would cause it.
//!
//! `SERVICE_WORKER_UNAVAILABLE` is shown where browsers refuse workers: in `lifecycle/`.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{ISOLATIONS, Stage};
use crate::Result;
use crate::browser::{Engine, NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::server::{Reply, Server, free_port};

const SAME_SITE: &[Host] = &[Host::SameSite];

pub(super) const CASES: &[Case] = &[
    Case::new("codes_of_what_is_asked_wrongly", wrong),
    Case::new("codes_aborted", aborted).under(SAME_SITE),
    Case::new("codes_timeout", timeout).under(SAME_SITE),
    Case::new("codes_version_mismatch", version).under(SAME_SITE),
    Case::new("codes_origin_not_allowed", origin).under(SAME_SITE),
    Case::new("codes_storage_unavailable", damaged).under(SAME_SITE),
    Case::new("codes_internal", internal).under(SAME_SITE),
    Case::new("codes_edge_unavailable", no_edge),
    Case::new("codes_of_neither_worker_nor_edge", neither)
        .under(&[Host::CrossSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("codes_quota_exceeded", quota).under(SAME_SITE).without(&[
        (
            Engine::Firefox,
            "resetting its quota manager takes the service workers away, too",
        ),
        (
            Engine::WebKit,
            "WebKitGTK has no setting and its driver no command for the storage quota",
        ),
    ]),
];

const FAILED: &str = "
const failed = async (what, code, promise) => {
  let error;
  try { error = { name: 'none', message: JSON.stringify(await within(promise, what, 30000)) }; } catch (thrown) { error = thrown; }
  same(`${what}: ${error.message}`, [error instanceof VirtualFilesError, error instanceof Error, error.name, error.code], [true, true, 'VirtualFilesError', code]);
  holds(`${what}: in words`, String(error.message).length > 20, error.message);
  return error;
};
";

impl Stage<'_> {
    fn codes(&self, label: &str, body: &str, mut args: Value) -> Result<Value> {
        args["bare"] = json!(self.origin("shared"));
        args["wildcard"] = json!(self.origin("origin"));
        self.table(label, &format!("{FAILED}\n{body}"), args)
    }
}

fn wrong(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let connecting = "await failed('an origin', 'INVALID_MESSAGE', connect({ origin: 'nonsense' }));\
                      await failed('no origin', 'INVALID_MESSAGE', connect());\
                      const vfs = await connect({ origin: args.wildcard });\
                      await failed('a session id', 'INVALID_SESSION', vfs.session({ id: 'NOT ONE' }));\
                      await failed('an id of the edge', 'INVALID_SESSION', vfs.session({ id: `e-${'a'.repeat(26)}` }));\
                      await failed('origin on one name', 'INVALID_MESSAGE', connect({ origin: args.bare }).then((vfs) => vfs.session({ isolation: 'origin' })));\
                      await failed('an isolation', 'INVALID_MESSAGE', vfs.session({ isolation: 'some' }));\
                      await failed('a network', 'INVALID_MESSAGE', vfs.session({ network: ['not an origin'] }));";
    stage.codes("connecting", connecting, json!({}))?;
    let used = "const vfs = await connect({ origin: args.origin });\
                const session = await within(vfs.session(args.options), 'session');\
                await session.put({ 'a.txt': 'kept' });\
                await failed('a path', 'INVALID_PATH', session.put({ '../a.txt': 'x' }));\
                await failed('a path to read', 'INVALID_PATH', session.read('a//b'));\
                await failed('a path twice', 'INVALID_PATH', session.put([['a.txt', '1'], ['./a.txt', '2']]));\
                await failed('a content', 'INVALID_MESSAGE', session.put({ 'a.txt': 5 }));\
                await failed('a mode', 'INVALID_MESSAGE', session.put({}, { mode: 'append' }));\
                await failed('an element that is in no document', 'INVALID_MESSAGE', session.mount(document.createElement('div')));\
                await failed('a sandbox', 'INVALID_MESSAGE', session.mount(stage, { sandbox: 'allow-everything' }));\
                await failed('opaque with an origin', 'INVALID_MESSAGE', session.mount(stage, { isolation: 'opaque', sandbox: 'allow-same-origin' }));\
                await failed('no file', 'NOT_FOUND', session.read('none.txt'));\
                await failed('nothing of no file', 'NOT_FOUND', session.stat('none.txt'));\
                const types = Array.from({ length: 1025 }, (_, i) => ({ path: `t${i}`, content: '', type: `x/t${i}` }));\
                await failed('more types than a session takes', 'TOO_LARGE', session.put(types));\
                await failed('more files than a session takes', 'TOO_LARGE', session.put(Array.from({ length: 100001 }, (_, i) => [`f${i}`, ''])));\
                same('nothing of it was done', [(await session.list()).map(({ path }) => path), await (await session.read('a.txt')).text()], [['a.txt'], 'kept']);\
                const other = await vfs.session({ ...args.options });\
                await session.dispose();\
                await failed('a session that was disposed', 'ABORTED', session.list());\
                same('another user of the same is not', (await other.list()).length, 1);\
                await vfs.dispose();\
                await failed('all were', 'ABORTED', other.list());";
    for isolation in ISOLATIONS {
        stage.codes(isolation, used, stage.opened(isolation, json!({})))?;
    }
    Ok(())
}

fn aborted(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let body = "const vfs = await connect({ origin: args.origin });\
                const session = await within(vfs.session(args.options), 'session');\
                await session.put({ 'a.txt': 'kept' });\
                const large = () => ({ 'a.txt': 'changed', 'large.bin': new Blob([new Uint8Array(12 << 20)]) });\
                const before = await failed('before', 'ABORTED', session.put(large(), { signal: AbortSignal.abort('my reason') }));\
                same('the cause is the signal\\'s reason', before.cause, 'my reason');\
                const during = new AbortController();\
                await failed('during', 'ABORTED', session.put(large(), { signal: during.signal, onProgress: () => during.abort() }));\
                const soon = new AbortController(), going = session.put(large(), { signal: soon.signal });\
                soon.abort();\
                await failed('at once', 'ABORTED', going);\
                same('nothing was put', [(await session.list()).map(({ path }) => path), await (await session.read('a.txt')).text()], [['a.txt'], 'kept']);\
                const late = new AbortController();\
                const done = await session.put({ 'b.txt': 'x' }, { signal: late.signal });\
                late.abort();\
                same('too late', [done.files, (await session.list()).length], [2, 2]);\
                const left = session.put(large());\
                /* It was written before the session went, or it was given up: either is told, and nothing hangs. */\
                const told = left.then(({ files }) => files, ({ code }) => code);\
                await session.dispose();\
                same('what was under way at the end is told of', [3, 'ABORTED'].includes(await told), true);";
    for isolation in ISOLATIONS {
        stage.codes(isolation, body, stage.opened(isolation, json!({})))?;
    }
    Ok(())
}

fn timeout(context: &mut Context<'_>) -> Result {
    // One port that nobody listens on, and one where connections are taken and nothing is ever said.
    let closed = free_port()?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let mute = Server::start(|hit| match hit.path() {
        "/hub.html" => Reply::html("<title>no hub</title>"),
        _ => Reply::missing(),
    })?;
    let stage = Stage::open(context)?;
    let body = "const started = performance.now();\
                const vfs = await connect({ origin: args.origin, timeout: 2500 });\
                const error = await failed('a session', 'TIMEOUT', vfs.session({ isolation: 'shared' }));\
                const took = performance.now() - started;\
                holds('in the time that was given', took > 2000 && took < 15000, took);\
                holds('names the origin', error.message.includes(args.origin), error.message);";
    for (label, port) in [
        ("closed", closed),
        ("silent", silent.local_addr()?.port()),
        ("mute", mute.port()),
    ] {
        let origin = format!("http://virtual-files.localhost:{port}");
        stage.goto_host()?;
        stage.codes(label, body, json!({"origin": origin}))?;
    }
    Ok(())
}

/// An origin of another release: one that says so in its hello only, and one whose hub does.
fn version(context: &mut Context<'_>) -> Result {
    let json = |body: &'static str| Reply::new("application/json", body).with("Access-Control-Allow-Origin", "*");
    let by_hello = Server::start(move |hit| match hit.path() {
        "/_vf/hello" => json(r#"{"version":3,"allowed":true}"#),
        _ => Reply::html("<title>a hub that speaks otherwise</title>"),
    })?;
    let by_hub = Server::start(move |hit| match hit.path() {
        "/hub.html" => Reply::html(
            "<script>onmessage = (event) => event.ports[0].postMessage({ id: 0, ok: false, \
             error: { code: 'VERSION_MISMATCH', message: 'This hub speaks another version of it.' } })</script>",
        ),
        _ => Reply::missing(),
    })?;
    let stage = Stage::open(context)?;
    for (label, server) in [("hello", by_hello), ("hub", by_hub)] {
        let body = "const vfs = await connect({ origin: args.origin });\
                    await failed('a session', 'VERSION_MISMATCH', vfs.session({ isolation: 'shared' }));";
        stage.codes(label, body, json!({"origin": server.origin("virtual-files.localhost")}))?;
    }
    Ok(())
}

fn origin(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let host = stage.product.host.origin("not-allowed.localhost");
    let stage = Stage { host, ..stage };
    stage.goto_host()?;
    let body = "const vfs = await connect({ origin: args.origin });\
                const error = await failed('a session', 'ORIGIN_NOT_ALLOWED', vfs.session({ isolation: args.isolation }));\
                holds('names this origin, and what to do', error.message.includes(location.origin) && error.message.includes('ALLOWED_HOSTS'), error.message);";
    for isolation in ISOLATIONS {
        stage.codes(
            isolation,
            body,
            json!({"origin": stage.origin(isolation), "isolation": isolation}),
        )?;
    }
    Ok(())
}

/// A session whose index is damaged on disk: said so, and healed by deleting the session.
fn damaged(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.preview_of(
            isolation,
            "return { 'index.html': '<!doctype html>', 'a.txt': 'x' }",
            json!({}),
        )?;
        let damage = "const open = indexedDB.open('virtual-files'); await within(once(open, 'success'), 'the database');\
                      const write = open.result.transaction('indexes', 'readwrite');\
                      write.objectStore('indexes').put(new Uint8Array([255, 1, 2, 3]), args.session);\
                      await within(once(write, 'complete'), 'the damage'); open.result.close();";
        stage.run(damage, json!({"session": stage.session_id(isolation)}))?;
        stage.browser.leave()?;
        let told = "await failed('list', 'STORAGE_UNAVAILABLE', session.list());\
                    await failed('read', 'STORAGE_UNAVAILABLE', session.read('a.txt'));\
                    await failed('put', 'STORAGE_UNAVAILABLE', session.put({ 'b.txt': 'y' }));\
                    await session.clear();\
                    await session.put({ 'c.txt': 'z' });\
                    same('healed', (await session.list()).map(({ path }) => path), ['c.txt']);";
        stage.codes(isolation, told, json!({}))?;
    }
    Ok(())
}

/// A host whose bundler forgot the package's wasm.
fn internal(context: &mut Context<'_>) -> Result {
    let package = super::dist("npm")?;
    let server = Server::start(move |hit| match hit.path().strip_prefix("/virtual-files") {
        Some(path) if path.ends_with(".wasm") => Reply::missing(),
        Some(path) => Reply::file(&package, path),
        None => Reply::html(include_str!("../../pages/host.html")),
    })?;
    let host = server.origin(context.host.hostname());
    let stage = Stage {
        host,
        ..Stage::open(context)?
    };
    stage.goto_host()?;
    let body = "for (const time of ['first', 'second']) {\
                  const error = await failed(time, 'INTERNAL', connect({ origin: args.wildcard }));\
                  holds('says what is missing', error.message.includes('virtual_files_bg.wasm'), error.message);\
                }";
    stage.codes("without wasm", body, json!({})).map(drop)
}

fn quota(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    // The override reaches an origin of its own; under the bare name the limit is shared with others.
    let isolation = "origin";
    let session = stage.session_id(isolation);
    let origin = stage.origin(isolation).replace("{session}", &session);
    let limit = json!({"origin": origin, "quotaSize": 4 << 20});
    stage.browser.cdp_page("Storage.overrideQuotaForOrigin", &limit)?;
    let body = "const vfs = await connect({ origin: args.origin });\
                const session = await within(vfs.session(args.options), 'session');\
                await session.put({ 'a.txt': 'kept' });\
                const bytes = new Uint8Array(40 << 20);\
                for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));\
                await failed('more than there is room for', 'QUOTA_EXCEEDED', session.put({ 'a.txt': 'changed', 'large.bin': new Blob([bytes]) }));\
                same('nothing was put', [(await session.list()).map(({ path }) => path), await (await session.read('a.txt')).text()], [['a.txt'], 'kept']);\
                const after = await session.put({ 'b.txt': 'small' });\
                same('what has room is taken', [after.files, after.storage], [2, 'indexeddb']);\
                await session.clear(); await vfs.dispose();";
    let told = stage.codes(isolation, body, stage.opened(isolation, json!({})));
    let unlimited = json!({"origin": origin});
    stage.browser.cdp_page("Storage.overrideQuotaForOrigin", &unlimited)?;
    told.map(drop)
}

/// A VFS origin on a static server: its assets, filled in beforehand, and no Worker.
fn without_edge() -> Result<Server> {
    let assets = super::dist("origin")?;
    Server::start(move |hit| super::asset(&assets, hit.path()).unwrap_or_else(Reply::missing))
}

/// Where there is neither, the one that could be had by the visitor is told of.
fn neither(context: &mut Context<'_>) -> Result {
    let server = without_edge()?;
    let stage = Stage::open(context)?;
    let args = json!({"static": server.origin("{session}.virtual-files.localhost")});
    let body = "const vfs = await connect({ origin: args.static });\
                const error = await failed('auto', 'SERVICE_WORKER_UNAVAILABLE', vfs.session());\
                holds('what to do', error.message.includes('third-party cookies'), error.message);";
    stage.codes("neither", body, args).map(drop)
}

fn no_edge(context: &mut Context<'_>) -> Result {
    let server = without_edge()?;
    let stage = Stage::open(context)?;
    let args = json!({"static": server.origin("{session}.virtual-files.localhost"), "one": server.origin("virtual-files.localhost")});
    let body = "const vfs = await connect({ origin: args.static });\
                await failed('opaque', 'EDGE_UNAVAILABLE', vfs.session({ isolation: 'opaque' }));\
                await failed('auto on one name', 'EDGE_UNAVAILABLE', connect({ origin: args.one }).then((vfs) => vfs.session()));\
                const session = await within(vfs.session(), 'session');\
                await session.put({ 'index.html': '<!doctype html><title>static</title>' });\
                await failed('an opaque preview', 'EDGE_UNAVAILABLE', session.mount(stage, { isolation: 'opaque' }));\
                const shared = await within(connect({ origin: args.one }).then((vfs) => vfs.session({ isolation: 'shared' })), 'a shared session');\
                await failed('beside a shared one', 'EDGE_UNAVAILABLE', shared.mount(stage, { isolation: 'opaque' }));\
                same('which goes on', (await within(shared.put({ 'a.txt': 'put after' }), 'put')).files, 1);\
                same('what needs no edge', [session.isolation, (await session.mount(stage)).isolation], ['origin', 'origin']);";
    stage.codes("without an edge", body, args).map(drop)
}

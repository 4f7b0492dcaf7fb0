//! Frames without an origin, which the edge answers: how they are mounted, what they read, and when `auto` falls back to
//! them.

pub(super) mod bundles;
pub(super) mod lacks;
pub(super) mod network;
pub(super) mod silent;

use serde_json::{Value, json};

use super::Stage;
use super::edge::ask;
use super::wrangler::Wrangler;
use crate::browser::{Engine, NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("opaque_document_given_as_html", html),
    Case::new("opaque_on_one_name", one_name).under(&[Host::CrossSite]),
    Case::new("opaque_puts_are_read_at_once", puts),
    Case::new("opaque_follows_a_hub_that_was_moved", moved).under(&[Host::SameSite]),
    Case::new("opaque_beside_other_sessions_of_its_id", beside).under(&[Host::SameSite]),
    Case::new("opaque_sends_only_what_changed", sparing).under(&[Host::SameSite]),
    Case::new("opaque_when_the_edge_refuses_or_goes", lost).under(&[Host::SameSite]),
    Case::new("opaque_has_nothing_of_the_origin", nothing),
    Case::new("opaque_where_no_worker_can_be_had", fallback)
        .under(&[Host::CrossSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("opaque_where_cookies_are_blocked_in_firefox", fallback)
        .under(&[Host::CrossSite])
        .with(&[Profile::CookiesBlocked])
        .without(&[
            (Engine::Chromium, "it partitions storage, and workers are to be had"),
            (Engine::WebKit, "it partitions storage, and workers are to be had"),
        ]),
    Case::new("opaque_or_not_in_private_windows", private)
        .with(&[Profile::Private])
        .without(&[(Engine::WebKit, "its automated windows are private ones in any case")]),
    Case::new("opaque_where_nothing_is_encrypted", insecure)
        .under(&[Host::CrossSite])
        .with(&[Profile::Insecure])
        .without(&[(
            Engine::WebKit,
            "MiniBrowser has no setting that leads a name to this machine",
        )]),
];

/// The document reports what its relative URLs gave, and what a frame in it did.
pub(super) const DOCUMENT: &str = r"<!doctype html><html lang=en class=kept><title>given</title><link rel=stylesheet href=site.css>
<body><script>self.said = new Promise((resolve) => addEventListener('message', (event) => event.data?.inner && resolve(event.data)));</script>
<img id=dot src=dot.svg><iframe src=inner.html></iframe><script type=module>
import { deep } from './js/deep.mjs';
const inner = await said;
const image = document.querySelector('#dot'); await image.decode().catch(() => {});
parent.postMessage({ given: true, deep, inner: inner.inner, width: image.naturalWidth, color: getComputedStyle(document.body).color,
  text: await (await fetch('a.txt')).text(), base: document.baseURI, origin: self.origin, kind: document.documentElement.className,
  own: await fetch('https://elsewhere.invalid/').then(() => 'sent', (error) => error.name) }, '*');
</script>";

pub(super) const FILES: &str = r#"
const files = { 'a.txt': 'the letter a', 'site.css': 'body { color: rgb(1, 2, 3) }', 'js/deep.mjs': "export { deep } from '../lib.mjs'",
  'lib.mjs': "export const deep = 'deep'", 'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>',
  'inner.html': '<!doctype html><script>addEventListener("load", async () => { parent.postMessage({ inner: await (await fetch("a.txt")).text() + self.origin }, "*"); });</script>',
  'index.html': '<!doctype html><title>index</title>' };
"#;

fn html(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    // The session has all of its origin, also under a policy.
    let rooted = "rooted: await (await fetch('/a.txt')).text(), own:";
    let args = json!({"origin": stage.origin("origin"), "html": DOCUMENT.replace("own:", rooted)});
    let body = "self.vfs = await within(connect({ origin: args.origin }), 'connect');
        self.session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        await within(session.put(files), 'put');
        const said = once(window, 'message', (event) => event.data?.given);
        self.preview = await within(session.mount(stage, { html: args.html }), 'mount');
        const first = (await within(said, 'the document')).data;
        const again = once(window, 'message', (event) => event.data?.given);
        await within(preview.reload(), 'the reload');
        const second = (await within(again, 'the document again')).data;
        const { element, url, isolation } = preview;
        return { first, second, sandbox: element.getAttribute('sandbox'), srcdoc: element.hasAttribute('srcdoc'), url, isolation, root: session.url };";
    let seen = stage.run(&format!("{FILES}{body}"), args)?;
    let root = seen["root"].as_str().unwrap_or_default();
    let wanted = json!({"given": true, "deep": "deep", "inner": "the letter anull", "width": 7, "color": "rgb(1, 2, 3)",
        "text": "the letter a", "base": root, "origin": "null", "kind": "kept", "own": "TypeError", "rooted": "the letter a"});
    for said in [&seen["first"], &seen["second"]] {
        ensure(*said == wanted, || format!("found {said:#}, wanted {wanted:#}"))?;
    }
    let frame = json!([seen["sandbox"], seen["srcdoc"], seen["url"], seen["isolation"]]);
    ensure(
        frame == json!(["allow-scripts", true, "about:srcdoc", "opaque"]),
        || format!("the frame: {seen}"),
    )
}

/// A VFS origin of one name, for which `opaque` is what is meant where nothing else is said.
fn one_name(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("shared"), "html": DOCUMENT});
    let body = "const vfs = await within(connect({ origin: args.origin }), 'connect');
        const session = await within(vfs.session(), 'session');
        await within(session.put(files), 'put');
        const said = once(window, 'message', (event) => event.data?.given);
        const preview = await within(session.mount(stage, { html: args.html }), 'mount');
        const { text, base } = (await within(said, 'the document')).data;
        return [text, base === session.url, session.isolation, session.url.startsWith(`${args.origin}/e-`), preview.reason ?? null];";
    let seen = stage.run(&format!("{FILES}{body}"), args)?;
    ensure(seen == json!(["the letter a", true, "opaque", true, null]), || {
        format!("{seen}")
    })
}

/// The preview reads what was put, also after others; what is deleted is gone; a session that is disposed is gone, too.
fn puts(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin")});
    let body = r"
        const page = `<!doctype html><script>addEventListener('message', async ({ data, source }) => {
            const answer = await fetch(data, { cache: 'no-store' }); source.postMessage({ asked: data, status: answer.status, text: await answer.text() }, '*'); });</script>`;
        const vfs = await within(connect({ origin: args.origin }), 'connect');
        const session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        await within(session.put({ 'index.html': page, 'a.txt': 'put 0', 'large.bin': new Blob([new Uint8Array(9000000)]) }), 'put');
        const preview = await within(session.mount(stage), 'mount');
        const ask = async (path) => {
          const said = once(window, 'message', (event) => event.data?.asked === path);
          preview.element.contentWindow.postMessage(path, '*');
          const { data } = await within(said, path);
          return [data.status, data.status === 200 ? data.text.length > 100 ? data.text.length : data.text : ''];
        };
        const seen = [await ask('a.txt'), await ask('large.bin')];
        const reports = [];
        for (let n = 1; n < 6; n += 1) {
          await within(session.put({ 'a.txt': `put ${n}` }, { onProgress: (report) => reports.push(report) }), 'put');
          seen.push(await ask('a.txt'));
        }
        await session.delete('large.bin');
        seen.push(await ask('large.bin'));
        const abort = new AbortController();
        const large = session.put({ 'a.txt': 'given up', 'huge.bin': new Blob([new Uint8Array(40000000).fill(7)]) },
          { signal: abort.signal, onProgress: ({ done, total }) => { if (done > total / 2) abort.abort(); } });
        const code = await large.then(() => 'put', (error) => error.code);
        seen.push(code, await ask('a.txt'), (await session.list()).length);
        const { url } = session;
        await session.dispose();
        seen.push(url);
        return seen;
    ";
    let seen = stage.run(body, args)?;
    let url = seen
        .as_array()
        .and_then(|seen| seen.last()?.as_str())
        .unwrap_or_default();
    let host = url.split(['/', ':']).nth(3).unwrap_or_default();
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let script = [
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("origin", "null"),
    ];
    let forgotten = ask(stage.product.port(), "GET", host, &format!("/{path}a.txt"), &script)?;
    forgotten.status(404)?;
    let mut wanted = vec![json!([200, "put 0"]), json!([200, 9_000_000])];
    wanted.extend((1..6).map(|n| json!([200, format!("put {n}")])));
    wanted.extend([
        json!([404, ""]),
        json!("ABORTED"),
        json!([200, "put 5"]),
        json!(2),
        json!(url),
    ]);
    ensure(seen == Value::from(wanted.clone()), || {
        format!("found {seen}, wanted {}", Value::from(wanted))
    })
}

/// A framework that moves the hub's frame in the page has it load anew. What it knew of the edge is lost with it: the session gets
/// another address there, and the preview follows.
fn moved(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin")});
    let body = "const page = (text) => `<!doctype html><script>parent.postMessage({ shown: '${text}' }, '*')</script>`;
        const vfs = await within(connect({ origin: args.origin }), 'connect');
        const session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        await within(session.put({ 'index.html': page('before') }), 'put');
        const before = session.url;
        const shown = async (act) => {
          const said = once(window, 'message', (event) => event.data?.shown);
          const done = await within(act(), 'the load');
          return [(await within(said, 'the page')).data.shown, done];
        };
        const [first, preview] = await shown(() => session.mount(stage));
        const hub = document.querySelector('iframe[title=virtual-files]');
        const loaded = once(hub, 'load');
        hub.remove();
        document.body.append(hub);
        await within(loaded, 'the hub');
        await within(session.put({ 'index.html': page('after') }), 'another put');
        const [second] = await shown(() => preview.reload());
        const [third] = await shown(() => preview.navigate('index.html'));
        return [first, second, third, session.url !== before, preview.url.startsWith(session.url)];";
    let seen = stage.run(body, args)?;
    ensure(seen == json!(["before", "after", "after", true, true]), || {
        format!("{seen}")
    })
}

/// A session of one id, opened as it is put to, and opened again with nothing left of what it was.
fn beside(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let elsewhere = Server::start(|_| Reply::new("text/plain", "reached").with("Access-Control-Allow-Origin", "*"))?;
    let args = json!({"origin": stage.origin("origin"), "elsewhere": elsewhere.origin("elsewhere.localhost")});
    let body = "const page = `<!doctype html><script>Promise.all([fetch('a.txt').then((answer) => answer.text()),
            fetch('${args.elsewhere}/').then(() => 'reached', (error) => error.name)]).then((told) => parent.postMessage({ told }, '*'))</script>`;
        const vfs = await within(connect({ origin: args.origin }), 'connect');
        const told = async (session) => {
          const said = once(window, 'message', (event) => event.data?.told);
          const preview = await within(session.mount(stage, { isolation: 'opaque' }), 'mount');
          const { told } = (await within(said, 'the page')).data;
          preview.dispose();
          return told;
        };
        const seen = [];
        for (let round = 0; round < 4; round += 1) {
          const shared = await within(vfs.session({ id: `${args.id}-${round}`, isolation: 'shared' }), 'shared');
          const put = shared.put({ 'index.html': page, 'a.txt': `put ${round}` });
          const opaque = await within(vfs.session({ id: `${args.id}-${round}`, isolation: 'opaque' }), 'opaque');
          await within(put, 'put');
          seen.push(await told(opaque));
        }
        const id = `${args.id}-o`;
        const open = await within(vfs.session({ id, isolation: 'opaque', network: 'open' }), 'an open one');
        await within(open.put({ 'index.html': page, 'a.txt': 'open' }), 'put');
        seen.push(await told(open));
        await within(open.clear(), 'clear');
        const closed = await within(vfs.session({ id, isolation: 'opaque' }), 'a closed one');
        await within(closed.put({ 'index.html': page, 'a.txt': 'closed' }), 'put');
        seen.push(await told(closed));
        return seen;";
    let seen = stage.run(body, args)?;
    let mut wanted: Vec<Value> = (0..4)
        .map(|round| json!([format!("put {round}"), "TypeError"]))
        .collect();
    wanted.extend([json!(["open", "reached"]), json!(["closed", "TypeError"])]);
    ensure(seen == Value::from(wanted.clone()), || {
        format!("found {seen}, wanted {}", Value::from(wanted))
    })
}

/// Of a put, the edge is sent what it lacks: seen by the hub's requests.
fn sparing(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin")});
    let opened = "const vfs = await within(connect({ origin: args.origin }), 'connect');
        self.session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        self.bytes = (length) => { const bytes = new Uint8Array(length); for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536)); return bytes; };
        self.files = { 'a.bin': new Blob([bytes(9 << 20)]), 'b.txt': 'first' };";
    stage.run(opened, args)?;
    let mut counts = Vec::new();
    for put in [
        "session.put(files)",
        "session.put({ ...files, 'b.txt': 'second' })",
        "session.put({ 'moved.bin': files['a.bin'], 'b.txt': 'second' }, { mode: 'replace' })",
    ] {
        stage.run(&format!("await within({put}, 'put')"), json!({}))?;
        stage.browser.enter("iframe[title=virtual-files]")?;
        let parts =
            "return performance.getEntriesByType('resource').filter((entry) => entry.name.includes('?offset=')).length";
        counts.push(stage.browser.eval(parts, &json!({}))?);
        stage.browser.leave()?;
    }
    // Three parts of four megabytes and less, then a few bytes, then none.
    ensure(counts == [json!(3), json!(4), json!(4)], || {
        format!("{counts:?} parts were sent in all")
    })
}

/// What the edge refuses, and what it cannot be told, is not done here either; and the session goes on with what it was.
fn lost(context: &mut Context<'_>) -> Result {
    let out = context.shared.out().to_owned();
    let variables = ["EDGE_SESSION_BYTES:1000000", "EDGE_FILE_BYTES:600000"];
    let worker = Wrangler::start(&out, "lost", Wrangler::product()?, &variables)?;
    let stage = Stage::open(context)?;
    let origin = format!("http://{{session}}.virtual-files.localhost:{}", worker.port());
    let refused = "const vfs = await within(connect({ origin: args.origin }), 'connect');
        self.session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        self.codeOf = (promise) => within(promise, 'a refusal').then(() => 'done', (error) => error.code);
        await within(session.put({ 'a.txt': 'kept', 'b.bin': new Blob([new Uint8Array(500000)]) }), 'put');
        const large = new Blob([new Uint8Array(600001)]), half = new Blob([new Uint8Array(500001).fill(1)]);
        return [await codeOf(session.put({ 'a.txt': 'x', 'c.bin': large })), await codeOf(session.put({ 'a.txt': 'x', 'c.bin': half })),
          (await session.list()).length, await (await session.read('a.txt')).text(), await codeOf(session.put({ 'c.txt': 'small' }))];";
    let seen = stage.run(refused, json!({"origin": origin}))?;
    ensure(
        seen == json!(["TOO_LARGE", "QUOTA_EXCEEDED", 2, "kept", "done"]),
        || format!("refused: {seen}"),
    )?;
    drop(worker);
    let gone = "return [await codeOf(session.put({ 'a.txt': 'x' })), await codeOf(session.delete('a.txt')), await codeOf(session.mount(stage)),
        (await session.list()).length, await (await session.read('a.txt')).text()];";
    let seen = stage.run(gone, json!({}))?;
    let wanted = json!(["EDGE_UNAVAILABLE", "EDGE_UNAVAILABLE", "EDGE_UNAVAILABLE", 3, "kept"]);
    ensure(seen == wanted, || format!("gone: {seen}"))
}

/// Of what belongs to an origin the frame has nothing: neither the VFS origin's, nor another session's.
fn nothing(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin")});
    let body = r"
        const vfs = await within(connect({ origin: args.origin }), 'connect');
        const other = await within(vfs.session({ isolation: 'opaque' }), 'another session');
        await within(other.put({ 'a.txt': 'not yours' }), 'put');
        const session = await within(vfs.session({ isolation: 'opaque' }), 'session');
        const attempt = `const attempt = async (what) => { try { return String(await what()); } catch (error) { return error.name; } };
          (async () => parent.postMessage({ tried: [
            self.origin, await attempt(() => localStorage.length), await attempt(() => document.cookie),
            await attempt(() => indexedDB.open('virtual-files').constructor.name), await attempt(() => navigator.serviceWorker?.register('sw.js')),
            await attempt(async () => (await fetch('${other.url}a.txt')).status), await attempt(() => parent.document.title),
            await attempt(async () => (await fetch('${args.origin.replace('{session}.', '')}/hub.html')).status),
            await attempt(() => { top.location.href = 'about:blank'; return 'navigated'; }), await attempt(() => open('about:blank')),
          ] }, '*'))()`;
        await within(session.put({ 'index.html': `<!doctype html><script>${attempt}</script>` }), 'put');
        const said = once(window, 'message', (event) => event.data?.tried);
        await within(session.mount(stage), 'mount');
        const framed = (await within(said, 'the attempts')).data.tried;
        // The same document in a frame that holds nothing back: what it came with does.
        const bare = document.createElement('iframe');
        const told = once(window, 'message', (event) => event.source === bare.contentWindow && event.data?.tried);
        bare.referrerPolicy = 'strict-origin';
        bare.src = session.url + 'index.html';
        stage.append(bare);
        // Popups are its host's affair there.
        return framed.concat((await within(told, 'the attempts without a sandbox')).data.tried.slice(0, 9));
    ";
    let tried = stage.run(body, args)?;
    let refused = |at: usize| {
        tried[at]
            .as_str()
            .is_some_and(|name| name.ends_with("Error") || matches!(name, "" | "undefined" | "null"))
    };
    ensure(
        tried[0] == "null" && tried[10] == "null" && (1..10).chain(11..19).all(refused),
        || format!("of what it tried, something worked: {tried}"),
    )
}

/// Where the browser gives the VFS origin no worker, sessions that may be opaque are, and say why.
fn fallback(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin"), "html": DOCUMENT});
    let body = "const vfs = await within(connect({ origin: args.origin }), 'connect');
        const refused = await vfs.session({ isolation: 'origin' }).then(() => 'opened', (error) => error.code);
        const session = await within(vfs.session(), 'session', 60000);
        await within(session.put(files), 'put');
        const said = once(window, 'message', (event) => event.data?.given);
        const preview = await within(session.mount(stage, { html: args.html }), 'mount');
        const { text } = (await within(said, 'the document')).data;
        return [refused, text, session.isolation, preview.isolation, session.reason?.length > 40, preview.reason === session.reason];";
    let seen = stage.run(&format!("{FILES}{body}"), args)?;
    ensure(
        seen == json!([
            "SERVICE_WORKER_UNAVAILABLE",
            "the letter a",
            "opaque",
            "opaque",
            true,
            true
        ]),
        || format!("{seen}"),
    )
}

/// Private windows have service workers in some engines and none in others: the preview works in all, and says why it has no
/// origin where it has none.
fn private(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let seen = stage.run(
        &format!("{FILES}{AUTO}"),
        json!({"origin": stage.origin("origin"), "html": DOCUMENT}),
    )?;
    let told = match seen["isolation"].as_str() {
        Some("origin") => seen["reason"].is_null(),
        Some("opaque") => seen["reason"].as_str().is_some_and(|reason| reason.len() > 40),
        _ => false,
    };
    ensure(told && seen["text"] == "the letter a", || format!("{seen}"))
}

/// Opens a session as `auto` does, and shows the document.
const AUTO: &str = "
const vfs = await within(connect({ origin: args.origin }), 'connect');
const session = await within(vfs.session(), 'session', 60000);
await within(session.put(files), 'put');
const said = once(window, 'message', (event) => event.data?.given);
const preview = await within(session.mount(stage, { html: args.html }), 'mount');
const { text } = (await within(said, 'the document')).data;
return { text, isolation: preview.isolation, reason: session.reason ?? null };
";

/// Neither the host nor the VFS origin is a secure context: no service worker, no locks, no `crypto.subtle`.
fn insecure(context: &mut Context<'_>) -> Result {
    let out = context.shared.out().to_owned();
    let variables = ["VFS_HOST:vfs.test", "ALLOWED_HOSTS:http://app.test:*"];
    let worker = Wrangler::start(&out, "insecure", Wrangler::product()?, &variables)?;
    let stage = Stage::open(context)?;
    let host = format!("http://app.test:{}", stage.product.host.port());
    let stage = Stage { host, ..stage };
    stage.goto_host()?;
    let origin = format!("http://{{session}}.vfs.test:{}", worker.port());
    let body = format!("if (self.isSecureContext) throw new Error('this is a secure context');\n{FILES}{AUTO}");
    // Frames in it are refused there, as nobody says that they are frames.
    let html = DOCUMENT
        .replace("<iframe src=inner.html></iframe>", "")
        .replace("const inner = await said;", "const inner = {};");
    let seen = stage.run(&body, json!({"origin": origin, "html": html}))?;
    let reason = seen["reason"].as_str().unwrap_or_default();
    ensure(
        seen["text"] == "the letter a" && seen["isolation"] == "opaque" && reason.contains("secure"),
        || format!("{seen}"),
    )?;
    let page = "const vfs = await within(connect({ origin: args.origin }), 'connect');
        const session = await within(vfs.session(), 'session', 60000);
        await within(session.put({ 'index.html': '<!doctype html><script type=module src=a.mjs></script>',
          'a.mjs': \"parent.postMessage({ page: self.origin }, '*')\" }), 'put');
        const said = once(window, 'message', (event) => event.data?.page);
        await within(session.mount(stage), 'mount');
        return (await within(said, 'the page')).data.page;";
    let page = stage.run(page, json!({"origin": origin}))?;
    ensure(page == "null", || format!("the page is of {page}"))
}

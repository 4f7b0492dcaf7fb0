//! Frames without an origin, which the edge answers: the same bundles as in `apps.rs` and `files.rs`.
//!
//! What an opaque origin has not, whoever serves it, is named here for each engine: a table that a browser changes turns a
//! case red.

use serde_json::{Value, json};

use super::Stage;
use crate::browser::{NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("opaque_es_modules", modules),
    Case::new("opaque_es_modules_with_cookies_blocked", modules).with(Profile::CookiesBlocked),
    Case::new("opaque_react_app_with_a_router", react),
    Case::new("opaque_audio_and_video_with_seeking", media),
    Case::new("opaque_document_given_as_html", html),
    Case::new("opaque_on_one_name", one_name).under(&[Host::CrossSite]),
    Case::new("opaque_puts_are_read_at_once", puts),
    Case::new("opaque_has_nothing_of_the_origin", nothing),
    Case::new("opaque_where_no_worker_can_be_had", fallback)
        .under(&[Host::CrossSite])
        .with(Profile::StorageBlocked)
        .without(NO_STORAGE_SWITCH),
];

fn modules(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let said = stage.show("modules", "opaque", "index.html", json!({}))?;
    let failed: Vec<&String> = said["result"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| *value != true)
        .map(|(name, _)| name)
        .collect();
    // A worker's script must be of the document's own origin, and an opaque one is nobody's.
    ensure(failed == ["classicWorker", "moduleWorker"], || {
        format!("what did not load: {failed:?} of {:#}", said["result"])
    })
}

/// Opened at its home and on a deep link. Its router cannot move on by itself in every engine: a document of an opaque origin
/// may not give itself another path.
fn react(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for (entry, text) in [("/", "3 items"), ("/items/42", "item 42")] {
        let said = stage.show("react", "opaque", entry, json!({"spa": "index.html"}))?;
        ensure(said["text"] == text, || format!("{entry}: {said}"))?;
    }
    Ok(())
}

/// Sound and picture are sought in; but what an opaque document paints from a file is tainted, as the file is of an origin
/// that it is not of, so that the pictures cannot be compared.
fn media(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let said = stage.show("media", "opaque", "index.html", json!({}))?;
    let reached = said["result"]["audio"]["seeks"].as_array().map(Vec::len);
    ensure(reached == Some(3), || format!("the sound: {said}"))?;
    let video = said["result"]["video"]["error"].as_str().unwrap_or_default();
    ensure(video.starts_with("SecurityError"), || format!("the video: {said}"))
}

/// The document reports what its relative URLs gave, and what a frame in it did.
const DOCUMENT: &str = r"<!doctype html><html lang=en class=kept><title>given</title><link rel=stylesheet href=site.css>
<body><script>self.said = new Promise((resolve) => addEventListener('message', (event) => event.data?.inner && resolve(event.data)));</script>
<img id=dot src=dot.svg><iframe src=inner.html></iframe><script type=module>
import { deep } from './js/deep.mjs';
const inner = await said;
const image = document.querySelector('#dot'); await image.decode().catch(() => {});
parent.postMessage({ given: true, deep, inner: inner.inner, width: image.naturalWidth, color: getComputedStyle(document.body).color,
  text: await (await fetch('a.txt')).text(), base: document.baseURI, origin: self.origin, kind: document.documentElement.className,
  own: await fetch('https://elsewhere.invalid/').then(() => 'sent', (error) => error.name) }, '*');
</script>";

const FILES: &str = r#"
const files = { 'a.txt': 'the letter a', 'site.css': 'body { color: rgb(1, 2, 3) }', 'js/deep.mjs': "export { deep } from '../lib.mjs'",
  'lib.mjs': "export const deep = 'deep'", 'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>',
  'inner.html': '<!doctype html><script>addEventListener("load", async () => { parent.postMessage({ inner: await (await fetch("a.txt")).text() + self.origin }, "*"); });</script>',
  'index.html': '<!doctype html><title>index</title>' };
"#;

fn html(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = json!({"origin": stage.origin("origin"), "html": DOCUMENT});
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
        "text": "the letter a", "base": root, "origin": "null", "kind": "kept", "own": "TypeError"});
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
        const url = session.url + 'a.txt';
        await session.dispose();
        seen.push((await fetch(url, { mode: 'no-cors' })).type);
        return seen;
    ";
    let seen = stage.run(body, args)?;
    let mut wanted = vec![json!([200, "put 0"]), json!([200, 9_000_000])];
    wanted.extend((1..6).map(|n| json!([200, format!("put {n}")])));
    wanted.extend([
        json!([404, ""]),
        json!("ABORTED"),
        json!([200, "put 5"]),
        json!(2),
        json!("opaque"),
    ]);
    ensure(seen == Value::from(wanted.clone()), || {
        format!("found {seen}, wanted {}", Value::from(wanted))
    })
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
          ] }, '*'))()`;
        await within(session.put({ 'index.html': `<!doctype html><script>${attempt}</script>` }), 'put');
        const said = once(window, 'message', (event) => event.data?.tried);
        await within(session.mount(stage), 'mount');
        return (await within(said, 'the attempts')).data.tried;
    ";
    let tried = stage.run(body, args)?;
    let refused = |at: usize| {
        tried[at]
            .as_str()
            .is_some_and(|name| name.ends_with("Error") || name.is_empty() || name == "undefined")
    };
    ensure(tried[0] == "null" && (1..8).all(refused), || {
        format!("of what it tried, something worked: {tried}")
    })
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

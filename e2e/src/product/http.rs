//! The rules of a good static server, asked through the real worker by a document of the session.
//!
//! Each case puts a small bundle, mounts it, and asks from inside the preview: once for each isolation. The tables lie
//! in `http/`; what an engine does not let a page see (the number of a redirect, say) is in the core's unit tests.

use serde_json::{Value, json};

use super::lifecycle::{NO_STOP, PARTITIONED};
use super::{ISOLATIONS, Stage, merged};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

const SAME_SITE: &[Host] = &[Host::SameSite];

pub(super) const CASES: &[Case] = &[
    Case::new("http_methods", |context| table(context, METHODS)),
    Case::new("http_types", |context| table(context, TYPES)).under(SAME_SITE),
    Case::new("http_validators", validators).under(SAME_SITE),
    Case::new("http_ranges", |context| table(context, RANGES)),
    Case::new("http_often_asked_for", |context| table(context, OFTEN)),
    Case::new("http_directories", |context| table(context, DIRECTORIES)).under(SAME_SITE),
    Case::new("http_listing", |context| table(context, LISTING)).under(SAME_SITE),
    Case::new("http_spa_for_navigations_only", |context| table(context, FALLBACKS)),
    Case::new("http_own_404_page", |context| table(context, NOT_FOUND)).under(SAME_SITE),
    Case::new("http_root_absolute", |context| root_absolute(context, false)),
    Case::new("http_root_absolute_after_a_worker_stop", |context| {
        root_absolute(context, true)
    })
    .without(NO_STOP),
    Case::new("http_names", names),
    Case::new("http_headers", headers),
    Case::new("http_cross_origin_isolation", isolated),
    Case::new("http_content_policy_in_effect", policy).under(SAME_SITE),
    Case::new("http_top_level", top_level)
        .under(SAME_SITE)
        .without(PARTITIONED),
    Case::new("http_error_pages", error_pages),
    Case::new("http_damaged_store", |context| table(context, DAMAGE)).under(SAME_SITE),
];

/// A table about one bundle.
struct Table {
    name: &'static str,
    /// JavaScript that returns the files to put.
    files: &'static str,
    options: &'static str,
    body: &'static str,
    args: &'static str,
}

const METHODS: Table = Table {
    name: "methods",
    files: "return { 'index.html': '<!doctype html>', 'a.txt': 'the letter a' };",
    options: r#"{"mount": {"sandbox": "allow-forms"}}"#,
    body: include_str!("http/methods.js"),
    args: "{}",
};

/// Lengths around those at which files are kept, and streamed, or are not.
const OFTEN: Table = Table {
    name: "often",
    files: "const noise = (length) => { const bytes = new Uint8Array(length);
        for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(length, at + 65536))); return bytes; };
        return { 'index.html': '<!doctype html>', 'five.bin': noise(5), 'kilobyte.js': noise(1024), 'odd.txt': noise(70001),
        'megabyte.bin': noise(1 << 20), 'above.bin': noise((1 << 20) + 1), 'pack.bin': noise((4 << 20) + 1) };",
    options: "{}",
    body: include_str!("http/often.js"),
    args: r#"{"names": ["five.bin", "kilobyte.js", "odd.txt", "megabyte.bin", "above.bin", "pack.bin"]}"#,
};

const TYPES: Table = Table {
    name: "types",
    files: "const plain = ['t.js', 't.mjs', 't.css', 't.json', 't.svg', 'T.HTML', 't.wasm', 't.png', 't.woff2', 't.mp4', \
            't.webm', 't.pdf', 't.unknown', 'LICENSE'].map((path) => ({ path, content: path }));\
            return [...plain, { path: 'index.html', content: '<!doctype html>' }, { path: 't.txt', content: 'self.ran = 1' },\
            { path: 'bare.html', content: 'Привет, 世界' },\
            { path: 'own.js', content: '', type: 'application/x-own' }, { path: 'own.txt', content: '', type: 'text/x-own' },\
            { path: 'own2.txt', content: new Uint8Array([191, 224, 216, 210, 213, 226]), type: 'text/plain; charset=iso-8859-5' }];",
    options: "{}",
    body: include_str!("http/types.js"),
    args: "{}",
};

const RANGES: Table = Table {
    name: "ranges",
    // The large file is longer than a pack; the sound is two minutes of 8 bit silence at 44.1 kHz, in a pack of its own.
    files: "const bytes = new Uint8Array(args.size);\
            for (let place = 0; place < bytes.length; place += 1) bytes[place] = place * 7 + (place >> 13);\
            const samples = 44100 * 120, head = new DataView(new ArrayBuffer(44));\
            const text = (at, letters) => [...letters].forEach((letter, i) => head.setUint8(at + i, letter.charCodeAt()));\
            text(0, 'RIFF'); head.setUint32(4, 36 + samples, true); text(8, 'WAVEfmt '); head.setUint32(16, 16, true);\
            head.setUint16(20, 1, true); head.setUint16(22, 1, true); head.setUint32(24, 44100, true);\
            head.setUint32(28, 44100, true); head.setUint16(32, 1, true); head.setUint16(34, 8, true);\
            text(36, 'data'); head.setUint32(40, samples, true);\
            return new Map([['index.html', '<!doctype html>'], ['large.bin', new Blob([bytes])], ['small.txt', '0123456789'],\
            ['empty.txt', ''], ['sound.wav', new Blob([head, new Uint8Array(samples).fill(128)])]]);",
    options: "{}",
    body: include_str!("http/ranges.js"),
    args: r#"{"size": 9437189}"#,
};

const TREE: &str = "return { 'index.html': '<!doctype html>', 'docs/index.html': 'index of docs', 'docs/api/v1/index.html': 'index of v1', \
                    'a.txt': '', both: 'the file', 'both/inner.txt': '', 'plain/z.txt': '', 'plain/a <b>.txt': 'odd', \
                    'plain/inner/x.txt': '' };";

const DIRECTORIES: Table = Table {
    name: "directories",
    files: TREE,
    options: "{}",
    body: include_str!("http/directories.js"),
    args: r#"{"listing": false}"#,
};

const LISTING: Table = Table {
    name: "listing",
    options: r#"{"listing": true}"#,
    args: r#"{"listing": true}"#,
    ..DIRECTORIES
};

const FALLBACKS: Table = Table {
    name: "spa",
    files: "return { 'index.html': '<!doctype html><title>the app</title>', 'other.html': '<title>other</title>', \
            'docs/index.html': 'index of docs', '404.html': '<title>lost</title>own page' };",
    options: r#"{"spa": "index.html"}"#,
    body: include_str!("http/fallbacks.js"),
    args: "{}",
};

const NOT_FOUND: Table = Table {
    name: "404.html",
    options: "{}",
    body: include_str!("http/not_found.js"),
    ..FALLBACKS
};

const ROOT_ABSOLUTE: Table = Table {
    name: "root-absolute",
    files: "const own = Object.fromEntries(['sw.js', 'hub.html', '_vf/hello'].map((path) => [path, `own /${path}`]));\
            const say = `(async () => postMessage([self.helper ?? helper, ...await Promise.all(['/a.txt', '/sw.js'].map(async (url) => \
            (await fetch(url)).text()))]))().catch((error) => postMessage(String(error)));`;\
            return { ...own, 'index.html': '<!doctype html>', 'a.txt': 'the letter a', 'docs/index.html': 'index of docs', \
            'classic.js': \"self.classic = 'ran';\", 'style.css': \"@import '/more.css'; body { color: rgb(1, 2, 3); }\", \
            'more.css': 'body { background-color: rgb(4, 5, 6); }', \
            'dot.svg': '<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"7\" height=\"5\"/>', \
            'lib/m.mjs': \"export { deep } from '/lib/deep.mjs'; export const here = import.meta.url;\", \
            'lib/deep.mjs': \"export const deep = 'deep';\", 'helper.js': \"self.helper = 'helper';\", \
            'helper.mjs': \"export const helper = 'helper';\", \
            'w.js': `importScripts('/helper.js'); ${say}`, 'w.mjs': `import { helper } from '/helper.mjs'; ${say}`, \
            'page.html': \"<!doctype html><title>page</title><body><script src='/classic.js'></script><script>document.body.append(self.classic)</script>\" };",
    options: "{}",
    body: include_str!("http/root_absolute.js"),
    args: "{}",
};

const DAMAGE: Table = Table {
    name: "damage",
    files: "const large = () => new Blob([new Uint8Array(5 << 20)]);\
            return new Map([['index.html', '<!doctype html>'], ['a.txt', 'the letter a'], ['short.bin', large()], ['gone.bin', large()]]);",
    options: "{}",
    body: include_str!("http/damage.js"),
    args: "{}",
};

fn read(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(text)?)
}

/// Asks a table under each isolation.
fn table(context: &mut Context<'_>, table: Table) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let args = read(table.args)?;
        let size = args["size"].as_u64().unwrap_or_default();
        let files = table.files.replace("args.size", &size.to_string());
        stage.preview_of(isolation, &files, read(table.options)?)?;
        stage.asked(isolation, &table, args)?;
    }
    Ok(())
}

impl Stage<'_> {
    /// Asks a table in the preview, which is the current frame. It is told where the session's root is.
    fn asked(&self, isolation: &str, table: &Table, mut args: Value) -> Result<Value> {
        let session = self.session_id(isolation);
        // In the origin layout what is asked by root-absolute URLs stays there, and relative ones name the session.
        args["root"] = json!(match isolation {
            "origin" if table.name == ROOT_ABSOLUTE.name => "/".to_owned(),
            _ => format!("/{session}/"),
        });
        args["session"] = json!(session);
        // Its workers send on only what becomes a document or a worker.
        args["redirects"] = json!(self.browser.engine != Engine::WebKit);
        self.table(&format!("{isolation}: {}", table.name), table.body, args)
    }
}

/// A session of another name, which exists, and whose files nobody here gets.
fn with_another(stage: &Stage<'_>, isolation: &str) -> Result<Value> {
    let mut args = stage.opened(isolation, json!({}));
    args["options"]["id"] = json!(format!("{}-other", stage.session_id(isolation)));
    stage.browser.leave()?;
    stage.run(
        "const vfs = await within(connect({ origin: args.origin }), 'connect');\
         self.other = await within(vfs.session(args.options), 'session');\
         await within(other.put({ 'index.html': '', 'a.txt': 'not yours' }), 'put');",
        args.clone(),
    )?;
    Ok(args["options"]["id"].take())
}

/// With a stop, the worker knows nothing any more of the documents that it has served.
fn root_absolute(context: &mut Context<'_>, stop: bool) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let other = with_another(&stage, isolation)?;
        stage.preview_of(isolation, ROOT_ABSOLUTE.files, json!({}))?;
        let stopped = !stop || stage.browser.stop_workers()?;
        ensure(stopped, || "the worker was not stopped".to_owned())?;
        let synchronous = stage.browser.engine == Engine::Firefox;
        let args = json!({"other": other, "synchronous": synchronous});
        stage.asked(isolation, &ROOT_ABSOLUTE, args)?;
    }
    Ok(())
}

fn validators(context: &mut Context<'_>) -> Result {
    let files = "const modified = Date.UTC(2024, 0, 2, 3, 4, 5, 678);\
                 return [['index.html', '<!doctype html>'], ['a.txt', 'the letter a'], ['copy.txt', 'the letter a'], ['b.txt', 'the letter b']]\
                 .map(([path, content]) => ({ path, content, modified }));";
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.preview_of(isolation, files, json!({}))?;
        let given = stage.table("validators", include_str!("http/validators.js"), json!({}))?;

        // A file of other bytes under the same name is another representation.
        stage.browser.leave()?;
        let etag = stage.run(
            "await session.put({ 'a.txt': 'changed' }); return (await session.stat('a.txt')).etag",
            json!({}),
        )?;
        stage.enter_preview()?;
        let changed = "const answer = await ask('a.txt', { 'If-None-Match': args.old });\
                       same('after a change', [...await textOf(answer), header(answer, 'etag')], [200, 'changed', `\"${args.now}\"`]);\
                       same('the new tag', (await ask('a.txt', { 'If-None-Match': `\"${args.now}\"` })).status, 304);";
        stage.table(isolation, changed, json!({"old": given["etag"], "now": etag}))?;
    }
    Ok(())
}

/// Names that have been trouble to servers. NFC and NFD of one letter are two names.
const NAMES: &[&str] = &[
    "with space.txt",
    " leading and trailing ",
    "100%.txt",
    "%41.txt",
    "%2e%2e",
    "a+b.txt",
    "#hash.txt",
    "what?.txt",
    "a&b=c;d,e.txt",
    "quote'\"`.txt",
    "[brackets]{}|^~!$()*@.txt",
    "<script>.txt",
    ":colon.txt",
    "http:/evil.example.txt",
    "...",
    ".hidden",
    "con.txt",
    "Привет/мир.txt",
    "文件/你好.txt",
    "שלום/عالم.txt",
    "emoji 🎉👩\u{200d}👩\u{200d}👧.txt",
    "caf\u{e9}.txt",
    "cafe\u{301}.txt",
    "ß İ ﬁ Ω.txt",
    "CASE.txt",
];

fn names(context: &mut Context<'_>) -> Result {
    let long = format!("{}.txt", "é".repeat(125));
    let names = NAMES.iter().copied().chain([long.as_str()]);
    let names: Vec<_> = names.map(|name| json!([name, format!("content of {name}")])).collect();
    let files = "const odd = [['index.html', '<!doctype html>'], ['case.txt', 'small'], ['модуль #1 50%.mjs', \"export const value = 'da'\"],\
                 ['Привет/страница №1.html', '<title>кириллица</title>']];\
                 return new Map([...odd, ...names]);";
    let files = format!("const names = {};\n{files}", Value::from(names.clone()));
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.preview_of(isolation, &files, json!({}))?;
        stage.table(isolation, include_str!("http/names.js"), json!({"names": names}))?;
        // The hub gives the names back as they were put.
        stage.browser.leave()?;
        let listed = "const paths = new Set((await session.list()).map((file) => file.path));\
                      same('listed', args.names.filter(([name]) => !paths.has(name)), []);\
                      for (const [name, content] of args.names) same(name, await (await session.read(name)).text(), content);";
        stage.table(isolation, listed, json!({"names": names}))?;
    }
    Ok(())
}

const ANCESTORS: &str =
    "frame-ancestors 'self' http://localhost:* http://127.0.0.1:* http://*.virtual-files.localhost:*";

fn headers(context: &mut Context<'_>) -> Result {
    let files = "return { 'index.html': '<!doctype html>', 'a.js': '', 'a.txt': '', 'docs/index.html': '' };";
    let own = |more: &str| {
        format!(
            "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'{more}; base-uri 'self'{more}; form-action 'self'{more}; \
             {ANCESTORS}"
        )
    };
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        for (options, args) in [
            (json!({}), json!({"policy": own("")})),
            (
                json!({"network": ["https://api.example", "http://*.example:8080"], "crossOriginIsolated": true}),
                json!({"policy": own(" https://api.example http://*.example:8080"), "isolated": true}),
            ),
            (json!({"network": "open"}), json!({"policy": ANCESTORS, "open": true})),
        ] {
            let label = format!("{isolation}: {options}");
            stage.preview_of(
                isolation,
                files,
                merged(json!({"network": "none", "crossOriginIsolated": false}), options),
            )?;
            stage.table(&label, include_str!("http/headers.js"), args)?;
        }
    }
    Ok(())
}

/// A host page that is cross-origin isolated itself: then its previews can be, too.
fn isolated(context: &mut Context<'_>) -> Result {
    let package = super::dist("npm")?;
    let server = Server::start(move |hit| {
        let reply = match hit.path().strip_prefix("/virtual-files") {
            Some(file) => Reply::file(&package, file),
            None => Reply::html(include_str!("../../pages/host.html")),
        };
        reply
            .with("Cross-Origin-Opener-Policy", "same-origin")
            .with("Cross-Origin-Embedder-Policy", "require-corp")
    })?;
    let host = server.origin(context.host.hostname());
    let stage = Stage {
        host,
        ..Stage::open(context)?
    };
    stage.goto_host()?;
    let host = stage.run("return self.crossOriginIsolated", json!({}))?;
    ensure(host == true, || format!("the host page itself is not isolated: {host}"))?;
    let files = "return { 'index.html': '<!doctype html>', 'inner.html': '<title>inner</title>', 'a.txt': 'the letter a', \
                 'w.js': 'postMessage(self.crossOriginIsolated)' };";
    let body = "same('the preview', [self.crossOriginIsolated, typeof SharedArrayBuffer], [true, args.shared]);\
                const worker = new Worker('w.js');\
                const said = Promise.race([once(worker, 'message'), once(worker, 'error').then(() => ({ data: 'failed' }))]);\
                same('its worker', (await within(said, 'the worker')).data, true);\
                same('its frame', (await frameAt('inner.html')).title, 'inner');\
                same('its files', await textOf(await ask('a.txt')), [200, 'the letter a']);\
                same('a page of ours in it', (await frameAt('missing.html')).title, 'Not found');";
    for isolation in ISOLATIONS {
        stage.preview_of(isolation, files, json!({"crossOriginIsolated": true}))?;
        // WebKitGTK has none, however a page is isolated.
        let shared = match stage.browser.engine {
            Engine::WebKit => "undefined",
            _ => "function",
        };
        stage.table(isolation, body, json!({"shared": shared}))?;
    }
    Ok(())
}

/// What `network` says holds: what it does not name is not reached.
fn policy(context: &mut Context<'_>) -> Result {
    let dot = || {
        Reply::new(
            "image/svg+xml",
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>"#,
        )
    };
    let (first, second) = (Server::start(move |_| dot())?, Server::start(move |_| dot())?);
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        for (network, reach) in [
            (json!("none"), ["refused", "refused"]),
            (json!([first.origin("localhost")]), ["sent", "refused"]),
            (json!("open"), ["sent", "sent"]),
        ] {
            first.forget();
            second.forget();
            stage.preview_of(
                isolation,
                "return { 'index.html': '<!doctype html>' };",
                json!({"network": network}),
            )?;
            let args =
                json!({"elsewhere": first.origin("localhost"), "other": second.origin("localhost"), "reach": reach});
            stage.table(&format!("{isolation}: {network}"), include_str!("http/policy.js"), args)?;
            let arrived = [&first, &second].map(|server| if server.hits().is_empty() { "refused" } else { "sent" });
            ensure(arrived == reach, || {
                format!("{isolation}: {network}: what reached the network: {arrived:?}, not {reach:?}")
            })?;
        }
    }
    Ok(())
}

/// A session opened in a tab of its own: only where it says that it may be.
fn top_level(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let browser = stage.browser;
    let home = browser.window()?;
    for isolation in ISOLATIONS {
        for (allowed, title) in [(false, "Access denied"), (true, "the app")] {
            let files = "return { 'index.html': '<!doctype html><title>the app</title>' };";
            stage.preview_of(isolation, files, json!({"topLevel": allowed}))?;
            let shown = stage.run("return document.title", json!({}))?;
            ensure(shown == "the app", || format!("{isolation}: the frame shows {shown}"))?;
            let url = stage.run("return location.href", json!({}))?;
            let url = url.as_str().unwrap_or_default();
            browser.open()?;
            for path in [url.to_owned(), format!("{url}index.html?q#f")] {
                browser.goto(&path)?;
                let found = browser.title()?;
                ensure(found == title, || {
                    format!("{isolation}, topLevel: {allowed}: {path} shows {found:?} in a tab of its own")
                })?;
                let entry = "return [performance.getEntriesByType('navigation')[0].responseStatus ?? null, document.body.innerText]";
                let seen = browser.eval(entry, &json!({}))?;
                let status = if allowed { 200 } else { 403 };
                ensure(seen[0] == status || seen[0].is_null(), || {
                    format!("{isolation}: {path}: {seen}")
                })?;
                ensure(
                    allowed
                        || seen[1]
                            .as_str()
                            .is_some_and(|text| text.contains("only opens inside the app")),
                    || format!("{isolation}: a person reads {seen}"),
                )?;
            }
            browser.close()?;
            browser.switch(&home)?;
        }
    }
    Ok(())
}

/// What stands in the frame where something is wrong.
fn error_pages(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let files = "return { 'index.html': '<!doctype html>' };";
        stage.preview_of(isolation, files, json!({}))?;
        let table = "await isPage('no such file', await ask('no <b>such</b>.txt'), 404, 'Not found', 'NOT_FOUND');\
                     await isPage('no such directory', await ask('none/'), 404, 'Not found', 'NOT_FOUND');\
                     await isPage('a method', await ask('index.html', {}, { method: 'POST' }), 405, 'This can only be read', 'METHOD_NOT_ALLOWED');\
                     await isPage('no such part', await ask('index.html', { Range: 'bytes=99-' }), 416, 'No such part of the file', 'RANGE_NOT_SATISFIABLE');\
                     const page = new DOMParser().parseFromString(await (await ask('no <b>such</b>.txt')).text(), 'text/html');\
                     same('the name, not as HTML', [page.querySelector('b'), page.querySelector('p code').textContent], [null, 'no <b>such</b>.txt']);";
        stage.table(isolation, table, json!({}))?;
        for (entry, title) in [("missing.html", "Not found"), ("a%00b", "Not a file’s address")] {
            stage.browser.leave()?;
            stage.run(
                "await within(preview.navigate(args.entry), 'the page')",
                json!({"entry": entry}),
            )?;
            stage.enter_preview()?;
            // The page's policy refuses `eval`, so the driver asks by itself.
            let seen = stage.browser.eval("return [document.title, document.querySelector('h1').innerText, document.querySelectorAll('p').length]", &json!({}))?;
            ensure(seen[0] == title && seen[1] == title, || {
                format!("{isolation}: {entry} shows {seen}")
            })?;
        }
        // A session that is gone, and one that never was.
        stage.browser.leave()?;
        stage.run(
            "await session.clear(); await within(preview.navigate(''), 'the page')",
            json!({}),
        )?;
        stage.enter_preview()?;
        let seen = stage
            .browser
            .eval("return [document.title, document.body.innerText]", &json!({}))?;
        ensure(seen[0] == "This preview isn’t here", || {
            format!("{isolation}: a deleted session shows {seen}")
        })?;
    }
    Ok(())
}

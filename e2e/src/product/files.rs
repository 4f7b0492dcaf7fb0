//! Files as they are: every byte, type and validator of what was put, whatever its name, number or size.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ISOLATIONS, Stage};
use crate::browser::Engine;
use crate::case::{Case, Context};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("every_fixture_byte_by_byte", bytes),
    Case::new("names_of_every_script", names),
    Case::new("two_thousand_files_in_one_put", many),
    Case::new("a_file_of_200_mb_by_range", large),
    Case::new("the_readmes_example", readme),
];

/// Puts a bundle beside a blank page, mounts that page, and gives what was put and what the session says of it.
const PUT: &str = r#"
self.vfs = await within(connect({ origin: args.origin }), 'connect');
self.session = await within(vfs.session({ id: args.session, isolation: args.isolation }), 'session');
const files = await bundle(args.bundle);
await within(session.put(files), 'put');
await within(session.put({ 'probe.html': '<!doctype html><title>probe</title>' }), 'the second put');
for (const old of stage.children) old.remove();
self.preview = await within(session.mount(stage, { entry: 'probe.html' }), 'mount');
const listed = new Map((await session.list()).map((info) => [info.path, info]));
const expected = [];
for (const [path, blob] of files) expected.push({ path, hash: await sha256(blob), ...listed.get(path) });
return { expected, listed: listed.size };
"#;

/// Fetches every file by its name in the preview, and gives what differs from what was put.
const COMPARE: &str = r#"
const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');
const wrong = [];
const compare = async ({ path, hash, size, type, etag, modified }, url) => {
  const answer = await fetch(url);
  const header = (name) => answer.headers.get(name);
  const found = {
    status: answer.status, type: header('content-type'), length: header('content-length'), etag: header('etag'),
    modified: header('last-modified'), hash: await sha256(await answer.blob()),
  };
  const wanted = {
    // What the network compresses comes without its length.
    status: 200, type, length: header('content-encoding') ? null : String(size),
    // The edge has a tag of its own for what is too large to be read as it is put: its content's hash.
    etag: self.origin === 'null' && size > 4 << 20 && /^"[0-9a-f]{32}"$/.test(found.etag) ? found.etag : `"${etag}"`,
    modified: new Date(modified).toUTCString(), hash,
  };
  for (const name in wanted) {
    if (found[name] !== wanted[name]) wrong.push(`${url} (${path}): ${name} is ${found[name]}, not ${wanted[name]}`);
  }
};
for (let start = 0; start < args.expected.length; start += 16) {
  await within(Promise.all(args.expected.slice(start, start + 16).flatMap((file) =>
    [compare(file, encoded(file.path)), compare(file, `/${encoded(file.path)}`)])), 'the answers', 40000);
}
return wrong;
"#;

/// Puts a bundle and compares every file by its relative and by its root-absolute URL.
pub(super) fn compare(stage: &Stage<'_>, bundle: &str, isolation: &str) -> Result<Vec<Value>> {
    stage.browser.leave()?;
    let args = json!({
        "origin": stage.origin(isolation), "isolation": isolation, "bundle": bundle,
        "session": format!("{}-{bundle}-{}", stage.id, &isolation[..1]),
    });
    let put = stage.run(PUT, args)?;
    let expected = put["expected"].as_array().cloned().unwrap_or_default();
    ensure(put["listed"] == expected.len() + 1, || {
        format!("{bundle}: {} are listed of {}", put["listed"], expected.len())
    })?;
    for file in &expected {
        let etag = file["etag"].as_str().unwrap_or_default();
        ensure(
            etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit()),
            || format!("{bundle}: no strong validator of a hash's length: {file}"),
        )?;
    }
    stage.enter_preview()?;
    let wrong = stage.run(COMPARE, json!({ "expected": expected }))?;
    let wrong = wrong.as_array().cloned().unwrap_or_default();
    ensure(wrong.is_empty(), || format!("{bundle}, {isolation}: {wrong:#?}"))?;
    Ok(expected)
}

fn bytes(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        for bundle in FIXTURES {
            compare_with_types(&stage, bundle, isolation)?;
        }
    }
    Ok(())
}

/// The bundles whose files have the usual names.
pub(super) const FIXTURES: [&str; 3] = ["modules", "react", "media"];

/// As [`compare`], and every file is of the type that its name stands for.
pub(super) fn compare_with_types(stage: &Stage<'_>, bundle: &str, isolation: &str) -> Result {
    for file in compare(stage, bundle, isolation)? {
        let path = file["path"].as_str().unwrap_or_default();
        let wanted = type_of(path);
        ensure(file["type"] == wanted, || {
            format!("{path} has the type {}, not {wanted}", file["type"])
        })?;
    }
    Ok(())
}

/// The types that the fixtures' extensions stand for, from the registry of media types and not from the product.
fn type_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

fn names(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        compare(&stage, "names", isolation)?;
    }
    Ok(())
}

/// Files whose content follows from their number: some empty, some of several lines, in fifty folders.
const MANY: &str = r#"
const content = (number) => `${number} `.repeat(number % 400);
const path = (number) => `folder ${number % 50}/sub/${number}.${number % 2 ? 'js' : 'txt'}`;
"#;

fn many(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    ISOLATIONS.iter().try_for_each(|isolation| many_in(&stage, isolation))
}

pub(super) fn many_in(stage: &Stage<'_>, isolation: &str) -> Result {
    stage.browser.leave()?;
    let put = r#"
        const vfs = await within(connect({ origin: args.origin }), 'connect');
        const session = await within(vfs.session({ id: args.session, isolation: args.isolation }), 'session');
        const files = new Map(Array.from({ length: 2000 }, (_, number) => [path(number), content(number)]));
        const put = await within(session.put(files), 'put');
        await within(session.put({ 'probe.html': '<!doctype html><title>probe</title>' }), 'the second put');
        for (const old of stage.children) old.remove();
        await within(session.mount(stage, { entry: 'probe.html' }), 'mount');
        return { ...put, listed: (await session.list('folder')).length };
    "#;
    let args = json!({
        "origin": stage.origin(isolation), "isolation": isolation, "session": format!("{}-{}", stage.id, &isolation[..1]),
    });
    let put = stage.run(&format!("{MANY}{put}"), args)?;
    ensure(put["files"] == 2000 && put["listed"] == 2000, || {
        format!("{isolation}: {put}")
    })?;
    stage.enter_preview()?;
    let fetched = r#"
        const wrong = [];
        const one = async (number) => {
          const answer = await fetch(path(number));
          if (answer.status !== 200 || await answer.text() !== content(number)) wrong.push(number);
        };
        for (let start = 0; start < 2000; start += 100) {
          await within(Promise.all(Array.from({ length: 100 }, (_, number) => one(start + number))), 'a hundred files');
        }
        return wrong;
    "#;
    let wrong = stage.run(&format!("{MANY}{fetched}"), json!({}))?;
    ensure(wrong.as_array().is_some_and(Vec::is_empty), || {
        format!("{isolation}: not as they were put: {wrong}")
    })
}

/// The content of the large file: 200 times a megabyte that looks random, each beginning with its number.
const LARGE: &str = r#"
const MEGABYTE = 1 << 20, SIZE = 200 * MEGABYTE;
const pattern = new Uint8Array(MEGABYTE);
for (let at = 0, state = 1; at < MEGABYTE; at += 1) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  pattern[at] = state >>> 24;
}
const megabyte = (number) => {
  const bytes = pattern.slice();
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};
const part = (start, end) => {
  const bytes = new Uint8Array(end - start);
  for (let at = start; at < end;) {
    const number = Math.floor(at / MEGABYTE), from = at % MEGABYTE, to = Math.min(MEGABYTE, from + end - at);
    bytes.set(megabyte(number).subarray(from, to), at - start);
    at += to - from;
  }
  return bytes;
};
const same = (left, right) => left.length === right.length && left.every((byte, at) => byte === right[at]);
"#;

fn large(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    large_in(&stage, "origin")
}

/// A file of 200 MB as a Blob, put, read back by the host, and fetched by ranges and whole by the preview.
pub(super) fn large_in(stage: &Stage<'_>, isolation: &str) -> Result {
    stage
        .browser
        .set_timeouts(Duration::from_secs(180), Duration::from_secs(60))?;
    let result = large_within(stage, isolation);
    stage
        .browser
        .set_timeouts(Duration::from_secs(60), Duration::from_secs(60))?;
    result
}

fn large_within(stage: &Stage<'_>, isolation: &str) -> Result {
    let put = r#"
        const vfs = await within(connect({ origin: args.origin, timeout: 150000 }), 'connect');
        const open = async (storage) => within(vfs.session({ id: `${args.id}-${storage[0]}`, isolation: args.isolation, storage }), 'session');
        let session = await open('indexeddb');
        const blob = new Blob(Array.from({ length: 200 }, (_, number) => megabyte(number)));
        const reports = [];
        const files = { 'large.bin': blob, 'probe.html': '<!doctype html><title>probe</title>' };
        const onProgress = ({ done, total }) => reports.push([done, total]);
        const putLarge = () => within(session.put(files, { onProgress }), 'put', 170000);
        let put, refused = null, left = null;
        try {
          put = await putLarge();
        } catch (error) {
          refused = error.code;
          left = (await session.list()).length;
          session = await open('memory');
          put = await putLarge();
        }
        self.session = session;
        await within(session.mount(stage, { entry: 'probe.html' }), 'mount', 30000);
        const read = await within(session.read('large.bin'), 'read', 60000);
        const middle = new Uint8Array(await read.slice(SIZE / 2 - 5, SIZE / 2 + 5).arrayBuffer());
        return {
          ...put, refused, left, size: read.size, middle: same(middle, part(SIZE / 2 - 5, SIZE / 2 + 5)), last: reports.at(-1),
        };
    "#;
    let put = stage.run(
        &format!("{LARGE}{put}"),
        json!({"origin": stage.origin(isolation), "isolation": isolation}),
    )?;
    ensure(put["size"] == 200 << 20 && put["middle"] == true, || {
        format!("read back by the host: {put}")
    })?;
    let total = put["bytes"].as_u64();
    ensure(put["last"] == json!([total, total]), || {
        format!("the last report of progress: {put}")
    })?;
    // A private WebKit gives an origin less than that. Then nothing of the put is there, and memory has the room.
    let small = stage.browser.engine == Engine::WebKit;
    let stored = match put["refused"].as_str() {
        None => put["storage"] == "indexeddb",
        Some(code) => small && code == "QUOTA_EXCEEDED" && put["left"] == 0 && put["storage"] == "memory",
    };
    // Where the browser gives a cross-site hub no storage at all, an opaque session does with memory, and says so.
    let degraded = isolation == "opaque" && put["degraded"].is_string() && put["storage"] == "memory";
    ensure(degraded || stored && put["degraded"].is_null(), || {
        format!("not stored as it should be: {put}")
    })?;

    stage.enter_preview()?;
    let fetched = r#"
        const wrong = [];
        const range = async (text, start, end) => {
          const answer = await within(fetch('large.bin', { headers: { Range: `bytes=${text}` } }), text);
          const bytes = new Uint8Array(await within(answer.arrayBuffer(), `the bytes of ${text}`));
          const told = [answer.status, answer.headers.get('content-range'), answer.headers.get('content-length')].join();
          const wanted = [206, `bytes ${start}-${end - 1}/${SIZE}`, end - start].join();
          if (told !== wanted) wrong.push(`${text}: ${told}`);
          if (!same(bytes, part(start, end))) wrong.push(`${text}: other bytes`);
        };
        await range('0-0', 0, 1);
        await range('1048575-1048577', MEGABYTE - 1, MEGABYTE + 2);
        await range(`${SIZE / 2 - 100000}-${SIZE / 2 + 99999}`, SIZE / 2 - 100000, SIZE / 2 + 100000);
        await range('-1000', SIZE - 1000, SIZE);
        await range(`${SIZE - 3}-`, SIZE - 3, SIZE);
        await range(`${SIZE - 10}-${SIZE + 10}`, SIZE - 10, SIZE);
        const head = await within(fetch('large.bin', { method: 'HEAD' }), 'HEAD');
        if (head.headers.get('content-length') !== String(SIZE)) wrong.push(`HEAD: ${head.headers.get('content-length')}`);
        const reader = (await within(fetch('large.bin'), 'all of it')).body.getReader();
        let at = 0;
        for (let chunk; !(chunk = await within(reader.read(), `the bytes from ${at}`)).done; at += chunk.value.length) {
          // Both ends of each piece: comparing every byte in this way would take minutes.
          for (const near of [0, Math.max(0, chunk.value.length - 64)]) {
            const piece = chunk.value.subarray(near, near + 64);
            if (!same(piece, part(at + near, at + near + piece.length))) wrong.push(`other bytes at ${at + near}`);
          }
        }
        if (at !== SIZE) wrong.push(`all of it has ${at} bytes`);
        return wrong.slice(0, 10);
    "#;
    let wrong = stage.run(&format!("{LARGE}{fetched}"), json!({}))?;
    // So much is not left lying about.
    stage.browser.leave()?;
    stage.run(
        "await within(session.clear(), 'clear'); await within(session.dispose(), 'dispose');",
        json!({}),
    )?;
    ensure(wrong.as_array().is_some_and(Vec::is_empty), || format!("{wrong:#}"))
}

fn readme(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    stage.browser.goto(&format!("{}/readme.html", stage.host))?;
    let framed = "const framed = async () => { while (!document.querySelector('#preview iframe')) \
                  await new Promise((next) => setTimeout(next, 20)); }; await within(framed(), 'the preview');";
    stage.run(framed, json!({}))?;
    stage.browser.enter("#preview iframe")?;
    let greeted = "const greeted = async () => { while (!document.querySelector('h1')?.textContent.includes('from')) \
                   await new Promise((next) => setTimeout(next, 20)); };\
                   await within(greeted(), 'the greeting');\
                   return [document.querySelector('h1').textContent, getComputedStyle(document.querySelector('h1')).color]";
    // The preview may still be at its first, blank document: then the script ends with that document.
    let found = stage.run(greeted, json!({})).or_else(|_| {
        stage.browser.leave()?;
        stage.browser.enter("#preview iframe")?;
        stage.run(greeted, json!({}))
    })?;
    let host = |found: &Value| {
        found[0]
            .as_str()
            .is_some_and(|text| text.starts_with("Hello from ") && text.contains(".virtual-files.localhost:"))
    };
    ensure(host(&found) && found[1] == "rgb(102, 51, 153)", || format!("{found}"))
}

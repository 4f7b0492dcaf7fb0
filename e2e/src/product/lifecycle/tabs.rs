//! Tabs: closed and reopened, writing at once, closed in the middle of a put.

use serde_json::json;

use super::super::ISOLATIONS;
use super::{Life, STORAGES};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_tab_closed_and_reopened", reopened),
    Case::new("lifecycle_two_tabs_merge_into_one_session", merging),
    Case::new("lifecycle_two_tabs_replace_one_session", replacing),
    Case::new("lifecycle_two_sessions_on_one_origin", two_sessions),
    Case::new("lifecycle_put_interrupted_by_closing_the_tab", interrupted).under(&[Host::SameSite]),
    Case::new("lifecycle_put_in_one_tab_is_seen_in_another", seen_elsewhere),
    Case::new("lifecycle_deleted_in_one_tab_is_gone_in_another", deleted_elsewhere),
    Case::new("lifecycle_memory_session_outlives_the_tab_that_put_last", outlives).under(&[Host::SameSite]),
];

fn reopened(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.turn(isolation, json!({"storage": storage}));
            let second = life.second()?;
            ensure(second != first, || "no window of its own".to_owned())?;
            life.run(
                r"
                await open(); await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' });
                const preview = await mountProbe(); same((await ask(preview, 'kept.txt')).text, 'kept', 'before')
                ",
            )?;
            life.stage.browser.close()?;
            life.stage.browser.switch(&first)?;
            let stopped = life.stage.browser.stop_workers()?;
            life.stage.goto_host()?;
            if storage == "indexeddb" {
                life.run(
                    r"
                    await open(); const preview = await mountProbe(); same((await ask(preview, 'kept.txt')).text, 'kept', 'reopened');
                    same((await session.list()).map(({ path }) => path), ['kept.txt', 'probe.html'], 'list');
                    same(await (await session.read('kept.txt')).text(), 'kept', 'read')
                    ",
                )?;
            } else if stopped {
                life.run(
                    r"
                    await open(); same(await codeOf(session.stat('kept.txt')), 'NOT_FOUND', 'stat');
                    same(await codeOf(session.read('kept.txt')), 'NOT_FOUND', 'read'); same(await session.list(), [], 'list');
                    self.preview = await session.mount(stage, { entry: 'kept.txt' });
                    ",
                )?;
                life.stage.enter_preview()?;
                let page = life.look("return { text: document.body.innerText, type: document.contentType }")?;
                life.stage.browser.leave()?;
                ensure(
                    page["text"].as_str().is_some_and(|text| text.contains("NOT_FOUND")),
                    || format!("{isolation}: instead of the page that says so: {page}"),
                )?;
            }
        }
    }
    Ok(())
}

/// Waits until the other tab is as far.
const MEET: &str = r"
const meet = async () => {
  const channel = new BroadcastChannel(args.options.id);
  const other = once(channel, 'message', ({ data }) => data !== me);
  channel.postMessage(me);
  await within(other, 'the other tab');
  channel.postMessage(me);
};
";

/// Runs one body in this window and in a second one at the same time; `args.me` is "a" in one and "b" in the other.
fn at_once(life: &Life<'_>, body: &str, first: &str, second: &str) -> Result {
    let start =
        format!("{MEET} self.versions = []; self.work = (async () => {{ {body} }})(); self.work.catch(() => {{}});");
    // Both are ready before one begins.
    for (window, me) in [(first, "a"), (second, "b")] {
        life.stage.browser.switch(window)?;
        life.run_with("await open(); self.me = args.me;", json!({"me": me}))?;
    }
    for (window, me) in [(first, "a"), (second, "b")] {
        life.stage.browser.switch(window)?;
        life.run_with(&start, json!({"me": me}))?;
    }
    // Versions grow with every change: the two have met if neither was done before the other began.
    let mut spans = Vec::new();
    for window in [first, second] {
        life.stage.browser.switch(window)?;
        let versions = life.run("await work; return [versions[0], versions.at(-1)]")?;
        spans.push([versions[0].as_u64(), versions[1].as_u64()]);
    }
    ensure(spans[0][0] < spans[1][1] && spans[1][0] < spans[0][1], || {
        format!("the tabs wrote one after the other, which shows nothing: {spans:?}")
    })
}

fn two_tabs(context: &mut Context<'_>, run: fn(&Life<'_>, &str, &str) -> Result) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    let second = life.second()?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.turn(isolation, json!({"storage": storage}));
            for window in [&first, &second] {
                life.stage.browser.switch(window)?;
                life.stage.goto_host()?;
            }
            run(&life, &first, &second)?;
        }
    }
    Ok(())
}

/// Twelve puts and three deletes of each.
const MERGE: &str = r"
await meet();
for (let n = 0; n < 12; n += 1) {
  const { version } = await session.put({ [`${me}/${n}.txt`]: `${me} ${n}`, 'both.txt': `both ${me} ${n}`, 'probe.html': PROBE });
  versions.push(version);
  if (n % 4 === 3) await session.delete(`${me}/${n - 1}.txt`);
}
";

fn merging(context: &mut Context<'_>) -> Result {
    two_tabs(context, |life, first, second| {
        at_once(life, MERGE, first, second)?;
        for window in [first, second] {
            life.stage.browser.switch(window)?;
            life.run(
                r"
                const wanted = ['both.txt', 'probe.html']; for (const me of ['a', 'b']) for (let n = 0; n < 12; n += 1) if (n % 4 !== 2) wanted.push(`${me}/${n}.txt`);
                const found = (await session.list()).map(({ path }) => path); same(found.sort(), wanted.sort(), 'the files of both');
                const preview = await mountProbe();
                for (const path of wanted.filter((path) => path.includes('/'))) {
                  const text = path.replace('/', ' ').replace('.txt', '');
                  same(await (await session.read(path)).text(), text, `read of ${path}`); same((await ask(preview, path)).text, text, `fetch of ${path}`); }
                check(/^both [ab] 11$/.test((await ask(preview, 'both.txt')).text), 'the last of one of both');
                ",
            )?;
        }
        Ok(())
    })
}

/// Bundles of five files and one with a name of its own, all as long as their bundle's number says.
const REPLACE: &str = r"
const number = (n) => 1000 + n * 2 + (me === 'a' ? 0 : 1);
const bundleOf = (n) => {
  const content = 'x'.repeat(n), files = { 'probe.html': PROBE, [`only-${n}.txt`]: content };
  for (let file = 0; file < 5; file += 1) files[`v/${file}.txt`] = content;
  return files;
};
const shape = (files) => {
  const sizes = new Set(files.filter(({ path }) => path !== 'probe.html').map(({ size }) => size));
  const names = files.filter(({ path }) => path.startsWith('only-')).map(({ path }) => path);
  check(files.length === 7 && sizes.size === 1 && names.length === 1, `a mix: ${JSON.stringify(files.map(({ path, size }) => [path, size]))}`);
  const [size] = sizes;
  same(names[0], `only-${size}.txt`, 'a mix');
  return size;
};
await session.put(bundleOf(number(0)), { mode: 'replace' });
const preview = await mountProbe();
await meet();
let whole = 0;
for (let n = 1; n <= 12; n += 1) {
  const put = session.put(bundleOf(number(n)), { mode: 'replace' });
  const before = shape(await session.list());
  const read = await Promise.all([0, 1, 2, 3, 4].map(async (file) => (await session.read(`v/${file}.txt`)).size));
  const fetched = [];
  for (const file of [0, 1, 2, 3, 4]) {
    const { status, length } = await ask(preview, `v/${file}.txt`);
    same(status, 200, 'status');
    fetched.push(length);
  }
  const after = shape(await session.list());
  if (before === after) {
    whole += 1;
    same([...read, ...fetched], Array(10).fill(before), 'read and fetched between two equal lists');
  }
  versions.push((await put).version);
  const last = shape(await session.list());
  check(last === number(n) || (last - number(n)) % 2 !== 0, `my own older bundle ${last} after the put of ${number(n)}`);
}
self.whole = whole;
";

fn replacing(context: &mut Context<'_>) -> Result {
    two_tabs(context, |life, first, second| {
        at_once(life, REPLACE, first, second)?;
        let mut sizes = Vec::new();
        for window in [first, second] {
            life.stage.browser.switch(window)?;
            sizes.push(life.run(
                r"
                const files = await session.list(); const size = (path) => files.find((file) => file.path === path).size;
                const wanted = size('v/0.txt'); for (const n of [1, 2, 3, 4]) same(size(`v/${n}.txt`), wanted, 'mix');
                const preview = await mountProbe(); for (const n of [0, 1, 2, 3, 4]) same((await ask(preview, `v/${n}.txt`)).length, wanted, 'fetched mix');
                check(wanted >= 1024, `not the last of anybody's: ${wanted}`); return wanted
                ",
            )?);
        }
        ensure(sizes[0] == sizes[1], || {
            format!("the tabs see different bundles: {sizes:?}")
        })
    })
}

fn two_sessions(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "shared", json!({}))?;
    for storage in STORAGES {
        life.stage.goto_host()?;
        life.turn("shared", json!({"storage": storage}));
        life.run(
            r"
            const a = await open({ ...args.options, id: args.options.id + 'a' }, 'a'), b = await open({ ...args.options, id: args.options.id + 'b' }, 'b');
            const put = (session, name, n) => session.put({ 'probe.html': PROBE, 'who.txt': `${name} ${n}`, 'deep/who.txt': `deep ${name} ${n}`, [`only-${name}.txt`]: name });
            await Promise.all([put(a, 'a', 0), put(b, 'b', 0)]);
            const [inA, inB] = [await mountProbe(a), await mountProbe(b)];
            for (let n = 1; n <= 8; n += 1) {
              await Promise.all([put(a, 'a', n), put(b, 'b', n)]);
              for (const [probe, name, other] of [[inA, 'a', 'b'], [inB, 'b', 'a']]) {
                const urls = ['who.txt', '/who.txt', 'deep/who.txt', '/deep/who.txt', `only-${name}.txt`, `only-${other}.txt`];
                const found = await Promise.all(urls.map((url) => ask(probe, url)));
                same(found.slice(0, 5).map(({ text }) => text), [`${name} ${n}`, `${name} ${n}`, `deep ${name} ${n}`, `deep ${name} ${n}`, name], `round ${n} in ${name}`);
                same(found[5].status, 404, 'a file of the other session');
              }
            }
            await a.clear(); same((await ask(inA, 'who.txt')).status, 404, 'cleared'); same((await ask(inB, 'who.txt')).text, 'b 8', 'the other stays');
            ",
        )?;
    }
    Ok(())
}

/// A bundle of six packs and more, every file of which starts with the bundle's name.
const BIG: &str = r"
const big = (name) => {
  const files = {};
  for (let n = 0; n < 6; n += 1) files[`big/${n}.bin`] = new Blob([name.padEnd(8), new Uint8Array((4 << 20) - 8).fill(n)]);
  for (let n = 0; n < 200; n += 1) files[`small/${name}-${n}.txt`] = `${name} ${n}`;
  files['probe.html'] = PROBE;
  return files;
};
";

fn interrupted(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    let mut outcomes = Vec::new();
    for (round, moment) in [0, 5, 15, 30, 60, 120, 250, 500].into_iter().enumerate() {
        life.turn("origin", json!({"id": format!("{}-{round}", life.stage.id)}));
        let second = life.second()?;
        // The time until the tab closes is what is varied here; nothing waits for it to be long enough.
        let begun = life.run_with(
            &format!(
                "{BIG} await open(); await session.put(big('old')); self.progress = [];\
                 let settled = false; self.work = session.put(big('new'), {{ mode: 'replace', onProgress: (p) => progress.push(p) }}).then(() => {{ settled = true; }});\
                 await new Promise((resolve) => setTimeout(resolve, args.moment)); return settled"
            ),
            json!({"moment": moment}),
        )?;
        life.stage.browser.switch(&second)?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&first)?;
        life.stage.goto_host()?;
        let found = life.run(
            r"
            await open(); const files = await session.list(); const paths = files.map(({ path }) => path);
            const name = paths.includes('small/new-0.txt') ? 'new' : 'old'; same(files.length, 207, 'files');
            const preview = await mountProbe(); const wrong = [];
            for (const { path, size } of files) {
              if (path === 'probe.html') continue;
              const start = path.startsWith('small') ? `${name} ${path.match(/(\d+)\./)[1]}` : name.padEnd(8);
              const blob = await session.read(path), bytes = new Uint8Array(await blob.arrayBuffer()), text = new TextDecoder().decode(bytes.subarray(0, start.length));
              const whole = bytes.length === size && (path.startsWith('small') || (size === 4 << 20 && bytes.subarray(8).every((byte) => byte === +path.at(-5))));
              if (text !== start || !whole) wrong.push(path);
              if (!path.startsWith('small') || path.endsWith('7.txt')) { const answer = await ask(preview, path, { brief: true }); if (!answer.text?.startsWith(start) || answer.length !== size) wrong.push('fetched ' + path + JSON.stringify(answer)); }
            }
            same(wrong, [], `not whole, for ${name}`);
            await session.put({ 'afterwards.txt': 'yes' }); same((await ask(preview, 'afterwards.txt')).text, 'yes', 'a put afterwards'); return name
            ",
        ).map_err(|error| format!("closed after {moment} ms: {error}"))?;
        ensure(begun != true || found == "new", || {
            format!("closed after {moment} ms: the put was answered, and the bundle is {found}")
        })?;
        outcomes.push(format!("{moment} ms: answered {begun}, then {found}"));
        life.run("await session.clear()")?;
    }
    println!("  {}: {}", life.stage.browser.engine, outcomes.join("; "));
    Ok(())
}

fn seen_elsewhere(context: &mut Context<'_>) -> Result {
    two_tabs(context, |life, first, second| {
        life.stage.browser.switch(first)?;
        life.run("await open(); await session.put({ 'probe.html': PROBE, 'seen.txt': 'none' })")?;
        life.stage.browser.switch(second)?;
        life.run(r"
        await open(); self.changes = []; session.addEventListener('change', (event) => changes.push(event.version ?? event.detail?.version)); self.preview = await mountProbe();
        same((await ask(preview, 'seen.txt')).text, 'none', 'at first')
        ")?;
        for round in 0..6 {
            let (writer, reader) = if round % 2 == 0 {
                (first, second)
            } else {
                (second, first)
            };
            life.stage.browser.switch(writer)?;
            life.run_with(
                "await session.put({ 'seen.txt': `round ${args.round}` })",
                json!({"round": round}),
            )?;
            life.stage.browser.switch(reader)?;
            life.run_with(
                r"
                self.preview ??= await mountProbe(); same((await ask(preview, 'seen.txt')).text, `round ${args.round}`, 'in the other tab');
                same(await (await session.read('seen.txt')).text(), `round ${args.round}`, 'read in the other tab')
                ",
                json!({"round": round}),
            )?;
        }
        life.stage.browser.switch(second)?;
        let changes = life.run("return changes")?;
        ensure(changes.as_array().is_some_and(|changes| changes.len() >= 3), || {
            format!("the other tab was told of these changes: {changes}")
        })
    })
}

/// What was put in one of two tabs that have a memory session stays in the other: where the first leaves the session at once,
/// and where its tab is closed and the worker ends.
fn outlives(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"storage": "memory"}));
        life.stage.goto_host()?;
        life.run("await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'first' }); self.preview = await mountProbe()")?;
        let second = life.second()?;
        life.run("await open(); await session.put({ 'a.txt': 'left at once' }); await session.dispose()")?;
        life.stage.browser.switch(&first)?;
        life.run(
            r"
            same((await ask(preview, 'a.txt')).text, 'left at once', 'served after the other tab has left');
            same(await (await session.read('a.txt')).text(), 'left at once', 'read after the other tab has left');
            self.changed = new Promise((resolve) => session.addEventListener('change', resolve, { once: true }));
            ",
        )?;
        life.stage.browser.switch(&second)?;
        life.run("await open(); await session.put({ 'a.txt': 'left by closing' })")?;
        life.stage.browser.switch(&first)?;
        // What the hub asks of the worker after the change, it asks after it has taken the change over.
        life.run("await within(changed, 'the change'); await session.estimate()")?;
        life.stage.browser.switch(&second)?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&first)?;
        life.stage.browser.stop_workers()?;
        life.run(
            r"
            same((await ask(preview, 'a.txt')).text, 'left by closing', 'served after the other tab was closed');
            same(await (await session.read('a.txt')).text(), 'left by closing', 'read after the other tab was closed');
            await session.clear()
            ",
        )?;
    }
    Ok(())
}

fn deleted_elsewhere(context: &mut Context<'_>) -> Result {
    two_tabs(context, |life, first, second| {
        for round in 0..4 {
            for window in [first, second] {
                life.stage.browser.switch(window)?;
                // Both hubs know the session: in memory, each has a copy.
                life.run_with(
                    r"
                    self.session ?? await open(); await session.put({ 'probe.html': PROBE, [`${args.round}.txt`]: 'here' }); await session.list();
                    self.preview?.dispose(); self.preview = await mountProbe(); same((await ask(preview, `${args.round}.txt`)).text, 'here', 'put')
                    ",
                    json!({"round": round}),
                )?;
            }
            life.stage.browser.switch(first)?;
            life.run_with(
                r"
                await session.clear(); const { status } = await ask(preview, `${args.round}.txt`); same(status, 404, 'at once');
                same(await codeOf(session.stat(`${args.round}.txt`)), 'NOT_FOUND', 'stat at once');
                ",
                json!({"round": round}),
            )?;
            life.stage.browser.switch(second)?;
            life.run_with(
                "same((await ask(preview, `${args.round}.txt`)).status, 404, 'in the other tab'); same(await session.list(), [], 'listed in the other tab')",
                json!({"round": round}),
            )?;
        }
        Ok(())
    })
}

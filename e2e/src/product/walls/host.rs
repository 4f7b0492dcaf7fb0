//! Rows 28 to 30: what is said to a host's page and its SDK, what a session leaves behind, and floods.

use serde_json::json;

use super::super::ISOLATIONS;
use super::super::lifecycle::{Life, NO_STOP};
use super::{foreign, foreign_origin};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("walls_28_messages_forged_to_the_sdk", forged).under(&[Host::CrossSite]),
    Case::new("walls_28_data_that_pollutes_or_springs", springs).under(&[Host::SameSite]),
    Case::new("walls_29_what_a_session_leaves_behind", leaves_behind),
    Case::new("walls_29_session_code_alters_the_worker", alters_the_worker)
        .under(&[Host::SameSite])
        .without(NO_STOP),
    Case::new("walls_30_floods", floods).under(&[Host::CrossSite]),
];

const FORGED: &str = include_str!("forged.js");

/// By the session's own frame, by a frame of another site, and by a popup, all at once.
fn forged(context: &mut Context<'_>) -> Result {
    let server = foreign()?;
    let evil = format!("{}/page.html", foreign_origin(&server));
    let mut life = Life::open(context, "origin", json!({}))?;
    let host = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"network": "open"}));
        let id = life.options["id"].clone();
        let forge = |boot: bool| life.run_with(FORGED, json!({"id": id, "boot": boot})).map(drop);
        life.infiltrate("")?;
        life.stage.browser.leave()?;
        life.run_with(
            r"
            self.changes = []; session.addEventListener('change', ({ detail }) => changes.push(detail.version));
            const frame = document.body.appendChild(document.createElement('iframe')); frame.id = 'foreign';
            const loaded = once(frame, 'load'); frame.src = args.evil; await within(loaded, 'the foreign frame');
            const button = document.body.appendChild(document.createElement('button')); button.textContent = 'open';
            button.onclick = () => { self.popup = window.open(args.evil); };
            ",
            json!({"evil": evil}),
        )?;
        let before = life.stage.browser.windows()?;
        life.stage.browser.click("button")?;
        let popup = life.stage.browser.opened(&before)?;
        life.stage.browser.switch(&popup)?;
        life.stage.browser.goto(&evil)?;
        let has_opener = life.run("return !!self.opener")?;
        ensure(has_opener == true, || "the popup has no opener".to_owned())?;
        forge(true)?;
        life.stage.browser.switch(&host)?;
        // A session may say of its own document what it likes.
        for (frame, boot) in [("#foreign", true), ("#stage iframe", false)] {
            life.stage.browser.enter(frame)?;
            forge(boot)?;
            life.stage.browser.leave()?;
        }
        life.run(
            r"
            const told = [];
            for (let n = 0, begun = performance.now(); n < 12 || performance.now() - begun < 2000; n += 1) {
              const done = await session.put({ [`n${n}.txt`]: `${n}`, 'probe.html': PROBE }, { onProgress: ({ done }) => told.push(done) });
              same([done.files, done.storage], [n + 3, 'indexeddb'], `put ${n}`);
              same((await session.list()).length, n + 3, `list ${n}`);
              same(await codeOf(session.read('none.txt')), 'NOT_FOUND', `read ${n}`);
              const again = await mountProbe();
              same((await ask(again, `n${n}.txt`)).text, `${n}`, `mount ${n}`);
              await again.reload(); again.dispose();
            }
            same((await ask(preview, 'kept.txt')).text, 'kept', 'the preview');
            check(changes.length > 0 && !changes.includes(4242), `changes: ${changes}`);
            same([{}.polluted, Object.polluted], [undefined, undefined], 'prototypes');
            popup.close()
            ",
        )?;
        for frame in ["#foreign", "#stage iframe"] {
            life.stage.browser.enter(frame)?;
            let count = life.run("return self.forgings")?;
            life.stage.browser.leave()?;
            ensure(count.as_u64() > Some(3), || format!("{frame} forged {count} times"))?;
        }
    }
    Ok(())
}

/// Own `__proto__` keys, getters that throw or change their mind, proxies, cycles, detached buffers: as an app might pass on
/// what it was given.
fn springs(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.run(
            r#"
            await open(); await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' });
            const boom = () => { throw new RangeError('boom'); };
            const files = JSON.parse('{"__proto__": "a file", "constructor": "another", "toString": "third", "a/__proto__/b": "fourth"}');
            const put = await session.put(files);
            same([put.files, (await session.list()).map(({ path }) => path).sort()], [6, ['__proto__', 'a/__proto__/b', 'constructor', 'kept.txt', 'probe.html', 'toString']], 'names that objects have');
            same(await (await session.read('__proto__')).text(), 'a file', 'a file of that name');
            same((await ask(await mountProbe(), '__proto__')).text, 'a file', 'the same, served');
            const options = JSON.parse('{"__proto__": {"topLevel": true, "network": "open"}, "id": ""}');
            options.id = args.options.id + 'x'; options.isolation = args.options.isolation;
            const other = await vfs.session(options); await other.put({ 'probe.html': PROBE });
            same([{}.topLevel, {}.network, {}.polluted], [undefined, undefined, undefined], 'prototypes');
            const cycle = { path: 'c', content: 'c' }; cycle.content = cycle;
            const detached = new ArrayBuffer(8), view = new Uint8Array(detached, 2, 4); new MessageChannel().port1.postMessage(0, [detached]);
            const deep = []; let at = deep; for (let n = 0; n < 5000; n += 1) { at.push([]); at = at[0]; }
            const bad = {
              getter: { get 'kept.txt'() { return boom(); } }, proxy: new Proxy({}, { ownKeys: boom, get: boom, has: boom, getOwnPropertyDescriptor: boom }),
              'list with a getter': [{ path: 'kept.txt', get content() { return boom(); } }], 'path that throws': [{ path: { toString: boom }, content: 'x' }], iterator: { [Symbol.iterator]: boom },
              cycle: [cycle], deep, detached: { 'kept.txt': detached }, 'view of what is detached': { 'kept.txt': view }, 'an error': { 'kept.txt': new Error('x') },
              'a function': { 'kept.txt': () => 'x' }, 'a symbol': { 'kept.txt': Symbol('x') }, 'a number': 5, 'nothing': null, 'a window': self, 'a promise': { 'kept.txt': Promise.resolve('x') },
            };
            const outcomes = {};
            for (const [name, files] of Object.entries(bad)) {
              outcomes[name] = await within((async () => session.put(files))().then(() => 'put', (error) => error.code ?? `${error.name} of ours?`), name);
            }
            for (const [name, code] of Object.entries(outcomes)) check(/^INVALID_(MESSAGE|PATH)$/.test(code), `${name}: ${code} (${JSON.stringify(outcomes)})`);
            // A getter that says another thing each time is asked once.
            let turns = 0; await session.put({ get 'turn.txt'() { turns += 1; return `said ${turns}`; } });
            same([turns, await (await session.read('turn.txt')).text()], [1, 'said 1'], 'a getter that turns');
            same([(await session.list()).length, await (await session.read('kept.txt')).text()], [7, 'kept'], 'afterwards')
            "#,
        )?;
    }
    Ok(())
}

/// A session's code does what it can to turn the next session of its origin; then it is disposed of, or deleted.
fn leaves_behind(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "shared", json!({}))?;
    for isolation in ISOLATIONS {
        for end in ["dispose", "clear"] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"network": "open"}));
            let next = format!("{}-next-{end}", life.options["id"].as_str().unwrap_or_default());
            let args = json!({"next": next, "end": end});
            life.infiltrate("")?;
            life.run_with(
                r"
                const next = [`/${args.next}/probe.html`, `/${args.next}/kept.txt`, '/sw.js', '/hub.html', '/_vf/boot.html', '/kept.txt', '/probe.html', location.href, 'kept.txt'];
                const evil = () => new Response('evil', { headers: { 'Content-Type': 'text/html', 'Cache-Control': 'max-age=31536000, immutable' } });
                for (const name of ['evil', 'virtual-files', 'v1']) {
                  const cache = await caches.open(name);
                  for (const url of next) await cache.put(url, evil());
                }
                // What is asked for before it is there is asked for again.
                for (const url of next.slice(0, 2)) {
                  for (const mode of ['default', 'force-cache']) check(!(await (await fetch(url, { cache: mode })).text()).includes('of the next'), url);
                }
                const registrations = await navigator.serviceWorker.getRegistrations();
                for (const message of [{ type: 'SERVE' }, { session: args.next, files: { 'kept.txt': 'evil' } }, ['evil'], null, 0]) {
                  for (const { active } of registrations) active?.postMessage(message, message && typeof message === 'object' ? [new MessageChannel().port2] : []);
                  for (const name of ['virtual-files', 'virtual-files:changes']) { const channel = new BroadcastChannel(name); channel.postMessage(message); channel.close(); }
                }
                // The worker goes, as any page of an origin can have it.
                for (const registration of registrations) await registration.unregister();
                await navigator.serviceWorker.register('kept.txt').catch(() => {});
                localStorage.setItem('virtual-files', 'evil'); document.cookie = 'virtual-files=evil';
                history.replaceState(null, '', 'elsewhere'); history.pushState(null, '', 'nowhere');
                addEventListener('pagehide', () => { caches.open('late').then((cache) => cache.put(next[0], evil())); });
                ",
                args.clone(),
            )?;
            life.stage.browser.leave()?;
            life.run_with(
                r"
                await session[args.end]();
                if (args.end === 'clear') await session.dispose();
                same(stage.querySelectorAll('iframe').length, 0, 'previews that are left');
                const next = await open({ ...args.options, id: args.next, network: undefined }, 'next');
                await next.put({ 'probe.html': PROBE, 'kept.txt': 'of the next' });
                for (const turn of [1, 2]) {
                  const preview = await mountProbe(next);
                  for (const cache of ['default', 'force-cache', 'no-store']) {
                    same((await ask(preview, 'kept.txt', { init: { cache } })).text, 'of the next', `${cache}, ${turn}`);
                  }
                  check((await ask(preview, 'probe.html')).text.includes('<title>probe'), 'the page itself');
                  preview.dispose();
                }
                ",
                args,
            )?;
        }
    }
    Ok(())
}

/// A session's code puts other wasm where the worker keeps its own.
fn alters_the_worker(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "shared", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"network": "open"}));
        life.infiltrate("")?;
        const KEPT: &str = "const cache = await caches.open('virtual-files:worker'), [key] = await cache.keys();\
                            const kept = new Uint8Array(await (await cache.match(key)).arrayBuffer());\n";
        // It is wasm all the same: with a section of its own at the end.
        let alter = "await cache.put(key, new Response(new Uint8Array([...kept, 0, 2, 1, 120]))); return kept.length";
        let length = life.run(&[KEPT, alter].concat())?;
        life.stage.browser.leave()?;
        life.stage.browser.stop_workers()?;
        // No hub can say it.
        life.run("await session.estimate(); same((await ask(preview, 'kept.txt')).text, 'kept', 'what it serves')")?;
        life.stage.enter_preview()?;
        let now = life.run(&[KEPT, "return kept.length"].concat())?;
        life.stage.browser.leave()?;
        ensure(now == length, || {
            format!("{isolation}: its {length} bytes of wasm are {now} after a start")
        })?;
    }
    Ok(())
}

/// How much a flood that is over may have made worker and hub grow: their heaps, in bytes, and the tables of what their wasm
/// holds, in slots.
const LEFT: [f64; 4] = [8e6, 8e6, 20e3, 20e3];

fn floods(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let counts = |life: &Life<'_>| -> Result<[f64; 4]> {
        if life.stage.browser.engine != Engine::Chromium {
            return Ok([0.0; 4]);
        }
        let origin = life.run("return new URL(session.url).origin")?;
        let origin = origin.as_str().ok_or("no origin")?;
        let mut cdp = life.stage.browser.cdp()?;
        let targets = [("service_worker", "sw.js"), ("iframe", "hub.html")];
        let [worker, hub] = targets.map(|(kind, file)| (kind, format!("{origin}/{file}")));
        Ok([
            cdp.heap(worker.0, &worker.1)?,
            cdp.heap(hub.0, &hub.1)?,
            cdp.slots(worker.0, &worker.1)?,
            cdp.slots(hub.0, &hub.1)?,
        ])
    };
    // Where nothing can be counted, these are nothing but more of the same.
    let parts = if life.stage.browser.engine == Engine::Chromium {
        16
    } else {
        0
    };
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"network": "open"}));
        life.infiltrate("")?;
        life.stage.browser.leave()?;
        life.run("await session.put({ 'large.bin': new Blob([new Uint8Array(4 << 20)]) }); same((await ask(preview, 'kept.txt')).text, 'kept', 'before')")?;
        let mut grown = [0.0; 4];
        // The first flood makes room that the second finds.
        for turn in 0..2 {
            let before = counts(&life)?;
            life.stage.enter_preview()?;
            life.run_with(
                r"
                // Bodies that nobody reads, more than any memory holds, and words that nobody waits for.
                self.held = []; self.told = 0; self.flood = (async () => {
                  for (let n = 0; n < 1500; n += 1) {
                    held.push(fetch(n % 3 ? `none-${n}` : 'large.bin', n % 5 ? {} : { headers: { Range: `bytes=${n}-` } }).then((response) => response.body?.cancel(), () => {}));
                    parent.postMessage({ flood: n, ballast: 'x'.repeat(1000) }, '*');
                    for (let to = 0; to <= parent.length; to += 1) {
                      const target = to < parent.length ? (data) => parent.frames[to].postMessage(data, '*') : (data) => navigator.serviceWorker.controller?.postMessage(data);
                      target({ type: 'PUT_FILES', id: n, flood: n });
                      // Data that has no properties; to the worker out of the hub, the only page that it hears.
                      let worker;
                      try { worker = parent.frames[to].location.pathname === '/hub.html' && parent.frames[to].navigator.serviceWorker.controller; } catch {}
                      for (let part = 0; worker && part < args.parts; part += 1) {
                        target(part % 2 ? null : undefined);
                        worker.postMessage(part % 2 ? null : undefined);
                        told += 1;
                      }
                    }
                    if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 0));
                  }
                  await Promise.all(held); held.length = 0;
                })();
                ",
                json!({"parts": parts}),
            )?;
            life.stage.browser.leave()?;
            // Amid it the host is served, and its own flood is answered, each request once.
            life.run(
                r"
                const many = Array.from({ length: 1000 }, (_, n) => n % 2 ? session.stat('kept.txt').then(({ size }) => size) : session.read('none.txt').catch((error) => error.code));
                const put = await within(session.put({ 'amid.txt': 'amid' }), 'a put amid the flood', 25000);
                same(put.storage, 'indexeddb', 'the put');
                const answers = await within(Promise.all(many), 'a thousand answers', 25000);
                same([...new Set(answers)].sort(), [4, 'NOT_FOUND'], 'answers');
                ",
            )?;
            life.stage.enter_preview()?;
            life.run_with(
                "await within(flood, 'the end of the flood', 55000); same(told, 1500 * args.parts, 'what the hub was told')",
                json!({"parts": parts}),
            )?;
            life.stage.browser.leave()?;
            life.run("same((await ask(preview, 'amid.txt', {}, 40000)).text, 'amid', 'served afterwards'); same(await (await session.read('kept.txt')).text(), 'kept', 'read afterwards')")?;
            let after = counts(&life)?;
            if turn > 0 {
                grown = std::array::from_fn(|at| after[at] - before[at]);
            }
        }
        ensure(grown.iter().zip(LEFT).all(|(grown, left)| *grown < left), || {
            format!("{isolation}: after a flood worker and hub hold more, in bytes and slots: {grown:?}")
        })?;
    }
    Ok(())
}

//! The worker starts: hubs answer for it until its wasm is there, and it finds its wasm again.

use serde_json::json;

use super::super::ISOLATIONS;
use super::super::expiry::in_the_hub;
use super::{Life, NO_STOP, STORAGES};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_first_request_is_answered_by_a_hub", first).without(NO_STOP),
    Case::new("lifecycle_hub_alone_answers_what_another_has_put", put_by_another)
        .under(&[Host::SameSite])
        .without(NO_STOP),
    Case::new("lifecycle_hub_alone_trusts_no_change_without_an_end", without_an_end)
        .under(&[Host::SameSite])
        .without(NO_STOP),
];

/// How often the worker is stopped until a hub is quick enough to answer a navigation.
const TRIES: u32 = 8;

/// A hub answers as the worker does, and the worker's wasm, which keeps what it looks at, is not asked.
fn first(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            let asked = life.run(
                r"
                await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'the letter a', 'b/c.bin': 'x'.repeat(200_000), 'd/index.html': PROBE, '404.html': PROBE });
                self.preview = await mountProbe();
                const { etag } = await ask(preview, 'a.txt');
                self.requests = [
                  ['a.txt', {}], ['a.txt?query', {}], ['b/c.bin', {}],
                  ['a.txt', { headers: { Range: 'bytes=4-' } }], ['b/c.bin', { headers: { Range: 'bytes=-5' } }],
                  ['a.txt', { headers: { Range: 'bytes=0-2', 'If-Range': etag } }], ['a.txt', { headers: { Range: 'bytes=0-2', 'If-Range': '\u0022other\u0022' } }],
                  ['a.txt', { headers: { 'If-None-Match': etag }, cache: 'no-store' }], ['a.txt', { headers: { 'If-None-Match': '\u0022other\u0022' } }],
                ];
                self.told = ({ status, etag, range, text }) => ({ status, etag, range, text });
                self.warm = [];
                for (const [url, init] of requests) warm.push(told(await ask(preview, url, { init })));
                same(warm.map(({ status }) => status), [200, 200, 200, 206, 206, 206, 200, 304, 200], 'what the worker answers');
                return requests.length
                ",
            )?;
            let mut by_hubs = 0_u64;
            for at in 0..asked.as_u64().unwrap_or_default() {
                ensure(life.stage.browser.stop_workers()?, || {
                    "no worker was stopped".to_owned()
                })?;
                let served = life.run_with(
                    r"
                    const [url, init] = requests[args.at];
                    same(told(await ask(preview, url, { init })), warm[args.at], `${url} ${JSON.stringify(init)} after the stop`);
                    const { worker } = await session.estimate();
                    // What the wasm looks at it keeps.
                    return worker.sessions + worker.files + worker.hits + worker.misses
                    ",
                    json!({"at": at}),
                )?;
                by_hubs += u64::from(served == 0);
            }
            // A hub that is slow is not waited for.
            println!("  {isolation} {storage}: {by_hubs} of {asked} by hubs");
            ensure(by_hubs > 0, || format!("{isolation} {storage}: no hub has answered"))?;
            // Navigations of its frame: to a page, by a redirect to a directory, and to a page of the bundle's own for what is
            // not there. The document has a worker that knows it.
            for (entry, lands) in [
                ("probe.html?again", "probe.html?again"),
                ("d", "d/"),
                ("nowhere", "nowhere"),
            ] {
                let by_a_hub = || -> Result<bool> {
                    life.stage.browser.stop_workers()?;
                    let served = life.run_with(
                        r"
                    const ready = once(window, 'message', (event) => event.data?.probe);
                    preview.element.contentWindow.location.href = session.url + args.entry;
                    const { data } = await within(ready, `the probe at ${args.entry}`);
                    same([data.probe, data.controlled], [session.url + args.lands, true], 'where it is');
                    const { worker } = await session.estimate();
                    same((await ask(preview, '/a.txt')).text, 'the letter a', 'a URL of the root, of its own session');
                    return worker.sessions + worker.files + worker.hits + worker.misses
                    ",
                        json!({"entry": entry, "lands": lands}),
                    )?;
                    Ok(served == 0)
                };
                let mut tries = (0..TRIES).map(|_| by_a_hub());
                let found = tries.find(|answered| !matches!(answered, Ok(false)));
                // A redirect's other end the worker may answer by itself.
                ensure(found.transpose()?.is_some() || entry != lands, || {
                    format!("{isolation} {storage}: no hub has answered a navigation to {entry}")
                })?;
            }
            // All at once: each answer finds its question.
            life.stage.browser.stop_workers()?;
            life.run(
                r"
                same((await Promise.all(requests.map(([url, init]) => ask(preview, url, { init })))).map(told), warm, 'all at once');
                const { worker } = await session.estimate();
                check(worker.hits + worker.misses < requests.length - 2, `the wasm served ${worker.hits} and ${worker.misses} of ${requests.length}`);
                ",
            )?;
            // A change beside the worker's stop is seen by the first request, too; and so is that a file is gone.
            life.run("await session.put({ 'a.txt': 'another' })")?;
            life.stage.browser.stop_workers()?;
            life.run(
                "same((await ask(preview, 'a.txt')).text, 'another', 'after a put and a stop'); await session.delete(['a.txt'])",
            )?;
            life.stage.browser.stop_workers()?;
            life.run("same((await ask(preview, 'a.txt')).status, 404, 'after a removal and a stop')")?;
        }
    }
    Ok(())
}

/// A hub that is alone again answers what a hub that is gone has put, and not what it had read before.
fn put_by_another(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;

    let first = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        life.stage.browser.switch(&first)?;
        life.stage.goto_host()?;
        life.turn(isolation, json!({"storage": "indexeddb"}));
        life.run(
            "await open(); await session.put({ 'probe.html': PROBE, 'n.txt': '0' }); self.preview = await mountProbe()",
        )?;
        for version in 1..=6 {
            // What it answers by now, it has read before.
            for _ in 0..2 {
                life.stage.browser.stop_workers()?;
                let before = format!("same((await ask(preview, 'n.txt')).text, '{}', 'before')", version - 1);
                life.run(&before)?;
            }
            life.second()?;
            let put = format!("await open(); await session.put({{ 'n.txt': '{version}' }})");
            life.run(&put)?;
            life.stage.browser.close()?;
            life.stage.browser.switch(&first)?;
            life.stage.browser.stop_workers()?;
            life.run(&format!(
                "same((await ask(preview, 'n.txt')).text, '{version}', 'after the other tab has gone')"
            ))?;
        }
    }
    Ok(())
}

/// What a hub has read it trusts for as long as it has heard of no change, and not at all while one has no end: a writer that
/// dies after its transaction says nothing any more.
fn without_an_end(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"storage": "indexeddb"}));
        let id = life.options["id"].as_str().unwrap_or_default().to_owned();
        // Changes that nobody is told of: what is stored of the session, kept aside and put back.
        let keep = |version: u32| {
            format!(
                "const kept = {{}};\
                 for (const name of ['sessions', 'indexes', 'packs']) {{\
                   const store = () => database.transaction(name).objectStore(name);\
                   const keys = (await done(store().getAllKeys())).filter((key) => [key].flat()[0] === '{id}');\
                   kept[name] = await Promise.all(keys.map(async (key) => [key, await done(store().get(key))]));\
                 }}\
                 (self.kept ??= {{}})[{version}] = kept"
            )
        };
        let put_back = |version: u32| {
            format!(
                "const transaction = database.transaction(['sessions', 'indexes', 'packs'], 'readwrite');\
                 for (const [name, records] of Object.entries(self.kept[{version}])) for (const [key, value] of records) transaction.objectStore(name).put(value, key);\
                 await new Promise((resolve) => {{ transaction.oncomplete = resolve; }})"
            )
        };
        let say =
            |what: &str| format!("new BroadcastChannel('virtual-files:changes').postMessage({{ {what}: '{id}' }})");
        let answers = |version: u32, what: &str| {
            life.stage.browser.stop_workers()?;
            life.run(&format!(
                "same((await ask(preview, 'n.txt')).text, '{version}', '{what}')"
            ))
            .map(drop)
        };
        life.run(
            "await open(); await session.put({ 'probe.html': PROBE, 'n.txt': '1' }); self.preview = await mountProbe()",
        )?;
        in_the_hub(&life, &keep(1))?;
        life.run("await session.put({ 'n.txt': '2' })")?;
        in_the_hub(&life, &keep(2))?;
        answers(2, "as it was put")?;
        in_the_hub(&life, &put_back(1))?;
        answers(2, "what it has read, as nobody says anything else")?;
        in_the_hub(&life, &say("begins"))?;
        answers(1, "a change has begun")?;
        in_the_hub(&life, &put_back(2))?;
        answers(2, "it goes on")?;
        in_the_hub(&life, &say("ends"))?;
        answers(2, "it has ended")?;
        in_the_hub(&life, &put_back(1))?;
        answers(2, "what it has read since")?;
    }
    Ok(())
}

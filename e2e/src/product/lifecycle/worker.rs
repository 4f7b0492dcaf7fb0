//! The worker ends: between a put and a fetch, during a page load, by a trap.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::ISOLATIONS;
use super::{Life, NO_STOP, STORAGES};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_worker_stopped_between_put_and_fetch", between).without(NO_STOP),
    Case::new("lifecycle_worker_stopped_during_a_page_load", during).without(NO_STOP),
    Case::new("lifecycle_trapped_instance_is_replaced", trapped)
        .under(&[Host::SameSite])
        .without(&[
            (Engine::Firefox, "its driver cannot evaluate in a service worker"),
            (Engine::WebKit, "its driver cannot evaluate in a service worker"),
        ]),
];

fn between(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run(
                r"
                await open(); await session.put({ 'probe.html': PROBE, 'early.txt': 'early' }); self.preview = await mountProbe();
                same((await ask(preview, 'early.txt')).text, 'early', 'before the stop');
                self.started = (await session.estimate()).worker.started;
                same((await session.put({ 'late.txt': 'late', 'more/late.txt': 'more' })).storage, args.options.storage, 'storage');
                ",
            )?;
            ensure(life.stage.browser.stop_workers()?, || {
                "the worker was not stopped".to_owned()
            })?;
            life.run(
                r"
                same((await ask(preview, 'late.txt')).text, 'late', 'after the stop');
                same((await ask(preview, 'more/late.txt')).text, 'more', 'after the stop');
                same((await ask(preview, 'early.txt')).text, 'early', 'after the stop');
                same((await ask(preview, 'never.txt')).status, 404, 'a file that is not there');
                const { started } = (await session.estimate()).worker;
                check(started > self.started, 'the worker was not restarted: the case shows nothing');
                ",
            )?;
            // And a navigation as the first thing that a new worker sees.
            life.stage.browser.stop_workers()?;
            life.run(
                r"
                const again = await mountProbe(); same((await ask(again, 'late.txt')).text, 'late', 'a new frame');
                await session.put({ 'late.txt': 'later' });
                for (const probe of [preview, again]) same((await ask(probe, 'late.txt')).text, 'later', 'put after the stop');
                ",
            )?;
        }
    }
    Ok(())
}

/// 60 modules in 6 batches of 10; before each batch the page waits for a word, which is given while workers stop.
pub(in super::super) const LOAD: &str = r"
const files = { 'index.html': `<!doctype html><meta charset=utf-8><script type=module src=main.mjs></script>` };
for (let n = 0; n < 60; n += 1) files[`m/${n}.mjs`] = `import { base } from '../lib/${n}.mjs'; export const value = base + ${n};`;
for (let n = 0; n < 60; n += 1) files[`lib/${n}.mjs`] = `export const base = ${n} * 1000; // ${'x'.repeat(n * 100)}`;
files['main.mjs'] = `
const word = () => new Promise((resolve) => addEventListener('message', ({ data }) => { if (data === 'go') resolve(); }));
let sum = 0;
try {
  for (let batch = 0; batch < 6; batch += 1) {
    const go = word();
    parent.postMessage({ batch }, '*');
    await go;
    const loads = Array.from({ length: 10 }, (_, n) => import('./m/' + (batch * 10 + n) + '.mjs'));
    for (const { value } of await Promise.all(loads)) sum += value;
  }
  parent.postMessage({ sum }, '*');
} catch (error) { parent.postMessage({ failed: String(error), sum }, '*'); }
`;
await open();
await session.put(files);
self.heard = [];
addEventListener('message', ({ data }) => {
  if (data && ('batch' in data || 'sum' in data)) { self.heard.push(data); self.wake?.(); }
});
self.next = async () => {
  while (!heard.length) await within(new Promise((resolve) => { self.wake = resolve; }), 'the page to go on');
  return heard.shift();
};
for (const old of stage.children) old.remove();
self.preview = await session.mount(stage, {});
";

fn during(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run(LOAD)?;
            let mut starts = BTreeSet::new();
            loop {
                let said = life.run("return await next()")?;
                let started = life.run("return (await session.estimate()).worker.started")?;
                starts.insert(started.as_u64().unwrap_or_default());
                if said["batch"].is_u64() {
                    // Before the batch in every second round, and while its requests are under way in the others: but
                    // in Firefox a worker that is ended by force takes them with it. By itself it never ends one that
                    // has any.
                    let batch = said["batch"].as_u64().unwrap_or_default();
                    let before = batch % 2 == 0 || life.stage.browser.engine == Engine::Firefox;
                    if before {
                        life.stage.browser.stop_workers()?;
                    }
                    life.run("preview.element.contentWindow.postMessage('go', '*')")?;
                    if !before {
                        life.stage.browser.stop_workers()?;
                    }
                    continue;
                }
                let wanted: u64 = (0..60).map(|n| n * 1001).sum();
                ensure(
                    said["sum"] == wanted && said["failed"].is_null() && starts.len() == 7,
                    || {
                        format!(
                            "{isolation}, {storage}: the worker was started {} times, and the page says {said}",
                            starts.len()
                        )
                    },
                )?;
                break;
            }
        }
    }
    Ok(())
}

fn trapped(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            // The shared origin has a worker in every partition, all with one URL: only ours shall be running.
            life.stage.browser.stop_workers()?;
            let body = r"
            await open(); const files = { 'probe.html': PROBE };
            for (let n = 0; n < 40; n += 1) files[`f${n}.txt`] = `file ${n}`;
            await session.put(files); self.preview = await mountProbe(); return session.url
            ";
            let url = life.run(body)?;
            let url = url.as_str().ok_or("no URL")?;
            let origin: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            let mut cdp = life.stage.browser.cdp()?;
            let worker = cdp.attach("service_worker", &format!("{origin}/sw.js"))?;
            cdp.call(Some(&worker), "Runtime.enable", json!({}))?;

            // Between two requests.
            let first = shell(&mut cdp, &worker)?;
            let trap = "function () { const { current } = find(this); current.marked = true;\
                        try { current.api.trap(); return 'no trap'; } catch (error) { return error.name; } }";
            let trapped = on(&mut cdp, &worker, &first, trap)?;
            ensure(trapped == "RuntimeError", || {
                format!("the instance was not trapped: {trapped}")
            })?;
            let shell = shell(&mut cdp, &worker)?;
            let marked = on(
                &mut cdp,
                &worker,
                &shell,
                "function () { return !!find(this).current.marked; }",
            )?;
            ensure(marked == false, || "the instance was not replaced".to_owned())?;
            life.run("for (let n = 0; n < 5; n += 1) same((await ask(preview, `f${n}.txt`)).text, `file ${n}`, 'after the trap');")?;

            // While the requests of a batch are under way: the fifth of them traps, after it has been taken.
            let during = r"
            function () { const { current } = find(this); const { api } = current, real = api.respond; let calls = 0;
              self.trapsSeen = 0;
              api.respond = (...all) => { const answer = real(...all); calls += 1;
                if (calls === 5) { try { api.trap(); } catch { self.trapsSeen += 1; } } return answer; }; return true; }
            ";
            on(&mut cdp, &worker, &shell, during)?;
            life.run(
                r"
                await session.put({ 'fresh.txt': 'fresh' });
                const all = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(preview, `f${n + 10}.txt`)));
                all.forEach((answer, n) => same(answer.text, `file ${n + 10}`, 'during the trap'));
                same((await ask(preview, 'fresh.txt')).text, 'fresh', 'after the trap');
                await session.put({ 'fresh.txt': 'fresher' });
                same((await ask(preview, 'fresh.txt')).text, 'fresher', 'put after the trap');
                ",
            )?;
            let seen = cdp.evaluate(&worker, "self.trapsSeen")?;
            ensure(seen == 1, || {
                format!("{seen} instances trapped: the case shows nothing")
            })?;
        }
    }
    Ok(())
}

/// The scope that the worker's listeners close over, as an object of the debugger's.
fn shell(cdp: &mut crate::cdp::Cdp, worker: &str) -> Result<String> {
    let params = json!({"expression": "getEventListeners(self).fetch[0].listener", "includeCommandLineAPI": true});
    let listener = cdp.call(Some(worker), "Runtime.evaluate", params)?;
    let params = json!({"objectId": listener["result"]["objectId"], "ownProperties": true});
    let properties = cdp.call(Some(worker), "Runtime.getProperties", params)?;
    let internal = properties["internalProperties"].as_array().cloned().unwrap_or_default();
    let scopes = internal.iter().find(|property| property["name"] == "[[Scopes]]");
    let scopes = scopes.ok_or_else(|| format!("the listener has no scopes: {listener}"))?;
    let params = json!({"objectId": scopes["value"]["objectId"], "ownProperties": true});
    let list = cdp.call(Some(worker), "Runtime.getProperties", params)?;
    let scopes = list["result"].as_array().cloned().unwrap_or_default();
    let mut seen = Vec::new();
    for scope in scopes {
        let Some(id) = scope["value"]["objectId"].as_str() else {
            continue;
        };
        match on(
            cdp,
            worker,
            id,
            "function () { return find(this).name ?? Object.keys(this.object); }",
        ) {
            Ok(Value::String(_)) => return Ok(id.to_owned()),
            other => seen.push(format!("{}: {other:?}", scope["value"]["description"])),
        }
    }
    Err(format!("the shell's current instance is in no scope of its fetch listener: {seen:?}").into())
}

/// Calls a function on an object of the debugger's. `find` in it gives the current instance of a scope.
fn on(cdp: &mut crate::cdp::Cdp, worker: &str, object: &str, function: &str) -> Result<Value> {
    let function = function.replacen(
        '{',
        "{ const find = ({ object: scope }) => { for (const name of Object.keys(scope)) { const value = scope[name];\
           if (value?.ready && value.waiting && value.trap) return { name, current: value }; } return {}; };",
        1,
    );
    let params = json!({"objectId": object, "functionDeclaration": function, "returnByValue": true});
    let answer = cdp.call(Some(worker), "Runtime.callFunctionOn", params)?;
    ensure(!answer["exceptionDetails"].is_object(), || {
        format!("in the worker: {}", answer["exceptionDetails"])
    })?;
    Ok(answer["result"]["value"].clone())
}

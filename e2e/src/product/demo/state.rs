//! What the demo's status panel says of worker and store, beside what they are.
//!
//! The store is looked at in the hub's frame, by the browser's own means; the worker's work is what the preview asks for.

use std::time::Instant;

use serde_json::{Value, json};

use super::super::lifecycle::NO_STOP;
use super::Demo;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("demo_shows_worker_and_store_state", all).under(&[Host::SameSite]),
    Case::new("demo_shows_the_state_of_a_worker_that_was_stopped", stopped)
        .under(&[Host::SameSite])
        .without(NO_STOP),
];

/// Asks twice: the first answer may be to a question of the page's own, from before.
const FACTS: &str = "
if (byTest('status-panel').hidden) byTest('status-toggle').click();
for (const turn of ['first', 'second']) {
  const button = byTest('status-refresh');
  button.click();
  await until(() => byTest('status-refresh') !== button, `the ${turn} answer`);
}
const facts = Object.fromEntries([...document.querySelectorAll('[data-testid^=fact-]')].map((fact) => [fact.dataset.testid.slice(5), fact.textContent]));
return { ...facts, line: byTest('status-line').textContent, activity: [...byTest('activity').querySelectorAll('li > span:first-of-type')].map((entry) => entry.textContent) }";

/// The session as the browser's storage has it, and the worker as the browser tells of it. `args.id` is the session's.
const REAL: &str = "
const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
const request = indexedDB.open('virtual-files');
// Not to be made here.
request.onupgradeneeded = () => request.transaction.abort();
const database = await done(request).catch(() => null);
const record = database && (await done(database.transaction('sessions').objectStore('sessions').get(args.id)) ?? null);
database?.close();
// WebKitGTK tells nothing of it, which is shown as nothing.
const { usage, quota } = await navigator.storage?.estimate() ?? { usage: 0, quota: 0 };
const registration = await navigator.serviceWorker.getRegistration();
return { record, usage, quota, persisted: await navigator.storage?.persisted() ?? false, state: registration.active.state }";

/// What is picked first: a page that asks for nothing by itself, and 500 bytes in all.
fn bundle() -> Value {
    let page = "<!doctype html><title>Quiet</title><link rel=icon href=data:,>";
    let rest = "x".repeat(500 - 10 - page.len());
    json!({"index.html": page, "small.txt": "ten bytes.", "rest.txt": rest})
}

impl Demo<'_> {
    fn facts(&self) -> Result<Value> {
        self.run(FACTS, json!({}))
    }

    /// Looks into the hub of the session.
    fn real(&self, id: &str) -> Result<Value> {
        self.browser
            .enter(&format!("iframe[src*='//{id}.'][src*='/hub.html']"))?;
        let found = self.browser.eval(REAL, &json!({"id": id}));
        self.browser.leave()?;
        found
    }

    /// Has the preview fetch a file so many times, one after the other.
    fn fetches(&self, path: &str, times: u32) -> Result {
        let body = format!(
            "for (let n = 0; n < {times}; n += 1) await (await fetch('{path}', {{ cache: 'no-store' }})).text(); return true"
        );
        self.in_preview(&body).map(drop)
    }

    /// The facts, once they are compared with what is there.
    fn compared(&self, what: &str, storage: &str) -> Result<Value> {
        let id = self.run("return byTest('fact-session-id').textContent", json!({}))?;
        let id = id.as_str().unwrap_or_default();
        let before = self.real(id)?;
        let shown = self.facts()?;
        let after = self.real(id)?;
        let told = || format!("{what}: shown {shown}, and there is {after}");
        let record = &after["record"];
        if storage == "indexeddb" {
            let same = |fact: &str, place: usize| record[place].as_u64() == Some(number(&shown[fact]));
            ensure(same("version", 0) && same("files", 1), told)?;
            let bytes = (
                record[2].as_f64().unwrap_or(-1.0),
                size(&shown["bytes"]).unwrap_or(-2.0),
            );
            // Three digits are shown.
            ensure((bytes.0 - bytes.1).abs() <= bytes.0 * 0.005, told)?;
        } else {
            ensure(record.is_null(), told)?;
        }
        ensure(
            shown["storage"] == storage && shown["worker-state"] == after["state"],
            told,
        )?;
        ensure((shown["persisted"] == "yes") == (after["persisted"] == true), told)?;
        ensure(
            shown["line"] == format!("Ready. Worker {}", after["state"].as_str().unwrap_or_default()),
            told,
        )?;
        for fact in ["usage", "quota"] {
            let (low, high) = (before[fact].as_f64(), after[fact].as_f64());
            let (low, high) = (low.unwrap_or(f64::MAX), high.unwrap_or(-1.0));
            let said = size(&shown[fact]).unwrap_or(-1.0);
            // It is rounded to three digits, or to two; and the browser goes on with its own affairs.
            ensure(said >= low.min(high) * 0.95 && said <= low.max(high) * 1.05, told)?;
        }
        Ok(shown)
    }
}

/// "12.3 kB" in bytes.
fn size(text: &Value) -> Option<f64> {
    let (number, unit) = text.as_str()?.split_once(' ')?;
    let power = ["B", "kB", "MB", "GB", "TB"].iter().position(|name| *name == unit)?;
    Some(number.parse::<f64>().ok()? * 1000_f64.powi(i32::try_from(power).ok()?))
}

/// "1.2 s" in milliseconds.
fn duration(text: &Value) -> Option<f64> {
    let words: Vec<&str> = text.as_str()?.split(' ').collect();
    let parts = words.chunks(2).map(|part| {
        let number = part.first()?.parse::<f64>().ok()?;
        Some(
            number
                * [("ms", 1.0), ("s", 1000.0), ("min", 60_000.0)]
                    .into_iter()
                    .find(|unit| part.last() == Some(&unit.0))?
                    .1,
        )
    });
    parts.sum()
}

fn number(fact: &Value) -> u64 {
    fact.as_str()
        .and_then(|text| text.replace(',', "").parse().ok())
        .unwrap_or(u64::MAX)
}

/// Hits, misses, and how many files the worker has in memory.
fn work(facts: &Value) -> [u64; 3] {
    let held = facts["l1-bytes"].as_str().and_then(|text| text.split(' ').next());
    [
        number(&facts["l1-hits"]),
        number(&facts["l1-misses"]),
        held.map_or(u64::MAX, |held| number(&json!(held))),
    ]
}

fn all(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    demo.compared("a sample", "indexeddb")?;

    demo.pick_files(&bundle(), "rest.txt")?;
    let first = demo.compared("own files", "indexeddb")?;
    ensure(first["files"] == "3" && first["bytes"] == "500 B", || {
        format!("own files: {first}")
    })?;

    // The worker's work: what it has is a hit, what it has not is a miss, and is had from then on.
    demo.fetches("small.txt", 1)?;
    let before = work(&demo.facts()?);
    demo.fetches("small.txt", 3)?;
    let after = work(&demo.facts()?);
    ensure(after == [before[0] + 3, before[1], before[2]], || {
        format!("three hits made {after:?} of {before:?}")
    })?;
    demo.fetches("rest.txt", 1)?;
    let before = after;
    let after = work(&demo.facts()?);
    ensure(after == [before[0], before[1] + 1, before[2] + 1], || {
        format!("a miss made {after:?} of {before:?}")
    })?;

    // After a put.
    let mut more = bundle();
    more["more.txt"] = json!("and eleven.");
    demo.pick_files(&more, "more.txt")?;
    let second = demo.compared("after a put", "indexeddb")?;
    ensure(
        second["files"] == "4" && second["bytes"] == "511 B" && second["session-id"] == first["session-id"],
        || format!("after a put: {second}"),
    )?;
    ensure(number(&second["version"]) > number(&first["version"]), || {
        format!("the versions of {first} and {second}")
    })?;
    let put = second["activity"]
        .as_array()
        .is_some_and(|list| list.contains(&json!("Put 4 files")));
    ensure(put, || format!("the activity: {}", second["activity"]))?;

    // In memory instead: there is no such session in the store.
    demo.run("byTest('storage-memory').click()", json!({}))?;
    demo.ready("storage-memory")?;
    let third = demo.compared("in memory", "memory")?;
    ensure(
        third["files"] == "4" && third["bytes"] == "511 B" && third["session-id"] != first["session-id"],
        || format!("in memory: {third}"),
    )
}

fn stopped(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    demo.pick_files(&bundle(), "rest.txt")?;
    let runs = Instant::now();
    demo.fetches("small.txt", 3)?;
    let least = runs.elapsed().as_secs_f64() * 1000.0;
    let before = demo.facts()?;
    ensure(
        duration(&before["worker-age"]).is_some_and(|age| age >= least) && work(&before)[0] >= 2,
        || format!("before the stop, {least} ms after the first load: {before}"),
    )?;

    let stop = Instant::now();
    ensure(demo.browser.stop_workers()?, || "the worker was not stopped".to_owned())?;
    let after = demo.facts()?;
    let most = stop.elapsed().as_secs_f64() * 1000.0;
    // The question has woken it.
    ensure(
        duration(&after["worker-age"]).is_some_and(|age| age <= most) && work(&after) == [0, 0, 0],
        || format!("{most} ms after the stop: {after}"),
    )?;
    ensure(after["version"] == before["version"] && after["files"] == "3", || {
        format!("after the stop: {after}")
    })?;

    demo.fetches("small.txt", 3)?;
    let again = demo.compared("after the stop", "indexeddb")?;
    // The first is read from the store.
    ensure(work(&again) == [2, 1, 1], || {
        format!("three fetches after the stop: {again}")
    })
}

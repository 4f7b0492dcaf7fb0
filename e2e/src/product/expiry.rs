//! Stored sessions that nobody uses go; those that a page has open stay, however long ago they were used.

use serde_json::{Value, json};

use super::lifecycle::{Life, PARTITIONED};
use super::vfs_with;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

const SAME_SITE: &[Host] = &[Host::SameSite];

pub(super) const CASES: &[Case] = &[
    Case::new("expiry_of_what_nobody_uses", unused).under(SAME_SITE),
    Case::new("expiry_amid_openings", races).under(SAME_SITE),
    Case::new("expiry_use_is_noted", noted).under(SAME_SITE),
];

/// Runs a body where the store is: in the host page's first hub.
pub(super) fn in_the_hub(life: &Life<'_>, body: &str) -> Result<Value> {
    const STORE: &str = r"
const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
const database = await done(indexedDB.open('virtual-files'));
const sessions = (mode = 'readonly') => database.transaction('sessions', mode).objectStore('sessions');
try {
  BODY
} finally { database.close(); }
";
    life.stage.browser.leave()?;
    life.stage.browser.enter("iframe[src*='/hub.html']")?;
    let found = life.look(&STORE.replace("BODY", body));
    life.stage.browser.leave()?;
    found
}

/// Stored sessions stay for so many seconds, where a case does not say otherwise.
const TTL: u32 = 2;

/// Opens the case's session with a name of its own.
const OPEN: &str =
    "const openAs = (name, more = {}) => open({ ...args.options, ...more, id: `${args.options.id}-${name}` });\n";

/// Puts the session of a name, at an origin where sessions do not stay for long.
fn put(life: &Life<'_>, name: &str, more: Value) -> Result<Value> {
    let put = "await openAs(args.name, args.more); await session.put({ 'probe.html': PROBE, 'a.txt': args.name }); return session.url";
    life.run_with(&[OPEN, put].concat(), json!({"name": name, "more": more}))
}

/// The names of the case's sessions that are stored, once one of them is gone.
fn left_without(life: &Life<'_>, gone: &str) -> Result<Value> {
    let wait = format!(
        r"for (;;) {{
            const keys = (await done(sessions().getAllKeys())).map((key) => key.slice('{}-'.length)).sort();
            if (!keys.includes('{gone}')) return keys;
            await new Promise((resolve) => setTimeout(resolve, 50));
          }}",
        life.options["id"].as_str().unwrap_or_default()
    );
    in_the_hub(life, &wait)
}

fn unused(context: &mut Context<'_>) -> Result {
    let server = vfs_with(json!({"sessionTtlSeconds": TTL}))?;
    let mut life = Life::open(context, "shared", json!({}))?;
    life.at(server.origin("virtual-files.localhost"));
    let has_tabs = !PARTITIONED
        .iter()
        .any(|(engine, _)| *engine == life.stage.browser.engine);
    let browser = &life.stage.browser;
    let first = browser.window()?;
    put(&life, "quiet", json!({}))?;
    put(&life, "z-old", json!({}))?;
    let top = put(&life, "top", json!({"topLevel": true}))?;
    // Nothing but its own tab has the first, nothing but a hub the others; of the last, nobody says a word.
    life.second()?;
    if has_tabs {
        browser.goto(&format!("{}probe.html", top.as_str().unwrap_or_default()))?;
    }
    life.second()?;
    put(&life, "used", json!({}))?;
    life.second()?;
    life.run(&[OPEN, "await openAs('quiet')"].concat())?;
    browser.switch(&first)?;
    life.stage.goto_host()?;
    put(&life, "new", json!({}))?;
    left_without(&life, "z-old")?;
    // What is used by a look at it alone would go as well by now.
    life.second()?;
    put(&life, "z-late", json!({}))?;
    life.stage.browser.close()?;
    life.stage.browser.switch(&first)?;
    let keys = left_without(&life, "z-late")?;
    let kept = match has_tabs {
        true => json!(["new", "quiet", "top", "used"]),
        false => json!(["new", "quiet", "used"]),
    };
    ensure(keys == kept, || format!("kept are {keys}, and not {kept}"))
}

/// Whoever opens a session about when it expires has it or has not; who has it keeps it.
fn races(context: &mut Context<'_>) -> Result {
    const ALL: &str = "for (let at = 0; at < 24; at += 1) { await openAs(`s${at}`); await session.put({ 'probe.html': PROBE, 'a.txt': `${at}` }) }";
    const OPENED: &str = r"
        self.had ??= [];
        for (const at of args.these) {
          const opened = await openAs(`s${at}`);
          const files = (await opened.list()).length;
          check([2, 0].includes(files), `a list gave ${files}`);
          if (files === 2) had.push([at, opened]);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return had.length
        ";
    let server = vfs_with(json!({"sessionTtlSeconds": TTL}))?;
    let mut life = Life::open(context, "shared", json!({}))?;
    life.at(server.origin("virtual-files.localhost"));
    let browser = &life.stage.browser;
    let first = browser.window()?;
    life.run(&[OPEN, ALL].concat())?;
    let second = life.second()?;
    let opened = |these: &[u32]| life.run_with(&[OPEN, OPENED].concat(), json!({"these": these}));
    let kept = opened(&[0, 1, 2, 3])?;
    ensure(kept == 4, || {
        format!("{kept} of 4 are there while another page has them open")
    })?;
    browser.switch(&first)?;
    life.stage.goto_host()?;
    // What sweeps.
    put(&life, "z-first", json!({}))?;
    browser.switch(&second)?;
    opened(&(4..24).collect::<Vec<u32>>())?;
    // One more life, all of it while the others are open.
    life.second()?;
    put(&life, "z-last", json!({}))?;
    browser.close()?;
    browser.switch(&first)?;
    left_without(&life, "z-last")?;
    browser.switch(&second)?;
    life.run(
        r"
        for (const [at, opened] of had) {
          same((await opened.list()).length, 2, `session ${at}`);
          same(await (await opened.read('a.txt')).text(), `${at}`, 'its file');
        }
        ",
    )
    .map(drop)
}

fn noted(context: &mut Context<'_>) -> Result {
    const DAY: u32 = 86_400_000;
    let life = Life::open(context, "shared", json!({}))?;
    life.run("await open(); await session.put({ 'probe.html': PROBE })")?;
    let id = life.options["id"].as_str().unwrap_or_default().to_owned();
    let three_days_ago = format!(
        "const record = await done(sessions().get('{id}')); record[4] = Date.now() - 3 * {DAY};\
         await done(sessions('readwrite').put(record, '{id}'))"
    );
    let today = format!(
        "for (;;) {{ const [, , , , used] = await done(sessions().get('{id}')); if (Date.now() - used < {DAY}) return;\
         await new Promise((resolve) => setTimeout(resolve, 50)); }}"
    );
    // By a navigation, which the worker answers.
    in_the_hub(&life, &three_days_ago)?;
    life.run("self.preview = await mountProbe()")?;
    in_the_hub(&life, &today)?;
    // The same, where a worker that has just started would ask hubs. They know of the old time by their own look at the store.
    in_the_hub(&life, &three_days_ago)?;
    let look = format!("new BroadcastChannel('virtual-files:changes').postMessage({{ ends: '{id}' }})");
    in_the_hub(&life, &look)?;
    // One that goes on believes what it has noted, today.
    if life.stage.browser.stop_workers()? {
        life.run(
            "const ready = once(window, 'message', (event) => event.data?.probe);\
             preview.element.contentWindow.location.href = session.url + 'probe.html?again'; await within(ready, 'the probe')",
        )?;
        in_the_hub(&life, &today)?;
    }
    // By a hub that is asked for it.
    in_the_hub(&life, &three_days_ago)?;
    life.stage.goto_host()?;
    life.run("await open(); await session.list()")?;
    in_the_hub(&life, &today).map(drop)
}

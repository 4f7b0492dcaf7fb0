//! The demo from `dist/demo`, used as a visitor would use it: samples, the editor, the switches.
//!
//! The page's policy allows no `eval`, so scripts run by the driver's own means. Test ids: the head of the demo's
//! `src/main.js`.

pub(super) mod drops;
pub(super) mod state;

use serde_json::{Value, json};

use crate::browser::{Browser, NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("demo_shows_every_sample", samples),
    Case::new("demo_edits_reach_the_preview", edits).under(&[Host::SameSite]),
    Case::new("demo_switches", switches).under(&[Host::SameSite]),
    Case::new("demo_shows_every_sample_with_storage_blocked", samples)
        .under(&[Host::SameSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("demo_says_what_to_do_with_storage_blocked", refused)
        .under(&[Host::CrossSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
];

/// Each sample, and what its page shows once its scripts, styles, workers and data have come.
const SAMPLES: &[(&str, &str)] = &[
    (
        "almanac",
        "await until(() => document.querySelectorAll('#days > *').length > 27 && document.querySelector('#disc').childElementCount > 0 \
         && document.querySelector('#lead').textContent.length > 10, 'the moon'); await within(document.fonts.ready, 'the fonts');\
         return [document.title, [...document.fonts].some((font) => font.status === 'loaded')]",
    ),
    (
        "murmuration",
        "await until(() => /[0-9]/.test(document.querySelector('#facts').textContent), 'the flock'); return [document.title, true]",
    ),
    (
        "tape",
        "await until(() => document.querySelector('#total').textContent !== '0:00' && document.querySelector('#cover').naturalWidth > 0, 'the tape');\
         return [document.title, true]",
    ),
    (
        "islands",
        "await until(() => document.querySelectorAll('#view a, #view [data-to]').length > 3, 'the islands'); return [document.title.includes('slands'), true]",
    ),
];

/// In front of every script: waits until something is true of the page, looked at whenever the page changes.
const UNTIL: &str = "
const until = (holds, what) => within(new Promise((resolve) => {
  const look = () => { if (holds()) { watch.disconnect(); for (const type of ['load', 'loadedmetadata']) removeEventListener(type, look, true); resolve(); } };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  // An image or a sound that has come changes nothing in the tree.
  for (const type of ['load', 'loadedmetadata']) addEventListener(type, look, true);
  look();
}), what, 40000);
const byTest = (id) => document.querySelector(`[data-testid=\"${id}\"]`);
const ready = async () => {
  await until(() => ['ready', 'failed'].includes(document.documentElement.dataset.state), 'the demo');
  return [document.documentElement.dataset.state, [...document.querySelectorAll('[data-testid=banner]')].map((banner) => banner.dataset.code)];
};
";

/// The demo, open in the browser.
struct Demo<'a> {
    browser: &'a Browser,
    /// Its page, with the VFS origin to use.
    url: String,
    _server: Server,
}

impl<'a> Demo<'a> {
    fn open(context: &'a mut Context<'_>) -> Result<Self> {
        let folder = super::dist("demo")?;
        let vfs = context.shared.product()?.origin("{session}.virtual-files.localhost");
        let server = Server::start(move |hit| match hit.path() {
            "/" => Reply::file(&folder, "index.html"),
            path => Reply::file(&folder, path),
        })?;
        let vfs = vfs.replace('{', "%7B").replace('}', "%7D");
        let url = format!("{}/?origin={vfs}", server.origin(context.host.hostname()));
        Ok(Self {
            browser: context.browser,
            url,
            _server: server,
        })
    }

    fn run(&self, body: &str, args: Value) -> Result<Value> {
        self.browser.eval(&format!("{UNTIL}\n{body}"), &args)
    }

    /// Opens a sample by its address and waits until it is shown.
    fn sample(&self, name: &str) -> Result {
        // From another page, as a change of the fragment alone would not load this one again.
        self.browser.goto("about:blank")?;
        self.browser.goto(&format!("{}#sample={name}", self.url))?;
        self.ready(name)
    }

    fn ready(&self, what: &str) -> Result {
        let state = self
            .run("return await ready()", json!({}))
            .map_err(|error| format!("{what}: {error}"))?;
        ensure(state == json!(["ready", []]) || state == json!(["ready", [""]]), || {
            format!("{what}: the demo is {state}")
        })
    }

    /// Runs a script in the preview.
    fn in_preview(&self, body: &str) -> Result<Value> {
        self.browser.enter("[data-testid=preview] iframe")?;
        let result = self.run(body, json!({}));
        self.browser.leave()?;
        result
    }
}

fn samples(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    for (name, body) in SAMPLES {
        demo.sample(name)?;
        let shown = demo.in_preview(body).map_err(|error| format!("{name}: {error}"))?;
        ensure(shown[0] != "" && shown[0] != false && shown[1] == true, || {
            format!("{name} shows {shown}")
        })?;
        let kept = demo.run(
            "return [byTest('isolation-origin').checked, byTest('storage-indexeddb').checked, document.querySelectorAll('[data-testid=tree-file]').length]",
            json!({}),
        )?;
        ensure(kept[0] == true && kept[1] == true && kept[2].as_u64() > Some(3), || {
            format!("{name}: {kept}")
        })?;
    }
    Ok(())
}

/// On another site than the VFS origin, with third-party storage blocked, the demo says why nothing runs, and what to do.
fn refused(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    for (name, _) in SAMPLES {
        demo.browser.goto("about:blank")?;
        demo.browser.goto(&format!("{}#sample={name}", demo.url))?;
        let state = demo.run("return await ready()", json!({}))?;
        ensure(state[0] == "failed", || format!("{name}: the demo is {state}"))?;
        let told = demo.run(
            "return document.querySelector('[data-testid=banner][data-code=SERVICE_WORKER_UNAVAILABLE]')?.innerText",
            json!({}),
        )?;
        let told = told.as_str().unwrap_or_default();
        ensure(
            ["same site", "third-party cookies", "\"opaque\""]
                .iter()
                .all(|advice| told.contains(advice)),
            || format!("{name}: the banner does not say what to do: {told}"),
        )?;
    }
    Ok(())
}

fn edits(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    // Typed, saved by itself, shown.
    let edit = "document.querySelector('[data-testid=tree-file][data-path=\"index.html\"]').click();\
                await until(() => byTest('open-path').textContent.includes('index.html'), 'the file in the editor');\
                const area = byTest('editor-input'), loads = Number(document.documentElement.dataset.loads);\
                await until(() => area.value.includes('<h1'), 'its text');\
                area.value = area.value.replace('<main>', '<main><p id=\"typed\">typed by a visitor</p>');\
                area.dispatchEvent(new Event('input', { bubbles: true }));\
                await until(() => byTest('save-state').dataset.state === 'saved' && Number(document.documentElement.dataset.loads) > loads, 'the preview after the edit');";
    demo.run(edit, json!({}))?;
    let shown = demo.in_preview("await until(() => document.querySelector('#typed'), 'the new paragraph'); return document.querySelector('#typed').innerText")?;
    ensure(shown == "typed by a visitor", || format!("the preview shows {shown}"))?;
    // The session is in the address, and what was typed is in the session.
    demo.browser.reload()?;
    demo.ready("after a reload")?;
    let shown = demo.in_preview("await until(() => document.querySelector('#typed'), 'the paragraph'); return document.querySelector('#typed').innerText")?;
    ensure(shown == "typed by a visitor", || {
        format!("after a reload the preview shows {shown}")
    })
}

fn switches(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    let address = "return [byTest('preview-origin').textContent, document.querySelector('[data-testid=preview] iframe').src, location.hash]";
    for (switch, wanted) in [
        ("storage-memory", ["origin", "memory"]),
        ("isolation-shared", ["shared", "memory"]),
        ("storage-indexeddb", ["shared", "indexeddb"]),
        ("isolation-origin", ["origin", "indexeddb"]),
    ] {
        demo.run("byTest(args.switch).click()", json!({"switch": switch}))?;
        demo.ready(switch)?;
        let seen = demo.run(address, json!({}))?;
        let (frame, hash) = (
            seen[1].as_str().unwrap_or_default(),
            seen[2].as_str().unwrap_or_default(),
        );
        let own = !frame.starts_with("http://virtual-files.localhost");
        ensure(own == (wanted[0] == "origin"), || {
            format!("{switch}: the preview is at {seen}")
        })?;
        let told = [format!("isolation={}", wanted[0]), format!("storage={}", wanted[1])];
        ensure(told.iter().all(|told| hash.contains(told.as_str())), || {
            format!("{switch}: the address says {hash}")
        })?;
        demo.in_preview(SAMPLES[0].1)
            .map_err(|error| format!("{switch}: {error}"))?;
    }
    // Without an origin, at the edge: the frame has none, and the page is the same.
    demo.run("byTest('isolation-opaque').click()", json!({}))?;
    demo.ready("isolation-opaque")?;
    let seen = demo.run(address, json!({}))?;
    ensure(
        seen[1].as_str().is_some_and(|frame| frame.starts_with("http://e-")),
        || format!("opaque: the preview is at {seen}"),
    )?;
    let origin = demo.in_preview("return self.origin")?;
    ensure(origin == "null", || format!("opaque: the preview is of {origin}"))?;
    demo.in_preview(SAMPLES[0].1).map(drop)
}

//! A new release comes out while pages of the old one are open.
//!
//! The releases are one build, served as it is, with another script of the worker, or behind a few lines that put another
//! format's or protocol's number on its words: real hubs, workers and SDKs that do not understand each other.

use std::sync::{Arc, Mutex};

use serde_json::json;
use virtual_files_core::protocol::{PROTOCOL_VERSION, WIRE_FORMAT};

use super::lifecycle::worker::LOAD;
use super::lifecycle::{Life, NO_STOP};
use super::{ISOLATIONS, asset, dist, filled, hello};
use crate::browser::Engine;
use crate::case::{Case, Context, Host, locked};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

const SAME_SITE: &[Host] = &[Host::SameSite];

pub(super) const CASES: &[Case] = &[
    Case::new("rolling_new_worker_amid_a_page_load", amid_a_load),
    Case::new("rolling_puts_while_a_new_worker_comes", amid_puts).under(SAME_SITE),
    Case::new("rolling_new_hub_meets_the_old_worker", new_hub).under(SAME_SITE),
    Case::new("rolling_old_hub_meets_a_new_worker", old_hub).under(SAME_SITE),
    Case::new("rolling_old_sdk_meets_a_new_hub", old_sdk).under(SAME_SITE),
    Case::new("rolling_worker_outlives_its_file", wasm_gone)
        .under(SAME_SITE)
        .without(NO_STOP),
    Case::new("rolling_first_visit_without_the_wasm", no_wasm).under(SAME_SITE),
];

/// A script that has a build say other numbers.
fn shim(wire: u32, protocol: u32) -> String {
    let numbers = format!("[{WIRE_FORMAT}, {PROTOCOL_VERSION}], [{wire}, {protocol}]");
    include_str!("rolling/release.js").replace("[], []", &numbers)
}

/// What the server gives out.
#[derive(Clone, Copy)]
pub(super) enum Release {
    First,
    /// Nothing but the worker's script is new.
    SameFormats,
    /// Hub and worker speak otherwise.
    OtherFormat,
    /// Host and hub speak otherwise.
    OtherProtocol,
    /// The first one's worker has no wasm on the server any more.
    WasmGone,
    /// As the first one, in a browser without IndexedDB.
    WithoutDatabase,
    /// As the first one, in a browser that refuses to open a database.
    DatabaseRefused,
}

const WITHOUT_DATABASE: &str = "Object.defineProperty(self, 'indexedDB', { value: undefined });\n";
const DATABASE_REFUSED: &str =
    "IDBFactory.prototype.open = () => { throw new DOMException('by a setting', 'SecurityError'); };\n";

/// A VFS origin on a static server, whose release can be changed.
pub(super) struct Rolling {
    server: Server,
    release: Arc<Mutex<Release>>,
}

impl Rolling {
    pub(super) fn start() -> Result<Self> {
        let folder = dist("origin")?;
        let release = Arc::new(Mutex::new(Release::First));
        let now = release.clone();
        let server = Server::start(move |hit| {
            let (wire, protocol) = match *locked(&now) {
                Release::OtherFormat => (WIRE_FORMAT + 1, PROTOCOL_VERSION),
                Release::OtherProtocol => (WIRE_FORMAT, PROTOCOL_VERSION + 1),
                _ => (WIRE_FORMAT, PROTOCOL_VERSION),
            };
            let before = match *locked(&now) {
                Release::First | Release::WasmGone => String::new(),
                Release::SameFormats => String::from("// The next release.\n"),
                Release::WithoutDatabase => String::from(WITHOUT_DATABASE),
                Release::DatabaseRefused => String::from(DATABASE_REFUSED),
                Release::OtherFormat | Release::OtherProtocol => shim(wire, protocol),
            };
            let reply = match hit.path() {
                "/hub.html" => {
                    let scripts = format!("<script>{before}</script><script");
                    Reply::html(filled(&folder, "hub.html").replacen("<script", &scripts, 1))
                }
                "/sw.js" => Reply::script(before + &filled(&folder, "sw.js")),
                "/_vf/hello" => hello(protocol),
                _ if hit.header("sec-fetch-mode") == "navigate" => Reply::html(filled(&folder, "_vf/boot.html")),
                path if path.starts_with("/_vf/worker-") && matches!(*locked(&now), Release::WasmGone) => {
                    Reply::missing()
                }
                path => asset(&folder, path).unwrap_or_else(Reply::missing),
            };
            reply.with("Cache-Control", "no-store")
        })?;
        Ok(Self { server, release })
    }

    pub(super) fn roll(&self, release: Release) {
        *locked(&self.release) = release;
    }

    /// The options of `connect` for an isolation, to be put over those of the case.
    fn origin(&self, isolation: &str) -> String {
        self.server.origin(match isolation {
            "origin" => "{session}.virtual-files.localhost",
            _ => "virtual-files.localhost",
        })
    }
}

/// Has the browser look for a newer worker, from within the preview, and waits until it controls the page.
const UPDATE: &str = r"
const frame = document.querySelector('#stage iframe');
const updated = once(window, 'message', (event) => event.data?.updated !== undefined);
frame.contentWindow.postMessage({ update: true }, '*');
same((await within(updated, 'the newer worker', 30000)).data.updated, 'activated', 'the newer worker');
";

/// The preview's part of it.
const UPDATER: &str = r"
const first = navigator.serviceWorker.controller;
addEventListener('message', async ({ data, source }) => {
  if (!data?.update) return;
  try {
    // The browser may have looked by itself.
    const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
    const registration = await navigator.serviceWorker.getRegistration();
    // An update joins one that is under way, which may have fetched the script before it was another.
    while (navigator.serviceWorker.controller === first && !registration.installing && !registration.waiting) await registration.update();
    if (navigator.serviceWorker.controller === first) await changed;
    const { controller } = navigator.serviceWorker;
    if (controller.state !== 'activated') await new Promise((resolve) => controller.addEventListener('statechange', resolve, { once: true }));
    source.postMessage({ updated: controller.state }, '*');
  } catch (error) { source.postMessage({ updated: String(error) }, '*'); }
});
";

impl Life<'_> {
    /// Opens the session at the rolling origin, with the probe in it; the probe can update the worker.
    pub(super) fn roll_in(&self, rolling: &Rolling, isolation: &str, body: &str) -> Result {
        let open = format!(
            "const updatable = PROBE.replace('</script>', `{UPDATER}</script>`); self.vfs = undefined;\
             const options = args.options; self.vfs = await connect({{ origin: args.rolling }}); self.session = await vfs.session(options);\n{body}"
        );
        let args = json!({"rolling": rolling.origin(isolation)});
        self.run_with(&open, args).map(drop)
    }
}

/// Runs a case at a new origin, with a new session, for each isolation and storage.
fn each(context: &mut Context<'_>, case: impl Fn(&Life<'_>, &Rolling, &str) -> Result) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in ["indexeddb", "memory"] {
            let rolling = Rolling::start()?;
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            case(&life, &rolling, isolation).map_err(|error| format!("{isolation}, {storage}: {error}"))?;
        }
    }
    Ok(())
}

fn amid_a_load(context: &mut Context<'_>) -> Result {
    each(context, |life, rolling, isolation| {
        life.roll_in(rolling, isolation, "")?;
        // The session is open; `LOAD` puts its modules and mounts them.
        let load = LOAD.replacen("await open();", "", 1);
        let load = load.replacen(
            "</script>`",
            &format!("</script><script>{}</script>`", UPDATER.replace('`', "\\`")),
            1,
        );
        life.run(&load)?;
        let before = life.run("return (await session.estimate()).worker.started")?;
        loop {
            let said = life.run("return await next()")?;
            if !said["batch"].is_u64() {
                let wanted: u64 = (0..60).map(|n| n * 1001).sum();
                ensure(said["sum"] == wanted && said["failed"].is_null(), || {
                    format!("the page says {said}")
                })?;
                break;
            }
            let go = "preview.element.contentWindow.postMessage('go', '*')";
            if said["batch"] == 2 {
                // While the third batch's requests are under way. WebKit does not let them end.
                let (first, then) = match life.stage.browser.engine {
                    Engine::WebKit => (UPDATE, go),
                    _ => (go, UPDATE),
                };
                rolling.roll(Release::SameFormats);
                life.run(&format!("{first};\n{then}"))?;
            } else {
                life.run(go)?;
            }
        }
        let after = life.run("return (await session.estimate()).worker.started")?;
        ensure(after.as_u64() > before.as_u64(), || {
            "no new worker: the case shows nothing".to_owned()
        })?;
        life.run(
            "await session.put({ 'after.txt': 'after' });\
             same(await (await session.read('after.txt')).text(), 'after', 'put after the update')",
        )?;
        Ok(())
    })
}

/// What is put while one worker takes another's place is known to the new one.
fn amid_puts(context: &mut Context<'_>) -> Result {
    each(context, |life, rolling, isolation| {
        let put = "await session.put({ 'probe.html': updatable, 'n.txt': 'none' }); self.preview = await mountProbe()";
        life.roll_in(rolling, isolation, put)?;
        rolling.roll(Release::SameFormats);
        // Firefox and WebKit end a worker with the requests that it has, or have the network answer them; none is answered
        // with what was there before.
        let kept = life.stage.browser.engine == Engine::Chromium;
        let puts = format!(
            r"
            let come = false;
            const dropped = (heard) => heard.error !== undefined || (heard.status === 404 && heard.text === 'not found');
            const puts = (async () => {{
              let n = 0;
              // Some after it has come, too.
              for (let after = 0; after < 3; after += come) {{
                n += 1;
                await within(session.put({{ 'n.txt': `${{n}}` }}), `put ${{n}}`);
                const amid = !come;
                const heard = await ask(preview, 'n.txt');
                if ({kept} || !amid || !dropped(heard)) same(heard.text, `${{n}}`, 'read after it was put');
                // A worker that is never idle is not replaced.
                await new Promise((resolve) => setTimeout(resolve, 100));
              }}
            }})();
            const update = async () => {{ {UPDATE} come = true; }};
            await Promise.all([puts, update()]);
            "
        );
        life.run(&puts)?;
        Ok(())
    })
}

/// What is loaded after a release brings the new worker with it, and nothing fails in between.
fn new_hub(context: &mut Context<'_>) -> Result {
    each(context, |life, rolling, isolation| {
        let put = "await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' }); self.preview = await mountProbe(); same((await ask(preview, 'kept.txt')).text, 'kept', 'before')";
        life.roll_in(rolling, isolation, put)?;
        rolling.roll(Release::OtherFormat);
        life.stage.goto_host()?;
        let again = "const both = [session.put({ 'probe.html': updatable, 'new.txt': 'new' }), session.estimate(), session.stat('kept.txt').catch(() => {})];\
                     same((await Promise.all(both))[0].storage, options.storage, 'storage');\
                     self.preview = await mountProbe(); same((await ask(preview, 'new.txt')).text, 'new', 'after');\
                     if (options.storage === 'indexeddb') same((await ask(preview, 'kept.txt')).text, 'kept', 'what was stored')";
        life.roll_in(rolling, isolation, again)?;
        life.run("await session.clear(); await vfs.dispose()")?;
        Ok(())
    })
}

/// An open page is told to load anew; until then, what is stored is served, and nothing is lost.
fn old_hub(context: &mut Context<'_>) -> Result {
    each(context, |life, rolling, isolation| {
        let put =
            "await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' }); self.preview = await mountProbe()";
        life.roll_in(rolling, isolation, put)?;
        rolling.roll(Release::OtherFormat);
        life.run(UPDATE)?;
        life.run(
            r"
            let error; try { await session.put({ 'new.txt': 'new' }); } catch (thrown) { error = thrown; }
            same([error?.code, /Reload/.test(error?.message)], ['VERSION_MISMATCH', true], `a put of an old page: ${error}`);
            same(await (await session.read('kept.txt')).text(), 'kept', 'what an old page has can be saved');
            const { status, text } = await ask(preview, 'kept.txt');
            if (args.options.storage === 'indexeddb') same(text, 'kept', 'what is stored');
            else same(status, 503, 'what only the old page has');
            ",
        )?;
        life.stage.goto_host()?;
        let again = "if (options.storage === 'memory') await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' });\
                     await session.put({ 'new.txt': 'new' }); self.preview = await mountProbe();\
                     same([(await ask(preview, 'kept.txt')).text, (await ask(preview, 'new.txt')).text], ['kept', 'new'], 'loaded anew')";
        life.roll_in(rolling, isolation, again)?;
        life.run("await session.clear(); await vfs.dispose()")?;
        Ok(())
    })
}

/// A page that was loaded before goes on with the hubs that it has, and is told why it gets no others.
fn old_sdk(context: &mut Context<'_>) -> Result {
    let rolling = Rolling::start()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    life.turn("origin", json!({}));
    let put = "await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' }); self.preview = await mountProbe()";
    life.roll_in(&rolling, "origin", put)?;
    rolling.roll(Release::OtherProtocol);
    life.run_with(
        r"
        same(await codeOf(vfs.session({ ...args.options, id: args.options.id + '-late' })), 'VERSION_MISMATCH', 'another session');
        await session.put({ 'kept.txt': 'changed' }); same((await ask(preview, 'kept.txt')).text, 'changed', 'the session that was open')
        ",
        json!({}),
    )
    .map(drop)
}

/// A worker has its wasm from when it was installed, and fetches it anew where somebody took that away.
fn wasm_gone(context: &mut Context<'_>) -> Result {
    each(context, |life, rolling, isolation| {
        let put =
            "await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' }); self.preview = await mountProbe()";
        life.roll_in(rolling, isolation, put)?;
        rolling.roll(Release::WasmGone);
        life.stage.browser.stop_workers()?;
        // No hub can say how often the worker was started.
        let works = "await session.estimate(); same((await ask(preview, 'kept.txt')).text, 'kept', 'by the wasm')";
        life.run(works)?;
        life.stage.enter_preview()?;
        life.run("same((await caches.keys()).length, 1, 'caches'); check(await caches.delete('virtual-files:worker'), 'its cache')")?;
        life.stage.browser.leave()?;
        life.stage.browser.stop_workers()?;
        life.run(
            r"
            same(await codeOf(session.estimate()), 'INTERNAL', 'without its wasm');
            const { status, text } = await ask(preview, 'kept.txt');
            same([status, /has failed/.test(text)], [500, true], text);
            ",
        )?;
        rolling.roll(Release::First);
        life.run(works)?;
        life.run("await session.clear(); await vfs.dispose()")?;
        Ok(())
    })
}

/// Whoever comes while the server lacks the worker's wasm is told so, and all is well when it is there.
fn no_wasm(context: &mut Context<'_>) -> Result {
    let rolling = Rolling::start()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        rolling.roll(Release::WasmGone);
        life.stage.goto_host()?;
        life.turn(isolation, json!({"storage": "indexeddb"}));
        let origin = rolling.origin(isolation);
        let refused = life.run_with(
            r"
            self.vfs = await connect({ origin: args.rolling });
            try { await vfs.session(args.options); return 'a session'; } catch (error) { return [error.code, error.message]; }
            ",
            json!({"rolling": origin}),
        )?;
        ensure(refused[0] == "SERVICE_WORKER_UNAVAILABLE", || {
            format!("{isolation}: {refused}")
        })?;
        // A tab of its own.
        let id = life.options["id"].as_str().unwrap_or_default().to_owned();
        let url = format!("{}/{id}/", origin.replace("{session}", &id));
        life.stage.browser.goto(&url)?;
        let text = life.look(
            r"
            for (;;) {
              if (document.body.innerText.includes('SERVICE_WORKER_UNAVAILABLE')) return document.body.innerText;
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
            ",
        )?;
        ensure(
            text.as_str().is_some_and(|text| text.contains("could not be loaded")),
            || format!("{isolation}: {text}"),
        )?;
        rolling.roll(Release::First);
        life.stage.goto_host()?;
        let put = "await session.put({ 'probe.html': updatable, 'kept.txt': 'kept' }); self.preview = await mountProbe();\
                   same((await ask(preview, 'kept.txt')).text, 'kept', 'afterwards'); await session.clear(); await vfs.dispose()";
        life.roll_in(&rolling, isolation, put)?;
    }
    Ok(())
}

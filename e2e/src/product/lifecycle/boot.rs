//! The boot page, and browsers that give a worker nowhere to live.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::ISOLATIONS;
use super::{Life, PARTITIONED, STORAGES};
use crate::browser::{Engine, NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_boot_page_installs_the_worker_again", unregistered),
    Case::new("lifecycle_boot_page_without_a_hub", alone)
        .under(&[Host::SameSite])
        .without(PARTITIONED),
    Case::new("lifecycle_boot_page_of_an_unknown_session", unknown).under(&[Host::SameSite]),
    Case::new("lifecycle_page_of_an_absent_session_heals", heals),
    Case::new("lifecycle_shift_reload_heals", shift_reload)
        .under(&[Host::SameSite])
        .without(PARTITIONED),
    Case::new("lifecycle_cookies_blocked_and_a_same_site_host", works)
        .under(&[Host::SameSite])
        .with(&[Profile::CookiesBlocked]),
    Case::new("lifecycle_storage_blocked_and_a_same_site_host", works)
        .under(&[Host::SameSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("lifecycle_storage_blocked_and_a_cross_site_host", refused)
        .under(&[Host::CrossSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("lifecycle_cookies_blocked_and_a_cross_site_host", works_or_says_why)
        .under(&[Host::CrossSite])
        .with(&[Profile::CookiesBlocked]),
];

/// From within the preview: no registration is left for what is loaded next.
const UNREGISTER: &str = r"
const all = await navigator.serviceWorker.getRegistrations();
check(all.length > 0 && navigator.serviceWorker.controller, 'there was no worker to unregister');
for (const registration of all) check(await registration.unregister(), 'not unregistered');
";

fn unregistered(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.run(
            r"
            for (const old of stage.children) old.remove(); await open();
            await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' }); self.preview = await mountProbe()
            ",
        )?;
        life.stage.enter_preview()?;
        life.run(UNREGISTER)?;
        life.stage.browser.leave()?;
        // The hub's frame is there still, with the worker that it had: what it tells that one, the next must know too.
        life.run(
            r"
            const ready = once(window, 'message', (event) => event.data?.probe);
            preview.element.contentWindow.location.href = session.url + 'probe.html?again';
            const { data } = await within(ready, 'the probe after the boot page');
            check(data.controlled, 'the document is not controlled');
            same((await ask(preview, 'kept.txt')).text, 'kept', 'after the boot page');
            for (let n = 0; n < 5; n += 1) {
              await session.put({ 'kept.txt': `put ${n}` });
              same((await ask(preview, 'kept.txt')).text, `put ${n}`, 'put after the boot page');
            }
            ",
        )?;
        life.stage.enter_preview()?;
        life.run(UNREGISTER)?;
        life.stage.browser.leave()?;
        // The document of the session is what is waited for, and the boot page passes.
        life.run(
            r"
            let loads = 0;
            preview.addEventListener('load', () => { loads += 1; });
            await within(preview.navigate('probe.html?awaited'), 'the navigation');
            same((await ask(preview, 'kept.txt')).text, 'put 4', 'asked of what had loaded');
            same(loads, 1, 'documents that have loaded');
            ",
        )?;
    }
    Ok(())
}

/// The preview's URL in a tab of its own, with neither worker nor hub there; then again with both gone.
fn alone(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"topLevel": true}));
        let url = top_level(&life)?;
        life.stage.browser.goto(&url)?;
        let text = shown(&life, "kept")?;
        ensure(text == "kept", || format!("{isolation}: {text}"))?;
        life.run(UNREGISTER)?;
        life.stage.browser.goto("about:blank")?;
        life.stage.browser.goto(&url)?;
        let text = shown(&life, "kept")?;
        ensure(text == "kept", || {
            format!("{isolation}: after the worker was unregistered: {text}")
        })?;
        let controlled = life.run("return !!navigator.serviceWorker.controller")?;
        ensure(controlled == true, || {
            format!("{isolation}: shown, but not by the worker")
        })?;
    }
    Ok(())
}

/// An origin that has never been visited: the worker is installed, and says that there is no such session.
fn unknown(context: &mut Context<'_>) -> Result {
    let life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        let id = format!("{}-never", life.stage.id);
        let absent = life.stage.origin(isolation).replace("{session}", &id);
        life.stage.browser.goto(&format!("{absent}/{id}/index.html"))?;
        shown(&life, "NOT_FOUND")?;
        let controlled = life.look("return !!navigator.serviceWorker.controller")?;
        ensure(controlled == true, || {
            format!("{isolation}: the page is not the worker's")
        })?;
    }
    Ok(())
}

/// What is mounted before it is put shows itself when it is.
fn heals(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run("await open(); await session.mount(stage, { entry: 'probe.html' })")?;
            life.stage.enter_preview()?;
            shown(&life, "NOT_FOUND")?;
            life.stage.browser.leave()?;
            life.run(
                "const shown = once(window, 'message', (event) => event.data?.probe);\
                 await session.put({ 'probe.html': PROBE }); await within(shown, 'the page')",
            )?;
            // Both at once, by two of one session.
            life.run(
                "await session.clear(); const other = await vfs.session(args.options);\
                 const shown = once(window, 'message', (event) => event.data?.probe);\
                 const mounted = other.mount(stage, { entry: 'probe.html' }); await session.put({ 'probe.html': PROBE });\
                 await within(shown, 'the page of a mount amid a put'); await mounted; await other.dispose()",
            )?;
        }
    }
    Ok(())
}

/// Puts a bundle that may be opened in a tab of its own; gives its URL.
pub(super) fn top_level(life: &Life<'_>) -> Result<String> {
    life.stage.goto_host()?;
    let url = life.run(
        "await open(); await session.put({ 'index.html': '<!doctype html><title>kept</title><p>kept', 'kept.txt': 'kept' }); return session.url",
    )?;
    Ok(url.as_str().ok_or("no URL")?.to_owned())
}

/// The text of the page, once it contains what is wanted: until then another document may be on its way.
pub(in super::super) fn shown(life: &Life<'_>, wanted: &str) -> Result<String> {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let text = life.look("return document.readyState === 'complete' ? document.body.innerText.trim() : ''");
        match text {
            Ok(Value::String(text)) if text.contains(wanted) => return Ok(text),
            Ok(_) | Err(_) if Instant::now() < limit => {}
            other => return Err(format!("waited for {wanted:?} to be shown: {other:?}").into()),
        }
    }
}

fn shift_reload(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"topLevel": true}));
        let url = top_level(&life)?;
        life.stage.browser.goto(&url)?;
        shown(&life, "kept")?;
        for _ in 0..2 {
            life.look("self.old = true")?;
            life.stage.browser.shift_reload()?;
            let limit = Instant::now() + Duration::from_secs(30);
            // The boot page comes from the network, and then the document from the worker.
            let fresh = "return !self.old && document.title === 'kept' && !!navigator.serviceWorker.controller";
            while !life.look(fresh).is_ok_and(|fresh| fresh == true) {
                let here = || life.look("return [document.title, document.body?.innerText]");
                ensure(Instant::now() < limit, || {
                    format!("{isolation}: not healed: {:?}", here())
                })?;
            }
            let text = life.run("return await (await fetch('kept.txt')).text()")?;
            ensure(text == "kept", || format!("{isolation}: {text}"))?;
        }
    }
    Ok(())
}

const PUT_AND_FETCH: &str = r"
await open(); same((await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' })).storage, 'indexeddb', 'storage');
const preview = await mountProbe(); same((await ask(preview, 'kept.txt')).text, 'kept', 'fetched');
";

fn works(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.run(PUT_AND_FETCH)?;
    }
    Ok(())
}

const REFUSED: &str = r"
const error = await open().then(() => null, (error) => error);
check(error, 'the session was opened');
same(error.code, 'SERVICE_WORKER_UNAVAILABLE', 'code');
check(error instanceof Error, 'no Error');
return error.message;
";

fn says_what_to_do(message: &Value) -> Result {
    let text = message.as_str().unwrap_or_default().to_lowercase();
    ensure(
        text.contains("third-party cookies") && text.contains("same site"),
        || format!("the message does not say what to do: {message}"),
    )
}

fn refused(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({}));
        says_what_to_do(&life.run(REFUSED)?)?;
    }
    Ok(())
}

/// Where the engine partitions storage, blocked cookies take nothing from a cross-site frame; Firefox blocks both.
fn works_or_says_why(context: &mut Context<'_>) -> Result {
    match context.browser.engine {
        Engine::Firefox => refused(context),
        _ => works(context),
    }
}

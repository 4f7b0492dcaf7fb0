//! A hub that is not there, or says nothing: what its session's pages say meanwhile, and that they heal by themselves.

use serde_json::json;

use super::super::ISOLATIONS;
use super::super::expiry::in_the_hub;
use super::boot::{shown, top_level};
use super::{Life, PARTITIONED};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_memory_session_of_a_silent_hub_heals", silent),
    Case::new("lifecycle_memory_session_heals_when_its_tab_is_back", back)
        .under(&[Host::SameSite])
        .without(PARTITIONED),
    Case::new("lifecycle_damaged_session_without_its_tab", damaged)
        .under(&[Host::SameSite])
        .without(PARTITIONED),
];

/// Somebody has the session, as its lock says, and does not give it: that it is nowhere would be a lie.
fn silent(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"storage": "memory"}));
        let id = life.options["id"].as_str().unwrap_or_default().to_owned();
        life.run("await open()")?;
        in_the_hub(
            &life,
            &format!(
                "await new Promise((held) => navigator.locks.request('virtual-files:memory:{id}', {{ mode: 'shared' }}, () => {{\
                   held(); return new Promise((resolve) => {{ self.release = resolve; }});\
                 }}))"
            ),
        )?;
        life.run("self.preview = await session.mount(stage, { entry: 'probe.html' })")?;
        life.stage.enter_preview()?;
        shown(&life, "TIMEOUT")?;
        life.stage.browser.leave()?;
        in_the_hub(&life, "self.release()")?;
        life.run(
            r"
            const shown = once(window, 'message', (event) => event.data?.probe);
            await session.put({ 'probe.html': PROBE, 'a.txt': 'here again' });
            await within(shown, 'the page'); same((await ask(preview, 'a.txt')).text, 'here again', 'served')
            ",
        )?;
    }
    Ok(())
}

/// A session in the memory of a tab that was closed: its URL in another tab says so, and shows it as soon as it is back.
fn back(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"storage": "memory", "topLevel": true}));
        let host = life.second()?;
        let url = top_level(&life)?;
        life.stage.browser.switch(&first)?;
        life.stage.browser.goto(&url)?;
        shown(&life, "kept")?;
        life.stage.browser.switch(&host)?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&first)?;
        life.stage.browser.stop_workers()?;
        life.stage.browser.goto(&url)?;
        // The hub may come back with it: that it is nowhere would be a lie.
        let page = shown(&life, "NOT_FOUND")?;
        ensure(page.contains("503"), || page)?;
        let host = life.second()?;
        top_level(&life)?;
        life.stage.browser.switch(&first)?;
        shown(&life, "kept")?;
        life.stage.browser.switch(&host)?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&first)?;
    }
    Ok(())
}

/// What cannot be read is not told as what is not there, also where no hub is left to ask.
fn damaged(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let first = life.stage.browser.window()?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"topLevel": true}));
        let host = life.second()?;
        let url = top_level(&life)?;
        life.stage.browser.switch(&first)?;
        life.stage.browser.goto(&url)?;
        shown(&life, "kept")?;
        life.run(
            r"
            const database = indexedDB.open('virtual-files'); await within(once(database, 'success'), 'the database');
            const write = database.result.transaction('indexes', 'readwrite');
            write.objectStore('indexes').put(new Uint8Array([255, 1, 2, 3]), location.pathname.split('/')[1]);
            await within(once(write, 'complete'), 'the damage'); database.result.close()
            ",
        )?;
        life.stage.browser.switch(&host)?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&first)?;
        life.stage.browser.stop_workers()?;
        life.stage.browser.goto(&url)?;
        let page = shown(&life, "STORAGE_UNAVAILABLE")?;
        ensure(page.contains("503"), || page)?;
    }
    Ok(())
}

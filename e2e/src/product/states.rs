//! What a browser may do to what is stored, and to who stores it: each state has its code or its answer, and a way out.
//!
//! A quota that is used up, blocked storage and a damaged store are among the codes, in `codes.rs`.

use serde_json::json;

use super::lifecycle::Life;
use super::rolling::{Release, Rolling};
use super::{ISOLATIONS, vfs_with};
use crate::Result;
use crate::browser::{Engine, Profile};
use crate::case::{Case, Context, Host};

const SAME_SITE: &[Host] = &[Host::SameSite];

/// The hosts of an own server's origins.
const OWN: [(&str, &str); 2] = [
    ("origin", "{session}.virtual-files.localhost"),
    ("shared", "virtual-files.localhost"),
];

pub(super) const CASES: &[Case] = &[
    Case::new("states_the_browser_is_asked_to_keep", kept),
    Case::new("states_private_windows", private)
        .under(SAME_SITE)
        .with(&[Profile::Private]),
    Case::new("states_database_deleted_under_us", deleted).under(SAME_SITE),
    Case::new("states_database_of_a_newer_release", newer).under(SAME_SITE),
    Case::new("states_database_of_another_shape", misshapen).under(SAME_SITE),
    Case::new("states_database_missing_or_refused", refused).under(SAME_SITE),
    Case::new("states_storage_evicted", evicted).under(SAME_SITE).without(&[
        (
            Engine::Firefox,
            "its driver has no command that clears an origin's storage",
        ),
        (
            Engine::WebKit,
            "its driver has no command that clears an origin's storage",
        ),
    ]),
];

/// Whether a browser promises that to a frame is its own business; what is told is what it has promised.
fn kept(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({}));
        life.run(
            r"
            self.vfs = undefined; await open();
            const before = (await session.estimate()).persisted, kept = await session.persist();
            same([typeof before, typeof kept, (await session.estimate()).persisted], ['boolean', 'boolean', kept || before], 'what was promised')
            ",
        )?;
    }
    Ok(())
}

fn private(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in ["indexeddb", "memory"] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run(
                r"
                await open();
                same((await session.put({ 'probe.html': PROBE, 'a.txt': 'private' })).storage, args.options.storage, 'storage');
                same((await ask(await mountProbe(), 'a.txt')).text, 'private', 'served')
                ",
            )?;
        }
    }
    Ok(())
}

/// What a session's own code may do to it, and a visitor with the browser's tools.
fn deleted(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.run("await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'kept' }); self.preview = await mountProbe()")?;
        life.stage.enter_preview()?;
        life.run("const deletion = indexedDB.deleteDatabase('virtual-files'); await within(once(deletion, 'success'), 'the deletion')")?;
        life.stage.browser.leave()?;
        life.run(
            r"
            same(await session.list(), [], 'a list');
            const put = await session.put({ 'probe.html': PROBE, 'b.txt': 'new' });
            same([put.files, put.storage], [2, 'indexeddb'], 'put anew');
            const again = await mountProbe();
            same([(await ask(again, 'b.txt')).text, (await ask(again, 'a.txt')).status], ['new', 404], 'served anew')
            ",
        )?;
    }
    Ok(())
}

/// As by a program that has taken the name, or a browser that has lost a part of its files.
fn misshapen(context: &mut Context<'_>) -> Result {
    // Other cases share the bare name.
    let server = vfs_with(json!({}))?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for (isolation, host) in OWN {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.at(server.origin(host));
        life.run("self.vfs = undefined; await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'kept' }); self.preview = await mountProbe()")?;
        life.stage.enter_preview()?;
        life.run(
            r"
            const opened = async (...version) => {
              const request = indexedDB.open('virtual-files', ...version);
              await within(once(request, 'success'), 'the database');
              request.result.close();
              return request.result.version;
            };
            const version = await opened();
            await within(once(indexedDB.deleteDatabase('virtual-files'), 'success'), 'the deletion');
            await opened(version)
            ",
        )?;
        life.stage.browser.leave()?;
        life.run(
            r"
            const error = await session.put({ 'b.txt': 'new' }).then(() => undefined, (error) => error);
            same([error?.code, /Clear this site/.test(error?.message)], ['STORAGE_UNAVAILABLE', true], `a put: ${error}`);
            same(await codeOf(session.list()), 'STORAGE_UNAVAILABLE', 'a list');
            ",
        )?;
        // What it has in its memory, it goes on to serve.
        if life.stage.browser.stop_workers()? {
            life.run(
                r"
                const { status, text } = await ask(preview, 'a.txt');
                same([status, text.includes('STORAGE_UNAVAILABLE')], [503, true], 'what the worker has to read');
                ",
            )?;
        }
        life.stage.goto_host()?;
        life.run(
            r"
            await open();
            const put = await session.put({ 'probe.html': PROBE, 'b.txt': 'new' });
            same([put.storage, /Clear this site/.test(put.degraded)], ['memory', true], `a put by a page that was loaded after it: ${put.degraded}`);
            self.preview = await mountProbe();
            same((await ask(preview, 'b.txt')).text, 'new', 'served from memory');
            ",
        )?;
        life.stage.enter_preview()?;
        life.run("await within(once(indexedDB.deleteDatabase('virtual-files'), 'success'), 'the deletion')")?;
        life.stage.browser.leave()?;
        life.stage.goto_host()?;
        life.run("await open(); await session.clear(); same((await session.put({ 'probe.html': PROBE })).storage, 'indexeddb', 'with the data cleared')")?;
    }
    Ok(())
}

/// As where a setting forbids it, or a browser has none: taken from hub and worker before their own scripts.
fn refused(context: &mut Context<'_>) -> Result {
    let rolling = Rolling::start()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for (how, release) in [
        ("missing", Release::WithoutDatabase),
        ("refused", Release::DatabaseRefused),
    ] {
        rolling.roll(release);
        for isolation in ISOLATIONS {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"id": format!("{}-{how}", life.stage.id)}));
            life.roll_in(
                &rolling,
                isolation,
                r"
                const put = await session.put({ 'probe.html': PROBE, 'a.txt': 'in memory' });
                same([put.storage, /IndexedDB|storage/.test(put.degraded)], ['memory', true], `a put: ${put.degraded}`);
                self.preview = await mountProbe();
                same((await ask(preview, 'a.txt')).text, 'in memory', 'served')
                ",
            )?;
            life.stage.browser.stop_workers()?;
            life.run("same((await ask(preview, 'a.txt')).text, 'in memory', 'served after a stop of the worker')")?;
        }
    }
    Ok(())
}

/// As where a release is taken back: what it has stored is not touched.
fn newer(context: &mut Context<'_>) -> Result {
    // Other cases share the bare name.
    let server = vfs_with(json!({}))?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for (isolation, host) in OWN {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.at(server.origin(host));
        life.run("self.vfs = undefined; await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'kept' }); self.preview = await mountProbe()")?;
        life.stage.enter_preview()?;
        life.run(
            r"
            const opened = async (...version) => {
              const request = indexedDB.open('virtual-files', ...version);
              await within(once(request, 'success'), 'the database');
              request.result.close();
              return request.result.version;
            };
            await opened(await opened() + 1)
            ",
        )?;
        life.stage.browser.leave()?;
        life.run(
            r"
            same(await codeOf(session.put({ 'b.txt': 'new' })), 'STORAGE_UNAVAILABLE', 'a put');
            same(await codeOf(session.list()), 'STORAGE_UNAVAILABLE', 'a list')
            ",
        )?;
        life.stage.goto_host()?;
        life.run(
            r"
            await open();
            const put = await session.put({ 'probe.html': PROBE, 'b.txt': 'new' });
            same([put.storage, put.degraded?.length > 20], ['memory', true], `a put by a page that was loaded after it: ${put.degraded}`);
            same((await ask(await mountProbe(), 'b.txt')).text, 'new', 'served from memory')
            ",
        )?;
    }
    Ok(())
}

/// As a browser does it that runs out of room: all that an origin has goes, its worker too.
fn evicted(context: &mut Context<'_>) -> Result {
    let life = Life::open(context, "origin", json!({}))?;
    life.run(
        "await open(); await session.put({ 'probe.html': PROBE, 'a.txt': 'kept' }); self.preview = await mountProbe()",
    )?;
    let origin = life.run("return new URL(session.url).origin")?;
    let all = json!({"origin": origin, "storageTypes": "all"});
    life.stage.browser.cdp_page("Storage.clearDataForOrigin", &all)?;
    life.run(
        r"
        same(await session.list(), [], 'a list');
        same((await session.put({ 'probe.html': PROBE, 'b.txt': 'new' })).storage, 'indexeddb', 'put anew');
        const again = await mountProbe();
        same([(await ask(again, 'b.txt')).text, (await ask(again, 'a.txt')).status], ['new', 404], 'served anew')
        ",
    )
    .map(drop)
}

//! What hosts and the hub say to each other, by hand: a host page without the SDK, with ports of its own.
//!
//! The tables lie in `protocol/`; `helpers.js` there is the whole of such a host.

use serde_json::{Value, json};

use super::{ISOLATIONS, Stage};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

const SAME_SITE: &[Host] = &[Host::SameSite];

pub(super) const CASES: &[Case] = &[
    Case::new("protocol_handshake", |context| {
        table(context, include_str!("protocol/handshake.js"))
    }),
    Case::new("protocol_one_answer_to_each_request", |context| {
        table(context, include_str!("protocol/one_answer.js"))
    }),
    Case::new("protocol_contents", |context| {
        table(context, include_str!("protocol/contents.js"))
    })
    .under(SAME_SITE),
    Case::new("protocol_bare_put", bare),
    Case::new("protocol_put_after_a_delete_by_a_clock_behind", behind).under(SAME_SITE),
    Case::new("protocol_abort", |context| {
        table(context, include_str!("protocol/abort.js"))
    })
    .under(SAME_SITE),
    Case::new("protocol_refusals", |context| {
        table(context, include_str!("protocol/refusals.js"))
    })
    .under(SAME_SITE),
    Case::new("protocol_only_related_windows_are_heard", strangers).under(SAME_SITE),
    Case::new("protocol_sessions_of_one_origin", sessions).under(SAME_SITE),
    Case::new("protocol_changes_in_this_tab_and_another", subscribe),
];

const HELPERS: &str = include_str!("protocol/helpers.js");

impl Stage<'_> {
    /// Runs a table in the host page, with the helpers of a host without the SDK.
    fn speak(&self, isolation: &str, body: &str) -> Result<Value> {
        let session = self.session_id(isolation);
        let origin = self.origin(isolation).replace("{session}", &session);
        let args = json!({"origin": origin, "session": session, "isolation": isolation});
        self.table(isolation, &format!("{HELPERS}\n{body}"), args)
    }
}

fn table(context: &mut Context<'_>, body: &str) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        stage.speak(isolation, body)?;
    }
    Ok(())
}

fn bare(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        stage.speak(isolation, include_str!("protocol/bare.js"))?;
        stage.browser.enter("#bare")?;
        let title = stage.run("return document.title", json!({}))?;
        ensure(title == "bare", || format!("{isolation}: the frame shows {title}"))?;
        stage.browser.leave()?;
    }
    Ok(())
}

/// A session made again is newer than what was deleted, also where the clock that it is made by is behind.
fn behind(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        let deleted = "const line = await connected(await hubAt(args.origin), args.origin);\
                       await line.ask(put({ 'a.txt': 'old' }, { storage: 'memory' }));\
                       same('deleted', (await line.ask({ type: 'DELETE_SESSION', sessionId: args.session })).value, { deleted: true });\
                       self.late = await hubAt(args.origin); late.id = 'late';";
        stage.speak(isolation, deleted)?;
        stage.browser.enter("#late")?;
        // Firefox shows a driver's scripts its own view of a page's objects.
        let turned =
            "const page = window.wrappedJSObject ?? window, then = Date.now() - 3600000; page.Date.now = () => then;";
        stage.browser.eval(turned, &json!({}))?;
        stage.browser.leave()?;
        let again = "const line = await connected(late, args.origin);\
                     same('put', codeOf(await line.ask(put({ 'b.txt': 'new' }, { storage: 'memory' }))), 'ok');\
                     const paths = async () => (await line.ask({ type: 'LIST_FILES', sessionId: args.session })).value.files.map(({ path }) => path);\
                     same('it is there', await paths(), ['b.txt']);\
                     same('put more', codeOf(await line.ask(put({ 'c.txt': 'more' }, { storage: 'memory' }))), 'ok');\
                     same('all of it', await paths(), ['b.txt', 'c.txt']);";
        stage.speak(isolation, again)?;
    }
    Ok(())
}

/// Windows of an origin that is not allowed, and windows that neither hold nor opened the hub.
fn strangers(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        for host in ["other.localhost", "app.virtual-files.localhost"] {
            stage.goto_host()?;
            let held = "const hub = await hubAt(args.origin); self.line = await connected(hub, args.origin);\
                        same('the host', codeOf(await line.ask({ type: 'ESTIMATE' })), 'ok');";
            stage.speak(isolation, held)?;
            let stranger = stage.product.host.origin(host);
            let frame = "const frame = Object.assign(document.createElement('iframe'), { src: args.src, id: 'stranger' });\
                         const loaded = once(frame, 'load'); document.body.append(frame); await within(loaded, 'the stranger')";
            stage.run(frame, json!({"src": format!("{stranger}/host.html")}))?;
            stage.browser.enter("#stranger")?;
            let speak = "const hub = { contentWindow: parent.frames.hub };\
                         same('a handshake', codeOf(await connection(hub, args.origin).answer(0)), 'ORIGIN_NOT_ALLOWED');\
                         const told = once(window, 'message', (event) => event.data?.id === 3);\
                         hub.contentWindow.postMessage(put({ 'index.html': 'evil' }, { id: 3 }), args.origin);\
                         same('a bare put', codeOf((await within(told, 'the refusal')).data), 'ORIGIN_NOT_ALLOWED');";
            stage
                .speak(isolation, speak)
                .map_err(|error| format!("{host}: {error}"))?;
            stage.browser.leave()?;
            let after = "same('nothing was put', (await self.line.ask({ type: 'LIST_FILES', sessionId: args.session })).value.files, []);";
            stage.speak(isolation, after)?;
        }
    }
    Ok(())
}

fn sessions(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let body = "const hub = await hubAt(args.origin); const line = await connected(hub, args.origin);\
                const [first, second, third] = ['a', 'b', 'c'].map((name) => `${args.session}-${name}`);\
                const listed = async () => (await line.ask({ type: 'LIST_SESSIONS' })).value.sessions.filter(({ id }) => id.startsWith(args.session))\
                  .map(({ id, files, bytes, storage }) => [id, files, bytes, storage]).sort();\
                await line.ask(put({ 'x.txt': 'first' }, { sessionId: first }));\
                await line.ask(put({ 'x.txt': 'second!', 'y.txt': '' }, { sessionId: second }));\
                const kept = await line.ask(put({ 'x.txt': 'third' }, { sessionId: third, storage: 'memory' }));\
                same('in memory', kept.value.storage, 'memory');\
                same('all of them', await listed(), [[first, 1, 5, 'indexeddb'], [second, 2, 7, 'indexeddb'], [third, 1, 5, 'memory']]);\
                const again = await line.ask(put({ 'y.txt': '' }, { sessionId: third, storage: 'indexeddb' }));\
                same('a session stays where it is', again.value.storage, 'memory');\
                const text = async (sessionId) => (await line.ask({ type: 'READ_FILE', sessionId, path: 'x.txt' })).value?.file.text();\
                same('no mix', [await text(first), await text(second), await text(third)], ['first', 'second!', 'third']);\
                await line.ask({ type: 'DELETE_SESSION', sessionId: first }); await line.ask({ type: 'DELETE_SESSION', sessionId: third });\
                same('what is left', await listed(), [[second, 2, 7, 'indexeddb']]);\
                same('it is whole', [await text(first), await text(second)], [undefined, 'second!']);";
    stage.speak("shared", body).map(drop)
}

/// Changes are told to whoever asked, once for each, in every tab of the partition.
fn subscribe(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let listen = "const hub = await hubAt(args.origin);\
                  self.line = await connected(hub, args.origin); self.deaf = await connected(hub, args.origin);\
                  same('subscribed', codeOf(await line.ask({ type: 'SUBSCRIBE', sessionId: args.session })), 'ok');";
    let change = "self.versions = [];\
                  for (const message of [put({ 'a.txt': '1' }), put({ 'b.txt': '2' }), { type: 'DELETE_FILES', sessionId: args.session, paths: ['a.txt'] }])\
                    versions.push((await line.ask(message)).value.version);\
                  await line.ask({ type: 'DELETE_SESSION', sessionId: args.session }); versions.push(0); return versions;";
    let heard = "const events = () => line.heard.filter((data) => data.event);\
                 await line.hear((data) => data.event === 'change' && data.version === 0, 'the last change');\
                 await line.settle(); await deaf.settle();\
                 same('each change once, in order', events(), args.versions.map((version) => ({ event: 'change', sessionId: args.session, version })));\
                 same('who has not asked', deaf.heard.filter((data) => data.event), []);";
    let home = stage.browser.window()?;
    for isolation in ISOLATIONS {
        stage.browser.switch(&home)?;
        stage.goto_host()?;
        stage.speak(isolation, listen)?;
        let other = stage.browser.open()?;
        stage.goto_host()?;
        stage.speak(isolation, listen)?;
        // The change is made in the first tab, and heard in both.
        stage.browser.switch(&home)?;
        let versions = stage.speak(isolation, &format!("checked = 1; {change}"))?;
        let heard = heard.replace("args.versions", &versions.to_string());
        stage
            .speak(isolation, &heard)
            .map_err(|error| format!("in the tab that changes: {error}"))?;
        stage.browser.switch(&other)?;
        stage
            .speak(isolation, &heard)
            .map_err(|error| format!("in another tab: {error}"))?;
        stage.browser.close()?;
    }
    Ok(())
}

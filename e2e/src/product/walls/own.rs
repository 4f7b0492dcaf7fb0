//! What session code can make of its own session, hub and worker, as SECURITY.md says it, and that it ends there.

use serde_json::json;

use super::super::lifecycle::boot::shown;
use super::super::lifecycle::{Life, NO_STOP};
use crate::Result;
use crate::case::{Case, Context, Host};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("walls_own_hub_tells_lies", lies),
    Case::new("walls_own_hub_plays_the_worker", plays)
        .under(&[Host::SameSite])
        .without(NO_STOP),
    Case::new("walls_own_lock_is_never_let_go", stalls),
];

/// The window of the session's own hub, which is of the same origin.
const HUB: &str = r"
const hub = Array.from({ length: parent.length }, (_, at) => parent.frames[at]).find((frame) => {
  try { return frame.location.pathname === '/hub.html'; } catch { return false; }
});
check(hub, 'SECURITY.md says that session code reaches its hub');
";

/// A host with another session, and the preview of this one, entered.
fn infiltrated<'a>(context: &'a mut Context<'_>) -> Result<Life<'a>> {
    let mut life = Life::open(context, "origin", json!({}))?;
    life.run(
        r"
        self.other = await open({ ...args.options, id: args.options.id + '-other' }, 'other');
        await other.put({ 'who.txt': 'the other' });
        ",
    )?;
    life.turn("origin", json!({"topLevel": true}));
    life.infiltrate("")?;
    Ok(life)
}

/// It answers its host in its hub's place: for itself, and nobody else.
fn lies(context: &mut Context<'_>) -> Result {
    let life = infiltrated(context)?;
    life.run(&format!(
        "{HUB}{}",
        r"
        const post = hub.MessagePort.prototype.postMessage;
        hub.MessagePort.prototype.postMessage = function (message, ...more) {
          if (message?.value?.files) message.value.files = [{ ...message.value.files[0], path: 'a lie' }];
          return post.call(this, message, ...more);
        };
        "
    ))?;
    life.stage.browser.leave()?;
    life.run(
        r"
        same((await session.list()).map(({ path }) => path), ['a lie'], 'SECURITY.md says that session code answers in place of its hub');
        same((await other.list()).map(({ path }) => path), ['who.txt'], 'the other session');
        same(await (await other.read('who.txt')).text(), 'the other', 'a file of the other session');
        ",
    )
    .map(drop)
}

/// It answers a worker that has just started, until the worker's wasm is there; not for documents of tabs.
fn plays(context: &mut Context<'_>) -> Result {
    let life = infiltrated(context)?;
    let url = life.stage.browser.eval("return location.href", &json!({}))?;
    let url = url.as_str().unwrap_or_default().replace("probe.html", "kept.txt");
    life.run(&format!(
        "{HUB}{}",
        r"
        hub.navigator.serviceWorker.onmessage = ({ data, ports: [port] }) => {
          if (data?.release) port.onmessage = ({ data: { id } }) => {
            port.postMessage({ id, answer: { status: 200, headers: 'Content-Type\ntext/html', body: 'forged' } });
          };
        };
        "
    ))?;
    life.stage.browser.leave()?;
    life.stage.browser.stop_workers()?;
    life.run(
        r"
        same((await ask(preview, 'kept.txt')).text, 'forged', 'SECURITY.md says that session code plays its hub');
        await session.estimate();
        same((await ask(preview, 'kept.txt')).text, 'kept', 'with the wasm there');
        ",
    )?;
    let first = life.stage.browser.window()?;
    life.stage.browser.stop_workers()?;
    life.second()?;
    life.stage.browser.goto(&url)?;
    shown(&life, "kept")?;
    life.stage.browser.close()?;
    life.stage.browser.switch(&first)
}

/// It holds the lock under which its session is changed: puts wait, until they are given up. Others do not.
fn stalls(context: &mut Context<'_>) -> Result {
    let life = infiltrated(context)?;
    life.run(
        r"
        await new Promise((held) => navigator.locks.request(`virtual-files:${args.options.id}`, () => {
          held(); return new Promise((resolve) => { self.release = resolve; });
        }));
        ",
    )?;
    life.stage.browser.leave()?;
    life.run(
        r"
        const controller = new AbortController();
        const put = session.put({ 'new.txt': 'new' }, { signal: controller.signal }).then(() => 'made', (error) => error.code);
        await other.put({ 'who.txt': 'still the other' });
        same((await ask(preview, 'kept.txt')).text, 'kept', 'served meanwhile');
        controller.abort();
        same(await within(put, 'the put'), 'ABORTED', 'a put that waits');
        ",
    )?;
    life.stage.enter_preview()?;
    life.run("self.release()")?;
    life.stage.browser.leave()?;
    life.run(
        r"
        await session.put({ 'later.txt': 'later' });
        same((await session.list()).map(({ path }) => path), ['kept.txt', 'later.txt', 'probe.html'], 'what is there in the end');
        ",
    )
    .map(drop)
}

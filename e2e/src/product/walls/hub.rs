//! Rows 4, 7, 8 and 11: the hub, as those who are not its host would use it.

use serde_json::{Value, json};

use super::super::lifecycle::Life;
use super::{foreign, foreign_origin};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("walls_4_session_code_plays_the_host", plays_the_host),
    Case::new("walls_7_foreign_site_embeds_session_and_hub", embeds).under(&[Host::SameSite]),
    Case::new("walls_8_foreign_site_writes_to_the_hub", writes).under(&[Host::SameSite]),
    Case::new("walls_11_malformed_messages", malformed),
];

/// Says everything that a host could say to a hub's window, until it has answered. Gives the answers' codes.
const PLAY: &str = r"
const sayAll = async (hub, origin, id) => {
  const answers = [];
  const heard = ({ data }) => { if (data?.type && 'ok' in data) answers.push([data.type, data.ok ? 'OK' : data.error.code]); };
  addEventListener('message', heard);
  const files = { 'secret.txt': 'overwritten', 'evil.txt': 'evil' };
  const say = () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => answers.push(['CONNECT', data.ok ? 'OK' : data.error.code]);
    try { hub.postMessage({ type: 'CONNECT', version: 2 }, origin, [port2]); } catch {}
    for (const request of [
      { type: 'PUT_FILES', id: 7, sessionId: id, files, mode: 'replace' },
      { type: 'DELETE_SESSION', id: 8, sessionId: id }, { type: 'DELETE_FILES', id: 9, sessionId: id, paths: ['secret.txt'] },
      { type: 'READ_FILE', id: 10, sessionId: id, path: 'secret.txt' }, { type: 'LIST_FILES', id: 11, sessionId: id },
    ]) hub.postMessage(request, origin);
    // What a session's frame could also send to a port that it was given.
    port1.postMessage({ type: 'DELETE_SESSION', id: 12, sessionId: id });
  };
  // A window that is still loading hears nothing: so it is said again until there are answers.
  const limit = performance.now() + 10000;
  while (answers.length < 4 && performance.now() < limit) {
    say();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  removeEventListener('message', heard);
  return answers;
};
const framed = (url) => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  frame.src = url;
  return frame;
};
";

fn only_refusals(who: &str, answers: &Value) -> Result {
    let answers = answers.as_array().cloned().unwrap_or_default();
    let refusal = |answer: &Value| answer[1] == "ORIGIN_NOT_ALLOWED";
    ensure(!answers.is_empty() && answers.iter().all(refusal), || {
        format!("{who} was answered {answers:?}")
    })
}

fn plays_the_host(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let victim = life.run(
        r"
        const id = args.options.id + '-victim'; const other = await open({ ...args.options, id }, 'victim');
        await other.put({ 'probe.html': PROBE, 'secret.txt': 'secret' }); self.victims = await mountProbe(other); return { id, url: other.url }
        ",
    )?;
    let shared = life.run_with(
        r"
        const vfs = await connect({ origin: args.bare }); self.common = await vfs.session({ isolation: 'shared', id: args.options.id + '-common' });
        await common.put({ 'secret.txt': 'secret' }); return { id: common.id, url: common.url }
        ",
        json!({"bare": life.stage.origin("shared")}),
    )?;
    life.turn("origin", json!({"network": "open"}));
    life.run(
        r"
        self.vfs = undefined; await open(); await session.put({ 'probe.html': PROBE });
        const place = stage.appendChild(document.createElement('div')); place.id = 'attacker';
        self.preview = await session.mount(place, { entry: 'probe.html', sandbox: 'allow-popups allow-popups-to-escape-sandbox' })
        ",
    )?;
    life.stage.browser.enter("#attacker iframe")?;
    for (who, target) in [
        ("another session's hub", &victim),
        ("the hub of the bare name", &shared),
    ] {
        let answers = life.run_with(
            &format!(
                "{PLAY} const origin = new URL(args.target.url).origin; const frame = framed(origin + '/hub.html');\
                 return await sayAll(frame.contentWindow, origin, args.target.id)"
            ),
            json!({"target": target}),
        )?;
        only_refusals(&format!("session code in a frame with {who}"), &answers)?;
    }
    // The victim's own preview and the host's hub frame of it, which are there already.
    let answers = life.run_with(
        &format!(
            "{PLAY} const answers = [], origin = new URL(args.victim.url).origin;\
             for (let n = 0; n < parent.length; n += 1) for (const type of ['PUT_FILES', 'CONNECT']) {{ const {{ port1, port2 }} = new MessageChannel(); \
               port1.onmessage = ({{ data }}) => answers.push(data); try {{ parent.frames[n].postMessage({{ type, version: 2, sessionId: args.victim.id, files: {{ 'secret.txt': 'overwritten' }} }}, origin, [port2]); }} catch {{}} }}\
             addEventListener('message', ({{ data }}) => {{ if (data?.type === 'PUT_FILES') answers.push(data); }});\
             await new Promise((resolve) => {{ let left = 40; const turn = () => (left-- && answers.length < 2 ? setTimeout(turn, 50) : resolve()); turn(); }});\
             return answers.map((answer) => [answer.type ?? 'CONNECT', answer.ok ? 'OK' : answer.error.code])"
        ),
        json!({"victim": victim}),
    )?;
    only_refusals("session code that speaks to its host's hub", &answers)?;
    life.stage.browser.leave()?;
    life.run(
        r"
        for (const it of [victim, common]) { same(await (await it.read('secret.txt')).text(), 'secret', 'the secret'); check(!(await it.list()).some(({ path }) => path === 'evil.txt'), 'an evil file'); }
        same((await ask(victims, 'secret.txt')).text, 'secret', 'fetched')
        ",
    )?;
    Ok(())
}

fn embeds(context: &mut Context<'_>) -> Result {
    let server = foreign()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in super::super::ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.infiltrate("")?;
        // What the worker serves names who may embed it, and so does the network.
        let url = life.run(
            r"
            const policy = (await fetch('probe.html')).headers.get('content-security-policy');
            check(/frame-ancestors 'self' http:\/\/localhost:\*/.test(policy) && !policy.includes('frame-ancestors *'), policy); return location.href
            ",
        )?;
        let url = url.as_str().ok_or("no URL")?.to_owned();
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        life.stage.browser.leave()?;
        for target in [url, format!("{origin}/hub.html"), format!("{origin}/")] {
            // An allowed host is let in: its frame is on the VFS origin.
            let inside = framed(&life, &life.stage.host.clone(), "/host.html", &target)?;
            ensure(inside.as_deref() == Some(&origin), || {
                format!("{target} in the host: {inside:?}")
            })?;
            let outside = framed(&life, &foreign_origin(&server), "/page.html", &target)?;
            ensure(outside.as_deref() != Some(&origin), || {
                format!("{target} in a foreign page: {outside:?}")
            })?;
        }
    }
    Ok(())
}

/// The origin of what a frame of a page shows; `None` where it shows nothing, or what cannot be told. A browser's error
/// page has an origin of its own, whatever `location` says, and where a browser shows none, the frame has no title.
fn framed(life: &Life<'_>, host: &str, page: &str, target: &str) -> Result<Option<String>> {
    let browser = life.stage.browser;
    browser.goto(&format!("{host}{page}"))?;
    let add = "const frame = document.body.appendChild(document.createElement('iframe')); frame.id = 'framed';\
               const refused = once(document, 'securitypolicyviolation'); frame.src = args.target;\
               await Promise.race([within(once(frame, 'load'), 'the frame').catch(() => {}), refused])";
    browser.eval(add, &json!({"target": target}))?;
    browser.enter("#framed")?;
    let origin = browser.eval(
        "return document.title && new URL(document.documentURI).origin",
        &json!({}),
    );
    browser.leave()?;
    Ok(origin
        .ok()
        .and_then(|origin| origin.as_str().map(str::to_owned))
        .filter(|origin| !origin.is_empty()))
}

fn writes(context: &mut Context<'_>) -> Result {
    let server = foreign()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    let host = life.stage.browser.window()?;
    for isolation in super::super::ISOLATIONS {
        life.turn(isolation, json!({"topLevel": true}));
        life.stage.goto_host()?;
        let victim = life.run(
            "await open(); await session.put({ 'secret.txt': 'secret' }); return { id: session.id, url: session.url }",
        )?;
        life.stage.browser.open()?;
        life.stage
            .browser
            .goto(&format!("{}/page.html", foreign_origin(&server)))?;
        let button = r"
            const button = document.body.appendChild(document.createElement('button'));
            button.textContent = 'open';
            button.onclick = () => { self.popup = window.open(new URL(args.target.url).origin + '/hub.html'); };
            ";
        life.run_with(button, json!({"target": victim}))?;
        // Not every engine opens a window for a script alone.
        life.stage.browser.click("button")?;
        let attack = "if (!self.popup) return 'no popup'; const answers = await sayAll(popup, new URL(args.target.url).origin, args.target.id); popup.close(); return answers";
        let answers = life.run_with(&format!("{PLAY}{attack}"), json!({"target": victim}))?;
        ensure(answers != "no popup", || {
            "the engine opened no popup: the case shows nothing".to_owned()
        })?;
        only_refusals(
            &format!("{isolation}: a foreign site with the hub in a popup"),
            &answers,
        )?;
        life.stage.browser.close()?;
        life.stage.browser.switch(&host)?;
        life.run("same(await (await session.read('secret.txt')).text(), 'secret', 'the secret'); same((await session.list()).length, 1, 'files')")?;
    }
    Ok(())
}

const MALFORMED: &str = include_str!("malformed.js");

fn malformed(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let small = context_is_small(&life);
    for isolation in super::super::ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        let url = life.run("await open(); await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' }); self.preview = await mountProbe(); return session.url")?;
        life.run_with(MALFORMED, json!({"url": url, "small": small}))?;
        life.run("same((await ask(preview, 'kept.txt')).text, 'kept', 'afterwards'); await session.put({ 'kept.txt': 'more' }); same((await ask(preview, 'kept.txt')).text, 'more', 'put afterwards')")?;
    }
    Ok(())
}

/// Firefox clones deep objects by recursion, and refuses the deepest by itself.
fn context_is_small(life: &Life<'_>) -> bool {
    life.stage.browser.engine == Engine::Firefox
}

//! Real apps and files: what a bundle's pages load is what was put, in the way that each kind is loaded.

use serde_json::{Value, json};

use super::opaque::{DOCUMENT, FILES};
use super::{ISOLATIONS, Stage};
use crate::case::{Case, Context};
use crate::facts::media_is_right;
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("es_modules", modules),
    Case::new("react_app_with_a_router", react),
    Case::new("audio_and_video_with_seeking", media),
    Case::new("document_given_as_html", html),
];

fn modules(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let said = stage.show("modules", isolation, "index.html", json!({}))?;
        ensure(said["ok"] == true, || format!("{isolation}: {said:#}"))?;
    }
    Ok(())
}

fn react(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for (isolation, home, deep) in [("origin", "/", "/items/42"), ("shared", "", "items/42")] {
        let options = json!({"spa": "index.html"});
        let said = stage.show("react", isolation, home, options.clone())?;
        ensure(said["text"] == "3 items", || {
            format!("{isolation}: the home page: {said}")
        })?;

        // A link within the app, and then the browser's own reload where it led to.
        follows_a_link(&stage, isolation)?;
        let said = stage.show("react", isolation, deep, options)?;
        ensure(said["text"] == "item 42", || {
            format!("{isolation}: mounted on a deep link: {said}")
        })?;
    }
    Ok(())
}

fn media(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let said = stage.show("media", isolation, "index.html", json!({}))?;
        media_is_right(&said).map_err(|error| format!("{isolation}: {error}"))?;
        came_in_ranges(&stage, isolation)?;
    }
    Ok(())
}

/// Whether the preview has got the sound in ranges: in more than one piece, or in one that is answered as a range.
pub(super) fn came_in_ranges(stage: &Stage<'_>, isolation: &str) -> Result {
    stage.enter_preview()?;
    // A request is entered when it has ended, which may be after the page was done with what it brought.
    let twice = "let seen = 0;\
                 const twice = new Promise((resolve) => new PerformanceObserver((list) => {\
                   const pieces = list.getEntries().filter((entry) => entry.name.endsWith('tone.wav'));\
                   seen += pieces.length;\
                   if (seen > 1 || pieces.some((piece) => piece.responseStatus === 206)) resolve();\
                 }).observe({ type: 'resource', buffered: true }));\
                 await within(twice, 'a range of the sound');";
    stage
        .run(twice, json!({}))
        .map_err(|error| format!("{isolation}: {error}"))?;
    stage.browser.leave()
}

/// Follows a link of the app's router, and reloads where it led to.
pub(super) fn follows_a_link(stage: &Stage<'_>, isolation: &str) -> Result {
    stage.enter_preview()?;
    let view = "document.querySelector('#item-2').click();\
                const shown = async () => { while (document.title !== 'item 2') await new Promise((r) => setTimeout(r, 10)); };\
                await within(shown(), 'the view behind the link'); return location.pathname";
    let path = stage.run(view, json!({}))?;
    ensure(path.as_str().is_some_and(|path| path.ends_with("/items/2")), || {
        format!("{isolation}: at {path}")
    })?;
    stage.run("setTimeout(() => location.reload())", json!({}))?;
    stage.browser.leave()?;
    let again = "return (await within(once(window, 'message', (event) => event.data?.fixture === 'react'), \
                 'the message after the reload')).data";
    let said = stage.run(again, json!({}))?;
    ensure(said["text"] == "item 2", || {
        format!("{isolation}: reloaded on a deep link: {said}")
    })
}

/// A document that the host gives as HTML is a file of the session, with a base of its own; and with its own base, that one.
fn html(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        let args = json!({"origin": stage.origin(isolation), "isolation": isolation, "html": DOCUMENT, "id": stage.id});
        let body = "const vfs = await within(connect({ origin: args.origin }), 'connect');
            const session = await within(vfs.session({ id: `${args.id}-${args.isolation[0]}`, isolation: args.isolation }), 'session');
            await within(session.put(files), 'put');
            const shown = async (act) => {
              const said = once(window, 'message', (event) => event.data?.given);
              const preview = await within(act(), 'the load');
              return [(await within(said, 'the document')).data, preview];
            };
            const [first, preview] = await shown(() => session.mount(stage, { html: args.html }));
            await within(session.put({ 'a.txt': 'another a' }), 'another put');
            const [second] = await shown(() => preview.reload());
            const based = args.html.replace('<title>', '<base href=js/><title>').replace('./js/deep', './deep')
              .replaceAll('a.txt', '../a.txt').replace('site.css', '../site.css').replace('dot.svg', '../dot.svg').replace('inner.html', '../inner.html');
            const [third] = await shown(() => session.mount(stage, { html: based }));
            return { first, second, third, url: preview.url, root: session.url, kept: first.base === preview.url,
              listed: (await session.list()).length, files: Object.keys(files).length };";
        let seen = stage.run(&format!("{FILES}{body}"), args)?;
        let origin = &seen["first"]["origin"];
        let root = seen["root"].as_str().unwrap_or_default();
        let inner = |text: &str| format!("{text}{}", origin.as_str().unwrap_or_default());
        let told = |said: &Value, text: &str| {
            let plain = ["deep", "color", "kind", "own"].map(|name| said[name].clone());
            plain == ["deep", "rgb(1, 2, 3)", "kept", "TypeError"]
                && said["text"] == text
                && said["inner"] == inner(text)
                && said["width"] == 7
        };
        ensure(
            told(&seen["first"], "the letter a")
                && told(&seen["second"], "another a")
                && told(&seen["third"], "another a"),
            || format!("{isolation}: {seen:#}"),
        )?;
        ensure(
            seen["kept"] == true
                && seen["third"]["base"] == format!("{root}js/")
                && root.starts_with(origin.as_str().unwrap_or("?")),
            || format!("{isolation}, the bases: {seen:#}"),
        )?;
        ensure(seen["listed"] == seen["files"], || {
            format!("{isolation}: the host's documents are among the files: {seen:#}")
        })?;
    }
    Ok(())
}

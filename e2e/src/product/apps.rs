//! Real apps and files: what a bundle's pages load is what was put, in the way that each kind is loaded.

use serde_json::json;

use super::{ISOLATIONS, Stage};
use crate::case::{Case, Context};
use crate::facts::media_is_right;
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("es_modules", modules),
    Case::new("react_app_with_a_router", react),
    Case::new("audio_and_video_with_seeking", media),
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
        })?;

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
        stage.enter_preview()?;
        let entries =
            "return performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('tone.wav')).length";
        let fetches = stage.run(entries, json!({}))?;
        // In one piece the sound would be fetched once.
        ensure(fetches.as_u64() > Some(1), || {
            format!("{isolation}: {fetches} requests for the sound")
        })?;
        stage.browser.leave()?;
    }
    Ok(())
}

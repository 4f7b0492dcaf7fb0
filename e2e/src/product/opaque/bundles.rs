//! The bundles of `apps.rs` and `files.rs` in frames without an origin: under both kinds of host, with third-party cookies and
//! without.

use serde_json::json;

use super::super::{Stage, apps, files};
use crate::browser::{Engine, Profile};
use crate::case::{Case, Context};
use crate::facts::media_is_sought;
use crate::{Result, ensure};

const BOTH: &[Profile] = &[Profile::Standard, Profile::CookiesBlocked];

pub(in super::super) const CASES: &[Case] = &[
    Case::new("opaque_es_modules", modules).with(BOTH),
    Case::new("opaque_react_app_with_a_router", react).with(BOTH),
    Case::new("opaque_audio_and_video_with_seeking", media).with(BOTH),
    Case::new("opaque_every_fixture_byte_by_byte", bytes).with(BOTH),
    Case::new("opaque_names_of_every_script", names).with(BOTH),
    Case::new("opaque_two_thousand_files_in_one_put", many).with(BOTH),
    Case::new("opaque_a_file_of_200_mb_by_range", large).with(BOTH),
];

fn modules(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let said = stage.show("modules", "opaque", "index.html", json!({}))?;
    let failed: Vec<&String> = said["result"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| *value != true)
        .map(|(name, _)| name)
        .collect();
    // A worker's script must be of the document's own origin, and an opaque one is nobody's.
    ensure(failed == ["classicWorker", "moduleWorker"], || {
        format!("what did not load: {failed:?} of {:#}", said["result"])
    })
}

/// Opened at its home and on a deep link. In WebKit its router cannot move on by itself: there a document of an opaque origin may
/// not give itself another path.
fn react(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for (entry, text) in [("/", "3 items"), ("/items/42", "item 42")] {
        let said = stage.show("react", "opaque", entry, json!({"spa": "index.html"}))?;
        ensure(said["text"] == text, || format!("{entry}: {said}"))?;
        if entry == "/" && stage.browser.engine != Engine::WebKit {
            apps::follows_a_link(&stage, "opaque")?;
        }
    }
    Ok(())
}

/// Sound and picture are sought in; but what an opaque document paints from a file is tainted, as the file is of an origin
/// that it is not of, so that the pictures cannot be compared.
fn media(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let said = stage.show("media", "opaque", "index.html", json!({}))?;
    media_is_sought(&said)?;
    let pictures = &said["result"]["video"]["pictures"];
    ensure(*pictures == 1, || format!("{pictures} pictures were read"))?;
    // The edge itself tells what was asked of it: WebKit leaves most requests of a media element out of its timings.
    let page = said["href"].as_str().unwrap_or_default();
    let session = page.split('/').nth(3).unwrap_or_default();
    let statuses = stage.product.wrangler.statuses(&format!("/{session}/tone.wav"))?;
    // One is enough for a browser that takes it all at once.
    ensure(statuses.contains(&206), || {
        format!("the sound at {page} came with {statuses:?}")
    })
}

fn bytes(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    files::FIXTURES
        .iter()
        .try_for_each(|bundle| files::compare_with_types(&stage, bundle, "opaque"))
}

fn names(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    files::compare(&stage, "names", "opaque").map(drop)
}

fn many(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    files::many_in(&stage, "opaque")
}

fn large(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    files::large_in(&stage, "opaque")
}

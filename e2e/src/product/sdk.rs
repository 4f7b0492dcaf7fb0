//! The SDK where its hub is in trouble, or is one of several: silent, out of the page, left, shared, doubled.

use serde_json::json;

use super::{ISOLATIONS, Stage};
use crate::Result;
use crate::case::{Case, Context};

pub(super) const CASES: &[Case] = &[
    Case::new("sdk_silent_hub_is_given_up", silent),
    Case::new("sdk_busy_hub_is_waited_for", busy),
    Case::new("sdk_hub_is_joined_and_left", hubs),
    Case::new("sdk_second_place_is_a_copy", copied),
    Case::new("sdk_two_places_have_one_outcome", outcomes),
    Case::new("sdk_put_again_sends_what_is_new", again),
];

/// What the host page says to its hubs, counted by kind, and changed on its way where a case wants it so.
const SPY: &str = include_str!("sdk/spy.js");

fn silent(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = stage.opened("origin", json!({}));
    let found = stage.table("silent", include_str!("sdk/silent.js"), args)?;
    println!("  {}", found.as_str().unwrap_or_default());
    Ok(())
}

fn busy(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = stage.opened("origin", json!({}));
    stage.table("busy", &[SPY, include_str!("sdk/busy.js")].concat(), args)?;
    Ok(())
}

fn hubs(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        let args = stage.opened(isolation, json!({}));
        stage.table(isolation, &[SPY, include_str!("sdk/hubs.js")].concat(), args)?;
    }
    Ok(())
}

fn copied(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = stage.opened("origin", json!({}));
    stage.table("copied", &[SPY, include_str!("sdk/copied.js")].concat(), args)?;
    Ok(())
}

fn again(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for storage in ["indexeddb", "memory"] {
        stage.goto_host()?;
        let mut args = stage.opened("origin", json!({"storage": storage}));
        args["options"]["id"] = format!("{}-{storage}", stage.id).into();
        stage.table(storage, &[SPY, include_str!("sdk/again.js")].concat(), args)?;
    }
    Ok(())
}

fn outcomes(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let args = stage.opened("origin", json!({}));
    stage.table("outcomes", &[SPY, include_str!("sdk/outcomes.js")].concat(), args)?;
    Ok(())
}

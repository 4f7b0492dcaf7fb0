//! What code in an opaque frame may send, and where to: the ways out of `walls/network.rs`, from a page of the session and
//! from a document given as HTML.

use serde_json::json;

use super::super::lifecycle::Life;
use super::super::walls::network::{Allowed, Ways};
use crate::Result;
use crate::case::{Case, Context};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("opaque_sends_nothing_without_leave", closed),
    Case::new("opaque_sends_where_it_may", open),
];

/// A worker is never of an opaque document's own origin, so there is none by a file's URL.
const NO_WAY: &[&str] = &["/in-file", "/in-file-script.js"];

fn closed(context: &mut Context<'_>) -> Result {
    sends(context, &[Allowed::Nothing])
}

fn open(context: &mut Context<'_>) -> Result {
    sends(context, &[Allowed::Origin, Allowed::Everything])
}

fn sends(context: &mut Context<'_>, all: &[Allowed]) -> Result {
    let ways = Ways::lead_elsewhere()?;
    let mut life = Life::open(context, "opaque", json!({}))?;
    for by in ["entry", "html"] {
        for allowed in all {
            life.stage.goto_host()?;
            life.turn("opaque", json!({"network": ways.network(*allowed)}));
            ways.mount(&life, by)?;
            ways.all_end(&life, *allowed, NO_WAY)
                .map_err(|error| format!("by {by}: {error}"))?;
        }
    }
    Ok(())
}

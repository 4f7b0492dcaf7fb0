//! Tables of the documentation that say what each engine does: what a page finds is held against them, row by row.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Stage;
use crate::browser::Engine;
use crate::{Result, ensure};

/// What every attempt may use, and how they are tried: what holds is true, what throws or takes too long does not.
const ATTEMPTS: &str = include_str!("guide.js");

impl Stage<'_> {
    /// Tries rows in the current frame, and compares with what a document below `docs/` says of this engine. `rows` is
    /// JavaScript: an object from a row's name to a function that gives `true` where it works.
    pub(super) fn compare_with_guide(&self, document: &str, rows: &str) -> Result {
        let told = guide(document, self.browser.engine)?;
        let absent: Vec<&String> = told
            .iter()
            .filter(|(_, works)| !**works)
            .map(|(name, _)| name)
            .collect();
        let found = self.run(&ATTEMPTS.replace("/*__ROWS__*/", rows), json!({"absent": absent}))?;
        let found = found.as_object().ok_or("no table came")?;
        let differs = |(name, outcome): &(&String, &Value)| told.get(*name) != Some(&(**outcome == true));
        let mut wrong: Vec<String> = found
            .iter()
            .filter(differs)
            .map(|(name, outcome)| format!("{name}: {outcome}"))
            .collect();
        let untried = told.keys().filter(|name| !found.contains_key(name.as_str()));
        wrong.extend(untried.map(|name| format!("{name}: not tried")));
        ensure(wrong.is_empty(), || {
            format!("docs/{document} says otherwise, or nothing, of {wrong:#?}")
        })
    }
}

/// The rows of a guide, and what they say of an engine.
fn guide(document: &str, engine: Engine) -> Result<BTreeMap<String, bool>> {
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).join(document);
    let text = std::fs::read_to_string(path)?;
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let name = cells.next()?;
        let place = match engine {
            Engine::Chromium => 0,
            Engine::Firefox => 1,
            Engine::WebKit => 2,
        };
        match cells.nth(place)? {
            "yes" => Some((name.to_owned(), true)),
            "no" => Some((name.to_owned(), false)),
            _ => None,
        }
    });
    let rows: BTreeMap<String, bool> = rows.collect();
    ensure(!rows.is_empty(), || format!("docs/{document} has no table"))?;
    Ok(rows)
}

//! What happens between a put and a fetch: workers that end, tabs that close, writers that meet.
//!
//! Names say what must hold. Each case makes sessions of its own; both storages and both isolations are meant where
//! a case does not say otherwise.

pub(super) mod away;
pub(super) mod boot;
pub(super) mod changes;
pub(super) mod start;
pub(super) mod tabs;
pub(super) mod worker;

use serde_json::{Value, json};

use super::{ISOLATIONS, Stage};
use crate::Result;
use crate::browser::Engine;
use crate::case::Context;

const HELPERS: &str = concat!(include_str!("probe.js"), include_str!("lifecycle/helpers.js"));
const STORAGES: [&str; 2] = ["indexeddb", "memory"];
pub(super) const NO_STOP: &[(Engine, &str)] = &[(Engine::WebKit, "its driver cannot stop a service worker")];

pub(super) const PARTITIONED: &[(Engine, &str)] = &[(
    Engine::WebKit,
    "it partitions storage by the top-level origin: a tab of its own has none of the session's",
)];

/// A host page, and how it opens its session.
pub(super) struct Life<'a> {
    pub(super) stage: Stage<'a>,
    pub(super) options: Value,
    origin: String,
}

impl<'a> Life<'a> {
    /// Opens the host page for a session with these options.
    pub(super) fn open(context: &'a mut Context<'_>, isolation: &str, options: Value) -> Result<Self> {
        let stage = Stage::open(context)?;
        Ok(Self::of(stage, isolation, options))
    }

    fn of(stage: Stage<'a>, isolation: &str, options: Value) -> Self {
        let mut life = Self {
            origin: String::new(),
            options: Value::Null,
            stage,
        };
        life.turn(isolation, options);
        life
    }

    /// Goes on with another session.
    pub(super) fn turn(&mut self, isolation: &str, options: Value) {
        let storage = options["storage"].as_str().unwrap_or("indexeddb");
        let id = format!("{}-{}{}", self.stage.id, &isolation[..1], &storage[..1]);
        self.origin = self.stage.origin(isolation);
        self.options = super::merged(json!({"isolation": isolation, "storage": storage, "id": id}), options);
    }

    /// Goes on at another VFS origin.
    pub(super) fn at(&mut self, origin: String) {
        self.origin = origin;
    }

    /// Runs the body of an async function in the current frame, with the helpers.
    pub(super) fn run(&self, body: &str) -> Result<Value> {
        self.run_with(body, json!({}))
    }

    pub(super) fn run_with(&self, body: &str, more: Value) -> Result<Value> {
        let args = super::merged(json!({"options": self.options, "origin": self.origin}), more);
        self.stage
            .run(&format!("{HELPERS}\n{body}"), args)
            .map_err(|error| format!("{} {}: {error}", self.options["isolation"], self.options["storage"]).into())
    }

    /// As `run`, in a document whose content policy has no eval: the product's own pages. No helper of ours is there.
    pub(super) fn look(&self, body: &str) -> Result<Value> {
        self.stage.browser.eval(body, &json!({}))
    }

    /// Another window with the host page, made the current one.
    pub(super) fn second(&self) -> Result<String> {
        let handle = self.stage.browser.open()?;
        self.stage.goto_host()?;
        Ok(handle)
    }
}

/// Runs a body in a fresh host page for both isolations and both storages.
fn everywhere(context: &mut Context<'_>, body: &str) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run(body)?;
        }
    }
    Ok(())
}

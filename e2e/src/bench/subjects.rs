//! What is compared: workers and servers that serve the same files, each on an origin of its own.

use serde_json::{Value, json};

use super::Bench;
use crate::Result;

pub(super) const OURS: &str = "ours";
/// The same with its files in a page's memory.
pub(super) const MEMORY: &str = "ours, memory";
pub(super) const JS: &str = "js";
pub(super) const LIMIT: &str = "limit";
pub(super) const CACHE: &str = "cache";
pub(super) const NGINX: &str = "nginx";
pub(super) const RELAY: &str = "static-browser-server";
pub(super) const PLAYGROUND: &str = "playground-elements";
pub(super) const BRIDGE: &str = "almostnode";

/// What each name stands for, for the report.
pub(super) const LEGEND: [(&str, &str); 9] = [
    (
        OURS,
        "this project: a session in IndexedDB, in `origin` isolation, with the options that are the default",
    ),
    (MEMORY, "the same with `storage: \"memory\"`"),
    (
        JS,
        "a worker written by hand for speed: index and headers made once, a Blob for each file, all of it in IndexedDB; no rules",
    ),
    (
        LIMIT,
        "a worker that answers whatever is asked with one Blob: what the browser itself takes",
    ),
    (CACHE, "a worker that answers from the Cache API"),
    (NGINX, "nginx on the same machine, and no worker"),
    (
        RELAY,
        "the npm package of that name: its worker asks the host page for each file",
    ),
    (
        PLAYGROUND,
        "the worker and proxy page of that npm package: the worker asks the host page for each file",
    ),
    (
        BRIDGE,
        "the worker of that npm package: it asks a page for each file, and gets it as base64",
    ),
];

/// Whether a subject answers ranges.
pub(super) fn has_ranges(name: &str) -> bool {
    [OURS, MEMORY, JS, NGINX].contains(&name)
}

impl Bench {
    /// A fresh host page with these subjects, each ready for its turn.
    pub(super) fn open(&self, names: &[&str]) -> Result {
        self.browser.goto(&self.page("bench.html"))?;
        for name in names {
            let (kind, origin, options) = self.place(name)?;
            let body = "await bench.open(args.name, args.kind, args.origin, args.options)";
            let args = json!({"name": name, "kind": kind, "origin": origin, "options": options});
            let opened = self.browser.page(body, &args);
            opened.map_err(|error| format!("opening {name}: {error}"))?;
        }
        Ok(())
    }

    /// How the host page opens a subject, its origin, and options.
    fn place(&self, name: &str) -> Result<(&'static str, String, Value)> {
        let none = json!({});
        Ok(match name {
            OURS => (
                "ours",
                self.ours(),
                json!({"id": "stored-ours", "storage": "indexeddb"}),
            ),
            MEMORY => ("ours", self.ours(), json!({"id": "memory-ours", "storage": "memory"})),
            JS => ("own", self.origin("js"), none),
            CACHE => ("own", self.origin("cache"), none),
            LIMIT => ("limit", self.origin("limit"), none),
            NGINX => ("plain", self.nginx.origin("nginx.virtual-files.localhost"), none),
            RELAY => ("relay", self.origin("relay"), none),
            PLAYGROUND => ("playground", self.origin("playground"), none),
            BRIDGE => ("bridge", self.origin("bridge"), none),
            _ => return Err(format!("nothing is called {name}").into()),
        })
    }

    /// The pattern of our origins, for `connect`.
    pub(super) fn ours(&self) -> String {
        self.origin("{session}")
    }

    /// The origin under a label. What follows its last hyphen tells the server what to serve there.
    pub(super) fn origin(&self, label: &str) -> String {
        self.origins.origin(&format!("{label}.virtual-files.localhost"))
    }

    /// The URL of a page of the host app.
    pub(super) fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.host.origin("app.virtual-files.localhost"))
    }
}

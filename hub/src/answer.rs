//! Answers in the worker's place: a worker that has just started asks its hubs what to answer, for as long as its own wasm is
//! not there. The rules run here already, and the store is open.
//!
//! It keeps true that a hub answers only what the worker would: by the core's `route` and `plan`, from what is stored
//! now, or from its own memory where there is no other hub. It says nothing in all other cases. What is stored now, a hub that is the
//! only one knows without looking, where it has heard of no change.

use crate::host::Hub;
use crate::recent::Place;
use js_sys::{Object, Uint8Array};
use std::rc::Rc;
use virtual_files_core::config::Layout;
use virtual_files_core::http::asked::{Asked, client_path};
use virtual_files_core::http::{Headers, Request};
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::protocol::writer_lock;
use virtual_files_core::route::{self, Route};
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, Store};
use virtual_files_store::BlobBody;
use virtual_files_web::envelope::set;
use virtual_files_web::locks;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// How many files a stored session may have: the index of more is for the worker to read, once.
const MAX_FILES: usize = 10_000;

/// How many parts of packs are kept.
const MAX_PARTS: usize = 64;

/// Parts of no more bytes are posted as bytes after the first time: a worker passes them on sooner than a Blob.
const MAX_BYTES: u64 = 16 * 1024;

/// What there is to say.
enum Outcome {
    Answer(Object),
    /// It takes this pack.
    Lacks(PackId),
    Nothing,
}

impl Outcome {
    fn answer(self) -> Option<Object> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

impl Hub {
    /// What the worker is to answer to a request as [`Asked::told`] reads it: `{ status, headers, body }`, the headers' names and
    /// values a line each. `alone` says that the worker found no hub but this one.
    pub(crate) async fn answer_request(&self, question: &str, alone: bool) -> Option<Object> {
        let (asked, client) = Asked::told(question, &self.own_origin);
        let shared = self.layout == Layout::Shared;
        if route::is_reserved(&asked.path) || (shared && !asked.navigate && client.is_none()) {
            return None;
        }
        // As for the worker, the URL says it all but for who asks in the shared layout, other than by a navigation.
        let client = client
            .filter(|_| shared && !asked.navigate)
            .and_then(|url| client_path(url, &self.own_origin));
        let request = asked.request(&self.hostname, client.as_deref().or(asked.referrer.as_deref()));
        let Route::Session { id, path } = route::route(&self.config, &request) else {
            return None;
        };
        if self.sessions.memory.contains(&id) {
            // Another hub's may be newer.
            if !alone {
                return None;
            }
            let outcome = |index: &Index, pack: &dyn Fn(PackId) -> Option<BlobBody>| {
                let mut read = self.sessions.recent.of(&id, index.version());
                self.outcome((&id, &request, path), index, &mut read.parts, pack)
            };
            return self.sessions.memory.look(&id, outcome)?.answer();
        }
        let index = self.stored(&id, alone).await?;
        if request.navigate && index.used() < virtual_files_web::now().saturating_sub(self.config.use_interval()) {
            // That it is used is the worker's to note.
            self.sessions.recent.forget(&id);
            return None;
        }
        let lacks = {
            let read = &mut *self.sessions.recent.of(&id, index.version());
            let packs = &read.packs;
            match self.outcome((&id, &request, path), &index, &mut read.parts, &|pack| {
                packs.get(&pack).cloned()
            }) {
                Outcome::Lacks(pack) => pack,
                outcome => return outcome.answer(),
            }
        };
        let body = self.sessions.stored.pack(&id, lacks).await.ok()??;
        let read = &mut *self.sessions.recent.of(&id, index.version());
        read.packs.insert(lacks, body.clone());
        self.outcome((&id, &request, path), &index, &mut read.parts, &|_| Some(body.clone()))
            .answer()
    }

    /// A stored session's index as it is now.
    async fn stored(&self, id: &SessionId, alone: bool) -> Option<Rc<Index>> {
        let (stored, recent) = (&self.sessions.stored, &self.sessions.recent);
        if alone && let Some(index) = recent.trusted(id, stored.connection()) {
            return Some(index);
        }
        // A writer that holds the lock now may have spoken before this page could hear it; those who come later are heard.
        let quiet = alone && locks::held(&writer_lock(id)).await == Some(0);
        let moment = recent.moment();
        let info = stored.info(id).await.ok()??;
        let connection = stored.connection();
        let known = recent.of(id, info.version).index.clone();
        let index = match known {
            Some(index) => index,
            None if info.files > MAX_FILES => return None,
            None => {
                let index = Rc::new(stored.index(id).await.ok()??);
                recent.of(id, index.version()).index = Some(index.clone());
                index
            }
        };
        if quiet {
            recent.trust(id, moment, connection.filter(|_| stored.connection() == connection));
        }
        Some(index)
    }

    fn outcome(
        &self,
        (id, request, path): (&SessionId, &Request<'_>, &str),
        index: &Index,
        parts: &mut Map<Place, JsValue>,
        pack: &dyn Fn(PackId) -> Option<BlobBody>,
    ) -> Outcome {
        let (entry, status, range, headers) = match plan::plan(&self.config, request, path, Some(index)) {
            Plan::Serve {
                entry,
                status,
                range,
                with_body: true,
                headers,
                ..
            } => (entry, status, range, headers),
            Plan::Empty { status, headers } => return Outcome::Answer(answer(status, &headers, &JsValue::NULL)),
            Plan::Serve { .. } | Plan::Page { .. } => return Outcome::Nothing,
        };
        let (start, end) = range.unwrap_or((0, entry.length));
        let (from, length) = (entry.offset.saturating_add(start), end.saturating_sub(start));
        let place = (entry.pack, from, length);
        if let Some(part) = parts.get(&place) {
            return Outcome::Answer(answer(status, &headers, part));
        }
        let Some(pack) = pack(entry.pack) else {
            return Outcome::Lacks(entry.pack);
        };
        let part = pack.slice(from, from.saturating_add(length));
        if part.len() != length {
            return Outcome::Nothing;
        }
        let answer = answer(status, &headers, part.blob());
        if parts.len() >= MAX_PARTS {
            parts.clear();
        }
        parts.insert(place, part.blob().into());
        if length <= MAX_BYTES {
            let (sessions, id, version) = (self.sessions.clone(), id.clone(), index.version());
            spawn_local(async move {
                if let Ok(bytes) = part.bytes().await {
                    sessions
                        .recent
                        .keep(&id, version, place, Uint8Array::new(&bytes).into());
                }
            });
        }
        Outcome::Answer(answer)
    }
}

fn answer(status: u16, headers: &Headers<'_>, body: &JsValue) -> Object {
    let answer = Object::new();
    let mut lines = String::new();
    for (name, value) in headers {
        for text in [name, &**value] {
            lines.push_str(text);
            lines.push('\n');
        }
    }
    set(&answer, "status", &status.into());
    set(&answer, "headers", &lines.trim_end_matches('\n').into());
    set(&answer, "body", body);
    answer
}

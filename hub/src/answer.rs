//! Answers in the worker's place: a worker that has just started asks its hubs what to answer to its first request, for as
//! long as its own wasm is not there. The rules run here already, and the store is open.
//!
//! It keeps true that a hub answers only what the worker would: by the core's `route` and `plan`, from what is stored
//! now, or from its own memory where there is no other hub. It says nothing in all other cases.

use crate::host::Hub;
use js_sys::Object;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use virtual_files_core::config::Layout;
use virtual_files_core::http::{Headers, Request};
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::route::{self, Route};
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, Store};
use virtual_files_store::BlobBody;
use virtual_files_web::asked::{Asked, client_path};
use virtual_files_web::envelope::set;
use wasm_bindgen::JsValue;

/// How many files a stored session may have: the index of more is for the worker to read, once.
const MAX_FILES: usize = 10_000;

/// How many parts of packs are kept.
const MAX_PARTS: usize = 64;

/// Where a part of a pack begins, and its length.
type Place = (PackId, u64, u64);

/// A session as requests were answered of it last: it holds for as long as the session has that version.
struct Read {
    session: SessionId,
    version: u64,
    /// Of a stored session; one in memory is at hand.
    index: Option<Rc<Index>>,
    packs: Map<PackId, BlobBody>,
    /// What was answered. To cut a Blob, Chromium waits for another process.
    parts: Map<Place, BlobBody>,
}

/// The one session that requests were answered of last.
#[derive(Default)]
pub(crate) struct Recent(RefCell<Option<Read>>);

impl Recent {
    /// Forgets a session that has changed.
    pub(crate) fn forget(&self, session: &SessionId) {
        self.0.borrow_mut().take_if(|read| read.session == *session);
    }

    /// What is known of this version.
    fn of(&self, session: &SessionId, version: u64) -> RefMut<'_, Read> {
        let mut read = self.0.borrow_mut();
        read.take_if(|read| read.session != *session || read.version != version);
        RefMut::map(read, |read| {
            read.get_or_insert_with(|| Read {
                session: session.clone(),
                version,
                index: None,
                packs: Map::default(),
                parts: Map::default(),
            })
        })
    }
}

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
        if route::is_reserved(asked.path()) || (shared && !asked.navigate() && client.is_none()) {
            return None;
        }
        // As for the worker, the URL says it all but for who asks in the shared layout, other than by a navigation.
        let client = client
            .filter(|_| shared && !asked.navigate())
            .and_then(|url| client_path(url, &self.own_origin));
        let request = asked.request(&self.hostname, client.as_deref().or(asked.referrer()));
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
                self.outcome(&request, path, index, &mut read.parts, pack)
            };
            return self.sessions.memory.look(&id, outcome)?.answer();
        }
        let index = self.stored(&id).await?;
        if request.navigate && index.used() < virtual_files_web::now().saturating_sub(self.config.use_interval()) {
            // That it is used is the worker's to note.
            self.sessions.recent.forget(&id);
            return None;
        }
        let lacks = {
            let read = &mut *self.sessions.recent.of(&id, index.version());
            let packs = &read.packs;
            match self.outcome(&request, path, &index, &mut read.parts, &|pack| {
                packs.get(&pack).cloned()
            }) {
                Outcome::Lacks(pack) => pack,
                outcome => return outcome.answer(),
            }
        };
        let body = self.sessions.stored.pack(&id, lacks).await.ok()??;
        let read = &mut *self.sessions.recent.of(&id, index.version());
        read.packs.insert(lacks, body.clone());
        self.outcome(&request, path, &index, &mut read.parts, &|_| Some(body.clone()))
            .answer()
    }

    /// A stored session's index as it is now.
    async fn stored(&self, id: &SessionId) -> Option<Rc<Index>> {
        let (stored, recent) = (&self.sessions.stored, &self.sessions.recent);
        let info = stored.info(id).await.ok()??;
        if let Some(index) = &recent.of(id, info.version).index {
            return Some(index.clone());
        }
        if info.files > MAX_FILES {
            return None;
        }
        let index = Rc::new(stored.index(id).await.ok()??);
        recent.of(id, index.version()).index = Some(index.clone());
        Some(index)
    }

    fn outcome(
        &self,
        request: &Request<'_>,
        path: &str,
        index: &Index,
        parts: &mut Map<Place, BlobBody>,
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
            return Outcome::Answer(answer(status, &headers, part.blob()));
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
        parts.insert(place, part);
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

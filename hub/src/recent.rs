//! What a hub remembers of the session that requests were answered of last, and when it may trust that without a look at the
//! store.
//!
//! It keeps true that what is trusted is what is stored. Whoever changes a session says so on a channel that all hubs hear,
//! before the change is made and after. What was read meanwhile is not trusted, and where a writer has never said
//! that it is done, nothing of that session is.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::map::Map;
use virtual_files_core::session::SessionId;
use virtual_files_store::BlobBody;
use wasm_bindgen::JsValue;

/// How many changes may be under way, or never ended: where there are more, nothing is trusted from then on.
const MAX_CHANGING: usize = 64;

/// Where a part of a pack begins, and its length.
pub(crate) type Place = (PackId, u64, u64);

/// A session as it was read: it holds for as long as the session has that version.
pub(crate) struct Read {
    session: SessionId,
    version: u64,
    /// Of a stored session; one in memory is at hand.
    pub(crate) index: Option<Rc<Index>>,
    /// The connection to the database that it was read by, where nothing has changed meanwhile.
    sure: Option<u32>,
    pub(crate) packs: Map<PackId, BlobBody>,
    /// What was answered, as it was posted. To cut a Blob, Chromium waits for another process.
    pub(crate) parts: Map<Place, JsValue>,
}

/// The one session that requests were answered of last.
#[derive(Default)]
pub(crate) struct Recent {
    read: RefCell<Option<Read>>,
    changing: RefCell<Vec<SessionId>>,
    /// Whether a change may have been missed.
    deaf: Cell<bool>,
    /// How many changes were heard of.
    heard: Cell<u32>,
}

impl Recent {
    /// Forgets a session that has changed.
    pub(crate) fn forget(&self, session: &SessionId) {
        self.heard.set(self.heard.get().wrapping_add(1));
        self.read.borrow_mut().take_if(|read| read.session == *session);
    }

    /// A session is about to change.
    pub(crate) fn begins(&self, session: &SessionId) {
        self.forget(session);
        let mut changing = self.changing.borrow_mut();
        if changing.contains(session) {
            return;
        }
        if changing.len() >= MAX_CHANGING {
            return self.deafen();
        }
        changing.push(session.clone());
    }

    /// From now on, nothing is trusted: changes are not heard of.
    pub(crate) fn deafen(&self) {
        self.deaf.set(true);
    }

    /// A session has changed, or will not.
    pub(crate) fn ends(&self, session: &SessionId) {
        self.forget(session);
        self.changing.borrow_mut().retain(|changing| changing != session);
    }

    fn is_quiet(&self, session: &SessionId) -> bool {
        !self.deaf.get() && !self.changing.borrow().contains(session)
    }

    /// What is known of this version.
    pub(crate) fn of(&self, session: &SessionId, version: u64) -> RefMut<'_, Read> {
        let mut read = self.read.borrow_mut();
        read.take_if(|read| read.session != *session || read.version != version);
        RefMut::map(read, |read| {
            read.get_or_insert_with(|| Read {
                session: session.clone(),
                version,
                index: None,
                sure: None,
                packs: Map::default(),
                parts: Map::default(),
            })
        })
    }

    /// Keeps a part of this version in another form, if it is kept still.
    pub(crate) fn keep(&self, session: &SessionId, version: u64, place: Place, part: JsValue) {
        if let Some(read) = &mut *self.read.borrow_mut()
            && read.session == *session
            && read.version == version
            && let Some(kept) = read.parts.get_mut(&place)
        {
            *kept = part;
        }
    }

    /// A moment, to tell later whether anything has changed since.
    pub(crate) fn moment(&self) -> u32 {
        self.heard.get()
    }

    /// Trusts what was read by a connection between a moment and now, unless something has changed.
    pub(crate) fn trust(&self, session: &SessionId, moment: u32, connection: Option<u32>) {
        if let Some(read) = &mut *self.read.borrow_mut()
            && read.session == *session
            && self.heard.get() == moment
            && self.is_quiet(session)
        {
            read.sure = connection;
        }
    }

    /// The index of a stored session, where it is trusted and the connection is still the same.
    pub(crate) fn trusted(&self, session: &SessionId, connection: Option<u32>) -> Option<Rc<Index>> {
        let read = self.read.borrow();
        let read = read.as_ref().filter(|read| read.session == *session)?;
        if read.sure.is_none() || read.sure != connection || !self.is_quiet(session) {
            return None;
        }
        read.index.clone()
    }
}

//! A session, as its host sees it: where it is served, what it holds, and word of its changes.
//!
//! A session lives in one place, and in a second one once it is mounted with another isolation than its own. The first
//! is what is read; writes go to all (`writes.rs`).

use crate::client::{Client, disposed};
use crate::convert;
use crate::error::Result;
use crate::hub::Hub;
use crate::isolation::Isolation;
use crate::preview::Preview;
use crate::wait::{Once, Queue, within};
use js_sys::Array;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use virtual_files_core::known::Known;
use virtual_files_core::options::SessionOptions;
use virtual_files_core::path::FilePath;
use virtual_files_core::protocol::{FileInfo, Storage};
use virtual_files_core::session::SessionId;
use virtual_files_web::bundle::Content;
use virtual_files_web::envelope::{get, set};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, EventTarget};

/// How long a session that is disposed waits for the hub to tidy up.
pub(crate) const FAREWELL: u32 = 2000;

/// What `VirtualFiles::session` is told.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// An id of 128 random bits where there is none.
    pub id: Option<SessionId>,
    /// By the form of the VFS origin where there is none.
    pub isolation: Option<Isolation>,
    /// Where a new session is kept.
    pub storage: Storage,
    /// How the session is served; where there are none, it stays as it is.
    pub options: Option<SessionOptions>,
}

/// An open session. Its clones are the same one.
#[derive(Clone)]
pub struct Session(pub(crate) Rc<Inner>);

/// Where a session is served from.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) isolation: Isolation,
    pub(crate) hub: Rc<Hub>,
    /// The URL of the session's root there, with its closing `/`. At the edge it changes where the hub had to begin anew.
    pub(crate) root: Rc<RefCell<String>>,
    /// Why files are not stored there, where they are not.
    pub(crate) degraded: Option<String>,
}

impl Place {
    pub(crate) fn root(&self) -> String {
        self.root.borrow().clone()
    }
}

pub(crate) struct Inner {
    pub(crate) client: Rc<Client>,
    pub(crate) id: SessionId,
    /// Its number at the hubs.
    pub(crate) user: u32,
    pub(crate) options: Option<SessionOptions>,
    /// What was asked for.
    pub(crate) wanted: Storage,
    /// Never empty.
    pub(crate) places: RefCell<Vec<Place>>,
    pub(crate) writes: Queue,
    /// What the session has, as far as this page's changes tell.
    pub(crate) known: RefCell<Option<Known>>,
    storage: Cell<Storage>,
    degraded: RefCell<Option<String>>,
    /// The documents of previews that were mounted with HTML; they outlive a put that replaces all.
    pub(crate) documents: RefCell<Vec<(FilePath, Content)>>,
    pub(crate) previews: RefCell<Vec<Preview>>,
    events: Option<EventTarget>,
    subscribed: Cell<bool>,
    disposed: Cell<bool>,
    url: Rc<RefCell<String>>,
    isolation: Isolation,
    /// Why it is not the isolation that is meant where none is named.
    reason: Option<String>,
}

impl Inner {
    pub(crate) fn new(
        client: Rc<Client>,
        id: SessionId,
        user: u32,
        place: Place,
        reason: Option<String>,
        options: OpenOptions,
    ) -> Rc<Self> {
        Rc::new(Self {
            url: place.root.clone(),
            isolation: place.isolation,
            reason,
            storage: Cell::new(if place.degraded.is_some() {
                Storage::Memory
            } else {
                options.storage
            }),
            degraded: RefCell::new(place.degraded.clone().filter(|_| options.storage == Storage::IndexedDb)),
            client,
            id,
            user,
            options: options.options,
            wanted: options.storage,
            places: RefCell::new(vec![place]),
            writes: Queue::new(),
            known: RefCell::default(),
            documents: RefCell::default(),
            previews: RefCell::default(),
            events: EventTarget::new().ok(),
            subscribed: Cell::new(false),
            disposed: Cell::new(false),
        })
    }

    /// Whether it is open and served by this hub.
    pub(crate) fn lives_at(&self, hub: &Rc<Hub>) -> bool {
        !self.disposed.get() && self.places.borrow().iter().any(|place| Rc::ptr_eq(&place.hub, hub))
    }

    /// Fails with `ABORTED` once the session is disposed.
    pub(crate) fn alive(&self) -> Result<()> {
        if self.disposed.get() { Err(disposed()) } else { Ok(()) }
    }

    /// The hub that is read from.
    fn hub(&self) -> Result<Rc<Hub>> {
        self.alive()?;
        self.places
            .borrow()
            .first()
            .map(|place| place.hub.clone())
            .ok_or_else(disposed)
    }

    pub(crate) fn stored(&self, storage: Storage, degraded: Option<String>) {
        self.storage.set(storage);
        self.degraded.replace(degraded);
    }

    fn ask(&self, kind: &str, name: &str, value: &str) -> Result<Once<Result<JsValue>>> {
        let request = convert::request(kind, &self.id);
        set(&request, name, &value.into());
        Ok(self.hub()?.ask(self.user, request, &Array::new(), None)?.answer())
    }
}

impl Session {
    /// The session's id.
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// The walls around previews, where `mount` names no others.
    pub fn isolation(&self) -> Isolation {
        self.0.isolation
    }

    /// Why the session is isolated otherwise than it would be elsewhere: the browser gives it no service worker.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Where the files are kept, as far as is known.
    pub fn storage(&self) -> Storage {
        self.0.storage.get()
    }

    /// Why the files are kept in memory although they were to be stored; none where they are stored.
    pub fn degraded(&self) -> Option<String> {
        self.0.degraded.borrow().clone()
    }

    /// The URL of the session's root, with its closing `/`.
    pub fn url(&self) -> String {
        self.0.url.borrow().clone()
    }

    /// The files whose path starts with `prefix`; all for `""`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<FileInfo>> {
        let files = self.list_js(prefix).await?;
        Ok(files.iter().map(|file| convert::file_info(&file)).collect())
    }

    /// The same as the hub gives it, without the documents of previews mounted with HTML.
    pub(crate) async fn list_js(&self, prefix: &str) -> Result<Array> {
        let listed = self.0.ask("LIST_FILES", "prefix", prefix)?.await?;
        let files = get(&listed, "files").dyn_into::<Array>().unwrap_or_default();
        let visible = |file: &JsValue| {
            get(file, "path")
                .as_string()
                .is_none_or(|path| !convert::is_document(&path))
        };
        Ok(files.iter().filter(visible).collect())
    }

    /// A file's bytes. The Blob has the type that the file is served with.
    pub async fn read(&self, path: &FilePath) -> Result<Blob> {
        let answer = self.0.ask("READ_FILE", "path", path.as_str())?.await?;
        convert::file(&answer)
    }

    /// A file's properties.
    pub async fn stat(&self, path: &FilePath) -> Result<FileInfo> {
        self.stat_js(path).await.map(|info| convert::file_info(&info))
    }

    pub(crate) async fn stat_js(&self, path: &FilePath) -> Result<JsValue> {
        self.0.ask("STAT", "path", path.as_str())?.await
    }

    /// Storage used and left, and the state of the service worker, as the hub tells it.
    pub async fn estimate(&self) -> Result<JsValue> {
        self.0.ask("ESTIMATE", "path", "")?.await
    }

    /// Asks the browser to keep the session's origin when it runs out of room. Whether it will.
    pub async fn persist(&self) -> Result<bool> {
        let answer = self.0.ask("PERSIST", "path", "")?.await?;
        Ok(get(&answer, "persisted").is_truthy())
    }

    /// What `change` events are dispatched to. The hub is asked for them when this is called for the first time.
    pub async fn changes(&self) -> Result<EventTarget> {
        let events = self.0.events.clone().ok_or_else(disposed)?;
        let hub = self.0.hub()?;
        if !self.0.subscribed.replace(true) {
            hub.subscribe(self.0.user, &self.0.id, &events).await?;
        }
        Ok(events)
    }

    #[cfg(feature = "npm")]
    pub(crate) fn events(&self) -> Option<EventTarget> {
        self.0.events.clone()
    }

    /// Takes the session's previews out of the page and leaves the hub. What is still waited for is `ABORTED`. Stored
    /// files stay, those in memory go with the page's last `Session` of that id.
    pub async fn dispose(&self) {
        if self.0.disposed.get() {
            return;
        }
        for preview in self.0.previews.take() {
            preview.close();
        }
        self.0.disposed.set(true);
        // The documents of previews are of use to nobody any more. A hub that is gone does not keep us.
        let tidied = Once::new();
        let (session, done) = (self.clone(), tidied.clone());
        wasm_bindgen_futures::spawn_local(async move {
            session.remove_documents().await;
            session.release().await;
            done.set(());
        });
        within(FAREWELL, tidied).await;
        for place in self.0.places.take() {
            self.0.client.leave(&place.hub, self.0.user);
        }
        self.0.client.forget(&self.0);
    }

    /// Tells the hubs that this page needs the session no more, where nobody else here has it. Only they know for sure
    /// whether it is in memory, and pass over one that is stored.
    async fn release(&self) {
        let places = self.0.places.borrow().clone();
        for place in places {
            if !self.0.client.has_another(&self.0, &place.hub) {
                release(place.hub, self.0.id.clone(), self.0.user).await;
            }
        }
    }
}

/// Tells a hub that nobody here needs a session any more. What fails to be forgotten goes with the hub's page.
pub(crate) async fn release(hub: Rc<Hub>, session: SessionId, user: u32) {
    hub.closed_session(&session);
    let request = convert::request("RELEASE", &session);
    if let Ok(asked) = hub.ask(user, request, &Array::new(), None) {
        drop(asked.answer().await);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

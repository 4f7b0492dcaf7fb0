//! Sessions that the edge serves as well, for frames that no service worker can answer.
//!
//! What the edge has follows what this page has: a change is uploaded before it is made here, and committed there once it
//! is. Where the two have parted (a commit that failed, a session that the edge has let expire, a change in another tab),
//! the whole session is told again; only content that the edge lacks is sent.

use crate::edge::{EdgeSession, Upload, patient};
use crate::export;
use crate::sessions::Sessions;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use virtual_files_core::change::{Change, Mode};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::map::Map;
use virtual_files_core::options::SessionOptions;
use virtual_files_core::session::SessionId;
use virtual_files_store::BlobBody;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// The sessions of this page that the edge has, too.
#[derive(Debug, Default)]
pub(crate) struct Mirrors(RefCell<Map<SessionId, Rc<Mirror>>>);

#[derive(Debug)]
pub(crate) struct Mirror {
    edge: EdgeSession,
    /// The edge's version that was this page's session; none where they have parted.
    version: Cell<Option<u64>>,
    /// Whether the edge has ever had the session.
    committed: Cell<bool>,
    /// Whether nobody here wants it to have it any more.
    closed: Cell<bool>,
    /// Ends with the last that was begun: one upload at a time.
    turn: RefCell<Option<Promise>>,
}

/// A change that is on its way to the edge.
pub(crate) struct Staged {
    mirror: Rc<Mirror>,
    /// None where the whole session has to be told.
    upload: Option<Upload>,
    _turn: Turn,
}

/// One's turn, over when dropped.
struct Turn(js_sys::Function);

impl Drop for Turn {
    fn drop(&mut self) {
        // Calling a promise's own resolver cannot throw.
        drop(self.0.call0(&JsValue::UNDEFINED));
    }
}

impl Mirrors {
    fn get(&self, session: &SessionId) -> Option<Rc<Mirror>> {
        self.0.borrow().get(session).cloned()
    }

    /// Has the edge serve a session, as it is now. Gives the id that it has there.
    pub(crate) async fn open(
        &self,
        sessions: &Sessions,
        session: &SessionId,
        going_on: &dyn Fn(u64, u64) -> bool,
    ) -> Result<SessionId> {
        let mirror = match self.get(session) {
            Some(mirror) => mirror,
            None => {
                let mirror = Rc::new(Mirror {
                    edge: EdgeSession::new()?,
                    version: Cell::new(None),
                    committed: Cell::new(false),
                    closed: Cell::new(false),
                    turn: RefCell::default(),
                });
                self.0.borrow_mut().insert(session.clone(), mirror.clone());
                mirror
            }
        };
        mirror.open(sessions, session, going_on).await?;
        Ok(mirror.edge.id().clone())
    }

    /// Uploads a change of a session that the edge has, before it is made here. Nothing for others.
    pub(crate) async fn stage(
        &self,
        session: &SessionId,
        change: &Change<BlobBody>,
        going_on: &dyn Fn(u64, u64) -> bool,
    ) -> Result<Option<Staged>> {
        let Some(mirror) = self.get(session) else {
            return Ok(None);
        };
        // What the edge never had does not hold up the puts of a session that others show without it.
        if !mirror.committed.get() {
            return Ok(None);
        }
        let turn = mirror.turn(&|| going_on(0, 0)).await?;
        let mut upload = None;
        if let Some(version) = mirror.version.get() {
            let going_on = mirror.open_and(going_on);
            upload = mirror.edge.upload(change, Some(version), &going_on).await?;
        }
        Ok(Some(Staged {
            mirror,
            upload,
            _turn: turn,
        }))
    }

    /// Tells the edge what a session has become otherwise than by [`Mirrors::stage`]: in another tab, or while it was opened.
    pub(crate) async fn refresh(&self, sessions: &Sessions, session: &SessionId) {
        if let Some(mirror) = self.get(session) {
            // Who is telling it for the first time looks again afterwards.
            if !mirror.committed.get() {
                return;
            }
            let Ok(_turn) = mirror.turn(&|| true).await else {
                return;
            };
            // Whoever mounts or puts next tries again, and is told of an error.
            drop(mirror.tell_all(sessions, session, &|_, _| true).await);
        }
    }

    /// Has the edge forget a session.
    pub(crate) async fn close(&self, session: &SessionId) {
        let mirror = self.0.borrow_mut().remove(session);
        if let Some(mirror) = mirror {
            mirror.closed.set(true);
            mirror.edge.remove().await;
            // What was under way may have made the session anew meanwhile.
            if Rc::strong_count(&mirror) > 1 {
                let _turn = mirror.turn(&|| true).await;
                mirror.edge.remove().await;
            }
        }
    }
}

impl Staged {
    /// Makes the change at the edge, once it is made here.
    pub(crate) async fn commit(self, sessions: &Sessions, session: &SessionId) -> Result<()> {
        self.mirror.version.set(None);
        if self.mirror.closed.get() {
            return Ok(());
        }
        let committed = match self.upload {
            Some(upload) => self.mirror.edge.commit(upload).await,
            None => Err(Error::new(ErrorCode::Aborted, "")),
        };
        match committed {
            Ok(version) => {
                self.mirror.version.set(Some(version));
                Ok(())
            }
            // What the upload counted on is gone from the edge.
            Err(error) if matches!(error.code(), ErrorCode::Aborted | ErrorCode::NotFound) => {
                self.mirror.tell_all(sessions, session, &|_, _| true).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the change up, where it was not made here.
    pub(crate) fn abandon(self) {
        if let Some(upload) = self.upload {
            self.mirror.edge.abandon(upload);
        }
    }
}

impl Mirror {
    /// Waits until nobody else speaks to the edge of this session, or until it is not wanted any more.
    async fn turn(&self, wanted: &dyn Fn() -> bool) -> Result<Turn> {
        let mut over = None;
        let mine = Promise::new(&mut |resolve, _| over = Some(resolve));
        let turn = Turn(over.unwrap_or_default());
        let Some(before) = self.turn.replace(Some(mine)) else {
            return Ok(turn);
        };
        match patient(before.clone(), u64::MAX, wanted).await {
            Ok(_) => Ok(turn),
            Err(error) => {
                // Who comes after still waits for who was before.
                spawn_local(async move {
                    drop(JsFuture::from(before).await);
                    drop(turn);
                });
                Err(error)
            }
        }
    }

    /// Has the edge's session be what this page's is, where it is not.
    async fn open(&self, sessions: &Sessions, session: &SessionId, going_on: &dyn Fn(u64, u64) -> bool) -> Result<()> {
        let _turn = self.turn(&|| going_on(0, 0)).await?;
        if self.closed.get() {
            return Err(closed());
        }
        let known = self.version.get();
        if known.is_none() || known != Some(self.edge.version().await?) {
            let told = self.tell_all(sessions, session, going_on).await?;
            let now = sessions.index(session).await?;
            // No put waits for the first time; from then on each waits for its turn.
            if told != now.map_or(0, |(index, _)| index.version()) && !self.closed.get() {
                self.tell_all(sessions, session, going_on).await?;
            }
        }
        if self.closed.get() { Err(closed()) } else { Ok(()) }
    }

    /// Goes on as long as the session is wanted, too.
    fn open_and<'a>(&'a self, going_on: &'a dyn Fn(u64, u64) -> bool) -> impl Fn(u64, u64) -> bool + 'a {
        move |done, of| going_on(done, of) && !self.closed.get()
    }

    /// Tells the edge the whole session. Gives the version that it has here, 0 where there is none.
    async fn tell_all(
        &self,
        sessions: &Sessions,
        session: &SessionId,
        going_on: &dyn Fn(u64, u64) -> bool,
    ) -> Result<u64> {
        self.version.set(None);
        let mut told = 0;
        let mut change = Change::new(Mode::Replace, 0);
        // None would leave the edge those of a session that is gone here.
        change.options = Some(SessionOptions::default());
        if let Some((index, packs)) = sessions.export(session).await? {
            (change.packs, change.files) = export::bundle(&index, packs);
            change.options = Some(index.options().clone());
            told = index.version();
        }
        let upload = self.edge.upload(&change, None, &self.open_and(going_on)).await?;
        let upload = upload.filter(|_| !self.closed.get()).ok_or_else(closed)?;
        let version = self.edge.commit(upload).await?;
        self.version.set(Some(version));
        self.committed.set(true);
        Ok(told)
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::Aborted, "The session was disposed of.")
}

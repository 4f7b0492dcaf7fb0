//! The way in: one VFS origin, the sessions opened on it, and the hubs that they share.

use crate::convert;
use crate::entry;
use crate::error::{Error, Result};
use crate::hub::Hub;
use crate::isolation::{Isolation, Origins};
use crate::session::{FAREWELL, Inner, OpenOptions, Place, Session, release};
use crate::wait::{Numbers, Once, within};
use js_sys::Array;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::session::SessionId;
use virtual_files_web::envelope::{get, set};
use virtual_files_web::random_bytes;

/// How long hubs and frames may take, unless a host says otherwise.
const TIMEOUT: u32 = 15_000;

/// What [`VirtualFiles::connect`] is told.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `https://{session}.vfs.my-app.com`, or `https://vfs.my-app.com` where there is one name for all sessions.
    pub origin: String,
    /// In milliseconds; 15,000 where there is none.
    pub timeout: Option<u32>,
}

/// A VFS origin that sessions can be opened on. Its clones are the same one.
#[derive(Clone)]
pub struct VirtualFiles(pub(crate) Rc<Client>);

pub(crate) struct Client {
    pub(crate) origins: Origins,
    pub(crate) timeout: u32,
    users: Numbers,
    hubs: RefCell<Vec<Rc<Hub>>>,
    /// Keeps them until they are disposed, also where the host drops its handle and leaves a preview in the page.
    sessions: RefCell<Vec<Rc<Inner>>>,
    /// What the edge is being told of at the moment.
    opening: RefCell<Vec<(Rc<Hub>, SessionId, u32)>>,
    disposed: Cell<bool>,
}

impl VirtualFiles {
    /// Reads the options. Nothing is asked of the network yet.
    pub fn connect(options: ConnectOptions) -> Result<Self> {
        Ok(Self(Rc::new(Client {
            origins: Origins::parse(&options.origin)?,
            timeout: options.timeout.unwrap_or(TIMEOUT),
            users: Numbers::default(),
            hubs: RefCell::default(),
            sessions: RefCell::default(),
            opening: RefCell::default(),
            disposed: Cell::new(false),
        })))
    }

    /// The origin as it was given.
    pub fn origin(&self) -> &str {
        &self.0.origins.pattern
    }

    /// Opens a session: a new one, or by its id one that exists.
    pub async fn session(&self, options: OpenOptions) -> Result<Session> {
        if self.0.disposed.get() {
            return Err(disposed());
        }
        let isolation = self.0.origins.resolve(options.isolation)?;
        let id = match options.id.clone() {
            Some(id) => id,
            None => SessionId::from_random(random_bytes()?),
        };
        if id.is_edge() {
            return Err(Error::new(
                ErrorCode::InvalidSession,
                "Session ids of \"e-\" and 26 letters and digits are the edge's. Choose another one.",
            ));
        }
        let user = self.0.users.next();
        let (place, reason) = match self.0.open(isolation, &id, user).await {
            Err(error) if options.isolation.is_none() && error.code() == ErrorCode::ServiceWorkerUnavailable => {
                // Where the edge cannot serve it either, the first answer is the one that helps.
                let opaque = self.0.open(Isolation::Opaque, &id, user).await;
                (opaque.map_err(|_| error.clone())?, Some(error.message().to_owned()))
            }
            opened => (opened?, None),
        };
        // Time has passed.
        if self.0.disposed.get() {
            release(place.hub.clone(), id, user).await;
            self.0.leave(&place.hub, user);
            return Err(disposed());
        }
        let session = Inner::new(self.0.clone(), id, user, place, reason, options);
        self.0.sessions.borrow_mut().push(session.clone());
        Ok(Session(session))
    }

    /// Disposes every session, and gives up those that are being opened. Stored files stay.
    pub async fn dispose(&self) {
        self.0.disposed.set(true);
        let sessions = self.0.sessions.take();
        for session in sessions {
            Session(session).dispose().await;
        }
        // The edge shall not keep what nobody will ever see.
        for (hub, id, user) in self.0.opening.take() {
            let released = Once::new();
            let done = released.clone();
            wasm_bindgen_futures::spawn_local(async move {
                release(hub, id, user).await;
                done.set(());
            });
            within(FAREWELL, released).await;
        }
        // Those that are left have nobody but who waits for a session.
        for hub in self.0.hubs.take() {
            hub.close(&disposed());
        }
    }
}

impl Client {
    /// The place that serves a session under an isolation: its origin, with the hub there. Whoever has it leaves the
    /// hub in the end.
    pub(crate) async fn open(&self, isolation: Isolation, session: &SessionId, user: u32) -> Result<Place> {
        let origin = self.origins.origin(isolation, session);
        if origin == convert::own_origin() {
            return Err(Error::of(
                ErrorCode::OriginNotAllowed,
                &[
                    "This page is of ",
                    &origin,
                    ", the VFS origin itself, where no sandbox would hold. Serve the host app from another origin.",
                ],
            ));
        }
        let hub = self.hub(origin)?;
        hub.join(user);
        let opened = async {
            let capabilities = hub.ready().await?;
            if isolation != Isolation::Opaque {
                let degraded = capabilities.usable(hub.origin())?;
                hub.open_session(session);
                return Ok((entry::root(hub.origin(), session), degraded));
            }
            hub.serve_by_edge();
            self.opening.borrow_mut().push((hub.clone(), session.clone(), user));
            let root = self.mirror(&hub, session, user).await;
            self.opening.borrow_mut().retain(|(.., other)| *other != user);
            Ok((root?, capabilities.degraded()))
        };
        match opened.await {
            Ok((root, degraded)) => Ok(Place {
                isolation,
                hub,
                root: Rc::new(RefCell::new(root)),
                degraded,
            }),
            Err(error) => {
                self.leave(&hub, user);
                Err(error)
            }
        }
    }

    /// Has the edge serve what a hub has of a session, as it is now. Gives the root that it has there.
    pub(crate) async fn mirror(&self, hub: &Rc<Hub>, session: &SessionId, user: u32) -> Result<String> {
        let request = convert::request("MIRROR", session);
        set(&request, "wildcard", &self.origins.wildcard().into());
        let answer = hub.ask(user, request, &Array::new(), None)?.answer().await?;
        Ok(get(&answer, "root").as_string().unwrap_or_default())
    }

    fn hub(&self, origin: String) -> Result<Rc<Hub>> {
        let joinable = |hub: &&Rc<Hub>| hub.origin() == origin && hub.usable();
        let known = self.hubs.borrow().iter().find(joinable).cloned();
        known.map_or_else(
            || {
                let hub = Hub::open(origin, self.timeout)?;
                self.hubs.borrow_mut().push(hub.clone());
                Ok(hub)
            },
            Ok,
        )
    }

    pub(crate) fn leave(&self, hub: &Rc<Hub>, user: u32) {
        hub.leave(user);
        self.hubs.borrow_mut().retain(|hub| !hub.closed());
    }

    /// Whether another `Session` that is open, or opening, is the same session at a hub.
    pub(crate) fn has_another(&self, session: &Inner, hub: &Rc<Hub>) -> bool {
        let opened = |(at, id, user): &(Rc<Hub>, SessionId, u32)| {
            *user != session.user && *id == session.id && Rc::ptr_eq(at, hub)
        };
        let sessions = self.sessions.borrow();
        self.opening.borrow().iter().any(opened)
            || sessions
                .iter()
                .any(|other| other.user != session.user && other.id == session.id && other.lives_at(hub))
    }

    pub(crate) fn forget(&self, session: &Rc<Inner>) {
        self.sessions.borrow_mut().retain(|other| !Rc::ptr_eq(other, session));
    }
}

impl fmt::Debug for VirtualFiles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("VirtualFiles")
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

pub(crate) fn disposed() -> Error {
    Error::new(
        ErrorCode::Aborted,
        "The session, or what it came from, has been disposed of. Open a new one.",
    )
}

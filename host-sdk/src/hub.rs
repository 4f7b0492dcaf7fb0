//! The connection to one hub: its hidden frame, the handshake, requests and their answers.
//!
//! A hub serves all sessions of its origin; each user of it has a number, and the last one to leave closes it. A frame
//! that loads anew (a host may move it about) is shaken hands with again; what was asked before is answered `ABORTED`.
//! A hub that falls silent while something is asked of it is given up: it may share its thread with a preview that
//! spins, or have crashed, and nothing tells of either.

use crate::abort::{Control, Progress};
use crate::convert::{self, Capabilities, Heard};
use crate::error::{Error, Result};
use crate::frame;
use crate::hello::{self, Hello};
use crate::wait::{Numbers, Once, after, within};
use js_sys::{Array, Object};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::Poll;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::session::SessionId;
use virtual_files_web::envelope::set;
use virtual_files_web::now;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{EventTarget, HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort};

/// How long a hub may be silent until the SDK asks its origin why.
const PATIENCE: u32 = 1500;

/// The connection to one hub.
pub(crate) struct Hub {
    origin: String,
    frame: HtmlIFrameElement,
    ready: Once<Result<Capabilities>>,
    hello: Cell<Hello>,
    timeout: u32,
    numbers: Numbers,
    /// When it last gave a sign of life, or was first owed to give one.
    sign: Cell<u64>,
    /// Whether it was asked for a sign of life and has given none since.
    doubted: Cell<bool>,
    /// Whether a look after it is due.
    looked_after: Cell<bool>,
    /// Whether the edge serves a session of its, for which no service worker is needed.
    by_edge: Cell<bool>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    port: Option<MessagePort>,
    /// Set when the hub has answered the last handshake.
    spoken: Once<()>,
    on_load: Option<Closure<dyn Fn()>>,
    on_message: Option<Closure<dyn Fn(MessageEvent)>>,
    pending: Vec<Pending>,
    users: Vec<u32>,
    subscribers: Vec<Subscriber>,
    /// What is open there, and does not expire.
    open: Vec<SessionId>,
    /// Why nothing can be asked until the frame loads anew.
    failed: Option<Error>,
    closed: bool,
}

struct Pending {
    id: u32,
    user: u32,
    answer: Once<Result<JsValue>>,
    progress: Option<Progress>,
}

struct Subscriber {
    user: u32,
    session: SessionId,
    target: EventTarget,
}

/// A request on its way.
pub(crate) struct Asked {
    hub: Rc<Hub>,
    id: u32,
    answer: Once<Result<JsValue>>,
}

impl Hub {
    /// Opens the hidden frame; [`Hub::ready`] says what becomes of it.
    pub(crate) fn open(origin: String, timeout: u32) -> Result<Rc<Self>> {
        let document = convert::document()?;
        let frame = frame::hidden(&document, &[&origin, "/hub.html"].concat())?;
        let hub = Rc::new(Self {
            origin,
            frame,
            ready: Once::new(),
            hello: Cell::new(Hello::Unreachable),
            timeout,
            numbers: Numbers::default(),
            sign: Cell::new(0),
            doubted: Cell::new(false),
            looked_after: Cell::new(false),
            by_edge: Cell::new(false),
            state: RefCell::default(),
        });
        let weak = Rc::downgrade(&hub);
        let on_load = Closure::<dyn Fn()>::new(move || with(&weak, Hub::loaded));
        hub.frame.set_onload(Some(on_load.as_ref().unchecked_ref()));
        hub.state.borrow_mut().on_load = Some(on_load);
        frame::append(&document, &hub.frame)?;

        let weak = Rc::downgrade(&hub);
        after(PATIENCE.min(timeout), move || {
            with(&weak, |hub| spawn_local(hub.clone().diagnose()))
        });
        let opened = hub.ready.clone();
        hub.watch(move || opened.is_set());
        Ok(hub)
    }

    /// Gives the hub up where it has not spoken in time.
    fn watch(self: &Rc<Self>, spoken: impl Fn() -> bool + 'static) {
        let weak = Rc::downgrade(self);
        after(self.timeout, move || {
            if !spoken() {
                with(&weak, |hub| hub.refused(hub.silent()));
            }
        });
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// From now on the hub does what it is asked without a service worker, too.
    pub(crate) fn serve_by_edge(&self) {
        self.by_edge.set(true);
    }

    /// What the hub can do, once it has answered.
    pub(crate) fn ready(&self) -> Once<Result<Capabilities>> {
        self.ready.clone()
    }

    pub(crate) fn join(&self, user: u32) {
        self.state.borrow_mut().users.push(user);
    }

    /// Whether the hub is of no use to anyone any more.
    pub(crate) fn closed(&self) -> bool {
        self.state.borrow().closed
    }

    /// Whether it may be joined: nothing is known against its answering, and its frame is still in the page, whose
    /// framework may have taken it out.
    pub(crate) fn usable(&self) -> bool {
        let state = self.state.borrow();
        !state.closed && state.failed.is_none() && self.frame.is_connected()
    }

    /// Closes the hub for good. What is still waited for is answered with `error`, and so is what is asked from now on.
    pub(crate) fn close(&self, error: &Error) {
        let mut state = self.state.borrow_mut();
        if mem::replace(&mut state.closed, true) {
            return;
        }
        drop(state);
        self.frame.set_onload(None);
        self.frame.remove();
        self.refused(error.clone());
    }

    /// A user leaves: what it still waits for is `ABORTED`. The last one closes the hub. Who has joined twice, for the worker
    /// and for the edge, stays until it has left twice.
    pub(crate) fn leave(self: &Rc<Self>, user: u32) {
        let mut state = self.state.borrow_mut();
        let place = state.users.iter().position(|other| *other == user);
        place.map(|place| state.users.swap_remove(place));
        if state.users.contains(&user) {
            return;
        }
        let (leaving, kept): (Vec<_>, Vec<_>) = mem::take(&mut state.subscribers)
            .into_iter()
            .partition(|subscriber| subscriber.user == user);
        state.subscribers = kept;
        let unheard = sessions(&leaving, &state.subscribers);
        let (left, kept) = mem::take(&mut state.pending)
            .into_iter()
            .partition(|pending| pending.user == user);
        state.pending = kept;
        let last = state.users.is_empty();
        drop(state);
        let disposed = Error::new(ErrorCode::Aborted, "The session was disposed.");
        give_up(left, &disposed);
        if last {
            return self.close(&disposed);
        }
        for session in unheard {
            self.tell("UNSUBSCRIBE", &session);
        }
    }

    fn loaded(self: &Rc<Self>) {
        let spoken = Once::new();
        let mut state = self.state.borrow_mut();
        state.spoken = spoken.clone();
        let pending = mem::take(&mut state.pending);
        // Whoever listened to the old hub listens to the new one.
        let listened_to = sessions(&state.subscribers, &[]);
        let open = state.open.clone();
        drop(state);
        give_up(
            pending,
            &Error::new(ErrorCode::Aborted, "The hub's frame was loaded anew."),
        );
        if let Err(error) = self.shake_hands() {
            self.refused(error);
        }
        for session in listened_to {
            self.tell("SUBSCRIBE", &session);
        }
        for session in open {
            self.tell("WAKE", &session);
        }
        self.watch(move || spoken.is_set());
    }

    /// The hub will not answer: neither what is asked now, nor, where it never has, what would be.
    fn refused(&self, error: Error) {
        let mut state = self.state.borrow_mut();
        state.port.take().inspect(MessagePort::close);
        state.failed = Some(error.clone());
        let pending = mem::take(&mut state.pending);
        drop(state);
        give_up(pending, &error);
        self.ready.set(Err(error));
    }

    fn shake_hands(self: &Rc<Self>) -> Result<()> {
        let failed = || Error::browser("The hub could not be spoken to.");
        let channel = MessageChannel::new().map_err(failed())?;
        let port = channel.port1();
        let weak = Rc::downgrade(self);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            with(&weak, |hub| {
                hub.sign.set(now());
                hub.doubted.set(false);
                hub.heard(convert::heard(&event.data()));
            });
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let Some(window) = self.frame.content_window() else {
            return Err(gone());
        };
        let transfer = Array::of1(&channel.port2());
        window
            .post_message_with_transfer(&convert::connect(), &self.origin, &transfer)
            .map_err(failed())?;
        let mut state = self.state.borrow_mut();
        state.port.replace(port).inspect(MessagePort::close);
        state.failed = None;
        state.on_message = Some(on_message);
        Ok(())
    }

    fn heard(&self, heard: Heard) {
        match heard {
            Heard::Connected(Some(capabilities)) => {
                self.state.borrow().spoken.set(());
                self.ready.set(Ok(capabilities));
            }
            Heard::Connected(None) => self.refused(hello::version_mismatch(&self.origin)),
            Heard::Refused(error) => self.refused(error),
            Heard::Answer { id, answer } => {
                let mut state = self.state.borrow_mut();
                let place = state.pending.iter().position(|pending| pending.id == id);
                let pending = place.map(|place| state.pending.swap_remove(place));
                drop(state);
                if let Some(pending) = pending {
                    pending.answer.set(answer);
                }
            }
            Heard::Progress { id, done, total } => {
                let state = self.state.borrow();
                let pending = state.pending.iter().find(|pending| pending.id == id);
                let progress = pending.and_then(|pending| pending.progress.clone());
                // The host's function may ask for something in its turn.
                drop(state);
                if let Some(progress) = progress {
                    progress(done, total);
                }
            }
            Heard::Change { session, version } => {
                let state = self.state.borrow();
                let listening = state
                    .subscribers
                    .iter()
                    .filter(|subscriber| subscriber.session.as_str() == session);
                let targets: Vec<_> = listening.map(|subscriber| subscriber.target.clone()).collect();
                drop(state);
                for target in targets {
                    convert::dispatch(&target, "change", &convert::changed(version));
                }
            }
            Heard::Noise => {}
        }
    }

    /// Sends a request on its way.
    pub(crate) fn ask(
        self: &Rc<Self>,
        user: u32,
        request: Object,
        transfer: &Array,
        progress: Option<Progress>,
    ) -> Result<Asked> {
        let id = self.numbers.next();
        set(&request, "id", &id.into());
        if self.by_edge.get() {
            set(&request, "edge", &true.into());
        }
        let mut state = self.state.borrow_mut();
        let Some(port) = state.port.as_ref().filter(|_| self.frame.is_connected()) else {
            return Err(state.failed.clone().unwrap_or_else(gone));
        };
        port.post_message_with_transferable(&request, transfer)
            .map_err(Error::browser("A request could not be sent to the hub."))?;
        let answer = Once::new();
        if state.pending.is_empty() {
            self.sign.set(now());
        }
        state.pending.push(Pending {
            id,
            user,
            answer: answer.clone(),
            progress,
        });
        drop(state);
        if !self.looked_after.replace(true) {
            self.look_in(self.timeout);
        }
        Ok(Asked {
            hub: self.clone(),
            id,
            answer,
        })
    }

    fn look_in(self: &Rc<Self>, milliseconds: u32) {
        let weak = Rc::downgrade(self);
        after(milliseconds, move || with(&weak, Hub::look));
    }

    /// Looks after the hub for as long as it owes an answer. However long that takes is well, if only it gives a sign
    /// of life now and then; after `timeout` without one it is asked for one, after as long again it is given up.
    fn look(self: &Rc<Self>) {
        if self.state.borrow().pending.is_empty() {
            self.looked_after.set(false);
            return;
        }
        let silence = now().saturating_sub(self.sign.get());
        let left = u64::from(self.timeout).saturating_sub(silence);
        if left > 0 {
            // Not above the time-out.
            return self.look_in(left as u32);
        }
        if self.doubted.replace(true) {
            return self.close(&Error::of(
                ErrorCode::Timeout,
                &[
                    "The hub at ",
                    &self.origin,
                    " has fallen silent: a preview may keep the browser busy without end, or the browser has ended it. What was asked may or may not have been done. Dispose of the session, and open it again by its id.",
                ],
            ));
        }
        // Any answer does, and this one needs neither the worker nor the store, which may be slow.
        match self.ask(0, convert::connect(), &Array::new(), None) {
            Ok(_) => self.look_in(self.timeout),
            Err(error) => {
                self.looked_after.set(false);
                self.refused(error);
            }
        }
    }

    /// A request whose answer nobody waits for. Where the frame is gone, there is nobody to tell.
    fn tell(self: &Rc<Self>, kind: &str, session: &SessionId) {
        drop(self.ask(0, convert::request(kind, session), &Array::new(), None));
    }

    /// Tells `target` of a session's changes from now on. The hub tells each port once for each time that it is asked to,
    /// so it is asked once for a session, until the last who listens has left.
    pub(crate) async fn subscribe(self: &Rc<Self>, user: u32, session: &SessionId, target: &EventTarget) -> Result<()> {
        let known = {
            let mut state = self.state.borrow_mut();
            let known = state.subscribers.iter().any(|other| other.session == *session);
            state.subscribers.push(Subscriber {
                user,
                session: session.clone(),
                target: target.clone(),
            });
            known
        };
        if known {
            return Ok(());
        }
        let asked = self.ask(user, convert::request("SUBSCRIBE", session), &Array::new(), None)?;
        asked.answer().await.map(drop)
    }

    /// Has the session open there, so that it does not expire, and does not wait for it.
    pub(crate) fn open_session(self: &Rc<Self>, session: &SessionId) {
        self.closed_session(session);
        self.state.borrow_mut().open.push(session.clone());
        self.tell("WAKE", session);
    }

    /// Nobody here has the session open any more.
    pub(crate) fn closed_session(&self, session: &SessionId) {
        self.state.borrow_mut().open.retain(|open| open != session);
    }

    /// Has the worker running before a frame navigates to it: not every browser starts one for a navigation. Waits no
    /// longer than a moment, since the boot page does the same where this fails.
    pub(crate) async fn wake(self: &Rc<Self>, user: u32, session: &SessionId) {
        if let Ok(asked) = self.ask(user, convert::request("WAKE", session), &Array::new(), None) {
            drop(within(PATIENCE, asked.answer).await);
        }
    }

    async fn diagnose(self: Rc<Self>) {
        if self.ready.is_set() {
            return;
        }
        match hello::ask(&self.origin).await {
            Ok(hello) => self.hello.set(hello),
            Err(error) => self.ready.set(Err(error)),
        }
    }

    fn silent(&self) -> Error {
        let why = match self.hello.get() {
            Hello::Unreachable => {
                "Neither can it be fetched from: is it running, is its certificate valid, and does this page's content policy allow it (frame-src, connect-src)?"
            }
            Hello::Fine => {
                "It can be fetched from, so look whether this page's content policy allows its frames (frame-src), or give it more time (`timeout`)."
            }
        };
        Error::of(
            ErrorCode::Timeout,
            &["The hub at ", &self.origin, " did not answer in time. ", why],
        )
    }
}

impl Asked {
    /// The answer.
    pub(crate) fn answer(self) -> Once<Result<JsValue>> {
        self.answer
    }

    /// The answer to something that can be given up. The hub is told once, and has the last word: it answers `ABORTED`
    /// or, where it was too late, what was asked for.
    pub(crate) async fn answer_under(self, control: &Control) -> Result<JsValue> {
        let Some(abort) = &control.abort else {
            return self.answer.await;
        };
        let Self { hub, id, mut answer } = self;
        let (mut fired, mut told) = (abort.fired(), false);
        let answer = poll_fn(|context| {
            if let Poll::Ready(answer) = Pin::new(&mut answer).poll(context) {
                return Poll::Ready(answer);
            }
            if !told && Pin::new(&mut fired).poll(context).is_ready() {
                told = true;
                if let Some(port) = &hub.state.borrow().port {
                    // A message of one string and one number can be sent.
                    drop(port.post_message(&convert::abort(id)));
                }
            }
            Poll::Pending
        })
        .await;
        match answer {
            Err(error) if error.code() == ErrorCode::Aborted => control.check().and(Err(error)),
            answer => answer,
        }
    }
}

fn with(hub: &Weak<Hub>, action: impl FnOnce(&Rc<Hub>)) {
    if let Some(hub) = hub.upgrade().filter(|hub| !hub.closed()) {
        action(&hub);
    }
}

fn give_up(pending: Vec<Pending>, error: &Error) {
    for pending in pending {
        pending.answer.set(Err(error.clone()));
    }
}

/// The sessions that `of` listen to and `besides` do not, each once.
fn sessions(of: &[Subscriber], besides: &[Subscriber]) -> Vec<SessionId> {
    let mut sessions: Vec<SessionId> = Vec::new();
    for Subscriber { session, .. } in of {
        if !sessions.contains(session) && !besides.iter().any(|other| other.session == *session) {
            sessions.push(session.clone());
        }
    }
    sessions
}

fn gone() -> Error {
    Error::new(ErrorCode::Aborted, "The hub's frame was taken out of the page.")
}

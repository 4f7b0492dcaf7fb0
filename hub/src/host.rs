//! The hub's ears: who may speak, over which port, and that each request gets exactly one answer.

use crate::abort::Abort;
use crate::convert;
use crate::mirror::Mirrors;
use crate::request::perform;
use crate::sessions::Sessions;
use crate::worker::Worker;
use js_sys::{Array, Object, Promise};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use virtual_files_core::config::{Config, Layout};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::map::Map;
use virtual_files_core::protocol::{self, Request, ToHub};
use virtual_files_core::session::SessionId;
use virtual_files_web::channel;
use virtual_files_web::envelope::{self, get, set};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{BroadcastChannel, MessageEvent, MessagePort, Window};

/// When a hub looks for what has expired, in milliseconds.
const SETTLED: u64 = 60_000;

/// A port that is open, and what listens to it.
type Line = (MessagePort, Closure<dyn Fn(MessageEvent)>);

/// The page's one object.
pub(crate) struct Hub {
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    pub(crate) hostname: String,
    release: String,
    pub(crate) own_origin: String,
    pub(crate) sessions: Rc<Sessions>,
    pub(crate) worker: Rc<Worker>,
    pub(crate) mirrors: Rc<Mirrors>,
    /// Resolves when worker and store have been looked for.
    started: Promise,
    unavailable: Rc<RefCell<Option<Error>>>,
    subscribers: RefCell<Vec<(SessionId, MessagePort)>>,
    last: Cell<u64>,
    /// Where the worker that started last asks, and what answers it.
    line: RefCell<Option<Line>>,
}

impl Hub {
    pub(crate) fn new(config: Config, release: String, window: &Window) -> std::result::Result<Self, JsValue> {
        let location = window.location();
        let hostname = location.hostname()?;
        let layout = config.layout(&hostname);
        let own_origin = location.origin()?;
        let worker = Rc::new(Worker::new(window));
        let sessions = Rc::new(Sessions::new(worker.clone()));
        let unavailable = Rc::new(RefCell::new(None));
        let started = {
            let (worker, sessions, unavailable) = (worker.clone(), sessions.clone(), unavailable.clone());
            future_to_promise(async move {
                // Both take their time, and neither needs the other.
                let probed = future_to_promise(async move {
                    sessions.probe().await;
                    Ok(JsValue::UNDEFINED)
                });
                let registered = worker.register().await;
                drop(JsFuture::from(probed).await);
                unavailable.replace(registered.err());
                Ok(JsValue::UNDEFINED)
            })
        };
        Ok(Self {
            config,
            layout,
            hostname,
            release,
            own_origin,
            sessions,
            worker,
            mirrors: Rc::default(),
            started,
            unavailable,
            subscribers: RefCell::default(),
            last: Cell::new(0),
            line: RefCell::default(),
        })
    }

    /// Waits until the hub has its worker; the error says why it has none.
    pub(crate) async fn ready(&self) -> Result<()> {
        self.looked().await;
        self.unavailable.borrow().clone().map_or(Ok(()), Err)
    }

    /// The same where the worker matters: not so for sessions that the edge is to serve.
    pub(crate) async fn ready_for(&self, edge: bool) -> Result<()> {
        match edge {
            true => {
                self.looked().await;
                Ok(())
            }
            false => self.ready().await,
        }
    }

    async fn looked(&self) {
        // This promise is ours, and never rejects.
        drop(JsFuture::from(self.started.clone()).await);
    }

    /// The URL of the root of a session that the edge serves under this id: on a name of its own where sessions have one,
    /// as `wildcard` says.
    pub(crate) fn edge_root(&self, id: &SessionId, wildcard: bool) -> String {
        let root = ["/", id.as_str(), "/"].concat();
        match self.own_origin.rsplit_once('/') {
            Some((scheme, host)) if wildcard => [scheme, "/", id.as_str(), ".", host, &root].concat(),
            _ => [self.own_origin.as_str(), &root].concat(),
        }
    }

    /// The time of a change, in milliseconds since 1970-01-01T00:00Z; no two changes have the same, however coarse the
    /// browser's clock: versions and pack ids of a session that is deleted and made again follow it.
    pub(crate) fn now(&self) -> u64 {
        let now = virtual_files_web::now().max(self.last.get() + 1);
        self.last.set(now);
        now
    }

    /// Refuses a session that this origin is not for: in the origin layout, each origin is of one session.
    pub(crate) fn check(&self, session: &SessionId) -> Result<()> {
        match &self.layout {
            Layout::Origin(own) if own != session => Err(Error::new(
                ErrorCode::InvalidSession,
                ["This origin is the session ", own.as_str(), "'s and holds no other."].concat(),
            )),
            _ => Ok(()),
        }
    }

    /// The same, and has the session open from now on.
    pub(crate) async fn open(&self, session: &SessionId) -> Result<()> {
        self.check(session)?;
        let now = virtual_files_web::now();
        let before = now.saturating_sub(self.config.use_interval());
        self.sessions.open(session, now, before).await;
        Ok(())
    }

    /// Deletes what has expired, where sessions share the origin: on an origin of its own, a session that is looked for
    /// is used.
    async fn expire(&self) {
        let (Layout::Shared, Some(ttl)) = (&self.layout, self.config.session_ttl()) else {
            return;
        };
        self.looked().await;
        let interval = self.config.use_interval();
        // What this page has come for is open by then.
        let mut wait = ttl.min(SETTLED);
        loop {
            channel::pause(wait as i32).await;
            let now = virtual_files_web::now();
            let times = (now, now.saturating_sub(ttl), ttl / 3);
            // Where that fails, the next one tries again.
            drop(self.sessions.expire(times, |session| self.announcer(session)).await);
            wait = interval;
        }
    }

    /// Tells all who subscribed, in this tab and the others, of a session's new version.
    pub(crate) fn announce(&self, session: &SessionId, version: u64) {
        if let Some(changes) = &self.sessions.changes {
            broadcast(changes, session, version, 0);
        }
        self.tell(session, version);
    }

    /// Tells a page of our own which of the sessions that it asks for are there.
    async fn answer(&self, asked: Vec<SessionId>) {
        for session in asked {
            if let Some(changes) = &self.sessions.changes
                && self.sessions.has(&session).await
            {
                let here = Object::new();
                set(&here, "here", &session.as_str().into());
                drop(changes.post_message(&here));
            }
        }
    }

    /// Tells the hubs of other tabs that a session is deleted, when it is called with the version that was deleted.
    pub(crate) fn announcer(&self, session: SessionId) -> impl FnOnce(u64) + 'static {
        let changes = self.sessions.changes.clone();
        move |removed| {
            if let Some(changes) = &changes {
                broadcast(changes, &session, 0, removed);
            }
        }
    }

    /// Tells all who subscribed in this tab of a session's new version; 0 where it is gone.
    pub(crate) fn tell(&self, session: &SessionId, version: u64) {
        self.sessions.recent.forget(session);
        for (_, port) in self
            .subscribers
            .borrow()
            .iter()
            .filter(|(subscribed, _)| subscribed == session)
        {
            let event = Object::new();
            set(&event, "event", &"change".into());
            set(&event, "sessionId", &session.as_str().into());
            set(&event, "version", &JsValue::from_f64(version as f64));
            drop(port.post_message(&event));
        }
    }

    /// Remembers who listens to what. A port listens to a session once, however often it asks to.
    fn remember(&self, asked: Request, port: &MessagePort) {
        let (Request::Subscribe { session } | Request::Unsubscribe { session }) = &asked else {
            return;
        };
        let mut subscribers = self.subscribers.borrow_mut();
        subscribers.retain(|(known, listener)| known != session || !Object::is(listener, port));
        if let Request::Subscribe { session } = asked {
            subscribers.push((session, port.clone()));
        }
    }

    /// Whether a window message's sender may speak: the page that embeds or opened this one, of an allowed origin.
    fn admit(&self, event: &MessageEvent) -> Result<()> {
        let origin = event.origin();
        let source: Option<JsValue> = event.source().map(Into::into);
        let related = web_sys::window().is_some_and(|window| {
            let parent = window.parent().ok().flatten();
            parent.is_some_and(|parent| convert::same(&source, &parent))
                || window.opener().is_ok_and(|opener| convert::same(&source, &opener))
        });
        if related && self.config.accepts(&origin, &self.own_origin) {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::OriginNotAllowed,
            [
                "The VFS origin takes no messages from ",
                &origin,
                ". Add it to ALLOWED_HOSTS.",
            ]
            .concat(),
        ))
    }
}

/// Listens to hosts, to the worker, and to other tabs' hubs. `early` is what hosts have said already.
pub(crate) fn listen(hub: &Rc<Hub>, window: &Window, early: &[MessageEvent]) {
    for event in early {
        receive(hub, event);
    }
    let this = hub.clone();
    spawn_local(async move { this.expire().await });
    let this = hub.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| receive(&this, &event));
    // Errors of these calls mean a closed page, which needs no listener.
    drop(window.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref()));
    on_message.forget();

    if let Some(container) = hub.worker.container() {
        let this = hub.clone();
        let on_question = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(port) = port_of(&event) else { return };
            let data = event.data();
            if let Some(release) = get(&data, "release").as_string() {
                match release == this.release {
                    true => attend(&this, port, get(&data, "alone").is_truthy()),
                    // It need not ask.
                    false => drop(port.post_message(&JsValue::NULL)),
                }
            } else if let Ok(question) = envelope::message(&data).and_then(|bytes| protocol::decode::<ToHub>(&bytes)) {
                drop(port.post_message(&this.sessions.snapshot(&question.session)));
            }
        });
        container.set_onmessage(Some(on_question.as_ref().unchecked_ref()));
        on_question.forget();
    }

    if let Some(changes) = &hub.sessions.changes {
        let this = hub.clone();
        let on_change = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let named = |key| SessionId::parse(&get(&event.data(), key).as_string()?).ok();
            if let Some(session) = named("begins") {
                return this.sessions.recent.begins(&session);
            }
            if let Some(session) = named("ends") {
                return this.sessions.recent.ends(&session);
            }
            let session = named("session");
            let version = get(&event.data(), "version").as_f64();
            let asks = envelope::get(&event.data(), "asks");
            if let Some(asks) = asks.dyn_ref::<Array>() {
                let ids: Vec<SessionId> = asks
                    .iter()
                    .filter_map(|id| SessionId::parse(&id.as_string()?).ok())
                    .take(2)
                    .collect();
                let this = this.clone();
                spawn_local(async move { this.answer(ids).await });
            }
            if let (Some(session), Some(version)) = (session, version) {
                this.tell(&session, version as u64);
                let removed = get(&event.data(), "removed").as_f64().unwrap_or_default() as u64;
                let (sessions, mirrors) = (this.sessions.clone(), this.mirrors.clone());
                spawn_local(async move {
                    sessions.forget(&session, removed).await;
                    sessions.follow(&session, version as u64).await;
                    mirrors.refresh(&sessions, &session).await;
                });
            }
        });
        changes.set_onmessage(Some(on_change.as_ref().unchecked_ref()));
        on_change.forget();
    }
}

/// Answers what a worker that has just started asks over its line; `alone` says that it found no hub but this one.
fn attend(hub: &Rc<Hub>, line: MessagePort, alone: bool) {
    let (this, answers) = (hub.clone(), line.clone());
    let on_question = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        let (this, answers) = (this.clone(), answers.clone());
        spawn_local(async move {
            let answer = match get(&data, "request").as_string() {
                Some(request) => this.answer_request(&request, alone).await,
                None => None,
            };
            let reply = Object::new();
            set(&reply, "id", &get(&data, "id"));
            set(&reply, "answer", &answer.map_or(JsValue::NULL, Into::into));
            drop(answers.post_message(&reply));
        });
    });
    line.set_onmessage(Some(on_question.as_ref().unchecked_ref()));
    // One worker is active: the line of one that has ended is not needed any more.
    if let Some((old, _)) = hub.line.replace(Some((line, on_question))) {
        old.close();
    }
}

fn broadcast(changes: &BroadcastChannel, session: &SessionId, version: u64, removed: u64) {
    let change = Object::new();
    set(&change, "session", &session.as_str().into());
    set(&change, "version", &JsValue::from_f64(version as f64));
    set(&change, "removed", &JsValue::from_f64(removed as f64));
    drop(changes.post_message(&change));
}

fn port_of(event: &MessageEvent) -> Option<MessagePort> {
    event.ports().get(0).dyn_into().ok()
}

/// A message to the window: a handshake, or a put without one. Anything else is some other program's.
fn receive(hub: &Rc<Hub>, event: &MessageEvent) {
    let data = event.data();
    let kind = convert::kind(&data);
    if kind != "CONNECT" && kind != "PUT_FILES" {
        return;
    }
    let admitted = hub.admit(event);
    let port = port_of(event);
    let answered: Rc<dyn Fn(Object)> = match (&port, kind.as_str()) {
        (Some(port), "CONNECT") => {
            let port = port.clone();
            Rc::new(move |answer| drop(port.post_message(&answer)))
        }
        _ => {
            // A bare message is answered where it came from, and says again what it answers.
            let (source, origin, asked) = (event.source(), event.origin(), data.clone());
            Rc::new(move |answer| {
                set(&answer, "type", &get(&asked, "type"));
                set(&answer, "sessionId", &get(&asked, "sessionId"));
                let target = if origin == "null" { "*" } else { &origin };
                // Another site's window is no instance of this page's `Window`, but takes messages as every window does.
                if let Some(window) = &source {
                    drop(window.unchecked_ref::<Window>().post_message(&answer, target));
                }
            })
        }
    };
    let asked = admitted.and_then(|()| convert::request(&data));
    let hub = hub.clone();
    spawn_local(async move {
        let connecting = matches!(asked, Ok(Request::Connect));
        let result = match asked {
            Ok(request) => perform(&hub, request, &data, Abort::new(), &|_, _| ()).await,
            Err(error) => Err(error),
        };
        let id = if connecting { 0 } else { convert::id(&data) };
        let connected = connecting && result.is_ok();
        answered(convert::answer(id, &result));
        if let (true, Some(port)) = (connected, port) {
            serve(&hub, port);
        }
    });
}

/// Answers a connected host's requests for as long as its port lives.
fn serve(hub: &Rc<Hub>, port: MessagePort) {
    let pending = Rc::new(RefCell::new(Map::<u32, Abort>::new()));
    let (hub, this) = (hub.clone(), port.clone());
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        let id = convert::id(&data);
        let request = convert::request(&data);
        if let Ok(Request::Abort) = request {
            // Not a request of its own: the one that it names answers.
            if let Some(abort) = pending.borrow().get(&id) {
                abort.give_up();
            }
            return;
        }
        let unusable = id == 0 || pending.borrow().contains_key(&id);
        let request = if unusable {
            let text = "A request needs an `id` above 0 that no unanswered request has.";
            Err(Error::new(ErrorCode::InvalidMessage, text))
        } else {
            request
        };
        let abort = Abort::new();
        if !unusable {
            pending.borrow_mut().insert(id, abort.clone());
        }
        let (hub, port, pending) = (hub.clone(), this.clone(), pending.clone());
        spawn_local(async move {
            let result = match request {
                Ok(request) => {
                    let asked = request.clone();
                    let progress = |done, total| report(&port, id, done, total);
                    let result = perform(&hub, request, &data, abort, &progress).await;
                    if result.is_ok() {
                        hub.remember(asked, &port);
                    }
                    result
                }
                Err(error) => Err(error),
            };
            if !unusable {
                pending.borrow_mut().remove(&id);
            }
            drop(port.post_message(&convert::answer(id, &result)));
        });
    });
    port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Lives as long as the page: a port does not tell when its other end has gone.
    on_message.forget();
}

fn report(port: &MessagePort, id: u32, done: u64, total: u64) {
    let progress = Object::new();
    set(&progress, "done", &JsValue::from_f64(done as f64));
    set(&progress, "total", &JsValue::from_f64(total as f64));
    let message = Object::new();
    set(&message, "id", &id.into());
    set(&message, "progress", &progress);
    drop(port.post_message(&message));
}

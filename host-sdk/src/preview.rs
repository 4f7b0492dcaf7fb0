//! A mounted preview: its frame, where it is, and word of its loads.

use crate::client::disposed;
use crate::convert;
use crate::entry;
use crate::error::{Error, Result};
use crate::hello;
use crate::isolation::Isolation;
use crate::session::{Place, Session};
use crate::wait::{Once, within};
use js_sys::Object;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::path::FilePath;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, EventTarget, HtmlIFrameElement, MessageEvent};

type OnMessage = Closure<dyn Fn(MessageEvent)>;

/// A frame that runs a session. Its clones are the same one.
#[derive(Clone)]
pub struct Preview(Rc<Inner>);

/// What a frame loads.
pub(crate) struct Shown {
    /// What the host calls it.
    pub(crate) entry: String,
    /// Its URL, as it was loaded last.
    pub(crate) url: String,
    /// The document, where the frame is given it and no URL.
    pub(crate) html: Option<String>,
    /// What was mounted with HTML has a document of its own in the session, where a worker serves that.
    pub(crate) document: Option<FilePath>,
}

struct Inner {
    session: Session,
    place: RefCell<Place>,
    frame: HtmlIFrameElement,
    shown: RefCell<Shown>,
    events: EventTarget,
    /// The load that is waited for.
    loading: RefCell<Once<Result<()>>>,
    on_load: RefCell<Option<Closure<dyn Fn()>>>,
    on_message: RefCell<Option<OnMessage>>,
    disposed: Cell<bool>,
}

impl Preview {
    /// Puts the frame into `element` and waits until it has loaded.
    pub(crate) async fn show(
        session: Session,
        place: Place,
        element: &Element,
        frame: HtmlIFrameElement,
        shown: Shown,
    ) -> Result<Self> {
        let failed = || Error::browser("The browser did not take the preview's frame.");
        let preview = Self(Rc::new(Inner {
            session,
            place: RefCell::new(place),
            frame,
            shown: RefCell::new(shown),
            events: EventTarget::new().map_err(failed())?,
            loading: RefCell::new(Once::new()),
            on_load: RefCell::new(None),
            on_message: RefCell::new(None),
            disposed: Cell::new(false),
        }));
        let inner = Rc::downgrade(&preview.0);
        let on_load = Closure::<dyn Fn()>::new(move || {
            if let Some(inner) = inner.upgrade() {
                let loading = inner.loading.borrow().clone();
                loading.set(Ok(()));
                convert::dispatch(&inner.events, "load", &JsValue::NULL);
            }
        });
        let inner = Rc::downgrade(&preview.0);
        let on_message = OnMessage::new(move |event: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.heard(&event);
            }
        });
        // Beside an `onload` of the host's.
        let add = preview
            .0
            .frame
            .add_event_listener_with_callback("load", on_load.as_ref().unchecked_ref());
        add.map_err(failed())?;
        preview.0.on_load.replace(Some(on_load));
        if let Some(window) = web_sys::window() {
            let add = window.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref());
            add.map_err(failed())?;
            preview.0.on_message.replace(Some(on_message));
        }
        preview.0.session.0.previews.borrow_mut().push(preview.clone());
        if let Err(cause) = element.append_child(&preview.0.frame) {
            preview.close();
            return Err(failed()(cause));
        }
        match preview.loaded().await {
            // The host has a right to its preview, however slow the page is.
            Err(error) if error.code() == ErrorCode::Timeout => Ok(preview),
            Err(error) => {
                preview.dispose();
                Err(error)
            }
            Ok(()) => Ok(preview),
        }
    }

    /// The frame.
    pub fn element(&self) -> &HtmlIFrameElement {
        &self.0.frame
    }

    /// What the frame was told to load. Where its own links have led it since, nobody outside can know.
    pub fn url(&self) -> String {
        let shown = self.0.shown.borrow();
        match shown.html {
            Some(_) => "about:srcdoc".to_owned(),
            None => shown.url.clone(),
        }
    }

    /// The walls around it.
    pub fn isolation(&self) -> Isolation {
        self.0.place.borrow().isolation
    }

    /// Why these are the walls, where the session's origin would have others.
    pub fn reason(&self) -> Option<&str> {
        let session = &self.0.session;
        session.reason().filter(|_| session.isolation() == self.isolation())
    }

    /// What `load`, `error` and `dispose` events are dispatched to.
    pub fn events(&self) -> &EventTarget {
        &self.0.events
    }

    /// Loads the entry again, and waits until it has loaded.
    pub async fn reload(&self) -> Result<()> {
        self.load().await
    }

    /// Loads another entry, and waits until it has loaded.
    pub async fn navigate(&self, entry: &str) -> Result<()> {
        // What is wrong is told before anything changes.
        let url = self.0.resolve(entry)?;
        let document = self.0.shown.borrow().document.clone();
        self.0.shown.replace(Shown {
            entry: entry.to_owned(),
            url,
            html: None,
            document,
        });
        self.load().await
    }

    async fn load(&self) -> Result<()> {
        let loaded = match self.start().await {
            Ok(()) => self.loaded().await,
            Err(error) => Err(error),
        };
        if let Err(error) = &loaded {
            convert::dispatch(&self.0.events, "error", &convert::error(error));
        }
        loaded
    }

    async fn start(&self) -> Result<()> {
        let inner = &self.0;
        self.alive()?;
        let mut place = inner.place.borrow().clone();
        if !inner.session.0.lives_at(&place.hub) {
            // It was given up as a write to it failed.
            place = inner.session.place(Some(place.isolation)).await?;
            inner.place.replace(place.clone());
        }
        let opaque = place.isolation == Isolation::Opaque;
        match opaque {
            true => inner.session.at_the_edge(&place).await?,
            false => place.hub.wake(inner.session.0.user, inner.session.id()).await,
        }
        let html = inner.shown.borrow().html.clone();
        let source = match &html {
            Some(html) => Some(inner.session.document(&place, html, &place.root()).await?),
            None => None,
        };
        self.alive()?;
        let entry = inner.shown.borrow().entry.clone();
        let url = inner.resolve(&entry)?;
        inner.shown.borrow_mut().url.clone_from(&url);
        let loading = inner.loading.borrow().clone();
        if loading.is_set() {
            inner.loading.replace(Once::new());
        }
        let failed = || Error::browser("The preview's frame could not be navigated.");
        let Some(parent) = inner.frame.parent_node() else {
            return Err(Error::new(
                ErrorCode::Aborted,
                "The preview's frame was taken out of the page.",
            ));
        };
        match inner.frame.content_window() {
            // Replaced, so that previews do not fill the history of the host's page.
            Some(window) if !opaque && !url.contains('#') => window.location().replace(&url).map_err(failed()),
            // To a fragment of the page that it shows, a frame only scrolls and never says that it has loaded. And the edge
            // must be told who embeds, as only the frame's own attributes say for sure.
            _ => {
                let next = inner.frame.next_sibling();
                match &source {
                    Some(source) => inner.frame.set_srcdoc(source),
                    None => {
                        drop(inner.frame.remove_attribute("srcdoc"));
                        inner.frame.set_src(&url);
                    }
                }
                inner.frame.remove();
                parent
                    .insert_before(&inner.frame, next.as_ref())
                    .map(drop)
                    .map_err(failed())
            }
        }
    }

    /// Waits for the load that is under way.
    async fn loaded(&self) -> Result<()> {
        let loading = self.0.loading.borrow().clone();
        let slow = || Err(Error::new(ErrorCode::Timeout, "The preview is still loading."));
        within(self.0.session.0.client.timeout, loading)
            .await
            .unwrap_or_else(slow)
    }

    /// Takes the frame out of the page. What is waited for is `ABORTED`.
    pub fn dispose(&self) {
        self.0
            .session
            .0
            .previews
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(&other.0, &self.0));
        self.close();
        let inner = self.0.clone();
        spawn_local(async move {
            let document = inner.shown.borrow().document.clone();
            if let Some(document) = document {
                inner.session.remove_document(&document).await;
            }
        });
    }

    /// The part of it that concerns the page only.
    pub(crate) fn close(&self) {
        if self.0.disposed.replace(true) {
            return;
        }
        self.0.frame.remove();
        if let Some(on_load) = self.0.on_load.take() {
            let listener = on_load.as_ref().unchecked_ref();
            // Removing a listener cannot fail.
            drop(self.0.frame.remove_event_listener_with_callback("load", listener));
        }
        if let (Some(on_message), Some(window)) = (self.0.on_message.take(), web_sys::window()) {
            let listener = on_message.as_ref().unchecked_ref();
            drop(window.remove_event_listener_with_callback("message", listener));
        }
        self.0.loading.borrow().set(Err(disposed()));
        convert::dispatch(&self.0.events, "dispose", &JsValue::NULL);
    }

    fn alive(&self) -> Result<()> {
        if self.0.disposed.get() { Err(disposed()) } else { Ok(()) }
    }
}

impl Inner {
    /// The URL of an entry, where the session is now.
    fn resolve(&self, entry: &str) -> Result<String> {
        let place = self.place.borrow();
        entry::resolve(&place.root(), self.session.has_own_origin(&place), entry)
    }

    /// The boot page tells why it can do no more. Session code that says the same fails its own preview only.
    fn heard(&self, event: &MessageEvent) {
        let window = self.frame.content_window().map(Object::from);
        if let Some(why) = convert::boot_failure(event).filter(|_| window.is_some() && event.source() == window) {
            let error = hello::no_worker(self.place.borrow().hub.origin(), &why);
            self.loading.borrow().set(Err(error));
        }
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Preview")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

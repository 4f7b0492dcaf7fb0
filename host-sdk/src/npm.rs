//! What the npm package exports: the crate's API with JavaScript's names and promises, and nothing else.
//!
//! `npm/index.js` loads the wasm and is what users import; `npm/index.d.ts` says the same in TypeScript.

use crate::client::VirtualFiles as Client;
use crate::convert;
use crate::error::{Error, Result};
use crate::preview::Preview as Mounted;
use crate::session::Session as Opened;
use js_sys::{Function, Promise};
use std::future::Future;
use std::pin::Pin;
use virtual_files_core::error::ErrorCode;
use virtual_files_web::bundle;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};
use web_sys::{EventTarget, HtmlIFrameElement};

#[wasm_bindgen]
extern "C" {
    /// An `EventTarget` whose listeners are whatever JavaScript takes for one.
    type Target;

    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add(this: &Target, kind: &JsValue, listener: &JsValue, options: &JsValue) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove(this: &Target, kind: &JsValue, listener: &JsValue, options: &JsValue)
    -> std::result::Result<(), JsValue>;
}

type Job = Pin<Box<dyn Future<Output = Result<JsValue>>>>;

/// One kind of future for all methods: each kind costs a kilobyte.
fn promise(job: Job) -> Promise {
    future_to_promise(async move { job.await.map_err(|error| convert::error(&error)) })
}

/// A promise for what can only be begun with valid arguments, which are read while the caller still waits.
fn begin(job: Result<Job>) -> Promise {
    job.map_or_else(|error| Promise::reject(&convert::error(&error)), promise)
}

/// A VFS origin that sessions can be opened on.
#[wasm_bindgen]
pub struct VirtualFiles(Client);

/// Reads the options, and has errors be of `error_class` from now on.
#[wasm_bindgen]
pub fn connect(options: &JsValue, error_class: Function) -> std::result::Result<VirtualFiles, JsValue> {
    convert::set_error_class(error_class);
    let client = convert::connect_options(options).and_then(Client::connect);
    client.map(VirtualFiles).map_err(|error| convert::error(&error))
}

#[wasm_bindgen]
impl VirtualFiles {
    /// The origin as it was given.
    #[wasm_bindgen(getter)]
    pub fn origin(&self) -> String {
        self.0.origin().to_owned()
    }

    /// Opens a session.
    pub fn session(&self, options: &JsValue) -> Promise {
        let client = self.0.clone();
        begin(
            convert::open_options(options)
                .map(|options| -> Job { Box::pin(async move { Ok(Session(client.session(options).await?).into()) }) }),
        )
    }

    /// Disposes every session.
    pub fn dispose(&self) -> Promise {
        let client = self.0.clone();
        promise(Box::pin(async move {
            client.dispose().await;
            Ok(JsValue::UNDEFINED)
        }))
    }
}

/// An open session.
#[wasm_bindgen]
pub struct Session(Opened);

#[wasm_bindgen]
impl Session {
    /// The session's id.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.0.id().as_str().to_owned()
    }

    /// The walls around previews, where `mount` names no others.
    #[wasm_bindgen(getter)]
    pub fn isolation(&self) -> String {
        self.0.isolation().as_str().to_owned()
    }

    /// Why these are the walls, where the origin would have others.
    #[wasm_bindgen(getter)]
    pub fn reason(&self) -> Option<String> {
        self.0.reason().map(str::to_owned)
    }

    /// Where the files are kept.
    #[wasm_bindgen(getter)]
    pub fn storage(&self) -> String {
        self.0.storage().as_str().to_owned()
    }

    /// Why the files are kept in memory although they were to be stored.
    #[wasm_bindgen(getter)]
    pub fn degraded(&self) -> Option<String> {
        self.0.degraded()
    }

    /// The URL of the session's root.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Adds or replaces files.
    pub fn put(&self, files: &JsValue, options: &JsValue) -> Promise {
        let session = self.0.clone();
        let arguments = bundle::from_js(files)
            .map_err(Error::from)
            .and_then(|sources| Ok((sources, convert::put_options(options)?)));
        begin(arguments.map(|(sources, (mode, control))| -> Job {
            Box::pin(async move { session.put_js(sources, mode, &control).await })
        }))
    }

    /// Deletes files.
    pub fn delete(&self, paths: &JsValue) -> Promise {
        let session = self.0.clone();
        begin(
            convert::path_list(paths).map(|paths| -> Job { Box::pin(async move { session.delete_js(&paths).await }) }),
        )
    }

    /// The session's files.
    pub fn list(&self, prefix: &JsValue) -> Promise {
        let (session, prefix) = (self.0.clone(), prefix.as_string().unwrap_or_default());
        promise(Box::pin(async move { Ok(session.list_js(&prefix).await?.into()) }))
    }

    /// A file's bytes.
    pub fn read(&self, path: &JsValue) -> Promise {
        let session = self.0.clone();
        begin(convert::path(path).map(|path| -> Job { Box::pin(async move { Ok(session.read(&path).await?.into()) }) }))
    }

    /// A file's properties.
    pub fn stat(&self, path: &JsValue) -> Promise {
        let session = self.0.clone();
        begin(convert::path(path).map(|path| -> Job { Box::pin(async move { session.stat_js(&path).await }) }))
    }

    /// Deletes the session with all its files.
    pub fn clear(&self) -> Promise {
        let session = self.0.clone();
        promise(Box::pin(
            async move { session.clear().await.map(|()| JsValue::UNDEFINED) },
        ))
    }

    /// Storage used and left, and the worker's state.
    pub fn estimate(&self) -> Promise {
        let session = self.0.clone();
        promise(Box::pin(async move { session.estimate().await }))
    }

    /// Asks the browser to keep what is stored.
    pub fn persist(&self) -> Promise {
        let session = self.0.clone();
        promise(Box::pin(async move { session.persist().await.map(JsValue::from) }))
    }

    /// Appends a frame that runs the session.
    pub fn mount(&self, element: &JsValue, options: &JsValue) -> Promise {
        let session = self.0.clone();
        let arguments = convert::element(element).and_then(|element| Ok((element, convert::mount_options(options)?)));
        begin(arguments.map(|(element, options)| -> Job {
            Box::pin(async move { Ok(Preview(session.mount(&element, options).await?).into()) })
        }))
    }

    /// Listens to changes.
    #[wasm_bindgen(js_name = addEventListener)]
    pub fn add_event_listener(
        &self,
        kind: &JsValue,
        listener: &JsValue,
        options: &JsValue,
    ) -> std::result::Result<(), JsValue> {
        let events = events(self.0.events())?;
        events.add(kind, listener, options)?;
        let session = self.0.clone();
        // Where the hub is gone, there are no changes to be told of.
        spawn_local(async move { drop(session.changes().await) });
        Ok(())
    }

    /// Listens no more.
    #[wasm_bindgen(js_name = removeEventListener)]
    pub fn remove_event_listener(
        &self,
        kind: &JsValue,
        listener: &JsValue,
        options: &JsValue,
    ) -> std::result::Result<(), JsValue> {
        events(self.0.events())?.remove(kind, listener, options)
    }

    /// Closes previews and leaves the hub.
    pub fn dispose(&self) -> Promise {
        let session = self.0.clone();
        promise(Box::pin(async move {
            session.dispose().await;
            Ok(JsValue::UNDEFINED)
        }))
    }
}

/// A mounted preview.
#[wasm_bindgen]
pub struct Preview(Mounted);

#[wasm_bindgen]
impl Preview {
    /// The frame.
    #[wasm_bindgen(getter)]
    pub fn element(&self) -> HtmlIFrameElement {
        self.0.element().clone()
    }

    /// What the frame was told to load.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The walls around it.
    #[wasm_bindgen(getter)]
    pub fn isolation(&self) -> String {
        self.0.isolation().as_str().to_owned()
    }

    /// Why these are the walls, where the session's origin would have others.
    #[wasm_bindgen(getter)]
    pub fn reason(&self) -> Option<String> {
        self.0.reason().map(str::to_owned)
    }

    /// Loads the entry again.
    pub fn reload(&self) -> Promise {
        let preview = self.0.clone();
        promise(Box::pin(
            async move { preview.reload().await.map(|()| JsValue::UNDEFINED) },
        ))
    }

    /// Loads another entry.
    pub fn navigate(&self, entry: &JsValue) -> Promise {
        let preview = self.0.clone();
        let entry = entry
            .as_string()
            .ok_or_else(|| Error::new(ErrorCode::InvalidMessage, "`entry` is not a string."));
        begin(entry.map(|entry| -> Job {
            Box::pin(async move { preview.navigate(&entry).await.map(|()| JsValue::UNDEFINED) })
        }))
    }

    /// Takes the frame out of the page.
    pub fn dispose(&self) {
        self.0.dispose();
    }

    /// Listens to loads, errors and the end.
    #[wasm_bindgen(js_name = addEventListener)]
    pub fn add_event_listener(
        &self,
        kind: &JsValue,
        listener: &JsValue,
        options: &JsValue,
    ) -> std::result::Result<(), JsValue> {
        events(Some(self.0.events().clone()))?.add(kind, listener, options)
    }

    /// Listens no more.
    #[wasm_bindgen(js_name = removeEventListener)]
    pub fn remove_event_listener(
        &self,
        kind: &JsValue,
        listener: &JsValue,
        options: &JsValue,
    ) -> std::result::Result<(), JsValue> {
        events(Some(self.0.events().clone()))?.remove(kind, listener, options)
    }
}

fn events(target: Option<EventTarget>) -> std::result::Result<Target, JsValue> {
    let missing = || convert::error(&Error::new(ErrorCode::Internal, "The browser made no event target."));
    target.map(JsCast::unchecked_into).ok_or_else(missing)
}

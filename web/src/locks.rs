//! Which Web Locks are held, by any page or worker of the origin.

use crate::envelope;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// How often a lock of this name is held. `None` where the browser does not tell.
pub async fn held(name: &str) -> Option<usize> {
    let navigator = envelope::get(&js_sys::global(), "navigator");
    let locks = envelope::get(&navigator, "locks");
    let query: Function = envelope::get(&locks, "query").dyn_into().ok()?;
    let asked: Promise = query.call0(&locks).ok()?.dyn_into().ok()?;
    let held = envelope::get(&JsFuture::from(asked).await.ok()?, "held");
    let held = held.dyn_into::<Array>().ok()?;
    let is_it = |lock: &JsValue| envelope::get(lock, "name").as_string().as_deref() == Some(name);
    Some(held.iter().filter(is_it).count())
}

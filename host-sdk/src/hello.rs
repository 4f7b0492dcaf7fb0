//! Why a hub does not answer: asks the origin itself, without a frame.

use crate::convert;
use crate::error::{Error, Result};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::protocol::PROTOCOL_VERSION;
use virtual_files_web::envelope::get;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestCredentials, RequestInit, Response};

/// What is known of an origin whose hub has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    /// Not asked, or it has not answered either.
    Unreachable,
    /// It would let the hub answer.
    Fine,
}

/// Asks; the error is the reason why the hub never will answer.
pub(crate) async fn ask(origin: &str) -> Result<Hello> {
    let Some(hello) = fetch(&[origin, "/_vf/hello"].concat()).await else {
        return Ok(Hello::Unreachable);
    };
    let version = get(&hello, "version").as_f64();
    if version.is_some_and(|version| version != f64::from(PROTOCOL_VERSION)) {
        return Err(version_mismatch(origin));
    }
    if get(&hello, "allowed").as_bool() == Some(false) {
        return Err(Error::of(
            ErrorCode::OriginNotAllowed,
            &[
                origin,
                " takes no messages from ",
                &convert::own_origin(),
                ". Add it to the ALLOWED_HOSTS of that deployment.",
            ],
        ));
    }
    Ok(Hello::Fine)
}

pub(crate) fn version_mismatch(origin: &str) -> Error {
    Error::of(
        ErrorCode::VersionMismatch,
        &[
            "This SDK and ",
            origin,
            " are of different releases. Deploy the origin of the release that the SDK is of.",
        ],
    )
}

/// The browser has no service worker for a VFS origin.
pub(crate) fn no_worker(origin: &str, why: &str) -> Error {
    Error::of(
        ErrorCode::ServiceWorkerUnavailable,
        &[
            "The browser does not let ",
            origin,
            " have a service worker in this page, mostly because third-party cookies and storage are blocked. Serve the host app from the same site as the VFS origin (app.my-app.com beside vfs.my-app.com, app.virtual-files.localhost in development), use isolation \"opaque\" where the edge is deployed, or allow third-party cookies and storage for this site. ",
            why,
        ],
    )
}

async fn fetch(url: &str) -> Option<JsValue> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    let response = JsFuture::from(web_sys::window()?.fetch_with_str_and_init(url, &init))
        .await
        .ok()?;
    JsFuture::from(response.dyn_into::<Response>().ok()?.json().ok()?)
        .await
        .ok()
}

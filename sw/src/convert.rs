//! Between the browser's types and the core's; no other file of this crate reads the configuration or makes a response.

use js_sys::{Array, Uint8Array};
use virtual_files_core::config::{Config, SESSION_TTL_SECONDS};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::http::Headers;
use virtual_files_store::BlobBody;
use virtual_files_web::envelope::get;
use wasm_bindgen::prelude::*;
use web_sys::{ReadableStream, Response, ResponseInit};

#[wasm_bindgen]
extern "C" {
    /// The shell's: a stream that gives these bytes and ends.
    #[wasm_bindgen(js_name = streamOf)]
    fn stream_of(bytes: &Uint8Array) -> ReadableStream;
}

/// The configuration that the edge has written into the shell.
pub(crate) fn config(value: &JsValue) -> Result<Config> {
    let invalid = || Error::new(ErrorCode::InvalidMessage, "The worker has no configuration.");
    let host = get(value, "host").as_string().ok_or_else(invalid)?;
    let allowed = get(value, "allowedHosts").dyn_into::<Array>().map_err(|_| invalid())?;
    let allowed: Vec<String> = allowed.iter().filter_map(|pattern| pattern.as_string()).collect();
    let config = Config::new(&host, allowed.iter().map(String::as_str))?;
    let ttl = get(value, "sessionTtlSeconds").as_f64();
    Ok(config.with_session_ttl(ttl.map_or(SESSION_TTL_SECONDS, |ttl| ttl as u64)))
}

/// What the browser's calls give.
pub(crate) type JsResult<T> = std::result::Result<T, JsValue>;

/// What a response carries.
pub(crate) enum Payload<'a> {
    Nothing,
    Text(&'a str),
    Blob(&'a BlobBody),
    Bytes(Uint8Array),
}

/// Makes a response of the core's numbers and headers.
pub(crate) fn response(status: u16, headers: &Headers<'_>, payload: &Payload<'_>) -> JsResult<Response> {
    answer(&init(status, headers)?, payload)
}

/// The core's numbers and headers as the browser takes them.
pub(crate) fn init(status: u16, headers: &Headers<'_>) -> JsResult<ResponseInit> {
    let map = web_sys::Headers::new()?;
    for (name, value) in headers {
        map.append(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&map);
    Ok(init)
}

/// Makes a response. It takes a copy of the headers.
pub(crate) fn answer(init: &ResponseInit, payload: &Payload<'_>) -> JsResult<Response> {
    match payload {
        Payload::Nothing => Response::new_with_opt_str_and_init(None, init),
        Payload::Text(text) => Response::new_with_opt_str_and_init(Some(text), init),
        Payload::Bytes(bytes) => Response::new_with_opt_readable_stream_and_init(Some(&stream_of(bytes)), init),
        Payload::Blob(body) => Response::new_with_opt_blob_and_init(Some(body.blob()), init),
    }
}

//! How the Worker and its Durable Objects speak: plain requests with a path of ours, headers for who asks, bodies bounded
//! while they come in.

use futures_util::{Stream, StreamExt};
use serde_json::Value;
use virtual_files_core::edge::api::Refusal;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::session::SessionId;
use wasm_bindgen::prelude::*;
use worker::{ByteStream, Request, Response, ResponseBuilder, console_error};

use crate::uploads::Outcome;

/// The session that is asked.
pub(crate) const SESSION: &str = "vf-session";

/// The SHA-256 of the key, in hexadecimal digits.
pub(crate) const KEY: &str = "vf-key";

/// The SHA-256 of the client's address.
pub(crate) const ADDRESS: &str = "vf-address";

/// A request as an object reads it: `/operation/argument/…`.
pub(crate) struct Asked {
    path: String,
    pub(crate) session: SessionId,
    pub(crate) key: String,
    pub(crate) address: String,
}

impl Asked {
    /// Reads a request of the Worker's.
    pub(crate) fn read(request: &Request) -> Outcome<Self> {
        let header = |name| request.headers().get(name).ok().flatten().unwrap_or_default();
        Ok(Self {
            path: request.path(),
            session: SessionId::parse(&header(SESSION))?,
            key: header(KEY),
            address: header(ADDRESS),
        })
    }

    /// What is asked.
    pub(crate) fn operation(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// With what.
    pub(crate) fn argument(&self, place: usize) -> &str {
        self.path.split('/').nth(place + 2).unwrap_or_default()
    }

    /// With which number.
    pub(crate) fn number(&self, place: usize) -> Outcome<u64> {
        self.argument(place)
            .parse()
            .map_err(|_| Refusal::new(400, ErrorCode::InvalidMessage, "A number is expected."))
    }
}

/// A request's body as it comes in, counted whatever its headers say of its length.
pub(crate) struct Incoming(Option<ByteStream>);

impl Incoming {
    /// The body of a request.
    pub(crate) fn of(mut request: Request) -> Self {
        let there = request.inner().body().is_some();
        Self(there.then(|| request.stream().ok()).flatten())
    }

    /// Reads all of it, if it is at most so many bytes.
    pub(crate) async fn read(&mut self, limit: u64) -> Outcome<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await? {
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(Refusal::too_large("The request's body is too large."));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Lets what is left come in and go, up to a bound: where an answer is given before its request has been read,
    /// connections break that other requests wait on.
    pub(crate) async fn drain(&mut self) {
        let mut left = MAX_DRAINED_BYTES;
        while let Ok(Some(chunk)) = self.next().await {
            left = left.saturating_sub(chunk.len() as u64);
            if left == 0 {
                return;
            }
        }
    }

    async fn next(&mut self) -> Outcome<Option<Vec<u8>>> {
        let Some(stream) = &mut self.0 else {
            return Ok(None);
        };
        let chunk = stream.next().await.transpose();
        chunk.map_err(|error| {
            console_error!("{error}");
            Refusal::new(400, ErrorCode::Aborted, "The request broke off.")
        })
    }
}

/// The most that is read of a body that nobody wants.
const MAX_DRAINED_BYTES: u64 = 16 << 20;

/// A refusal, as the Worker passes it on.
pub(crate) fn refuse(refusal: &Refusal) -> worker::Result<Response> {
    let text = serde_json::to_string(refusal).unwrap_or_default();
    let response = json_text(refusal.status, &text)?;
    if let Some(seconds) = refusal.retry_after {
        response.headers().set("retry-after", &seconds.to_string())?;
    }
    Ok(response)
}

/// An answer of JSON.
pub(crate) fn json(status: u16, value: &Value) -> worker::Result<Response> {
    json_text(status, &value.to_string())
}

/// The same where it is text already.
pub(crate) fn json_text(status: u16, text: &str) -> worker::Result<Response> {
    let response = Response::from_bytes(text.as_bytes().to_vec())?.with_status(status);
    response.headers().set("content-type", "application/json")?;
    Ok(response)
}

/// An answer without content.
pub(crate) fn empty(status: u16) -> worker::Result<Response> {
    Ok(Response::empty()?.with_status(status))
}

/// Bytes that are made while they are sent, and how many they will be.
pub(crate) fn stream(
    pieces: impl Stream<Item = worker::Result<Vec<u8>>> + 'static,
    length: u64,
) -> worker::Result<Response> {
    let fixed = worker::FixedLengthStream::wrap(pieces, length);
    let fixed: worker::worker_sys::FixedLengthStream = fixed.into();
    Ok(ResponseBuilder::new().stream(fixed.readable()))
}

/// The SHA-256 of a text, in hexadecimal digits.
pub(crate) async fn sha256(text: &str) -> worker::Result<String> {
    let digest = wasm_bindgen_futures::JsFuture::from(digest("SHA-256", text.as_bytes())?).await?;
    let digest = js_sys::Uint8Array::new(&digest).to_vec();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[wasm_bindgen]
extern "C" {
    /// Letters and digits that nobody guesses.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub(crate) fn random_uuid() -> String;

    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn digest(algorithm: &str, data: &[u8]) -> Result<js_sys::Promise, JsValue>;
}

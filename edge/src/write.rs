//! The write API on the Worker's side: the key and the address become hashes, and the session's object does the rest.

use virtual_files_core::edge::api::{Operation, Refusal, Write, address_group};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::http::Headers;
use wasm_bindgen::JsValue;
use worker::{Method, Request, RequestInit, Response, console_error};

use crate::internal::{self, ADDRESS, KEY, SESSION};
use crate::send::{Content, send};
use crate::settings::Settings;

/// Carries a request out.
pub(crate) async fn answer(
    settings: &Settings,
    write: &Write<'_>,
    request: Request,
    address: &str,
) -> worker::Result<Response> {
    match ask(settings, write, request, address).await {
        Ok(mut answer) => {
            let mut headers = write.headers.clone();
            let status = answer.status_code();
            let retry_after = answer.headers().get("retry-after")?;
            if let Some(seconds) = retry_after {
                headers.push(("retry-after", seconds.into()));
            }
            if status == 204 {
                return send(status, &headers, Content::None);
            }
            headers.push(("content-type", "application/json".into()));
            send(status, &headers, Content::Bytes(answer.bytes().await?))
        }
        Err(error) => {
            console_error!("{error}");
            let refusal = Refusal::new(500, ErrorCode::Internal, "The edge made a mistake.");
            refuse(&refusal, &write.headers)
        }
    }
}

async fn ask(settings: &Settings, write: &Write<'_>, request: Request, address: &str) -> worker::Result<Response> {
    let path = match write.operation {
        Operation::Inspect => "inspect".to_owned(),
        Operation::Delete => "delete".to_owned(),
        Operation::Begin => "begin".to_owned(),
        Operation::Append { upload, offset } => format!("append/{upload}/{offset}"),
        Operation::Commit { upload } => format!("commit/{upload}"),
        Operation::Abort { upload } => format!("abort/{upload}"),
    };
    let headers = worker::Headers::new();
    headers.set(SESSION, write.id.as_str())?;
    // The object sees the key's hash and never the key, and so for the address.
    headers.set(KEY, &internal::sha256(write.key).await?)?;
    headers.set(ADDRESS, &internal::sha256(&address_group(address)).await?)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers);
    if matches!(write.operation, Operation::Begin | Operation::Append { .. }) {
        // Passed on as it comes in; the object counts.
        init.with_body(request.inner().body().map(JsValue::from));
    }
    let inner = Request::new_with_init(&format!("https://session.invalid/{path}"), &init)?;
    let stub = settings.sessions.get_by_name(write.id.as_str())?;
    stub.fetch_with_request(inner).await
}

/// A refusal as JSON.
pub(crate) fn refuse(refusal: &Refusal, headers: &Headers<'_>) -> worker::Result<Response> {
    let mut headers = headers.clone();
    headers.push(("content-type", "application/json".into()));
    if let Some(seconds) = refusal.retry_after {
        headers.push(("retry-after", seconds.to_string().into()));
    }
    send(refusal.status, &headers, Content::Bytes(serde_json::to_vec(refusal)?))
}

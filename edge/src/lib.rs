//! The Worker in front of the VFS origin: it serves the origin's own assets, and the boot page for session documents.
//!
//! Every decision is the core's (`virtual_files_core::edge`); here a request is put into its words, its answer is
//! carried out, and the assets' marks are filled in. No file of a session passes through here.

mod settings;
mod template;

use virtual_files_core::edge::{self, BOOT_PAGE, EdgePlan, EdgeRequest};
use virtual_files_core::http::Headers;
use virtual_files_core::protocol::PROTOCOL_VERSION;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, Request, Response, console_error, event};

use crate::settings::Settings;

/// Answers one request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    match Settings::read(&env) {
        Ok(settings) => answer(&request, &settings).await,
        Err(problem) => settings::misconfigured(&problem),
    }
}

async fn answer(request: &Request, settings: &Settings) -> worker::Result<Response> {
    let url = request.url()?;
    let method = request.inner().method();
    let header = |name: &str| request.headers().get(name);
    let (origin, accept) = (header("origin")?, header("accept")?);
    let (destination, mode) = (header("sec-fetch-dest")?, header("sec-fetch-mode")?);
    let nonce = random_uuid();
    let asked = EdgeRequest {
        method: &method,
        hostname: url.host_str().unwrap_or_default(),
        path: url.path(),
        origin: origin.as_deref(),
        fetch_dest: destination.as_deref(),
        fetch_mode: mode.as_deref(),
        accept: accept.as_deref(),
        nonce: &nonce,
    };
    let performed = match edge::edge(&settings.config, &asked) {
        EdgePlan::Asset { path, headers } => asset(request, settings, &asked, path, headers).await,
        EdgePlan::Boot { headers } => asset(request, settings, &asked, BOOT_PAGE, headers).await,
        EdgePlan::Hello { headers } => {
            let own_origin = url.origin().ascii_serialization();
            hello(settings, &asked, &headers, &own_origin)
        }
        page @ EdgePlan::Page { .. } => send_page(page),
    };
    performed.or_else(|error| {
        console_error!("{error}");
        send_page(edge::internal_error(&settings.config, &asked))
    })
}

/// An asset, its marks filled in where it is one that has some.
async fn asset(
    request: &Request,
    settings: &Settings,
    asked: &EdgeRequest<'_>,
    path: &str,
    mut headers: Headers<'static>,
) -> worker::Result<Response> {
    // The binding wants a whole URL, and looks at its path only.
    let mut found = settings
        .assets
        .fetch(format!("https://assets.invalid{path}"), None)
        .await?;
    match found.status_code() {
        200 => {}
        404 if path != BOOT_PAGE => {
            return send_page(edge::not_found(&settings.config, asked));
        }
        status => return Err(format!("the asset {path} came with status {status}").into()),
    }
    let body = if template::has_marks(path) {
        template::fill(&found.text().await?, &settings.config_json, asked.nonce).into_bytes()
    } else {
        found.bytes().await?
    };
    // A page has a nonce of its own every time; what has none can be asked for by its validator.
    if !path.ends_with(".html") {
        let etag = template::etag(&body);
        let known = request.headers().get("if-none-match")?;
        let unchanged = known.is_some_and(|known| template::matches(&known, &etag));
        headers.push(("etag", etag.into()));
        if unchanged {
            return send(304, &headers, None);
        }
    }
    send(200, &headers, (asked.method != "HEAD").then_some(body))
}

/// Says which protocol this edge's hub speaks, and whether the origin that asks may embed.
fn hello(
    settings: &Settings,
    asked: &EdgeRequest<'_>,
    headers: &Headers<'_>,
    own_origin: &str,
) -> worker::Result<Response> {
    let allowed = asked
        .origin
        .is_some_and(|origin| settings.config.accepts(origin, own_origin));
    let body = serde_json::json!({ "version": PROTOCOL_VERSION, "allowed": allowed });
    let body = (asked.method != "HEAD").then(|| body.to_string().into_bytes());
    send(200, headers, body)
}

fn send_page(page: EdgePlan<'_>) -> worker::Result<Response> {
    match page {
        EdgePlan::Page { status, headers, body } => send(status, &headers, Some(body.into_bytes())),
        other => Err(format!("not a page: {other:?}").into()),
    }
}

/// The one place where an answer becomes a `Response`.
fn send(status: u16, headers: &Headers<'_>, body: Option<Vec<u8>>) -> worker::Result<Response> {
    let sent = worker::Headers::new();
    for (name, value) in headers {
        // The runtime counts what it sends.
        if *name != "content-length" {
            sent.set(name, value)?;
        }
    }
    let response = match body {
        Some(bytes) => Response::from_bytes(bytes)?,
        None => Response::empty()?,
    };
    Ok(response.with_status(status).with_headers(sent))
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> String;
}

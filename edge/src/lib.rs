//! The Worker in front of the VFS origin: it serves the origin's own assets, the boot page for session documents, and
//! edge sessions.
//!
//! Every decision is the core's (`virtual_files_core::edge`); here a request is put into its words, its answer is
//! carried out, and the assets' marks are filled in. Sessions that a browser keeps never pass through here; those that the
//! edge serves are in Durable Objects, one for each.

mod blobs;
mod internal;
mod quota;
mod read;
mod send;
mod session;
mod settings;
mod sql;
mod store;
#[cfg(feature = "suite")]
mod suite;
mod template;
mod uploads;
mod write;

use virtual_files_core::edge::{self, BOOT_PAGE, EdgePlan, EdgeRequest};
use virtual_files_core::http::Headers;
use worker::{Context, Env, Request, Response, console_error, event};

use crate::send::{Content, send};
use crate::settings::Settings;

/// Answers one request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    #[cfg(feature = "suite")]
    if let Some(answer) = suite::fetch(&request, &env).await {
        return answer;
    }
    match Settings::read(&env) {
        Ok(settings) => answer(request, &settings).await,
        Err(problem) => settings::misconfigured(&problem),
    }
}

/// A request's headers, as far as answers depend on them.
struct Asked {
    method: String,
    url: worker::Url,
    own_origin: String,
    query: String,
    headers: [Option<String>; 13],
}

/// The names of the headers, in the order of [`EdgeRequest`]'s fields.
const HEADERS: [&str; 13] = [
    "origin",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "service-worker",
    "accept",
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "authorization",
    "content-encoding",
    "cf-connecting-ip",
];

impl Asked {
    fn read(request: &Request) -> worker::Result<Self> {
        let url = request.url()?;
        let mut headers: [Option<String>; 13] = Default::default();
        for (name, value) in HEADERS.iter().zip(&mut headers) {
            *value = request.headers().get(name)?;
        }
        Ok(Self {
            method: request.inner().method(),
            own_origin: url.origin().ascii_serialization(),
            query: url.query().map(|query| ["?", query].concat()).unwrap_or_default(),
            url,
            headers,
        })
    }

    fn request<'a>(&'a self, nonce: &'a str) -> EdgeRequest<'a> {
        let [
            origin,
            referer,
            fetch_dest,
            fetch_mode,
            service_worker,
            accept,
            range,
            if_range,
            if_none_match,
            if_modified_since,
            authorization,
            content_encoding,
            _,
        ] = self.headers.each_ref().map(Option::as_deref);
        EdgeRequest {
            method: &self.method,
            query: &self.query,
            own_origin: &self.own_origin,
            origin,
            referer,
            fetch_dest,
            fetch_mode,
            service_worker: service_worker.is_some(),
            accept,
            range,
            if_range,
            if_none_match,
            if_modified_since,
            authorization,
            content_encoding,
            nonce,
            ..EdgeRequest::get(self.url.host_str().unwrap_or_default(), self.url.path())
        }
    }

    /// The client's address; in development there is none.
    fn address(&self) -> &str {
        self.headers.last().and_then(Option::as_deref).unwrap_or_default()
    }
}

async fn answer(request: Request, settings: &Settings) -> worker::Result<Response> {
    let read = Asked::read(&request)?;
    let nonce = internal::random_uuid();
    let asked = read.request(&nonce);
    let performed = match edge::edge(&settings.config, &asked) {
        EdgePlan::Asset { path, headers } => asset(settings, &asked, path, headers).await,
        EdgePlan::Boot { headers } => asset(settings, &asked, BOOT_PAGE, headers).await,
        EdgePlan::Hello { headers } => hello(settings, &asked, &headers),
        EdgePlan::Session(session) => return read::answer(settings, &asked, &session).await,
        EdgePlan::Write(write) => return write::answer(settings, &write, request, read.address()).await,
        EdgePlan::Refusal { refusal, headers } => {
            internal::Incoming::of(request).drain().await;
            write::refuse(&refusal, &headers)
        }
        page @ EdgePlan::Page { .. } => {
            // A body that nobody reads takes the connection with it that the next request comes on.
            if !matches!(asked.method, "GET" | "HEAD") {
                internal::Incoming::of(request).drain().await;
            }
            send_page(page)
        }
    };
    performed.or_else(|error| {
        console_error!("{error}");
        send_page(edge::internal_error(&settings.config, &asked))
    })
}

/// An asset, its marks filled in where it is one that has some.
async fn asset(
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
        edge::fill(&found.text().await?, &settings.config_json, asked.nonce).into_bytes()
    } else {
        found.bytes().await?
    };
    // A page has a nonce of its own every time; what has none can be asked for by its validator.
    if !path.ends_with(".html") {
        let etag = template::etag(&body);
        let known = asked.if_none_match;
        let unchanged = known.is_some_and(|known| template::matches(known, &etag));
        headers.push(("etag", etag.into()));
        if unchanged {
            return send(304, &headers, Content::None);
        }
    }
    send(200, &headers, content(asked, body))
}

/// Says which protocol this edge's hub speaks, whether the origin that asks may embed, and that there are edge sessions.
fn hello(settings: &Settings, asked: &EdgeRequest<'_>, headers: &Headers<'_>) -> worker::Result<Response> {
    let body = serde_json::to_vec(&edge::hello(&settings.config, asked))?;
    send(200, headers, content(asked, body))
}

fn content(asked: &EdgeRequest<'_>, body: Vec<u8>) -> Content {
    if asked.method == "HEAD" {
        Content::None
    } else {
        Content::Bytes(body)
    }
}

fn send_page(page: EdgePlan<'_>) -> worker::Result<Response> {
    match page {
        EdgePlan::Page { status, headers, body } => send(status, &headers, Content::page(status, body)),
        other => Err(format!("not a page: {other:?}").into()),
    }
}

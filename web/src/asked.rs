//! Reading a `Request`: what the core needs of it.

use crate::envelope;
use virtual_files_core::http::Destination;
use virtual_files_core::http::asked::{Asked, client_path, local, split};
use web_sys::RequestMode;

/// Reads a request to `origin`; who calls has checked that its URL is of that origin.
pub fn read(request: &web_sys::Request, origin: &str) -> Asked {
    let url = request.url();
    let (path, query) = split(local(&url, origin).unwrap_or("/"));
    let headers = request.headers();
    // Reading a well-formed name cannot throw.
    let header = |name| headers.get(name).ok().flatten();
    let destination = envelope::get(request, "destination").as_string();
    Asked {
        method: request.method(),
        path: path.into(),
        query: query.into(),
        destination: Destination::parse(destination.as_deref().unwrap_or_default()),
        navigate: request.mode() == RequestMode::Navigate,
        referrer: client_path(&request.referrer(), origin),
        range: header("range"),
        if_range: header("if-range"),
        if_none_match: header("if-none-match"),
        if_modified_since: header("if-modified-since"),
    }
}

//! Which session a request belongs to, and under which path: from its URL and from who asks.
//!
//! What it keeps true: in the origin layout the host name alone names the session; in the shared layout a document of one
//! session never reaches a file of another, because whatever it asks for lies below its own session.

use crate::config::{Config, Layout};
use crate::http::headers::location;
use crate::http::{Destination, Request};
use crate::session::SessionId;

/// Who answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// The network: an asset of the VFS origin itself, or a session that the edge serves.
    Network,
    /// A session.
    Session {
        /// Its id.
        id: SessionId,
        /// The path in the session as it stands in the URL: percent-encoded, without a leading slash, possibly empty.
        path: &'a str,
    },
    /// The same request at another URL of this origin.
    Redirect {
        /// 307 or 308.
        status: u16,
        /// Where to: a path and a query.
        location: String,
    },
    /// Nobody: the URL belongs to no session.
    NotFound,
}

/// Whether a path of the VFS origin is one of its own assets. No session id looks like these.
pub fn is_reserved(path: &str) -> bool {
    path == "/hub.html" || path == "/sw.js" || path == "/_vf" || path.starts_with("/_vf/")
}

/// Finds who answers a request.
pub fn route<'a>(config: &Config, request: &Request<'a>) -> Route<'a> {
    // A page of the origin itself, such as the hub, is no session's client.
    let client = request.client_path.filter(|path| !is_reserved(path));
    let layout = config.layout(request.hostname);
    let by_session = match layout {
        Layout::Origin(_) => client.is_some(),
        Layout::Shared => client_session(client).is_some(),
    };
    // A session's bundle may have a `sw.js` or a `hub.html` of its own, and its pages then mean that one. Navigations go to
    // the real one, for a frame cannot say in advance whose client it will be.
    if is_reserved(request.path) && (request.navigate || !by_session) {
        return Route::Network;
    }
    let path = request.path.strip_prefix('/').unwrap_or(request.path);
    match layout {
        Layout::Origin(id) => match below(path, id.as_str()) {
            Some("") => to_root(id, request),
            Some(rest) => Route::Session {
                id,
                path: rest.strip_prefix('/').unwrap_or(rest),
            },
            None => Route::Session { id, path },
        },
        Layout::Shared => shared(request, client, path),
    }
}

fn shared<'a>(request: &Request<'a>, client: Option<&str>, path: &'a str) -> Route<'a> {
    let (first, rest) = match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if let Some(id) = client_session(client)
        && id.as_str() != first
    {
        // A document's or a worker's own URL must keep naming its session, or its requests would be nobody's.
        return if request.navigate || request.destination == Destination::Worker {
            Route::Redirect {
                status: 307,
                location: location(&["/", id.as_str(), "/", path, request.query]),
            }
        } else {
            Route::Session { id, path }
        };
    }
    match (SessionId::parse(first), rest) {
        (Err(_), _) => Route::NotFound,
        // The edge has it, and nobody here.
        (Ok(id), _) if id.is_edge() => Route::Network,
        (Ok(id), None) => to_root(id, request),
        (Ok(id), Some(path)) => Route::Session { id, path },
    }
}

/// The session that a client of the shared layout belongs to: its URL names it first.
fn client_session(client: Option<&str>) -> Option<SessionId> {
    let path = client?.strip_prefix('/')?;
    SessionId::parse(path.split('/').next()?).ok()
}

/// What follows the session id in a path that begins with it: nothing, or something that begins with a slash.
fn below<'a>(path: &'a str, id: &str) -> Option<&'a str> {
    path.strip_prefix(id)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path of a session's own host name, without the id that it may begin with: nothing, or something that begins with a
/// slash.
pub(crate) fn own_path<'a>(path: &'a str, id: &SessionId) -> &'a str {
    path.strip_prefix('/')
        .and_then(|path| below(path, id.as_str()))
        .unwrap_or(path)
}

/// `/{id}` is a directory as any other.
fn to_root<'a>(id: SessionId, request: &Request<'_>) -> Route<'a> {
    if !request.may_redirect {
        return Route::Session { id, path: "" };
    }
    Route::Redirect {
        status: 308,
        location: location(&["/", id.as_str(), "/", request.query]),
    }
}

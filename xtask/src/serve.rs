//! A static web server for the demo host, for development only.
//!
//! The pages name the VFS origin by its usual port; where it has another one, they are told.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use tiny_http::{Header, Method, Request, Response, Server};

use crate::failure::{Failure, Result};

/// How many requests are answered at once.
const THREADS: usize = 4;

const HTML: &str = "text/html; charset=utf-8";

/// How a page names the VFS origin of development.
const VFS_NAME: &str = "{session}.virtual-files.localhost";
const VFS_AUTHORITY: &str = "{session}.virtual-files.localhost:8787";

/// What the server answers with.
struct Site {
    folder: PathBuf,
    vfs_port: u16,
}

/// Serves a folder on loopback from threads that live as long as the program.
pub(crate) fn start(folder: PathBuf, port: u16, vfs_port: u16) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = Server::http(address)
        .map_err(|error| Failure::new(format!("cannot serve the demo on port {port}: {error}")))?;
    let server = Arc::new(server);
    let site = Arc::new(Site { folder, vfs_port });
    for _ in 0..THREADS {
        let (server, site) = (Arc::clone(&server), Arc::clone(&site));
        thread::spawn(move || {
            while let Ok(request) = server.recv() {
                // A browser that hangs up early is not an error of ours.
                let _ = site.answer(request);
            }
        });
    }
    Ok(())
}

impl Site {
    fn answer(&self, request: Request) -> std::io::Result<()> {
        if !matches!(request.method(), Method::Get | Method::Head) {
            return request.respond(text(405, "This server only has files to read."));
        }
        let path = request.url().split(['?', '#']).next().unwrap_or_default();
        let Some(file) = file_of(&self.folder, path) else {
            return request.respond(text(404, "There is no such file."));
        };
        let media_type = media_type(&file);
        match fs::read(&file) {
            Ok(bytes) => {
                let bytes = if media_type == HTML { self.fill(bytes) } else { bytes };
                request.respond(with_headers(Response::from_data(bytes), media_type))
            }
            Err(_) => request.respond(text(404, "There is no such file.")),
        }
    }

    /// The page, with the port that the VFS origin has this time.
    fn fill(&self, page: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(page) {
            Ok(page) => page
                .replace(VFS_AUTHORITY, &format!("{VFS_NAME}:{}", self.vfs_port))
                .into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }
}

fn text(status: u16, message: &str) -> Response<std::io::Cursor<Vec<u8>>> {
    let response = Response::from_string(format!("{status}: {message}\n")).with_status_code(status);
    with_headers(response, "text/plain; charset=utf-8")
}

fn with_headers<R: std::io::Read>(response: Response<R>, media_type: &str) -> Response<R> {
    // What is being worked on must never come from a cache.
    let headers = [
        ("Content-Type", media_type),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ];
    headers
        .into_iter()
        .filter_map(|(name, value)| Header::from_bytes(name, value).ok())
        .fold(response, Response::with_header)
}

/// The file a URL's path names, without ever leaving the folder.
fn file_of(folder: &Path, path: &str) -> Option<PathBuf> {
    let name = decode(path.strip_prefix('/')?)?;
    let relative = Path::new(&name);
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || name.contains('\0') {
        return None;
    }
    let file = folder.join(relative);
    Some(if name.is_empty() || name.ends_with('/') {
        file.join("index.html")
    } else {
        file
    })
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn media_type(file: &Path) -> &'static str {
    match file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => HTML,
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "wav" => "audio/wav",
        "md" | "txt" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let folder = Path::new("site");
        assert_eq!(file_of(folder, "/").unwrap(), Path::new("site/index.html"));
        assert_eq!(file_of(folder, "/a%20b/").unwrap(), Path::new("site/a b/index.html"));
        assert_eq!(file_of(folder, "/a/b.js").unwrap(), Path::new("site/a/b.js"));
        for outside in [
            "/../a",
            "/a/../../b",
            "/%2e%2e/a",
            "//etc/passwd",
            "/%2Fetc",
            "a",
            "/%",
            "/%zz",
            "/%00",
            "/%ff",
        ] {
            assert_eq!(file_of(folder, outside), None, "{outside}");
        }
    }
}

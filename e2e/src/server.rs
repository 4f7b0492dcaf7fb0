//! Small HTTP servers on loopback: host pages, and the stand-in origins of the platform facts.
//!
//! One server answers every host name that resolves to loopback, so `localhost` and `app.virtual-files.localhost`
//! are two sites of one server. It remembers what it was asked, which tells what reached the network.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::Result;

/// A request as the servers' handlers see it.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The method's name.
    pub method: String,
    /// Path and query, still percent-encoded.
    pub url: String,
    /// All headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Hit {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// The value of a header, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What a handler answers.
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// 200 with this type and body.
    pub fn new(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type", media_type.to_owned())],
            body: body.into(),
        }
    }

    /// An HTML document.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new("text/html; charset=utf-8", body)
    }

    /// A script.
    pub fn script(body: impl Into<Vec<u8>>) -> Self {
        Self::new("text/javascript; charset=utf-8", body)
    }

    /// 404.
    pub fn missing() -> Self {
        Self {
            status: 404,
            headers: Vec::new(),
            body: b"not found".to_vec(),
        }
    }

    /// The reply with one header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The part of the reply that a request's Range header asks for: `bytes=A-B` or `bytes=A-`, as media players ask.
    #[must_use]
    pub fn ranged(mut self, hit: &Hit) -> Self {
        self.headers.push(("Accept-Ranges", "bytes".to_owned()));
        let Some((start, end)) = hit
            .header("range")
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
        else {
            return self;
        };
        let total = self.body.len();
        let Ok(start) = start.parse::<usize>() else { return self };
        let end = end
            .parse()
            .map_or(total, |last: usize| last.saturating_add(1))
            .min(total);
        if self.status == 200 && start < end {
            self.status = 206;
            self.body = self.body[start..end].to_vec();
            self.headers
                .push(("Content-Range", format!("bytes {start}-{}/{total}", end - 1)));
        }
        self
    }

    /// The file below the folder that the path names, with its type; 404 where there is none.
    pub fn file(folder: &Path, path: &str) -> Self {
        let relative: PathBuf = Path::new(path.trim_start_matches('/')).components().collect();
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Self::missing();
        }
        match std::fs::read(folder.join(&relative)) {
            Ok(body) => Self::new(media_type(&relative.to_string_lossy()), body),
            Err(_) => Self::missing(),
        }
    }
}

/// The type by extension, for the few that occur here.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webm") => "video/webm",
        Some("wav") => "audio/wav",
        Some("woff") => "font/woff",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A running server; stops when dropped.
pub struct Server {
    hits: Arc<Mutex<Vec<Hit>>>,
    running: Arc<AtomicBool>,
    port: u16,
}

impl Server {
    /// Starts one on a free port of 127.0.0.1.
    pub fn start(handler: impl Fn(&Hit) -> Reply + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let hits = Arc::new(Mutex::new(Vec::new()));
        let running = Arc::new(AtomicBool::new(true));
        let (handler, log, open) = (Arc::new(handler), Arc::clone(&hits), Arc::clone(&running));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !open.load(Ordering::SeqCst) {
                    return;
                }
                // A thread for each connection: browsers open some in advance and leave them idle, and a pool of
                // threads would be used up by those.
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                std::thread::spawn(move || converse(stream, &log, &*handler));
            }
        });
        Ok(Self { hits, running, port })
    }

    /// The origin of this server under a host name.
    pub fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forgets the requests seen so far.
    pub fn forget(&self) {
        if let Ok(mut hits) = self.hits.lock() {
            hits.clear();
        }
    }

    /// The requests seen since the last `forget`.
    pub fn hits(&self) -> Vec<Hit> {
        self.hits.lock().map(|hits| hits.clone()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.store(false, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees that it is over and closes the port.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// Answers the requests of one connection until the browser closes it. It may do so at any time; that is its right.
fn converse(stream: TcpStream, hits: &Mutex<Vec<Hit>>, handler: &impl Fn(&Hit) -> Reply) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let _ = writer.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some(hit) = request(&mut reader) {
        let reply = handler(&hit);
        let with_body = hit.method != "HEAD";
        if let Ok(mut hits) = hits.lock() {
            hits.push(hit);
        }
        let mut message = format!(
            "HTTP/1.1 {} Status\r\nContent-Length: {}\r\n",
            reply.status,
            reply.body.len()
        );
        for (name, value) in &reply.headers {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
        message.push_str("\r\n");
        let mut message = message.into_bytes();
        if with_body {
            message.extend(reply.body);
        }
        if writer.write_all(&message).is_err() {
            return;
        }
    }
}

/// The next request of a connection, its body read and dropped. `None` at the end and for what is no request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Hit> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, url) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
    Some(Hit { method, url, headers })
}

/// A port that was free a moment ago, for a program that must be told one.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_remembers() -> Result {
        let server = Server::start(|hit| Reply::html(format!("{} {}", hit.method, hit.path())).with("X-A", "b"))?;
        let mut response = ureq::get(format!("{}/a%20b?c", server.origin("127.0.0.1"))).call()?;
        assert_eq!(
            response.headers().get("X-A").and_then(|value| value.to_str().ok()),
            Some("b")
        );
        assert_eq!(response.body_mut().read_to_string()?, "GET /a%20b");
        assert_eq!(
            server.hits().iter().map(|hit| hit.url.as_str()).collect::<Vec<_>>(),
            ["/a%20b?c"]
        );
        Ok(())
    }

    #[test]
    fn a_path_never_leaves_its_folder() {
        assert_eq!(Reply::file(Path::new("/etc"), "/../etc/hostname").status, 404);
        assert_eq!(Reply::file(Path::new("src"), "/lib.rs").status, 200);
    }
}

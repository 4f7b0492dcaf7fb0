//! Edge sessions over the wire: what the SDK does to write one, what a frame of an opaque origin does to read one, and
//! every way that we know to misuse either. No browser takes part.
//!
//! Requests are written byte by byte, so that a case can send what no client would.

pub(super) mod content;
pub(super) mod crashes;
pub(super) mod limits;
pub(super) mod timing;
pub(super) mod walls;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Result, ensure};

const HOST: &str = "virtual-files.localhost";

/// A host page's origin.
const APP: &str = "http://localhost:5000";

/// How many bytes the SDK sends at once.
const PART: usize = 4 << 20;

/// What a frame's document is asked for with.
const FRAME: &[(&str, &str)] = &[
    ("Sec-Fetch-Dest", "iframe"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Accept", "text/html,*/*;q=0.8"),
    ("Referer", "http://localhost:5000/"),
];

/// What a script of an opaque origin asks with.
const SCRIPT: &[(&str, &str)] = &[
    ("Sec-Fetch-Dest", "empty"),
    ("Sec-Fetch-Mode", "cors"),
    ("Origin", "null"),
];

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    what: String,
    status: u16,
    /// Names in small letters, sorted; without what differs between any two answers.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .map_err(|error| format!("{}: {error}: {:.200}", self.what, self.text()).into())
    }

    /// The answer, if it has this status.
    fn status(self, wanted: u16) -> Result<Self> {
        ensure(self.status == wanted, || {
            format!(
                "{}: status {}, not {wanted}: {:.300}",
                self.what,
                self.status,
                self.text()
            )
        })?;
        Ok(self)
    }

    fn has(&self, name: &str, wanted: &str) -> Result {
        ensure(self.header(name) == wanted, || {
            format!("{}: {name} is {:?}, not {wanted:?}", self.what, self.header(name))
        })
    }

    /// A refusal of the write API.
    fn refused(self, status: u16, code: &str) -> Result<Self> {
        let answer = self.status(status)?;
        let said = answer.json()?;
        ensure(said["code"] == code && said["message"].is_string(), || {
            format!("{}: {said}, not {code}", answer.what)
        })?;
        Ok(answer)
    }

    /// What tells two answers apart, the names that were asked for aside.
    fn without(&self, id: &str) -> (u16, Vec<(String, String)>, String) {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.replace(id, "ID")));
        (self.status, headers.collect(), self.text().replace(id, "ID"))
    }
}

/// A request in the making.
struct Ask<'a> {
    port: u16,
    host: &'a str,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl<'a> Ask<'a> {
    fn new(port: u16, method: &str, path: impl AsRef<[u8]>) -> Self {
        let head = [method.as_bytes(), b" ", path.as_ref(), b" HTTP/1.1\r\n"].concat();
        Self {
            port,
            host: HOST,
            head,
            body: Vec::new(),
        }
    }

    fn host(mut self, host: &'a str) -> Self {
        self.host = host;
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        self
    }

    fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |ask, (name, value)| ask.header(name, value))
    }

    fn body(self, body: &[u8]) -> Self {
        let mut ask = self.header("Content-Length", &body.len().to_string());
        ask.body = body.to_vec();
        ask
    }

    /// A body whose length nobody says.
    fn chunked(self, body: &[u8]) -> Self {
        let mut ask = self.header("Transfer-Encoding", "chunked");
        for chunk in body.chunks(64 << 10) {
            ask.body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            ask.body.extend_from_slice(chunk);
            ask.body.extend_from_slice(b"\r\n");
        }
        ask.body.extend_from_slice(b"0\r\n\r\n");
        ask
    }

    /// Sends the request, and leaves the answer where it is.
    fn start(&self) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(&self.head)?;
        let host = format!("Host: {}:{}\r\nConnection: close\r\n\r\n", self.host, self.port);
        stream.write_all(host.as_bytes())?;
        stream.write_all(&self.body)?;
        Ok(stream)
    }

    /// Sends the request and reads the answer.
    fn send(&self) -> Result<Answer> {
        let what = String::from_utf8_lossy(&self.head).trim_end().replace("\r\n", "; ");
        for _ in 0..5 {
            let read = self
                .start()
                .and_then(|mut stream| finish(&what, &mut stream, Vec::new()));
            let answer = read.map_err(|error| format!("{what}: {error}"))?;
            // The development server's own answer where its connection to the Worker broke off.
            if answer.status != 503 || !answer.body.starts_with(b"Your worker restarted") {
                return Ok(answer);
            }
        }
        Err(format!("{what}: the Worker restarts all the time").into())
    }
}

/// Reads an answer to its end, of which these bytes are there already. The connection may stay open after it.
fn finish(what: &str, stream: &mut TcpStream, mut bytes: Vec<u8>) -> Result<Answer> {
    let mut buffer = vec![0; 1 << 16];
    let mut end = None;
    loop {
        if end.is_none() {
            end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|end| end + 4);
        }
        if let Some(end) = end
            && let Some(answer) = parse(what, &bytes[..end], &bytes[end..])?
        {
            return Ok(answer);
        }
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(format!("the answer is cut off: {:.200}", String::from_utf8_lossy(&bytes)).into());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// An answer, if all of it is there.
fn parse(what: &str, head: &[u8], body: &[u8]) -> Result<Option<Answer>> {
    let head = String::from_utf8_lossy(head).trim_end().to_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| format!("no answer but {head}"))?;
    let mut headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    headers.sort();
    let value = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    };
    let body = if matches!(status, 204 | 304) || what.starts_with("HEAD ") {
        Some(Vec::new())
    } else if value("transfer-encoding") == Some("chunked") {
        unchunked(body)?
    } else {
        let length: usize = value("content-length").unwrap_or("0").parse()?;
        (body.len() >= length).then(|| body[..length].to_vec())
    };
    headers.retain(|(name, _)| !matches!(&**name, "date" | "connection" | "keep-alive" | "transfer-encoding"));
    Ok(body.map(|body| Answer {
        what: what.to_owned(),
        status,
        headers,
        body,
    }))
}

/// The bytes of a chunked body, if all of it is there.
fn unchunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    // An answer of megabytes is not put together anew at each of its chunks.
    if !rest.ends_with(b"0\r\n\r\n") {
        return Ok(None);
    }
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?, 16)?;
        if size == 0 {
            return Ok(Some(body));
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + size) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 4 + size..).unwrap_or_default();
    }
}

/// Files by their paths.
type Files = BTreeMap<String, Vec<u8>>;

fn files(list: &[(&str, &[u8])]) -> Files {
    list.iter()
        .map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()))
        .collect()
}

/// Bytes that do not compress, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "",
    }
}

/// A host's side of a session.
#[derive(Clone)]
struct Session {
    port: u16,
    id: String,
    key: String,
}

/// What is said of an upload that has begun.
struct Begun {
    id: String,
    missing: Vec<usize>,
    version: u64,
}

impl Session {
    /// An id and a key that nobody had before.
    fn new(port: u16) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let seed = (u64::from(std::process::id()) << 32) + COUNT.fetch_add(1, Ordering::Relaxed);
        let digits = |alphabet: &[u8], seed: u64, count: usize| -> String {
            let byte = |byte: &u8| char::from(alphabet[usize::from(*byte) % alphabet.len()]);
            noise(seed, count).iter().map(byte).collect()
        };
        Self {
            port,
            id: format!("e-{}", digits(b"abcdefghijklmnopqrstuvwxyz234567", seed * 2 + 1, 26)),
            key: digits(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                seed * 2 + 2,
                43,
            ),
        }
    }

    /// The same id for somebody else.
    fn stranger(&self) -> Self {
        Self {
            key: Self::new(self.port).key,
            ..self.clone()
        }
    }

    /// A request to the write API, as a page of the host makes it.
    fn write(&self, method: &str, rest: &str) -> Ask<'static> {
        Ask::new(self.port, method, format!("/_vf/sessions/{}{rest}", self.id))
            .header("Origin", APP)
            .header("Authorization", &format!("Bearer {}", self.key))
    }

    fn manifest(mode: &str, files: &Files) -> Value {
        let files: Vec<Value> = files
            .iter()
            .map(|(path, bytes)| {
                json!({
                    "path": path, "type": media_type(path), "length": bytes.len(), "hash": hash(bytes),
                    "modified": 784_111_777_500_u64,
                })
            })
            .collect();
        json!({ "version": 1, "mode": mode, "deletes": [], "files": files })
    }

    fn begin(&self, manifest: &Value) -> Result<Begun> {
        let answer = self
            .write("POST", "/uploads")
            .body(manifest.to_string().as_bytes())
            .send()?
            .status(201)?;
        let said = answer.json()?;
        let missing = said["missing"].as_array().ok_or("no list of what is missing")?;
        Ok(Begun {
            id: said["upload"].as_str().ok_or("no upload")?.to_owned(),
            missing: missing
                .iter()
                .filter_map(|place| place.as_u64().map(|place| place as usize))
                .collect(),
            version: said["version"].as_u64().ok_or("no version")?,
        })
    }

    /// All that is missing, one after the other.
    fn stream(begun: &Begun, files: &Files) -> Vec<u8> {
        let all: Vec<&Vec<u8>> = files.values().collect();
        begun
            .missing
            .iter()
            .flat_map(|place| all[*place].iter().copied())
            .collect()
    }

    fn part(&self, upload: &str, offset: usize, bytes: &[u8]) -> Ask<'static> {
        self.write("PUT", &format!("/uploads/{upload}?offset={offset}"))
            .body(bytes)
    }

    fn send(&self, upload: &str, stream: &[u8], from: usize) -> Result {
        let mut at = from;
        for part in stream[from..].chunks(PART) {
            let said = self.part(upload, at, part).send()?.status(200)?.json()?;
            at += part.len();
            ensure(said == json!({ "received": at }), || format!("{said} at {at}"))?;
        }
        Ok(())
    }

    fn commit(&self, upload: &str) -> Result<Answer> {
        self.write("POST", &format!("/uploads/{upload}/commit"))
            .body(b"")
            .send()
    }

    /// Puts files as the SDK does. Gives the answer of the commit.
    fn put(&self, mode: &str, files: &Files) -> Result<Value> {
        self.upload(&Self::manifest(mode, files), files).map(|(_, said)| said)
    }

    /// The same by a manifest. Gives what was missing as well.
    fn upload(&self, manifest: &Value, files: &Files) -> Result<(Vec<usize>, Value)> {
        let begun = self.begin(manifest)?;
        self.send(&begun.id, &Self::stream(&begun, files), 0)?;
        let said = self.commit(&begun.id)?.status(200)?.json()?;
        Ok((begun.missing, said))
    }

    fn inspect(&self) -> Result<Answer> {
        self.write("GET", "").send()
    }

    fn delete(&self) -> Result<Answer> {
        self.write("DELETE", "").send()
    }

    /// A request for a file; the path as it stands in the URL.
    fn read(&self, path: &str) -> Ask<'static> {
        Ask::new(self.port, "GET", format!("/{}/{path}", self.id))
    }

    /// Whether the session is these files, all of each and no others.
    fn expect(&self, files: &Files) -> Result {
        let said = self.inspect()?.status(200)?.json()?;
        let bytes: usize = files.values().map(Vec::len).sum();
        ensure(said["files"] == files.len() && said["bytes"] == bytes, || {
            format!(
                "the session is {said}, and should be {} files of {bytes} bytes",
                files.len()
            )
        })?;
        for (path, bytes) in files {
            let answer = self.read(&url_path(path)).headers(SCRIPT).send()?.status(200)?;
            answer.has("etag", &format!("\"{}\"", hash(bytes)))?;
            ensure(&answer.body == bytes, || {
                format!("{path:?} has other bytes than were put")
            })?;
        }
        Ok(())
    }
}

/// A path as it stands in a URL.
fn url_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._".contains(&byte);
    path.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

//! The messages between a host and the hub, and between the hub and the service worker: shapes, versions, decoding.
//!
//! Host and hub speak in plain objects, so that a page without the SDK can take part; [`Message`] is what such an
//! object decodes to, and [`Request`] what it turns out to mean. Hub and worker are of one build, but for the
//! moments of a release, and speak postcard. File contents and packs never pass through here: they travel beside a message
//! as the handles they are. Decoding arbitrary input gives a request or an [`Error`], never a panic.

#[cfg(test)]
mod tests;

use crate::change::Mode;
use crate::error::{Error, ErrorCode, Result};
use crate::index::FileEntry;
use crate::options::SessionOptions;
use crate::path::FilePath;
use crate::session::SessionId;
use serde::{Deserialize, Serialize};

/// Spoken in the handshake; a hub of another version answers `VERSION_MISMATCH`.
pub const PROTOCOL_VERSION: u32 = 2;

/// Of the messages between hub and worker. It grows whenever one of them, or the encoded index, changes its form: a hub and
/// a worker of two releases may meet while a new one rolls out, and must not take each other's words for their own.
pub const WIRE_FORMAT: u32 = 2;

/// The broadcast channel on which hubs tell each other, and pages of our own, of changes: `{ session, version, removed }`,
/// with version 0 where the session is gone. Such a page asks with `{ asks: [session, …] }`, and `{ here: session }` tells it
/// of each that is there.
pub const CHANGES_CHANNEL: &str = "virtual-files:changes";

/// The lock that a hub holds, shared, for as long as it has a session in its memory: who asks for the session then knows
/// how many have it.
pub fn holder_lock(session: &SessionId) -> String {
    ["virtual-files:memory:", session.as_str()].concat()
}

/// The lock that a hub holds, shared, from the first word of a session until its page needs it no more: such a session
/// does not expire.
pub fn open_lock(session: &SessionId) -> String {
    ["virtual-files:open:", session.as_str()].concat()
}

/// The lock under which a session is changed.
pub fn writer_lock(session: &SessionId) -> String {
    ["virtual-files:", session.as_str()].concat()
}

/// Where a session's files are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// In the VFS origin's IndexedDB: survives restarts and closed tabs.
    #[default]
    IndexedDb,
    /// In the hub page: gone with the last tab that holds it.
    Memory,
}

impl Storage {
    /// The name in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IndexedDb => "indexeddb",
            Self::Memory => "memory",
        }
    }
}

/// Any message of a host, as it came: every field that some request has, none of them sure to be there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// The request's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Chosen by the host, echoed in the answer. A bare message may go without.
    pub id: Option<u32>,
    /// The host's protocol version, in `CONNECT`.
    pub version: Option<u32>,
    /// The session that the request is about.
    pub session_id: Option<String>,
    /// One file.
    pub path: Option<String>,
    /// Several files.
    pub paths: Option<Vec<String>>,
    /// The start of the paths to list.
    pub prefix: Option<String>,
    /// Whether the files are added to the session's or take their place.
    pub mode: Option<String>,
    /// Where a new session is kept.
    pub storage: Option<String>,
    /// How the session is served.
    pub options: Option<SessionOptions>,
    /// The version that the session must be at.
    pub if_version: Option<f64>,
    /// A document.
    pub html: Option<String>,
    /// The URL that a document's relative URLs are of.
    pub base: Option<String>,
    /// The root of the session at the edge, where a document is to bear its content policy.
    pub policy: Option<String>,
    /// Whether the origin has a name for each session.
    pub wildcard: bool,
}

/// What a host asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The handshake.
    Connect,
    /// Give up the request of the same id.
    Abort,
    /// Add or replace files. Their contents travel beside the message.
    PutFiles {
        /// The session, made if it is not there yet.
        session: SessionId,
        /// Whether files that are not named stay.
        mode: Mode,
        /// Where a new session is kept; one that is there stays where it is.
        storage: Storage,
        /// New options; the old ones stay where there are none.
        options: Option<SessionOptions>,
        /// What to delete with the same change.
        deletes: Vec<FilePath>,
        /// The version that the session must be at, or nothing is changed: what the answer to its last change named.
        if_version: Option<u64>,
    },
    /// Delete files.
    DeleteFiles {
        /// The session.
        session: SessionId,
        /// What to delete; a path that is not there is passed over.
        paths: Vec<FilePath>,
        /// The version that the session must be at.
        if_version: Option<u64>,
    },
    /// The session's files, or those whose path starts with `prefix`.
    ListFiles {
        /// The session.
        session: SessionId,
        /// The start of the paths to list, `""` for all.
        prefix: String,
    },
    /// A file's bytes and properties.
    ReadFile {
        /// The session.
        session: SessionId,
        /// The file.
        path: FilePath,
    },
    /// A file's properties.
    Stat {
        /// The session.
        session: SessionId,
        /// The file.
        path: FilePath,
    },
    /// Delete a session with all its files.
    DeleteSession {
        /// The session.
        session: SessionId,
    },
    /// Every session of this origin.
    ListSessions,
    /// Send an event for every change of a session from now on.
    Subscribe {
        /// The session.
        session: SessionId,
    },
    /// Send no more such events.
    Unsubscribe {
        /// The session.
        session: SessionId,
    },
    /// A session whole: options, packs and their index, in the form in which `PUT_FILES` takes them.
    Export {
        /// The session.
        session: SessionId,
    },
    /// This page needs the session no more: if it is in memory here, it goes.
    Release {
        /// The session.
        session: SessionId,
    },
    /// Have the edge serve the session as well, from now on with every change of it.
    Mirror {
        /// The session.
        session: SessionId,
        /// Whether it can have a host name of its own there.
        wildcard: bool,
    },
    /// An HTML document with a base URL, and with the session's content policy.
    Document {
        /// The session.
        session: SessionId,
        /// The document.
        html: String,
        /// The base.
        base: String,
        /// The root of the session at the edge; without one, the document bears no policy.
        policy: Option<String>,
    },
    /// Storage used and left, and the worker's state.
    Estimate,
    /// Ask the browser to keep what the origin stores, also where it runs out of room.
    Persist,
    /// Have the worker running, as some browsers do not start it for a frame's navigation, and the session open, if one is
    /// named.
    Wake {
        /// The session.
        session: Option<SessionId>,
    },
}

impl TryFrom<Message> for Request {
    type Error = Error;

    fn try_from(message: Message) -> Result<Self> {
        // Moved out one by one, so that an absent field is told by its name.
        let session = || match &message.session_id {
            Some(id) => SessionId::parse(id),
            None => Err(missing("sessionId")),
        };
        let path = || match &message.path {
            Some(path) => FilePath::parse(path),
            None => Err(missing("path")),
        };
        let paths = |paths: &[String]| paths.iter().map(|path| FilePath::parse(path)).collect::<Result<_>>();
        // A number of JavaScript's.
        let if_version = match message.if_version {
            Some(version) if version >= 1.0 && (version as u64) as f64 == version => Some(version as u64),
            Some(_) => return Err(invalid("`ifVersion` is no version.")),
            None => None,
        };
        Ok(match message.kind.as_str() {
            "CONNECT" => match message.version {
                Some(PROTOCOL_VERSION) => Self::Connect,
                Some(_) => {
                    return Err(Error::new(
                        ErrorCode::VersionMismatch,
                        "The hub speaks another protocol version than the SDK. Use the SDK and the origin of one release.",
                    ));
                }
                None => return Err(missing("version")),
            },
            "ABORT" => Self::Abort,
            "PUT_FILES" => Self::PutFiles {
                session: session()?,
                mode: match message.mode.as_deref() {
                    None | Some("merge") => Mode::Merge,
                    Some("replace") => Mode::Replace,
                    Some(_) => return Err(invalid("`mode` is neither \"merge\" nor \"replace\".")),
                },
                storage: match message.storage.as_deref() {
                    None | Some("indexeddb") => Storage::IndexedDb,
                    Some("memory") => Storage::Memory,
                    Some(_) => return Err(invalid("`storage` is neither \"indexeddb\" nor \"memory\".")),
                },
                options: message.options,
                deletes: paths(message.paths.as_deref().unwrap_or_default())?,
                if_version,
            },
            "DELETE_FILES" => Self::DeleteFiles {
                session: session()?,
                paths: match &message.paths {
                    Some(some) => paths(some)?,
                    None => return Err(missing("paths")),
                },
                if_version,
            },
            "LIST_FILES" => Self::ListFiles {
                session: session()?,
                prefix: message.prefix.unwrap_or_default(),
            },
            "READ_FILE" => Self::ReadFile {
                session: session()?,
                path: path()?,
            },
            "STAT" => Self::Stat {
                session: session()?,
                path: path()?,
            },
            "DELETE_SESSION" => Self::DeleteSession { session: session()? },
            "LIST_SESSIONS" => Self::ListSessions,
            "SUBSCRIBE" => Self::Subscribe { session: session()? },
            "UNSUBSCRIBE" => Self::Unsubscribe { session: session()? },
            "EXPORT" => Self::Export { session: session()? },
            "RELEASE" => Self::Release { session: session()? },
            "MIRROR" => Self::Mirror {
                session: session()?,
                wildcard: message.wildcard,
            },
            "DOCUMENT" => Self::Document {
                session: session()?,
                html: message.html.ok_or_else(|| missing("html"))?,
                base: message.base.ok_or_else(|| missing("base"))?,
                policy: message.policy,
            },
            "ESTIMATE" => Self::Estimate,
            "PERSIST" => Self::Persist,
            "WAKE" => Self::Wake {
                session: message.session_id.as_deref().map(SessionId::parse).transpose()?,
            },
            "" => return Err(missing("type")),
            _ => return Err(invalid("The message's `type` is not one that the hub knows.")),
        })
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorCode::InvalidMessage, message)
}

fn missing(field: &str) -> Error {
    Error::new(
        ErrorCode::InvalidMessage,
        ["The message has no `", field, "`."].concat(),
    )
}

/// A file's properties, as hosts see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// The path in the session.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// The media type that it is served with.
    #[serde(rename = "type")]
    pub media_type: String,
    /// The entity tag's value, 32 hexadecimal digits.
    pub etag: String,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub modified: u64,
}

impl FileInfo {
    /// The properties of an entry.
    pub fn new(path: &FilePath, entry: &FileEntry, media_type: &str) -> Self {
        Self {
            path: path.as_str().into(),
            size: entry.length,
            media_type: media_type.into(),
            etag: Self::hex(&entry.etag),
            modified: entry.modified,
        }
    }

    /// An entity tag's value as text.
    pub fn hex(etag: &[u8; 16]) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let nibbles = etag.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.map(|nibble| DIGITS[usize::from(nibble)] as char).collect()
    }
}

/// From the hub to the service worker. Each is answered, so that a put can wait until the worker knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// A session is about to change: until the same token has ended, ask the store, or the hubs, for every request.
    Begin {
        /// The session.
        session: SessionId,
        /// Names this change.
        token: u64,
    },
    /// The change is made, or was given up, or nobody knows.
    End {
        /// The session.
        session: SessionId,
        /// The token that began it.
        token: u64,
        /// The session's version now; `None` has the worker ask the store.
        version: Option<u64>,
    },
    /// The session is deleted.
    Gone {
        /// The session.
        session: SessionId,
        /// The token that began it.
        token: u64,
        /// The version that was deleted: a hub that still has this one, or an older one, is behind.
        version: u64,
    },
    /// A session that the hub keeps in memory, as it is now. Its packs travel beside the message.
    Adopt {
        /// The session.
        session: SessionId,
        /// The change that ends with it, by its `Begin`; 0 where none was announced.
        token: u64,
        /// The encoded `Index`.
        index: Vec<u8>,
        /// The ids of the packs beside the message, in their order.
        packs: Vec<u64>,
    },
    /// A hub has left a memory session. What the worker has of it counts as long as other hubs have the session: they may be
    /// about to take over from there what this one had put.
    Left {
        /// The session.
        session: SessionId,
    },
    /// What the worker knows of a memory session, from itself or from any hub. Answered with a [`Snapshot`].
    Recall {
        /// The session.
        session: SessionId,
    },
    /// Answered with [`WorkerStats`]; also what wakes a stopped worker.
    Stats,
    /// Whether a page of the session is open. Answered with a boolean.
    IsOpen {
        /// The session.
        session: SessionId,
    },
}

/// From the service worker to a hub: asks for a memory session after the worker's restart. Answered with a
/// [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToHub {
    /// The session.
    pub session: SessionId,
}

/// A memory session, or none; the packs travel beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The encoded `Index`.
    pub index: Option<Vec<u8>>,
    /// The ids of the packs beside the message, in their order.
    pub packs: Vec<u64>,
    /// The last version that was deleted, 0 for none: a replica that is not newer is one of the deleted session.
    pub removed: u64,
}

/// The state of the worker's cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerStats {
    /// Sessions in the cache.
    pub sessions: u32,
    /// Files of which a body is kept.
    pub files: u32,
    /// Bytes that the cache accounts for.
    pub bytes: u64,
    /// Requests answered from the cache.
    pub hits: u64,
    /// Requests that needed the store or the hub.
    pub misses: u64,
    /// When this worker started, in milliseconds since 1970-01-01T00:00Z.
    pub started: u64,
}

/// Encodes a message between hub and worker, or the index of a packed `PUT_FILES`.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    // Serialising these types into memory cannot fail; if it did, the empty message is refused by the other side.
    postcard::to_allocvec(message).unwrap_or_default()
}

/// Decodes a message between hub and worker, or the index of a packed `PUT_FILES`.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|_| invalid("A packed message could not be decoded."))
}

//! Uploads: from a manifest and a session's index to what has to be sent, and from what was sent to a change.
//!
//! The bytes of all missing files are one stream, in the manifest's order. It is cut into packs at files' borders, so that
//! what arrived becomes the session's without being copied. What it keeps true: a file is taken for present only if the
//! session has its bytes at the moment of the commit; a manifest that passed has no path twice and fits the quotas.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::api::{API_VERSION, Refusal};
use crate::change::{Change, Mode, NewFile};
use crate::error::{Error, ErrorCode};
use crate::index::{FileEntry, Index, Limits};
use crate::options::SessionOptions;
use crate::pack::PACK_BYTES;
use crate::path::FilePath;
use crate::store::Body;

/// A manifest as it is sent, nothing checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawManifest {
    version: u32,
    mode: RawMode,
    #[serde(default)]
    deletes: Listed<String>,
    #[serde(default)]
    options: Option<SessionOptions>,
    #[serde(default)]
    files: Listed<RawFile>,
}

/// The most that a manifest lists of each, whatever a session may have: what is longer is not even read to its end, as a short
/// text can list a lot.
const MAX_LISTED: usize = 100_000;

/// A list of a manifest.
#[derive(Clone, Debug)]
struct Listed<T>(Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = Listed<T>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut listed = Vec::new();
                while let Some(item) = items.next_element()? {
                    if listed.len() == MAX_LISTED {
                        return Err(A::Error::custom("a list is too long"));
                    }
                    listed.push(item);
                }
                Ok(Listed(listed))
            }
        }

        deserializer.deserialize_seq(Items(PhantomData))
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum RawMode {
    Merge,
    Replace,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFile {
    path: String,
    #[serde(default, rename = "type")]
    media_type: String,
    length: u64,
    hash: String,
    modified: u64,
}

/// The version alone, to be told apart where the rest has another shape.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct RawVersion {
    version: u32,
}

impl RawVersion {
    /// Refuses another version than ours.
    pub fn check(self) -> Result<(), Refusal> {
        if self.version == API_VERSION {
            return Ok(());
        }
        let error = Error::new(
            ErrorCode::VersionMismatch,
            "The manifest is of another release than this edge.",
        );
        Err(error.into())
    }
}

/// What a session is to become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    mode: Mode,
    deletes: Vec<FilePath>,
    options: Option<SessionOptions>,
    files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    path: FilePath,
    media_type: String,
    length: u64,
    hash: [u8; 16],
    modified: u64,
}

impl File {
    fn content(&self) -> Content {
        (self.hash, self.length)
    }
}

/// What tells files' bytes apart.
type Content = ([u8; 16], u64);

impl Manifest {
    /// Checks what does not depend on the session.
    pub fn read(raw: RawManifest, limits: &Limits) -> Result<Self, Refusal> {
        RawVersion { version: raw.version }.check()?;
        if raw.files.0.len() > limits.max_files {
            return Err(over_quota("The session would have more files than this edge takes."));
        }
        let files = raw.files.0.into_iter().map(|file| read_file(file, limits));
        let files: Vec<File> = files.collect::<Result<_, _>>()?;
        let deletes = raw.deletes.0.iter().map(|path| FilePath::parse(path));
        let deletes = deletes.collect::<Result<_, _>>()?;
        let mut paths: Vec<&FilePath> = files.iter().map(|file| &file.path).collect();
        paths.sort_unstable();
        if paths.iter().zip(paths.iter().skip(1)).any(|(path, next)| path == next) {
            return Err(Error::new(ErrorCode::InvalidPath, "Two files of the manifest have the same path.").into());
        }
        Ok(Self {
            mode: match raw.mode {
                RawMode::Merge => Mode::Merge,
                RawMode::Replace => Mode::Replace,
            },
            deletes,
            options: raw.options,
            files,
        })
    }
}

fn read_file(raw: RawFile, limits: &Limits) -> Result<File, Refusal> {
    if raw.length > limits.max_file_bytes {
        return Err(Refusal::too_large("A file is larger than this edge takes."));
    }
    let hash = u128::from_str_radix(&raw.hash, 16)
        .ok()
        .filter(|_| raw.hash.len() == 32 && raw.hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(hash) = hash else {
        return Err(invalid("A file's hash is not 32 hexadecimal digits."));
    };
    Ok(File {
        path: FilePath::parse(&raw.path)?,
        media_type: raw.media_type,
        length: raw.length,
        hash: hash.to_be_bytes(),
        modified: raw.modified,
    })
}

/// A manifest, and which of its files have to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    manifest: Manifest,
    missing: Vec<u32>,
    /// How many bytes that the session has may be copied for it.
    copied: u64,
}

/// A run of the stream's files that becomes one pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// How many files.
    files: usize,
    /// How many bytes.
    length: u64,
}

impl Upload {
    /// Finds out what is missing, and whether the session would keep its quotas.
    pub fn plan(manifest: Manifest, index: Option<&Index>, limits: &Limits) -> Result<Self, Refusal> {
        let present = contents(index);
        let files = (0..).zip(&manifest.files);
        let missing = files.filter(|(_, file)| !present.contains_key(&file.content()));
        let missing = missing.map(|(place, _)| place).collect();
        let mut upload = Self {
            manifest,
            missing,
            copied: u64::MAX,
        };
        let staged: Vec<Length> = upload.packs().into_iter().map(Length).collect();
        let change = upload.change(index, staged, |entry| Length(entry.length), 1)?;
        upload.copied = change.packs.iter().map(Body::len).sum::<u64>() - upload.total();
        let mut result = index.cloned().unwrap_or_else(|| Index::new(1));
        result.apply_within(&change, limits).map_err(of_session)?;
        Ok(upload)
    }

    /// The places of the missing files in the manifest.
    pub fn missing(&self) -> &[u32] {
        &self.missing
    }

    /// How many bytes have to be sent.
    pub fn total(&self) -> u64 {
        self.sent().map(|file| file.length).sum()
    }

    /// How many bytes the commit adds to what is stored: those that are sent, and those that are there and are copied for
    /// another path or type.
    pub fn written(&self) -> u64 {
        self.total().saturating_add(self.copied)
    }

    /// The lengths of the packs that the stream is cut into.
    pub fn packs(&self) -> Vec<u64> {
        let segments = segments(self.sent().map(|file| file.length));
        segments.iter().map(|segment| segment.length).collect()
    }

    /// The files that are sent, in the order of the stream.
    fn sent(&self) -> impl Iterator<Item = &File> {
        let files = &self.manifest.files;
        self.missing.iter().filter_map(|place| files.get(*place as usize))
    }

    /// The change to the session as it is now. `staged` are the packs of the stream, and `stored` gives a file's bytes
    /// that the session has.
    ///
    /// A file that is there with the same bytes and type stays as it is, with its date: nothing is copied for it.
    /// Refuses with `ABORTED` where a file that was counted on is gone, or more has to be copied than was said.
    pub fn change<B: Body>(
        &self,
        index: Option<&Index>,
        staged: Vec<B>,
        stored: impl Fn(&FileEntry) -> B,
        now: u64,
    ) -> Result<Change<B>, Refusal> {
        let manifest = &self.manifest;
        // Said as a merge in either case, so that what stays need not be put again.
        let mut change = Change::new(Mode::Merge, now);
        change.options.clone_from(&manifest.options);
        let mut named: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
        named.sort_unstable();
        let stays = |path: &FilePath| named.binary_search(&path.as_str()).is_ok();
        match (manifest.mode, index) {
            (Mode::Merge, _) => change
                .deletes
                .extend(manifest.deletes.iter().filter(|path| !stays(path)).cloned()),
            (Mode::Replace, Some(index)) => {
                let paths = index.iter().map(|(path, _)| path);
                change.deletes.extend(paths.filter(|path| !stays(path)).cloned());
            }
            (Mode::Replace, None) => {}
        }

        let mut sent = self.sent();
        for (pack, segment) in (0..).zip(segments(self.sent().map(|file| file.length))) {
            let mut offset = 0;
            for file in sent.by_ref().take(segment.files) {
                change.files.push(file.put(pack, offset));
                offset += file.length;
            }
        }
        change.packs = staged;
        self.keep(index, stored, &mut change)?;
        Ok(change)
    }

    /// Adds the files whose bytes are there, but under another path or type.
    fn keep<B: Body>(
        &self,
        index: Option<&Index>,
        stored: impl Fn(&FileEntry) -> B,
        change: &mut Change<B>,
    ) -> Result<(), Refusal> {
        let present = contents(index);
        let mut missing = self.missing.iter().copied().peekable();
        let mut moved = Vec::new();
        for (place, file) in (0_u32..).zip(&self.manifest.files) {
            if missing.next_if_eq(&place).is_some() {
                continue;
            }
            let same = index.and_then(|index| {
                let entry = index.get(file.path.as_str())?;
                let same = (entry.etag, entry.length) == file.content() && index.media_type(entry) == file.served_as();
                same.then_some(())
            });
            if same.is_some() {
                continue;
            }
            let Some(entry) = present.get(&file.content()) else {
                return Err(changed());
            };
            moved.push((file, *entry));
        }
        if moved.iter().map(|(file, _)| file.length).sum::<u64>() > self.copied {
            return Err(changed());
        }
        let mut moved = moved.into_iter();
        let first = change.packs.len() as u32;
        for (pack, segment) in (first..).zip(segments(moved.clone().map(|(file, _)| file.length))) {
            let mut parts = Vec::with_capacity(segment.files);
            let mut offset = 0;
            for (file, entry) in moved.by_ref().take(segment.files) {
                parts.push(stored(entry));
                change.files.push(file.put(pack, offset));
                offset += file.length;
            }
            change.packs.push(B::concat(parts));
        }
        Ok(())
    }
}

impl File {
    fn put(&self, pack: u32, offset: u64) -> NewFile {
        NewFile {
            path: self.path.clone(),
            pack,
            offset,
            length: self.length,
            media_type: self.media_type.clone(),
            etag: self.hash,
            modified: self.modified,
            imports: Vec::new(),
        }
    }

    fn served_as(&self) -> &str {
        match self.media_type.as_str() {
            "" => crate::media_type::UNKNOWN,
            text => text,
        }
    }
}

/// Where a session has which bytes.
fn contents(index: Option<&Index>) -> BTreeMap<Content, &FileEntry> {
    let entries = index.into_iter().flat_map(Index::iter);
    entries.map(|(_, entry)| ((entry.etag, entry.length), entry)).collect()
}

/// Cuts a stream of files into packs: neighbours share one up to [`PACK_BYTES`].
fn segments(lengths: impl Iterator<Item = u64>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for length in lengths {
        match segments.last_mut() {
            Some(last) if last.length.saturating_add(length) <= PACK_BYTES => {
                last.files += 1;
                last.length += length;
            }
            _ => segments.push(Segment { files: 1, length }),
        }
    }
    segments
}

/// The length of bytes that have not been sent yet.
#[derive(Clone, Copy)]
struct Length(u64);

impl Body for Length {
    fn len(&self) -> u64 {
        self.0
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        Self(end.min(self.0).saturating_sub(start))
    }

    fn concat(parts: Vec<Self>) -> Self {
        Self(parts.iter().map(|part| part.0).sum())
    }
}

/// What the index finds too large is the session, here.
pub fn of_session(error: Error) -> Refusal {
    match error.code() {
        ErrorCode::TooLarge => over_quota(error.message().to_owned()),
        _ => error.into(),
    }
}

fn changed() -> Refusal {
    Error::new(ErrorCode::Aborted, "The session has changed since the upload began.").into()
}

fn over_quota(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(507, ErrorCode::QuotaExceeded, message)
}

fn invalid(message: &'static str) -> Refusal {
    Error::new(ErrorCode::InvalidMessage, message).into()
}

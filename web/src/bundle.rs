//! From file contents to packs: a few Blobs of some megabytes each, and where in them each file lies.
//!
//! Making a Blob costs the browser more than filling it, so thousands of small files travel in a few packs. A large
//! file is a pack of its own and is only ever passed on as the handle that it came as.

pub use crate::content::Content;
use crate::content::read;
pub use crate::sources::from_js;
use crate::{now, random_bytes};
use js_sys::{Array, Uint8Array};
use virtual_files_core::change::NewFile;
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::pack;
use virtual_files_core::path::FilePath;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

/// A file to be packed.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path in the session.
    pub path: FilePath,
    /// Its bytes.
    pub content: Content,
    /// The media type to serve it with, or `""` to go by the path's extension.
    pub media_type: String,
    /// Milliseconds since 1970-01-01T00:00Z; a `File`'s own time or the present where there is none.
    pub modified: Option<u64>,
}

impl Source {
    /// A file of which only path and content are known.
    pub fn new(path: FilePath, content: impl Into<Content>) -> Self {
        Self {
            path,
            content: content.into(),
            media_type: String::new(),
            modified: None,
        }
    }
}

/// A packed bundle.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// The packs.
    pub packs: Vec<Blob>,
    /// Each file and its place in them, in the order in which they came.
    pub files: Vec<NewFile>,
}

/// Packs files in their order. `progress` is told how many bytes are done; where it answers `false`, packing stops
/// with `ABORTED`. Where only `tags` are asked for, there are the files, and no packs.
pub async fn pack(sources: &[&Source], tags: bool, progress: &mut dyn FnMut(u64) -> bool) -> Result<Packed> {
    let mut packs = Vec::new();
    // A large file is packed by itself, beside a pack that smaller ones go on to fill.
    let mut files: Vec<Option<NewFile>> = sources.iter().map(|_| None).collect();
    let lengths: Vec<u64> = sources.iter().map(|source| source.content.len()).collect();
    let (now, mut done, mut bytes) = (now(), 0, Vec::new());
    for (place, members) in (0..).zip(pack::plan(lengths.iter().copied())) {
        let places = members;
        let member = |at: &usize| Some((*sources.get(*at)?, *lengths.get(*at)?));
        let members: Vec<Member<'_>> = places.iter().filter_map(member).collect();
        let blob = pack_one(&members, tags, &mut bytes).await?;
        let (mut rest, mut offset) = (&bytes[..], 0);
        for (at, (source, length)) in places.into_iter().zip(members) {
            let etag = match rest.split_at_checked(length as usize) {
                Some((file, others)) if length <= pack::PACK_BYTES => {
                    rest = others;
                    pack::etag_of(file)
                }
                // A file too large to be read gets a tag of its own with every put.
                _ => random_bytes()?,
            };
            let file = NewFile {
                path: source.path.clone(),
                pack: place,
                offset,
                length,
                media_type: source.media_type.clone(),
                etag,
                modified: source.modified.or_else(|| source.content.modified()).unwrap_or(now),
                imports: Vec::new(),
            };
            if let Some(slot) = files.get_mut(at) {
                *slot = Some(file);
            }
            offset += length;
        }
        done += offset;
        packs.extend(blob);
        if !progress(done) {
            return Err(Error::new(ErrorCode::Aborted, "The put was given up."));
        }
    }
    Ok(Packed {
        packs,
        files: files.into_iter().flatten().collect(),
    })
}

/// A file that shares a pack, and its length.
type Member<'a> = (&'a Source, u64);

/// Makes one pack, if not only `tags` are asked for, and leaves in `bytes` what is in it; nothing of a pack that is one large file.
async fn pack_one(members: &[Member<'_>], tags: bool, bytes: &mut Vec<u8>) -> Result<Option<Blob>> {
    let length: u64 = members.iter().map(|(_, length)| length).sum();
    let parts = || {
        members
            .iter()
            .map(|(source, _)| source.content.part())
            .collect::<Array>()
    };
    if length > pack::PACK_BYTES {
        bytes.clear();
        return if tags { Ok(None) } else { join(&parts()).map(Some) };
    }
    bytes.resize(length as usize, 0);
    let mut read_back = None;
    let mut rest = &mut bytes[..];
    for (source, length) in members {
        let Content::Bytes(content) = &source.content else {
            // One read for the pack, not one for each of what may be ten thousand files. The pack is then made of what
            // was read, so that it does not depend any more on files on the disk.
            read_back = Some(read(&join(&parts())?).await?);
            break;
        };
        let (file, others) = rest.split_at_mut_checked(*length as usize).ok_or_else(changed)?;
        copy(content, file)?;
        rest = others;
    }
    if let Some(read) = &read_back {
        copy(read, bytes)?;
    }
    if tags {
        return Ok(None);
    }
    let small = length < SMALL * members.len() as u64;
    join(&match read_back {
        Some(read) => Array::of1(&read),
        None if small && members.len() > 1 => Array::of1(&Uint8Array::from(&bytes[..])),
        None => parts(),
    })
    .map(Some)
}

/// Below so many bytes, a file costs a Blob more as a part of its own than to be copied.
const SMALL: u64 = 16 << 10;

fn copy(from: &Uint8Array, to: &mut [u8]) -> Result<()> {
    if from.length() as usize != to.len() {
        return Err(changed());
    }
    from.copy_to(to);
    Ok(())
}

fn changed() -> Error {
    Error::new(ErrorCode::InvalidMessage, "A file has changed while it was read.")
}

fn join(parts: &Array) -> Result<Blob> {
    // What is a Blob already is passed on as it is. Not a `File`: its bytes are the disk's, and its class carries more
    // than bytes.
    let only: JsValue = if parts.length() == 1 {
        parts.get(0)
    } else {
        JsValue::UNDEFINED
    };
    if let Ok(blob) = only.dyn_into::<Blob>()
        && !blob.is_instance_of::<web_sys::File>()
    {
        return Ok(blob);
    }
    Blob::new_with_blob_sequence(parts)
        .map_err(|_| Error::new(ErrorCode::Internal, "The browser could not make a Blob of the files."))
}

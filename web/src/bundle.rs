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
    /// Each file and its place in them.
    pub files: Vec<NewFile>,
}

/// Packs files in their order. `progress` is told how many bytes are done; where it answers `false`, packing stops
/// with `ABORTED`.
pub async fn pack(sources: &[Source], mut progress: impl FnMut(u64) -> bool) -> Result<Packed> {
    pack_all(sources, &mut progress).await
}

/// Compiled once, whoever asks.
async fn pack_all(sources: &[Source], progress: &mut dyn FnMut(u64) -> bool) -> Result<Packed> {
    let mut packed = Packed {
        packs: Vec::new(),
        files: Vec::with_capacity(sources.len()),
    };
    let (now, mut done, mut scratch) = (now(), 0, Vec::new());
    for members in pack::plan(sources.iter().map(|source| source.content.len())) {
        let members: Vec<&Source> = members.into_iter().filter_map(|member| sources.get(member)).collect();
        let pack = Pack::of(&members).await?;
        let mut offset = 0;
        for source in members {
            let length = source.content.len();
            packed.files.push(NewFile {
                path: source.path.clone(),
                pack: packed.packs.len() as u32,
                offset,
                length,
                media_type: source.media_type.clone(),
                etag: pack.etag(source, offset, &mut scratch)?,
                modified: source.modified.or_else(|| source.content.modified()).unwrap_or(now),
                imports: Vec::new(),
            });
            offset += length;
        }
        done += offset;
        packed.packs.push(pack.blob);
        if !progress(done) {
            return Err(Error::new(ErrorCode::Aborted, "The put was given up."));
        }
    }
    Ok(packed)
}

/// One pack in the making.
struct Pack {
    blob: Blob,
    /// All its bytes, where some had to be read from Blobs.
    bytes: Option<Uint8Array>,
}

impl Pack {
    async fn of(members: &[&Source]) -> Result<Self> {
        let parts: Array = members.iter().map(|source| source.content.part()).collect();
        let length: u64 = members.iter().map(|source| source.content.len()).sum();
        let in_memory = members.iter().all(|source| matches!(source.content, Content::Bytes(_)));
        let blob = join(&parts)?;
        if in_memory || length > pack::PACK_BYTES {
            return Ok(Self { blob, bytes: None });
        }
        // One read for the pack, not one for each of what may be ten thousand files. The pack is then made of what
        // was read, so that it does not depend any more on files on the disk.
        let bytes = read(&blob).await?;
        if u64::from(bytes.length()) != length {
            return Err(Error::new(
                ErrorCode::InvalidMessage,
                "A file has changed while it was read.",
            ));
        }
        Ok(Self {
            blob: join(&Array::of1(&bytes))?,
            bytes: Some(bytes),
        })
    }

    fn etag(&self, source: &Source, offset: u64, scratch: &mut Vec<u8>) -> Result<[u8; 16]> {
        let length = source.content.len();
        if length > pack::PACK_BYTES {
            // A file too large to be read gets a tag of its own with every put.
            return random_bytes();
        }
        let bytes = match (&self.bytes, &source.content) {
            (Some(pack), _) => &pack.subarray(offset as u32, (offset + length) as u32),
            (None, Content::Bytes(bytes)) => bytes,
            (None, Content::Blob(_)) => return random_bytes(),
        };
        scratch.resize(bytes.length() as usize, 0);
        bytes.copy_to(scratch);
        Ok(pack::etag_of(scratch))
    }
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

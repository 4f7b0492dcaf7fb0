//! The index as one record of bytes: a byte for the format's version, then postcard.
//!
//! A record is read back only if it is whole and keeps the index's promises; whatever else it is, reading it ends in an
//! error, and takes memory in proportion to its length. A format is never changed once it has shipped: there will be
//! another one, and this reader stays beside it for the records of old.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{FileEntry, Index, MAX_MODIFIED, MAX_TYPES, NUMBER_END, PackId, PackInfo};
use crate::error::{Error, ErrorCode, Result};
use crate::map::Map;
use crate::media_type;
use crate::modules::{self, MAX_IMPORTS};
use crate::options::SessionOptions;
use crate::path::FilePath;

/// The first byte of a record.
const FORMAT: u8 = 2;

/// A file; its pack is a position in the record's list, which is shorter than the id.
#[derive(Serialize)]
struct File<P, I> {
    path: P,
    pack: u32,
    offset: u64,
    length: u64,
    media_type: u16,
    etag: [u8; 16],
    modified: u64,
    imports: I,
}

/// Writes what [`Reader`] reads, out of an index and without a copy of it.
struct Writer<'a>(&'a Index);

impl Serialize for Writer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let index = self.0;
        let mut record = serializer.serialize_struct("Record", 9)?;
        record.serialize_field("version", &index.version)?;
        record.serialize_field("changed", &index.changed)?;
        record.serialize_field("options", &index.options)?;
        record.serialize_field("created", &index.created)?;
        record.serialize_field("used", &index.used)?;
        record.serialize_field("next_pack", &index.next_pack)?;
        record.serialize_field("types", &index.types)?;
        record.serialize_field("packs", &Packs(index))?;
        record.serialize_field("files", &Files(index))?;
        record.end()
    }
}

struct Packs<'a>(&'a Index);

impl Serialize for Packs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.packs.iter().map(|(id, pack)| (id.0, pack.length)))
    }
}

struct Files<'a>(&'a Index);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let packs = &self.0.packs;
        serializer.collect_seq(self.0.files.iter().map(|(path, entry)| File {
            path,
            // Every file's pack is in the list; were it not, the record would be refused when it is read.
            pack: packs.position(&entry.pack).map_or(u32::MAX, |at| at as u32),
            offset: entry.offset,
            length: entry.length,
            media_type: entry.media_type,
            etag: entry.etag,
            modified: entry.modified,
            imports: &entry.imports,
        }))
    }
}

impl Index {
    /// The index as one record of bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Sparing the buffer its growth: a file takes some 30 bytes and its path.
        let mut bytes = Vec::with_capacity(64 + self.files.len() * 64);
        bytes.push(FORMAT);
        // Writing into memory does not fail. If it did, the cut-off record would be refused when it is read.
        postcard::to_extend(&Writer(self), bytes).unwrap_or_default()
    }

    /// Reads a record back. Any bytes may be given; an error has the code `STORAGE_UNAVAILABLE`.
    pub fn decode(bytes: &[u8]) -> Result<Index> {
        let Some((&FORMAT, bytes)) = bytes.split_first() else {
            return Err(damaged());
        };
        Reader(bytes).index().ok_or_else(damaged)
    }
}

/// What is still to be read of a record. By hand, since a worker reads indexes before its first answer, and its code is loaded
/// before that: a derived reader is three times as large.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn index(mut self) -> Option<Index> {
        let (version, changed) = (self.number()?, self.number()?);
        let (options, rest) = postcard::take_from_bytes::<SessionOptions>(self.0).ok()?;
        self.0 = rest;
        let mut index = Index::new(self.number()?);
        index.version = version;
        index.changed = changed;
        index.options = options;
        index.used = self.number()?;
        index.next_pack = self.number()?;
        if index.version >= NUMBER_END || index.next_pack >= NUMBER_END || changed > version {
            return None;
        }
        let types = self.number()?;
        if types > MAX_TYPES as u64 {
            return None;
        }
        for _ in 0..types {
            let text = self.text()?;
            if !media_type::is_valid(text) {
                return None;
            }
            index.types.push(text.to_owned());
        }
        let mut packs = Vec::new();
        for _ in 0..self.number()? {
            let (id, length) = (self.number()?, self.number()?);
            if id >= index.next_pack || length >= NUMBER_END {
                return None;
            }
            let info = PackInfo {
                length,
                live: 0,
                files: 0,
            };
            packs.push((PackId(id), info));
        }
        let places: Vec<(PackId, u64)> = packs.iter().map(|(id, pack)| (*id, pack.length)).collect();
        index.packs = Map::from_ascending(packs)?;
        let count = self.number()?;
        // A file has more bytes than that, so that what is claimed takes no memory.
        let mut files = Vec::with_capacity(usize::try_from(count).ok()?.min(self.0.len() / 24));
        for _ in 0..count {
            let file = self.file(&places)?;
            if usize::from(file.1.media_type) >= index.types.len() {
                return None;
            }
            index.hold(&file.1);
            files.push(file);
        }
        // Paths ascend, as an index writes them: a record that names one twice was not written by us.
        index.files = Map::from_ascending(files)?;
        let is_whole = |pack: &PackInfo| pack.files > 0 && pack.live <= pack.length;
        let whole = index.packs.values().all(is_whole);
        (whole && self.0.is_empty()).then_some(index)
    }

    fn file(&mut self, packs: &[(PackId, u64)]) -> Option<(FilePath, FileEntry)> {
        let path = FilePath::stored(self.text()?).ok()?;
        let (pack, pack_length) = *packs.get(usize::try_from(self.number()?).ok()?)?;
        let mut entry = FileEntry {
            pack,
            offset: self.number()?,
            length: self.number()?,
            media_type: u16::try_from(self.number()?).ok()?,
            etag: self.take(16)?.try_into().ok()?,
            modified: self.number()?.min(MAX_MODIFIED),
            imports: Box::default(),
        };
        if entry.offset.checked_add(entry.length)? > pack_length {
            return None;
        }
        let count = self.number()?;
        if count > MAX_IMPORTS as u64 {
            return None;
        }
        if count > 0 {
            let mut imports: Vec<Box<str>> = Vec::new();
            for _ in 0..count {
                imports.push(self.text()?.into());
            }
            if !modules::are_imports(&imports) {
                return None;
            }
            entry.imports = imports.into();
        }
        Some((path, entry))
    }

    /// A number in groups of seven bits, the lowest first.
    #[inline(never)]
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let group = u64::from(byte & 0x7f);
            // Of the last group, one bit is left.
            if shift >= u64::BITS || group << shift >> shift != group {
                return None;
            }
            number |= group << shift;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    #[inline(never)]
    fn text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(self.number()?).ok()?;
        core::str::from_utf8(self.take(length)?).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn damaged() -> Error {
    Error::new(
        ErrorCode::StorageUnavailable,
        "A stored index is damaged, or of a newer format than this code reads.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of files in packs; a file is its path, its pack's place, offset, length and type.
    fn record(next_pack: u64, packs: &[(u64, u64)], files: &[(&str, u32, u64, u64, u16)]) -> Vec<u8> {
        let files: Vec<File<&str, &[&str]>> = files
            .iter()
            .map(|&(path, pack, offset, length, media_type)| File {
                path,
                pack,
                offset,
                length,
                media_type,
                etag: [7; 16],
                modified: u64::MAX,
                imports: &["./a.js"][..],
            })
            .collect();
        let fields = (
            5000_u64,
            4000_u64,
            SessionOptions::default(),
            1_u64,
            2_u64,
            next_pack,
            &["text/css"][..],
            packs,
            files,
        );
        postcard::to_extend(&fields, vec![FORMAT]).unwrap()
    }

    #[test]
    fn a_record_is_read() {
        let bytes = record(9, &[(3, 10), (8, 0)], &[("a", 0, 2, 6, 0), ("b/c", 1, 0, 0, 0)]);
        let index = Index::decode(&bytes).unwrap();
        assert_eq!(
            (
                index.version(),
                index.changed(),
                index.created(),
                index.used(),
                index.len(),
                index.bytes()
            ),
            (5000, 4000, 1, 2, 2, 6)
        );
        let entry = index.get("a").unwrap();
        assert_eq!(
            (entry.pack, entry.offset, entry.length, entry.modified),
            (PackId(3), 2, 6, MAX_MODIFIED)
        );
        assert_eq!(index.media_type(entry), "text/css");
        assert_eq!(
            index.pack(PackId(3)).map(|pack| (pack.length, pack.live, pack.files)),
            Some((10, 6, 1))
        );
    }

    #[test]
    fn a_record_that_contradicts_itself_is_refused() {
        let (pack, a) = ([(3, 10)], ("a", 0, 0, 10, 0));
        assert!(Index::decode(&record(4, &pack, &[a])).is_ok());
        for bytes in [
            // Outside of its pack, of no pack, of no type, under no path, twice.
            record(4, &pack, &[("a", 0, 1, 10, 0)]),
            record(4, &pack, &[("a", 0, u64::MAX, 10, 0)]),
            record(4, &pack, &[("a", 1, 0, 10, 0)]),
            record(4, &pack, &[("a", 0, 0, 10, 1)]),
            record(4, &pack, &[("../a", 0, 0, 10, 0)]),
            record(4, &pack, &[("a", 0, 0, 1, 0), ("a", 0, 1, 1, 0)]),
            // More bytes alive than there are, no file in a pack, an id twice, an id that is still to be given out.
            record(4, &pack, &[a, ("b", 0, 0, 10, 0)]),
            record(5, &[(3, 10), (4, 10)], &[a]),
            record(4, &[(3, 10), (3, 10)], &[a, ("b", 1, 0, 10, 0)]),
            record(3, &pack, &[a]),
            record(NUMBER_END, &pack, &[a]),
            record(4, &[(3, NUMBER_END)], &[a]),
        ] {
            assert_eq!(Index::decode(&bytes).unwrap_err().code(), ErrorCode::StorageUnavailable);
        }
        let mut newer = record(4, &pack, &[a]);
        newer[0] = FORMAT + 1;
        assert!(Index::decode(&newer).is_err() && Index::decode(&[]).is_err() && Index::decode(&[FORMAT]).is_err());
    }
}

//! Applying a change: everything is checked before anything is touched.

use super::{FileEntry, Index, Limits, MAX_MODIFIED, MAX_TYPES, NUMBER_END, PackId, PackInfo};
use crate::change::{Applied, Mode, NewFile};
use crate::error::{Error, ErrorCode, Result};
use crate::media_type;
use crate::modules;
use crate::options::SessionOptions;
use crate::order;
use crate::path::FilePath;

/// Above this many media types, those that no file has any more are looked for.
const TIDY_TYPES: usize = 256;

/// A change, with its packs' lengths in the place of their bytes.
pub(super) struct Request<'a> {
    pub(super) mode: Mode,
    pub(super) packs: &'a [u64],
    pub(super) files: &'a [NewFile],
    pub(super) deletes: &'a [FilePath],
    pub(super) options: Option<&'a SessionOptions>,
    pub(super) if_version: Option<u64>,
    pub(super) now: u64,
}

/// What was worked out while checking.
pub(super) struct Checked<'a> {
    version: u64,
    first_pack: u64,
    /// The paths of the new files, sorted.
    paths: Vec<&'a str>,
    /// The paths to delete, sorted; without new files'.
    deletes: Vec<&'a str>,
    /// The media types, the session's first, if they stay.
    types: Vec<String>,
    /// The new files' media types.
    type_ids: Vec<u16>,
}

impl<'a> Request<'a> {
    pub(super) fn check(&self, index: &Index, limits: &Limits) -> Result<Checked<'a>> {
        if self.if_version.is_some_and(|wanted| wanted != index.changed) {
            return Err(Error::new(
                ErrorCode::Conflict,
                "The session is not at the version that the change was for.",
            ));
        }
        let version = next_version(index.version, self.now)?;
        let first_pack = index.next_pack.max(version);
        if first_pack >= NUMBER_END - self.packs.len() as u64 {
            return Err(exhausted());
        }
        self.check_ranges(limits)?;

        let mut paths: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        order::sort(&mut paths, |a, b| a < b);
        if let Some((path, _)) = paths.iter().zip(paths.iter().skip(1)).find(|(path, next)| path == next) {
            return Err(Error::new(
                ErrorCode::InvalidPath,
                ["Two new files have the path \"", path, "\"."].concat(),
            ));
        }
        let deletes = self.check_total(index, &paths, limits)?;
        let (types, type_ids) = self.intern(index)?;
        Ok(Checked {
            version,
            first_pack,
            paths,
            deletes,
            types,
            type_ids,
        })
    }

    /// Every file lies in its pack, and every pack is filled by its files.
    fn check_ranges(&self, limits: &Limits) -> Result<()> {
        let mut claimed: Vec<(u64, u64)> = self.packs.iter().map(|_| (0, 0)).collect();
        for file in self.files {
            if file.length > limits.max_file_bytes {
                return Err(too_large(
                    "A file is larger than this origin takes: ",
                    file.path.as_str(),
                ));
            }
            if !modules::are_imports(&file.imports) {
                return Err(invalid("What a new file imports is no list of plain paths."));
            }
            let pack = file.pack as usize;
            let end = file.offset.checked_add(file.length);
            match (self.packs.get(pack), claimed.get_mut(pack), end) {
                (Some(length), Some((bytes, files)), Some(end)) if end <= *length => {
                    *bytes = bytes.saturating_add(file.length);
                    *files += 1;
                }
                _ => return Err(invalid("A new file lies outside of its pack.")),
            }
        }
        // Bytes of no file would be stored for nothing; bytes of two would be counted twice by whoever compacts.
        let filled = |(length, (bytes, files)): (&u64, &(u64, u64))| length == bytes && *files > 0;
        if self.packs.iter().zip(&claimed).all(filled) {
            Ok(())
        } else {
            Err(invalid("A new pack is not filled by its files, each byte by one."))
        }
    }

    /// The session is not too large afterwards. Gives the paths to delete, which was worked out for that.
    fn check_total(&self, index: &Index, paths: &[&str], limits: &Limits) -> Result<Vec<&'a str>> {
        let (mut files, mut bytes, mut deletes) = (0, 0, Vec::new());
        if self.mode == Mode::Merge {
            deletes = self.deletes.iter().map(FilePath::as_str).collect();
            order::sort(&mut deletes, |a, b| a < b);
            deletes.dedup();
            deletes.retain(|path| paths.binary_search(path).is_err());
            (files, bytes) = (index.len(), index.bytes);
            for entry in paths.iter().chain(&deletes).filter_map(|path| index.get(path)) {
                files -= 1;
                bytes -= entry.length;
            }
        }
        for pack in self.packs {
            bytes = bytes.saturating_add(*pack);
        }
        if files + self.files.len() > limits.max_files {
            return Err(too_large(
                "The session would have more files than this origin takes.",
                "",
            ));
        }
        if bytes > limits.max_session_bytes.min(NUMBER_END) {
            return Err(too_large("The session would be larger than this origin takes.", ""));
        }
        Ok(deletes)
    }

    /// Gives each media type a number.
    fn intern(&self, index: &Index) -> Result<(Vec<String>, Vec<u16>)> {
        let mut types = match self.mode {
            Mode::Merge => index.types.clone(),
            Mode::Replace => Vec::new(),
        };
        let mut ids = Vec::with_capacity(self.files.len());
        for file in self.files {
            let text = if file.media_type.is_empty() {
                media_type::UNKNOWN
            } else {
                &file.media_type
            };
            let id = match types.iter().position(|known| known == text) {
                Some(id) => id,
                None if !media_type::is_valid(text) => {
                    return Err(invalid("A media type is not of the form \"type/subtype\"."));
                }
                None if types.len() == MAX_TYPES => {
                    return Err(too_large(
                        "The session would have more media types than this origin takes.",
                        "",
                    ));
                }
                None => {
                    types.push(text.into());
                    types.len() - 1
                }
            };
            ids.push(id as u16);
        }
        Ok((types, ids))
    }
}

impl Index {
    pub(super) fn commit(&mut self, request: &Request<'_>, checked: Checked<'_>) -> Applied {
        let goes = |path: &FilePath| match request.mode {
            Mode::Merge => checked.deletes.binary_search(&path.as_str()).is_ok(),
            Mode::Replace => checked.paths.binary_search(&path.as_str()).is_err(),
        };
        let mut gone = Vec::new();
        if request.mode == Mode::Replace || !checked.deletes.is_empty() {
            // One pass over the files, however many of them go.
            self.files.retain(|path, entry| {
                let goes = goes(path);
                if goes {
                    gone.push(entry.clone());
                }
                !goes
            });
        }
        let deleted = gone.len();
        let new_packs = self.add_packs(request.packs.iter().copied(), checked.first_pack);
        let mut added = Vec::new();
        let had: usize = self.files.values().map(|entry| modules::bytes_of(&entry.imports)).sum();
        let mut room = modules::MAX_INDEX_IMPORT_BYTES.saturating_sub(had);
        for (file, media_type) in request.files.iter().zip(checked.type_ids) {
            let Some(pack) = new_packs.get(file.pack as usize) else {
                continue;
            };
            // Without them, a module is only fetched later.
            let left = room.checked_sub(modules::bytes_of(&file.imports));
            room = left.unwrap_or(room);
            let imports = if left.is_some() { &file.imports[..] } else { &[] };
            let entry = FileEntry {
                pack: *pack,
                offset: file.offset,
                length: file.length,
                media_type,
                etag: file.etag,
                modified: file.modified.min(MAX_MODIFIED),
                imports: imports.iter().map(|import| Box::from(import.as_str())).collect(),
            };
            self.hold(&entry);
            match self.files.get_mut(&file.path) {
                Some(known) => gone.push(std::mem::replace(known, entry)),
                None => added.push((file.path.clone(), entry)),
            }
        }
        self.files.append(added);
        gone.iter().for_each(|entry| self.release(entry));
        let dropped_packs = self.drop_packs();
        self.types = checked.types;
        if self.types.len() > TIDY_TYPES {
            self.tidy_types();
        }
        if let Some(options) = request.options {
            self.options.clone_from(options);
        }
        self.version = checked.version;
        self.changed = checked.version;
        self.used = request.now;
        Applied {
            version: self.version,
            new_packs,
            dropped_packs,
            files: self.files.len(),
            bytes: self.bytes,
            deleted,
        }
    }

    /// Notes new packs, which are larger than all that are there.
    pub(super) fn add_packs(&mut self, lengths: impl Iterator<Item = u64>, first: u64) -> Vec<PackId> {
        let packs = (first..).map(PackId).zip(lengths);
        let infos: Vec<(PackId, PackInfo)> = packs
            .map(|(id, length)| {
                (
                    id,
                    PackInfo {
                        length,
                        live: 0,
                        files: 0,
                    },
                )
            })
            .collect();
        let ids: Vec<PackId> = infos.iter().map(|(id, _)| *id).collect();
        self.next_pack = first + ids.len() as u64;
        self.packs.append(infos);
        ids
    }

    /// Counts a file into its pack.
    pub(super) fn hold(&mut self, entry: &FileEntry) {
        // A record that was not written by us may have any lengths: too many bytes are refused where it is read.
        self.bytes = self.bytes.saturating_add(entry.length);
        if let Some(pack) = self.packs.get_mut(&entry.pack) {
            pack.live = pack.live.saturating_add(entry.length);
            pack.files += 1;
        }
    }

    /// Counts a file out of its pack.
    pub(super) fn release(&mut self, entry: &FileEntry) {
        self.bytes -= entry.length;
        if let Some(pack) = self.packs.get_mut(&entry.pack) {
            pack.live -= entry.length;
            pack.files -= 1;
        }
    }

    /// Drops the packs that no file lies in any more.
    pub(super) fn drop_packs(&mut self) -> Vec<PackId> {
        let mut dropped = Vec::new();
        self.packs.retain(|id, pack| {
            if pack.files == 0 {
                dropped.push(*id);
            }
            pack.files > 0
        });
        dropped
    }

    /// Forgets the media types that no file has.
    fn tidy_types(&mut self) {
        let mut renumbered: Vec<Option<u16>> = vec![None; self.types.len()];
        let mut types = Vec::new();
        for entry in self.files.values_mut() {
            let old = usize::from(entry.media_type);
            let (Some(slot), Some(text)) = (renumbered.get_mut(old), self.types.get_mut(old)) else {
                continue;
            };
            entry.media_type = *slot.get_or_insert_with(|| {
                types.push(std::mem::take(text));
                (types.len() - 1) as u16
            });
        }
        self.types = types;
    }
}

/// Versions follow the clock, so that they also grow where a session is deleted and made again.
pub(super) fn next_version(version: u64, now_ms: u64) -> Result<u64> {
    let next = now_ms.saturating_mul(1000).max(version + 1);
    if next < NUMBER_END { Ok(next) } else { Err(exhausted()) }
}

fn exhausted() -> Error {
    invalid("The time of a change is further ahead than versions reach.")
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorCode::InvalidMessage, message)
}

fn too_large(message: &'static str, path: &str) -> Error {
    Error::new(ErrorCode::TooLarge, [message, path].concat())
}

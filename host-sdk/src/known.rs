//! What a session is known to have, so that a put sends what is new and nothing else.
//!
//! What a put left is remembered by entity tags. The next one names the version that it left, and the hub refuses it with
//! `CONFLICT` where somebody else has changed the session since; then all is sent.

use virtual_files_core::change::{Mode, NewFile};
use virtual_files_core::path::FilePath;
use virtual_files_web::bundle::Source;

/// What a session had at a version.
pub(crate) struct Known {
    pub(crate) version: u64,
    /// As they were sent, in the order of their paths, each once.
    files: Vec<NewFile>,
    /// Whether it had nothing else.
    all: bool,
}

/// What a put comes to.
pub(crate) struct Delta {
    /// The files that are new, by their places.
    pub(crate) changed: Vec<usize>,
    /// What goes.
    pub(crate) deletes: Vec<FilePath>,
}

impl Known {
    /// What is known after a put of these to a session that has `total` files then.
    pub(crate) fn after(version: u64, files: Vec<NewFile>, total: u64) -> Self {
        let all = files.len() as u64 == total;
        Self { version, files, all }
    }

    /// What is to be sent so that the session has these files, in the order of their paths. Nothing where that cannot be told:
    /// it may have others, which go, or a path comes twice, which the hub shall refuse.
    pub(crate) fn delta(&self, sources: &[Source], tagged: &[NewFile], mode: Mode) -> Option<Delta> {
        if mode == Mode::Replace && !self.all || tagged.windows(2).any(|two| two[0].path == two[1].path) {
            return None;
        }
        let mut known = self.files.iter().peekable();
        let (mut changed, mut deletes) = (Vec::new(), Vec::new());
        let mut goes = |file: &NewFile| {
            if mode == Mode::Replace {
                deletes.push(file.path.clone());
            }
        };
        for (place, (source, file)) in sources.iter().zip(tagged).enumerate() {
            while let Some(other) = known.next_if(|known| known.path < file.path) {
                goes(other);
            }
            let before = known.next_if(|known| known.path == file.path);
            let has_time = source.modified.is_some() || source.content.modified().is_some();
            let is_same = |known: &NewFile| {
                known.etag == file.etag
                    && known.length == file.length
                    && known.media_type == file.media_type
                    && (known.modified == file.modified || !has_time)
            };
            if !before.is_some_and(is_same) {
                changed.push(place);
            }
        }
        known.for_each(goes);
        Some(Delta { changed, deletes })
    }

    /// What is known once these were put, and those have gone, both in the order of their paths.
    pub(crate) fn changed(self, version: u64, files: Vec<NewFile>, gone: &[FilePath]) -> Self {
        let (mut merged, mut gone) = (Vec::new(), gone.iter().peekable());
        let mut known = self.files.into_iter().peekable();
        for file in files {
            while let Some(before) = known.next_if(|known| known.path < file.path) {
                merged.push(before);
            }
            known.next_if(|known| known.path == file.path);
            merged.push(file);
        }
        merged.extend(known);
        merged.retain(|file| {
            while gone.next_if(|path| **path < file.path).is_some() {}
            gone.peek().is_none_or(|path| **path != file.path)
        });
        Self {
            version,
            files: merged,
            all: self.all,
        }
    }
}

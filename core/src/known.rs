//! What a session is known to have, so that a put sends what is new and nothing else.
//!
//! What a put left is remembered by entity tags. The next one names the version that it left, and the hub refuses it with
//! `CONFLICT` where somebody else has changed the session since; then all is sent.

use crate::change::{Mode, NewFile};
use crate::path::FilePath;

/// What a session had at a version.
#[derive(Debug)]
pub struct Known {
    version: u64,
    /// As they were sent, in the order of their paths, each once.
    files: Vec<NewFile>,
    /// Whether it had nothing else.
    all: bool,
}

/// What a put comes to.
#[derive(Debug)]
pub struct Delta {
    /// The files that are new, by their places in the put.
    pub changed: Vec<usize>,
    /// What goes.
    pub deletes: Vec<FilePath>,
}

impl Known {
    /// What is known after a put of these, in the order of their paths, to a session that has `total` files then.
    pub fn after(version: u64, files: Vec<NewFile>, total: u64) -> Self {
        let all = files.len() as u64 == total;
        Self { version, files, all }
    }

    /// The version that it was.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What is to be sent so that the session has these files, in the order of their paths; `timed` says whether the host names the
    /// time of one. Nothing where that cannot be told: the session may have others, which go, or a path comes twice, which
    /// the hub shall refuse.
    pub fn delta(&self, files: &[NewFile], timed: impl Fn(usize) -> bool, mode: Mode) -> Option<Delta> {
        let ascend = files
            .iter()
            .zip(files.iter().skip(1))
            .all(|(one, next)| one.path < next.path);
        if mode == Mode::Replace && !self.all || !ascend {
            return None;
        }
        let mut known = self.files.iter().peekable();
        let (mut changed, mut deletes) = (Vec::new(), Vec::new());
        let mut goes = |file: &NewFile| {
            if mode == Mode::Replace {
                deletes.push(file.path.clone());
            }
        };
        for (place, file) in files.iter().enumerate() {
            while let Some(other) = known.next_if(|known| known.path < file.path) {
                goes(other);
            }
            let before = known.next_if(|known| known.path == file.path);
            let is_same = |known: &NewFile| {
                known.etag == file.etag
                    && known.length == file.length
                    && known.media_type == file.media_type
                    && (known.modified == file.modified || !timed(place))
            };
            if !before.is_some_and(is_same) {
                changed.push(place);
            }
        }
        known.for_each(goes);
        Some(Delta { changed, deletes })
    }

    /// What is known once these were put, and those have gone, both in the order of their paths.
    pub fn changed(self, version: u64, files: Vec<NewFile>, gone: &[FilePath]) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A session as a hub has it: of each file what a host may tell, and its time.
    type Files = BTreeMap<String, (u8, u64, u8, u64)>;

    fn new(path: &str, (etag, length, media_type, modified): (u8, u64, u8, u64)) -> NewFile {
        NewFile {
            path: FilePath::parse(path).unwrap(),
            pack: 0,
            offset: 0,
            length,
            media_type: ["", "text/x-own"][usize::from(media_type)].to_owned(),
            etag: [etag; 16],
            modified,
            imports: Vec::new(),
        }
    }

    fn list(files: &Files) -> Vec<NewFile> {
        files.iter().map(|(path, file)| new(path, *file)).collect()
    }

    /// One put or delete: its files, whether it replaces, whether times are named, and the paths to delete, if it does that.
    type Step = (Vec<(String, u8, u64, u8)>, bool, bool, Option<Vec<String>>);

    fn step() -> impl Strategy<Value = Step> {
        let path = "[a-f]";
        let file = (path, 0..3_u8, 1..3_u64, 0..2_u8);
        (
            prop::collection::vec(file, 0..6),
            any::<bool>(),
            any::<bool>(),
            prop::option::weighted(0.2, prop::collection::vec(path, 0..3)),
        )
    }

    proptest! {
        #[test]
        fn what_is_sent_makes_the_session_what_was_asked_for(steps in prop::collection::vec(step(), 1..12)) {
            // What a hub without deltas would have, what one with them has, and what the host knows.
            let (mut wanted, mut has, mut known): (Files, Files, Option<Known>) = Default::default();
            for (version, (files, replace, timed, deletes)) in (1..).zip(steps) {
                let mode = if replace { Mode::Replace } else { Mode::Merge };
                if let Some(mut paths) = deletes {
                    paths.sort();
                    wanted.retain(|path, _| !paths.contains(path));
                    has.retain(|path, _| !paths.contains(path));
                    let gone: Vec<FilePath> = paths.iter().map(|path| FilePath::parse(path).unwrap()).collect();
                    known = known.map(|known| known.changed(version, Vec::new(), &gone));
                    continue;
                }
                // With a time, the host's own; else the moment of the put.
                let now = if timed { 7 } else { 100 + version };
                let put: Files = files.into_iter().map(|(path, etag, length, kind)| (path, (etag, length, kind, now))).collect();
                if replace {
                    wanted.clear();
                }
                wanted.extend(put.clone());
                let all = list(&put);
                match known.take().and_then(|known| Some((known.delta(&all, |_| timed, mode)?, known))) {
                    Some((delta, before)) => {
                        prop_assert_eq!(before.version(), version - 1);
                        let sent: Vec<NewFile> = delta.changed.iter().map(|place| all[*place].clone()).collect();
                        has.retain(|path, _| !delta.deletes.iter().any(|gone| gone.as_str() == path));
                        for file in &sent {
                            has.insert(file.path.as_str().to_owned(), put[file.path.as_str()]);
                        }
                        known = Some(before.changed(version, sent, &delta.deletes));
                    }
                    None => {
                        if replace {
                            has.clear();
                        }
                        has.extend(put);
                        known = Some(Known::after(version, all.clone(), has.len() as u64));
                    }
                }
                // All but the times that nobody has named.
                let told = |files: &Files| -> Vec<_> {
                    files.iter().map(|(path, (etag, length, kind, time))| (path.clone(), *etag, *length, *kind, (*time == 7).then_some(7))).collect()
                };
                if timed {
                    let named: Vec<_> = put_named(&told(&wanted), &all);
                    prop_assert_eq!(put_named(&told(&has), &all), named);
                }
                let untimed = |files: &Files| -> Vec<_> { told(files).into_iter().map(|(path, etag, length, kind, _)| (path, etag, length, kind)).collect() };
                prop_assert_eq!(untimed(&has), untimed(&wanted));
            }
        }
    }

    /// Those that a put has named.
    fn put_named<T: Clone>(told: &[(String, u8, u64, u8, T)], put: &[NewFile]) -> Vec<(String, u8, u64, u8, T)> {
        let named = |path: &String| put.iter().any(|file| file.path.as_str() == path);
        told.iter().filter(|(path, ..)| named(path)).cloned().collect()
    }

    #[test]
    fn what_is_not_in_order_is_not_compared() {
        let (a, b) = (new("a", (1, 1, 0, 1)), new("b", (1, 1, 0, 1)));
        let known = Known::after(1, vec![a.clone(), b.clone()], 2);
        assert!(
            known
                .delta(&[a.clone(), b.clone()], |_| false, Mode::Replace)
                .unwrap()
                .changed
                .is_empty()
        );
        assert!(known.delta(&[b.clone(), a.clone()], |_| false, Mode::Merge).is_none());
        assert!(known.delta(&[a.clone(), a.clone()], |_| false, Mode::Merge).is_none());
        assert!(
            Known::after(1, vec![a.clone()], 2)
                .delta(&[a], |_| false, Mode::Replace)
                .is_none()
        );
    }
}

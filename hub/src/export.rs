//! A session in the form in which `PUT_FILES` takes one, to be put elsewhere.

use virtual_files_core::change::NewFile;
use virtual_files_core::index::Index;
use virtual_files_core::store::Body;

/// New packs and the files in them, of an index and its packs in the index's order. A pack of which a part is no file's
/// any more is copied without it.
pub(crate) fn bundle<B: Body>(index: &Index, packs: Vec<B>) -> (Vec<B>, Vec<NewFile>) {
    let mut bodies = Vec::with_capacity(packs.len());
    let mut files = Vec::with_capacity(index.len());
    for (at, ((id, pack), body)) in index.packs().zip(packs).enumerate() {
        let members = index.in_packs(|other| other == id);
        let mut offset = 0;
        for (.., path) in &members {
            let Some(entry) = index.get(path.as_str()) else {
                continue;
            };
            files.push(NewFile {
                path: (*path).clone(),
                pack: at as u32,
                offset,
                length: entry.length,
                media_type: index.media_type(entry).into(),
                etag: entry.etag,
                modified: entry.modified,
                imports: Vec::new(),
            });
            offset += entry.length;
        }
        bodies.push(match offset == pack.length {
            true => body,
            false => B::concat(
                members
                    .iter()
                    .map(|(_, start, end, _)| body.slice(*start, *end))
                    .collect(),
            ),
        });
    }
    (bodies, files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtual_files_core::change::{Change, Mode};
    use virtual_files_core::path::FilePath;
    use virtual_files_core::store::BytesBody;

    fn put(index: &mut Index, packs: &[&[u8]], files: &[(&str, u32, u64, u64)]) -> Vec<BytesBody> {
        let packs: Vec<BytesBody> = packs.iter().map(|bytes| BytesBody::from(*bytes)).collect();
        let change = Change {
            packs: packs.clone(),
            files: files
                .iter()
                .map(|(path, pack, offset, length)| NewFile {
                    path: FilePath::parse(path).unwrap(),
                    pack: *pack,
                    offset: *offset,
                    length: *length,
                    media_type: "text/plain".into(),
                    etag: [1; 16],
                    modified: 1,
                    imports: Vec::new(),
                })
                .collect(),
            ..Change::new(Mode::Merge, 1)
        };
        index.apply(&change).unwrap();
        packs
    }

    #[test]
    fn what_is_exported_can_be_put() {
        let mut index = Index::new(1);
        let mut packs = put(&mut index, &[b"aaabbbb"], &[("b", 0, 3, 4), ("a", 0, 0, 3)]);
        packs.extend(put(&mut index, &[b"AA"], &[("a", 0, 0, 2)]));
        let (bodies, files) = bundle(&index, packs);

        let mut copy = Index::new(1);
        let change = Change {
            packs: bodies.clone(),
            files,
            ..Change::new(Mode::Replace, 1)
        };
        copy.apply(&change).unwrap();
        let read = |path: &str| {
            let entry = copy.get(path).unwrap();
            let at = copy.packs().position(|(id, _)| id == entry.pack).unwrap();
            bodies[at]
                .slice(entry.offset, entry.offset + entry.length)
                .as_bytes()
                .to_vec()
        };
        assert_eq!((read("a"), read("b")), (b"AA".to_vec(), b"bbbb".to_vec()));
    }
}

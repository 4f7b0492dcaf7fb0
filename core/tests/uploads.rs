//! Uploads: manifests that are refused, what is missing, and that the change makes what the manifest says.
// A panic is how a test reports.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use virtual_files_core::edge::api::Refusal;
use virtual_files_core::edge::upload::{Manifest, RawManifest, Upload};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::index::{Index, Limits, PackId};
use virtual_files_core::pack;
use virtual_files_core::store::{Body, BytesBody};

const LIMITS: Limits = Limits {
    // As many as `bundle` has names for.
    max_files: 12,
    max_file_bytes: 1 << 20,
    max_session_bytes: 2 << 20,
};

/// A session in memory, with its packs.
#[derive(Clone, Default)]
struct Session {
    index: Option<Index>,
    packs: BTreeMap<PackId, BytesBody>,
    now: u64,
}

fn read(json: &serde_json::Value) -> Result<Manifest, Refusal> {
    let raw: RawManifest = serde_json::from_value(json.clone()).unwrap();
    Manifest::read(raw, &LIMITS)
}

fn manifest(mode: &str, files: &[(&str, &[u8], &str)], deletes: &[&str]) -> serde_json::Value {
    let files: Vec<_> = files
        .iter()
        .map(|(path, bytes, media_type)| {
            let hash = format!("{:032x}", u128::from_be_bytes(pack::etag_of(bytes)));
            serde_json::json!({"path": path, "type": media_type, "length": bytes.len(), "hash": hash, "modified": 7})
        })
        .collect();
    serde_json::json!({"version": 1, "mode": mode, "files": files, "deletes": deletes})
}

#[test]
fn a_part_out_of_step_is_told_where_to_go_on() {
    let refusal = Refusal::out_of_step(5);
    assert_eq!(refusal.status, 409);
    let told = serde_json::to_value(&refusal).unwrap();
    assert_eq!(
        (&told["received"], &told["code"]),
        (&5.into(), &"INVALID_MESSAGE".into())
    );
    let other = serde_json::to_value(Refusal::not_found()).unwrap();
    assert_eq!(other.get("received"), None);
}

impl Session {
    fn plan(&self, manifest: &serde_json::Value) -> Result<Upload, Refusal> {
        Upload::plan(read(manifest)?, self.index.as_ref(), &LIMITS)
    }

    /// Commits what was planned, with these bytes for the missing files.
    fn commit(&mut self, upload: &Upload, stream: &[u8]) -> Result<usize, Refusal> {
        self.now += 1;
        assert_eq!(upload.total(), stream.len() as u64);
        let (mut staged, mut rest) = (Vec::new(), stream);
        for length in upload.packs() {
            let (pack, after) = rest.split_at(length as usize);
            staged.push(BytesBody::from(pack));
            rest = after;
        }
        let stored = |entry: &virtual_files_core::index::FileEntry| {
            self.packs[&entry.pack].slice(entry.offset, entry.offset + entry.length)
        };
        let change = upload.change(self.index.as_ref(), staged, stored, self.now)?;
        let copied = change.files.len() - upload.missing().len();
        let index = self.index.get_or_insert_with(|| Index::new(self.now));
        let applied = index.apply_within(&change, &LIMITS).unwrap();
        self.packs.extend(applied.new_packs.into_iter().zip(change.packs));
        Ok(copied)
    }

    /// Sends a manifest and all that is missing.
    fn put(&mut self, mode: &str, files: &[(&str, &[u8], &str)], deletes: &[&str]) -> (Vec<u32>, usize) {
        let upload = self.plan(&manifest(mode, files, deletes)).unwrap();
        let stream: Vec<u8> = upload
            .missing()
            .iter()
            .flat_map(|at| files[*at as usize].1.to_vec())
            .collect();
        let copied = self.commit(&upload, &stream).unwrap();
        (upload.missing().to_vec(), copied)
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let index = self.index.as_ref().unwrap();
        let file = |entry: &virtual_files_core::index::FileEntry| {
            let body = self.packs[&entry.pack].slice(entry.offset, entry.offset + entry.length);
            assert_eq!(pack::etag_of(body.as_bytes()), entry.etag);
            body.as_bytes().to_vec()
        };
        index
            .iter()
            .map(|(path, entry)| (path.as_str().to_owned(), file(entry)))
            .collect()
    }
}

#[test]
fn only_what_is_missing_is_sent() {
    let mut session = Session::default();
    let (a, b, c): (&[u8], &[u8], &[u8]) = (b"aaaa", b"bb", b"");
    assert_eq!(
        session.put("merge", &[("a", a, ""), ("b", b, ""), ("c", c, "")], &[]),
        (vec![0, 1, 2], 0)
    );
    // The same again: nothing is sent and nothing copied.
    assert_eq!(
        session.put("replace", &[("a", a, ""), ("b", b, ""), ("c", c, "")], &[]),
        (vec![], 0)
    );
    // Another name or type for bytes that are there: copied, not sent.
    assert_eq!(
        session.put("replace", &[("d", a, ""), ("b", b, "text/css")], &[]),
        (vec![], 2)
    );
    assert_eq!(
        session.files(),
        BTreeMap::from([("b".into(), b.to_vec()), ("d".into(), a.to_vec())])
    );
    let index = session.index.as_ref().unwrap();
    assert_eq!(index.media_type(index.get("b").unwrap()), "text/css");
    // Merged, with a delete that a put takes back.
    assert_eq!(
        session.put("merge", &[("b", b, "text/css")], &["b", "d", "nothing"]),
        (vec![], 0)
    );
    assert_eq!(session.files(), BTreeMap::from([("b".into(), b.to_vec())]));
}

#[test]
fn a_file_that_was_counted_on_and_is_gone_aborts() {
    let mut session = Session::default();
    session.put("merge", &[("a", b"aaaa", "")], &[]);
    let upload = session.plan(&manifest("merge", &[("copy", b"aaaa", "")], &[])).unwrap();
    assert!(upload.missing().is_empty());
    session.put("replace", &[("b", b"b", "")], &[]);
    let refusal = session.commit(&upload, b"").unwrap_err();
    assert_eq!((refusal.status, refusal.code), (409, ErrorCode::Aborted));
}

#[test]
fn what_is_copied_is_counted() {
    let mut session = Session::default();
    session.put("merge", &[("a", b"aaaa", ""), ("b", b"bb", "")], &[]);
    let copies = manifest(
        "merge",
        &[
            ("a", b"aaaa", ""),
            ("c", b"aaaa", ""),
            ("d", b"aaaa", ""),
            ("e", b"new", ""),
        ],
        &[],
    );
    let upload = session.plan(&copies).unwrap();
    assert_eq!((upload.total(), upload.written()), (3, 11));
    // What stayed when it was planned would have to be copied now: more than was said.
    session.put("merge", &[("b", b"aaaa", "")], &["a"]);
    let refusal = session.commit(&upload, b"new").unwrap_err();
    assert_eq!((refusal.status, refusal.code), (409, ErrorCode::Aborted));
}

#[test]
fn a_list_without_end_is_not_read_to_its_end() {
    let list = "\"a\",".repeat(100_001);
    let text = format!("{{\"version\":1,\"mode\":\"merge\",\"deletes\":[{}", list);
    let error = serde_json::from_str::<RawManifest>(&text).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[test]
fn wrong_manifests_are_refused() {
    let file = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut all = manifest("merge", &[("a", b"a", "")], &[]);
        change(&mut all["files"][0]);
        all
    };
    let mut cases = vec![
        (
            manifest("merge", &[("a", b"a", ""), ("/a", b"b", "")], &[]),
            400,
            ErrorCode::InvalidPath,
        ),
        (
            manifest("merge", &[("a", b"a", "no type")], &[]),
            400,
            ErrorCode::InvalidMessage,
        ),
        (manifest("merge", &[], &["../x"]), 400, ErrorCode::InvalidPath),
        (
            file(&|file| file["hash"] = "abc".into()),
            400,
            ErrorCode::InvalidMessage,
        ),
        (
            file(&|file| file["hash"] = format!("+{:031x}", 1).into()),
            400,
            ErrorCode::InvalidMessage,
        ),
        (
            file(&|file| file["length"] = (2 << 20).into()),
            413,
            ErrorCode::TooLarge,
        ),
        (file(&|file| file["length"] = u64::MAX.into()), 413, ErrorCode::TooLarge),
    ];
    let long = "x".repeat(300);
    let deep = "x/".repeat(600) + "x";
    for path in ["", "..", "a/../b", "a\\b", "a\0", "a//b", ".", "\u{7f}", &long, &deep] {
        cases.push((file(&|file| file["path"] = path.into()), 400, ErrorCode::InvalidPath));
    }
    let mut newer = manifest("merge", &[], &[]);
    newer["version"] = 2.into();
    cases.push((newer, 400, ErrorCode::VersionMismatch));
    let many: Vec<String> = (0..13).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8], &str)> = many.iter().map(|name| (&**name, &b""[..], "")).collect();
    cases.push((manifest("merge", &many, &[]), 507, ErrorCode::QuotaExceeded));
    let bytes: Vec<Vec<u8>> = (0..3_u8).map(|byte| vec![byte; 1 << 20]).collect();
    let large = [("a", &*bytes[0], ""), ("b", &*bytes[1], ""), ("c", &*bytes[2], "")];
    cases.push((manifest("merge", &large, &[]), 507, ErrorCode::QuotaExceeded));
    for (manifest, status, code) in cases {
        let refusal = Session::default().plan(&manifest).unwrap_err();
        assert_eq!(
            (refusal.status, refusal.code),
            (status, code),
            "{:.300}",
            manifest.to_string()
        );
    }
}

#[test]
fn quotas_count_what_is_there() {
    let mut session = Session::default();
    let bytes = vec![1; 1 << 20];
    session.put("merge", &[("a", &bytes, ""), ("b", &bytes[1..], "")], &[]);
    let one = |mode: &str, deletes: &[&str]| session.plan(&manifest(mode, &[("c", b"cc", "")], deletes));
    assert_eq!(one("merge", &[]).unwrap_err().status, 507);
    assert!(one("merge", &["a"]).is_ok() && one("replace", &[]).is_ok());
    // Copies count as well, though nothing is sent for them.
    let copy = session.plan(&manifest("merge", &[("c", &bytes, "")], &[]));
    assert_eq!(copy.unwrap_err().status, 507);
}

type Bundle = BTreeMap<String, Vec<u8>>;

fn bundle() -> impl Strategy<Value = Bundle> {
    proptest::collection::btree_map("[a-d](/[a-b])?", proptest::collection::vec(0..3_u8, 0..4), 0..6)
}

proptest! {
    #[test]
    fn puts_in_any_order_make_what_they_say(puts in proptest::collection::vec((any::<bool>(), bundle(), "[a-d]"), 1..8)) {
        let mut session = Session::default();
        let mut expected = Bundle::new();
        for (replace, files, delete) in puts {
            let list: Vec<(&str, &[u8], &str)> = files.iter().map(|(path, bytes)| (&**path, &**bytes, "")).collect();
            let before: Vec<Vec<u8>> = expected.values().cloned().collect();
            let (missing, _) = session.put(if replace { "replace" } else { "merge" }, &list, &[&delete]);
            for (place, (_, bytes)) in (0..).zip(&files) {
                prop_assert_eq!(missing.contains(&place), !before.contains(bytes));
            }
            if replace {
                expected.clear();
            }
            expected.remove(&delete);
            expected.extend(files);
            prop_assert_eq!(session.files(), expected.clone());
        }
    }

    #[test]
    fn the_stream_is_cut_at_files_borders(lengths in proptest::collection::vec(0..(1_u64 << 20), 0..10)) {
        let limits = Limits { max_session_bytes: 1 << 40, max_files: 100, ..LIMITS };
        let files: Vec<_> = lengths.iter().enumerate().map(|(place, length)| serde_json::json!({
            "path": place.to_string(), "length": length, "hash": format!("{place:032x}"), "modified": 0
        })).collect();
        let raw = serde_json::from_value(serde_json::json!({"version": 1, "mode": "merge", "files": files})).unwrap();
        let upload = Upload::plan(Manifest::read(raw, &limits).unwrap(), None, &limits).unwrap();
        prop_assert_eq!(upload.packs().iter().sum::<u64>(), upload.total());
        prop_assert_eq!(upload.total(), lengths.iter().sum::<u64>());
        let bytes = postcard::to_allocvec(&upload).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Upload>(&bytes).unwrap(), upload);
    }

    #[test]
    fn no_manifest_panics(text in "[ -~]{0,200}", length: u64, path: String, hash: String, modified: u64) {
        let _ = serde_json::from_str::<RawManifest>(&text);
        let file = serde_json::json!({"path": path, "length": length, "hash": hash, "modified": modified});
        let _ = read(&serde_json::json!({"version": 1, "mode": "merge", "files": [file.clone(), file]}));
    }
}

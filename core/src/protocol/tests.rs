//! Messages as they come from hosts, hubs and workers.

use super::*;
use proptest::prelude::*;

fn request(json: &str) -> Result<Request> {
    serde_json::from_str::<Message>(json)
        .map_err(|_| invalid("json"))
        .and_then(Request::try_from)
}

fn code(json: &str) -> ErrorCode {
    request(json).expect_err(json).code()
}

#[test]
fn requests_are_decoded() {
    let session = SessionId::parse("abc").unwrap();
    let path = FilePath::parse("a b/c.txt").unwrap();
    assert_eq!(request(r#"{"type":"CONNECT","version":2}"#).unwrap(), Request::Connect);
    assert_eq!(
        request(r#"{"type":"STAT","id":7,"sessionId":"abc","path":"a b/c.txt"}"#).unwrap(),
        Request::Stat {
            session: session.clone(),
            path: path.clone()
        }
    );
    assert_eq!(
        request(r#"{"type":"PUT_FILES","sessionId":"abc","mode":"replace","storage":"memory"}"#).unwrap(),
        Request::PutFiles {
            session: session.clone(),
            mode: Mode::Replace,
            storage: Storage::Memory,
            options: None,
            deletes: vec![],
            if_version: None
        }
    );
    assert_eq!(
        request(r#"{"type":"PUT_FILES","sessionId":"abc","paths":["a b/c.txt"],"ifVersion":1795468800000000}"#)
            .unwrap(),
        Request::PutFiles {
            session: session.clone(),
            mode: Mode::Merge,
            storage: Storage::IndexedDb,
            options: None,
            deletes: vec![path.clone()],
            if_version: Some(1_795_468_800_000_000)
        }
    );
    assert_eq!(
        request(r#"{"type":"DELETE_FILES","sessionId":"abc","paths":["a b/c.txt"]}"#).unwrap(),
        Request::DeleteFiles {
            session,
            paths: vec![path],
            if_version: None
        }
    );
}

#[test]
fn every_request_has_its_name() {
    let session = || SessionId::parse("abc").unwrap();
    let path = FilePath::parse("a.txt").unwrap();
    let text = |text: &str| text.to_owned();
    let all = [
        (r#""ABORT""#, Request::Abort),
        (
            r#""LIST_FILES","prefix":"a/""#,
            Request::ListFiles {
                session: session(),
                prefix: text("a/"),
            },
        ),
        (
            r#""READ_FILE","path":"a.txt""#,
            Request::ReadFile {
                session: session(),
                path,
            },
        ),
        (r#""DELETE_SESSION""#, Request::DeleteSession { session: session() }),
        (r#""LIST_SESSIONS""#, Request::ListSessions),
        (r#""SUBSCRIBE""#, Request::Subscribe { session: session() }),
        (r#""UNSUBSCRIBE""#, Request::Unsubscribe { session: session() }),
        (r#""EXPORT""#, Request::Export { session: session() }),
        (r#""RELEASE""#, Request::Release { session: session() }),
        (
            r#""MIRROR","wildcard":true"#,
            Request::Mirror {
                session: session(),
                wildcard: true,
            },
        ),
        (
            r#""DOCUMENT","html":"<p>","base":"/b/""#,
            Request::Document {
                session: session(),
                html: text("<p>"),
                base: text("/b/"),
                policy: None,
            },
        ),
        (r#""ESTIMATE""#, Request::Estimate),
        (r#""PERSIST""#, Request::Persist),
        (
            r#""WAKE""#,
            Request::Wake {
                session: Some(session()),
            },
        ),
    ];
    for (json, wanted) in all {
        let message = format!(r#"{{"sessionId":"abc","type":{json}}}"#);
        assert_eq!(request(&message).unwrap(), wanted, "{message}");
    }
    assert_eq!(
        code(r#"{"type":"DOCUMENT","sessionId":"a","base":"/"}"#),
        ErrorCode::InvalidMessage
    );
    assert_eq!(
        code(r#"{"type":"DOCUMENT","sessionId":"a","html":""}"#),
        ErrorCode::InvalidMessage
    );
    assert_eq!(
        code(r#"{"type":"READ_FILE","sessionId":"a"}"#),
        ErrorCode::InvalidMessage
    );
}

#[test]
fn storages_are_named_as_they_are_asked_for() {
    for storage in [Storage::IndexedDb, Storage::Memory] {
        let message = format!(
            r#"{{"type":"PUT_FILES","sessionId":"a","storage":"{}"}}"#,
            storage.as_str()
        );
        assert!(matches!(request(&message).unwrap(), Request::PutFiles { storage: asked, .. } if asked == storage));
    }
}

#[test]
fn locks_are_of_one_session_and_one_use() {
    let [a, b] = ["a", "b"].map(|id| SessionId::parse(id).unwrap());
    let names = [holder_lock(&a), holder_lock(&b), writer_lock(&a), writer_lock(&b)];
    assert!(
        names
            .iter()
            .all(|name| names.iter().filter(|other| *other == name).count() == 1)
    );
}

#[test]
fn a_file_is_told_with_its_entity_tag_in_32_digits() {
    let mut etag = [0; 16];
    (etag[0], etag[15]) = (0x0f, 0xa1);
    let entry = FileEntry {
        pack: crate::index::PackId(1),
        offset: 2,
        length: 3,
        media_type: 0,
        etag,
        modified: 4,
        imports: Box::default(),
    };
    let info = FileInfo::new(&FilePath::parse("a.txt").unwrap(), &entry, "text/plain");
    let wanted = format!(
        r#"{{"path":"a.txt","size":3,"type":"text/plain","etag":"0f{}a1","modified":4}}"#,
        "0".repeat(28)
    );
    assert_eq!(serde_json::to_string(&info).unwrap(), wanted);
}

#[test]
fn each_mistake_has_its_code() {
    assert_eq!(code("{}"), ErrorCode::InvalidMessage);
    assert_eq!(code(r#"{"type":"NONSENSE"}"#), ErrorCode::InvalidMessage);
    assert_eq!(code(r#"{"type":"CONNECT"}"#), ErrorCode::InvalidMessage);
    assert_eq!(code(r#"{"type":"CONNECT","version":3}"#), ErrorCode::VersionMismatch);
    assert_eq!(code(r#"{"type":"STAT","path":"a"}"#), ErrorCode::InvalidMessage);
    assert_eq!(code(r#"{"type":"STAT","sessionId":"a"}"#), ErrorCode::InvalidMessage);
    assert_eq!(
        code(r#"{"type":"STAT","sessionId":"A/B","path":"a"}"#),
        ErrorCode::InvalidSession
    );
    assert_eq!(
        code(r#"{"type":"STAT","sessionId":"a","path":"../a"}"#),
        ErrorCode::InvalidPath
    );
    assert_eq!(
        code(r#"{"type":"PUT_FILES","sessionId":"a","mode":"x"}"#),
        ErrorCode::InvalidMessage
    );
    assert_eq!(
        code(r#"{"type":"PUT_FILES","sessionId":"a","storage":"x"}"#),
        ErrorCode::InvalidMessage
    );
    for version in ["0", "-1", "0.5", "5000.5", "1e300"] {
        assert_eq!(
            code(&format!(
                r#"{{"type":"PUT_FILES","sessionId":"a","ifVersion":{version}}}"#
            )),
            ErrorCode::InvalidMessage,
            "{version}"
        );
    }
    assert_eq!(
        code(r#"{"type":"DELETE_FILES","sessionId":"a"}"#),
        ErrorCode::InvalidMessage
    );
}

proptest! {
    #[test]
    fn arbitrary_messages_never_panic(kind in "[A-Z_]{0,14}", session in any::<Option<String>>(),
        path in any::<Option<String>>(), mode in any::<Option<String>>(), version in any::<Option<u32>>()) {
        let message = Message { kind, session_id: session, path: path.clone(), paths: path.map(|path| vec![path]),
            mode, version, ..Message::default() };
        if let Err(error) = Request::try_from(message) {
            prop_assert!(!error.message().is_empty());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        drop(decode::<ToWorker>(&bytes));
        drop(decode::<ToHub>(&bytes));
        drop(decode::<Snapshot>(&bytes));
        drop(decode::<Vec<crate::change::NewFile>>(&bytes));
    }

    #[test]
    fn worker_messages_round_trip(token: u64, version: Option<u64>, index: Vec<u8>, packs: Vec<u64>) {
        let session = SessionId::parse("abc").unwrap();
        for message in [
            ToWorker::Begin { session: session.clone(), token },
            ToWorker::End { session: session.clone(), token, version },
            ToWorker::Gone { session: session.clone(), token, version: token },
            ToWorker::Adopt { session: session.clone(), token, index, packs },
            ToWorker::Left { session: session.clone() },
            ToWorker::Recall { session },
            ToWorker::Stats,
        ] {
            prop_assert_eq!(decode::<ToWorker>(&encode(&message)).unwrap(), message);
        }
    }
}

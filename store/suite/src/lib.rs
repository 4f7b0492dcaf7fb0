//! The Store conformance suite against IndexedDB, for a window and for a service worker.
//!
//! A test loads this wasm where it wants the suite to run, asks for the names, and runs each: the promise rejects with
//! what was wrong. Beside the cases of the core's suite, which every store passes, are those that only a database on
//! disk can fail. Every case has a database of its own.

use js_sys::Uint8Array;
use virtual_files_core::change::{Change, Mode, NewFile};
use virtual_files_core::error::ErrorCode;
use virtual_files_core::path::FilePath;
use virtual_files_core::session::SessionId;
use virtual_files_core::store::{Body, Store, conformance};
use virtual_files_store::{BlobBody, IndexedDbStore, SCHEMA_VERSION};
use wasm_bindgen::prelude::*;

type Outcome = Result<(), String>;

/// The names of all cases.
#[wasm_bindgen]
pub fn cases() -> Vec<String> {
    let own = [
        "survives_a_new_connection",
        "gives_way_to_an_upgrade",
        "refuses_a_newer_schema",
        "slices_outlive_records",
        "slices_are_stored_as_slices",
    ];
    conformance::CASES
        .iter()
        .map(|(name, _)| *name)
        .chain(own)
        .map(String::from)
        .collect()
}

/// Runs one case; rejects with what was wrong.
#[wasm_bindgen]
pub async fn run(name: String) -> Result<(), JsValue> {
    let database = ["conformance-", &name].concat();
    remove(&database).await.map_err(|error| JsValue::from_str(&error))?;
    let outcome = match name.as_str() {
        "survives_a_new_connection" => survives_a_new_connection(&database).await,
        "gives_way_to_an_upgrade" => gives_way_to_an_upgrade(&database).await,
        "refuses_a_newer_schema" => refuses_a_newer_schema(&database).await,
        "slices_outlive_records" => slices_outlive_records(&database).await,
        "slices_are_stored_as_slices" => slices_are_stored_as_slices(&database).await,
        _ => {
            conformance::run(
                &name,
                &IndexedDbStore::named(&database),
                BlobBody::from_bytes,
                async |body: &BlobBody| read(body).await.unwrap_or_default(),
            )
            .await
        }
    };
    outcome.map_err(|error| JsValue::from_str(&error))
}

async fn remove(database: &str) -> Outcome {
    let request = idb::Factory::new()
        .and_then(|factory| factory.delete(database))
        .map_err(|error| error.to_string())?;
    request.await.map_err(|error| error.to_string())
}

async fn read(body: &BlobBody) -> Result<Vec<u8>, String> {
    let buffer = body.bytes().await.map_err(|error| error.to_string())?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn session() -> Result<SessionId, String> {
    SessionId::parse("durable").map_err(|error| error.to_string())
}

fn put(bytes: &[u8], now: u64) -> Result<Change<BlobBody>, String> {
    Ok(Change {
        packs: vec![BlobBody::from_bytes(bytes)],
        files: vec![NewFile {
            path: FilePath::parse("file.bin").map_err(|error| error.to_string())?,
            pack: 0,
            offset: 0,
            length: bytes.len() as u64,
            media_type: "application/octet-stream".into(),
            etag: [7; 16],
            modified: now,
            imports: Vec::new(),
        }],
        ..Change::new(Mode::Merge, now)
    })
}

async fn file(store: &IndexedDbStore) -> Result<Option<BlobBody>, String> {
    let session = session()?;
    let index = store.index(&session).await.map_err(|error| error.to_string())?;
    let Some(entry) = index.as_ref().and_then(|index| index.get("file.bin")) else {
        return Ok(None);
    };
    let pack = store
        .pack(&session, entry.pack)
        .await
        .map_err(|error| error.to_string())?;
    Ok(pack.map(|pack| pack.slice(entry.offset, entry.offset + entry.length)))
}

fn check(condition: bool, message: &str) -> Outcome {
    if condition { Ok(()) } else { Err(message.into()) }
}

async fn survives_a_new_connection(database: &str) -> Outcome {
    let first = IndexedDbStore::named(database);
    first
        .apply(&session()?, put(b"durable bytes", 1)?)
        .await
        .map_err(|error| error.to_string())?;
    let body = file(&IndexedDbStore::named(database))
        .await?
        .ok_or("The file is not there.")?;
    check(read(&body).await? == b"durable bytes", "The file has other bytes.")
}

async fn gives_way_to_an_upgrade(database: &str) -> Outcome {
    let store = IndexedDbStore::named(database);
    store
        .apply(&session()?, put(b"old", 1)?)
        .await
        .map_err(|error| error.to_string())?;
    // Deleting waits until every connection is closed: it would never end if the store held on to its own.
    remove(database).await?;
    check(
        file(&store).await?.is_none(),
        "The file of the deleted database is still there.",
    )?;
    store
        .apply(&session()?, put(b"new", 2)?)
        .await
        .map_err(|error| error.to_string())?;
    let body = file(&store).await?.ok_or("The store did not open the database anew.")?;
    check(read(&body).await? == b"new", "The file has other bytes.")
}

async fn refuses_a_newer_schema(database: &str) -> Outcome {
    let request = idb::Factory::new().and_then(|factory| factory.open(database, Some(SCHEMA_VERSION + 1)));
    let newer = request
        .map_err(|error| error.to_string())?
        .await
        .map_err(|error| error.to_string())?;
    newer.close();
    match IndexedDbStore::named(database).probe().await {
        Err(error) => check(
            error.code() == ErrorCode::StorageUnavailable,
            "The error has another code.",
        ),
        Ok(()) => Err("A database of a newer schema was opened.".into()),
    }
}

async fn slices_outlive_records(database: &str) -> Outcome {
    let store = IndexedDbStore::named(database);
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
    store
        .apply(&session()?, put(&bytes, 1)?)
        .await
        .map_err(|error| error.to_string())?;
    let held = file(&store).await?.ok_or("The file is not there.")?;
    let replace = Change {
        mode: Mode::Replace,
        ..put(b"small", 2)?
    };
    store
        .apply(&session()?, replace)
        .await
        .map_err(|error| error.to_string())?;
    let gone = Change {
        mode: Mode::Replace,
        ..Change::new(Mode::Replace, 3)
    };
    store
        .apply(&session()?, gone)
        .await
        .map_err(|error| error.to_string())?;
    check(read(&held).await? == bytes, "A slice of a deleted pack lost its bytes.")
}

/// What was read from the store may be put into it again, in part: a host copies a file, the store compacts a pack.
async fn slices_are_stored_as_slices(database: &str) -> Outcome {
    let store = IndexedDbStore::named(database);
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
    store
        .apply(&session()?, put(&bytes, 1)?)
        .await
        .map_err(|error| error.to_string())?;
    let whole = file(&store).await?.ok_or("The file is not there.")?;
    for (start, end) in [(700, 900), (0, 700), (250_001, 1_000_000)] {
        let part = whole.slice(start, end);
        for pack in [part.clone(), BlobBody::concat(vec![part])] {
            let mut change = put(&[], 2)?;
            change.packs = vec![pack];
            for file in &mut change.files {
                file.length = end - start;
            }
            store
                .apply(&session()?, change)
                .await
                .map_err(|error| error.to_string())?;
            let stored = file(&IndexedDbStore::named(database))
                .await?
                .ok_or("The part is not there.")?;
            let wanted = bytes.get(start as usize..end as usize).unwrap_or_default();
            check(read(&stored).await? == wanted, "A stored slice has other bytes.")?;
        }
    }
    Ok(())
}

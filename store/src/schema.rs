//! The database's shape, and how an older one becomes the current one.
//!
//! | object store | key | value |
//! | --- | --- | --- |
//! | `sessions` | session id | `[version, files, bytes, created, used]`, numbers: what a worker checks without reading the index; and when it was found unused, where it was |
//! | `indexes` | session id | `Uint8Array`: the core's encoded `Index` |
//! | `packs` | `[session id, pack id]` | `Blob`, or `ArrayBuffer` where the engine cannot store a `Blob` |
//!
//! A step is never edited once it has shipped: a change of shape is a new step at the end of [`STEPS`].

use idb::{Database, Error, ObjectStoreParams};

/// The one database of a VFS origin.
pub const DATABASE_NAME: &str = "virtual-files";

/// The version that IndexedDB is opened with: the number of steps there are.
pub const SCHEMA_VERSION: u32 = STEPS.len() as u32;

pub(crate) const SESSIONS: &str = "sessions";
pub(crate) const INDEXES: &str = "indexes";
pub(crate) const PACKS: &str = "packs";

type Step = fn(&Database) -> Result<(), Error>;

/// Step `n` turns a database of version `n` into one of version `n + 1`.
const STEPS: &[Step] = &[create_stores];

fn create_stores(database: &Database) -> Result<(), Error> {
    for name in [SESSIONS, INDEXES, PACKS] {
        database.create_object_store(name, ObjectStoreParams::new())?;
    }
    Ok(())
}

/// Runs the steps that a database of version `old` still lacks. Called inside the upgrade transaction: an error
/// aborts it, and the database stays what it was.
pub(crate) fn upgrade(database: &Database, old: u32) -> Result<(), Error> {
    STEPS.iter().skip(old as usize).try_for_each(|step| step(database))
}

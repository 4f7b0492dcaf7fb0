//! virtual-files sessions in IndexedDB, behind the core's `Store` trait.
//!
//! The hub page and the service worker of one origin share one database through this crate. It holds no rules of its
//! own: what a change does to a session is decided by the core's `Index`, and this crate makes that change atomic.
//! It keeps true that every change to a session is exactly one IndexedDB transaction, packs and index together, so a
//! reader sees the bundle before it or after it, also when a tab or the browser dies half way.

mod body;
mod db;
mod error;
mod schema;
mod store;

pub use body::BlobBody;
pub use schema::{DATABASE_NAME, SCHEMA_VERSION};
pub use store::IndexedDbStore;

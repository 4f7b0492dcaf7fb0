//! The host's side of virtual-files: post a bundle of files, mount a sandboxed preview of it.
//!
//! [`VirtualFiles::connect`] takes the VFS origin, [`VirtualFiles::session`] opens a session by a hidden frame of that
//! origin (the hub), [`Session::put`] packs files and hands them over, [`Session::mount`] makes the frame that runs them.
//!
//! Nothing here serves a file or keeps one: it speaks to the hub, and the worker behind the hub serves. What it keeps
//! true: a request gets one answer or one error, also when the hub goes away; writes of one session reach the hub in
//! the order in which they were asked for; a preview's frame never has the host's own origin.
//!
//! The npm package is the thin layer in `npm.rs` over this API. A host in Rust turns the default feature `npm` off.

mod abort;
mod client;
mod convert;
mod entry;
mod error;
mod frame;
mod hello;
mod hub;
mod isolation;
mod mount;
#[cfg(feature = "npm")]
pub mod npm;
mod preview;
mod session;
mod wait;
mod writes;

pub use abort::{Abort, Control};
pub use client::{ConnectOptions, VirtualFiles};
pub use convert::{Deleted, PutResult};
pub use error::{Error, Result};
pub use isolation::Isolation;
pub use mount::MountOptions;
pub use preview::Preview;
pub use session::{OpenOptions, Session};
pub use virtual_files_core::change::Mode;
pub use virtual_files_core::error::ErrorCode;
pub use virtual_files_core::options::{Network, SessionOptions};
pub use virtual_files_core::origin::OriginPattern;
pub use virtual_files_core::path::FilePath;
pub use virtual_files_core::protocol::{FileInfo, Storage};
pub use virtual_files_core::session::SessionId;
pub use virtual_files_web::bundle::{Content, Source};

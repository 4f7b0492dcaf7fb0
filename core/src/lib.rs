//! The rules of a virtual web origin, free of the browser.
//!
//! Everything that can be decided without I/O is decided here, as data that a shell then performs: what a request means
//! ([`route`], [`plan`], [`edge`]), what a session is ([`session`], [`path`], [`options`]) and what becomes of it
//! ([`change`], [`index`], [`pack`]), where it is kept ([`store`], [`cache`]), and what is said about it ([`protocol`],
//! [`error`]). Nothing here knows JavaScript, waits for a clock or panics on what came from outside.
//!
//! A put arrives as a [`change::Change`]: packs of bytes, and where in them each file lies. A [`store::Store`] applies it
//! to the session's [`index::Index`] and keeps both. A worker holds indexes and slices of packs in a [`cache::Cache`], turns
//! each request into a [`plan::Plan`] by the index, and answers with the slice that the plan names.
//!
//! With the feature `html`, a document that is shown without a URL of its own gets a base URL and a policy: see `html`.
#![forbid(unsafe_code)]

extern crate alloc;

pub mod cache;
pub mod change;
pub mod config;
pub mod edge;
pub mod error;
#[cfg(feature = "html")]
pub mod html;
pub mod http;
pub mod index;
pub mod known;
pub mod map;
pub mod media_type;
#[cfg(feature = "mime")]
pub mod mime;
pub mod modules;
pub mod options;
pub mod order;
pub mod origin;
pub mod pack;
pub mod pages;
pub mod path;
pub mod plan;
pub mod protocol;
pub mod route;
pub mod session;
pub mod store;

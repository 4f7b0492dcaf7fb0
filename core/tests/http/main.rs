//! The rules of HTTP that a session keeps, as tables: a request on the left, its answer on the right.
// A panic is how a test reports.
#![allow(clippy::unwrap_used)]

mod answers;
mod edge;
mod edge_sessions;
mod fixture;
mod headers;
mod properties;
mod routes;

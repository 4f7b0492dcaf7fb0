//! The Store conformance suite in a Durable Object, for tests only.
//!
//! `GET /suite` gives the names of the cases, `/suite/{name}` runs one: 200, or 500 with what was wrong.

use std::rc::Rc;

use virtual_files_core::index;
use virtual_files_core::store::conformance;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use crate::sql::Sql;
use crate::store::{SqlBody, SqlStore};

/// An object with a store for the suite's sessions.
#[durable_object(fetch)]
pub struct StoreSuite {
    state: State,
}

impl DurableObject for StoreSuite {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let path = request.path();
        let Some(name) = path.strip_prefix("/suite/") else {
            let names: Vec<&str> = conformance::CASES.iter().map(|(name, _)| *name).collect();
            return Response::from_json(&names);
        };
        let store = SqlStore::new(Rc::new(Sql::new(&self.state)?), index::Limits::DEFAULT);
        store.create_tables().map_err(|error| error.to_string())?;
        let read = async |body: &SqlBody| store.read(body).unwrap_or_default();
        match conformance::run(name, &store, |bytes| SqlBody::bytes(bytes), read).await {
            Ok(()) => Response::ok("passed"),
            Err(problem) => Response::error(problem, 500),
        }
    }
}

/// Answers what is for the suite.
pub(crate) async fn fetch(request: &Request, env: &Env) -> Option<worker::Result<Response>> {
    let path = request.path();
    if !path.starts_with("/suite") {
        return None;
    }
    let ask = async || {
        // Every case has a database of its own.
        let stub = env.durable_object("STORE_SUITE")?.get_by_name(&path)?;
        stub.fetch_with_str(&format!("https://suite.invalid{path}")).await
    };
    Some(ask().await)
}

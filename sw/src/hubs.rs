//! Asking the hubs: after a restart the worker has lost what it knew of sessions that live in a hub page's memory.

use js_sys::{Array, Promise};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::http::asked::client_path;
use virtual_files_core::index::{Index, PackId};
use virtual_files_core::protocol::{self, Snapshot, ToHub};
use virtual_files_core::session::SessionId;
use virtual_files_store::BlobBody;
use virtual_files_web::{channel, envelope, locks};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Client, ClientQueryOptions, ClientType, ServiceWorkerGlobalScope};

/// When a hub is asked again, and how long it may take in all: one that is being torn down never answers.
const PATIENCE: &[i32] = &[500, 1_500];

/// How often the hubs are counted and asked, where all answer and fewer have the session than were counted.
const ROUNDS: u32 = 3;

const HUB: &str = "/hub.html";

/// A memory session with its packs.
pub(crate) type Replica = (Index, Vec<(PackId, BlobBody)>);

/// The newest state of a session that any hub of this origin has. Hubs are found among all pages of the origin, also
/// those that this worker does not control.
///
/// Fails with `TIMEOUT` where a hub has the session and does not answer: what the others have may be older than what
/// that one has acknowledged.
pub(crate) async fn recall(scope: &ServiceWorkerGlobalScope, session: &SessionId) -> Result<Option<Replica>> {
    // A hub that is counted may drop the session before it is asked: then all are counted anew. They are asked anew where
    // all have answered.
    let mut silent = false;
    for _ in 0..ROUNDS {
        let holders = holders(session).await;
        if holders == Some(0) {
            return Ok(None);
        }
        if silent {
            break;
        }
        let mut replicas: Vec<Replica> = Vec::new();
        for answer in ask_all(all(scope).await, session) {
            match JsFuture::from(answer).await {
                Ok(answer) => replicas.extend(open(&answer)),
                Err(_) => silent = true,
            }
        }
        if holders.is_none_or(|holders| replicas.len() >= holders) {
            return Ok(replicas.into_iter().max_by_key(|(index, _)| index.version()));
        }
    }
    Err(Error::new(
        ErrorCode::Timeout,
        "The page that has this session in its memory does not answer.",
    ))
}

/// How many hubs have the session in memory, by the locks that they hold. `None` where the browser does not tell.
pub(crate) async fn holders(session: &SessionId) -> Option<usize> {
    locks::held(&protocol::holder_lock(session)).await
}

/// Every hub of the origin.
pub(crate) async fn all(scope: &ServiceWorkerGlobalScope) -> Vec<Client> {
    let hub = |(client, path): (Client, String)| (path == HUB).then_some(client);
    pages(scope).await.into_iter().filter_map(hub).collect()
}

/// Every page of the origin and its path, also those that this worker does not control.
async fn pages(scope: &ServiceWorkerGlobalScope) -> Vec<(Client, String)> {
    let options = ClientQueryOptions::new();
    options.set_include_uncontrolled(true);
    options.set_type(ClientType::Window);
    let clients = JsFuture::from(scope.clients().match_all_with_options(&options)).await;
    let clients = clients.map(|clients| Array::from(&clients)).unwrap_or_default();
    let origin = scope.location().origin();
    let page = |client: Client| {
        let path = client_path(&client.url(), &origin)?;
        Some((client, path))
    };
    clients
        .iter()
        .filter_map(|client| page(client.dyn_into().ok()?))
        .collect()
}

/// Whether a page of the session is open, by the paths of all pages of the origin.
pub(crate) async fn is_open(scope: &ServiceWorkerGlobalScope, session: &SessionId) -> bool {
    let own = ["/", session.as_str(), "/"].concat();
    let pages = pages(scope).await;
    // Who asks is a page itself: without any, the browser does not tell.
    pages.is_empty() || pages.iter().any(|(_, path)| path.starts_with(&own))
}

/// Asks every hub. All are asked before the first answer is waited for.
fn ask_all(hubs: Vec<Client>, session: &SessionId) -> Vec<Promise> {
    let question = protocol::encode(&ToHub {
        session: session.clone(),
    });
    hubs.into_iter()
        .map(|client| {
            let question = question.clone();
            wasm_bindgen_futures::future_to_promise(async move {
                let answer = channel::ask(PATIENCE, |port| {
                    let message = envelope::seal(&question, std::iter::empty());
                    client.post_message_with_transfer(&message, &Array::of1(port))
                });
                answer.await.map_err(|_| JsValue::UNDEFINED)
            })
        })
        .collect()
}

fn open(answer: &JsValue) -> Option<Replica> {
    let snapshot: Snapshot = protocol::decode(&envelope::message(answer).ok()?).ok()?;
    let index = Index::decode(&snapshot.index?).ok()?;
    let packs = envelope::packs(answer).into_iter().map(BlobBody::new);
    Some((index, snapshot.packs.into_iter().map(PackId).zip(packs).collect()))
}

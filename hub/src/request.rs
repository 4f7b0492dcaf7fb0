//! What each request does, and the value that answers it.

use crate::abort::Abort;
use crate::convert;
use crate::export;
use crate::host::Hub;
use crate::sessions::Changed;
use serde::Serialize;
use virtual_files_core::change::{Change, Mode};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::http::headers::opaque_policy;
use virtual_files_core::index::Index;
use virtual_files_core::path::FilePath;
use virtual_files_core::protocol::{self, FileInfo, PROTOCOL_VERSION, Request, Storage, ToWorker, WorkerStats};
use virtual_files_core::session::SessionId;
use virtual_files_store::BlobBody;
use virtual_files_web::envelope;
use wasm_bindgen::{JsCast, JsValue};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    version: u32,
    capabilities: Capabilities,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Capabilities {
    service_worker: bool,
    #[serde(rename = "indexedDB")]
    indexed_db: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Put<'a> {
    version: u64,
    files: usize,
    bytes: u64,
    storage: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
}

#[derive(Serialize)]
struct Deleted {
    version: u64,
    deleted: usize,
}

#[derive(Serialize)]
struct Listed {
    version: u64,
    files: Vec<FileInfo>,
}

#[derive(Serialize)]
struct Session<'a> {
    id: &'a str,
    version: u64,
    files: usize,
    bytes: u64,
    storage: &'a str,
    created: u64,
    used: u64,
}

#[derive(Serialize)]
struct Estimated<'a> {
    usage: f64,
    quota: f64,
    persisted: bool,
    worker: WorkerState<'a>,
}

#[derive(Serialize)]
struct WorkerState<'a> {
    state: &'a str,
    sessions: u32,
    files: u32,
    bytes: u64,
    hits: u64,
    misses: u64,
    started: u64,
}

/// Performs one request. `data` is the message itself, for what travels beside the core's request.
pub(crate) async fn perform(
    hub: &Hub,
    request: Request,
    data: &JsValue,
    abort: Abort,
    progress: &dyn Fn(u64, u64),
) -> Result<JsValue> {
    let edge = convert::is_for_edge(data);
    match request {
        Request::Connect => connected(hub).await,
        // Taken care of by the connection, since it speaks of another request.
        Request::Abort => Ok(JsValue::UNDEFINED),
        Request::PutFiles {
            session,
            mode,
            storage,
            options,
            deletes,
            if_version,
        } => {
            hub.open(&session).await?;
            let flag = abort.clone();
            let (packs, files) = convert::bundle(data, |_| !flag.is_given_up()).await?;
            let total = files.iter().map(|file| file.length).sum();
            progress(0, total);
            let change = Change {
                mode,
                packs,
                files,
                deletes,
                options,
                if_version,
                now: hub.now(),
            };
            hub.ready_for(edge).await?;
            let going_on = |done, of| report(progress, &abort, total, done, of);
            let changed = change_all(hub, &session, Some(storage), change, &abort, &going_on).await?;
            let changed = changed.ok_or_else(|| Error::new(ErrorCode::Internal, "The put changed nothing."))?;
            progress(total, total);
            hub.announce(&session, changed.applied.version);
            convert::value(&Put {
                version: changed.applied.version,
                files: changed.applied.files,
                bytes: changed.applied.bytes,
                storage: changed.storage.as_str(),
                degraded: changed.degraded,
            })
        }
        Request::DeleteFiles {
            session,
            paths,
            if_version,
        } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let change = Change {
                deletes: paths,
                if_version,
                ..Change::new(Mode::Merge, hub.now())
            };
            let changed = change_all(hub, &session, None, change, &abort, &|_, _| !abort.is_given_up()).await?;
            // A session that is not there is not made by deleting from it.
            let Some(changed) = changed else {
                return match if_version {
                    Some(_) => Err(Error::new(ErrorCode::Conflict, "There is no such session.")),
                    None => convert::value(&Deleted { version: 0, deleted: 0 }),
                };
            };
            hub.announce(&session, changed.applied.version);
            convert::value(&Deleted {
                version: changed.applied.version,
                deleted: changed.applied.deleted,
            })
        }
        Request::ListFiles { session, prefix } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let listed = match hub.sessions.index(&session).await? {
                Some((index, _)) => Listed {
                    version: index.version(),
                    files: list(&index, &prefix),
                },
                None => Listed {
                    version: 0,
                    files: Vec::new(),
                },
            };
            convert::value(&listed)
        }
        Request::ReadFile { session, path } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let (index, body) = hub.sessions.read(&session, &path).await?;
            let value = convert::value(&info(&index, &path)?)?;
            let typed = body.blob().slice_with_f64_and_f64_and_content_type(
                0.0,
                body.blob().size(),
                &info(&index, &path)?.media_type,
            );
            let file = typed.unwrap_or_else(|_| body.blob().clone());
            envelope::set(value.unchecked_ref(), "file", &file);
            Ok(value)
        }
        Request::Stat { session, path } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            match hub.sessions.index(&session).await? {
                Some((index, _)) => convert::value(&info(&index, &path)?),
                None => Err(not_found(&path)),
            }
        }
        Request::DeleteSession { session } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let removed = hub
                .sessions
                .remove(session.clone(), hub.announcer(session.clone()))
                .await?;
            if removed.is_some() {
                hub.tell(&session, 0);
            }
            hub.mirrors.refresh(&hub.sessions, &session).await;
            let value = js_sys::Object::new();
            envelope::set(&value, "deleted", &removed.is_some().into());
            Ok(value.into())
        }
        Request::ListSessions => {
            hub.ready_for(edge).await?;
            let all = hub.sessions.list().await?;
            let sessions = all.iter().map(|(info, storage)| Session {
                id: info.id.as_str(),
                version: info.version,
                files: info.files,
                bytes: info.bytes,
                storage: storage.as_str(),
                created: info.created,
                used: info.used,
            });
            let value = js_sys::Object::new();
            envelope::set(&value, "sessions", &convert::value(&sessions.collect::<Vec<_>>())?);
            Ok(value.into())
        }
        Request::Export { session } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let Some((index, packs)) = hub.sessions.export(&session).await? else {
                return Err(Error::new(ErrorCode::NotFound, "There is no such session."));
            };
            let (packs, files) = export::bundle(&index, packs);
            let value = js_sys::Object::new();
            envelope::set(&value, "version", &JsValue::from_f64(index.version() as f64));
            envelope::set(&value, "options", &convert::value(index.options())?);
            envelope::set(
                &value,
                "packs",
                &packs.iter().map(BlobBody::blob).collect::<js_sys::Array>(),
            );
            envelope::set(&value, "index", &js_sys::Uint8Array::from(&*protocol::encode(&files)));
            Ok(value.into())
        }
        Request::Release { session } => {
            hub.check(&session)?;
            hub.sessions.close(&session);
            hub.ready_for(edge).await?;
            hub.mirrors.close(&session).await;
            hub.sessions.release(session).await?;
            Ok(js_sys::Object::new().into())
        }
        // The connection remembers who listens; see `host.rs`.
        Request::Subscribe { session } | Request::Unsubscribe { session } => {
            hub.check(&session).map(|()| js_sys::Object::new().into())
        }
        Request::Estimate => {
            hub.ready_for(edge).await?;
            let (usage, quota, persisted) = convert::estimate().await;
            let stats = stats(hub).await?;
            let worker = WorkerState {
                state: hub.worker.state(),
                sessions: stats.sessions,
                files: stats.files,
                bytes: stats.bytes,
                hits: stats.hits,
                misses: stats.misses,
                started: stats.started,
            };
            convert::value(&Estimated {
                usage,
                quota,
                persisted,
                worker,
            })
        }
        Request::Persist => {
            let value = js_sys::Object::new();
            envelope::set(&value, "persisted", &convert::persist().await.into());
            Ok(value.into())
        }
        Request::Mirror { session, wildcard } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let going_on = |done, of| report(progress, &abort, of, done, of);
            let id = hub.mirrors.open(&hub.sessions, &session, &going_on).await?;
            let value = js_sys::Object::new();
            envelope::set(&value, "root", &hub.edge_root(&id, wildcard).into());
            Ok(value.into())
        }
        Request::Document {
            session,
            html,
            base,
            policy,
        } => {
            hub.open(&session).await?;
            hub.ready_for(edge).await?;
            let index = hub.sessions.index(&session).await?;
            let network = index.map(|(index, _)| index.options().network.clone());
            let policy = policy.map(|root| opaque_policy(&root, &network.unwrap_or_default()));
            let html = convert::document(&html, &base, policy.as_deref()).await?;
            let value = js_sys::Object::new();
            envelope::set(&value, "html", &html);
            Ok(value.into())
        }
        Request::Wake { session } => {
            if let Some(session) = session {
                hub.open(&session).await?;
            }
            hub.ready_for(edge).await?;
            stats(hub).await?;
            Ok(js_sys::Object::new().into())
        }
    }
}

/// Makes a change here, and at the edge where that has the session, too. What cannot be uploaded is not made here either,
/// where the edge has what is here; what only could not be committed at the edge is made here, and the edge catches up with the next change.
async fn change_all(
    hub: &Hub,
    session: &SessionId,
    storage: Option<Storage>,
    change: Change<BlobBody>,
    abort: &Abort,
    going_on: &dyn Fn(u64, u64) -> bool,
) -> Result<Option<Changed>> {
    let staged = hub.mirrors.stage(session, &change, going_on).await?;
    let changed = hub
        .sessions
        .change(session.clone(), storage, change, abort.clone())
        .await;
    match (staged, &changed) {
        (Some(staged), Ok(Some(changed))) => {
            let committed = staged.commit(&hub.sessions, session).await;
            // Made it is, whatever the edge says: who listens is told.
            committed.inspect_err(|_| hub.announce(session, changed.applied.version))?;
        }
        (Some(staged), _) => staged.abandon(),
        // The edge may have got the session just now, without this.
        (None, Ok(Some(_))) => hub.mirrors.refresh(&hub.sessions, session).await,
        (None, _) => {}
    }
    changed
}

/// Reports how far an upload is, as a part of `total`. Says whether it shall go on.
fn report(progress: &dyn Fn(u64, u64), abort: &Abort, total: u64, done: u64, of: u64) -> bool {
    if of > 0 {
        progress((total as f64 * (done as f64 / of as f64)) as u64, total);
    }
    !abort.is_given_up()
}

async fn connected(hub: &Hub) -> Result<JsValue> {
    let worker = hub.ready().await.err();
    let storage = hub.sessions.refused();
    convert::value(&Connected {
        version: PROTOCOL_VERSION,
        capabilities: Capabilities {
            service_worker: worker.is_none(),
            indexed_db: storage.is_none(),
            reason: worker.or(storage).map(|error| error.message().to_owned()),
        },
    })
}

async fn stats(hub: &Hub) -> Result<WorkerStats> {
    match hub.worker.ask(&ToWorker::Stats, &[]).await? {
        Some(answer) => protocol::decode(&envelope::message(&answer)?),
        None => Ok(WorkerStats::default()),
    }
}

fn list(index: &Index, prefix: &str) -> Vec<FileInfo> {
    let files = index.iter().filter(|(path, _)| path.as_str().starts_with(prefix));
    files
        .map(|(path, entry)| FileInfo::new(path, entry, index.media_type(entry)))
        .collect()
}

fn info(index: &Index, path: &FilePath) -> Result<FileInfo> {
    let entry = index.get(path.as_str()).ok_or_else(|| not_found(path))?;
    Ok(FileInfo::new(path, entry, index.media_type(entry)))
}

fn not_found(path: &FilePath) -> Error {
    Error::new(
        ErrorCode::NotFound,
        ["The session has no file ", path.as_str(), "."].concat(),
    )
}

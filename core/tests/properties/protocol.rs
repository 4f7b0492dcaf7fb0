//! What decoding promises: whatever comes is a message or an error, and a message comes back as it was sent.

use std::fmt::Debug;

use serde_json::Value;
use virtual_files_core::change::NewFile;
use virtual_files_core::config::Config;
use virtual_files_core::options::SessionOptions;
use virtual_files_core::protocol::{
    FileInfo, Message, Request, Snapshot, ToHub, ToWorker, WorkerStats, decode, encode,
};

/// Panics unless the promises hold for bytes, taken as a message in each of the forms that there are.
pub(crate) fn check(data: &[u8]) {
    packed::<ToWorker>(data);
    packed::<ToHub>(data);
    packed::<Snapshot>(data);
    packed::<WorkerStats>(data);
    packed::<Vec<NewFile>>(data);
    packed::<SessionOptions>(data);
    packed::<FileInfo>(data);

    if let Ok(message) = serde_json::from_slice::<Message>(data) {
        request(message);
    }
    plain::<SessionOptions>(data);
    plain::<Config>(data);
    plain::<FileInfo>(data);
}

/// A message between hub and worker.
fn packed<T>(data: &[u8])
where
    T: for<'d> serde::Deserialize<'d> + serde::Serialize + PartialEq + Debug,
{
    match decode::<T>(data) {
        Ok(message) => assert_eq!(decode::<T>(&encode(&message)).as_ref(), Ok(&message)),
        Err(error) => assert!(!error.message().is_empty()),
    }
}

/// What people and pages write.
fn plain<T>(data: &[u8])
where
    T: for<'d> serde::Deserialize<'d> + serde::Serialize + PartialEq + Debug,
{
    if let Ok(value) = serde_json::from_slice::<T>(data) {
        let written: Value = serde_json::to_value(&value).expect("it can be written");
        assert_eq!(serde_json::from_value::<T>(written).expect("it can be read"), value);
    }
}

/// A message of a host.
fn request(message: Message) {
    let names = (message.kind.clone(), message.session_id.clone());
    match Request::try_from(message) {
        Ok(request) => {
            let session = match &request {
                Request::PutFiles { session, .. }
                | Request::DeleteFiles { session, .. }
                | Request::ListFiles { session, .. }
                | Request::ReadFile { session, .. }
                | Request::Stat { session, .. }
                | Request::DeleteSession { session }
                | Request::Subscribe { session }
                | Request::Unsubscribe { session }
                | Request::Export { session }
                | Request::Release { session } => Some(session.as_str()),
                _ => None,
            };
            if let Some(session) = session {
                assert_eq!(
                    Some(session),
                    names.1.as_deref(),
                    "{request:?} is about another session"
                );
            }
        }
        Err(error) => assert!(!error.message().is_empty(), "{names:?}"),
    }
}

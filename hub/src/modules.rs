//! Reads what new files load first, out of their packs, so that documents can be served with the addresses of their modules.

use crate::abort::Abort;
use js_sys::Uint8Array;
use virtual_files_core::change::{Change, NewFile};
use virtual_files_core::modules;
use virtual_files_core::pack::PACK_BYTES;
use virtual_files_core::store::Body;
use virtual_files_store::BlobBody;
use virtual_files_web::channel;

/// How long a pack may take to be read, in milliseconds.
const PATIENCE: i32 = 2_000;

/// Notes what the scripts and documents of a change load. What cannot be read is left: it is only fetched later then, and whoever
/// stores it says what is wrong with it.
pub(crate) async fn read(change: &mut Change<BlobBody>, abort: &Abort) {
    let mut scratch = Vec::new();
    for (body, pack) in change.packs.iter().zip(0..) {
        let is_text = |file: &NewFile| file.pack == pack && modules::is_read(&file.media_type, file.length);
        // One read, not one for each of what may be thousands of files, and of the whole pack: Firefox 153 often never ends to read
        // a slice of a Blob of more than a megabyte that has come from another process.
        if abort.is_given_up() {
            return;
        }
        if body.len() > PACK_BYTES || !change.files.iter().any(is_text) {
            continue;
        }
        let Some(buffer) = channel::within(PATIENCE, body.blob().array_buffer()).await else {
            // Nor can the next be.
            return;
        };
        let bytes = Uint8Array::new(&buffer);
        for file in change.files.iter_mut().filter(|file| is_text(file)) {
            let start = file.offset;
            let text = bytes.subarray(start as u32, (start + file.length) as u32);
            scratch.resize(text.length() as usize, 0);
            text.copy_to(&mut scratch);
            file.imports = modules::loaded_by(&file.media_type, &scratch);
        }
    }
}

//! Reads what new files load first, out of their packs, so that documents can be served with the addresses of their modules.

use js_sys::Uint8Array;
use virtual_files_core::change::Change;
use virtual_files_core::modules;
use virtual_files_core::pack::PACK_BYTES;
use virtual_files_core::store::Body;
use virtual_files_store::BlobBody;

/// Notes what the scripts and documents of a change load. What cannot be read is left: it is only fetched later then, and whoever
/// stores it says what is wrong with it.
pub(crate) async fn read(change: &mut Change<BlobBody>) {
    let mut scratch = Vec::new();
    for (body, pack) in change.packs.iter().zip(0..) {
        let texts = || {
            let files = change.files.iter();
            files.filter(move |file| file.pack == pack && modules::is_read(&file.media_type, file.length))
        };
        let first = texts().map(|file| file.offset).min();
        let end = texts().map(|file| file.offset.saturating_add(file.length)).max();
        let (Some(first), Some(end)) = (first, end) else {
            continue;
        };
        // One read, not one for each of what may be thousands of files. No more than a pack that files share may have is read at once.
        if end - first > PACK_BYTES {
            continue;
        }
        let Ok(buffer) = body.slice(first, end).bytes().await else {
            continue;
        };
        let bytes = Uint8Array::new(&buffer);
        for file in change.files.iter_mut().filter(|file| file.pack == pack) {
            if !modules::is_read(&file.media_type, file.length) {
                continue;
            }
            let start = file.offset - first;
            let text = bytes.subarray(start as u32, (start + file.length) as u32);
            scratch.resize(text.length() as usize, 0);
            text.copy_to(&mut scratch);
            file.imports = modules::loaded_by(&file.media_type, &scratch);
        }
    }
}

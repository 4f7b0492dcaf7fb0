//! The files of a put, in any of the forms that JavaScript may give them in.

use crate::bundle::Source;
use crate::content::Content;
use crate::envelope::get;
use js_sys::{Array, Date};
use virtual_files_core::error::{Error, ErrorCode, Result};
use virtual_files_core::path::FilePath;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, File};

const SHAPE: &str =
    "Files are an object or a Map from path to content, or a list of { path, content }, [path, content] or File.";

/// The files that `value` holds: an object or a `Map` from path to content, or anything that can be iterated whose
/// items are `{ path, content, type?, modified? }`, `[path, content]` or a `File`.
///
/// A `File` that came from a folder picker has its path below the picked folder.
pub fn from_js(value: &JsValue) -> Result<Vec<Source>> {
    if !value.is_object() || value.is_instance_of::<Blob>() {
        return Err(invalid(SHAPE));
    }
    // A `Map` is iterated as the pairs that it holds; what cannot be iterated has its pairs read.
    let list = match js_sys::try_iter(value) {
        Ok(Some(_)) => from(value),
        Ok(None) => entries(value),
        Err(thrown) => Err(thrown),
    };
    list.map_err(|_| thrown())?
        .iter()
        .map(|item| from_item(&item))
        .collect()
}

#[wasm_bindgen]
extern "C" {
    /// The browser's own, which throws what a getter throws.
    #[wasm_bindgen(catch, js_namespace = Object)]
    fn entries(value: &JsValue) -> std::result::Result<Array, JsValue>;

    /// The same of what can be iterated: one call for all of it, where `js_sys` makes some for each.
    #[wasm_bindgen(catch, js_namespace = Array)]
    fn from(value: &JsValue) -> std::result::Result<Array, JsValue>;
}

fn from_item(item: &JsValue) -> Result<Source> {
    if let Some(entry) = item.dyn_ref::<Array>() {
        let path = entry.get(0).as_string().ok_or_else(|| invalid(SHAPE))?;
        return source(&path, &entry.get(1));
    }
    if let Some(file) = item.dyn_ref::<File>() {
        return source(&path_of(file), item);
    }
    let path = get(item, "path").as_string().ok_or_else(|| invalid(SHAPE))?;
    let mut source = source(&path, &get(item, "content"))?;
    if let Some(named) = get(item, "type").as_string()
        && !named.is_empty()
    {
        source.media_type = named;
    }
    let modified = get(item, "modified");
    let modified = modified.dyn_ref::<Date>().map(Date::get_time).or(modified.as_f64());
    source.modified = modified
        .filter(|time| *time >= 0.0)
        .map(|time| time as u64)
        .or(source.modified);
    Ok(source)
}

fn source(path: &str, content: &JsValue) -> Result<Source> {
    let of_path = |error: Error| Error::new(error.code(), named(error.message(), path));
    let parsed = FilePath::parse(path).map_err(of_path)?;
    let content = Content::from_js(content).map_err(of_path)?.ok_or_else(|| {
        invalid(named(
            "A content is neither a string, an ArrayBuffer, a view of one, nor a Blob.",
            path,
        ))
    })?;
    // Browsers guess a `File`'s type from the extension, some of them worse than the hub does (`.ts` is a video, `.js`
    // what the registry says), and `fetch` has what a server guessed. So it only counts where there is no extension.
    let has_extension = parsed
        .as_str()
        .bytes()
        .rev()
        .take_while(|byte| *byte != b'/')
        .any(|byte| byte == b'.');
    let own = content.media_type();
    let media_type = if !has_extension && own.contains('/') {
        own
    } else {
        String::new()
    };
    Ok(Source {
        path: parsed,
        content,
        media_type,
        modified: None,
    })
}

/// The path of a `File`: what comes after the name of the folder that was picked, or else its name.
fn path_of(file: &File) -> String {
    let relative = get(file, "webkitRelativePath").as_string().unwrap_or_default();
    match relative.split_once('/') {
        Some((_, path)) => path.to_owned(),
        None => file.name(),
    }
}

/// A message with the path that it is about.
fn named(message: &str, path: &str) -> String {
    let shown: String = path.chars().take(200).collect();
    [message, " Path: \"", &shown, "\""].concat()
}

fn thrown() -> Error {
    invalid("The files could not be gone through: something in them throws.")
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::InvalidMessage, message)
}

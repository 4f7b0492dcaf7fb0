//! Base URLs and content policies in HTML documents: the core's rules, as wasm of their own.
//!
//! The tables of an HTML tokenizer are as large as the rest of the hub's code, and most pages that embed previews never
//! give a document as HTML. So the hub loads this when it is first asked to.

use virtual_files_core::html::with_base;
use wasm_bindgen::prelude::*;
use web_sys::Url;

/// The document with `base`, and with `policy` if there is one, as the first things in its head.
#[wasm_bindgen]
pub fn document(html: &str, base: &str, policy: Option<String>) -> String {
    with_base(html, base, policy.as_deref(), |href| {
        Url::new_with_base(href, base).ok().map(|url| url.href())
    })
}

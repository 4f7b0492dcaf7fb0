//! The frames that the SDK makes: the hidden one of a hub, and a preview's.

use crate::error::{Error, Result};
use crate::isolation::Isolation;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::http::headers::OPAQUE_SANDBOX;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlIFrameElement};

/// What a preview's sandbox always allows: to run.
const SANDBOX: &str = "allow-scripts";

/// To be of the origin that it came from: without it no worker serves it, with it it is not opaque.
const SAME_ORIGIN: &str = "allow-same-origin";

/// Every other token there is. Those that let a preview replace the host's page are the host's own choice.
const TOKENS: &[&str] = &[
    "allow-downloads",
    "allow-forms",
    "allow-modals",
    "allow-orientation-lock",
    "allow-pointer-lock",
    "allow-popups",
    "allow-popups-to-escape-sandbox",
    "allow-presentation",
    "allow-same-origin",
    "allow-scripts",
    "allow-storage-access-by-user-activation",
    "allow-top-navigation",
    "allow-top-navigation-by-user-activation",
    "allow-top-navigation-to-custom-protocols",
];

/// A preview's sandbox with the tokens that the host adds to it. What an opaque frame cannot have is refused, or left out.
pub(crate) fn sandbox(extra: &str, isolation: Isolation, lenient: bool) -> Result<String> {
    let opaque = isolation == Isolation::Opaque;
    let mut sandbox = String::from(SANDBOX);
    if !opaque {
        sandbox = [SANDBOX, " ", SAME_ORIGIN].concat();
    }
    for token in extra.split_ascii_whitespace() {
        if !TOKENS.contains(&token) {
            return Err(Error::of(
                ErrorCode::InvalidMessage,
                &["\"", token, "\" is not a token that `sandbox` knows."],
            ));
        }
        // What the edge's own policy does not allow, an opaque frame never has.
        if opaque && !OPAQUE_SANDBOX.split(' ').any(|allowed| allowed == token) {
            if lenient {
                continue;
            }
            return Err(Error::of(
                ErrorCode::InvalidMessage,
                &["An opaque frame never has \"", token, "\"."],
            ));
        }
        if !sandbox.split(' ').any(|known| known == token) {
            sandbox.push(' ');
            sandbox.push_str(token);
        }
    }
    Ok(sandbox)
}

/// A frame with these attributes, not yet in the document.
pub(crate) fn create(document: &Document, attributes: &[(&str, &str)]) -> Result<HtmlIFrameElement> {
    let failed = || Error::browser("The browser did not make a frame.");
    let frame = document.create_element("iframe").map_err(failed())?;
    for (name, value) in attributes {
        frame.set_attribute(name, value).map_err(failed())?;
    }
    Ok(frame.unchecked_into())
}

/// The hub's frame in the document: not seen, not heard, not reached by the keyboard.
pub(crate) fn hidden(document: &Document, url: &str) -> Result<HtmlIFrameElement> {
    let frame = create(
        document,
        &[
            ("title", "virtual-files"),
            ("aria-hidden", "true"),
            ("tabindex", "-1"),
            ("referrerpolicy", "no-referrer"),
            ("src", url),
        ],
    )?;
    // Not `display: none`, under which browsers save on what a frame may do. By the object model, since a host's
    // content policy may refuse a style attribute.
    frame
        .style()
        .set_css_text("position:fixed;width:0;height:0;border:0;visibility:hidden");
    Ok(frame)
}

/// Puts a hidden frame where it does not get into the way of a framework.
pub(crate) fn append(document: &Document, frame: &HtmlIFrameElement) -> Result<()> {
    let parent = document
        .body()
        .map(Element::from)
        .or_else(|| document.document_element());
    let Some(parent) = parent else {
        return Err(Error::new(ErrorCode::Internal, "The document is empty."));
    };
    parent
        .append_child(frame)
        .map(drop)
        .map_err(Error::browser("The browser did not take a frame."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_has_each_known_token_once() {
        use Isolation::{Opaque, Origin};
        let sandbox = |extra| super::sandbox(extra, Origin, false);
        assert_eq!(sandbox("").unwrap(), "allow-scripts allow-same-origin");
        assert_eq!(
            super::sandbox("allow-forms", Opaque, false).unwrap(),
            "allow-scripts allow-forms"
        );
        for not_opaque in [
            "allow-forms allow-same-origin",
            "allow-top-navigation",
            "allow-presentation",
        ] {
            assert!(super::sandbox(not_opaque, Opaque, false).is_err(), "{not_opaque}");
            let kept = super::sandbox(not_opaque, Opaque, true).unwrap();
            assert!(
                ["allow-scripts", "allow-scripts allow-forms"].contains(&kept.as_str()),
                "{kept}"
            );
        }
        assert_eq!(
            sandbox(" allow-forms\tallow-scripts allow-forms ").unwrap(),
            "allow-scripts allow-same-origin allow-forms"
        );
        assert!(
            sandbox("")
                .unwrap()
                .split(' ')
                .all(|token| !token.contains("navigation"))
        );
        for bad in ["allow-everything", "allow-forms;", "ALLOW-FORMS", "*"] {
            assert_eq!(sandbox(bad).unwrap_err().code(), ErrorCode::InvalidMessage, "{bad}");
        }
    }
}

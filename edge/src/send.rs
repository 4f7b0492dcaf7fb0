//! The one place where an answer becomes a `Response`.

use virtual_files_core::http::Headers;
use worker::{Response, ResponseBody};

/// What an answer holds.
pub(crate) enum Content {
    /// Nothing.
    None,
    /// Nothing, of the length that the headers say: a file's, for HEAD.
    Head,
    /// Bytes that are here.
    Bytes(Vec<u8>),
    /// Bytes that another answer is still bringing.
    Passed(ResponseBody),
}

impl Content {
    /// A page of ours.
    pub(crate) fn page(status: u16, body: String) -> Self {
        if matches!(status, 204 | 304) {
            Self::None
        } else {
            Self::Bytes(body.into_bytes())
        }
    }
}

/// Makes the answer.
pub(crate) fn send(status: u16, headers: &Headers<'_>, content: Content) -> worker::Result<Response> {
    let sent = worker::Headers::new();
    for (name, value) in headers {
        // The runtime counts what it sends.
        if *name != "content-length" || matches!(content, Content::Head) {
            sent.set(name, value)?;
        }
    }
    let response = match content {
        Content::Bytes(bytes) => Response::from_bytes(bytes)?,
        Content::Passed(body) => Response::from_body(body)?,
        Content::None | Content::Head => Response::empty()?,
    };
    Ok(response.with_status(status).with_headers(sent))
}

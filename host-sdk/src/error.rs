//! The SDK's error: the core's, and the JavaScript value that it came from, if it came from one.

use std::fmt;
use std::rc::Rc;
use virtual_files_core::error::{Error as CoreError, ErrorCode};
use wasm_bindgen::JsValue;

/// What went wrong: a stable code, a sentence for people, and what JavaScript threw.
///
/// Its clones are the same one: many may wait for what has failed.
#[derive(Clone, Debug)]
pub struct Error(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    error: CoreError,
    cause: Option<JsValue>,
}

/// What everything in this crate that can fail returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(code: ErrorCode, message: &'static str) -> Self {
        CoreError::new(code, message).into()
    }

    /// An error whose message names what it is about.
    pub(crate) fn of(code: ErrorCode, message: &[&str]) -> Self {
        CoreError::new(code, message.concat()).into()
    }

    pub(crate) fn because(self, cause: JsValue) -> Self {
        Self(Rc::new(Inner {
            error: self.0.error.clone(),
            cause: Some(cause),
        }))
    }

    /// What the browser refused to do, and what it said.
    pub(crate) fn browser(message: &'static str) -> impl Fn(JsValue) -> Self {
        move |cause| Self::new(ErrorCode::Internal, message).because(cause)
    }

    /// What went wrong, as programs tell it apart.
    pub fn code(&self) -> ErrorCode {
        self.0.error.code()
    }

    /// The same in a sentence.
    pub fn message(&self) -> &str {
        self.0.error.message()
    }

    /// What JavaScript threw, where that is the cause.
    pub fn cause(&self) -> Option<&JsValue> {
        self.0.cause.as_ref()
    }
}

impl From<CoreError> for Error {
    fn from(error: CoreError) -> Self {
        Self(Rc::new(Inner { error, cause: None }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(out)
    }
}

impl std::error::Error for Error {}

//! A request that the one who asked may give up.

use std::cell::Cell;
use std::rc::Rc;
use virtual_files_core::error::{Error, ErrorCode, Result};
use web_sys::{AbortController, AbortSignal};

/// Whether a request was given up. Clones are of the same request.
#[derive(Clone, Debug)]
pub(crate) struct Abort {
    given_up: Rc<Cell<bool>>,
    /// For the browser's own ways of waiting.
    controller: Option<AbortController>,
}

impl Abort {
    pub(crate) fn new() -> Self {
        Self {
            given_up: Rc::default(),
            controller: AbortController::new().ok(),
        }
    }

    /// The one who asked wants no more of it.
    pub(crate) fn give_up(&self) {
        self.given_up.set(true);
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.get()
    }

    /// Aborted when the request is given up.
    pub(crate) fn signal(&self) -> Option<AbortSignal> {
        self.controller.as_ref().map(AbortController::signal)
    }

    /// Fails with `ABORTED` once it is given up.
    pub(crate) fn check(&self) -> Result<()> {
        match self.is_given_up() {
            true => Err(Error::new(ErrorCode::Aborted, "The request was given up.")),
            false => Ok(()),
        }
    }
}

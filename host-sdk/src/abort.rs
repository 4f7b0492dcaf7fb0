//! How whoever asked for something long follows it and gives it up.

use crate::error::{Error, Result};
use crate::wait::Once;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use virtual_files_core::error::ErrorCode;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// Gives up what it was handed to. Its clones are the same one.
#[derive(Clone)]
pub struct Abort(Rc<Inner>);

struct Inner {
    fired: Once<()>,
    listening: Option<(AbortSignal, Closure<dyn Fn()>)>,
}

impl Abort {
    /// One that [`Abort::abort`] sets off.
    pub fn new() -> Self {
        Self(Rc::new(Inner {
            fired: Once::new(),
            listening: None,
        }))
    }

    /// One that goes off with a signal of JavaScript's.
    pub fn from_signal(signal: AbortSignal) -> Self {
        let fired = Once::new();
        if signal.aborted() {
            fired.set(());
        }
        let abort = fired.clone();
        let listener = Closure::<dyn Fn()>::new(move || abort.set(()));
        // Adding a function as a listener cannot fail.
        drop(signal.add_event_listener_with_callback("abort", listener.as_ref().unchecked_ref()));
        Self(Rc::new(Inner {
            fired,
            listening: Some((signal, listener)),
        }))
    }

    /// Gives up.
    pub fn abort(&self) {
        self.0.fired.set(());
    }

    /// Whether it was given up.
    pub fn aborted(&self) -> bool {
        self.0.fired.is_set()
    }

    pub(crate) fn fired(&self) -> Once<()> {
        self.0.fired.clone()
    }

    fn error(&self) -> Error {
        let error = Error::new(ErrorCode::Aborted, "Given up by its signal.");
        match &self.0.listening {
            Some((signal, _)) => error.because(signal.reason()),
            None => error,
        }
    }
}

impl Default for Abort {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Abort").field("aborted", &self.aborted()).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some((signal, listener)) = &self.listening {
            drop(signal.remove_event_listener_with_callback("abort", listener.as_ref().unchecked_ref()));
        }
    }
}

/// What is told of progress: bytes done, bytes in all.
pub(crate) type Progress = Rc<dyn Fn(f64, f64)>;

/// How something long is followed and given up.
#[derive(Clone, Default)]
pub struct Control {
    /// Told of bytes done and bytes in all, as they become more.
    pub progress: Option<Progress>,
    /// Gives up.
    pub abort: Option<Abort>,
}

impl Control {
    pub(crate) fn report(&self, done: f64, total: f64) {
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
    }

    /// Fails with `ABORTED` where it was given up.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.abort {
            Some(abort) if abort.aborted() => Err(abort.error()),
            _ => Ok(()),
        }
    }

    /// Waits, and fails with `ABORTED` as soon as it is given up.
    pub(crate) async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        let Some(abort) = &self.abort else {
            return Ok(future.await);
        };
        let (mut future, mut fired) = (pin!(future), abort.fired());
        poll_fn(|context| match Pin::new(&mut fired).poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(abort.error())),
            Poll::Pending => future.as_mut().poll(context).map(Ok),
        })
        .await
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Control")
            .field("abort", &self.abort)
            .finish_non_exhaustive()
    }
}

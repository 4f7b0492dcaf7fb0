//! Waiting: for a value that is set once, for some time to pass, for one's turn.
//!
//! Everything runs on one thread, and nothing here outlives the page.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32) -> JsValue;
}

/// A value that is set once and that many may wait for. Its clones are the same one.
pub(crate) struct Once<T>(Rc<RefCell<State<T>>>);

struct State<T> {
    value: Option<T>,
    wakers: Vec<Waker>,
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone> Once<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            value: None,
            wakers: Vec::new(),
        })))
    }

    /// Sets the value, unless it is set already.
    pub(crate) fn set(&self, value: T) {
        let mut state = self.0.borrow_mut();
        if state.value.is_none() {
            state.value = Some(value);
            let wakers = mem::take(&mut state.wakers);
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.borrow().value.is_some()
    }
}

impl<T: Clone> Future for Once<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.borrow_mut();
        if let Some(value) = &state.value {
            return Poll::Ready(value.clone());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// What all of these come to, once they all have.
pub(crate) async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, value) in waiting.iter_mut().zip(&mut done) {
            if value.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *value = Some(ready);
            }
        }
        match done.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// What `once` is set to; none where that takes longer than some time.
pub(crate) async fn within<T: Clone>(milliseconds: u32, mut once: Once<T>) -> Option<T> {
    let mut late = Once::new();
    let timer = late.clone();
    after(milliseconds, move || timer.set(()));
    poll_fn(|context| match Pin::new(&mut once).poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Pin::new(&mut late).poll(context).map(|()| None),
    })
    .await
}

/// Does something after some time.
pub(crate) fn after(milliseconds: u32, action: impl FnOnce() + 'static) {
    // Timers take 31 bits, and fire at once for more.
    let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
    set_timeout(&Closure::once_into_js(action), milliseconds);
}

impl<T: Clone> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives turns in the order in which they were asked for.
pub(crate) struct Queue(RefCell<Option<Once<()>>>);

/// One's turn: over when dropped.
pub(crate) struct Turn {
    before: Option<Once<()>>,
    over: Once<()>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Takes the last place in the queue.
    pub(crate) fn join(&self) -> Turn {
        let over = Once::new();
        Turn {
            before: self.0.replace(Some(over.clone())),
            over,
        }
    }
}

impl Turn {
    /// Set when all who came before are done.
    pub(crate) fn come(&self) -> Once<()> {
        self.before.clone().unwrap_or_else(|| {
            let now = Once::new();
            now.set(());
            now
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (before, over) = (self.come(), self.over.clone());
        if before.is_set() {
            over.set(());
        } else {
            // Who leaves the queue early does not let the next one pass those before.
            spawn_local(async move {
                before.await;
                over.set(());
            });
        }
    }
}

/// A source of numbers that are never given twice.
#[derive(Default)]
pub(crate) struct Numbers(Cell<u32>);

impl Numbers {
    pub(crate) fn next(&self) -> u32 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll<T: Clone>(once: &mut Once<T>) -> Poll<T> {
        Pin::new(once).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_first_value_stays() {
        let mut once = Once::new();
        assert_eq!(poll(&mut once), Poll::Pending);
        once.set(1);
        once.clone().set(2);
        assert_eq!(poll(&mut once), Poll::Ready(1));
        assert_eq!(poll(&mut once.clone()), Poll::Ready(1));
    }

    #[test]
    fn turns_come_in_order() {
        let queue = Queue::new();
        let (first, second) = (queue.join(), queue.join());
        assert!(first.come().is_set());
        assert!(!second.come().is_set());
        drop(first);
        assert!(second.come().is_set());
        let third = queue.join();
        assert!(!third.come().is_set());
        drop(second);
        assert!(third.come().is_set());
    }

    #[test]
    fn all_are_waited_for() {
        let (one, two) = (Once::new(), Once::new());
        let mut both = std::pin::pin!(all([one.clone(), two.clone()]));
        let mut poll = || both.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        two.set(2);
        assert_eq!(poll(), Poll::Pending);
        one.set(1);
        assert_eq!(poll(), Poll::Ready(vec![1, 2]));
    }

    #[test]
    fn numbers_differ() {
        let numbers = Numbers::default();
        assert_ne!(numbers.next(), numbers.next());
    }
}

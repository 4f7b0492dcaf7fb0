//! What the cache holds of packs: handles to what the browser has, and the bytes of those that are asked for often.
//!
//! Chromium takes a Blob's bytes to a page by way of another process, and a stream's straight. So a pack of small files is
//! read once it has been asked for some times, and its files are streamed from then on.

use crate::convert::{self, JsResult, Payload};
use js_sys::Uint8Array;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use virtual_files_core::http::Headers;
use virtual_files_core::pack::PACK_BYTES;
use virtual_files_core::store::Body;
use virtual_files_store::BlobBody;
use virtual_files_web::is_chromium;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Response, ResponseInit};

/// The largest file that is streamed; above it, a Blob is as fast.
const STREAMED: u64 = 1 << 20;

/// How often small files of a pack are asked for until it is read.
const OFTEN: u32 = 4;

/// How many bytes are kept in all.
const MAX_BYTES: u64 = 64 << 20;

thread_local! {
    /// How many are.
    static KEPT: Cell<u64> = const { Cell::new(0) };
}

/// A pack, or a part of one. Its clones are the same.
#[derive(Clone)]
pub(crate) struct Held(Rc<Part>);

struct Part {
    pack: Rc<Pack>,
    start: u64,
    end: u64,
    /// Made when it is first needed.
    blob: OnceCell<BlobBody>,
    /// Whether it was answered with before.
    again: Cell<bool>,
    /// What it was answered with then, and the same as the browser takes it.
    init: RefCell<Option<(u16, Headers<'static>, ResponseInit)>>,
}

struct Pack {
    blob: BlobBody,
    length: u64,
    asked: Cell<u32>,
    bytes: RefCell<Option<Uint8Array>>,
}

impl Held {
    pub(crate) fn pack(blob: BlobBody) -> Self {
        let length = blob.len();
        let pack = Pack {
            blob: blob.clone(),
            length,
            asked: Cell::new(0),
            bytes: RefCell::default(),
        };
        Self(Rc::new(Part {
            pack: Rc::new(pack),
            start: 0,
            end: length,
            blob: blob.into(),
            again: Cell::default(),
            init: RefCell::default(),
        }))
    }

    /// A part of this; nothing where this has no such part.
    pub(crate) fn part(&self, start: u64, end: u64) -> Option<Self> {
        let (start, end) = (self.0.start.checked_add(start)?, self.0.start.checked_add(end)?);
        (start <= end && end <= self.0.end).then(|| {
            Self(Rc::new(Part {
                pack: self.0.pack.clone(),
                start,
                end,
                blob: OnceCell::new(),
                again: Cell::default(),
                init: RefCell::default(),
            }))
        })
    }

    /// The handle.
    pub(crate) fn blob(&self) -> &BlobBody {
        let part = &*self.0;
        part.blob.get_or_init(|| part.pack.blob.slice(part.start, part.end))
    }

    /// A response with all of this. Of what is asked for again, the headers are kept: mostly they are the same, and telling the
    /// browser of each costs more than all else here.
    pub(crate) fn answer(&self, status: u16, headers: &Headers<'_>) -> JsResult<Response> {
        let mut known = self.0.init.borrow_mut();
        if let Some((number, fields, init)) = &*known
            && (*number, fields) == (status, headers)
        {
            return convert::answer(init, &self.payload());
        }
        let init = convert::init(status, headers)?;
        // A document's may name hundreds of modules.
        let small = headers.iter().all(|(name, _)| *name != "link");
        if small && self.0.again.replace(true) {
            let own = |(name, value): &(_, Cow<'_, str>)| (*name, Cow::Owned(value.clone().into_owned()));
            *known = Some((status, headers.iter().map(own).collect(), init.clone()));
        }
        convert::answer(&init, &self.payload())
    }

    fn payload(&self) -> Payload<'_> {
        let part = &*self.0;
        if part.end - part.start <= STREAMED {
            part.pack.ask();
            if let Some(bytes) = &*part.pack.bytes.borrow() {
                return Payload::Bytes(bytes.subarray(part.start as u32, part.end as u32));
            }
        }
        Payload::Blob(self.blob())
    }
}

impl Pack {
    /// Notes that a file of it is asked for, and has it read where that is worth it.
    fn ask(self: &Rc<Self>) {
        let asked = self.asked.get();
        if asked >= OFTEN {
            return;
        }
        self.asked.set(asked + 1);
        if asked + 1 == OFTEN && self.length <= PACK_BYTES && is_chromium() {
            let pack = self.clone();
            spawn_local(async move { pack.read().await });
        }
    }

    async fn read(&self) {
        // What there is no room for now, and what cannot be read, is as good as it was: as a Blob.
        if KEPT.get() + self.length > MAX_BYTES {
            return;
        }
        KEPT.set(KEPT.get() + self.length);
        let read = self.blob.bytes().await.ok();
        let bytes = read.map(|buffer| Uint8Array::new(&buffer));
        match bytes.filter(|bytes| u64::from(bytes.length()) == self.length) {
            Some(bytes) => drop(self.bytes.replace(Some(bytes))),
            None => KEPT.set(KEPT.get() - self.length),
        }
    }
}

impl Drop for Pack {
    fn drop(&mut self) {
        if self.bytes.get_mut().is_some() {
            KEPT.set(KEPT.get() - self.length);
        }
    }
}

//! What changes a session: puts, deletes, and bringing it to a second place.
//!
//! Writes take turns, so that they reach the hub in the order in which they were asked for, however long each takes to
//! pack. A write goes to every place that the session has; the first one's answer counts, and another that came to
//! something else is given up: it would not be the session any more.

use crate::abort::{Control, Progress};
use crate::client::disposed;
use crate::convert::{self, Deleted, PutResult};
use crate::entry;
use crate::error::Result;
use crate::hub::{Asked, Hub};
use crate::isolation::Isolation;
use crate::session::{Place, Session, release};
use crate::wait::all;
use js_sys::Array;
use std::cell::Cell;
use std::rc::Rc;
use virtual_files_core::change::Mode;
use virtual_files_core::error::ErrorCode;
use virtual_files_core::known::Known;
use virtual_files_core::order::sort;
use virtual_files_core::path::FilePath;
use virtual_files_web::bundle::{self, Source};
use virtual_files_web::envelope::{get, set};
use virtual_files_web::random_bytes;
use wasm_bindgen::JsValue;

impl Session {
    /// Adds files, or puts them in the place of all others. It is there for the next request when this is answered:
    /// all of it, or on an error nothing.
    pub async fn put(&self, sources: Vec<Source>, mode: Mode, control: &Control) -> Result<PutResult> {
        self.put_js(sources, mode, control)
            .await
            .map(|answer| convert::put_result(&answer))
    }

    pub(crate) async fn put_js(&self, mut sources: Vec<Source>, mode: Mode, control: &Control) -> Result<JsValue> {
        let turn = self.0.writes.join();
        control.wait(turn.come()).await?;
        self.0.alive()?;
        if mode == Mode::Replace {
            let documents = self.0.documents.borrow();
            sources.extend(
                documents
                    .iter()
                    .map(|(path, content)| Source::new(path.clone(), content.clone())),
            );
        }
        // Half of the way is packing, half is what the hub does.
        let total = sources.iter().map(|source| source.content.len()).sum::<u64>() as f64;
        let last = Rc::new(Cell::new(-1.0));
        let report = {
            let (control, last) = (control.clone(), last.clone());
            move |done: f64| {
                if done > last.replace(done.max(last.get())) {
                    control.report(done, total);
                }
            }
        };
        report(0.0);
        let mut packing = |done: u64| {
            report((done as f64 / 2.0).floor());
            control.check().is_ok()
        };
        sort(&mut sources, |one, other| one.path < other.path);
        // Whatever comes between leaves nothing known.
        let mut known = self.known();
        let mut tags = known.is_some();
        let (mut all, mut deletes) = (sources.iter().collect::<Vec<_>>(), Vec::new());
        loop {
            let packed = bundle::pack(&all, tags, &mut packing).await;
            let mut packed = packed.map_err(|error| control.check().err().unwrap_or_else(|| error.into()))?;
            if let (true, Some(before)) = (tags, &known) {
                tags = false;
                let time = |source: &Source| source.modified.or_else(|| source.content.modified());
                let timed = |place: usize| sources.get(place).and_then(time).is_some();
                match before.delta(&packed.files, timed, mode) {
                    Some(delta) => {
                        all = delta.changed.iter().filter_map(|place| sources.get(*place)).collect();
                        deletes = delta.deletes;
                    }
                    None => known = None,
                }
                continue;
            }
            // Time has passed.
            control.check()?;
            self.0.alive()?;

            let mut half: Option<Progress> = Some({
                let report = report.clone();
                Rc::new(move |done: f64, of: f64| {
                    let part = if of > 0.0 { (done / of).min(1.0) } else { 1.0 };
                    report((total / 2.0 + part * total / 2.0).floor());
                })
            });
            let mut put = |place: &Place| {
                let request = convert::request("PUT_FILES", &self.0.id);
                let options = self.0.options.as_ref();
                let mode = if known.is_some() { Mode::Merge } else { mode };
                let transfer = convert::put(&request, &packed, mode, self.0.wanted, options, &deletes);
                if let Some(known) = &known {
                    convert::only_at(&request, known.version());
                }
                // The first place's progress is what is told.
                place.hub.ask(self.0.user, request, &transfer, half.take())
            };
            let answer = match self.everywhere(control, &mut put).await {
                Err(error) if known.is_some() && error.code() == ErrorCode::Conflict => {
                    // Somebody else has changed the session: all is sent.
                    (known, all, deletes) = (None, sources.iter().collect(), Vec::new());
                    continue;
                }
                answer => answer?,
            };
            let result = convert::put_result(&answer);
            let files = std::mem::take(&mut packed.files);
            self.know(match known {
                Some(known) => known.changed(result.version, files, &deletes),
                None => Known::after(result.version, files, result.files),
            });
            self.0.stored(result.storage, result.degraded);
            report(total);
            return Ok(answer);
        }
    }

    /// What is known of the session where it has one place; nothing from then on, until it is known anew.
    fn known(&self) -> Option<Known> {
        let known = self.0.known.take();
        known.filter(|_| self.0.places.borrow().len() == 1)
    }

    fn know(&self, known: Known) {
        self.0.known.replace(Some(known));
    }

    /// Deletes files; paths that are not there are passed over.
    pub async fn delete(&self, paths: &[FilePath]) -> Result<Deleted> {
        self.delete_js(paths).await.map(|answer| convert::deleted(&answer))
    }

    pub(crate) async fn delete_js(&self, paths: &[FilePath]) -> Result<JsValue> {
        let turn = self.0.writes.join();
        turn.come().await;
        self.0.alive()?;
        self.delete_everywhere(paths).await
    }

    async fn delete_everywhere(&self, paths: &[FilePath]) -> Result<JsValue> {
        let mut known = self.known();
        loop {
            let mut delete = |place: &Place| {
                let request = convert::request("DELETE_FILES", &self.0.id);
                set(&request, "paths", &convert::paths(paths));
                if let Some(known) = &known {
                    convert::only_at(&request, known.version());
                }
                place.hub.ask(self.0.user, request, &Array::new(), None)
            };
            match self.everywhere(&Control::default(), &mut delete).await {
                Err(error) if known.is_some() && error.code() == ErrorCode::Conflict => known = None,
                answer => {
                    if let (Some(known), Ok(answer)) = (known, &answer) {
                        let (version, mut gone) = (convert::deleted(answer).version, paths.to_vec());
                        sort(&mut gone, |one, other| one < other);
                        self.know(known.changed(version, Vec::new(), &gone));
                    }
                    return answer;
                }
            }
        }
    }

    /// Deletes the session with all its files.
    pub async fn clear(&self) -> Result<()> {
        let turn = self.0.writes.join();
        turn.come().await;
        self.0.alive()?;
        self.0.known.take();
        let mut clear = |place: &Place| {
            let request = convert::request("DELETE_SESSION", &self.0.id);
            place.hub.ask(self.0.user, request, &Array::new(), None)
        };
        self.everywhere(&Control::default(), &mut clear).await.map(drop)
    }

    /// The first place's answer, once all have answered.
    async fn everywhere(&self, control: &Control, ask: &mut dyn FnMut(&Place) -> Result<Asked>) -> Result<JsValue> {
        let mut places: Vec<Place> = Vec::new();
        // One hub may be two places: its worker's, and the edge's.
        for place in self.0.places.borrow().iter() {
            if !places.iter().any(|known| Rc::ptr_eq(&known.hub, &place.hub)) {
                places.push(place.clone());
            }
        }
        let mut asked = Vec::with_capacity(places.len());
        for place in &places {
            match ask(place) {
                // Nobody is asked then, and the places stay alike.
                Err(error) if asked.is_empty() => return Err(error),
                sent => asked.push(async move { sent?.answer_under(control).await }),
            }
        }
        let mut answers = all(asked).await.into_iter();
        let first = answers.next().unwrap_or_else(|| Err(disposed()));
        for (place, answer) in places.iter().skip(1).zip(answers) {
            let alike = match (&first, &answer) {
                (Ok(_), Ok(_)) => true,
                (Err(one), Err(other)) => one.code() == other.code(),
                _ => false,
            };
            if !alike {
                self.lose(place);
            }
        }
        first
    }

    /// Gives up a place that is no copy of the first any more; who asks for its isolation next has it made anew.
    fn lose(&self, lost: &Place) {
        self.0.known.take();
        self.0.places.borrow_mut().retain(|place| {
            let kept = !Rc::ptr_eq(&place.hub, &lost.hub);
            if !kept {
                // Each place has joined it.
                self.0.client.leave(&lost.hub, self.0.user);
            }
            kept
        });
    }

    /// The place that serves the session under an isolation. Where it has none yet, the files are brought there.
    pub(crate) async fn place(&self, isolation: Option<Isolation>) -> Result<Place> {
        self.0.alive()?;
        let isolation = match isolation {
            None => self.isolation(),
            asked => self.0.client.origins.resolve(asked)?,
        };
        let turn = self.0.writes.join();
        turn.come().await;
        self.0.alive()?;
        let known = |place: &&Place| place.isolation == isolation;
        let known = self.0.places.borrow().iter().find(known).cloned();
        match known {
            Some(place) if isolation == self.isolation() || place.hub.usable() => return Ok(place),
            Some(place) => self.lose(&place),
            None => {}
        }
        let place = self.0.client.open(isolation, &self.0.id, self.0.user).await?;
        let has_it = |known: &Place| Rc::ptr_eq(&known.hub, &place.hub);
        let has_it = self.0.places.borrow().iter().any(has_it);
        let copied = if has_it { Ok(()) } else { self.copy_to(&place).await };
        let copied = copied.and_then(|()| self.0.alive());
        match copied {
            Ok(()) => {
                self.0.known.take();
                self.0.places.borrow_mut().push(place.clone());
            }
            Err(error) => {
                // The edge shall not keep what nobody will ever see.
                if isolation == Isolation::Opaque && !self.0.client.has_another(&self.0, &place.hub) {
                    release(place.hub.clone(), self.0.id.clone(), self.0.user).await;
                }
                self.0.client.leave(&place.hub, self.0.user);
                return Err(error);
            }
        }
        Ok(place)
    }

    /// Makes the session in another place what it is in the first: one request to each, and no file is read.
    async fn copy_to(&self, place: &Place) -> Result<()> {
        let Some(from) = self.0.places.borrow().first().map(|place| place.hub.clone()) else {
            return Ok(());
        };
        let ask = async |hub: &Rc<Hub>, request, transfer: &Array| {
            hub.ask(self.0.user, request, transfer, None)?.answer().await
        };
        let export = convert::request("EXPORT", &self.0.id);
        let (kind, exported) = match ask(&from, export, &Array::new()).await {
            Ok(exported) => ("PUT_FILES", Some(exported)),
            // What the session's id stood for in the other place is not this session.
            Err(error) if error.code() == ErrorCode::NotFound => ("DELETE_SESSION", None),
            Err(error) => return Err(error),
        };
        let request = convert::request(kind, &self.0.id);
        let transfer = exported.map(|exported| convert::copy(&request, &exported, self.storage()));
        ask(&place.hub, request, &transfer.unwrap_or_default()).await.map(drop)
    }

    /// A document of the host's with a base and, at the edge, with the session's content policy: by the hub, which has
    /// what it takes to read HTML.
    pub(crate) async fn document(&self, place: &Place, html: &str, base: &str) -> Result<String> {
        let request = convert::request("DOCUMENT", &self.0.id);
        set(&request, "html", &html.into());
        set(&request, "base", &base.into());
        if place.isolation == Isolation::Opaque {
            // On its own name the session has all of the origin.
            let all = self.has_own_origin(place).then(|| entry::resolve(base, true, "/"));
            let policy = all.unwrap_or_else(|| Ok(place.root()))?;
            set(&request, "policy", &policy.into());
        }
        let asked = place.hub.ask(self.0.user, request, &Array::new(), None)?;
        Ok(get(&asked.answer().await?, "html").as_string().unwrap_or_default())
    }

    /// Has the edge have what the session is now, where that serves a place of its.
    pub(crate) async fn at_the_edge(&self, place: &Place) -> Result<()> {
        let root = self.0.client.mirror(&place.hub, &self.0.id, self.0.user).await?;
        place.root.replace(root);
        Ok(())
    }

    /// Puts a preview's own document at the session's root, under a name that nobody has. Its base is its own URL, so that
    /// a document's own base is resolved, and a link to a fragment stays in it.
    pub(crate) async fn add_document(&self, place: &Place, html: &str) -> Result<FilePath> {
        let path = convert::document_path(random_bytes()?)?;
        let base = [&*place.root(), path.as_str()].concat();
        let html = self.document(place, html, &base).await?;
        let source = Source::new(path.clone(), &*html);
        let kept = (path.clone(), source.content.clone());
        self.put_js(vec![source], Mode::Merge, &Control::default()).await?;
        self.0.documents.borrow_mut().push(kept);
        Ok(path)
    }

    /// Deletes the document of a preview that is gone.
    pub(crate) async fn remove_document(&self, path: &FilePath) {
        let was_there = {
            let mut documents = self.0.documents.borrow_mut();
            let place = documents.iter().position(|(other, _)| other == path);
            place.map(|place| documents.swap_remove(place)).is_some()
        };
        if was_there {
            // A session that is gone has lost its documents, too.
            drop(self.delete_js(std::slice::from_ref(path)).await);
        }
    }

    /// Deletes the documents of all previews, as the session is disposed.
    pub(crate) async fn remove_documents(&self) {
        let documents: Vec<FilePath> = self.0.documents.take().into_iter().map(|(path, _)| path).collect();
        if !documents.is_empty() {
            drop(self.delete_everywhere(&documents).await);
        }
    }
}

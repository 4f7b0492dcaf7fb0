//! One open connection: made when first needed, given up when a newer version wants to upgrade the database, and
//! made anew after the browser has closed it.

use crate::error::from_idb;
use crate::schema;
use idb::event::VersionChangeEvent;
use idb::{Database, DatabaseEvent, Factory, Request, Transaction, TransactionMode};
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use virtual_files_core::error::{Error, ErrorCode, Result};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

type Slot = Rc<RefCell<Option<Rc<Database>>>>;

/// The way to the database. Clones share one connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    name: Rc<str>,
    open: Slot,
    /// Resolves when the opening that is under way has ended, one way or the other.
    opening: Rc<RefCell<Option<Promise>>>,
    /// How often the database was opened.
    opened: Rc<Cell<u32>>,
}

impl Connection {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            open: Slot::default(),
            opening: Rc::default(),
            opened: Rc::default(),
        }
    }

    /// The number of the connection that is open now: another one has another number.
    pub(crate) fn number(&self) -> Option<u32> {
        self.open.borrow().as_ref().map(|_| self.opened.get())
    }

    /// A transaction over all object stores.
    ///
    /// A connection that the browser has closed (storage cleared, database deleted) is opened again, once.
    pub(crate) async fn transaction(&self, mode: TransactionMode) -> Result<Transaction> {
        let stores = [schema::SESSIONS, schema::INDEXES, schema::PACKS];
        let database = self.database().await?;
        if let Ok(transaction) = database.transaction(&stores, mode) {
            return Ok(transaction);
        }
        self.open.take();
        self.database().await?.transaction(&stores, mode).map_err(from_idb)
    }

    /// The open connection. Whoever comes while it is being opened waits for that one, and opens none of its own.
    async fn database(&self) -> Result<Rc<Database>> {
        let (mut done, mut under_way) = (None, self.opening.borrow().clone());
        while let Some(opening) = under_way.take() {
            // Of this promise nothing but its end is of interest, and it never rejects.
            drop(JsFuture::from(opening).await);
            under_way = self.opening.borrow().clone();
        }
        if let Some(database) = self.open.borrow().as_ref() {
            return Ok(database.clone());
        }
        let opening = Promise::new(&mut |resolve, _| done = Some(resolve));
        self.opening.replace(Some(opening));
        let database = self.connect().await;
        self.opening.take();
        if let Some(done) = done {
            // Calling a promise's own resolver cannot throw.
            drop(done.call0(&JsValue::UNDEFINED));
        }
        database
    }

    async fn connect(&self) -> Result<Rc<Database>> {
        let mut request = Factory::new()
            .and_then(|factory| factory.open(&self.name, Some(schema::SCHEMA_VERSION)))
            .map_err(from_idb)?;
        request.on_upgrade_needed(upgrade);
        let mut database = request.await.map_err(from_idb)?;

        // A newer version of this code, in another page, wants to change the schema: do not stand in its way.
        let slot = Rc::downgrade(&self.open);
        database.on_version_change(move |event| {
            if let Some(slot) = slot.upgrade() {
                slot.take();
            }
            if let Ok(database) = event.database() {
                database.close();
            }
        });
        let slot = Rc::downgrade(&self.open);
        database.on_close(move |_| {
            if let Some(slot) = slot.upgrade() {
                slot.take();
            }
        });
        if !schema_is_complete(&database) {
            database.close();
            return Err(Error::new(
                ErrorCode::StorageUnavailable,
                "The stored database has another shape than it should. Clear this site's data to start anew.",
            ));
        }
        let database = Rc::new(database);
        self.opened.set(self.opened.get().wrapping_add(1));
        self.open.replace(Some(database.clone()));
        Ok(database)
    }
}

fn schema_is_complete(database: &Database) -> bool {
    let names = database.store_names();
    [schema::SESSIONS, schema::INDEXES, schema::PACKS]
        .iter()
        .all(|name| names.iter().any(|have| have == name))
}

fn upgrade(event: VersionChangeEvent) {
    let result = (|| {
        let database = event.database()?;
        schema::upgrade(&database, event.old_version()?)
    })();
    if result.is_err()
        && let Ok(request) = idb::Event::target(&event)
        && let Some(transaction) = request.transaction()
    {
        // The open request then fails with AbortError, which the caller reports.
        drop(transaction.abort());
    }
}

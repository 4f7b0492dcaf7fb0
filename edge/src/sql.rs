//! A Durable Object's SQLite: statements, rows, and transactions that hold or leave nothing.
//!
//! Everything here is synchronous, so that no other request of the object can come between two statements.

use js_sys::Object;
use virtual_files_core::error::{Error, ErrorCode, Result};
use wasm_bindgen::prelude::*;
use worker::{SqlStorage, SqlStorageValue, State, console_error};

/// The database of one Durable Object.
pub(crate) struct Sql {
    sql: SqlStorage,
    transactions: Transactions,
}

/// A row, column by column.
pub(crate) struct Row(Vec<SqlStorageValue>);

impl Sql {
    /// The database of the object whose state this is.
    pub(crate) fn new(state: &State) -> worker::Result<Self> {
        let transactions = state.as_raw().storage()?.unchecked_into();
        Ok(Self {
            sql: state.storage().sql(),
            transactions,
        })
    }

    /// Runs a statement and gives its rows.
    pub(crate) fn rows(&self, statement: &str, values: impl IntoIterator<Item = SqlStorageValue>) -> Result<Vec<Row>> {
        let values: Vec<SqlStorageValue> = values.into_iter().collect();
        let run = || -> worker::Result<Vec<Row>> {
            let cursor = self.sql.exec(statement, values)?;
            cursor.raw().map(|row| row.map(Row)).collect()
        };
        run().map_err(|error| failed(&error.to_string()))
    }

    /// Runs a statement and gives its first row.
    pub(crate) fn row(
        &self,
        statement: &str,
        values: impl IntoIterator<Item = SqlStorageValue>,
    ) -> Result<Option<Row>> {
        Ok(self.rows(statement, values)?.into_iter().next())
    }

    /// Runs a statement that has no rows.
    pub(crate) fn run(&self, statement: &str, values: impl IntoIterator<Item = SqlStorageValue>) -> Result<()> {
        self.rows(statement, values).map(drop)
    }

    /// Does all of the work, or nothing where it gives an error.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut work = Some(work);
        let mut outcome = None;
        let done = self.transactions.transaction_sync(&mut || {
            let result = work.take().map(|work| work());
            let rolls_back = matches!(result, Some(Err(_)));
            outcome = result;
            if rolls_back {
                Err(JsValue::from_str("rolled back"))
            } else {
                Ok(JsValue::UNDEFINED)
            }
        });
        match (outcome, done) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(_)) => Ok(value),
            (_, Err(error)) => Err(failed(&format!("{error:?}"))),
            (None, Ok(_)) => Err(failed("a transaction did not run")),
        }
    }
}

impl Row {
    /// A column that is a number of ours: never negative, never above 2⁵³.
    pub(crate) fn number(&self, column: usize) -> Result<u64> {
        match self.0.get(column) {
            Some(SqlStorageValue::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
        .ok_or_else(|| failed("a column is not a number"))
    }

    /// A column that may be NULL.
    pub(crate) fn number_or_null(&self, column: usize) -> Result<Option<u64>> {
        match self.0.get(column) {
            Some(SqlStorageValue::Null) => Ok(None),
            _ => self.number(column).map(Some),
        }
    }

    /// A column that is text, or NULL.
    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(SqlStorageValue::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A column that is bytes.
    pub(crate) fn bytes(self, column: usize) -> Result<Vec<u8>> {
        match self.0.into_iter().nth(column) {
            Some(SqlStorageValue::Blob(bytes)) => Ok(bytes),
            _ => Err(failed("a column is not bytes")),
        }
    }
}

/// A value out of a number of ours.
pub(crate) fn number(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A value out of bytes.
pub(crate) fn bytes(bytes: &[u8]) -> SqlStorageValue {
    SqlStorageValue::Blob(bytes.to_vec())
}

/// The reason stays here: it names statements, and is for whoever runs the edge.
fn failed(reason: &str) -> Error {
    console_error!("{reason}");
    Error::new(ErrorCode::Internal, "The session's storage failed.")
}

#[wasm_bindgen]
extern "C" {
    /// A Durable Object's storage, as far as the `worker` crate does not know it.
    #[wasm_bindgen(extends = Object)]
    type Transactions;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactions,
        work: &mut dyn FnMut() -> std::result::Result<JsValue, JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

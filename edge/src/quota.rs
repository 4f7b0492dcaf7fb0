//! What one client address may write in an hour: a Durable Object per address, which knows it by its hash only.

use std::rc::Rc;

use virtual_files_core::edge::api::Refusal;
use virtual_files_core::error::{Error, ErrorCode, Result};
use worker::{Date, DurableObject, Env, Method, Request, Response, State, console_error, durable_object};

use crate::internal;
use crate::settings::{ADDRESS_QUOTAS, Limits};
use crate::sql::{Sql, number};
use crate::uploads::Outcome;

const HOUR_MS: u64 = 60 * 60 * 1000;

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS spent (hour INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, \
                      sessions INTEGER NOT NULL)";

/// What an address has written in this hour.
#[durable_object(alarm)]
pub struct AddressQuota {
    state: State,
    parts: std::result::Result<(Rc<Sql>, Limits), String>,
}

impl DurableObject for AddressQuota {
    fn new(state: State, env: Env) -> Self {
        let sql = Sql::new(&state).map_err(|error| error.to_string());
        let parts = sql.and_then(|sql| Ok((Rc::new(sql), Limits::read(&env)?)));
        Self { state, parts }
    }

    /// `/charge/{bytes}/{sessions}`: 204, or 429 with the seconds until the next hour.
    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let (sql, limits) = self.parts.as_ref().map_err(String::as_str)?;
        let path = request.path();
        let argument = |place| path.split('/').nth(place).and_then(|text| text.parse::<u64>().ok());
        let (Some(bytes), Some(sessions)) = (argument(2), argument(3)) else {
            return internal::empty(400);
        };
        let now = Date::now().as_millis();
        let left = HOUR_MS - now % HOUR_MS;
        let granted = sql.transaction(|| spend(sql, limits, now / HOUR_MS, bytes, sessions));
        if granted.map_err(|error| error.to_string())? {
            // What the hour has cost is nobody's business in the next.
            self.state.storage().set_alarm((left + 1000) as i64).await?;
            return internal::empty(204);
        }
        let response = Response::empty()?.with_status(429);
        response
            .headers()
            .set("retry-after", &left.div_ceil(1000).to_string())?;
        Ok(response)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().delete_all().await?;
        Response::empty()
    }
}

fn spend(sql: &Sql, limits: &Limits, hour: u64, bytes: u64, sessions: u64) -> Result<bool> {
    sql.run(SCHEMA, [])?;
    let row = sql.row("SELECT bytes, sessions FROM spent WHERE hour = ?", [number(hour)])?;
    let (spent_bytes, spent_sessions) = match row {
        Some(row) => (row.number(0)?, row.number(1)?),
        None => (0, 0),
    };
    let (bytes, sessions) = (spent_bytes.saturating_add(bytes), spent_sessions + sessions);
    if bytes > limits.address_bytes || sessions > limits.address_sessions {
        return Ok(false);
    }
    sql.run(
        "INSERT OR REPLACE INTO spent (hour, bytes, sessions) VALUES (?, ?, ?)",
        [number(hour), number(bytes), number(sessions)],
    )?;
    Ok(true)
}

/// Charges an address for what it is about to write; refuses with when to come again.
pub(crate) async fn charge(env: &Env, address: &str, bytes: u64, new_session: bool) -> Outcome<()> {
    let ask = async || -> worker::Result<Response> {
        let url = format!("https://quota.invalid/charge/{bytes}/{}", u8::from(new_session));
        let stub = env.durable_object(ADDRESS_QUOTAS)?.get_by_name(address)?;
        stub.fetch_with_request(Request::new(&url, Method::Post)?).await
    };
    let answer = ask().await.map_err(|error| {
        console_error!("{error}");
        Error::new(ErrorCode::Internal, "The quotas cannot be asked.")
    })?;
    match answer.status_code() {
        204 => Ok(()),
        429 => {
            let retry_after = answer.headers().get("retry-after").ok().flatten();
            Err(Refusal {
                retry_after: Some(retry_after.and_then(|text| text.parse().ok()).unwrap_or(60)),
                ..Refusal::new(
                    429,
                    ErrorCode::QuotaExceeded,
                    "This address has written as much as it may in an hour.",
                )
            })
        }
        _ => Err(Error::new(ErrorCode::Internal, "The quotas cannot be asked.").into()),
    }
}

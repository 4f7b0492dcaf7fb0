//! What a deployment sets in `wrangler.toml`: variables, and the bindings of the assets and the Durable Objects.

use virtual_files_core::config::{Config, SESSION_TTL_SECONDS};
use virtual_files_core::index;
use wasm_bindgen::JsValue;
use worker::{Env, Fetcher, ObjectNamespace, Response};

/// The binding of the Durable Objects that hold sessions.
pub(crate) const EDGE_SESSIONS: &str = "EDGE_SESSIONS";

/// The binding of the Durable Objects that count what addresses write.
pub(crate) const ADDRESS_QUOTAS: &str = "ADDRESS_QUOTAS";

/// The settings of this deployment, checked.
pub(crate) struct Settings {
    /// The origin's configuration.
    pub(crate) config: Config,
    /// The same as JSON that may stand in a script.
    pub(crate) config_json: String,
    /// The files of `dist/origin`.
    pub(crate) assets: Fetcher,
    /// Where edge sessions are.
    pub(crate) sessions: ObjectNamespace,
}

/// How much edge sessions may take, and how long they stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For each session.
    pub(crate) session: index::Limits,
    /// How long a session stays that nobody uses.
    pub(crate) ttl_ms: u64,
    /// How many bytes an address may write in an hour.
    pub(crate) address_bytes: u64,
    /// How many sessions an address may begin in an hour.
    pub(crate) address_sessions: u64,
}

impl Limits {
    /// Reads the limits; what is wrong with them is said for the person who deploys.
    pub(crate) fn read(env: &Env) -> Result<Self, String> {
        Ok(Self {
            session: index::Limits {
                max_files: number(env, "EDGE_SESSION_FILES", 20_000, 1)? as usize,
                max_file_bytes: number(env, "EDGE_FILE_BYTES", 256 << 20, 1)?,
                max_session_bytes: number(env, "EDGE_SESSION_BYTES", 256 << 20, 1)?,
            },
            ttl_ms: number(env, "EDGE_TTL_SECONDS", 24 * 60 * 60, 1)? * 1000,
            address_bytes: number(env, "EDGE_ADDRESS_BYTES_PER_HOUR", 2 << 30, 1)?,
            address_sessions: number(env, "EDGE_ADDRESS_SESSIONS_PER_HOUR", 200, 1)?,
        })
    }
}

/// A variable that may be left out, and is `least` at least. TOML's numbers arrive as numbers, those of a command line as text.
fn number(env: &Env, name: &str, default: u64, least: u64) -> Result<u64, String> {
    let value = js_sys::Reflect::get(env.as_ref(), &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
    if value.is_undefined() {
        return Ok(default);
    }
    let number = match (value.as_string(), value.as_f64()) {
        (Some(text), _) => text.trim().parse().ok(),
        (None, Some(number)) if number.fract() == 0.0 && number >= 0.0 => Some(number as u64),
        _ => None,
    };
    // A billion of seconds is some decades, one of bytes times a thousand more than an object stores.
    number
        .filter(|number| (least..=1 << 40).contains(number))
        .ok_or_else(|| format!("The variable {name} is {value:?}; it has to be a whole number, {least} or more."))
}

impl Settings {
    /// Reads the settings; what is wrong with them is said for the person who deploys.
    pub(crate) fn read(env: &Env) -> Result<Self, String> {
        let variable = |name: &str| match env.var(name) {
            Ok(value) => Ok(value.to_string()),
            Err(_) => Err(format!("The variable {name} is not set under [vars] in wrangler.toml.")),
        };
        let host = variable("VFS_HOST")?;
        let allowed = variable("ALLOWED_HOSTS")?;
        // The parts are tried one after the other, so that the message can name the one at fault.
        Config::new(&host, []).map_err(|_| {
            format!("The variable VFS_HOST is {host:?}; it has to be a host name without scheme and port.")
        })?;
        for pattern in allowed.split_whitespace() {
            Config::new(&host, [pattern]).map_err(|error| {
                format!(
                    "The variable ALLOWED_HOSTS holds {pattern:?}: {}. Each entry is like \"https://example.com\", \"https://*.example.com\" or \"http://localhost:*\".",
                    error.message()
                )
            })?;
        }
        let config = Config::new(&host, allowed.split_whitespace()).map_err(|error| error.to_string())?;
        let config = config.with_session_ttl(number(env, "SESSION_TTL_SECONDS", SESSION_TTL_SECONDS, 0)?);
        let json = serde_json::to_string(&config).map_err(|error| error.to_string())?;
        let assets = env
            .assets("ASSETS")
            .map_err(|_| "The binding ASSETS is missing from [assets] in wrangler.toml.".to_owned())?;
        Limits::read(env)?;
        let objects = |name: &str| {
            env.durable_object(name).map_err(|_| {
                format!("The binding {name} is missing from [[durable_objects.bindings]] in wrangler.toml.")
            })
        };
        objects(ADDRESS_QUOTAS)?;
        Ok(Self {
            config,
            config_json: safe_in_script(&json),
            assets,
            sessions: objects(EDGE_SESSIONS)?,
        })
    }
}

/// JSON that can neither end a script element nor a line of a script.
fn safe_in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// The page for whoever deploys: nothing can be served before this is put right.
pub(crate) fn misconfigured(problem: &str) -> worker::Result<Response> {
    let text = problem.replace('&', "&amp;").replace('<', "&lt;");
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Not set up</title><style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;\
         max-width:40rem;margin:15vh auto;padding:0 1.5rem}}</style><h1>This origin is not set up</h1><p>{text}</p>\n"
    );
    let response = Response::from_html(page)?.with_status(500);
    response.headers().set("cache-control", "no-store")?;
    response.headers().set(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'",
    )?;
    Ok(response)
}

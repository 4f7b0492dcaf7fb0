//! What a deployment sets in `wrangler.toml`: variables and the binding of the assets.

use virtual_files_core::config::Config;
use worker::{Env, Fetcher, Response};

/// The settings of this deployment, checked.
pub(crate) struct Settings {
    /// The origin's configuration.
    pub(crate) config: Config,
    /// The same as JSON that may stand in a script.
    pub(crate) config_json: String,
    /// The files of `dist/origin`.
    pub(crate) assets: Fetcher,
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
        let json = serde_json::to_string(&config).map_err(|error| error.to_string())?;
        let assets = env
            .assets("ASSETS")
            .map_err(|_| "The binding ASSETS is missing from [assets] in wrangler.toml.".to_owned())?;
        Ok(Self {
            config,
            config_json: safe_in_script(&json),
            assets,
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

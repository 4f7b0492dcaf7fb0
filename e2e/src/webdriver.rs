//! A thin W3C WebDriver client: one blocking HTTP call per command, JSON in and out.
//!
//! It knows no engine; capabilities and vendor commands come from `browser`.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::Result;

/// The key under which the protocol wraps an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// JavaScript put before every script: helpers for awaiting things in a page.
const PRELUDE: &str = include_str!("prelude.js");

/// One WebDriver session.
pub struct WebDriver {
    agent: ureq::Agent,
    base: String,
    /// What the driver says of the browser it started.
    pub capabilities: Value,
}

impl WebDriver {
    /// Waits until the driver at this port is ready, then starts a session with the capabilities.
    pub fn connect(port: u16, capabilities: Value, mut alive: impl FnMut() -> bool) -> Result<Self> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(180)))
            .build()
            .into();
        let root = format!("http://127.0.0.1:{port}");
        let limit = Instant::now() + Duration::from_secs(30);
        while !call(&agent, "GET", &format!("{root}/status"), None).is_ok_and(|status| status["ready"] == true) {
            if !alive() {
                return Err("the WebDriver program ended before it was ready".into());
            }
            if Instant::now() > limit {
                return Err("the WebDriver program was not ready in 30 s".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let body = json!({"capabilities": {"alwaysMatch": capabilities}});
        let value = call(&agent, "POST", &format!("{root}/session"), Some(&body))?;
        let id = value["sessionId"].as_str().ok_or("the driver gave no session id")?;
        Ok(Self {
            base: format!("{root}/session/{id}"),
            agent,
            capabilities: value["capabilities"].clone(),
        })
    }

    /// Sends a GET command.
    pub fn get(&self, path: &str) -> Result<Value> {
        call(&self.agent, "GET", &format!("{}/{path}", self.base), None)
    }

    /// Sends a POST command.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        call(&self.agent, "POST", &format!("{}/{path}", self.base), Some(body))
    }

    /// Sends a DELETE command.
    pub fn delete(&self, path: &str) -> Result<Value> {
        call(&self.agent, "DELETE", &format!("{}/{path}", self.base), None)
    }

    /// Ends the session; the browser closes.
    pub fn quit(&self) -> Result {
        call(&self.agent, "DELETE", &self.base, None).map(drop)
    }

    /// Navigates the current window and waits for its load.
    pub fn goto(&self, url: &str) -> Result {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// The URL of the current window.
    pub fn url(&self) -> Result<String> {
        text(self.get("url")?)
    }

    /// The title of the current window.
    pub fn title(&self) -> Result<String> {
        text(self.get("title")?)
    }

    /// Reloads the current window.
    pub fn reload(&self) -> Result {
        self.post("refresh", &json!({})).map(drop)
    }

    /// Limits for scripts and for page loads.
    pub fn set_timeouts(&self, script: Duration, load: Duration) -> Result {
        let millis = |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.post(
            "timeouts",
            &json!({"script": millis(script), "pageLoad": millis(load), "implicit": 0}),
        )
        .map(drop)
    }

    /// Runs the body of an async function in the current frame and awaits it. `args` is in scope, and the helpers
    /// of the prelude. What the function throws becomes the error, with name, code and stack.
    pub fn eval(&self, body: &str, args: &Value) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1], args = arguments[0];\n{PRELUDE}\n\
             (async () => {{ {body}\n }})().then(value => done({{ value: value === undefined ? null : value }}), \
             error => done({{ error: describe(error) }}));"
        );
        let result = self.post("execute/async", &json!({"script": script, "args": [args]}))?;
        match (result.get("value"), result.get("error")) {
            (Some(value), _) => Ok(value.clone()),
            (_, Some(error)) => Err(format!("in the page: {}", error.as_str().unwrap_or_default()).into()),
            // Firefox ends a script with its document, and gives null for it.
            (None, None) => Err("the document was gone before the script had ended".into()),
        }
    }

    /// As `eval`, but wholly in the page's own realm. In Firefox a driver's scripts run in a realm beside it, whose
    /// objects are of other classes than the page's: a `Map` made there is none to the page's `instanceof`.
    pub fn page(&self, body: &str, args: &Value) -> Result<Value> {
        let function = format!("(async (given) => {{ const args = JSON.parse(given);\n{PRELUDE}\n{body}\n}})");
        let call = "const run = window.eval(args.function); return await run(args.given);";
        self.eval(call, &json!({"function": function, "given": args.to_string()}))
    }

    /// Opens a window or tab and makes it the current one; gives its handle.
    pub fn open(&self, kind: &str) -> Result<String> {
        let handle = text(self.post("window/new", &json!({ "type": kind }))?["handle"].clone())?;
        self.switch(&handle)?;
        Ok(handle)
    }

    /// The handle of the current window.
    pub fn window(&self) -> Result<String> {
        text(self.get("window")?)
    }

    /// The handles of all windows.
    pub fn windows(&self) -> Result<Vec<String>> {
        let handles = self.get("window/handles")?;
        handles
            .as_array()
            .ok_or("no list of windows")?
            .iter()
            .map(|handle| text(handle.clone()))
            .collect()
    }

    /// Waits for a window that was not there before; gives its handle.
    pub fn opened(&self, before: &[String]) -> Result<String> {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            let found = self.windows()?.into_iter().find(|window| !before.contains(window));
            match found {
                Some(window) => return Ok(window),
                None if Instant::now() < limit => {}
                None => return Err("the engine opened no window: the case shows nothing".into()),
            }
        }
    }

    /// Makes a window the current one.
    pub fn switch(&self, handle: &str) -> Result {
        self.post("window", &json!({ "handle": handle })).map(drop)
    }

    /// Closes the current window. Another must be made the current one before the next command.
    pub fn close(&self) -> Result {
        self.delete("window").map(drop)
    }

    /// Makes the frame that a selector finds in the current frame the current one.
    pub fn enter(&self, selector: &str) -> Result {
        let id = self.element(selector)?;
        self.post("frame", &json!({"id": {ELEMENT: id}})).map(drop)
    }

    /// Clicks what a selector finds in the current frame, as a person would.
    pub fn click(&self, selector: &str) -> Result {
        let id = self.element(selector)?;
        self.post(&format!("element/{id}/click"), &json!({})).map(drop)
    }

    fn element(&self, selector: &str) -> Result<String> {
        let element = self.post("element", &json!({"using": "css selector", "value": selector}))?;
        let id = element[ELEMENT].as_str();
        Ok(id.ok_or_else(|| format!("no element id for {selector}"))?.to_owned())
    }

    /// Makes the top frame of the window the current one.
    pub fn leave(&self) -> Result {
        self.post("frame", &json!({ "id": null })).map(drop)
    }

    /// Writes a PNG of the current window.
    pub fn screenshot(&self, path: &Path) -> Result {
        // A page that hangs gives no picture, and the failure that it is wanted for should not wait for it.
        let request = self.agent.get(format!("{}/screenshot", self.base)).config();
        let mut response = request.timeout_global(Some(Duration::from_secs(15))).build().call()?;
        let answer: Value = response.body_mut().with_config().limit(64 << 20).read_json()?;
        let data = text(answer["value"].clone())?;
        std::fs::write(path, base64::engine::general_purpose::STANDARD.decode(data)?)?;
        Ok(())
    }
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(format!("expected text from the driver, got {other}").into()),
    }
}

fn call(agent: &ureq::Agent, method: &str, url: &str, body: Option<&Value>) -> Result<Value> {
    let mut response = match method {
        "GET" => agent.get(url).call(),
        "DELETE" => agent.delete(url).call(),
        _ => agent.post(url).send_json(body),
    }
    .map_err(|error| format!("{method} {url}: {error}"))?;
    let status = response.status();
    let answer: Value = response
        .body_mut()
        .with_config()
        .limit(256 << 20)
        .read_json()
        .map_err(|error| format!("{method} {url}: {error}"))?;
    let value = &answer["value"];
    if status.is_success() {
        return Ok(value.clone());
    }
    let command = url.rsplit_once("/session/").map_or(url, |(_, rest)| rest);
    let message = value["message"].as_str().unwrap_or_default();
    Err(format!(
        "{method} {command}: {}: {message}",
        value["error"].as_str().unwrap_or("unknown error")
    )
    .into())
}

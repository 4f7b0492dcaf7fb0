//! Chromium's own debugging protocol, over the socket that the browser opens for its driver.
//!
//! For what WebDriver cannot do: evaluate inside a service worker, watch it start and stop.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::Result;

/// A connection to the browser as a whole.
pub struct Cdp {
    socket: WebSocket<TcpStream>,
    last: u64,
    events: VecDeque<Value>,
}

impl Cdp {
    /// Connects to the debugging address that the driver's capabilities name.
    pub fn connect(capabilities: &Value) -> Result<Self> {
        let address = capabilities["goog:chromeOptions"]["debuggerAddress"].as_str();
        Self::connect_to(address.ok_or("the browser has no debugging address")?)
    }

    /// Connects to a debugging address.
    pub fn connect_to(address: &str) -> Result<Self> {
        let version: Value = ureq::get(format!("http://{address}/json/version"))
            .call()?
            .body_mut()
            .read_json()?;
        let url = version["webSocketDebuggerUrl"]
            .as_str()
            .ok_or("the browser has no debugging socket")?;
        let stream = TcpStream::connect(address)?;
        let (socket, _) = tungstenite::client(url, stream).map_err(|error| format!("{url}: {error}"))?;
        Ok(Self {
            socket,
            last: 0,
            events: VecDeque::new(),
        })
    }

    /// Sends a command to the browser, or to a target's session, and awaits its answer.
    pub fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        self.last += 1;
        let id = self.last;
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(command.to_string()))?;
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let message = self.receive(limit).map_err(|error| format!("{method}: {error}"))?;
            if message["id"] != id {
                self.events.push_back(message);
            } else if message["error"].is_object() {
                return Err(format!("{method}: {}", message["error"]).into());
            } else {
                return Ok(message["result"].clone());
            }
        }
    }

    /// The next event, already seen or still to come, that `accept` takes.
    pub fn event(&mut self, limit: Duration, mut accept: impl FnMut(&Value) -> bool) -> Result<Value> {
        if let Some(found) = self.events.iter().position(&mut accept) {
            return Ok(self.events.remove(found).unwrap_or_default());
        }
        let limit = Instant::now() + limit;
        loop {
            let message = self.receive(limit)?;
            if accept(&message) {
                return Ok(message);
            }
            self.events.push_back(message);
        }
    }

    /// Forgets the events seen so far.
    pub fn forget_events(&mut self) {
        self.events.clear();
    }

    /// All targets: pages, frames, workers.
    pub fn targets(&mut self) -> Result<Vec<Value>> {
        // The default filter of this command leaves out nothing that the suite looks for.
        let found = self.call(None, "Target.getTargets", json!({}))?;
        Ok(found["targetInfos"].as_array().cloned().unwrap_or_default())
    }

    /// Attaches to the first target of this type whose URL starts so; gives the session to call it by.
    pub fn attach(&mut self, kind: &str, url: &str) -> Result<String> {
        let targets = self.targets()?;
        let wanted = targets
            .iter()
            .find(|target| target["type"] == kind && target["url"].as_str().is_some_and(|found| found.starts_with(url)))
            .ok_or_else(|| format!("no {kind} at {url} among {targets:?}"))?;
        let params = json!({"targetId": wanted["targetId"], "flatten": true});
        let answer = self.call(None, "Target.attachToTarget", params)?;
        Ok(answer["sessionId"]
            .as_str()
            .ok_or("attached without a session")?
            .to_owned())
    }

    /// What the first such target holds in memory, in bytes, garbage collected first.
    pub fn heap(&mut self, kind: &str, url: &str) -> Result<f64> {
        let session = self.attach(kind, url)?;
        self.call(Some(&session), "HeapProfiler.collectGarbage", json!({}))?;
        let usage = self.call(Some(&session), "Runtime.getHeapUsage", json!({}))?;
        // Who looks keeps a worker alive.
        self.call(None, "Target.detachFromTarget", json!({"sessionId": session}))?;
        let part = |name: &str| {
            usage[name]
                .as_f64()
                .ok_or_else(|| format!("no {name} of {url}: {usage}"))
        };
        Ok(part("usedSize")? + part("embedderHeapUsedSize")? + part("backingStorageSize")?)
    }

    /// How many slots the WebAssembly tables of the first such target have. wasm-bindgen keeps a JavaScript value that Rust
    /// holds in one; what is never given back makes the table grow.
    pub fn slots(&mut self, kind: &str, url: &str) -> Result<f64> {
        self.sum(kind, url, "WebAssembly.Table", "length")
    }

    /// How many bytes the WebAssembly memories of the first such target have, which its heap does not count. They never shrink.
    pub fn linear_memory(&mut self, kind: &str, url: &str) -> Result<f64> {
        self.sum(kind, url, "WebAssembly.Memory", "buffer.byteLength")
    }

    /// The sum of a property over all objects of a class.
    fn sum(&mut self, kind: &str, url: &str, class: &str, property: &str) -> Result<f64> {
        let session = self.attach(kind, url)?;
        let mut call = |method: &str, params: Value| self.call(Some(&session), method, params);
        let prototype = json!({"expression": format!("{class}.prototype"), "objectGroup": "sum"});
        let prototype = call("Runtime.evaluate", prototype)?;
        let asked = json!({"prototypeObjectId": prototype["result"]["objectId"], "objectGroup": "sum"});
        let found = call("Runtime.queryObjects", asked)?;
        let asked = json!({
            "objectId": found["objects"]["objectId"],
            "functionDeclaration": format!("function () {{ return this.reduce((sum, one) => sum + one.{property}, 0); }}"),
            "returnByValue": true,
        });
        let counted = call("Runtime.callFunctionOn", asked)?;
        call("Runtime.releaseObjectGroup", json!({"objectGroup": "sum"}))?;
        self.call(None, "Target.detachFromTarget", json!({"sessionId": session}))?;
        let sum = counted["result"]["value"].as_f64();
        sum.ok_or_else(|| format!("no {class} at {url}: {counted}").into())
    }

    /// Evaluates an expression in an attached target and awaits the promise it may give.
    pub fn evaluate(&mut self, session: &str, expression: &str) -> Result<Value> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call(Some(session), "Runtime.evaluate", params)?;
        if answer["exceptionDetails"].is_object() {
            return Err(format!("in the target: {}", answer["exceptionDetails"]).into());
        }
        Ok(answer["result"]["value"].clone())
    }

    fn receive(&mut self, limit: Instant) -> Result<Value> {
        loop {
            let rest = limit.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Err("nothing came in time".into());
            }
            self.socket.get_mut().set_read_timeout(Some(rest))?;
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text)?),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

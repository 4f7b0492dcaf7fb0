//! Tables of expectations that run inside a page: all that differs is told at once, not only the first.

use serde_json::{Value, json};

use super::Stage;
use crate::{Result, ensure};

const HELPERS: &str = include_str!("table.js");

impl Stage<'_> {
    /// Runs a table in the current frame: JavaScript that says what it expects with `same` and `holds`. Gives what
    /// the table returns.
    pub(super) fn table(&self, name: &str, body: &str, args: Value) -> Result<Value> {
        let body = format!(
            "{HELPERS}\nconst told = await (async () => {{ {body}\n }})();\nreturn {{ wrong, checked, told }};"
        );
        let mut found = self.run(&body, args).map_err(|error| format!("{name}: {error}"))?;
        ensure(found["wrong"] == json!([]), || format!("{name}: {:#}", found["wrong"]))?;
        // A table that checks nothing would pass for ever.
        ensure(found["checked"].as_u64().is_some_and(|count| count > 0), || {
            format!("{name}: nothing was checked")
        })?;
        Ok(found["told"].take())
    }

    /// Opens a session of the case under this isolation with what the JavaScript of `files` returns, mounts it, and
    /// makes its preview the current frame. The host page keeps `vfs`, `session` and `preview`. Beside the session's
    /// options stand those of `mount`, as `mount`.
    pub(super) fn preview_of(&self, isolation: &str, files: &str, options: Value) -> Result {
        self.browser.leave()?;
        let body = format!(
            "stage.replaceChildren();
             self.vfs = await within(connect({{ origin: args.origin }}), 'connect');
             self.session = await within(vfs.session(args.options), 'session');
             const files = await (async () => {{ {files}\n }})();
             await within(session.put(files), 'put', 40000);
             self.preview = await within(session.mount(stage, args.mount), 'mount');"
        );
        let mut options = options;
        let mount = options["mount"].take();
        let mut args = self.opened(isolation, options);
        args["mount"] = if mount.is_null() { json!({}) } else { mount };
        self.run(&body, args).map_err(|error| format!("{isolation}: {error}"))?;
        self.enter_preview()
    }

    /// The arguments to open the case's session under an isolation.
    pub(super) fn opened(&self, isolation: &str, mut options: Value) -> Value {
        options["isolation"] = json!(isolation);
        options["id"] = json!(self.session_id(isolation));
        json!({"origin": self.origin(isolation), "options": options})
    }

    /// The id of the case's session under an isolation.
    pub(super) fn session_id(&self, isolation: &str) -> String {
        format!("{}-{}", self.id, isolation.get(..1).unwrap_or_default())
    }
}

//! What is served inside a preview, in each engine: the table of `docs/inside.md`, row by row. A browser that changes one turns
//! the case red.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ISOLATIONS, Stage};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("inside_is_what_the_guide_says", table).under(&[Host::CrossSite]),
    Case::new("inside_windows_where_allowed", windows),
];

/// Rows by their names in the guide, and how each is tried.
const ROWS: &str = include_str!("inside.js");

/// Puts what the attempts need, and mounts a page for them.
const MOUNT: &str = r#"
const TELL = "fetch(new URL('a.txt', self.base ?? location)).then((response) => response.text())";
const page = (script) => `<!doctype html><meta charset=utf-8><script>${script}</script>`;
const vfs = await within(connect({ origin: args.origin }), 'connect');
const session = await within(vfs.session({ id: args.id + args.isolation[0], isolation: args.isolation }), 'session');
await within(session.put({
  'index.html': '<!doctype html><meta charset=utf-8><title>inside</title><body>',
  'a.txt': 'the letter a', 'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"><rect id="rect" width="7" height="5"/></svg>',
  'inner.html': page(`${TELL}.then((text) => (parent === self ? opener : parent).postMessage({ text }, '*'))`),
  'worker.js': `importScripts('imported.js'); ${TELL}.then((text) => postMessage({ text: text + self.imported }))`,
  'module.mjs': `import value from './value.mjs'; ${TELL}.then((text) => postMessage({ text: text + value }))`,
  'nesting.js': "const inner = new Worker('worker.js'); inner.onmessage = ({ data }) => postMessage(data); inner.onerror = (event) => { throw event; };",
  'shared.js': `onconnect = ({ ports: [port] }) => ${TELL}.then((text) => port.postMessage({ text }))`,
  'shared.mjs': `import value from './value.mjs'; onconnect = ({ ports: [port] }) => ${TELL}.then((text) => port.postMessage({ text: text + value }))`,
  'imported.js': 'self.imported = 1', 'value.mjs': 'export default 1', 'own-worker.js': '',
  'processor.js': 'registerProcessor("p", class extends AudioWorkletProcessor {})',
}), 'put');
for (const old of [...stage.children]) old.remove();
await within(session.mount(stage), 'mount');
"#;

fn table(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        stage.goto_host()?;
        let args = json!({"origin": stage.origin(isolation), "isolation": isolation});
        stage.run(MOUNT, args)?;
        stage.enter_preview()?;
        let compared = stage.compare_with_guide("inside.md", ROWS);
        compared.map_err(|error| format!("{isolation}: {error}"))?;
        stage.browser.leave()?;
    }
    Ok(())
}

/// Pages of a session in windows of their own, by every set of tokens that lets a preview open any.
const WINDOWS: &str = r"
const page = (title, body) => `<!doctype html><meta charset=utf-8><title>${title}</title>${body}`;
const script = (text) => `<script>${text}<\/script>`;
return {
  'index.html': page('outer', `<button>open</button>${script(`document.querySelector('button').onclick = () => open('inner.html')`)}`),
  'inner.html': page('inner', script(`fetch('a.txt').then((response) => response.text()).then((text) => { document.title = text })`)),
  'a.txt': 'the letter a',
}";

/// A window is a tab's own document, in the storage of the VFS origin's own site.
fn windows(context: &mut Context<'_>) -> Result {
    let host = context.host;
    let stage = Stage::open(context)?;
    let window = stage.browser.window()?;
    for isolation in ISOLATIONS {
        for top_level in [false, true] {
            for sandbox in ["allow-popups", "allow-popups allow-popups-to-escape-sandbox"] {
                stage.goto_host()?;
                let options = json!({"topLevel": top_level, "mount": {"sandbox": sandbox}});
                stage.preview_of(isolation, WINDOWS, options)?;
                let before = stage.browser.windows()?;
                stage.browser.click("button")?;
                stage.browser.switch(&stage.browser.opened(&before)?)?;
                let wanted = match (host, stage.browser.engine, top_level) {
                    (Host::CrossSite, ..) | (_, Engine::WebKit, _) => "Not available right now",
                    (_, _, false) => "Access denied",
                    (_, _, true) => "the letter a",
                };
                // The boot page comes first.
                let limit = Instant::now() + Duration::from_secs(20);
                loop {
                    let found = stage.browser.title()?;
                    if found == wanted {
                        break;
                    }
                    ensure(Instant::now() < limit, || {
                        format!("{isolation}, {sandbox}, topLevel {top_level}: the window shows {found:?}")
                    })?;
                }
                stage.browser.close()?;
                stage.browser.switch(&window)?;
            }
        }
    }
    Ok(())
}

//! What a frame without an origin has and has not, in each engine: the table of `docs/opaque.md`, row by row. A browser that
//! changes one turns the case red.

use serde_json::json;

use super::super::Stage;
use crate::Result;
use crate::case::{Case, Context};

pub(in super::super) const CASES: &[Case] = &[Case::new("opaque_has_and_lacks_what_the_guide_says", table)];

/// Rows by their names in the guide, and how each is tried.
const PROBES: &str = include_str!("lacks.js");

/// Puts what the attempts need, and mounts a page for them.
const MOUNT: &str = r#"
const vfs = await within(connect({ origin: args.origin }), 'connect');
const session = await within(vfs.session({ isolation: 'opaque' }), 'session');
const sample = new Uint8Array(44 + 800);
const header = new DataView(sample.buffer);
[[0, 'RIFF'], [8, 'WAVEfmt '], [36, 'data']].forEach(([at, text]) => [...text].forEach((char, n) => header.setUint8(at + n, char.charCodeAt(0))));
[[4, 36 + 800], [16, 16], [24, 8000], [28, 8000], [40, 800]].forEach(([at, value]) => header.setUint32(at, value, true));
[[20, 1], [22, 1], [32, 1], [34, 8]].forEach(([at, value]) => header.setUint16(at, value, true));
await within(session.put({
  'index.html': '<!doctype html><meta charset=utf-8><title>opaque</title><body>',
  'a.txt': 'the letter a', 'a.json': '{"a":1}', 'module.mjs': 'export default 7', 'site.css': 'body { color: rgb(1, 2, 3) }',
  'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"><rect id="rect" width="7" height="5"/></svg>',
  'worker.js': 'postMessage(1)', 'shared.js': 'onconnect = ({ ports }) => ports[0].postMessage(1)',
  'imported.js': 'self.imported = 1', 'script.js': 'self.scripted = 1', 'processor.js': 'registerProcessor("p", class extends AudioWorkletProcessor {})',
  'inner.html': '<!doctype html><script>parent.postMessage({ inner: self.origin }, "*")</script>', 'tone.wav': new Blob([sample]),
  'empty.wasm': new Blob([new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])]), 'font.woff': files.find(([path]) => path.endsWith('.woff'))[1],
}), 'put');
await within(session.mount(stage), 'mount');
"#;

fn table(context: &mut Context<'_>) -> Result {
    let stage = Stage::open(context)?;
    let mount = format!("const files = [...await bundle('modules')];\n{MOUNT}");
    stage.run(&mount, json!({"origin": stage.origin("opaque")}))?;
    stage.enter_preview()?;
    stage.compare_with_guide("opaque.md", PROBES)
}

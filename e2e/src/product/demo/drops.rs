//! Files and folders that a visitor drops on the demo.
//!
//! A script can drop files, but no folder: its transfers hold no directories. A folder on disk needs the browser's own means.

use std::path::Path;

use serde_json::{Value, json};

use super::Demo;
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::process::scratch;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("demo_takes_a_dropped_folder", folder)
        .under(&[Host::SameSite])
        .without(&[
            (Engine::Firefox, "its driver cannot drop a folder"),
            (Engine::WebKit, "its driver cannot drop a folder"),
        ]),
    Case::new("demo_takes_dropped_files", files)
        .under(&[Host::SameSite])
        .without(&[(
            Engine::WebKit,
            "the entries of a script's drop lead nowhere there, and its driver has no drop of its own",
        )]),
];

/// A site in folders: its page says what has come of its style, of a module's module and of data.
const SITE: &[(&str, &str)] = &[
    (
        "index.html",
        "<!doctype html><meta charset=utf-8><title>A shop</title><link rel=stylesheet href=css/shop.css>\
         <h1>loading</h1><script type=module src=js/main.js></script>",
    ),
    ("css/shop.css", "h1 { color: rgb(1, 2, 3) }"),
    (
        "js/main.js",
        "import { sum } from './lib/deep/sum.mjs'; const { prices } = await (await fetch('data/prices ä.json')).json();\
         const last = await (await fetch('parts/119.txt')).text();\
         document.querySelector('h1').textContent = `${sum(prices)} and ${last}`",
    ),
    (
        "js/lib/deep/sum.mjs",
        "export const sum = (all) => all.reduce((a, b) => a + b, 0)",
    ),
    ("data/prices ä.json", "{\"prices\": [1, 2, 39]}"),
];

/// What nobody previews.
const LEFT_OUT: &[&str] = &["node_modules/a/index.js", ".git/HEAD", "css/.DS_Store"];

/// A folder gives its entries a hundred at a time: more than that are in one of them.
const PARTS: usize = 120;

/// Waits until the preview has loaded again and the tree holds a file, and gives what tree and editor show.
const TAKEN: &str = "
const root = document.documentElement;
await until(() => document.querySelector(`[data-testid=tree-file][data-path=\"${args.path}\"]`) && root.dataset.state === 'ready'
  && Number(root.dataset.loads) > args.loads, 'what was dropped');
await until(() => byTest('open-path').textContent.includes('index.html') && byTest('editor-input').value.includes('<!doctype'), 'its page in the editor');
return { paths: [...document.querySelectorAll('[data-testid=tree-file]')].map((row) => row.dataset.path).sort(), overlay: !byTest('drop-overlay').hidden,
  sample: new URLSearchParams(location.hash.slice(1)).get('sample'), title: document.title, count: byTest('file-count').textContent,
  banners: [...document.querySelectorAll('[data-testid=banner]')].map((banner) => banner.dataset.code).filter(Boolean) }";

/// Before the next two: `args.files` in a transfer.
const TRANSFER: &str = "
const transfer = new DataTransfer();
for (const [name, text] of Object.entries(args.files)) transfer.items.add(new File([text], name));
";

/// Drops files by a script, in the way of a visitor.
const DROP: &str = "
for (const type of ['dragenter', 'dragover', 'drop']) {
  const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
  if (!event.defaultPrevented) throw new Error(`the demo leaves the ${type} to the browser`);
}";

/// Picks files by a script.
const PICK: &str = "const input = byTest('files-input'); input.files = transfer.files; input.dispatchEvent(new Event('change', { bubbles: true }))";

/// How many loads of the preview there have been.
const LOADS: &str = "return Number(document.documentElement.dataset.loads ?? 0)";

impl Demo<'_> {
    /// Picks files, and waits until they are shown: `path` among them, and an `index.html`.
    pub(super) fn pick_files(&self, files: &Value, path: &str) -> Result<Value> {
        self.give(PICK, files, path)
    }

    fn give(&self, how: &str, files: &Value, path: &str) -> Result<Value> {
        let loads = self.run(LOADS, json!({}))?;
        self.run(&format!("{TRANSFER}{how}"), json!({"files": files}))?;
        self.run(TAKEN, json!({"loads": loads, "path": path}))
    }

    /// Drops a folder of the disk on the preview's frame, as from a file manager. Chromium only.
    fn drop_folder(&self, folder: &Path) -> Result {
        let place = self.run(
            "const box = byTest('preview').getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]",
            json!({}),
        )?;
        // Into the window at its corner, and over the frame, which would take the drop for itself.
        for (kind, x, y) in [
            ("dragEnter", json!(4), json!(4)),
            ("dragOver", place[0].clone(), place[1].clone()),
            ("drop", place[0].clone(), place[1].clone()),
        ] {
            let data = json!({"items": [], "files": [folder], "dragOperationsMask": 1});
            let event = json!({"type": kind, "x": x, "y": y, "data": data});
            self.browser.cdp_page("Input.dispatchDragEvent", &event)?;
            if kind == "dragEnter" {
                self.run(
                    "await until(() => !byTest('drop-overlay').hidden, 'the drop target')",
                    json!({}),
                )?;
            }
        }
        Ok(())
    }
}

fn folder(context: &mut Context<'_>) -> Result {
    let root = scratch("dropped")?;
    let (shop, parts) = (root.join("shop"), root.join("shop/parts"));
    let write = |path: &str, text: &str| -> Result {
        let path = shop.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&shop))?;
        Ok(std::fs::write(path, text)?)
    };
    for (path, text) in SITE {
        write(path, text)?;
    }
    for path in LEFT_OUT {
        write(path, "of no site")?;
    }
    for part in 0..PARTS {
        write(&format!("parts/{part}.txt"), &format!("part {part}"))?;
    }
    let mut wanted: Vec<String> = (0..PARTS).map(|part| format!("parts/{part}.txt")).collect();
    wanted.extend(SITE.iter().map(|(path, _)| (*path).to_owned()));
    wanted.sort();

    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    let drop = |what: &str| -> Result {
        let loads = demo.run(LOADS, json!({}))?;
        demo.drop_folder(&shop)?;
        let shown = demo.run(TAKEN, json!({"loads": loads, "path": "js/lib/deep/sum.mjs"}))?;
        ensure(
            shown["paths"] == json!(wanted) && shown["overlay"] == false && shown["banners"] == json!([]),
            || format!("{what}: {shown}, and not {wanted:?}"),
        )?;
        ensure(
            shown["sample"] == "own" && shown["title"].as_str().is_some_and(|title| title.starts_with("shop ")),
            || format!("{what}: {shown}"),
        )
    };
    let runs = "const heading = document.querySelector('h1'); await until(() => heading.textContent !== 'loading', 'the page of the folder');\
                return [document.title, heading.textContent, getComputedStyle(heading).color]";
    drop("a folder")?;
    let shown = demo.in_preview(runs)?;
    ensure(shown == json!(["A shop", "42 and part 119", "rgb(1, 2, 3)"]), || {
        format!("the preview shows {shown}")
    })?;

    // Dropped once more, it takes the place of what was there: in the same session, with what has changed on disk.
    std::fs::remove_dir_all(parts)?;
    write("parts/119.txt", "changed")?;
    wanted_again(&demo, &shop, runs)
}

/// The folder again, with a single part.
fn wanted_again(demo: &Demo<'_>, shop: &Path, runs: &str) -> Result {
    let session = demo.run("return byTest('fact-session-id').textContent", json!({}))?;
    let loads = demo.run(LOADS, json!({}))?;
    demo.drop_folder(shop)?;
    let shown = demo.run(TAKEN, json!({"loads": loads, "path": "parts/119.txt"}))?;
    let mut wanted: Vec<&str> = SITE.iter().map(|(path, _)| *path).chain(["parts/119.txt"]).collect();
    wanted.sort_unstable();
    ensure(shown["paths"] == json!(wanted), || format!("dropped again: {shown}"))?;
    let shown = demo.in_preview(runs)?;
    ensure(shown[1] == "42 and changed", || {
        format!("dropped again: the preview shows {shown}")
    })?;
    let after = demo.run("return byTest('fact-session-id').textContent", json!({}))?;
    ensure(after == session, || format!("dropped again: another session, {after}"))
}

fn files(context: &mut Context<'_>) -> Result {
    let demo = Demo::open(context)?;
    demo.sample("almanac")?;
    let page = "<!doctype html><title>Loose</title><p>waiting<script src='says.js'></script>";
    let files = json!({"index.html": page, "says.js": "document.querySelector('p').textContent = 'says hello'"});
    let shown = demo.give(DROP, &files, "says.js")?;
    ensure(
        shown["paths"] == json!(["index.html", "says.js"]) && shown["overlay"] == false && shown["sample"] == "own",
        || format!("the demo shows {shown}"),
    )?;
    let shown = demo.in_preview("return [document.title, document.querySelector('p').textContent]")?;
    ensure(shown == json!(["Loose", "says hello"]), || {
        format!("the preview shows {shown}")
    })
}

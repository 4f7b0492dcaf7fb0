//! The files that all subjects serve: the same bytes for each, made from a seed.
//!
//! They are text, as some of those that we are compared with take nothing else; of random letters, so that no layer makes
//! them smaller than they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::Result;

/// How many files of 1 KB there are beside each other.
pub(super) const SMALL: usize = 220;

/// The files that single reads are of, and their lengths.
pub(super) const SIZES: [(&str, usize); 4] = [
    ("file-1k.txt", 1 << 10),
    ("file-64k.txt", 64 << 10),
    ("file-1m.txt", 1 << 20),
    ("file-10m.txt", 10 << 20),
];

/// An app of modules: its folder, and how many modules run beside its entry.
pub(super) struct App {
    pub(super) folder: &'static str,
    pub(super) modules: usize,
}

/// 500 modules that the entry imports; 25 levels of 20, each of which imports two of the next level; a chain of 100.
pub(super) const APPS: [App; 3] = [
    App {
        folder: "flat",
        modules: 500,
    },
    App {
        folder: "deep",
        modules: LEVELS * WIDTH,
    },
    App {
        folder: "chain",
        modules: 100,
    },
];

const LEVELS: usize = 25;
const WIDTH: usize = 20;

/// A small app as somebody would preview one: a page, a style, a dozen of modules. It tells when it is about to be painted.
pub(super) const PREVIEW: App = App {
    folder: "preview",
    modules: 12,
};

/// The document that does what the benchmarks ask of a subject.
const PROBE: &str = include_str!("pages/probe.html");

/// Paths and contents.
pub(super) struct Corpus(BTreeMap<String, Vec<u8>>);

impl Corpus {
    /// All files, the same at each call.
    pub(super) fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let mut files = BTreeMap::from([("probe.html".to_owned(), PROBE.as_bytes().to_vec())]);
        for (path, length) in SIZES {
            files.insert(path.to_owned(), letters(&mut random, length));
        }
        for place in 0..SMALL {
            files.insert(small(place), letters(&mut random, 1 << 10));
        }
        let [flat, deep, chain] = &APPS;
        app(&mut files, &mut random, flat, 0..flat.modules, |_| Vec::new());
        app(&mut files, &mut random, deep, 0..WIDTH, |module| {
            let (level, place) = (module / WIDTH + 1, module % WIDTH);
            if level == LEVELS {
                return Vec::new();
            }
            vec![level * WIDTH + place, level * WIDTH + (place + 1) % WIDTH]
        });
        app(&mut files, &mut random, chain, 0..1, |module| {
            (module + 1..chain.modules).take(1).collect()
        });
        app(&mut files, &mut random, &PREVIEW, 0..PREVIEW.modules, |_| Vec::new());
        Self(files)
    }

    /// Where each file is in [`Self::bytes`].
    pub(super) fn list(&self) -> String {
        let mut offset = 0;
        let places = self.0.iter().map(|(path, bytes)| {
            let place = json!([path, offset, bytes.len()]);
            offset += bytes.len();
            place
        });
        Value::Array(places.collect()).to_string()
    }

    /// All contents, one after the other.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.values().flatten().copied().collect()
    }

    /// Writes them below a folder, for a server that reads files.
    pub(super) fn write(&self, folder: &Path) -> Result {
        for (path, bytes) in &self.0 {
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(file, bytes)?;
        }
        Ok(())
    }
}

/// The path of a file of 1 KB.
pub(super) fn small(place: usize) -> String {
    format!("small/{place}.txt")
}

fn letters(random: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or_default();
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes.into_iter().map(letter).collect()
}

/// The document of an app, its entry, and its modules of about 1 KB. The entry runs last, and tells how many ran before.
fn app(
    files: &mut BTreeMap<String, Vec<u8>>,
    random: &mut fastrand::Rng,
    app: &App,
    entry: std::ops::Range<usize>,
    imports: impl Fn(usize) -> Vec<usize>,
) {
    let folder = app.folder;
    let mut put = |name: &str, text: String| files.insert(format!("{folder}/{name}"), text.into_bytes());
    let document = "<!doctype html><meta charset=utf-8><title>an app</title><link rel=stylesheet href=style.css>\
                    <h1>An app</h1><script>performance.setResourceTimingBufferSize(2000)</script><script type=module src=main.js></script>";
    put("index.html", document.to_owned());
    put("style.css", "h1 { font-family: sans-serif }\n".to_owned());
    let mut text = String::new();
    for module in entry {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "import './m/{module}.js';");
    }
    text.push_str(include_str!("pages/app.js"));
    put("main.js", text);
    for module in 0..app.modules {
        let mut text = String::new();
        for other in imports(module) {
            let _ = writeln!(text, "import './{other}.js';");
        }
        let rest = String::from_utf8_lossy(&letters(random, 900)).into_owned();
        let _ = writeln!(text, "self.ran = (self.ran ?? 0) + 1;\nexport const of = '{rest}';");
        put(&format!("m/{module}.js"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_the_list_says() {
        let corpus = Corpus::new();
        let (list, bytes) = (corpus.list(), corpus.bytes());
        let list: Vec<(String, usize, usize)> = serde_json::from_str(&list).unwrap();
        assert!(list.len() > SMALL + 1100);
        for (path, offset, length) in &list {
            assert_eq!(&bytes[*offset..offset + length], corpus.0[path].as_slice());
        }
        let found = |path: &str| String::from_utf8(corpus.0[path].clone()).unwrap();
        assert!(found("chain/m/0.js").starts_with("import './1.js';\nself.ran"));
        assert!(found("chain/m/99.js").starts_with("self.ran"));
        assert!(found("deep/m/479.js").starts_with("import './499.js';\nimport './480.js';\nself.ran"));
        assert_eq!(found("flat/main.js").matches("import").count(), 500);
    }
}

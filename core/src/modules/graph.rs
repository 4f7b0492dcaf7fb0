//! From a document to the addresses of all modules that it will ask for.

use super::specifier::{NEVER, is_document, is_script};
use crate::index::{FileEntry, Index};
use crate::path::FilePath;

/// The most modules that are named for a document.
pub const MAX_PRELOADS: usize = 1024;

/// How many bytes their addresses may have together.
const MAX_BYTES: usize = 48 << 10;

/// How many specifiers are looked at for it.
const MAX_LOOKS: u32 = 16 << 10;

/// The addresses of the modules that a document loads, the nearest first: paths with queries, as a browser will ask for them.
///
/// `url` is the path of the document's URL, of which `path` is the part that names the file within the session. A file that is
/// reached by two addresses is named by the first.
pub fn preloads(index: &Index, url: &str, path: &str, entry: &FileEntry) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    if !is_document(index.media_type(entry)) {
        return found;
    }
    // What comes before the session's part is the same for all its files.
    let root = url.strip_suffix(path).unwrap_or("/");
    let (mut files, mut known): (Vec<&FileEntry>, Vec<&str>) = Default::default();
    let (mut base, mut entry) = (String::from(url), entry);
    let (mut room, mut looks) = (MAX_BYTES, 0);
    // Each module that was found is read in its turn.
    for next in 0.. {
        for specifier in &entry.imports {
            looks += 1;
            if looks > MAX_LOOKS || found.len() == MAX_PRELOADS {
                return found;
            }
            let address = resolve(&base, specifier);
            let Some((path, module)) = file(index, without_query(&address), root) else {
                continue;
            };
            if let Err(at) = known.binary_search(&path)
                && is_script(index.media_type(module))
                && !matches!(&*module.imports, [only] if **only == *NEVER)
            {
                if address.len() > room {
                    return found;
                }
                room -= address.len();
                known.insert(at, path);
                found.push(address);
                files.push(module);
            }
        }
        let (Some(address), Some(module)) = (found.get(next), files.get(next)) else {
            break;
        };
        base.clear();
        base.push_str(without_query(address));
        entry = module;
    }
    found
}

/// A plain specifier against the path of the URL that it stands in, as a URL parser resolves it.
fn resolve(base: &str, specifier: &str) -> String {
    let path = without_query(specifier);
    let query = specifier.get(path.len()..).unwrap_or_default();
    let mut segments: Vec<&str> = Vec::new();
    if !path.starts_with('/') {
        segments.extend(base.split('/').skip(1));
        segments.pop();
    }
    let relative = path.strip_prefix('/').unwrap_or(path);
    for segment in relative.split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut address = String::with_capacity(base.len() + specifier.len());
    for segment in segments {
        address.push('/');
        address.push_str(segment);
    }
    address.push_str(query);
    address
}

/// The file that answers to a path of the session's own: below its root, or below that of the origin, where it is asked for by the
/// session's own pages.
fn file<'i>(index: &'i Index, url: &str, root: &str) -> Option<(&'i str, &'i FileEntry)> {
    let path = url.strip_prefix(root).or_else(|| url.strip_prefix('/'))?;
    let path = FilePath::from_url_path(path).ok()?;
    let (path, entry) = index.get_key_value(path.as_str())?;
    Some((path.as_str(), entry))
}

fn without_query(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Change, Mode, NewFile};
    use crate::store::BytesBody;

    fn index(files: &[(&str, &str, &[&str])]) -> Index {
        let mut change = Change::new(Mode::Replace, 1);
        change.packs = vec![BytesBody::from(vec![0; files.len()])];
        change.files = files
            .iter()
            .zip(0..)
            .map(|((path, media_type, imports), offset)| NewFile {
                path: FilePath::parse(path).unwrap(),
                pack: 0,
                offset,
                length: 1,
                media_type: (*media_type).to_owned(),
                etag: [0; 16],
                modified: 0,
                imports: imports.iter().map(|import| (*import).to_owned()).collect(),
            })
            .collect();
        let mut index = Index::new(0);
        index.apply(&change).unwrap();
        index
    }

    const JS: &str = "text/javascript; charset=utf-8";
    const HTML: &str = "text/html; charset=utf-8";

    fn named(index: &Index, url: &str, path: &str, file: &str) -> Vec<String> {
        preloads(index, url, path, index.get(file).unwrap())
    }

    #[test]
    fn a_graph_is_followed_once_around() {
        let index = index(&[
            ("index.html", HTML, &["./js/main.js", "/top.js?v=1"]),
            (
                "js/main.js",
                JS,
                &["./a.js", "../lib/b.js", "./main.js", "./none.js", "./style.css"],
            ),
            ("js/a.js", JS, &["../lib/b.js", "./main.js"]),
            ("js/style.css", "text/css", &[]),
            ("lib/b.js", JS, &["/lib/c.js", "../../../top.js"]),
            ("lib/c.js", JS, &[]),
            ("top.js", JS, &["./js/a.js"]),
            ("unused.js", JS, &["./lib/c.js"]),
        ]);
        assert_eq!(
            named(&index, "/s/", "", "index.html"),
            ["/s/js/main.js", "/top.js?v=1", "/s/js/a.js", "/s/lib/b.js", "/lib/c.js"]
        );
        // A fallback for another address: the document's URL counts, and nothing is where its scripts are asked for.
        assert_eq!(
            named(&index, "/s/app/route", "app/route", "index.html"),
            ["/top.js?v=1", "/js/a.js", "/lib/b.js", "/js/main.js", "/lib/c.js"]
        );
        assert_eq!(
            named(&index, "/index.html", "index.html", "index.html")[0],
            "/js/main.js"
        );
        // A module that must not be fetched in advance is not, nor what it imports.
        let never = self::index(&[
            ("index.html", HTML, &["./a.js", "./b.js"]),
            ("a.js", JS, &[NEVER]),
            ("b.js", JS, &["./a.js", "./c.js"]),
            ("c.js", JS, &[]),
        ]);
        assert_eq!(named(&never, "/", "", "index.html"), ["/b.js", "/c.js"]);
        // What is no document loads nothing.
        assert_eq!(named(&index, "/s/js/main.js", "js/main.js", "js/main.js"), [""; 0]);
    }

    #[test]
    fn names_are_those_of_the_url() {
        let index = index(&[
            ("my dir/index.html", HTML, &["./a.js"]),
            ("my dir/a.js", JS, &["../b.js"]),
            ("b.js", JS, &[]),
        ]);
        assert_eq!(
            named(&index, "/s/my%20dir/", "my%20dir/", "my dir/index.html"),
            ["/s/my%20dir/a.js", "/s/b.js"]
        );
    }

    #[test]
    fn paths_are_resolved_as_urls_are() {
        for (base, specifier, expected) in [
            ("/a/b.html", "./c.js", "/a/c.js"),
            ("/a/b/", "../c.js", "/a/c.js"),
            ("/a", "../../c.js?x", "/c.js?x"),
            ("/a/b", "/c/./d/../e.js", "/c/e.js"),
            ("/", "./", "/"),
        ] {
            assert_eq!(resolve(base, specifier), expected);
        }
    }

    #[test]
    fn no_more_than_a_browser_should_be_told() {
        let told = |length: usize| {
            let names: Vec<String> = (0..MAX_PRELOADS + 9)
                .map(|number| format!("./{}{number}.js", "m".repeat(length)))
                .collect();
            let imports: Vec<&str> = names.iter().map(String::as_str).collect();
            // What one module has too much, another imports.
            let (first, others) = imports.split_at(600);
            let mut files = vec![("index.html", HTML, first)];
            let modules = imports.iter().zip(0..);
            files.extend(modules.map(|(name, at)| (&name[2..], JS, if at == 0 { others } else { &[][..] })));
            named(&index(&files), "/", "", "index.html")
        };
        assert_eq!(told(1).len(), MAX_PRELOADS);
        let bytes: usize = told(200).iter().map(String::len).sum();
        assert!((MAX_BYTES - 210..=MAX_BYTES).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_graph_of_many_edges_is_left() {
        let names: Vec<String> = (0..200).map(|number| format!("./{number}.js")).collect();
        let imports: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut files = vec![("index.html", HTML, &imports[..100])];
        // The last of the modules that all import each other are looked for by none that is looked at.
        files.extend(imports.iter().map(|name| (&name[2..], JS, &imports[..100])));
        assert_eq!(named(&index(&files), "/", "", "index.html").len(), 100);
    }
}

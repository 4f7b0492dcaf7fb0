//! A session to ask, and short ways to ask it.

use virtual_files_core::change::{Change, Mode, NewFile};
use virtual_files_core::config::Config;
use virtual_files_core::http::{Destination, Request};
use virtual_files_core::index::Index;
use virtual_files_core::options::SessionOptions;
use virtual_files_core::path::FilePath;
use virtual_files_core::plan::{self, Plan};
use virtual_files_core::route::{Route, route};
use virtual_files_core::store::BytesBody;

pub(crate) const HOST: &str = "vfs.test";
pub(crate) const A: &str = "aaaa";
pub(crate) const B: &str = "bbbb";

/// 1994-11-06T08:49:37.500Z
pub(crate) const MODIFIED: u64 = 784_111_777_500;
pub(crate) const LAST_MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
pub(crate) const ETAG: &str = "\"abababababababababababababababab\"";

pub(crate) fn config() -> Config {
    Config::new(HOST, ["https://app.test", "http://localhost:*"]).unwrap()
}

pub(crate) fn options(json: &str) -> SessionOptions {
    serde_json::from_str(json).unwrap()
}

/// A session of files of a length each, all of the same tag and date.
pub(crate) fn index(files: &[(&str, usize)], options: SessionOptions) -> Index {
    let mut change = Change::new(Mode::Replace, MODIFIED);
    change.options = Some(options);
    for (pack, (path, length)) in files.iter().enumerate() {
        change.packs.push(BytesBody::from(vec![b'x'; *length]));
        let media_type = match path.rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some((_, "mp4")) => "video/mp4",
            _ => "",
        };
        change.files.push(NewFile {
            path: FilePath::parse(path).unwrap(),
            pack: pack as u32,
            offset: 0,
            length: *length as u64,
            media_type: media_type.to_owned(),
            etag: [0xab; 16],
            modified: MODIFIED,
            imports: Vec::new(),
        });
    }
    let mut index = Index::new(MODIFIED);
    index.apply(&change).unwrap();
    index
}

/// A bundle with one of everything.
pub(crate) fn bundle(json: &str) -> Index {
    let files = [
        ("index.html", 100),
        ("main.js", 200),
        ("film.mp4", 1000),
        ("empty.js", 0),
        ("docs/index.html", 300),
        ("docs/deep/page.html", 310),
        ("bare/file.js", 400),
        ("both", 500),
        ("both/index.html", 510),
        ("sw.js", 600),
        ("_vf/own.js", 610),
        ("имя файла.js", 700),
        ("100%.js", 710),
        ("a+b#c?d.js", 720),
    ];
    index(&files, options(json))
}

pub(crate) fn get(path: &str) -> Request<'_> {
    Request::get(HOST, path)
}

pub(crate) fn navigation(path: &str) -> Request<'_> {
    Request {
        navigate: true,
        destination: Destination::Frame,
        ..get(path)
    }
}

/// Routes and plans, as the worker does; every session is the same one.
pub(crate) fn ask<'i>(request: &Request<'_>, index: &'i Index) -> Plan<'i> {
    match route(&config(), request) {
        Route::Session { path, .. } => plan::plan(&config(), request, path, Some(index)),
        Route::Redirect { status, location } => plan::redirect(&config(), status, location),
        Route::NotFound => plan::not_found(&config(), request),
        Route::Network => panic!("{} is an asset", request.path),
    }
}

pub(crate) fn header<'p>(plan: &'p Plan<'_>, name: &str) -> Option<&'p str> {
    let mut values = plan.headers().iter().filter(|(known, _)| *known == name);
    let value = values.next().map(|(_, value)| &**value);
    assert!(values.next().is_none(), "{name} stands there twice");
    value
}

/// The answer in a line: the status, and the file, the location or the code that the page shows.
pub(crate) fn summary(plan: &Plan<'_>) -> String {
    let rest = match plan {
        Plan::Serve {
            path,
            range: Some((start, end)),
            ..
        } => format!("{path} {start}..{end}"),
        Plan::Serve { path, .. } => (*path).to_owned(),
        Plan::Empty { .. } => header(plan, "location").unwrap_or_default().to_owned(),
        Plan::Page { body, .. } if body.contains("Files in") => "listing".to_owned(),
        Plan::Page { body, .. } => {
            let code = body
                .rsplit_once("<code>")
                .and_then(|(_, rest)| rest.split_once("</code>"));
            code.map_or("", |(code, _)| code).to_owned()
        }
    };
    format!("{} {rest}", plan.status()).trim_end().to_owned()
}

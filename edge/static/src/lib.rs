//! The VFS origin as static files: the assets with their marks filled in, and an nginx configuration that serves them as the
//! edge Worker would.
//!
//! Which headers an answer has is the core's decision here, too; only what cannot be fixed beforehand differs. A page's
//! inline script is allowed by its hash, since there is no nonce that is new for every answer; and a page may be kept by
//! caches that ask each time.

#![forbid(unsafe_code)]

mod nginx;

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use virtual_files_core::config::Config;
use virtual_files_core::edge::{self, EdgePlan, EdgeRequest};
use virtual_files_core::http::Headers;

/// The page for what is not there, as the core writes it.
const NOT_FOUND: &str = "/_vf/not-found.html";

/// One static file of the origin, and how it is answered.
struct Asset {
    path: String,
    headers: Vec<(&'static str, String)>,
}

/// Where the files went.
#[derive(Debug)]
pub struct Written {
    /// What the server serves.
    pub files: PathBuf,
    /// The configuration of nginx, for its `http` block.
    pub nginx: PathBuf,
}

/// Writes the origin to `out`, from the assets that the build made (`dist/origin`). `listen` is what nginx listens on.
pub fn write(assets: &Path, out: &Path, config: &Config, listen: &str) -> io::Result<Written> {
    let config_json = serde_json::to_string(config)?;
    let names = names(assets)?;
    let files = out.join("www");
    if files.exists() {
        if !files.join("hub.html").is_file() {
            let name = files.display();
            return Err(io::Error::other(format!(
                "{name} is there, and not of this program's making"
            )));
        }
        fs::remove_dir_all(&files)?;
    }
    let mut written = Vec::new();
    for path in names {
        let from = assets.join(path.trim_start_matches('/'));
        let to = files.join(path.trim_start_matches('/'));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut inline = Vec::new();
        if path == "/sw.js" || path.ends_with(".html") {
            let text = edge::fill(&fs::read_to_string(&from)?, &config_json, "");
            inline = inline_scripts(&text).map(hash).collect();
            fs::write(&to, text)?;
        } else {
            fs::copy(&from, &to)?;
        }
        let headers = headers(config, &path).ok_or_else(|| io::Error::other(format!("{path} is no asset")))?;
        let headers = fixed(headers, &inline);
        written.push(Asset { path, headers });
    }
    let (headers, page) = not_found(config);
    fs::write(files.join(NOT_FOUND.trim_start_matches('/')), page)?;
    written.push(Asset {
        path: NOT_FOUND.to_owned(),
        headers: fixed(headers, &[]),
    });
    let nginx = out.join("nginx.conf");
    let root = files.canonicalize()?;
    fs::write(&nginx, nginx::server(config, &root, listen, &written))?;
    Ok(Written { files, nginx })
}

/// The URL paths of the files below a folder, in order.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((folder, above)) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| io::Error::other(format!("no asset has a name like {}", name.display())))?;
            let path = format!("{above}/{name}");
            if entry.file_type()?.is_dir() {
                open.push((entry.path(), path));
            } else {
                names.push(path);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// What the core answers with: for the boot page, to the document of a session; for other assets, to their names.
fn headers(config: &Config, path: &str) -> Option<Headers<'static>> {
    let page = EdgeRequest {
        fetch_mode: Some("navigate"),
        ..EdgeRequest::get(config.host(), "/session/")
    };
    let asset = EdgeRequest::get(config.host(), path);
    match edge::edge(config, if path == edge::BOOT_PAGE { &page } else { &asset }) {
        EdgePlan::Asset { headers, .. } | EdgePlan::Boot { headers } => Some(headers),
        _ => None,
    }
}

fn not_found(config: &Config) -> (Headers<'static>, String) {
    match edge::not_found(config, &EdgeRequest::get(config.host(), "/")) {
        EdgePlan::Page { headers, body, .. } => (headers, body),
        _ => (Vec::new(), String::new()),
    }
}

/// The headers of a file that is always the same.
fn fixed(headers: Headers<'_>, inline: &[String]) -> Vec<(&'static str, String)> {
    let headers = headers.into_iter().filter(|(name, _)| *name != "content-length");
    headers
        .map(|(name, value)| match name {
            "content-security-policy" => (name, value.replace("'nonce-'", &inline.join(" "))),
            "cache-control" => (name, value.replace("no-store", "no-cache")),
            _ => (name, value.into_owned()),
        })
        .collect()
}

/// The text of each inline script of a page of ours.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

/// The source that allows one inline script.
fn hash(script: &str) -> String {
    let mut source = String::new();
    let hash = BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()));
    // Writing to a string never fails.
    let _ = write!(source, "'sha256-{hash}'");
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash() {
        let page = "<script nonce=\"\">a</script><script src=\"b.js\"></script><script>\nc</script>";
        let found: Vec<&str> = inline_scripts(page).collect();
        assert_eq!(found, ["a", "\nc"]);
        // printf a | openssl dgst -sha256 -binary | base64
        assert_eq!(hash("a"), "'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='");
    }
}

//! `cargo xtask deploy --dry-run` and `cargo xtask static`: what goes out, to Cloudflare and as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::root;
use super::xtask::Xtask;
use crate::case::Case;
use crate::lab::Shared;
use crate::product::{Nginx, ask, dist};
use crate::server::free_port;
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::wire("deploy_dry_run_lists_what_goes_out", deploy),
    Case::wire("static_writes_what_nginx_serves", files),
];

fn deploy(shared: &mut Shared) -> Result {
    let ended = Xtask::start(shared, &["deploy", "--dry-run"])?.end()?;
    ended.code(0)?;
    let root = root()?;
    // `LENGTH  dist/…`
    let listed: BTreeMap<PathBuf, u64> = ended
        .said
        .lines()
        .filter_map(|line| {
            let (length, file) = line.trim_start().split_once("  dist/")?;
            Some((Path::new("dist").join(file), length.parse().ok()?))
        })
        .collect();
    let mut there = BTreeMap::new();
    for folder in ["edge", "origin"] {
        below(&dist(folder)?, &mut there)?;
    }
    let there: BTreeMap<PathBuf, u64> = there
        .into_iter()
        .filter_map(|(file, length)| Some((file.strip_prefix(&root).ok()?.to_owned(), length)))
        .collect();
    ensure(!there.is_empty() && listed == there, || {
        format!("{listed:?} are listed, {there:?} are there")
    })?;
    // The Worker as wrangler has packed it, with what it is bound to, and the last word.
    for text in [
        "for https://vfs.example.com, by [env.production]",
        "index_bg.wasm",
        "env.EDGE_SESSIONS (EdgeSession)",
        "env.ADDRESS_QUOTAS (AddressQuota)",
        "env.ASSETS",
        "env.VFS_HOST (\"vfs.example.com\")",
        "--dry-run: exiting now.",
    ] {
        ensure(ended.said.contains(text), || format!("no {text:?}:\n{}", ended.said))?;
    }
    Ok(())
}

/// The files below a folder with their lengths.
fn below(folder: &Path, found: &mut BTreeMap<PathBuf, u64>) -> Result {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            below(&entry.path(), found)?;
        } else {
            found.insert(entry.path(), metadata.len());
        }
    }
    Ok(())
}

fn files(shared: &mut Shared) -> Result {
    let kept = Kept::aside()?;
    let port = free_port()?;
    let listen = format!("127.0.0.1:{port}");
    let arguments = [
        "static",
        "--host",
        "vfs.test",
        "--allow",
        "https://app.test",
        "--allow",
        "https://*.app.test",
        "--listen",
        &listen,
    ];
    let ended = Xtask::start(shared, &arguments)?.end()?;
    ended.code(0)?;
    let folder = dist("static")?;
    let (www, conf) = (folder.join("www"), folder.join("nginx.conf"));
    for line in [
        format!("files: {}", www.display()),
        format!("nginx: {}", conf.display()),
    ] {
        ensure(ended.said.lines().any(|said| said == line), || {
            format!("no {line:?}:\n{}", ended.said)
        })?;
    }
    // All of the origin is there, and one page more.
    let (mut wanted, mut found) = (BTreeMap::new(), BTreeMap::new());
    let origin = dist("origin")?;
    below(&origin, &mut wanted)?;
    below(&www, &mut found)?;
    let mut wanted: Vec<_> = wanted
        .keys()
        .filter_map(|file| file.strip_prefix(&origin).ok())
        .collect();
    wanted.push(Path::new("_vf/not-found.html"));
    wanted.sort();
    let found: Vec<_> = found.keys().filter_map(|file| file.strip_prefix(&www).ok()).collect();
    ensure(wanted == found, || format!("{found:?}, not {wanted:?}"))?;
    // nginx takes the configuration, and it is for the host and the apps that were named.
    let nginx = Nginx::serve(&conf, port)?;
    let hub = ask(port, "GET", "vfs.test", "/hub.html", &[])?;
    hub.status(200)?;
    let policy = "frame-ancestors https://app.test https://*.app.test";
    ensure(
        hub.headers()
            .any(|(name, value)| name == "content-security-policy" && value.contains(policy)),
        || format!("no {policy}: {:?}", hub.headers().collect::<Vec<_>>()),
    )?;
    drop(nginx);
    drop(kept);
    Ok(())
}

/// What a person has made in `dist/static`, out of the test's way; there again when dropped, or in the next run.
struct Kept {
    place: PathBuf,
    aside: PathBuf,
}

impl Kept {
    fn aside() -> Result<Self> {
        let dist = dist("")?;
        let kept = Self {
            place: dist.join("static"),
            aside: dist.join("static-kept-by-test"),
        };
        if kept.aside.exists() {
            kept.put_back()?;
        }
        if kept.place.exists() {
            fs::rename(&kept.place, &kept.aside)?;
        }
        Ok(kept)
    }

    fn put_back(&self) -> std::io::Result<()> {
        if self.place.exists() {
            fs::remove_dir_all(&self.place)?;
        }
        if self.aside.exists() {
            fs::rename(&self.aside, &self.place)?;
        }
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Err(error) = self.put_back() {
            println!(
                "what was in {} is in {}: {error}",
                self.place.display(),
                self.aside.display()
            );
        }
    }
}

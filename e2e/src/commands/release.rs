//! `cargo xtask deploy --dry-run` and `cargo xtask static`: what goes out, to Cloudflare and as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::root;
use super::xtask::Xtask;
use crate::case::Case;
use crate::lab::Shared;
use crate::process::scratch;
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
    // The host is that of wrangler.toml, which is a person's to fill in.
    let host = ended.said.lines().find_map(|line| line.strip_prefix("for https://"));
    let host = host
        .and_then(|line| line.split_once(", by [env.production]"))
        .map(|(host, _)| host)
        .ok_or_else(|| format!("no host:\n{}", ended.said))?;
    // The Worker as wrangler has packed it, with what it is bound to, and the last word.
    for text in [
        "index_bg.wasm",
        "env.EDGE_SESSIONS (EdgeSession)",
        "env.ADDRESS_QUOTAS (AddressQuota)",
        "env.ASSETS",
        &format!("env.VFS_HOST (\"{host}\")"),
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
    // A person's own is in dist/static.
    let folder = scratch("static-command")?;
    let out = folder.display().to_string();
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
        "--out",
        &out,
    ];
    let ended = Xtask::start(shared, &arguments)?.end()?;
    ended.code(0)?;
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
    Ok(())
}

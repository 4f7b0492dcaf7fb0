//! How long it takes from a worker that was stopped to the first bytes of a file: of a session in memory, of one in
//! IndexedDB, and of the worker of playground-elements, whose files are in a page's memory as well.

use std::path::Path;

use serde_json::{Value, json};

use super::report::Table;
use super::stats::Samples;
use super::{Bench, PAGE};
use crate::server::{Reply, Server};
use crate::{Result, ensure};

const MEMORY: &str = "memory session";
const STORED: &str = "indexeddb session";
const PLAYGROUND: &str = "playground-elements";
const SUBJECTS: [&str; 3] = [MEMORY, STORED, PLAYGROUND];

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1], [1, 0, 2]];

/// The first rounds show what is compiled and cached only once.
const WARM_UP: usize = 3;

pub(super) fn run(bench: &Bench, rounds: usize) -> Result<Table> {
    let peer = playground(&bench.peers)?;
    let origin = peer.origin("playground.virtual-files.localhost");
    let run = |body: &str, args: Value| bench.browser.page(&format!("{PAGE}\n{body}"), &args);
    let open = "const options = (id, storage) => ({ id, isolation: 'origin', storage });\
                await ours(args.names[0], args.vfs, options('bench-memory', 'memory'));\
                await ours(args.names[1], args.vfs, options('bench-stored', 'indexeddb'));\
                await playground(args.names[2], args.peer)";
    run(open, json!({"names": SUBJECTS, "vfs": bench.vfs, "peer": origin}))?;
    let mut samples: [Samples; 3] = Default::default();
    let mut starts = [0.0; 3];
    for round in 0..rounds + WARM_UP {
        // Each of them comes first, second and last equally often, and after each of the others.
        for place in ORDERS[round % ORDERS.len()] {
            let (Some(name), Some(samples), Some(before)) =
                (SUBJECTS.get(place), samples.get_mut(place), starts.get_mut(place))
            else {
                continue;
            };
            bench.browser.stop_workers()?;
            let found = run("return await time(args.name)", json!({"name": name}))?;
            let started = found["starts"].as_f64().unwrap_or_default();
            ensure(started > *before, || {
                format!("the worker of the {name} was not stopped: {found}")
            })?;
            *before = started;
            if round >= WARM_UP {
                samples.add(found["ms"].as_f64().ok_or("no time")?);
            }
        }
    }
    let [memory, stored, playground] = &samples;
    Ok(Table {
        title: "From a stopped worker to the first bytes of a file of 1 KB".to_owned(),
        base: PLAYGROUND,
        rows: vec![
            (MEMORY, memory.clone()),
            (STORED, stored.clone()),
            (PLAYGROUND, playground.clone()),
        ],
    })
}

fn playground(peers: &Path) -> Result<Server> {
    let package = peers.join("playground-elements");
    ensure(package.is_dir(), || format!("{} is not there", package.display()))?;
    Server::start(move |hit| match hit.path() {
        path @ ("/playground-service-worker-proxy.html" | "/playground-service-worker.js") => {
            Reply::file(&package, path)
        }
        _ => Reply::missing(),
    })
}

//! Row 5: what session code may send, and where to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::ISOLATIONS;
use super::super::lifecycle::Life;
use super::{foreign, foreign_origin};
use crate::case::{Case, Context};
use crate::server::Server;
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[Case::new("walls_5_session_code_sends_data_out", sends)];

/// Every way out that a content policy covers. Each is awaited until it has failed or done its work.
const WAYS: &str = include_str!("network.js");

/// Where each of them leads, below the foreign origin.
const ENDS: &[&str] = &[
    "/fetch",
    "/nocors",
    "/xhr",
    "/image.svg",
    "/script.js",
    "/style.css",
    "/imported.css",
    "/background.svg",
    "/module.mjs",
    "/frame",
    "/socket",
    "/events",
    "/in-worker",
    "/in-worker-script.js",
    "/in-file",
    "/in-file-script.js",
    "/form",
    "/font",
    "/beacon",
    "/inner",
    "/srcdoc",
    "/loosened",
    "/sandboxed",
    "/blob",
    "/data",
    "/turned",
    "/based.svg",
    "/based-here.svg",
];

/// What a session's policy leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Allowed {
    Nothing,
    /// The foreign origin: so it is the policy that stops what does not get there otherwise.
    Everything,
}

/// The foreign site, and the ways there.
pub(in super::super) struct Ways {
    server: Server,
    origin: String,
}

impl Ways {
    pub(in super::super) fn lead_elsewhere() -> Result<Self> {
        let server = foreign()?;
        let origin = foreign_origin(&server);
        Ok(Self { server, origin })
    }

    /// The session's option.
    pub(in super::super) fn network(&self, allowed: Allowed) -> Value {
        match allowed {
            Allowed::Nothing => json!("none"),
            Allowed::Everything => json!([self.origin, self.origin.replace("http:", "ws:")]),
        }
    }

    /// Opens the session, puts what the ways need, and mounts a page, by its name (`entry`) or as it is (`html`).
    pub(in super::super) fn mount(&self, life: &Life<'_>, by: &str) -> Result {
        life.run_with(
            r"
            for (const old of [...stage.children]) old.remove(); await open();
            const page = '<!doctype html><meta charset=utf-8><title>a way out</title><body>';
            await session.put({ 'page.html': page, 'kept.txt': 'kept',
              'worker.js': `onmessage = async ({ data }) => { try { importScripts(data + '/in-file-script.js'); } catch {} try { await fetch(data + '/in-file'); } catch {} postMessage(0); }`,
              'inner.html': `<!doctype html><script>fetch(location.hash.slice(1)).catch(() => {}).then(() => parent.postMessage('inner', '*'))</script>` });
            await session.mount(stage, { [args.by]: args.by === 'html' ? page : 'page.html', sandbox: 'allow-forms' });
            ",
            json!({"by": by}),
        )?;
        life.stage.enter_preview()
    }

    /// Goes every way, from the current frame: all end where they should, but those of `no_way`, which lead nowhere in any case.
    pub(in super::super) fn all_end(&self, life: &Life<'_>, allowed: Allowed, no_way: &[&str]) -> Result {
        self.server.forget();
        life.run_with(WAYS, json!({"evil": self.origin}))?;
        life.stage.browser.leave()?;
        let reached: BTreeSet<String> = self.server.hits().into_iter().map(|hit| hit.url).collect();
        match allowed {
            Allowed::Nothing => ensure(reached.is_empty(), || format!("reached without leave: {reached:?}")),
            Allowed::Everything => {
                let wanted = ENDS.iter().filter(|way| !no_way.contains(way));
                let missing: Vec<_> = wanted.filter(|way| !reached.contains(**way)).collect();
                ensure(missing.is_empty(), || {
                    format!("allowed, and yet not reached: {missing:?}, but {reached:?}")
                })
            }
        }
    }
}

fn sends(context: &mut Context<'_>) -> Result {
    let ways = Ways::lead_elsewhere()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for allowed in [Allowed::Nothing, Allowed::Everything] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"network": ways.network(allowed)}));
            ways.mount(&life, "entry")?;
            ways.all_end(&life, allowed, &[])
                .map_err(|error| format!("{isolation}: {error}"))?;
        }
    }
    Ok(())
}

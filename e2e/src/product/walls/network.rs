//! Row 5: what session code may send, and where to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::ISOLATIONS;
use super::super::lifecycle::Life;
use super::{foreign, foreign_origin};
use crate::browser::Engine;
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
    "/prefetch",
    "/preload.svg",
    "/module.mjs",
    "/frame",
    "/object",
    "/video",
    "/socket",
    "/events",
    "/in-worker",
    "/in-worker-script.js",
    "/in-file",
    "/in-file-script.js",
    "/form",
    "/font",
    "/beacon",
    "/ping",
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

/// What leads nowhere in an engine whatever is allowed, so that its wall shows nothing there.
const fn never(engine: Engine) -> &'static [&'static str] {
    match engine {
        // WebKitGTK leaves a link of that kind alone.
        Engine::WebKit => &["/prefetch"],
        // Firefox has pings, and sends none unless its user wants it to.
        Engine::Firefox => &["/ping"],
        Engine::Chromium => &[],
    }
}

/// What a session's policy leaves open. By the last two it is the policy that stops what does not get there otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Allowed {
    Nothing,
    /// The foreign origin, by its name.
    Origin,
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
            Allowed::Everything => json!("open"),
            Allowed::Origin => json!([self.origin, self.origin.replace("http:", "ws:")]),
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

    /// Goes every way, from the current frame: all end where they should, and those of `no_way` lead nowhere in any case.
    pub(in super::super) fn all_end(&self, life: &Life<'_>, allowed: Allowed, no_way: &[&str]) -> Result {
        self.server.forget();
        let said = life.run_with(WAYS, json!({"evil": self.origin}))?;
        life.stage.browser.leave()?;
        let reached: BTreeSet<String> = self.server.hits().into_iter().map(|hit| hit.url).collect();
        let never = never(life.stage.browser.engine);
        ensure(said["prefetches"] != never.contains(&"/prefetch"), || {
            format!("whether the engine prefetches: {said}")
        })?;
        let refused = said["transport"].as_bool();
        ensure(refused.is_some() || life.stage.browser.engine == Engine::WebKit, || {
            "an engine without WebTransport".to_owned()
        })?;
        ensure(
            allowed == Allowed::Origin || refused.is_none_or(|refused| refused == (allowed == Allowed::Nothing)),
            || format!("{allowed:?} allowed: whether WebTransport was refused by the policy: {refused:?}"),
        )?;
        if allowed == Allowed::Nothing {
            return ensure(reached.is_empty(), || format!("reached without leave: {reached:?}"));
        }
        let wrong: Vec<_> = ENDS
            .iter()
            .filter(|way| reached.contains(**way) == (no_way.contains(way) || never.contains(way)))
            .collect();
        ensure(wrong.is_empty(), || {
            format!(
                "{allowed:?} allowed, and yet not reached, or reached where there is no way: {wrong:?}, of {reached:?}"
            )
        })
    }
}

fn sends(context: &mut Context<'_>) -> Result {
    let ways = Ways::lead_elsewhere()?;
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for allowed in [Allowed::Nothing, Allowed::Origin, Allowed::Everything] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"network": ways.network(allowed)}));
            ways.mount(&life, "entry")?;
            ways.all_end(&life, allowed, &[])
                .map_err(|error| format!("{isolation}: {error}"))?;
        }
    }
    Ok(())
}

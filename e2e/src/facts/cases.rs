//! Facts 1 to 5 and 7: who answers which frame, and where a worker may live.

use serde_json::json;

use super::{Stage, document, expect};
use crate::browser::{Engine, NO_STORAGE_SWITCH, Profile};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("fact_1_no_worker_serves_an_opaque_frame", opaque),
    Case::new(
        "fact_1_csp_sandbox_lets_the_worker_answer_the_navigation_only",
        csp_sandbox,
    ),
    Case::new("fact_2_a_navigated_same_origin_sandbox_is_served", navigated),
    Case::new("fact_3_a_srcdoc_child_inherits_the_worker", srcdoc_child),
    Case::new("fact_3_a_rewritten_document_stays_controlled", rewritten),
    Case::new("fact_4_blocked_cookies_and_a_same_site_worker", blocked_same_site)
        .under(&[Host::SameSite])
        .with(&[Profile::CookiesBlocked]),
    Case::new("fact_4_blocked_cookies_and_a_cross_site_worker", blocked_cross_site)
        .under(&[Host::CrossSite])
        .with(&[Profile::CookiesBlocked]),
    Case::new("fact_4_blocked_storage_and_a_same_site_worker", blocked_same_site)
        .under(&[Host::SameSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new("fact_4_blocked_storage_refuses_a_cross_site_worker", refused)
        .under(&[Host::CrossSite])
        .with(&[Profile::StorageBlocked])
        .without(NO_STORAGE_SWITCH),
    Case::new(
        "fact_5_storage_and_workers_are_partitioned_by_the_top_site",
        partitioned,
    ),
    Case::new("fact_13_a_blob_behind_a_redirect_may_hang_in_webkit", moved).under(&[Host::SameSite]),
    Case::new("fact_14_a_link_header_of_a_worker_preloads_modules", preloaded).under(&[Host::SameSite]),
    Case::new("fact_7_localhost_names_resolve_and_are_secure", names).under(&[Host::SameSite]),
];

const OPAQUE: &str = "allow-scripts";
const SAME_ORIGIN: &str = "allow-scripts allow-same-origin";
const WORKER: [&str; 3] = ["worker"; 3];

fn opaque(context: &mut Context<'_>) -> Result {
    let fact = "Fact 1 (no service worker serves a frame whose origin is opaque)";
    let stage = Stage::registered(context, fact)?;
    let base = stage.url("");
    let srcdoc = document("srcdoc", &base);
    let wanted = ["srcdoc", "network", "network"];

    let report = stage.probe(json!({"sandbox": OPAQUE, "srcdoc": srcdoc}))?;
    expect(fact, "srcdoc in the host", &report, wanted)?;

    let report = stage.probe(json!({"sandbox": OPAQUE, "src": stage.url("document.html")}))?;
    expect(fact, "by navigation", &report, ["network"; 3])?;

    let report = stage.probe(json!({"src": stage.url("document.html"), "id": "controlled"}))?;
    expect(fact, "the controlled page itself", &report, WORKER)?;
    stage.browser.enter("#controlled")?;

    let report = stage.probe(json!({"sandbox": OPAQUE, "srcdoc": srcdoc}))?;
    expect(fact, "srcdoc in a controlled page", &report, wanted)?;

    let blob = "const url = URL.createObjectURL(new Blob([args.html], { type: 'text/html' }));\
                return await probe({ sandbox: args.sandbox, src: url });";
    let report = stage.browser.eval(blob, &json!({"html": srcdoc, "sandbox": OPAQUE}))?;
    expect(fact, "blob: in a controlled page", &report, wanted)
}

fn csp_sandbox(context: &mut Context<'_>) -> Result {
    let fact = "Fact 1 (under a CSP sandbox header the worker answers the navigation and no subresource)";
    let stage = Stage::registered(context, fact)?;
    let report = stage.probe(json!({"src": stage.url("csp.html")}))?;
    expect(
        fact,
        "Content-Security-Policy: sandbox allow-scripts",
        &report,
        ["worker", "network", "network"],
    )
}

fn navigated(context: &mut Context<'_>) -> Result {
    let fact = "Fact 2 (a frame with allow-scripts allow-same-origin, navigated into the scope, is served wholly)";
    let stage = Stage::registered(context, fact)?;
    let report = stage.probe(json!({"sandbox": SAME_ORIGIN, "src": stage.url("document.html")}))?;
    expect(fact, "navigated", &report, WORKER)?;
    ensure(report["controlled"] == true, || {
        format!("{fact} has changed: not controlled: {report}")
    })
}

fn srcdoc_child(context: &mut Context<'_>) -> Result {
    let fact = "Fact 3 (a srcdoc child inherits the worker; in Firefox only where no sandbox flag applies to it)";
    let engine = context.browser.engine;
    let stage = Stage::registered(context, fact)?;
    let srcdoc = document("srcdoc", "");
    let served = ["srcdoc", "worker", "worker"];
    let in_a_sandbox = if engine == Engine::Firefox {
        ["srcdoc", "network", "network"]
    } else {
        served
    };

    stage.probe(json!({"src": stage.url("document.html"), "id": "free"}))?;
    stage.browser.enter("#free")?;
    let report = stage.probe(json!({ "srcdoc": srcdoc }))?;
    expect(fact, "no sandbox at all", &report, served)?;
    let report = stage.probe(json!({"srcdoc": srcdoc, "sandbox": SAME_ORIGIN}))?;
    expect(fact, "a sandbox on the child", &report, in_a_sandbox)?;

    stage.browser.leave()?;
    stage.probe(json!({"src": stage.url("document.html"), "sandbox": SAME_ORIGIN, "id": "boxed"}))?;
    stage.browser.enter("#boxed")?;
    let report = stage.probe(json!({ "srcdoc": srcdoc }))?;
    expect(fact, "a sandbox on the parent", &report, in_a_sandbox)
}

fn rewritten(context: &mut Context<'_>) -> Result {
    let fact = "Fact 3 (a navigated frame written with document.open stays controlled)";
    let stage = Stage::registered(context, fact)?;
    stage.probe(json!({"src": stage.url("document.html"), "sandbox": SAME_ORIGIN, "id": "boxed"}))?;
    stage.browser.enter("#boxed")?;
    // Written a moment later: rewriting a document would end the script that WebDriver runs in it.
    let rewrite = "setTimeout(() => { document.open(); document.write(args.html); document.close(); });";
    stage.browser.eval(rewrite, &json!({"html": document("written", "")}))?;
    stage.browser.leave()?;
    stage.browser.enter("#boxed")?;
    let report = stage.browser.eval(
        "const written = async () => { while (self.documentFrom !== 'written') await new Promise(requestAnimationFrame); \
         return await self.report; }; return await within(written(), 'the written document');",
        &json!({}),
    )?;
    expect(
        fact,
        "document.open, write, close",
        &report,
        ["written", "worker", "worker"],
    )
}

fn blocked_cross_site(context: &mut Context<'_>) -> Result {
    let fact = "Fact 4 (blocked third-party cookies: Firefox refuses a cross-site worker, the others partition it)";
    let engine = context.browser.engine;
    let stage = Stage::open(context)?;
    let report = stage.register()?;
    let as_stated = match engine {
        Engine::Firefox => report["error"] == "SecurityError",
        Engine::Chromium | Engine::WebKit => report["registered"] == true,
    };
    ensure(as_stated, || format!("{fact} has changed: {report}"))
}

fn refused(context: &mut Context<'_>) -> Result {
    let fact =
        "Fact 4 (blocked, unpartitioned third-party storage: a cross-site register rejects with NotSupportedError)";
    let stage = Stage::open(context)?;
    let report = stage.register()?;
    let message = report["message"].as_str().unwrap_or_default();
    ensure(
        report["error"] == "NotSupportedError" && message.contains("The user denied permission"),
        || format!("{fact} has changed: {report}"),
    )
}

fn blocked_same_site(context: &mut Context<'_>) -> Result {
    let fact = "Fact 4 (blocked third-party cookies: a same-site frame is fine)";
    let stage = Stage::registered(context, fact)?;
    let report = stage.probe(json!({"sandbox": SAME_ORIGIN, "src": stage.url("document.html")}))?;
    expect(fact, "same-site", &report, WORKER)
}

fn partitioned(context: &mut Context<'_>) -> Result {
    let fact = "Fact 5 (storage and workers are partitioned by the top-level site; in WebKit by the top-level origin)";
    let shared = context.host == Host::SameSite && context.browser.engine != Engine::WebKit;
    let stage = Stage::registered(context, fact)?;
    stage.probe(json!({"sandbox": SAME_ORIGIN, "src": stage.url("document.html"), "id": "inside"}))?;
    stage.browser.enter("#inside")?;
    let write = "const open = indexedDB.open('mark', 1); open.onupgradeneeded = () => open.result.createObjectStore('s');\
                 await within(once(open, 'success'), 'the database'); open.result.close();";
    stage.browser.eval(write, &json!({}))?;

    stage.browser.open()?;
    stage.browser.goto(&stage.url("document.html"))?;
    let read = "const report = await self.report; let old = true; const open = indexedDB.open('mark', 1);\
                open.onupgradeneeded = () => { old = false; }; await within(once(open, 'success'), 'the database');\
                open.result.close(); return { ...report, database: old };";
    let report = stage.browser.eval(read, &json!({}))?;
    expect(
        fact,
        "opened in a tab of its own",
        &report,
        if shared { WORKER } else { ["network"; 3] },
    )?;
    ensure(report["database"] == shared, || {
        format!("{fact} has changed for IndexedDB: {report}")
    })
}

fn names(context: &mut Context<'_>) -> Result {
    let fact = "Fact 7 (any name below virtual-files.localhost resolves and is a secure context with service workers)";
    let stage = Stage::open(context)?;
    stage.browser.goto(&format!("{}/register.html", stage.vfs))?;
    let report = stage.browser.eval(
        "return { ...await self.report, secure: self.isSecureContext }",
        &json!({}),
    )?;
    ensure(report["registered"] == true && report["secure"] == true, || {
        format!("{fact} has changed: {report}")
    })
}

/// WebKit loses up to half of them, and on a machine that has nothing else to do none: there only the others are certain.
fn moved(context: &mut Context<'_>) -> Result {
    let fact = "Fact 13 (WebKit may never end a Blob's body behind a redirect of the worker's, and does that of bytes)";
    let engine = context.browser.engine;
    let stage = Stage::registered(context, fact)?;
    stage.probe(json!({"src": stage.url("document.html"), "id": "inside"}))?;
    stage.browser.enter("#inside")?;
    let body = "const lost = async (kind) => {
          for (let time = 0; time < 40; time += 1) {
            const answer = await within(fetch(`/s/moved?${kind}${time}`, { cache: 'no-store' }), 'an answer');
            const text = await within(answer.text(), 'its body', 3000).catch(() => null);
            if (text !== 'moved') return true;
          }
          return false;
        };
        return { bytes: await lost('bytes'), blob: await lost('blob') };";
    let report = stage.browser.eval(body, &json!({}))?;
    let certain = report["bytes"] == false && (report["blob"] == false || engine == Engine::WebKit);
    ensure(certain, || format!("{fact} has changed: lost were {report}"))
}

fn preloaded(context: &mut Context<'_>) -> Result {
    let fact = "Fact 14 (a Link header of a worker's answer preloads modules as an element does)";
    let stage = Stage::registered(context, fact)?;
    let body = "const before = async (page) => {
          const told = once(window, 'message', ({ data }) => data?.before);
          const frame = document.body.appendChild(document.createElement('iframe'));
          frame.src = `${args.url}${page}.html`;
          return (await within(told, page)).data.before;
        };
        return [await before('plain'), await before('element'), await before('header')];";
    let report = stage.browser.eval(body, &json!({"url": stage.url("chain/")}))?;
    ensure(report == json!([1, 6, 6]), || {
        format!("{fact} has changed: modules asked for before the first was answered: {report}")
    })
}

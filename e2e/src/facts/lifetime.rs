//! Fact 6: a worker is stopped and woken at the browser's pleasure; and what outlives it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Stage, expect};
use crate::browser::{Bare, Engine};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("fact_6_an_idle_worker_is_stopped_after_about_30_s", idle)
        .under(&[Host::SameSite])
        .without(&[(Engine::Firefox, NO_EVENT), (Engine::WebKit, NO_EVENT)]),
    Case::new("fact_6_a_stopped_worker_loses_its_memory_and_serves_again", stopped)
        .without(&[(Engine::WebKit, "its driver cannot stop a service worker")]),
    Case::new("fact_6_a_frame_navigation_wakes_a_stopped_worker", woken)
        .without(&[(Engine::WebKit, "its driver cannot stop a service worker")]),
    Case::new("fact_6_shift_reload_bypasses_the_worker", bypassed)
        .under(&[Host::SameSite])
        .without(&[(Engine::WebKit, "its driver cannot reload past the worker")]),
    Case::new("fact_10_a_blobs_slice_outlives_its_record", slice_outlives).under(&[Host::SameSite]),
    Case::new("fact_12_a_stored_slice_is_the_whole_in_firefox", stored_slice).under(&[Host::SameSite]),
];

const NO_EVENT: &str = "it has no event that tells when a worker is stopped";

fn idle(context: &mut Context<'_>) -> Result {
    let fact = "Fact 6 (a worker is stopped after about 30 s of idling)";
    let label = context.shared.label();
    let vfs = context
        .shared
        .site()?
        .server
        .origin(&format!("{label}.virtual-files.localhost"));
    // ChromeDriver attaches to every worker it sees, and an attached worker is never idle.
    let bare = Bare::start()?;
    let mut cdp = bare.cdp()?;
    let target = cdp.call(None, "Target.createTarget", json!({"url": "about:blank"}))?;
    let params = json!({"targetId": target["targetId"], "flatten": true});
    let answer = cdp.call(None, "Target.attachToTarget", params)?;
    let page = answer["sessionId"]
        .as_str()
        .ok_or("attached without a session")?
        .to_owned();
    cdp.call(Some(&page), "Page.enable", json!({}))?;
    cdp.call(
        Some(&page),
        "Page.navigate",
        json!({"url": format!("{vfs}/register.html")}),
    )?;
    cdp.event(Duration::from_secs(30), |event| {
        event["method"] == "Page.loadEventFired"
    })?;
    let report = cdp.evaluate(&page, "self.report")?;
    ensure(report["registered"] == true, || {
        format!("{fact}: the worker was not registered: {report}")
    })?;
    let start = Instant::now();
    cdp.call(Some(&page), "ServiceWorker.enable", json!({}))?;
    let script = format!("{vfs}/sw.js");
    let ended = |event: &Value| {
        event["method"] == "ServiceWorker.workerVersionUpdated"
            && event["params"]["versions"].as_array().is_some_and(|versions| {
                let stopped = |version: &Value| version["runningStatus"] == "stopped";
                versions
                    .iter()
                    .any(|version| version["scriptURL"] == script.as_str() && stopped(version))
            })
    };
    cdp.event(Duration::from_secs(120), ended)
        .map_err(|error| format!("{fact} has changed: {error}"))?;
    let idled = start.elapsed();
    ensure(idled > Duration::from_secs(20), || {
        format!("{fact} has changed: stopped after {idled:?}")
    })
}

fn stopped(context: &mut Context<'_>) -> Result {
    let fact = "Fact 6 (a stopped worker loses its memory and is started again by a fetch)";
    let stage = Stage::registered(context, fact)?;
    stage.probe(json!({"src": stage.url("document.html"), "id": "inside"}))?;
    stage.browser.enter("#inside")?;
    let (first, again) = (stage.born()?, stage.born()?);
    ensure(first == again, || {
        format!("{fact}: the worker was restarted between two fetches: {first} {again}")
    })?;
    stage.browser.leave()?;
    stage.browser.stop_workers()?;
    stage.browser.enter("#inside")?;
    let second = stage.born()?;
    ensure(second != first && second != "network", || {
        format!("{fact} has changed: born {first}, then {second}")
    })
}

fn woken(context: &mut Context<'_>) -> Result {
    let fact = "Fact 6 (a frame navigation wakes a stopped worker in Chromium and Firefox)";
    let stage = Stage::registered(context, fact)?;
    stage.browser.stop_workers()?;
    let report =
        stage.probe(json!({"sandbox": "allow-scripts allow-same-origin", "src": stage.url("document.html")}))?;
    expect(fact, "navigated right after the stop", &report, ["worker"; 3])
}

fn bypassed(context: &mut Context<'_>) -> Result {
    let fact = "Fact 6 (a shift-reload bypasses the worker)";
    let stage = Stage::registered(context, fact)?;
    stage.browser.goto(&stage.url("document.html"))?;
    let report = stage
        .browser
        .eval("self.old = true; return await self.report", &json!({}))?;
    expect(fact, "loaded", &report, ["worker"; 3])?;
    stage.browser.shift_reload()?;
    // The reload has only been asked for: until it happens, the old document is still there or none is.
    let fresh = "return self.old || document.readyState !== 'complete' ? null : await self.report";
    let limit = Instant::now() + Duration::from_secs(20);
    let report = loop {
        match stage.browser.eval(fresh, &json!({})) {
            Ok(report) if report.is_object() => break report,
            Ok(_) | Err(_) if Instant::now() < limit => {}
            other => return Err(format!("{fact}: no reload happened: {other:?}").into()),
        }
    };
    expect(fact, "shift-reloaded", &report, ["network"; 3])?;
    ensure(report["controlled"] == false, || {
        format!("{fact} has changed: still controlled: {report}")
    })
}

fn slice_outlives(context: &mut Context<'_>) -> Result {
    let fact = "Fact 10 (a slice of a Blob read from IndexedDB stays readable when its record is deleted)";
    let engine = context.browser.engine;
    let stage = Stage::open(context)?;
    stage.browser.goto(&format!("{}/register.html", stage.vfs))?;
    let read = stage.browser.eval(include_str!("slice.js"), &json!({}))?;
    if engine == Engine::WebKit {
        // A browser under automation is a private one in WebKitGTK, as a private window of Safari is.
        let fact = "Fact 11 (a private WebKit stores bytes in IndexedDB, and no Blob)";
        return ensure(read["refused"] == "UnknownError", || {
            format!("{fact} has changed: {read}")
        });
    }
    ensure(read["same"] == true, || format!("{fact} has changed: {read}"))
}

fn stored_slice(context: &mut Context<'_>) -> Result {
    let fact = "Fact 12 (Firefox stores a slice of a stored Blob as the whole; one made of two parts it stores right)";
    let engine = context.browser.engine;
    let stage = Stage::open(context)?;
    stage.browser.goto(&format!("{}/register.html", stage.vfs))?;
    let read = stage.browser.eval(include_str!("stored_slice.js"), &json!({}))?;
    let right = engine == Engine::Chromium;
    let wanted = match engine {
        Engine::WebKit => json!({"refused": "UnknownError"}),
        _ => json!({"slice": right, "onlyPart": right, "twoParts": true}),
    };
    ensure(read == wanted, || format!("{fact} has changed: {read}"))
}

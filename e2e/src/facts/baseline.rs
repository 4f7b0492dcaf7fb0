//! The fixtures on a plain server, without the product: what fails here is the machine, the browser or the fixture.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::case::{Case, Context, Host};
use crate::fixtures::{self, Files};
use crate::server::{Reply, Server, media_type};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::new("baseline_modules", modules).under(&[Host::SameSite]),
    Case::new("baseline_media", media).under(&[Host::SameSite]),
    Case::new("baseline_react", react).under(&[Host::SameSite]),
];

/// Serves a bundle at the root, with a host page beside it; `fallback` answers paths that are in neither.
fn serve(files: Files, fallback: Option<&'static str>) -> Result<Server> {
    Server::start(move |hit| {
        let path = hit.path().trim_start_matches('/');
        if path == "host" {
            return Reply::html("<!doctype html><meta charset=utf-8><title>host</title><body>");
        }
        let name = if path.is_empty() { "index.html" } else { path };
        let found = files.get_key_value(name).or_else(|| files.get_key_value(fallback?));
        found.map_or_else(Reply::missing, |(name, bytes)| {
            Reply::new(media_type(name), bytes.clone()).ranged(hit)
        })
    })
}

/// Shows a page in a frame of the host page and gives the first message of the fixture.
fn report(browser: &Browser, server: &Server, path: &str, fixture: &str) -> Result<Value> {
    browser.goto(&format!("{}/host", server.origin("localhost")))?;
    let args = json!({"src": format!("{}/{path}", server.origin("plain.virtual-files.localhost")), "fixture": fixture});
    let body = "const said = once(window, 'message', (event) => event.data?.fixture === args.fixture);\
                const frame = document.createElement('iframe'); frame.id = 'preview'; frame.src = args.src;\
                document.body.append(frame); return (await within(said, 'the fixture', 55000)).data";
    browser.eval(body, &args)
}

fn modules(context: &mut Context<'_>) -> Result {
    let server = serve(fixtures::modules()?, None)?;
    let said = report(context.browser, &server, "index.html", "modules")?;
    ensure(said["ok"] == true, || {
        format!("the fixture fails on a plain server: {said}")
    })
}

fn media(context: &mut Context<'_>) -> Result {
    let server = serve(fixtures::media()?, None)?;
    let said = report(context.browser, &server, "index.html", "media")?;
    media_is_right(&said)
}

/// Fails unless both media were sought in as they should be.
pub(crate) fn media_is_right(said: &Value) -> Result {
    media_is_sought(said)?;
    let pictures = &said["result"]["video"]["pictures"];
    ensure(pictures == 3, || {
        format!("the video shows {pictures} pictures at three times: {said}")
    })
}

/// Whether sound and picture have got to where they were sought to.
pub(crate) fn media_is_sought(said: &Value) -> Result {
    for (name, duration) in [("audio", 180.0), ("video", 16.0)] {
        let media = &said["result"][name];
        let length = media["duration"].as_f64().unwrap_or_default();
        ensure((length - duration).abs() < 0.5, || {
            format!("{name} has not its duration of {duration} s: {media}")
        })?;
        let seeks = media["seeks"].as_array().map(Vec::as_slice).unwrap_or_default();
        ensure(seeks.len() == 3, || format!("{name} was not sought in: {media}"))?;
        for seek in seeks {
            let (time, reached) = (
                seek["time"].as_f64().unwrap_or(-1.0),
                seek["reached"].as_f64().unwrap_or(-9.0),
            );
            ensure((time - reached).abs() < 0.2, || {
                format!("{name} was not sought to {time} s: {media}")
            })?;
        }
    }
    Ok(())
}

fn react(context: &mut Context<'_>) -> Result {
    let server = serve(fixtures::react()?, Some("index.html"))?;
    let said = report(context.browser, &server, "", "react")?;
    ensure(said["text"] == "3 items", || format!("the home page: {said}"))?;
    let said = report(context.browser, &server, "items/42", "react")?;
    ensure(said["text"] == "item 42", || format!("the deep link: {said}"))
}

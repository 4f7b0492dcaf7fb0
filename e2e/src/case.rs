//! A case: one thing shown in one engine, under one kind of host.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::browser::{Browser, Engine, Profile};
use crate::lab::{Lab, Shared};
use crate::{Error, Result};

/// What of the browser still answers in a hub's frame.
const HEALTH: &str = include_str!("health.js");

/// The host app's site in relation to the VFS origin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// `app.virtual-files.localhost`.
    SameSite,
    /// `localhost`.
    CrossSite,
}

impl Host {
    /// Both, for cases that run under each.
    pub const BOTH: &'static [Self] = &[Self::SameSite, Self::CrossSite];

    /// The host name of the host app.
    pub fn hostname(self) -> &'static str {
        match self {
            Self::SameSite => "app.virtual-files.localhost",
            Self::CrossSite => "localhost",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SameSite => "same_site",
            Self::CrossSite => "cross_site",
        }
    }
}

/// What a case's function is given.
pub struct Context<'a> {
    /// The browser, with one blank window.
    pub browser: &'a mut Browser,
    /// The servers.
    pub shared: &'a mut Shared,
    /// The kind of host to test under.
    pub host: Host,
}

/// A case as the suites declare it.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name below the suite.
    pub name: &'static str,
    /// The kinds of host it runs under; with one only, the name does not tell.
    pub hosts: &'static [Host],
    /// The browser settings it runs with; with one only, the name does not tell.
    pub profiles: &'static [Profile],
    /// Engines that have no means for it, with the reason.
    pub without: &'static [(Engine, &'static str)],
    /// The case itself.
    pub run: Run,
}

/// What a case does.
#[derive(Clone, Copy)]
pub enum Run {
    /// Something with a browser.
    Browser(fn(&mut Context<'_>) -> Result),
    /// Something over the wire alone; no browser is started for it.
    Wire(fn(&mut Shared) -> Result),
}

/// Where no browser takes part, one engine's turn shows it.
const ONCE: &[(Engine, &str)] = &[
    (Engine::Firefox, "no browser takes part: shown in Chromium's run"),
    (Engine::WebKit, "no browser takes part: shown in Chromium's run"),
];

impl Case {
    /// A case under both kinds of host.
    pub const fn new(name: &'static str, run: fn(&mut Context<'_>) -> Result) -> Self {
        Self {
            name,
            hosts: Host::BOTH,
            profiles: &[Profile::Standard],
            without: &[],
            run: Run::Browser(run),
        }
    }

    /// A case without a browser, which runs once.
    pub const fn wire(name: &'static str, run: fn(&mut Shared) -> Result) -> Self {
        Self {
            name,
            hosts: &[Host::SameSite],
            profiles: &[Profile::Standard],
            without: ONCE,
            run: Run::Wire(run),
        }
    }

    /// The case under one kind of host only.
    #[must_use]
    pub const fn under(mut self, hosts: &'static [Host]) -> Self {
        self.hosts = hosts;
        self
    }

    /// The case with other browser settings.
    #[must_use]
    pub const fn with(mut self, profiles: &'static [Profile]) -> Self {
        self.profiles = profiles;
        self
    }

    /// The case, but not in these engines.
    #[must_use]
    pub const fn without(mut self, engines: &'static [(Engine, &'static str)]) -> Self {
        self.without = engines;
        self
    }
}

/// The cases of one suite in one engine, for the test runner.
pub fn trials(lab: &Arc<Mutex<Lab>>, suite: &str, cases: &[Case], engine: Engine) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases {
        for (host, profile) in case
            .hosts
            .iter()
            .flat_map(|host| case.profiles.iter().map(move |profile| (*host, *profile)))
        {
            let mut name = format!("{engine}::{suite}::");
            if case.hosts.len() > 1 {
                name.push_str(host.name());
                name.push_str("::");
            }
            if case.profiles.len() > 1 {
                name.push_str(profile.name());
                name.push_str("::");
            }
            name.push_str(case.name);
            if let Some((_, reason)) = case.without.iter().find(|(without, _)| *without == engine) {
                trials.push(
                    Trial::test(name, || Ok(()))
                        .with_kind(format!("no means: {reason}"))
                        .with_ignored_flag(true),
                );
                continue;
            }
            let (lab, case, label) = (Arc::clone(lab), *case, name.clone());
            let place = Place { engine, profile, host };
            trials.push(Trial::test(name, move || {
                let result = run(&lab, &case, place, &label);
                result.inspect_err(|failed| {
                    let text = failed.message().unwrap_or("without a word");
                    locked(&lab).failures.push(format!("{label}: {text}"));
                })
            }));
        }
    }
    trials
}

/// In which browser, with which settings, under which kind of host.
#[derive(Clone, Copy)]
struct Place {
    engine: Engine,
    profile: Profile,
    host: Host,
}

/// A case that panicked has poisoned the lock; what is behind it is checked before each use anyway.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(lab: &Mutex<Lab>, case: &Case, place: Place, name: &str) -> std::result::Result<(), Failed> {
    let mut lab = locked(lab);
    let run = match case.run {
        Run::Browser(run) => run,
        Run::Wire(run) => {
            let result = caught(|| run(lab.shared()));
            return match result {
                Err(error) if lab.shared().product_is_gone() => {
                    println!("{name}: the development server is gone, another one tries: {error}");
                    Ok(caught(|| run(lab.shared()))?)
                }
                result => Ok(result?),
            };
        }
    };
    let (mut mark, mut result) = attempt(&mut lab, run, place)?;
    // A browser or a development server that has gone away in the middle says nothing of the product: the case is run
    // anew, once.
    if let Err(error) = &result
        && lab.is_gone(place.engine, place.profile)
    {
        println!("{name}: the browser or the development server is gone, another one tries: {error}");
        (mark, result) = attempt(&mut lab, run, place)?;
    }
    if std::env::var_os("VF_E2E_SHOTS").is_some() && result.is_ok() {
        let picture = lab.out().join(name.replace("::", "-")).with_extension("png");
        lab.running(place.engine, place.profile)
            .map_or(Ok(()), |browser| browser.screenshot(&picture))?;
    }
    result.map_err(|error| explain(&lab, place.engine, place.profile, name, mark, &error))
}

/// Runs a case; gives where its part of the browser's log begins, and what came of it.
fn attempt(
    lab: &mut Lab,
    run: fn(&mut Context<'_>) -> Result,
    Place { engine, profile, host }: Place,
) -> Result<(u64, Result)> {
    let (browser, shared) = lab.browser(engine, profile)?;
    let mark = browser.log_mark();
    let mut context = Context { browser, shared, host };
    Ok((mark, caught(|| run(&mut context))))
}

/// A panic is a failure as any other.
fn caught(run: impl FnOnce() -> Result) -> Result {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("with a value that is no text")).into())
    })
}

/// The error with the paths of a screenshot, and of a log: the error again, and what the browser printed.
fn explain(lab: &Lab, engine: Engine, profile: Profile, name: &str, mark: u64, error: &Error) -> Failed {
    let mut text = error.to_string();
    if let Some(browser) = lab.running(engine, profile) {
        text.push_str(&health(browser));
        let base = lab.out().join(name.replace("::", "-"));
        let picture = base.with_extension("png");
        match browser.screenshot(&picture) {
            Ok(()) => text.push_str(&format!("\nscreenshot: {}", picture.display())),
            Err(error) => text.push_str(&format!("\nno screenshot: {error}")),
        }
        let printed = base.with_extension("log");
        match std::fs::write(&printed, format!("{text}\n\n{}", browser.log_since(mark))) {
            Ok(()) => text.push_str(&format!("\nconsole: {}", printed.display())),
            Err(error) => text.push_str(&format!("\nno console: {error}")),
        }
    }
    Failed::from(text)
}

/// How the hubs of all windows are: a line each.
pub(crate) fn health(browser: &Browser) -> String {
    const NUMBER: &str = "const hubs = [...document.querySelectorAll(`iframe[src*='/hub.html']`)];\
                          hubs.forEach((hub, at) => { hub.dataset.hub = at; }); return hubs.length";
    let mut lines = String::new();
    let look = |window: &str, lines: &mut String| -> Result {
        browser.switch(window)?;
        browser.leave()?;
        for hub in 0..browser.eval(NUMBER, &json!({}))?.as_u64().unwrap_or_default() {
            browser.leave()?;
            browser.enter(&format!("iframe[data-hub='{hub}']"))?;
            let found = browser.eval(HEALTH, &json!({}));
            let found = found.map_or_else(|error| error.to_string(), |found| found.to_string());
            lines.push_str(&format!("\nits hub: {found}"));
        }
        Ok(())
    };
    for window in browser.windows().unwrap_or_default() {
        if let Err(error) = look(&window, &mut lines) {
            lines.push_str(&format!("\nno hub: {error}"));
        }
    }
    // For the screenshot.
    drop(browser.leave());
    lines
}

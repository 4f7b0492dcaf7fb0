//! The browser with its tabs and sessions, and how steps are done in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::draw::{Act, FILES, SESSIONS, Step, Strike, TABS, Way};
use super::model::{Change, File, Model, Tag};
use crate::browser::{Browser, Engine, Profile};
use crate::case::Host;
use crate::case::health;
use crate::process::scratch;
use crate::product::Product;
use crate::{Result, ensure};

const PAGE: &str = concat!(include_str!("../product/probe.js"), include_str!("page.js"));
/// As many changes of a session may be without an answer at once.
const OPEN: usize = 3;

/// Everything that is tortured, and what is known of it.
pub(super) struct World {
    engine: Engine,
    profile: PathBuf,
    log: PathBuf,
    product: Product,
    host: String,
    browser: Option<Browser>,
    tabs: Vec<Tab>,
    /// The tab whose window is the driver's current one.
    current: Option<usize>,
    sessions: Vec<Session>,
    next: Tag,
    counts: Counts,
}

#[derive(Default)]
struct Tab {
    window: String,
    /// Changes that were begun here and not heard of since.
    jobs: BTreeMap<Tag, usize>,
}

struct Session {
    spec: Value,
    /// The origin of its hub.
    hub: String,
    /// In whose memory it is, where it is in memory.
    owner: Option<usize>,
    /// Whether it is there: what was in memory goes with its tab.
    alive: bool,
    model: Model,
}

#[derive(Default)]
struct Counts {
    writes: u64,
    seen: u64,
    lists: u64,
    mounts: u64,
    workers: u64,
    hubs: u64,
    tabs: u64,
    browsers: u64,
    unanswered: u64,
    cut: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} changes, {} files seen, {} lists, {} mounts; {} worker stops, {} hub deaths, {} tab deaths, {} browser kills; \
             {} changes left without an answer, {} fetches cut off",
            self.writes,
            self.seen,
            self.lists,
            self.mounts,
            self.workers,
            self.hubs,
            self.tabs,
            self.browsers,
            self.unanswered,
            self.cut
        )
    }
}

impl World {
    /// Starts the product and the browser.
    pub(super) fn start(engine: Engine, seed: u64, out: &Path) -> Result<Self> {
        let product = Product::serve(out, "torture-wrangler")?;
        let host = if seed.is_multiple_of(2) {
            Host::SameSite
        } else {
            Host::CrossSite
        };
        let profile = scratch("torture")?;
        std::fs::create_dir_all(profile.join("profile"))?;
        let sessions = (0..SESSIONS).map(|key| Session::new(&product, key)).collect();
        let mut world = Self {
            engine,
            profile,
            log: out.join(format!("torture-{engine}.log")),
            host: product.host_page(host),
            product,
            browser: None,
            tabs: Vec::new(),
            current: None,
            sessions,
            next: 0,
            counts: Counts::default(),
        };
        world.start_browser()?;
        Ok(world)
    }

    /// What was done so far.
    pub(super) fn counts(&self) -> String {
        self.counts.to_string()
    }

    /// A picture of the current tab, if there is any to be had, and how the hubs are.
    pub(super) fn picture(&self, path: &Path) {
        if let Some(browser) = &self.browser {
            let _ = browser.screenshot(path);
            println!("{}", health(browser));
        }
    }

    /// Does one step.
    pub(super) fn perform(&mut self, step: &Step) -> Result {
        ensure(self.product.running(), || "the development server is gone".to_owned())?;
        let session = step.session;
        let tab = self.session(session)?.owner.unwrap_or(step.tab);
        if !self.session(session)?.alive {
            // Whatever was there is gone; what there is now begins with this.
            self.session(session)?.model = Model::default();
            self.write(tab, session, &Change::Replace((0..6).collect()))?;
            self.session(session)?.alive = true;
        }
        match &step.act {
            Act::Write(change) => self.write(tab, session, change),
            Act::Begin(change, moment, strike) => {
                self.begin(tab, session, change)?;
                thread::sleep(*moment);
                self.strike(tab, session, *strike)
            }
            Act::BeginAmid(change, looks) => self.begin_amid(tab, session, change, looks),
            Act::Look(looks) => self.look(tab, session, looks),
            Act::LookAmid(looks, moment, strike) => self.look_amid(tab, session, looks, *moment, *strike),
            Act::List => self.list(tab, session),
            Act::Mount => {
                self.counts.mounts += 1;
                self.run(tab, session, "await previewOf(args.spec, true)", json!({}))
                    .map(drop)
            }
            Act::Hear => {
                let found = self.run(tab, session, "return done()", json!({}))?;
                self.hear(tab, &found, &BTreeSet::new())
            }
            Act::Strike(strike) => self.strike(tab, session, *strike),
        }
    }

    /// Hears of everything, and looks at everything once more.
    pub(super) fn finish(&mut self) -> Result {
        let all: Vec<(File, Way)> = (0..FILES).map(|file| (file, Way::Fetch)).collect();
        for session in 0..SESSIONS {
            self.hear_all()?;
            if self.session(session)?.alive {
                let tab = self.session(session)?.owner.unwrap_or_default();
                self.list(tab, session)?;
                self.look(tab, session, &all)?;
            }
        }
        Ok(())
    }

    fn session(&mut self, session: usize) -> Result<&mut Session> {
        self.sessions.get_mut(session).ok_or_else(|| "no such session".into())
    }

    fn tab(&mut self, tab: usize) -> Result<&mut Tab> {
        self.tabs.get_mut(tab).ok_or_else(|| "no such tab".into())
    }

    fn browser(&self) -> Result<&Browser> {
        self.browser.as_ref().ok_or_else(|| "the browser is gone".into())
    }

    /// Runs the body of an async function in a tab's host page.
    fn run(&mut self, tab: usize, session: usize, body: &str, args: Value) -> Result<Value> {
        self.turn_to(tab)?;
        let mut args = args;
        args["spec"] = self.session(session)?.spec.clone();
        let found = self.browser()?.page(&format!("{PAGE}\n{body}"), &args);
        found.map_err(|error| format!("session {session} in tab {tab}: {error}").into())
    }

    fn turn_to(&mut self, tab: usize) -> Result {
        if self.current != Some(tab) {
            let window = self.tab(tab)?.window.clone();
            self.browser()?.switch(&window)?;
            self.current = Some(tab);
        }
        Ok(())
    }

    fn draft(&mut self, session: usize, change: &Change) -> Result<(Tag, Value)> {
        self.next += 1;
        self.counts.writes += 1;
        let tag = self.next;
        self.session(session)?.model.begin(tag, change.clone());
        let (kind, files) = match change {
            Change::Replace(files) => ("replace", files),
            Change::Merge(files) => ("merge", files),
            Change::Delete(files) => ("delete", files),
        };
        Ok((tag, json!({"tag": tag, "kind": kind, "files": files})))
    }

    fn write(&mut self, tab: usize, session: usize, change: &Change) -> Result {
        let (tag, change) = self.draft(session, change)?;
        let body = "return await outcome(within(change(args.spec, args.change), 'the change', 50000))";
        let found = self.run(tab, session, body, json!({"change": change}))?;
        self.answered(session, tag, &found)
    }

    /// Whether one more change may be open, once all that can be heard of has been.
    fn has_room(&mut self, session: usize) -> Result<bool> {
        if self.session(session)?.model.open() >= OPEN {
            self.hear_all()?;
        }
        Ok(self.session(session)?.model.open() < OPEN)
    }

    fn begin(&mut self, tab: usize, session: usize, change: &Change) -> Result {
        if !self.has_room(session)? {
            return self.write(tab, session, change);
        }
        let (tag, change) = self.draft(session, change)?;
        let body = "await open(args.spec); begin(args.change.tag, change(args.spec, args.change)); return done()";
        let found = self.run(tab, session, body, json!({"change": change}))?;
        self.tab(tab)?.jobs.insert(tag, session);
        self.hear(tab, &found, &BTreeSet::new())
    }

    fn begin_amid(&mut self, tab: usize, session: usize, change: &Change, looks: &[(File, Way)]) -> Result {
        if !self.has_room(session)? {
            return self.write(tab, session, change);
        }
        let (tag, change) = self.draft(session, change)?;
        let body = "await previewOf(args.spec); begin(args.change.tag, change(args.spec, args.change));\
                    const seen = await lookAll(args.spec, args.looks); return { seen, done: done() }";
        let found = self.run(tab, session, body, json!({"change": change, "looks": asked(looks)}))?;
        self.tab(tab)?.jobs.insert(tag, session);
        self.see(session, &found["seen"], false)?;
        self.hear(tab, &found["done"], &BTreeSet::new())
    }

    /// Takes note of what has been answered. Changes of doomed sessions may have been cut off.
    fn hear(&mut self, tab: usize, found: &Value, doomed: &BTreeSet<usize>) -> Result {
        for (job, outcome) in found.as_object().into_iter().flatten() {
            let tag: Tag = job.parse()?;
            let session = self.tab(tab)?.jobs.remove(&tag);
            let session = session.ok_or_else(|| format!("an answer to change {tag}, which nobody waits for"))?;
            if doomed.contains(&session) && outcome["failed"].is_string() {
                self.counts.unanswered += 1;
                self.session(session)?.model.die(tag);
            } else {
                self.answered(session, tag, outcome)?;
            }
        }
        Ok(())
    }

    /// Waits for every change that was begun.
    fn hear_all(&mut self) -> Result {
        for tab in 0..TABS {
            if let Some(session) = self.tab(tab)?.jobs.values().next().copied() {
                let body = "await Promise.all(Object.values(T.jobs)); return done()";
                let found = self.run(tab, session, body, json!({}))?;
                self.hear(tab, &found, &BTreeSet::new())?;
            }
        }
        Ok(())
    }

    fn answered(&mut self, session: usize, tag: Tag, outcome: &Value) -> Result {
        ensure(outcome["failed"].is_null(), || {
            format!("change {tag} of session {session} failed: {}", outcome["failed"])
        })?;
        let known = self.session(session)?;
        known.model.acknowledge(tag);
        let storage = &outcome["value"]["storage"];
        ensure(
            storage.is_null() || *storage == known.spec["options"]["storage"],
            || format!("change {tag} went elsewhere: {outcome}"),
        )
    }

    fn look(&mut self, tab: usize, session: usize, looks: &[(File, Way)]) -> Result {
        let body = "return await lookAll(args.spec, args.looks)";
        let seen = self.run(tab, session, body, json!({"looks": asked(looks)}))?;
        self.see(session, &seen, false)
    }

    fn look_amid(
        &mut self,
        tab: usize,
        session: usize,
        looks: &[(File, Way)],
        moment: Duration,
        strike: Strike,
    ) -> Result {
        let body = "await previewOf(args.spec); T.looking = lookAll(args.spec, args.looks); T.looking.catch(() => {});";
        self.run(tab, session, body, json!({"looks": asked(looks)}))?;
        thread::sleep(moment);
        self.strike(tab, session, strike)?;
        let seen = self.run(tab, session, "return await T.looking", json!({}))?;
        // A worker that Firefox is made to end by force takes its requests with it; by itself it never ends one that has any.
        self.see(session, &seen, self.engine == Engine::Firefox)
    }

    fn see(&mut self, session: usize, seen: &Value, may_fail: bool) -> Result {
        for one in seen.as_array().into_iter().flatten() {
            if one["short"] == true {
                continue;
            }
            if one["failed"].is_string() && may_fail {
                self.counts.cut += 1;
                continue;
            }
            ensure(one["failed"].is_null() && one["bad"].is_null(), || {
                format!("session {session}: {one}")
            })?;
            let file = File::try_from(one["file"].as_u64().unwrap_or(u64::MAX))?;
            let tag = one["tag"].as_u64().map(Tag::try_from).transpose()?;
            self.counts.seen += 1;
            let model = &mut self.session(session)?.model;
            let before = model.describe();
            ensure(model.observe(file, tag), || {
                format!("session {session}: file {file} is of change {tag:?}, which cannot be. {before}")
            })?;
        }
        Ok(())
    }

    fn list(&mut self, tab: usize, session: usize) -> Result {
        let found = self.run(tab, session, "return await listOf(args.spec)", json!({}))?;
        let sizes: BTreeMap<File, u64> = serde_json::from_value::<Vec<(File, u64)>>(found)?.into_iter().collect();
        self.counts.lists += 1;
        let model = &mut self.session(session)?.model;
        let before = model.describe();
        ensure(model.observe_all(&sizes), || {
            format!("session {session}: the files are {sizes:?}, which cannot be. {before}")
        })
    }

    fn strike(&mut self, tab: usize, session: usize, strike: Strike) -> Result {
        match strike {
            Strike::None => Ok(()),
            Strike::Workers => {
                self.turn_to(tab)?;
                if self.browser()?.stop_workers()? {
                    self.counts.workers += 1;
                }
                Ok(())
            }
            Strike::Hub => self.kill_hub(tab, session),
            Strike::Tab => self.kill_tab(tab),
            Strike::Browser => self.kill_browser(),
        }
    }

    fn kill_hub(&mut self, tab: usize, session: usize) -> Result {
        let hub = self.session(session)?.hub.clone();
        let keys: BTreeSet<usize> = (0..SESSIONS)
            .filter(|key| self.sessions.get(*key).is_some_and(|other| other.hub == hub))
            .collect();
        let body = "const frames = await killHub(args.hub, args.keys); await Promise.all(Object.values(T.jobs));\
                    return { frames, done: done() }";
        let found = self.run(tab, session, body, json!({"hub": hub, "keys": keys}))?;
        self.counts.hubs += found["frames"].as_u64().unwrap_or_default();
        self.hear(tab, &found["done"], &keys)?;
        self.lose(tab, &keys)
    }

    fn kill_tab(&mut self, tab: usize) -> Result {
        self.turn_to(tab)?;
        self.browser()?.close()?;
        self.counts.tabs += 1;
        self.orphan(tab)?;
        self.lose(tab, &(0..SESSIONS).collect())?;
        self.current = None;
        let windows = self.browser()?.windows()?;
        self.browser()?
            .switch(windows.first().ok_or("the browser has no window")?)?;
        let window = self.browser()?.open()?;
        self.settle_in(tab, window)
    }

    fn kill_browser(&mut self) -> Result {
        if let Some(browser) = self.browser.take() {
            browser.kill();
        }
        self.counts.browsers += 1;
        for tab in 0..TABS {
            self.orphan(tab)?;
            self.lose(tab, &(0..SESSIONS).collect())?;
        }
        for session in &mut self.sessions {
            session.model.all_dead();
            session.alive &= self.engine.keeps_profiles();
        }
        self.start_browser()
    }

    /// Nobody will hear of what was begun in this tab.
    fn orphan(&mut self, tab: usize) -> Result {
        for (tag, session) in std::mem::take(&mut self.tab(tab)?.jobs) {
            self.counts.unanswered += 1;
            self.session(session)?.model.die(tag);
        }
        Ok(())
    }

    /// These sessions have left this tab: those in its memory are gone.
    fn lose(&mut self, tab: usize, keys: &BTreeSet<usize>) -> Result {
        for key in keys {
            let session = self.session(*key)?;
            session.alive &= session.owner != Some(tab);
        }
        Ok(())
    }

    fn start_browser(&mut self) -> Result {
        let browser = Browser::start_in(&self.profile, self.engine, Profile::Standard, &self.log)?;
        let first = browser.window()?;
        self.browser = Some(browser);
        self.tabs = (0..TABS).map(|_| Tab::default()).collect();
        self.settle_in(0, first)?;
        for tab in 1..TABS {
            let window = self.browser()?.open()?;
            self.settle_in(tab, window)?;
        }
        Ok(())
    }

    /// Opens the host page in the driver's current window, which is this tab's.
    fn settle_in(&mut self, tab: usize, window: String) -> Result {
        self.browser()?.goto(&self.host)?;
        self.current = Some(tab);
        self.tab(tab)?.window = window;
        Ok(())
    }
}

impl Session {
    fn new(product: &Product, key: usize) -> Self {
        let isolated = key.is_multiple_of(2);
        let id = format!("torture-{key}");
        let host = "virtual-files.localhost";
        let (isolation, origin, hub) = if isolated {
            ("origin", format!("{{session}}.{host}"), format!("{id}.{host}"))
        } else {
            ("shared", host.to_owned(), host.to_owned())
        };
        // The last two are in the memory of a tab.
        let owner = (key + 2 >= SESSIONS).then_some(key % TABS);
        let storage = if owner.is_some() { "memory" } else { "indexeddb" };
        let options = json!({"id": id, "isolation": isolation, "storage": storage});
        Self {
            spec: json!({"key": key, "origin": product.origin(&origin), "options": options}),
            hub: product.origin(&hub),
            owner,
            alive: false,
            model: Model::default(),
        }
    }
}

fn asked(looks: &[(File, Way)]) -> Vec<Value> {
    let name = |way| match way {
        Way::Fetch => "fetch",
        Way::Head => "head",
        Way::Middle => "middle",
        Way::Tail => "tail",
        Way::Hub => "hub",
    };
    looks
        .iter()
        .map(|(file, way)| json!({"file": file, "way": name(*way)}))
        .collect()
}

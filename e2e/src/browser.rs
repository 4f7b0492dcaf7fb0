//! The three engines: how each is started, and what only one of them can do.
//!
//! Everything else goes through `WebDriver`, alike for all.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;
use crate::cdp::Cdp;
use crate::process::{Process, scratch};
use crate::server::free_port;
use crate::webdriver::WebDriver;

/// A browser engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// Debian's Chromium.
    Chromium,
    /// Debian's Firefox ESR.
    Firefox,
    /// WebKitGTK's MiniBrowser.
    WebKit,
}

impl Engine {
    /// All of them, in the order in which they are tested.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// Whether it can be started again with what it had stored. MiniBrowser's automated windows are private ones.
    pub fn keeps_profiles(self) -> bool {
        self != Self::WebKit
    }

    /// The name on the command line and in test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// With which settings a browser is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// Third-party cookies allowed, or partitioned as the engine does it.
    Standard,
    /// Third-party cookies blocked, by the engine's own setting.
    CookiesBlocked,
    /// Third-party cookies blocked in a Chromium that does not partition storage. Then their storage is blocked too.
    StorageBlocked,
    /// Private windows.
    Private,
    /// Every name leads to this machine, so that pages can be of names that are no secure context.
    Insecure,
}

impl Profile {
    /// Whether third-party cookies are blocked by a setting.
    fn blocks_cookies(self) -> bool {
        matches!(self, Self::CookiesBlocked | Self::StorageBlocked)
    }

    /// Its name, in the names of cases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "cookies_allowed",
            Self::CookiesBlocked => "cookies_blocked",
            Self::StorageBlocked => "storage_blocked",
            Self::Private => "private_window",
            Self::Insecure => "insecure_context",
        }
    }
}

/// Which engines have no [`Profile::StorageBlocked`], and why.
pub const NO_STORAGE_SWITCH: &[(Engine, &str)] = &[
    (Engine::Firefox, "blocking cookies blocks storage there in any case"),
    (
        Engine::WebKit,
        "MiniBrowser has no setting that blocks third-party storage",
    ),
];

/// A running browser with its driver.
pub struct Browser {
    /// Its engine.
    pub engine: Engine,
    driver: WebDriver,
    log: PathBuf,
    scratch: PathBuf,
    // Dropped in this order: the browser and its driver before their display.
    process: Process,
    _display: Option<Process>,
}

impl Deref for Browser {
    type Target = WebDriver;

    fn deref(&self) -> &WebDriver {
        &self.driver
    }
}

impl Browser {
    /// Starts the engine with a new, empty profile. What it prints goes to a log below `out`.
    pub fn start(engine: Engine, profile: Profile, out: &Path) -> Result<Self> {
        let name = format!("{engine}-{profile:?}").to_lowercase();
        let (scratch, log) = (scratch(&name)?, out.join(format!("{name}.log")));
        File::create(&log)?;
        Self::start_in(&scratch, engine, profile, &log)
    }

    /// Starts the engine with the profile that a folder holds, where [`Engine::keeps_profiles`]: Firefox's in `profile`
    /// there, if there is such a folder.
    pub fn start_in(scratch: &Path, engine: Engine, profile: Profile, log: &Path) -> Result<Self> {
        let port = free_port()?;
        let display = if engine == Engine::WebKit {
            Some(display()?)
        } else {
            None
        };
        let mut command = driver_command(engine, port, scratch);
        if let Some((_, name)) = &display {
            command.env("DISPLAY", name);
        }
        command.env("TMPDIR", scratch).stdin(Stdio::null());
        command
            .stdout(File::options().create(true).append(true).open(log)?)
            .stderr(File::options().append(true).open(log)?);
        let mut process = Process::start(&mut command)?;
        let driver = WebDriver::connect(port, capabilities(engine, profile, scratch), || process.running())
            .map_err(|error| format!("{engine} did not start (see {}): {error}", log.display()))?;
        driver.set_timeouts(Duration::from_secs(60), Duration::from_secs(60))?;
        Ok(Self {
            engine,
            driver,
            log: log.to_owned(),
            scratch: scratch.to_owned(),
            process,
            _display: display.map(|(process, _)| process),
        })
    }

    /// Ends the browser and its driver at once, in the middle of whatever they do.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Closes every window but one, which is then the current one and blank.
    pub fn reset(&self) -> Result {
        // A page may have closed the current window itself, so start from any that is there.
        let windows = self.windows()?;
        let (first, rest) = windows.split_first().ok_or("the browser has no window")?;
        for window in rest {
            self.switch(window)?;
            self.close()?;
        }
        self.switch(first)?;
        self.goto("about:blank")
    }

    /// Navigates the current window and waits for its load.
    pub fn goto(&self, url: &str) -> Result {
        self.driver.goto(url)?;
        // WebKit's driver now and then returns before the document's modules have run.
        let loaded =
            "if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done));";
        match self.engine {
            Engine::WebKit => match self.eval(loaded, &json!({})) {
                // A page may go on to another by itself.
                Err(error) if !error.to_string().contains("before the unload event") => Err(error),
                _ => Ok(()),
            },
            Engine::Chromium | Engine::Firefox => Ok(()),
        }
    }

    /// How long the log is now: give it to `log_since` later.
    pub fn log_mark(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |metadata| metadata.len())
    }

    /// What the browser has printed since, its pages' console among it.
    pub fn log_since(&self, mark: u64) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut file| {
            file.seek(SeekFrom::Start(mark))
                .and_then(|_| file.read_to_end(&mut bytes))
        });
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if let Err(error) = read {
            text.push_str(&error.to_string());
        }
        if self.engine == Engine::Chromium
            && let Ok(Value::Array(entries)) = self.post("se/log", &json!({"type": "browser"}))
        {
            for entry in entries {
                text.push_str(&format!("{}: {}\n", entry["level"], entry["message"]));
            }
        }
        text
    }

    /// Opens a blank window beside the current one and makes it the current one; gives its handle.
    pub fn open(&self) -> Result<String> {
        // A tab of MiniBrowser is not shown, and what is not shown is not painted either.
        self.driver
            .open(if self.engine == Engine::WebKit { "window" } else { "tab" })
    }

    /// A connection by Chromium's debugging protocol.
    pub fn cdp(&self) -> Result<Cdp> {
        Cdp::connect(&self.capabilities)
    }

    /// Sends a command of Chromium's debugging protocol to the current page.
    pub fn cdp_page(&self, command: &str, params: &Value) -> Result<Value> {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": params}))
    }

    /// Runs an async function's body with Firefox's own privileges.
    pub fn privileged(&self, body: &str, args: &Value) -> Result<Value> {
        self.post("moz/context", &json!({"context": "chrome"}))?;
        let result = self.eval(body, args);
        self.post("moz/context", &json!({"context": "content"}))?;
        result
    }

    /// Stops every service worker of the profile, whatever it is doing. `Ok(false)` where the engine has no means.
    pub fn stop_workers(&self) -> Result<bool> {
        match self.engine {
            Engine::Chromium => {
                self.cdp_page("ServiceWorker.enable", &json!({}))?;
                self.cdp_page("ServiceWorker.stopAllWorkers", &json!({}))?;
                Ok(true)
            }
            Engine::Firefox => {
                self.privileged(include_str!("stop_workers_firefox.js"), &json!({}))?;
                Ok(true)
            }
            Engine::WebKit => Ok(false),
        }
    }

    /// Has the browser save what pages download without a question; gives the folder.
    pub fn save_files(&self) -> Result<PathBuf> {
        let folder = self.scratch.join("saved");
        std::fs::create_dir_all(&folder)?;
        match self.engine {
            Engine::Chromium => {
                let saved = json!({"behavior": "allow", "downloadPath": folder});
                // It holds for as long as who asked for it is connected.
                self.cdp_page("Browser.setDownloadBehavior", &saved)?;
            }
            Engine::Firefox => {
                let body = "Services.prefs.setIntPref('browser.download.folderList', 2);\
                            Services.prefs.setStringPref('browser.download.dir', args.folder);\
                            Services.prefs.setBoolPref('browser.download.useDownloadDir', true)";
                self.privileged(body, &json!({"folder": folder}))?;
            }
            Engine::WebKit => return Err("its driver cannot tell it where to save files".into()),
        }
        Ok(folder)
    }

    /// Reloads the current window as Shift+Reload does. `Ok(false)` where the engine has no means.
    pub fn shift_reload(&self) -> Result<bool> {
        match self.engine {
            Engine::Chromium => {
                self.cdp_page("Page.reload", &json!({"ignoreCache": true}))?;
                Ok(true)
            }
            Engine::Firefox => {
                let body = "gBrowser.selectedBrowser.reloadWithFlags(Ci.nsIWebNavigation.LOAD_FLAGS_BYPASS_CACHE | \
                            Ci.nsIWebNavigation.LOAD_FLAGS_BYPASS_PROXY);";
                self.privileged(body, &json!({}))?;
                Ok(true)
            }
            Engine::WebKit => Ok(false),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.quit();
    }
}

/// A Chromium without a driver, for what a driver's attention would change.
pub struct Bare {
    address: String,
    _process: Process,
}

impl Bare {
    /// Starts one with a new, empty profile.
    pub fn start() -> Result<Self> {
        let data = scratch("bare")?;
        let mut command = Command::new(program("VF_CHROMIUM", "/usr/bin/chromium"));
        command
            .args(CHROMIUM_FLAGS)
            .args(["--remote-debugging-port=0", "about:blank"]);
        command.arg(format!("--user-data-dir={}", data.display()));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let pipe = process.child().stderr.take().ok_or("the browser has no output")?;
        // The browser prints its address once it listens; the lines end with the process at worst.
        for line in BufReader::new(pipe).lines() {
            if let Some((_, url)) = line?.split_once("DevTools listening on ws://") {
                let address = url.split('/').next().unwrap_or_default().to_owned();
                return Ok(Self {
                    address,
                    _process: process,
                });
            }
        }
        Err("the browser ended without a debugging address".into())
    }

    /// A connection by its debugging protocol.
    pub fn cdp(&self) -> Result<Cdp> {
        Cdp::connect_to(&self.address)
    }
}

const CHROMIUM_FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--window-size=1280,900",
];

fn program(variable: &str, default: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

fn driver_command(engine: Engine, port: u16, scratch: &Path) -> Command {
    match engine {
        Engine::Chromium => {
            let mut command = Command::new(program("VF_CHROMEDRIVER", "chromedriver"));
            command.arg(format!("--port={port}"));
            command
        }
        Engine::Firefox => {
            let mut command = Command::new(program("VF_GECKODRIVER", "geckodriver"));
            command
                .args(["--allow-system-access", "--host", "127.0.0.1", "--port"])
                .arg(port.to_string());
            command.args(["--websocket-port", "0", "--profile-root"]).arg(scratch);
            // Firefox refuses to run as root in the home of somebody else.
            command.env("HOME", scratch);
            command
        }
        Engine::WebKit => {
            let mut command = Command::new(program("VF_WEBKITDRIVER", "WebKitWebDriver"));
            command.arg(format!("--port={port}"));
            // Its renderer is left as it is: with the switches that turn parts of it off, no screenshot ever comes.
            command
                .env("NO_AT_BRIDGE", "1")
                .env("GDK_BACKEND", "x11")
                .env("HOME", scratch);
            command
        }
    }
}

fn capabilities(engine: Engine, profile: Profile, scratch: &Path) -> Value {
    match engine {
        Engine::Chromium => {
            let blocked = profile.blocks_cookies();
            let mut flags: Vec<String> = CHROMIUM_FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
            flags.push(format!("--user-data-dir={}", scratch.join("data").display()));
            if profile == Profile::StorageBlocked {
                flags.push("--disable-features=ThirdPartyStoragePartitioning".to_owned());
            }
            if profile == Profile::Private {
                flags.push("--incognito".to_owned());
            }
            if profile == Profile::Insecure {
                flags.push("--host-resolver-rules=MAP * 127.0.0.1".to_owned());
            }
            json!({
                "browserName": "chrome",
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {
                    "binary": program("VF_CHROMIUM", "/usr/bin/chromium"),
                    "args": flags,
                    "prefs": {
                        "profile": {"cookie_controls_mode": i32::from(blocked), "block_third_party_cookies": blocked},
                    },
                },
            })
        }
        Engine::Firefox => json!({
            "browserName": "firefox",
            "moz:firefoxOptions": {
                "binary": program("VF_FIREFOX", "/usr/bin/firefox-esr"),
                "args": firefox_arguments(scratch),
                "prefs": {
                    "devtools.console.stdout.content": true,
                    // 1 is to reject what is foreign, 5 the default: to partition it.
                    "network.cookie.cookieBehavior": if profile.blocks_cookies() { 1 } else { 5 },
                    "browser.privatebrowsing.autostart": profile == Profile::Private,
                    "network.dns.forceResolve": if profile == Profile::Insecure { "127.0.0.1" } else { "" },
                    "media.autoplay.default": 0,
                    "media.volume_scale": "0.0",
                    "app.update.enabled": false,
                    "network.captive-portal-service.enabled": false,
                    "network.connectivity-service.enabled": false,
                },
            },
        }),
        Engine::WebKit => json!({
            "browserName": "MiniBrowser",
            "webkitgtk:browserOptions": {
                "binary": program("VF_MINIBROWSER", "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"),
                "args": [
                    "--automation", "--enable-write-console-messages-to-stdout=true",
                    if profile.blocks_cookies() { "--cookies-policy=no-third-party" } else { "--cookies-policy=always" },
                ],
            },
        }),
    }
}

fn firefox_arguments(scratch: &Path) -> Vec<String> {
    let mut arguments = ["-headless", "--width=1280", "--height=900"]
        .map(str::to_owned)
        .to_vec();
    let profile = scratch.join("profile");
    if profile.is_dir() {
        arguments.extend(["-profile".to_owned(), profile.display().to_string()]);
    }
    arguments
}

/// A display without a screen, under a number that is free.
fn display() -> Result<(Process, String)> {
    let mut command = Command::new(program("VF_XVFB", "Xvfb"));
    command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = Process::start(&mut command)?;
    let pipe = process.child().stdout.take().ok_or("Xvfb has no output")?;
    let mut number = String::new();
    // The server writes its number when it is ready, so this read is the wait; it ends with the process at worst.
    BufReader::new(pipe).read_line(&mut number)?;
    match number.trim() {
        "" => Err("Xvfb gave no display".into()),
        number => Ok((process, format!(":{number}"))),
    }
}

//! A command of `cargo xtask`, watched line by line, and looked for when it should be gone.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::lab::Shared;
use crate::process::{Process, marked, scratch};
use crate::{Result, ensure};

/// The variable that tells the processes of one command from all others.
const VARIABLE: &str = "VF_E2E_COMMAND";

/// How long a command may take to end, with what it has to compile first, and its processes to come and go.
const END: Duration = Duration::from_secs(120);
const PROCESSES: Duration = Duration::from_secs(5);

/// A running command; ended when dropped.
pub(super) struct Xtask {
    process: Process,
    lines: Receiver<String>,
    said: String,
    errors: PathBuf,
    variable: String,
    settings: PathBuf,
}

/// What came of a command.
pub(super) struct Ended {
    status: ExitStatus,
    /// Its standard output.
    pub(super) said: String,
    /// Its standard error.
    pub(super) errors: String,
}

impl Xtask {
    /// Starts `cargo xtask` with these arguments.
    pub(super) fn start(shared: &Shared, arguments: &[&str]) -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("xtask-{number}");
        let errors = shared.out().join(format!("{name}.log"));
        let settings = scratch(&name)?;
        let value = format!("{}-{number}", std::process::id());
        let mut command = Command::new("cargo");
        command.arg("xtask").args(arguments).current_dir(super::root()?);
        // What keeps the wrangler of other tests quiet is not there for a contributor.
        for (variable, _) in std::env::vars_os() {
            if variable.as_encoded_bytes().starts_with(b"WRANGLER_") {
                command.env_remove(variable);
            }
        }
        command.env(VARIABLE, &value).env("XDG_CONFIG_HOME", &settings);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(std::fs::File::create(&errors)?);
        let mut process = Process::start(&mut command)?;
        let output = process.child().stdout.take().ok_or("no standard output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(std::io::Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            process,
            lines,
            said: String::new(),
            errors,
            variable: format!("{VARIABLE}={value}"),
            settings,
        })
    }

    /// Waits until it prints a line with this text, after those that were waited for before.
    pub(super) fn wait_for(&mut self, text: &str, limit: Duration) -> Result {
        let until = Instant::now() + limit;
        loop {
            match self.line(until) {
                Ok(line) if line.contains(text) => return Ok(()),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.told(&format!("no {text:?} in {limit:?}"))),
                Err(RecvTimeoutError::Disconnected) => return Err(self.told(&format!("ended before {text:?}"))),
            }
        }
    }

    /// Sends a signal to it and to its process group, as a terminal does.
    pub(super) fn signal_group(&self, signal: Signal) {
        self.process.signal_group(signal);
    }

    /// Sends a signal to it alone.
    pub(super) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until there are more processes of it than one.
    pub(super) fn has_started_others(&self) -> Result {
        self.until(|ids| ids.len() > 1, "it has started nothing")
    }

    /// Waits until it has ended; fails if anything of it is left, or if it has written to the person's settings.
    pub(super) fn end(mut self) -> Result<Ended> {
        let until = Instant::now() + END;
        // The output's end: neither it nor what it has started prints any more.
        let open = loop {
            match self.line(until) {
                Ok(_) => {}
                Err(error) => break error == RecvTimeoutError::Timeout,
            }
        };
        ensure(!open, || {
            self.told("it does not end, or what it has started does not")
                .to_string()
        })?;
        let status = self.process.child().wait()?;
        self.until(<[u32]>::is_empty, "left running")?;
        let written: Vec<_> = std::fs::read_dir(&self.settings)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        ensure(written.is_empty(), || {
            format!("written outside the checkout: {written:?}")
        })?;
        Ok(Ended {
            status,
            said: self.said,
            errors: std::fs::read_to_string(&self.errors)?,
        })
    }

    /// Looks at the ids of its processes until they are as wanted: they don't tell when they come and go.
    fn until(&self, wanted: impl Fn(&[u32]) -> bool, failure: &str) -> Result {
        let until = Instant::now() + PROCESSES;
        loop {
            let ids = marked(&self.variable);
            if wanted(&ids) {
                return Ok(());
            }
            ensure(Instant::now() < until, || {
                self.told(&format!("{failure}: {ids:?}")).to_string()
            })?;
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn line(&mut self, until: Instant) -> std::result::Result<String, RecvTimeoutError> {
        let line = self
            .lines
            .recv_timeout(until.saturating_duration_since(Instant::now()))?;
        self.said.push_str(&line);
        self.said.push('\n');
        Ok(line)
    }

    /// The failure with what the command has said.
    fn told(&self, failure: &str) -> crate::Error {
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        format!("{failure}:\n{}{errors}", self.said).into()
    }
}

impl Ended {
    /// Fails unless it ended with this code.
    pub(super) fn code(&self, wanted: i32) -> Result {
        ensure(self.status.code() == Some(wanted), || {
            format!("{}, not {wanted}:\n{}{}", self.status, self.said, self.errors)
        })
    }
}

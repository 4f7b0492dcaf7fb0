//! A Worker under `wrangler dev`, on a port and with a state of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::{Process, scratch_again};
use crate::server::free_port;

/// A running Worker; ended when dropped.
pub struct Wrangler {
    process: Process,
    port: u16,
    log: PathBuf,
}

impl Wrangler {
    /// The configuration of the product.
    pub fn product() -> Result<PathBuf> {
        let root = std::env::var_os("VF_ROOT").map_or_else(|| ".".into(), PathBuf::from);
        Ok(root.canonicalize()?.join("wrangler.toml"))
    }

    /// Starts a Worker, and waits until it answers. `variables` are `NAME:VALUE`. What is stored goes with the run,
    /// and is there again when the same name is started again in it.
    pub fn start(out: &Path, name: &str, config: PathBuf, variables: &[&str]) -> Result<Self> {
        let log = out.join(format!("{name}.log"));
        let started = Self::start_once(&log, name, &config, variables);
        // A port that was free when it was looked for may be somebody's by now.
        let taken = |log: &Path| std::fs::read_to_string(log).is_ok_and(|text| text.contains("Address already in use"));
        match started {
            Err(_) if taken(&log) => Self::start_once(&log, name, &config, variables),
            started => started,
        }
    }

    fn start_once(log: &Path, name: &str, config: &Path, variables: &[&str]) -> Result<Self> {
        let folder = config.parent().unwrap_or(Path::new(".")).to_owned();
        let wrangler = std::env::var("VF_WRANGLER").unwrap_or_else(|_| "wrangler".to_owned());
        let (port, inspector) = (free_port()?, free_port()?);
        let state = scratch_again(&format!("{name}-state"))?;
        let mut command = Command::new(wrangler);
        command.arg("dev").arg("--config").arg(config);
        command.args(["--ip", "127.0.0.1", "--show-interactive-dev-session=false"]);
        command.args(["--port", &port.to_string(), "--inspector-port", &inspector.to_string()]);
        for variable in variables {
            command.args(["--var", variable]);
        }
        // What wrangler leaves of its own goes with the run, too.
        let scratch = state.join("tmp");
        std::fs::create_dir_all(&scratch)?;
        command
            .env("TMPDIR", scratch)
            .env("XDG_CONFIG_HOME", state.join("config"));
        command.arg("--persist-to").arg(state).current_dir(folder);
        command.env("WRANGLER_SEND_METRICS", "false").env("CI", "true");
        command.stdin(Stdio::null()).stdout(std::fs::File::create(log)?);
        command.stderr(std::fs::File::options().append(true).open(log)?);
        let mut process = Process::start(&mut command)?;
        let limit = Instant::now() + Duration::from_secs(60);
        let mut pause = Duration::from_millis(50);
        // A server that starts has no other way to be waited for than to be asked; any answer of its is a sign of life.
        let sign = format!("http://127.0.0.1:{port}/_vf/hello");
        while matches!(ureq::get(&sign).call(), Err(error) if !matches!(error, ureq::Error::StatusCode(_))) {
            if !process.running() || Instant::now() > limit {
                return Err(format!("the Worker did not start: see {}", log.display()).into());
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        Ok(Self {
            process,
            port,
            log: log.to_owned(),
        })
    }

    /// Whether it is still there.
    pub fn running(&mut self) -> bool {
        self.process.running()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The statuses of the answers for a path so far, as its log tells them.
    pub fn statuses(&self, path: &str) -> Result<Vec<u16>> {
        let log = std::fs::read(&self.log)?;
        let asked = format!(" {path} ");
        let lines = String::from_utf8_lossy(&log).into_owned();
        let statuses = lines
            .lines()
            .filter_map(|line| line.split_once(&asked)?.1.split(' ').next()?.parse().ok());
        Ok(statuses.collect())
    }

    /// Does something, and ends the Worker at once after it, as a machine that fails does.
    pub fn kill_after<T>(self, act: impl FnOnce() -> T) -> T {
        self.process.kill_after(act)
    }
}

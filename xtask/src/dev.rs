//! `cargo xtask dev`: the VFS origin under `wrangler dev`, the demo host beside it, and a build on every change.
//!
//! Everything is local: no account, no network. wrangler runs in a process group of its own, so that nothing of it
//! is left when this ends.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use lexopt::prelude::*;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::build::{self, Builder};
use crate::failure::{Context, Failure, Result};
use crate::{serve, tools, workspace};

/// How often the sources are looked at.
const POLL: Duration = Duration::from_millis(300);

/// How long wrangler may take to answer, and then to stop.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(5);

static STOPPED: AtomicBool = AtomicBool::new(false);

/// What `cargo xtask dev` was asked for.
pub(crate) struct Options {
    port: u16,
    demo_port: u16,
}

impl Options {
    /// Reads the rest of the command line.
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self {
            port: 8787,
            demo_port: 8788,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => options.port = arguments.value()?.parse()?,
                Long("demo-port") => options.demo_port = arguments.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        let Self { port, demo_port } = options;
        if port == demo_port {
            return Err(Failure::new(format!(
                "--port and --demo-port are both {port}: choose two"
            )));
        }
        Ok(options)
    }
}

/// Runs until Ctrl-C.
pub(crate) fn run(options: Options) -> Result<()> {
    ctrlc::set_handler(|| STOPPED.store(true, Ordering::SeqCst)).context("waiting for Ctrl-C")?;
    let ended = serve_and_build(&options);
    // The terminal's Ctrl-C ends what was started here, too: that is no failure.
    if STOPPED.load(Ordering::SeqCst) {
        println!("\nstopping");
        return Ok(());
    }
    ended
}

fn serve_and_build(options: &Options) -> Result<()> {
    port_is_free(options.port, "--port")?;
    port_is_free(options.demo_port, "--demo-port")?;
    let builder = Builder::new()?;
    let mut seen = snapshot()?;
    builder.all()?;
    let mut origin = Origin::start(options.port)?;
    origin.wait_until_up(options.port)?;
    serve::start(workspace::dist().join("demo"), options.demo_port, options.port)?;
    announce(options);
    while !STOPPED.load(Ordering::SeqCst) {
        sleep(POLL);
        origin.still_up()?;
        let now = snapshot()?;
        if now == seen {
            continue;
        }
        seen = settle(now)?;
        println!("\nsources have changed");
        // A mistake in the sources ends the build, not the session.
        if let Err(failure) = builder.all() {
            eprintln!("error: {failure}");
        }
    }
    Ok(())
}

fn announce(options: &Options) {
    let Options { port, demo_port } = options;
    println!(
        "\n  demo        http://app.virtual-files.localhost:{demo_port}   same site as the VFS origin\n\
         \x20             http://localhost:{demo_port}                       another site\n\
         \x20 VFS origin  http://virtual-files.localhost:{port}\n\
         \x20             http://{{session}}.virtual-files.localhost:{port}\n\n\
         \x20 Ctrl-C stops both. Changes of the sources are built as they come.\n"
    );
}

fn port_is_free(port: u16, option: &str) -> Result<()> {
    let addresses = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ];
    for address in addresses {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return Err(Failure::new(format!(
                    "port {port} is taken: stop what listens there, or choose another port with {option}"
                )));
            }
            // Without IPv6 there is nobody to collide with.
            _ => {}
        }
    }
    Ok(())
}

/// The VFS origin, as wrangler serves it.
struct Origin {
    wrangler: Child,
}

impl Origin {
    fn start(port: u16) -> Result<Self> {
        let run = tools::local_wrangler()?
            .args([
                "dev",
                "--local",
                "--config",
                "wrangler.toml",
                "--ip",
                "127.0.0.1",
                "--port",
            ])
            .arg(port.to_string())
            // A debugger's port that is chosen, not fixed, lets two of these run at once.
            .args(["--inspector-port", "0", "--persist-to", ".wrangler/state"])
            .args(["--show-interactive-dev-session=false", "--log-level", "warn"]);
        run.start().map(|wrangler| Self { wrangler })
    }

    fn wait_until_up(&mut self, port: u16) -> Result<()> {
        let deadline = Instant::now() + START;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            if STOPPED.load(Ordering::SeqCst) {
                return Ok(());
            }
            self.still_up()?;
            if Instant::now() > deadline {
                return Err(Failure::new(format!("wrangler does not answer on port {port}")));
            }
            sleep(POLL);
        }
        Ok(())
    }

    fn still_up(&mut self) -> Result<()> {
        let Ok(Some(status)) = self.wrangler.try_wait() else {
            return Ok(());
        };
        // A Ctrl-C just when it starts, in our process group still, may end it before we hear of it.
        sleep(POLL);
        Err(Failure::new(format!(
            "wrangler has stopped ({status}); its log is in .wrangler/logs"
        )))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.wrangler.id()).ok().and_then(Pid::from_raw) {
            // The group may be gone already.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline && matches!(self.wrangler.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(50));
        }
        // Whatever wrangler has started and left behind.
        self.signal(Signal::KILL);
        let _ = self.wrangler.wait();
    }
}

/// Every source file with the time of its last change.
type Snapshot = BTreeMap<PathBuf, Option<SystemTime>>;

fn snapshot() -> Result<Snapshot> {
    let mut snapshot = Snapshot::new();
    for source in build::sources() {
        let files = if source.is_dir() {
            workspace::files(&source)?
        } else {
            vec![source]
        };
        for file in files {
            let changed = std::fs::metadata(&file).and_then(|metadata| metadata.modified()).ok();
            snapshot.insert(file, changed);
        }
    }
    Ok(snapshot)
}

/// Waits until an editor or git is done writing.
fn settle(mut last: Snapshot) -> Result<Snapshot> {
    loop {
        sleep(POLL);
        let now = snapshot()?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
}

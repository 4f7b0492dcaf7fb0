//! `cargo xtask dev`: what it says of ports that are taken, what it serves, what it builds, and how it stops.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;

use super::root;
use super::xtask::Xtask;
use crate::case::Case;
use crate::lab::Shared;
use crate::product::{ask, dist};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[
    Case::wire("dev_names_a_taken_port", taken),
    Case::wire("dev_serves_and_builds_what_changes", changes),
    Case::wire("dev_stops_when_it_is_terminated", terminated),
    Case::wire("dev_stops_while_it_builds", building),
    Case::wire("dev_stops_while_it_starts", early),
];

const HUB: &str = "virtual-files.localhost";
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// How long a start, a build and a server that notices it may take.
const LIMIT: Duration = Duration::from_secs(180);

/// The line that tells that both are served.
const SERVED: &str = "Ctrl-C stops both";

fn taken(shared: &mut Shared) -> Result {
    let [free, _] = free_ports()?;
    for address in LOOPBACK {
        let holder = match TcpListener::bind((address, 0)) {
            Err(error) if address.is_ipv6() => {
                println!("without IPv6 nobody takes its ports: {error}");
                continue;
            }
            holder => holder?,
        };
        let port = holder.local_addr()?.port();
        for (option, other) in [("--port", "--demo-port"), ("--demo-port", "--port")] {
            let arguments = ["dev", option, &port.to_string(), other, &free.to_string()];
            refused(
                shared,
                &arguments,
                &format!("port {port} is taken: stop what listens there, or choose another port with {option}"),
            )?;
        }
    }
    // A port that is free can still be asked for twice.
    let free = free.to_string();
    let arguments = ["dev", "--port", &free, "--demo-port", &free];
    refused(
        shared,
        &arguments,
        &format!("--port and --demo-port are both {free}: choose two"),
    )
}

/// It ends with this line, and has started nothing before.
fn refused(shared: &Shared, arguments: &[&str], line: &str) -> Result {
    let ended = Xtask::start(shared, arguments)?.end()?;
    ended.code(1)?;
    let (said, errors) = (&ended.said, &ended.errors);
    ensure(said.is_empty() && *errors == format!("error: {line}\n"), || {
        format!("{arguments:?}: {said:?}, {errors:?}, not {line:?}")
    })
}

fn changes(shared: &mut Shared) -> Result {
    let dev = Dev::start(shared)?;
    let mut dev = dev.served()?;
    let source = root()?.join("sandbox-demo/index.html");
    let page = fs::read_to_string(&source)?.replace(":8787", &format!(":{}", dev.port));
    dev.shows_demo(|text| text == page, "the demo")?;
    dev.shows_hub(
        |text| text.contains("src=\"/_vf/hub-") && !text.contains("__VF_"),
        "the hub",
    )?;
    // A source of other content could be left in the checkout by a run that is cut off. So it is what was built that becomes
    // another: that of older sources. A source's time then tells that there are newer ones.
    dev.olds = vec![
        Old::make("demo/index.html", "demo")?,
        Old::make("origin/hub.html", "hub")?,
    ];
    dev.shows_demo(|text| text.ends_with(OLD), "the old demo")?;
    dev.shows_hub(|text| text.ends_with(OLD), "the old hub")?;
    fs::File::options()
        .append(true)
        .open(&source)?
        .set_modified(SystemTime::now())?;
    dev.command.wait_for("sources have changed", LIMIT)?;
    dev.command.wait_for("dist/ is built", LIMIT)?;
    dev.shows_demo(|text| text == page, "the new demo")?;
    dev.shows_hub(
        |text| text.contains("src=\"/_vf/hub-") && !text.ends_with(OLD),
        "the new hub",
    )?;
    dev.stops(|command| command.signal_group(Signal::INT))
}

fn terminated(shared: &mut Shared) -> Result {
    let dev = Dev::start(shared)?.served()?;
    dev.stops(|command| command.signal(Signal::TERM))
}

fn building(shared: &mut Shared) -> Result {
    let mut dev = Dev::start(shared)?;
    dev.command.wait_for("cargo build", LIMIT)?;
    dev.stops(|command| command.signal_group(Signal::INT))
}

fn early(shared: &mut Shared) -> Result {
    let mut dev = Dev::start(shared)?;
    // wrangler's command line.
    dev.command.wait_for("wrangler dev", LIMIT)?;
    dev.stops(|command| command.signal_group(Signal::INT))
}

/// A running `cargo xtask dev`.
struct Dev {
    command: Xtask,
    port: u16,
    demo_port: u16,
    /// Put back once the command has ended, and builds no more.
    olds: Vec<Old>,
}

impl Dev {
    fn start(shared: &Shared) -> Result<Self> {
        let [port, demo_port] = free_ports()?;
        let (first, second) = (port.to_string(), demo_port.to_string());
        let command = Xtask::start(shared, &["dev", "--port", &first, "--demo-port", &second])?;
        Ok(Self {
            command,
            port,
            demo_port,
            olds: Vec::new(),
        })
    }

    fn served(mut self) -> Result<Self> {
        self.command.wait_for(SERVED, LIMIT)?;
        Ok(self)
    }

    /// Waits until the demo's page is as wanted.
    fn shows_demo(&self, wanted: impl Fn(&str) -> bool, what: &str) -> Result {
        shows(self.demo_port, "localhost", "/", wanted, what)
    }

    /// Waits until the hub's page is as wanted, under the bare name and a session's.
    fn shows_hub(&self, wanted: impl Fn(&str) -> bool, what: &str) -> Result {
        shows(self.port, HUB, "/hub.html", &wanted, what)?;
        shows(self.port, &format!("some-session.{HUB}"), "/hub.html", &wanted, what)
    }

    /// It stops as it should when it is told to, and leaves nothing.
    fn stops(self, tell: impl FnOnce(&Xtask)) -> Result {
        // wrangler is there, or nothing could be left.
        self.command.has_started_others()?;
        tell(&self.command);
        let ended = self.command.end()?;
        ended.code(0)?;
        ensure(ended.said.ends_with("\nstopping\n"), || {
            format!("it ends with no word: {}", ended.said)
        })?;
        for port in [self.port, self.demo_port] {
            ensure(is_free(port), || format!("port {port} is still taken"))?;
        }
        Ok(())
    }
}

/// Asks for a page until it is as wanted. A server has no other way to tell that it serves something new.
fn shows(port: u16, host: &str, path: &str, wanted: impl Fn(&str) -> bool, what: &str) -> Result {
    let until = Instant::now() + LIMIT;
    loop {
        let answer = ask(port, "GET", host, path, &[]);
        match answer {
            Ok(answer) if answer.code() == 200 && wanted(&answer.text()) => return Ok(()),
            Ok(answer) if Instant::now() > until => {
                return Err(format!("{what}: status {}: {}", answer.code(), answer.text()).into());
            }
            Err(error) if Instant::now() > until => return Err(format!("{what}: {error}").into()),
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// What an old page ends with.
const OLD: &str = "<!-- of older sources -->";

/// A page of `dist/` as a build of older sources would have left it; as it was when dropped.
struct Old {
    file: PathBuf,
    text: String,
}

impl Old {
    /// `step` is what builds it: its stamp holds the hash of its sources.
    fn make(name: &str, step: &str) -> Result<Self> {
        let stamp = dist(".stamps")?.join(step);
        ensure(stamp.is_file(), || format!("no {}", stamp.display()))?;
        let file = dist(name)?;
        let text = fs::read_to_string(&file)?;
        // In this order, any later build makes it right.
        fs::write(stamp, "that of older sources")?;
        fs::write(&file, format!("{text}{OLD}"))?;
        Ok(Self { file, text })
    }
}

impl Drop for Old {
    fn drop(&mut self) {
        if fs::read_to_string(&self.file).is_ok_and(|text| text != self.text) {
            let _ = fs::write(&self.file, &self.text);
        }
    }
}

/// Two ports that nobody listens on, below those that the system gives to whoever asks for any: there is a build between
/// here and their use.
fn free_ports() -> Result<[u16; 2]> {
    let first = 20_000 + u16::try_from(std::process::id() % 1_000)? * 10;
    let mut ports = (first..32_000).filter(|port| is_free(*port));
    ports
        .next()
        .zip(ports.next())
        .map(|(port, other)| [port, other])
        .ok_or_else(|| "no port is free".into())
}

/// Whether nobody listens there. Without IPv6 nobody can, by it.
fn is_free(port: u16) -> bool {
    let taken =
        |address| TcpListener::bind((address, port)).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
    !LOOPBACK.into_iter().any(taken)
}

//! Child processes that never outlive the run.
//!
//! A browser starts dozens of processes, some in groups of their own. They are found by descent, by process group
//! and by a marker in their environment, and each is ended by its id; nothing is ever ended by name.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::Result;

const MARKER: &str = "VF_E2E_OWNER";

/// Ids of the processes started here that have not been ended yet.
static LIVE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A started program with everything it starts in turn; ended when dropped.
pub struct Process {
    child: Child,
    /// Its id may be another's already.
    killed: bool,
}

impl Process {
    /// Starts the command in a process group of its own.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .env(MARKER, marker())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
        if let Ok(mut live) = LIVE.lock() {
            live.push(child.id());
        }
        Ok(Self { child, killed: false })
    }

    /// The started program's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends it a signal.
    pub fn signal(&self, wanted: Signal) {
        signal(self.child.id(), wanted);
    }

    /// Sends a signal to its process group, as a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Does something, and ends the program and all that it started at once, in the middle of whatever they do.
    pub fn kill_after<T>(mut self, act: impl FnOnce() -> T) -> T {
        // Looked for beforehand: that takes longer than what is to be interrupted.
        let tree = tree(self.child.id());
        let done = act();
        self.kill_all(&tree);
        done
    }

    /// Ends the program and all that it started at once.
    pub fn kill(&mut self) {
        let tree = tree(self.child.id());
        self.kill_all(&tree);
    }

    fn kill_all(&mut self, tree: &[(u32, u64)]) {
        for (id, started) in tree {
            signal_if(*id, *started, Signal::KILL);
        }
        let _ = self.child.wait();
        self.killed = true;
    }

    /// Whether the program is still running.
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let id = self.child.id();
        if !self.killed {
            end_tree(id, || matches!(self.child.try_wait(), Ok(None)));
            // Reaps it, so that the id is free only after the last signal.
            let _ = self.child.wait();
        }
        if let Ok(mut live) = LIVE.lock() {
            live.retain(|other| *other != id);
        }
    }
}

/// A new, empty folder for what a program keeps while it runs. Its path is short, as the sockets that browsers put there
/// need it; the run's end removes it.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let folder = scratch_root().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// As [`scratch`], with what it held if there was one of that name in this run.
pub fn scratch_again(name: &str) -> Result<PathBuf> {
    let folder = scratch_root().join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn scratch_root() -> PathBuf {
    std::env::temp_dir().join(format!("vf-e2e-{}", std::process::id()))
}

/// Ends every process of this run and removes its scratch folders: for the signal handler and the end of `main`.
pub fn end_all() {
    let live = LIVE.lock().map(|live| live.clone()).unwrap_or_default();
    for id in live {
        end_tree(id, || false);
    }
    for id in marked(&format!("{MARKER}={}", marker())) {
        signal(id, Signal::KILL);
    }
    // What has just been killed may still be writing its last file.
    let limit = Instant::now() + Duration::from_secs(2);
    while std::fs::remove_dir_all(scratch_root()).is_err_and(|error| error.kind() != ErrorKind::NotFound) {
        if Instant::now() > limit {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ids of the processes that were started with this `NAME=VALUE` in their environment. One that has ended has none, reaped
/// or not.
pub fn marked(entry: &str) -> Vec<u32> {
    let mut ids = all_ids();
    ids.retain(|id| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|found| found == entry.as_bytes())
    });
    ids
}

fn marker() -> String {
    std::process::id().to_string()
}

/// Asks the tree to end, waits while `running` holds (two seconds at most), then kills what is left of it.
fn end_tree(root: u32, mut running: impl FnMut() -> bool) {
    let tree = tree(root);
    for (id, started) in &tree {
        signal_if(*id, *started, Signal::TERM);
    }
    let limit = Instant::now() + Duration::from_secs(2);
    while running() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(10));
    }
    for (id, started) in tree {
        signal_if(id, started, Signal::KILL);
    }
}

/// The start time tells a process from a later one that got the same id.
fn signal_if(id: u32, started: u64, wanted: Signal) {
    if stat(id).is_some_and(|stat| stat.started == started) {
        signal(id, wanted);
    }
}

fn signal(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

struct Stat {
    parent: u32,
    group: u32,
    started: u64,
}

fn stat(id: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

fn all_ids() -> Vec<u32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The process, its descendants and the members of its group, with their start times.
fn tree(root: u32) -> Vec<(u32, u64)> {
    let all: Vec<(u32, Stat)> = all_ids().into_iter().filter_map(|id| Some((id, stat(id)?))).collect();
    let mut wanted = HashSet::from([root]);
    loop {
        let before = wanted.len();
        for (id, stat) in &all {
            if wanted.contains(&stat.parent) || stat.group == root {
                wanted.insert(*id);
            }
        }
        if wanted.len() == before {
            break;
        }
    }
    all.into_iter()
        .filter(|(id, _)| wanted.contains(id))
        .map(|(id, stat)| (id, stat.started))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grandchildren_end_with_their_process() -> Result {
        let mut process = Process::start(Command::new("sh").args(["-c", "setsid sleep 600 & wait"]))?;
        let limit = Instant::now() + Duration::from_secs(10);
        while tree(process.id()).len() < 2 && Instant::now() < limit {
            thread::yield_now();
        }
        let members = tree(process.id());
        assert!(process.running() && members.len() >= 2, "{members:?}");
        drop(process);
        let limit = Instant::now() + Duration::from_secs(10);
        while members.iter().any(|(id, started)| alive(*id, *started)) && Instant::now() < limit {
            thread::yield_now();
        }
        assert!(!members.iter().any(|(id, started)| alive(*id, *started)));
        Ok(())
    }

    /// A zombie whose new parent has not reaped it yet counts as ended.
    fn alive(id: u32, started: u64) -> bool {
        let zombie = std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|text| text.contains(") Z "));
        !zombie && stat(id).is_some_and(|stat| stat.started == started)
    }
}

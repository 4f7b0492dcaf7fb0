//! Running other programs: each is printed before it runs, and says in one line when it failed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::{Context, Failure, Result};
use crate::workspace;

/// A command line about to run from the checkout's root.
pub(crate) struct Run {
    command: Command,
    /// What is printed of it: the folder and the environment, then the program and its arguments.
    before: String,
    shown: String,
}

impl Run {
    /// Runs `program`, which is a path or is looked for on `PATH`.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.current_dir(workspace::root());
        let shown = shown(program.as_ref());
        let before = String::new();
        Self { command, before, shown }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&shown(argument.as_ref()));
        self.command.arg(argument);
        self
    }

    /// Adds several arguments.
    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        for argument in arguments {
            self = self.arg(argument);
        }
        self
    }

    /// Sets a variable of the program's environment, and shows it.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.before.push_str(&format!("{name}={} ", shown(value.as_ref())));
        self.command.env(name, value);
        self
    }

    /// Sets a variable without showing it: for those that only keep a tool quiet.
    pub(crate) fn quiet_env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in another folder.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self.before = format!("cd {} && {}", shown(folder.as_os_str()), self.before);
        self
    }

    /// Runs it to its end; anything but success is a failure.
    pub(crate) fn run(mut self) -> Result<()> {
        self.announce();
        let status = self.command.stdin(Stdio::null()).status();
        self.judge(status)
    }

    /// Runs it to its end and gives each line of its standard output to `see`, having printed it.
    pub(crate) fn run_seeing(mut self, mut see: impl FnMut(&str)) -> Result<()> {
        self.announce();
        let spawned = self.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return self.judge(Err(error)),
        };
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).split(b'\n') {
                let line = line.context("reading a program's output")?;
                let line = String::from_utf8_lossy(&line);
                println!("{line}");
                see(&line);
            }
        }
        let status = child.wait();
        self.judge(status)
    }

    /// Runs it silently and returns its standard output, or nothing where it could not run or failed.
    pub(crate) fn probe(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs it silently and returns its standard output; what it said on the other one is printed if it fails.
    pub(crate) fn output(mut self) -> Result<String> {
        self.announce();
        let output = self.command.stdin(Stdio::null()).output();
        let output = match output {
            Ok(output) => output,
            Err(error) => return Err(self.unstartable(&error)),
        };
        if !output.status.success() {
            let _ = std::io::stderr().write_all(&output.stderr);
            return Err(Failure::new(format!("`{}` failed ({})", self.shown, output.status)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts it in a process group of its own, so that all of it can be stopped at once.
    pub(crate) fn start(mut self) -> Result<Child> {
        use std::os::unix::process::CommandExt;
        self.announce();
        match self.command.stdin(Stdio::null()).process_group(0).spawn() {
            Ok(child) => Ok(child),
            Err(error) => Err(self.unstartable(&error)),
        }
    }

    fn announce(&self) {
        println!("$ {}{}", self.before, self.shown);
    }

    fn unstartable(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("cannot run `{}`: {error}", self.shown))
    }

    fn judge(&self, status: std::io::Result<std::process::ExitStatus>) -> Result<()> {
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(format!("`{}` failed ({status})", self.shown))),
            Err(error) => Err(self.unstartable(&error)),
        }
    }
}

/// The cargo that is running this.
pub(crate) fn cargo() -> Run {
    Run::new("cargo")
}

/// Whether a program of this name is on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// An argument as a person would type it: paths inside the checkout are shortened.
fn shown(argument: &OsStr) -> String {
    let text = argument.to_string_lossy();
    let root = format!("{}/", workspace::root().display());
    let text = text.replace(&root, "");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_=.,:@+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_shown_as_typed() {
        assert_eq!(shown(OsStr::new("--release")), "--release");
        assert_eq!(shown(OsStr::new("two words")), "'two words'");
        assert_eq!(shown(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(shown(OsStr::new("")), "''");
        assert_eq!(shown(workspace::path("dist/npm").as_os_str()), "dist/npm");
    }

    #[test]
    fn failures_name_the_command() {
        let failure = Run::new("false").run().unwrap_err().to_string();
        assert!(failure.starts_with("`false` failed"), "{failure}");
        let failure = Run::new("no-such-program").run().unwrap_err().to_string();
        assert!(failure.starts_with("cannot run `no-such-program`"), "{failure}");
    }

    #[test]
    fn output_is_seen_line_by_line() {
        let mut lines = Vec::new();
        Run::new("printf")
            .arg("a\\nb")
            .run_seeing(|line| lines.push(line.to_owned()))
            .unwrap();
        assert_eq!(lines, ["a", "b"]);
    }
}

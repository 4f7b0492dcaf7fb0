//! `cargo xtask test` and `cargo xtask lint`: everything that must hold before a change goes in.
//!
//! A failing part does not hide the others: all that can still run does, and the last line counts.

use lexopt::prelude::*;

use crate::build::Builder;
use crate::failure::{Failure, Result};
use crate::pins::Pins;
use crate::run::{Run, cargo};
use crate::toolchain::WasmToolchain;
use crate::workspace::{self, WASM};
use crate::{instructions, nginx, size, tidy, tools};

/// Crates that run on the machine itself; all others become wasm.
const NATIVE: [&str; 4] = [
    "virtual-files-core",
    "virtual-files-e2e",
    "virtual-files-static",
    "xtask",
];

/// What `cargo xtask test` was asked for.
#[derive(Default)]
pub(crate) struct Options {
    part: Option<Part>,
    browser: Option<String>,
    filter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Unit,
    Store,
    EndToEnd,
}

impl Options {
    /// Reads the rest of the command line.
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(part) if options.part.is_none() => {
                    options.part = Some(match part.string()?.as_str() {
                        "unit" => Part::Unit,
                        "store" => Part::Store,
                        "e2e" => Part::EndToEnd,
                        other => {
                            return Err(Failure::new(format!(
                                "there is no part {other:?}; there are unit, store and e2e"
                            )));
                        }
                    });
                }
                Long("browser") => {
                    let browser = arguments.value()?.string()?;
                    if !["chromium", "firefox", "webkit"].contains(&browser.as_str()) {
                        return Err(Failure::new("--browser is chromium, firefox or webkit"));
                    }
                    options.browser = Some(browser);
                }
                Long("filter") => options.filter = Some(arguments.value()?.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, part: Part) -> bool {
        self.part.is_none_or(|wanted| wanted == part)
    }
}

/// What has passed and what has not.
#[derive(Default)]
struct Score {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

impl Score {
    /// Runs a part that passes or fails as one.
    fn step(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        println!("\n== {name}");
        match step() {
            Ok(()) => {
                self.passed += 1;
                true
            }
            Err(failure) => {
                self.fail(name, &failure);
                false
            }
        }
    }

    /// Runs a part that counts its own tests, in the way of Rust's test harness.
    fn suite(&mut self, name: &str, step: impl FnOnce(&mut dyn FnMut(&str)) -> Result<()>) {
        println!("\n== {name}");
        let (mut passed, mut failed) = (0, 0);
        let outcome = step(&mut |line| {
            if let Some(total) = total(line) {
                (passed, failed) = total;
            } else if let Some((more_passed, more_failed)) = counted(line) {
                passed += more_passed;
                failed += more_failed;
            }
        });
        self.passed += passed;
        match outcome {
            Err(failure) if failed == 0 => self.fail(name, &failure),
            Err(failure) => {
                self.failed += failed;
                self.failures.push(format!("{name}: {failure}"));
            }
            Ok(()) => self.failed += failed,
        }
    }

    fn fail(&mut self, name: &str, failure: &Failure) {
        eprintln!("error: {failure}");
        self.failed += 1;
        self.failures.push(format!("{name}: {failure}"));
    }

    fn finish(self) -> Result<()> {
        println!();
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        match self.failed {
            0 => Ok(()),
            _ => Err(Failure::new("not all tests passed")),
        }
    }
}

/// The counts in a line such as `test result: ok. 3 passed; 1 failed; …`.
fn counted(line: &str) -> Option<(u64, u64)> {
    let (_, counts) = line.split_once("test result: ")?.1.split_once(". ")?;
    let mut parts = counts.split("; ");
    let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some((passed, failed))
}

/// The counts in a line that is `3 passed, 1 failed`, which sums up those before it.
fn total(line: &str) -> Option<(u64, u64)> {
    let (passed, failed) = line.split_once(", ")?;
    let passed = passed.strip_suffix(" passed")?.parse().ok()?;
    let failed = failed.strip_suffix(" failed")?.parse().ok()?;
    Some((passed, failed))
}

/// Checks the format, clippy and the house rules.
pub(crate) fn lint() -> Result<()> {
    let mut score = Score::default();
    let toolchain = WasmToolchain::ensure(&Pins::load()?)?;
    lints(&mut score, &toolchain);
    score.finish()
}

/// Runs what was asked for.
pub(crate) fn test(options: Options) -> Result<()> {
    let mut score = Score::default();
    if options.part == Some(Part::Unit) {
        units(&mut score, &options);
        return score.finish();
    }
    let pins = Pins::load()?;
    let builder = Builder::new()?;
    // Asked for before the long part, not after it.
    tools::for_browsers(&pins)?;
    if options.part.is_none() {
        lints(&mut score, builder.toolchain());
        units(&mut score, &options);
        score.step("size", size::check);
    }
    let build = || match options.wants(Part::Store) {
        true => builder.all().and_then(|()| builder.for_tests()),
        false => builder.all(),
    };
    if score.step("build", build) {
        if options.part.is_none() {
            score.step("types", types);
        }
        for (part, name, suites) in [
            (Part::Store, "store", &["store"][..]),
            (Part::EndToEnd, "e2e", &["commands", "facts", "e2e"]),
        ] {
            if options.wants(part) {
                score.suite(name, |see| in_browsers(&pins, suites, &options, see));
            }
        }
    }
    score.finish()
}

/// The manifests of the workspaces here: cargo formats one at a time.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// Formats the Rust sources.
pub(crate) fn format() -> Result<()> {
    let format = |manifest| cargo().args(["fmt", "--all", "--manifest-path", manifest]).run();
    MANIFESTS.into_iter().try_for_each(format)
}

fn lints(score: &mut Score, toolchain: &WasmToolchain) {
    score.step("format", || {
        let check = |manifest| {
            cargo()
                .args(["fmt", "--all", "--check", "--manifest-path", manifest])
                .run()
        };
        MANIFESTS.into_iter().try_for_each(check)
    });
    let clippy = || cargo().args(["clippy", "--quiet", "--all-features"]);
    score.step("clippy", || {
        let packages = NATIVE.iter().flat_map(|name| ["--package", name]);
        clippy().arg("--all-targets").args(packages).run()
    });
    score.step("clippy for the browser", || {
        let others = NATIVE.iter().flat_map(|name| ["--exclude", name]);
        let run = clippy().arg("--workspace").args(others);
        // Without a clippy that knows the target, the host's finds nearly everything.
        if toolchain.lints() {
            run.args(["--target", WASM]).run()
        } else {
            run.run()
        }
    });
    score.step("tidy", tidy::check);
}

fn units(score: &mut Score, options: &Options) {
    score.suite("units", |see| {
        // The crates that become wasm keep tests of what does not need a browser; the e2e binary is for browsers.
        let mut run = cargo().args([
            "test",
            "--quiet",
            "--workspace",
            "--all-features",
            "--tests",
            "--no-fail-fast",
        ]);
        if let Some(filter) = &options.filter {
            run = run.args(["--", filter]);
        }
        run.run_seeing(see)
    });
    score.suite("examples in the documentation", |see| {
        let run = cargo().args([
            "test",
            "--quiet",
            "--doc",
            "--all-features",
            "--package",
            "virtual-files-core",
        ]);
        run.run_seeing(see)
    });
}

/// Checks the npm package's declarations: that they name what the wasm exports, take what they should and refuse the rest.
fn types() -> Result<()> {
    let folder = workspace::intermediate().join("types");
    workspace::remove_folder(&folder)?;
    workspace::copy_folder(&workspace::dist().join("npm"), &folder)?;
    const TEST: &str = "types.test-d.ts";
    workspace::copy(&workspace::path("host-sdk/npm").join(TEST), &folder.join(TEST))?;
    Run::new(tools::npm_tool("tsc")?)
        .args([
            "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib",
        ])
        .args(["es2022,esnext.disposable,dom,dom.iterable", TEST])
        .folder(&folder)
        .run()
}

/// Runs the end-to-end binary, which starts its own servers with what the environment tells it.
fn in_browsers(pins: &Pins, suites: &[&str], options: &Options, see: &mut dyn FnMut(&str)) -> Result<()> {
    let mut run = cargo()
        .args(["run", "--quiet", "--package", "virtual-files-e2e", "--"])
        .args(suites);
    if let Some(browser) = &options.browser {
        run = run.args(["--browser", browser]);
    }
    if let Some(filter) = &options.filter {
        run = run.args(["--filter", filter]);
    }
    for_browsers(pins, run)?.run_seeing(see)
}

/// What the end-to-end binary needs to know.
fn for_browsers(pins: &Pins, mut run: Run) -> Result<Run> {
    for (name, value) in tools::wrangler_environment() {
        run = run.quiet_env(name, value);
    }
    Ok(run
        .quiet_env("VF_ROOT", workspace::root())
        .quiet_env("VF_DIST", workspace::dist())
        .quiet_env("VF_TEST_DIST", workspace::test_dist())
        .quiet_env("VF_TOOLS", workspace::tools())
        .quiet_env("VF_WRANGLER", tools::npm_tool("wrangler")?)
        .quiet_env("VF_GECKODRIVER", tools::geckodriver(pins)?)
        .quiet_env("VF_NGINX", nginx::ensure()?))
}

/// Builds everything, and runs what is no test of it: torture or soak. The end-to-end binary reads the rest of the command
/// line.
pub(crate) fn long_run(name: &str, mut arguments: lexopt::Parser) -> Result<()> {
    let given: Vec<_> = arguments.raw_args()?.collect();
    let pins = Pins::load()?;
    tools::for_browsers(&pins)?;
    Builder::new()?.all()?;
    let run = cargo().args(["run", "--quiet", "--package", "virtual-files-e2e", "--", name]);
    for_browsers(&pins, run.args(given))?.run()
}

/// Runs the benchmarks: the end-to-end binary has those in browsers and reads what is for them; instructions are counted here.
pub(crate) fn bench(mut arguments: lexopt::Parser) -> Result<()> {
    const INSTRUCTIONS: &str = "instructions";
    let (mut given, mut only, mut check) = (Vec::new(), Vec::new(), false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("only") => only.push(arguments.value()?.string()?),
            Long(name @ ("rounds" | "browser" | "slow-down")) => {
                given.push(format!("--{name}").into());
                given.push(arguments.value()?);
            }
            Long(name @ ("large" | "write" | "check")) => {
                check |= name == "check";
                given.push(format!("--{name}").into());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let pins = Pins::load()?;
    let counted = match only.is_empty() || only.iter().any(|name| name == INSTRUCTIONS) {
        true => instructions::run(&pins, check),
        false => Ok(()),
    };
    let in_browsers: Vec<&String> = only.iter().filter(|name| *name != INSTRUCTIONS).collect();
    if !only.is_empty() && in_browsers.is_empty() {
        return counted;
    }
    tools::for_browsers(&pins)?;
    Builder::new()?.all()?;
    let run = cargo().args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "virtual-files-e2e",
        "--",
        "bench",
    ]);
    let run = in_browsers
        .iter()
        .fold(run.args(given), |run, name| run.args(["--only", name]));
    let run = run.quiet_env("VF_PEERS", tools::peers(&pins)?);
    for_browsers(&pins, run)?.run().and(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_harness() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(counted(line), Some((12, 0)));
        assert_eq!(
            counted("test result: FAILED. 3 passed; 2 failed; 0 ignored"),
            Some((3, 2))
        );
        assert_eq!(counted("running 3 tests"), None);
        assert_eq!(total("3 passed, 1 failed"), Some((3, 1)));
        assert_eq!(total("3 passed; 1 failed"), None);
    }
}

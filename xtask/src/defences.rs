//! `cargo xtask defences`: takes each defence of SECURITY.md away, one at a time, and wants the tests that are named
//! for it to fail. A test that passes without what it is to guard guards nothing.
//!
//! `e2e/defences.toml` lists them as texts to be replaced. All of it happens in a copy of the checkout below `target/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use serde::Deserialize;

use crate::build::DRAFT;
use crate::failure::{Context, Failure, Result};
use crate::run::cargo;
use crate::tidy::{self, Threat};
use crate::workspace;

/// Where the defences are listed.
const LIST: &str = "e2e/defences.toml";

/// Each defence takes a build of its own, whose wasm may be as large as it likes.
const QUICK: [(&str, &str); 5] = [
    (DRAFT, "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
];

/// The list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defences {
    /// Tests of what browsers see to by themselves: nothing of ours could be taken away.
    platform: BTreeSet<String>,
    #[serde(rename = "defence")]
    all: Vec<Defence>,
}

/// One defence, and how it is taken away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defence {
    what: String,
    #[serde(default)]
    tests: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    /// Whether two minutes of `cargo xtask torture` are to see it.
    #[serde(default)]
    torture: bool,
    edits: Vec<Edit>,
}

/// A text of a file that stands there once, and what takes its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: String,
    put: String,
}

/// A test by the part of `cargo xtask test` that runs it, and its name.
type Test<'a> = (&'static str, &'a str);

/// What is no part of that.
const TORTURE: Test<'_> = ("torture", "torture");

impl Defence {
    fn tests(&self) -> impl Iterator<Item = Test<'_>> {
        let browser = self.tests.iter().map(|name| ("e2e", name.as_str()));
        let units = self.units.iter().map(|name| ("unit", name.as_str()));
        browser.chain(units).chain(self.torture.then_some(TORTURE))
    }
}

impl Defences {
    /// Reads the list.
    pub(crate) fn load() -> Result<Self> {
        let path = workspace::path(LIST);
        toml::from_str(&workspace::read(&path)?).at(&path)
    }

    /// What is wrong with the list: a text that is not there once, a test that is not there, a test of SECURITY.md that
    /// nothing turns red.
    pub(crate) fn faults(&self, threats: &[Threat<'_>], tests: &str) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        for defence in &self.all {
            let mut fault = |text: String| faults.push(format!("{LIST}: {}: {text}", defence.what));
            for Edit { file, find, .. } in &defence.edits {
                let found = workspace::read(&workspace::path(file))?.matches(find).count();
                if found != 1 {
                    fault(format!("its text is {found} times in {file}"));
                }
            }
            if defence.tests().next().is_none() {
                fault("no test is named".to_owned());
            }
            let named = defence.tests().filter(|test| *test != TORTURE);
            for (_, name) in named.filter(|(_, name)| !tidy::is_test(tests, name)) {
                fault(format!("there is no test `{name}`"));
            }
        }
        let listed = |test: &str| {
            let mut all = self.all.iter().flat_map(Defence::tests);
            self.platform.contains(test) || all.any(|(_, name)| name == test)
        };
        for Threat { row, tests } in threats {
            let unlisted = tests.iter().filter(|test| !listed(test));
            faults
                .extend(unlisted.map(|test| format!("{LIST}: nothing is listed that turns `{test}` red (row {row})")));
        }
        Ok(faults)
    }
}

/// What was asked for.
struct Options {
    browser: String,
    filter: String,
}

impl Options {
    fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        let mut options = Self {
            browser: "chromium".to_owned(),
            filter: String::new(),
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("browser") => options.browser = arguments.value()?.string()?,
                Long("filter") => options.filter = arguments.value()?.string()?,
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, defence: &Defence) -> bool {
        defence.what.contains(&self.filter) || defence.tests().any(|(_, name)| name.contains(&self.filter))
    }
}

/// Runs every test that is named with all defences, and then each without its own.
pub(crate) fn run(arguments: lexopt::Parser) -> Result<()> {
    let options = Options::parse(arguments)?;
    let list = Defences::load()?;
    let wanted: Vec<&Defence> = list.all.iter().filter(|defence| options.wants(defence)).collect();
    if wanted.is_empty() {
        return Err(Failure::new(format!(
            "no defence and no test of one is called {:?}",
            options.filter
        )));
    }
    let copy = Copy::make()?;
    let tests: BTreeSet<Test<'_>> = wanted.iter().flat_map(|defence| defence.tests()).collect();
    for test in &tests {
        if copy.outcome(&options, *test)? == Outcome::Red {
            return Err(Failure::new(format!(
                "{} fails with all defences in their place",
                test.1
            )));
        }
    }
    let mut lines = Vec::new();
    let mut failed = 0;
    for defence in &wanted {
        println!("\n== without: {}", defence.what);
        copy.take_away(defence)?;
        for test in defence.tests() {
            let line = match copy.outcome(&options, test)? {
                Outcome::Red => "red  ",
                Outcome::Green => {
                    failed += 1;
                    "GREEN"
                }
            };
            let line = format!("{line} {} without: {}", test.1, defence.what);
            println!("{line}");
            lines.push(line);
        }
        copy.put_back(defence)?;
    }
    println!("\n{}", lines.join("\n"));
    println!("{} passed, {failed} failed", lines.len() - failed);
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new("a test passes without what it is to guard")),
    }
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Green,
    Red,
}

/// A copy of the checkout.
struct Copy(PathBuf);

impl Copy {
    fn make() -> Result<Self> {
        let copy = workspace::target().join("defences/checkout");
        let files = tidy::tracked(|_| true)?;
        let relative = |file: &Path| {
            file.strip_prefix(workspace::root())
                .map(Path::to_owned)
                .context("copying")
        };
        let names: BTreeSet<PathBuf> = files.iter().map(|file| relative(file)).collect::<Result<_>>()?;
        for name in &names {
            workspace::copy(&workspace::root().join(name), &copy.join(name))?;
        }
        for file in workspace::files(&copy)? {
            let kept = file
                .strip_prefix(&copy)
                .is_ok_and(|name| names.contains(name) || name.starts_with("dist"));
            if !kept {
                std::fs::remove_file(&file).at(&file)?;
            }
        }
        // A defence that is taken away may leave a name without use, or code that is never reached.
        let manifest = copy.join("Cargo.toml");
        let text = workspace::read(&manifest)?.replace("warnings = \"deny\"", "warnings = \"allow\"");
        workspace::write(&manifest, text)?;
        // Tools are where they are for the checkout.
        link(&workspace::tools(), &copy.join(".tools"))?;
        Ok(Self(copy))
    }

    fn take_away(&self, defence: &Defence) -> Result<()> {
        for edit in &defence.edits {
            let path = self.0.join(&edit.file);
            let text = workspace::read(&path)?;
            if text.matches(&edit.find).count() != 1 {
                return Err(Failure::new(format!(
                    "{}: the text of {LIST} is not there once",
                    edit.file
                )));
            }
            workspace::write(&path, text.replace(&edit.find, &edit.put))?;
        }
        Ok(())
    }

    fn put_back(&self, defence: &Defence) -> Result<()> {
        let copy = |edit: &Edit| workspace::copy(&workspace::path(&edit.file), &self.0.join(&edit.file));
        defence.edits.iter().try_for_each(copy)
    }

    /// Runs a test in the copy. Anything but a test that passes or fails is a failure of this command.
    fn outcome(&self, options: &Options, (part, name): Test<'_>) -> Result<Outcome> {
        // Of libtest's lines, the one of this test; of torture's, the one before its last steps. A program that cannot run is
        // no failed test.
        let fails = |line: &str| match (part, name) {
            TORTURE => line == "the last steps:",
            _ => line.contains(name) && (line.ends_with("FAILED") || line.starts_with("FAILED ")),
        };
        let mut red = false;
        let mut run = match (part, name) {
            TORTURE => cargo().args(["xtask", "torture", "--minutes", "2"]),
            _ => cargo().args(["xtask", "test", part, "--filter", name]),
        };
        if part != "unit" {
            run = run.args(["--browser", &options.browser]);
        }
        for (name, value) in QUICK {
            run = run.quiet_env(name, value);
        }
        let ran = run
            .folder(&self.0)
            .quiet_env("CARGO_TARGET_DIR", self.0.join("target"))
            .run_seeing(|line| red |= fails(line));
        match ran {
            Ok(()) => Ok(Outcome::Green),
            Err(_) if red => Ok(Outcome::Red),
            Err(failure) => Err(failure),
        }
    }
}

fn link(to: &Path, at: &Path) -> Result<()> {
    if at.is_symlink() || !to.exists() {
        return Ok(());
    }
    std::os::unix::fs::symlink(to, at).at(at)
}

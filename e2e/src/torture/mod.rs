//! Torture: random changes and reads by several tabs, while workers are stopped, hubs are taken away, and tabs and the
//! browser are killed; and a model outside the browser that knows what may be seen.
//!
//! What a step does is drawn from the seed and the step's number alone, so that a seed draws the same steps each time.
//! How the browser's own moments fall between them is not repeated.

mod draw;
mod model;
mod world;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;
use crate::browser::Engine;
use draw::Step;
use world::World;

/// How often it is said how far it is.
const NEWS: Duration = Duration::from_secs(30);
/// How many steps are told when something was seen that cannot be.
const TOLD: usize = 40;

/// What to run.
pub struct Options {
    /// In which browser.
    pub engine: Engine,
    /// For how long.
    pub length: Duration,
    /// What the steps are drawn from.
    pub seed: u64,
}

/// Runs until the time is over or something is seen that cannot be.
pub fn run(options: &Options, out: &Path) -> Result {
    std::fs::create_dir_all(out)?;
    let out = out.canonicalize()?;
    let log = out.join(format!("torture-{}-{}.log", options.engine, options.seed));
    let mut history = History {
        file: File::create(&log)?,
        last: Vec::new(),
    };
    println!(
        "torture in {}, seed {}, for {} s; its steps go to {}",
        options.engine,
        options.seed,
        options.length.as_secs(),
        log.display()
    );
    let begun = Instant::now();
    let mut world = World::start(options.engine, options.seed, &out)?;
    let mut news = begun + NEWS;
    let mut number = 0;
    while begun.elapsed() < options.length {
        let step = Step::draw(options.seed, number);
        history.add(&format!("{number} at {:.3} s: {step:?}", begun.elapsed().as_secs_f64()))?;
        if let Err(error) = world.perform(&step) {
            history.add(&format!("{number}: {error}"))?;
            println!("after {:.0} s, {}", begun.elapsed().as_secs_f64(), world.counts());
            println!("the last steps:\n  {}", history.last.join("\n  "));
            world.picture(&out.join(format!("torture-{}-{}.png", options.engine, options.seed)));
            return Err(format!(
                "{error}\nin step {number}; again: cargo xtask torture --browser {} --seed {}",
                options.engine, options.seed
            )
            .into());
        }
        number += 1;
        if Instant::now() > news {
            println!("{:.0} s: {}", begun.elapsed().as_secs_f64(), world.counts());
            news = Instant::now() + NEWS;
        }
    }
    world.finish()?;
    println!("clean after {number} steps: {}", world.counts());
    Ok(())
}

struct History {
    file: File,
    last: Vec<String>,
}

impl History {
    fn add(&mut self, line: &str) -> Result {
        writeln!(self.file, "{line}")?;
        if self.last.len() == TOLD {
            self.last.remove(0);
        }
        self.last.push(line.to_owned());
        Ok(())
    }
}

//! How long the edge takes to refuse what is asked of a session that is there, and of one that is not.

use super::report::{Table, Unit};
use super::stats::Samples;
use super::{Bench, Options};
use crate::Result;
use crate::product::{self, Product};

const PRESENT: &str = "a session that is there";
const ABSENT: &str = "one that is not, asked for the first time";

/// The measures, in the order in which they are taken.
const NAMES: [&str; 3] = ["refusal-read", "refusal-tab", "refusal-write"];

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    let product = Product::serve(&bench.out, "bench-wrangler")?;
    let refusals = product::refusals(product.port(), options.rounds)?;
    let tables = refusals.into_iter().zip(NAMES).map(|(refusals, measure)| Table {
        measure,
        title: format!("Refused at the edge: {}", refusals.what.to_lowercase()),
        unit: Unit::Milliseconds,
        base: ABSENT,
        rows: vec![(PRESENT, Samples(refusals.present)), (ABSENT, Samples(refusals.absent))],
    });
    Ok(tables.collect())
}

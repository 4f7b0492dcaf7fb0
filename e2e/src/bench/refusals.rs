//! How long the edge takes to refuse what is asked of a session that is there, and of one that is not.

use super::report::Table;
use super::stats::Samples;
use crate::Result;
use crate::product;

const PRESENT: &str = "a session that is there";
const ABSENT: &str = "one that is not, asked for the first time";

pub(super) fn run(port: u16, rounds: usize) -> Result<Vec<Table>> {
    let tables = product::refusals(port, rounds)?.into_iter().map(|refusals| Table {
        title: format!("Refused at the edge: {}", refusals.what.to_lowercase()),
        base: ABSENT,
        rows: vec![(PRESENT, Samples(refusals.present)), (ABSENT, Samples(refusals.absent))],
    });
    Ok(tables.collect())
}

//! From the registration of a worker, on an origin that has none, to its control of the page that registered it.

use serde_json::json;

use super::order::interleave;
use super::report::{Table, Unit};
use super::subjects::{JS, OURS};
use super::{Bench, Options};
use crate::Result;

pub(super) fn run(bench: &Bench, options: &Options) -> Result<Vec<Table>> {
    bench.open(&[])?;
    let mut origins = 0;
    let rows = interleave(&[OURS, JS], options.rounds(1), |name| {
        origins += 1;
        let origin = bench.origin(&format!("r{origins}-{name}"));
        bench.number("return await bench.register(args.origin)", &json!({"origin": origin}))
    })?;
    Ok(vec![Table {
        measure: "register",
        title: "From a worker's registration, on an origin without one, to its control of the page".to_owned(),
        unit: Unit::Milliseconds,
        base: JS,
        rows,
    }])
}

//! What each ratio may be at most: `budgets.toml`.
//!
//! A budget is broken where the whole 95 % interval of the ratio lies above it. A ratio that lies at its budget is over it by
//! chance in every second run; its interval is above it in one of forty. With more rounds intervals get narrower, so that
//! what is a little over is found by them.

use serde::Deserialize;

use super::report::Table;
use crate::Result;

const FILE: &str = include_str!("budgets.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    budget: Vec<Budget>,
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    measure: String,
    subject: String,
    against: String,
    /// The most that the ratio of their medians may be.
    most: f64,
    /// What it is to be one day, where that is less.
    target: Option<f64>,
}

/// All budgets.
pub(super) fn read() -> Result<Vec<Budget>> {
    let file: File = toml::from_str(FILE).map_err(|error| format!("bench/budgets.toml: {error}"))?;
    Ok(file.budget)
}

/// Prints each budget with what was measured; fails with those that are broken.
pub(super) fn check(budgets: &[Budget], tables: &[Table]) -> Result {
    println!(
        "| measure | subject | against | ratio (95 % interval) | budget | |\n| --- | --- | --- | ---: | ---: | --- |"
    );
    let mut broken = Vec::new();
    for budget in budgets {
        let Budget {
            measure,
            subject,
            against,
            most,
            target,
        } = budget;
        let line = format!("{measure}: {subject} against {against}");
        let Some(table) = tables.iter().find(|table| table.measure == measure) else {
            println!("| {measure} | {subject} | {against} | – | {most} | not measured |");
            continue;
        };
        let ratio = table
            .ratio(subject, against)
            .ok_or_else(|| format!("budgets.toml: nothing is {line}"))?;
        // What could not be compared is no success.
        let within = ratio.low <= *most;
        let note = match (within, target) {
            (false, _) => "**over**".to_owned(),
            (true, Some(target)) if ratio.low > *target => format!("target: {target}"),
            (true, _) => "ok".to_owned(),
        };
        println!("| {measure} | {subject} | {against} | {ratio} | {most} | {note} |");
        if !within {
            broken.push(format!("{line}: {ratio}, and at most {most}"));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("over budget:\n{}", broken.join("\n")).into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Unit;
    use super::super::stats::Samples;
    use super::*;

    #[test]
    fn only_what_is_surely_over_breaks_a_budget() {
        let table = |ours: [f64; 4]| Table {
            measure: "read",
            title: String::new(),
            unit: Unit::Milliseconds,
            base: "js",
            rows: vec![("ours", Samples(ours.into())), ("js", Samples(vec![1.0; 4]))],
        };
        let budget = |subject: &str| Budget {
            measure: "read".into(),
            subject: subject.into(),
            against: "js".into(),
            most: 1.0,
            target: None,
        };
        assert!(check(&[budget("ours")], &[table([0.9, 1.0, 1.2, 1.3])]).is_ok());
        assert!(check(&[budget("ours")], &[table([1.1, 1.1, 1.2, 1.3])]).is_err());
        assert!(check(&[budget("ours")], &[table([f64::NAN; 4])]).is_err());
        assert!(check(&[budget("nobody")], &[table([1.0; 4])]).is_err());
        assert!(check(&[budget("nobody")], &[]).is_ok());
    }

    #[test]
    fn budgets_are_read() {
        let budgets = read().unwrap();
        assert!(budgets.len() > 10);
        assert!(
            budgets
                .iter()
                .all(|budget| budget.target.is_none_or(|target| target < budget.most))
        );
    }
}

//! What was measured, as a table for people.

use std::fmt::Write;

use super::order::Measured;
use super::stats::{Ratio, Samples};

/// One measure: a row for each subject, compared with one of them.
pub(super) struct Table {
    /// What budgets call it.
    pub(super) measure: &'static str,
    pub(super) title: String,
    pub(super) unit: Unit,
    /// The subject that the others are compared with.
    pub(super) base: &'static str,
    pub(super) rows: Measured,
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Milliseconds,
    Kilobytes,
}

impl Unit {
    /// A value with its unit, to three digits.
    pub(super) fn show(self, value: f64) -> String {
        match self {
            Self::Milliseconds if value < 10.0 => format!("{value:.2} ms"),
            Self::Milliseconds if value < 100.0 => format!("{value:.1} ms"),
            Self::Milliseconds => format!("{value:.0} ms"),
            Self::Kilobytes => format!("{value:.0} KB"),
        }
    }
}

impl Table {
    /// The samples of a subject.
    pub(super) fn of(&self, subject: &str) -> Option<&Samples> {
        self.rows
            .iter()
            .find(|(name, _)| *name == subject)
            .map(|(_, samples)| samples)
    }

    /// How two subjects compare.
    pub(super) fn ratio(&self, subject: &str, against: &str) -> Option<Ratio> {
        Some(self.of(subject)?.ratio(self.of(against)?))
    }

    /// The table in Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n| `{}` | n | median | p95 | against {} (95 % interval) |\n| --- | ---: | ---: | ---: | ---: |\n",
            self.title, self.measure, self.base
        );
        for (name, samples) in &self.rows {
            let compared = match self.ratio(name, self.base) {
                Some(ratio) if *name != self.base => ratio.to_string(),
                _ => String::from("1"),
            };
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {} | {compared} |",
                samples.len(),
                self.unit.show(samples.median()),
                self.unit.show(samples.p95())
            );
        }
        text
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.2} ({:.2}–{:.2})", self.value, self.low, self.high)
    }
}

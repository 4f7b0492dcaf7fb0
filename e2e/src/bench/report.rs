//! What was measured, as a table for people.

use std::fmt::Write;

use super::stats::Samples;

/// One measure: a row for each subject, compared with one of them.
pub(super) struct Table {
    pub(super) title: String,
    /// The subject that the others are compared with.
    pub(super) base: &'static str,
    pub(super) rows: Vec<(&'static str, Samples)>,
}

impl Table {
    /// The table in Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!(
            "### {}\n\n| | n | median | p95 | against {} (95 % interval) |\n| --- | ---: | ---: | ---: | ---: |\n",
            self.title, self.base
        );
        let base = self.rows.iter().find(|(name, _)| *name == self.base);
        for (name, samples) in &self.rows {
            let compared = match base {
                Some((other, base)) if other != name => {
                    let ratio = samples.ratio(base);
                    format!("{:.2} ({:.2}–{:.2})", ratio.value, ratio.low, ratio.high)
                }
                _ => String::from("1"),
            };
            // Writing to a text cannot fail.
            let _ = writeln!(
                text,
                "| {name} | {} | {:.1} ms | {:.1} ms | {compared} |",
                samples.len(),
                samples.median(),
                samples.p95()
            );
        }
        text
    }
}

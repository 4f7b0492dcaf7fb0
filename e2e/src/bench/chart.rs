//! A measure as bars, as an SVG that can be read on light and on dark.

use std::fmt::Write;

use super::report::Table;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 110.0;
const BAR: f64 = 18.0;
const STEP: f64 = 26.0;

/// A bar for each median, with a line up to the 95th percentile.
pub(super) fn svg(table: &Table) -> String {
    let longest = table
        .rows
        .iter()
        .map(|(_, samples)| samples.median())
        .fold(f64::MIN_POSITIVE, f64::max);
    let scale = (WIDTH - LEFT - RIGHT) / longest;
    let height = STEP * table.rows.len() as f64 + 14.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' font-family='sans-serif' font-size='13'>\n\
         <title>{}</title>\n\
         <style>text{{fill:#24292f}}.bar{{fill:#8c959f}}.ours{{fill:#0969da}}path{{stroke:#24292f}}\
         @media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.bar{{fill:#6e7681}}.ours{{fill:#4493f8}}path{{stroke:#e6edf3}}}}</style>\n",
        escaped(&table.title)
    );
    for (place, (name, samples)) in table.rows.iter().enumerate() {
        let (median, top) = (samples.median(), STEP * place as f64 + 8.0);
        let (middle, end) = (top + BAR / 2.0, LEFT + median * scale);
        // A percentile beyond the picture ends at its border.
        let far = (LEFT + samples.p95() * scale).min(WIDTH - RIGHT + 20.0);
        let class = if name.starts_with("ours") { "ours" } else { "bar" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            "<text x='{:.0}' y='{:.1}' text-anchor='end'>{}</text>\
             <rect class='{class}' x='{LEFT}' y='{top:.1}' width='{:.1}' height='{BAR}' rx='2'/>\
             <path d='M{end:.1} {middle:.1}H{far:.1}'/>\
             <text x='{:.1}' y='{:.1}'>{}</text>",
            LEFT - 8.0,
            middle + 4.5,
            escaped(name),
            (median * scale).max(1.0),
            far.max(end) + 6.0,
            middle + 4.5,
            table.unit.show(median)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::super::report::Unit;
    use super::super::stats::Samples;
    use super::*;

    #[test]
    fn a_bar_for_each_subject() {
        let table = Table {
            measure: "read",
            title: "1 < 2".into(),
            unit: Unit::Milliseconds,
            base: "js",
            rows: vec![("ours", Samples(vec![1.0])), ("js", Samples(vec![2.0]))],
        };
        let svg = svg(&table);
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("<title>1 &lt; 2</title>") && svg.contains("2.00 ms"));
    }
}

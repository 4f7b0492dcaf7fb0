//! The samples as curves, one above the other, each from zero.

use std::fmt::Write;

use super::Series;

const WIDTH: f64 = 1200.0;
const PANEL: f64 = 165.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 30.0;

/// All series over the minutes of the soak, with a line for each kill.
pub(super) fn svg(series: &[Series], kills: &[f64]) -> String {
    let end = series
        .iter()
        .filter_map(|series| series.samples.last())
        .map(|sample| sample.0);
    let end = end.fold(1.0, f64::max);
    let x = |time: f64| LEFT + (WIDTH - LEFT - 20.0) * time / end;
    let height = TOP + PANEL * series.len() as f64 + 20.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' font-family='sans-serif' font-size='13'>\
         <rect width='100%' height='100%' fill='white'/>\
         <text x='{LEFT}' y='20'>Memory over {:.0} minutes of puts, reads and deletions; dashed: the worker is killed</text>",
        end / 60.0
    );
    for (place, Series { name, samples, .. }) in series.iter().enumerate() {
        let floor = TOP + PANEL * (place as f64 + 1.0) - 30.0;
        let most = samples.iter().map(|sample| sample.1).fold(1.0, f64::max);
        let y = |bytes: f64| floor - (PANEL - 60.0) * bytes / most;
        let points: Vec<String> = samples
            .iter()
            .map(|(time, bytes)| format!("{:.1},{:.1}", x(*time), y(*bytes)))
            .collect();
        // Writing to a text cannot fail.
        let _ = write!(
            svg,
            "<text x='{LEFT}' y='{:.1}' font-weight='bold'>{name}</text>\
             <text x='{:.1}' y='{:.1}' text-anchor='end'>{:.1} MB</text><text x='{:.1}' y='{floor:.1}' text-anchor='end'>0</text>\
             <path d='M{LEFT} {floor:.1}H{:.1}' stroke='#999'/>\
             <polyline points='{}' fill='none' stroke='#1f6feb' stroke-width='1.5'/>",
            y(most) - 8.0,
            LEFT - 6.0,
            y(most) + 4.0,
            most / 1e6,
            LEFT - 6.0,
            WIDTH - 20.0,
            points.join(" ")
        );
        for kill in kills {
            let _ = write!(
                svg,
                "<path d='M{0:.1} {1:.1}V{floor:.1}' stroke='#c33' stroke-dasharray='3 4' opacity='.6'/>",
                x(*kill),
                y(most)
            );
        }
    }
    for minute in (0..=(end / 60.0) as u64).step_by(((end / 600.0) as usize).max(1)) {
        let at = x(minute as f64 * 60.0);
        let _ = write!(
            svg,
            "<text x='{at:.1}' y='{:.1}' text-anchor='middle'>{minute}</text>",
            height - 6.0
        );
    }
    svg.push_str("</svg>");
    svg
}

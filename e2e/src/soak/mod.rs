//! Soak: puts, reads, deletions and kills for as long as one likes in Chromium, with the memory of the worker, of the hub
//! and of the browser's processes sampled: none of it may grow with what was done.

mod chart;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, Engine, Profile};
use crate::case::Host;
use crate::cdp::Cdp;
use crate::product::Product;
use crate::{Result, ensure};

const PAGE: &str = concat!(include_str!("../product/probe.js"), include_str!("page.js"));
const SAMPLE: Duration = Duration::from_secs(15);
/// The worker lives for so long between two kills: time enough to grow.
const KILL: Duration = Duration::from_secs(300);
/// By how much memory may be higher in the last third of what is judged than in the second one: a part of it, and bytes. A
/// heap after garbage collection is the same to some 100 KB; processes keep what they have been given.
const HEAP: f64 = 0.3e6;
const PROCESS: f64 = 4e6;
const GROWTH: f64 = 1.1;
/// How many samples a third needs to tell anything.
const ENOUGH: usize = 4;

/// What to run.
pub struct Options {
    /// For how long.
    pub length: Duration,
}

/// One thing whose memory is sampled, in bytes, by the seconds since the start.
struct Series {
    name: &'static str,
    /// What it may grow by without growing.
    slack: f64,
    samples: Vec<(f64, f64)>,
}

/// What is sampled, in the order of [`Soak::sample`].
const NAMES: [(&str, f64); 4] = [
    ("worker: its heap and its WebAssembly memory", HEAP),
    ("hub: its heap and its WebAssembly memory", HEAP),
    ("renderer processes: resident", PROCESS),
    ("browser process: resident", PROCESS),
];

struct Soak {
    browser: Browser,
    cdp: Cdp,
    origin: String,
}

/// Runs until the time is over; fails where something grows, or a read is not what was put. The chart goes to `out`.
pub fn run(options: &Options, out: &Path) -> Result {
    // One life of a worker and its kill, and enough samples after it.
    ensure(options.length >= 2 * KILL, || {
        format!("a soak takes {} minutes at least", 2 * KILL.as_secs() / 60)
    })?;
    std::fs::create_dir_all(out)?;
    let out = out.canonicalize()?;
    let product = Product::serve(&out, "soak-wrangler")?;
    let browser = Browser::start(Engine::Chromium, Profile::Standard, &out)?;
    // Cross-site, so that the hub's frame has a process and a debugging target of its own.
    browser.goto(&product.host_page(Host::CrossSite))?;
    let mut soak = Soak {
        cdp: browser.cdp()?,
        browser,
        origin: product.origin("virtual-files.localhost"),
    };
    let names = json!({"soak-stored": "indexeddb", "soak-memory": "memory"});
    soak.page("await openAll(args)", json!({"origin": soak.origin, "names": names}))?;
    let mut series: Vec<Series> = NAMES
        .map(|(name, slack)| Series {
            name,
            slack,
            samples: Vec::new(),
        })
        .into();
    let (begun, mut sampled, mut killed) = (Instant::now(), Instant::now(), Instant::now());
    let (mut version, mut kills, mut done) = (0_u64, Vec::new(), Value::Null);
    while begun.elapsed() < options.length {
        done = soak.page("return await round(args.version)", json!({"version": version}))?;
        version += 1;
        if sampled.elapsed() > SAMPLE {
            let time = begun.elapsed().as_secs_f64();
            let bytes = soak.sample()?;
            for (series, bytes) in series.iter_mut().zip(bytes) {
                series.samples.push((time, bytes));
            }
            println!("{time:.0} s: {done}, {}", shown(&bytes));
            sampled = Instant::now();
        }
        if killed.elapsed() > KILL {
            soak.browser.stop_workers()?;
            kills.push(begun.elapsed().as_secs_f64());
            killed = Instant::now();
        }
    }
    println!("{version} rounds, {done}, {} kills of the worker", kills.len());
    let picture = out.join("soak.png");
    soak.browser.goto("about:blank")?;
    let svg = chart::svg(&series, &kills);
    let show = "document.body.style.margin = 0; document.body.innerHTML = args.svg";
    soak.browser.eval(show, &json!({"svg": svg}))?;
    soak.browser.screenshot(&picture)?;
    println!("chart: {}", picture.display());
    for (place, series) in series.iter().enumerate() {
        let mut judged = 0;
        let whole = [series.samples.as_slice()];
        // Each worker starts with little.
        let parts: Vec<&[(f64, f64)]> = match place {
            0 => lives(&series.samples, &kills).collect(),
            _ => whole.to_vec(),
        };
        for part in parts.into_iter().filter(|part| part.len() >= 3 * ENOUGH) {
            is_flat(series, part)?;
            judged += 1;
        }
        ensure(judged > 0, || {
            format!("{}: no part of it is long enough to tell whether it grows", series.name)
        })?;
    }
    Ok(())
}

/// The samples between two kills.
fn lives<'a>(samples: &'a [(f64, f64)], kills: &'a [f64]) -> impl Iterator<Item = &'a [(f64, f64)]> {
    samples.chunk_by(|one, other| !kills.iter().any(|kill| (one.0..other.0).contains(kill)))
}

/// Whether the last third is not above the second one.
fn is_flat(series: &Series, samples: &[(f64, f64)]) -> Result {
    let third = samples.len() / 3;
    let median = |samples: &[(f64, f64)]| {
        let mut bytes: Vec<f64> = samples.iter().map(|(_, bytes)| *bytes).collect();
        bytes.sort_unstable_by(f64::total_cmp);
        bytes.get(bytes.len() / 2).copied().unwrap_or_default()
    };
    let (second, last) = (median(&samples[third..2 * third]), median(&samples[2 * third..]));
    ensure(last <= second * GROWTH + series.slack, || {
        let name = series.name;
        format!("{name} grows: {second:.0} bytes in the second third, {last:.0} in the last")
    })
}

fn shown(bytes: &[f64; 4]) -> String {
    let parts = NAMES
        .iter()
        .zip(bytes)
        .map(|((name, _), bytes)| format!("{name} {:.1} MB", bytes / 1e6));
    parts.collect::<Vec<_>>().join(", ")
}

impl Soak {
    fn page(&self, body: &str, args: Value) -> Result<Value> {
        self.browser.page(&format!("{PAGE}\n{body}"), &args)
    }

    /// What each takes now, garbage collected first.
    fn sample(&mut self) -> Result<[f64; 4]> {
        let (sw, page) = (format!("{}/sw.js", self.origin), format!("{}/hub.html", self.origin));
        let mut memory = |kind: &str, url: &str| -> Result<f64> {
            Ok(self.cdp.heap(kind, url)? + self.cdp.linear_memory(kind, url)?)
        };
        let (worker, hub) = (memory("service_worker", &sw)?, memory("iframe", &page)?);
        let found = self.cdp.call(None, "SystemInfo.getProcessInfo", json!({}))?;
        let (mut renderers, mut browser) = (0.0, 0.0);
        for process in found["processInfo"].as_array().into_iter().flatten() {
            let resident = resident(process["id"].as_u64().unwrap_or_default());
            match process["type"].as_str() {
                Some("renderer") => renderers += resident,
                Some("browser") => browser += resident,
                _ => {}
            }
        }
        Ok([worker, hub, renderers, browser])
    }
}

/// What a process has in memory, in bytes; none where it has just gone.
fn resident(process: u64) -> f64 {
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<f64>().ok());
    pages.unwrap_or_default() * 4096.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(slope: f64) -> Result {
        let series = Series {
            name: "a heap",
            slack: HEAP,
            samples: (0..20_u32)
                .map(|at| {
                    let time = f64::from(at) * 15.0;
                    (time, 1e6 + f64::from(at % 3) * 1e5 + slope * time)
                })
                .collect(),
        };
        is_flat(&series, &series.samples)
    }

    #[test]
    fn a_leak_is_told_from_noise() {
        judged(0.0).unwrap();
        // 200 bytes of each of 100 requests a second.
        judged(20_000.0).unwrap_err();
    }
}

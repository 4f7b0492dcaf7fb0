//! Steps, drawn from a seed.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;

use super::model::{Change, File};

/// How many tabs and sessions there are.
pub(super) const TABS: usize = 3;
pub(super) const SESSIONS: usize = 5;
/// Files have numbers below this.
pub(super) const FILES: File = 8;
/// So many steps in a row are alike: most are with one session, and in every other row no worker is stopped by itself, so
/// that what a worker remembers has time to become wrong.
const ROW: u64 = 16;

/// One thing that is done, in one tab with one session.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) tab: usize,
    pub(super) session: usize,
    pub(super) act: Act,
}

/// What is done.
#[derive(Debug)]
pub(super) enum Act {
    /// A change whose answer is awaited.
    Write(Change),
    /// A change that is begun, and what happens a moment later.
    Begin(Change, Duration, Strike),
    /// Files are looked at, one after another.
    Look(Vec<(File, Way)>),
    /// A change that is begun, and files that are looked at by the same tab while it is made.
    BeginAmid(Change, Vec<(File, Way)>),
    /// Files are looked at, and what happens while that is under way.
    LookAmid(Vec<(File, Way)>, Duration, Strike),
    /// All files are listed.
    List,
    /// The preview is mounted anew.
    Mount,
    /// What has been answered meanwhile is heard.
    Hear,
    /// Something happens while nothing is under way in this tab.
    Strike(Strike),
}

/// How a file is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Fetch,
    Head,
    Middle,
    Tail,
    Hub,
}

/// What befalls the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    /// Nothing.
    None,
    /// All workers are stopped.
    Workers,
    /// The hub's frame is taken out of the tab.
    Hub,
    /// The tab is closed.
    Tab,
    /// The browser is killed.
    Browser,
}

impl Step {
    /// The step of this number.
    pub(super) fn draw(seed: u64, number: u64) -> Self {
        let base = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let row = number / ROW;
        let home = Rng::with_seed(base ^ !row).usize(..SESSIONS);
        let mut rng = Rng::with_seed(base ^ number);
        let tab = rng.usize(..TABS);
        let away = rng.u32(..10) < 3;
        Self {
            tab,
            session: if away { rng.usize(..SESSIONS) } else { home },
            act: act(&mut rng, row.is_multiple_of(2)),
        }
    }
}

fn act(rng: &mut Rng, calm: bool) -> Act {
    let drawn = rng.u32(..100);
    if calm && (drawn >= 82 || (62..72).contains(&drawn)) {
        return Act::Look(looks(rng));
    }
    match drawn {
        0..20 => Act::Write(change(rng)),
        20..34 => Act::Begin(change(rng), moment(rng), if calm { Strike::None } else { strike(rng) }),
        34..52 => Act::Look(looks(rng)),
        52..62 => Act::BeginAmid(change(rng), looks(rng)),
        62..72 => Act::LookAmid(looks(rng), moment(rng), Strike::Workers),
        72..76 => Act::List,
        76..79 => Act::Mount,
        79..82 => Act::Hear,
        82..97 => Act::Strike(Strike::Workers),
        97 | 98 => Act::Strike(Strike::Hub),
        _ => Act::Strike(if rng.u32(..3) == 0 {
            Strike::Browser
        } else {
            Strike::Tab
        }),
    }
}

fn change(rng: &mut Rng) -> Change {
    let count = rng.usize(1..=6);
    let files: BTreeSet<File> = (0..count).map(|_| rng.u32(..FILES)).collect();
    match rng.u32(..10) {
        0..5 => Change::Replace(files),
        5..8 => Change::Merge(files),
        _ => Change::Delete(files),
    }
}

fn looks(rng: &mut Rng) -> Vec<(File, Way)> {
    let count = rng.usize(1..=6);
    (0..count)
        .map(|_| {
            let way = match rng.u32(..10) {
                0..5 => Way::Fetch,
                5 => Way::Head,
                6 => Way::Middle,
                7 => Way::Tail,
                _ => Way::Hub,
            };
            (rng.u32(..FILES), way)
        })
        .collect()
}

/// How long after a beginning something happens: most of what a change does is done in the first tens of milliseconds.
fn moment(rng: &mut Rng) -> Duration {
    Duration::from_micros(rng.u64(..60_000))
}

fn strike(rng: &mut Rng) -> Strike {
    match rng.u32(..100) {
        0..35 => Strike::None,
        35..75 => Strike::Workers,
        75..88 => Strike::Hub,
        88..96 => Strike::Tab,
        _ => Strike::Browser,
    }
}

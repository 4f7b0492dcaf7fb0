//! Reading a record takes memory in proportion to its length, whatever lengths it claims inside.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use virtual_files_core::change::NewFile;
use virtual_files_core::index::Index;
use virtual_files_core::protocol::{self, Snapshot, ToWorker};

/// The system's allocator, with a note of the most that was taken at once.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is the system allocator's; the counters have no part in what it returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that `run` takes beyond what was taken before it.
fn peak(run: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    run();
    PEAK.load(Ordering::Relaxed) - before
}

#[test]
fn claimed_lengths_take_no_memory() {
    // The largest number that the encoding has, and one that would be some gigabytes.
    let claims: [&[u8]; 2] = [
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
    ];
    let mut worst = 0;
    for claim in claims {
        for ones in 0..24 {
            for fill in [0, 1] {
                // Whichever field the claim meets, be it a string's length or a list's: it follows small numbers.
                let bytes = [&[2][..], &vec![fill; ones], claim, &[0; 64]].concat();
                worst = worst.max(peak(|| drop(Index::decode(&bytes))));
                worst = worst.max(peak(|| drop(protocol::decode::<Vec<NewFile>>(&bytes[1..]))));
                worst = worst.max(peak(|| drop(protocol::decode::<ToWorker>(&bytes[1..]))));
                worst = worst.max(peak(|| drop(protocol::decode::<Snapshot>(&bytes[1..]))));
            }
        }
    }
    assert!(worst < 4 << 20, "{worst} bytes were taken for less than a hundred");
    assert!(worst > 100, "nothing was measured");
}

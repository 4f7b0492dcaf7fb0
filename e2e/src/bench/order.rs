//! Whose turn it is: interleaved, so that what slows the machine down slows all subjects.

use super::stats::Samples;
use crate::Result;

/// How often each subject has its turn.
#[derive(Clone, Copy)]
pub(super) struct Rounds {
    /// Beforehand: the first rounds show what is compiled and cached only once.
    pub(super) before: usize,
    /// What counts.
    pub(super) counted: usize,
}

/// The order of a round. Over as many rounds as there are subjects (twice as many where they are odd), each comes at each
/// place equally often, and after each of the others.
pub(super) fn order(count: usize, round: usize) -> Vec<usize> {
    // 0, 1, last, 2, last but one, …: the distances from one to the next are all different.
    let zigzag = (0..count).map(|place| {
        if place % 2 == 1 {
            place.div_ceil(2)
        } else {
            (count - place / 2) % count
        }
    });
    let mut order: Vec<usize> = zigzag.map(|place| (place + round) % count).collect();
    if count % 2 == 1 && round / count % 2 == 1 {
        order.reverse();
    }
    order
}

/// What was measured, by subject.
pub(super) type Measured = Vec<(&'static str, Samples)>;

/// The samples of each subject: `turn` is given its name, and times one turn of it.
pub(super) fn interleave(
    names: &[&'static str],
    rounds: Rounds,
    mut turn: impl FnMut(&'static str) -> Result<f64>,
) -> Result<Measured> {
    interleave_many(names, rounds, |name| Ok(vec![(name, turn(name)?)]))
}

/// The same where a turn gives samples of several names.
pub(super) fn interleave_many(
    names: &[&'static str],
    rounds: Rounds,
    mut turn: impl FnMut(&'static str) -> Result<Vec<(&'static str, f64)>>,
) -> Result<Measured> {
    let mut measured: Measured = names.iter().map(|name| (*name, Samples::default())).collect();
    for round in 0..rounds.counted + rounds.before {
        for name in order(names.len(), round)
            .into_iter()
            .filter_map(|place| names.get(place))
        {
            for (name, taken) in turn(name)? {
                if round < rounds.before {
                    continue;
                }
                match measured.iter_mut().find(|(found, _)| *found == name) {
                    Some((_, samples)) => samples.add(taken),
                    None => measured.push((name, Samples(vec![taken]))),
                }
            }
        }
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn turns_are_balanced() {
        for (count, rounds) in [(2, 2), (4, 4), (9, 18), (3, 6)] {
            let (mut places, mut after) = (BTreeMap::new(), BTreeMap::new());
            for round in 0..rounds {
                let order = order(count, round);
                for (place, subject) in order.iter().enumerate() {
                    *places.entry((place, *subject)).or_insert(0) += 1;
                }
                for pair in order.windows(2) {
                    *after.entry((pair[0], pair[1])).or_insert(0) += 1;
                }
            }
            assert_eq!(places.len(), count * count);
            assert!(
                places.values().all(|times| *times == rounds / count),
                "{count}: {places:?}"
            );
            assert_eq!(after.len(), count * (count - 1), "{count}: {after:?}");
        }
    }

    #[test]
    fn warm_up_is_not_counted() {
        let mut turns = 0;
        let rounds = Rounds { before: 3, counted: 4 };
        let measured = interleave(&["a", "b"], rounds, |_| {
            turns += 1;
            Ok(f64::from(turns))
        });
        assert!(measured.unwrap().iter().all(|(_, samples)| samples.len() == 4));
        assert_eq!(turns, 14);
    }
}

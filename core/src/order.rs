//! Sorting, once for all types: a library's sort is some kilobytes of code for each type that it is used with.

/// Sorts so that no thing is `before` one that stands before it; equals stay as they stood. What is in order already, or a few runs
/// of it, takes time in proportion to its length.
pub fn sort<T>(things: &mut Vec<T>, before: impl Fn(&T, &T) -> bool) {
    let known = |at: u32| things.get(at as usize);
    let order = merged(
        things.len(),
        &|one, other| matches!((known(one), known(other)), (Some(one), Some(other)) if before(one, other)),
    );
    let Some(order) = order else { return };
    let mut slots: Vec<Option<T>> = things.drain(..).map(Some).collect();
    things.extend(order.into_iter().filter_map(|at| slots.get_mut(at as usize)?.take()));
}

/// The places of things in their order, by merging the runs that are in order; nothing where all are one.
fn merged(length: usize, before: &dyn Fn(u32, u32) -> bool) -> Option<Vec<u32>> {
    let length = u32::try_from(length).ok()?;
    let mut places: Vec<u32> = (0..length).collect();
    // Where each run ends.
    let mut ends: Vec<u32> = (1..length).filter(|at| before(*at, at - 1)).collect();
    if ends.is_empty() {
        return None;
    }
    ends.push(length);
    while ends.len() > 1 {
        let (mut done, mut left, mut start) = (Vec::with_capacity(places.len()), Vec::new(), 0);
        for pair in ends.chunks(2) {
            let (Some(middle), Some(end)) = (pair.first(), pair.last()) else {
                break;
            };
            let run = |from: u32, to: u32| {
                places
                    .get(from as usize..to as usize)
                    .unwrap_or_default()
                    .iter()
                    .copied()
                    .peekable()
            };
            let (mut one, mut other) = (run(start, *middle), run(*middle, *end));
            loop {
                let next = match (one.peek(), other.peek()) {
                    (Some(first), Some(second)) if before(*second, *first) => other.next(),
                    (Some(_), _) => one.next(),
                    (None, _) => other.next(),
                };
                let Some(next) = next else { break };
                done.push(next);
            }
            left.push(*end);
            start = *end;
        }
        (places, ends) = (done, left);
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn sorts_as_the_library_does(mut things: Vec<(u8, u8)>, runs: Vec<Vec<u8>>) {
            let mut expected = things.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort(&mut things, |one, other| one.0 < other.0);
            proptest::prop_assert_eq!(things, expected);
            let mut things: Vec<u8> = runs.into_iter().flat_map(|mut run| { run.sort_unstable(); run }).collect();
            let mut expected = things.clone();
            expected.sort_unstable();
            sort(&mut things, |one, other| one < other);
            proptest::prop_assert_eq!(things, expected);
        }
    }

    #[test]
    fn what_is_in_order_is_left() {
        assert_eq!(merged(5, &|_, _| false), None);
        assert_eq!(merged(0, &|_, _| true), None);
        assert_eq!(merged(2, &|_, _| true), Some(vec![1, 0]));
    }
}

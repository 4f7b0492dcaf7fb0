//! Packs: many small files in one Blob.
//!
//! A Blob costs a browser the same whether it has ten bytes or a million, so a bundle travels and is stored as a few
//! packs of some megabytes. This module decides which files share one, and makes the entity tags.

/// The most bytes that files share a pack in; a longer file has a pack of its own.
pub const PACK_BYTES: u64 = 4 << 20;

/// Puts files of these lengths into packs: for each pack, the positions of its files in the order in which their bytes
/// are joined. Every position is in exactly one pack, small files in their order.
pub fn plan(lengths: impl IntoIterator<Item = u64>) -> Vec<Vec<usize>> {
    let mut packs: Vec<Vec<usize>> = Vec::new();
    // The pack being filled; a long file does not close it.
    let mut open: Option<(usize, u64)> = None;
    for (position, length) in lengths.into_iter().enumerate() {
        match &mut open {
            Some((pack, filled)) if length <= PACK_BYTES - *filled => {
                *filled += length;
                packs[*pack].push(position);
            }
            _ => {
                if length < PACK_BYTES {
                    open = Some((packs.len(), length));
                }
                packs.push(vec![position]);
            }
        }
    }
    packs
}

/// The entity tag's value of a file's bytes.
#[cfg(feature = "hash")]
pub fn etag_of(bytes: &[u8]) -> [u8; 16] {
    xxhash_rust::xxh3::xxh3_128(bytes).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_files_share_and_large_ones_do_not() {
        let half = PACK_BYTES / 2;
        assert_eq!(plan([]), Vec::<Vec<usize>>::new());
        assert_eq!(plan([0]), [[0]]);
        assert_eq!(plan([half, half, 1]), [vec![0, 1], vec![2]]);
        assert_eq!(
            plan([1, PACK_BYTES + 1, 2, PACK_BYTES, 3]),
            [vec![0, 2, 4], vec![1], vec![3]]
        );
        assert_eq!(plan([u64::MAX, u64::MAX]), [[0], [1]]);
    }

    #[cfg(feature = "hash")]
    #[test]
    fn tags_tell_bytes_apart() {
        // The value that every implementation of XXH3-128 gives for no bytes.
        assert_eq!(
            etag_of(b""),
            0x99aa_06d3_0147_98d8_6001_c324_468d_497f_u128.to_be_bytes()
        );
        assert_eq!(etag_of(b"a"), etag_of(b"a"));
        assert_ne!(etag_of(b"a"), etag_of(b"b"));
    }

    proptest! {
        #[test]
        fn every_file_is_in_one_pack_and_packs_are_bounded(
            lengths in proptest::collection::vec(prop_oneof![
                4 => 0..100_000_u64, 2 => 1_000_000..PACK_BYTES, 1 => PACK_BYTES - 1..PACK_BYTES * 3, 1 => any::<u64>(), 1 => Just(0)
            ], 0..200),
        ) {
            let packs = plan(lengths.iter().copied());
            let mut seen: Vec<usize> = packs.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            let mut small = 0;
            for pack in &packs {
                prop_assert!(pack.is_sorted());
                let total: u128 = pack.iter().map(|at| u128::from(lengths[*at])).sum();
                prop_assert!(pack.len() == 1 || total <= u128::from(PACK_BYTES));
                small += usize::from(total <= u128::from(PACK_BYTES / 2));
            }
            // Packs are filled before the next is begun: two neighbours never fit into one.
            let shared = packs.iter().filter(|pack| lengths[pack[0]] < PACK_BYTES).count();
            prop_assert!(small <= shared / 2 + 1, "{small} half-empty packs of {shared}");
        }
    }
}

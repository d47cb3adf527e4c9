/// Words a row of `ni` voxels takes.
#[must_use]
pub fn row_words(ni: usize) -> usize {
    ni.div_ceil(64)
}

/// The bits of the last word of a row that belong to voxels.
pub(crate) fn last_word(ni: usize) -> u64 {
    if ni.is_multiple_of(64) { !0 } else { (1 << (ni % 64)) - 1 }
}

/// Checks that a mask has the words of its extent.
pub(crate) fn assert_words(words: &[u64], [ni, nj, nk]: [usize; 3]) {
    assert_eq!(words.len(), row_words(ni) * nj * nk, "one word per 64 voxels of a row");
}

/// The voxels that `mask` does not hold.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn complement(mask: &[u64], extent: [usize; 3]) -> Vec<u64> {
    assert_words(mask, extent);
    let mut out = Vec::with_capacity(mask.len());
    complement_into(mask, extent, &mut out);
    out
}

/// Replaces what is in `out` by what `mask` does not hold.
pub(crate) fn complement_into(mask: &[u64], extent: [usize; 3], out: &mut Vec<u64>) {
    let (n, last) = (row_words(extent[0]), last_word(extent[0]));
    out.clear();
    out.extend(mask.iter().map(|w| !w));
    if n > 0 {
        out.chunks_exact_mut(n).for_each(|row| row[n - 1] &= last);
    }
}

/// The voxels of `mask` that `other` does not hold.
///
/// # Panics
/// If the two differ in length.
#[must_use]
pub fn and_not(mask: &[u64], other: &[u64]) -> Vec<u64> {
    assert_eq!(mask.len(), other.len(), "masks of one extent");
    mask.iter().zip(other).map(|(a, b)| a & !b).collect()
}

/// The voxels of either mask.
///
/// # Panics
/// If the two differ in length.
#[must_use]
pub fn join(mask: &[u64], other: &[u64]) -> Vec<u64> {
    assert_eq!(mask.len(), other.len(), "masks of one extent");
    mask.iter().zip(other).map(|(a, b)| a | b).collect()
}

/// The voxels of both masks.
///
/// # Panics
/// If the two differ in length.
#[must_use]
pub fn meet(mask: &[u64], other: &[u64]) -> Vec<u64> {
    assert_eq!(mask.len(), other.len(), "masks of one extent");
    mask.iter().zip(other).map(|(a, b)| a & b).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An extent of rows of one word, of a few, or of more than a block of eight.
    pub(crate) fn any_extent() -> impl Strategy<Value = [usize; 3]> {
        let ni = prop_oneof![3 => 1usize..70, 2 => 70usize..300, 1 => 500usize..700];
        (ni, 1usize..7, 1usize..7).prop_map(|(ni, nj, nk)| [ni, nj, nk])
    }

    /// A mask of any extent: empty, full, speckled, or with few voxels set or left out.
    pub(crate) fn any_mask() -> impl Strategy<Value = (Vec<u64>, [usize; 3])> {
        (any_extent(), prop::sample::select(vec![0u64, 1, 30, 500, 970, 999, 1000]), any::<u64>())
            .prop_map(|(extent, per_mille, seed)| {
                let mut state = seed | 1;
                let set = |_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state >> 33) % 1000 < per_mille
                };
                let voxels: Vec<bool> = (0..extent.iter().product()).map(set).collect();
                (pack(&voxels, extent), extent)
            })
    }

    /// Bits of one bool a voxel.
    pub(crate) fn pack(voxels: &[bool], [ni, nj, nk]: [usize; 3]) -> Vec<u64> {
        let mut words = vec![0; row_words(ni) * nj * nk];
        for (at, _) in voxels.iter().enumerate().filter(|(_, set)| **set) {
            words[at / ni * row_words(ni) + at % ni / 64] |= 1 << (at % ni % 64);
        }
        words
    }

    /// One bool a voxel of bits.
    pub(crate) fn unpack(words: &[u64], [ni, nj, nk]: [usize; 3]) -> Vec<bool> {
        (0..ni * nj * nk)
            .map(|at| words[at / ni * row_words(ni) + at % ni / 64] >> (at % ni % 64) & 1 == 1)
            .collect()
    }

    proptest! {
        #[test]
        fn packing_leads_back((mask, extent) in any_mask()) {
            prop_assert_eq!(pack(&unpack(&mask, extent), extent), mask);
        }

        #[test]
        fn complement_turns_every_voxel_and_nothing_else((mask, extent) in any_mask()) {
            let turned: Vec<bool> = unpack(&mask, extent).iter().map(|v| !v).collect();
            prop_assert_eq!(complement(&mask, extent), pack(&turned, extent));
        }
    }
}

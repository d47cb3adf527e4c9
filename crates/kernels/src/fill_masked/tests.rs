use proptest::prelude::*;

use super::fill_masked;
use crate::Workers;
use crate::bits::tests::{any_mask, unpack};
use crate::workers::tests::any_workers;

proptest! {
    #[test]
    fn changes_what_is_set_and_nothing_else(
        (mask, extent) in any_mask(),
        value in prop::collection::vec(any::<u8>(), 8),
        workers in any_workers(),
    ) {
        for n in [1usize, 2, 4, 8] {
            let before: Vec<u8> = (0..extent.iter().product::<usize>() * n).map(|v| v as u8).collect();
            let mut after = before.clone();
            fill_masked(&mut after, &mask, extent[0], &value[..n], workers);
            for (at, set) in unpack(&mask, extent).into_iter().enumerate() {
                let expected = if set { &value[..n] } else { &before[at * n..][..n] };
                prop_assert_eq!(&after[at * n..][..n], expected);
            }
        }
    }
}

/// Parts are long, so that there are several in a large volume only.
#[test]
fn every_part_has_its_own_rows_of_the_mask() {
    let (ni, n_rows) = (100, 2000);
    let mask: Vec<u64> = (0..2 * n_rows)
        .map(|word: u64| {
            word.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                & if word % 2 == 1 { (1 << 36) - 1 } else { !0 }
        })
        .collect();
    let mut voxels = vec![0u8; ni * n_rows as usize];
    fill_masked(&mut voxels, &mask, ni, &[1], Workers::new(2));
    let expected = unpack(&mask, [ni, n_rows as usize, 1]).into_iter().map(u8::from);
    assert!(voxels.into_iter().eq(expected));
}

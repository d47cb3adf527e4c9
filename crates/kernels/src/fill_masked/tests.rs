use proptest::prelude::*;

use super::fill_masked;
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

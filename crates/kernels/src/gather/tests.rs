use proptest::prelude::*;

use super::gather;
use crate::bits::tests::{any_mask, unpack};
use crate::workers::tests::any_workers;

proptest! {
    #[test]
    fn takes_each_value_that_is_set((mask, extent) in any_mask(), workers in any_workers()) {
        let values: Vec<i32> = (0..extent.iter().product::<usize>() as i32).collect();
        let set = unpack(&mask, extent);
        let expected: Vec<i32> = values.iter().copied().filter(|&v| set[v as usize]).collect();
        prop_assert_eq!(gather(&values, &mask, extent, workers), expected);
    }
}

use proptest::prelude::*;

use super::bytes_of;
use crate::bits::tests::{any_mask, unpack};
use crate::bits_of;
use crate::workers::tests::any_workers;

proptest! {
    #[test]
    fn gives_each_bit_its_byte_and_back((mask, extent) in any_mask(), workers in any_workers()) {
        let bytes = bytes_of(&mask, extent, workers);
        let expected: Vec<u8> = unpack(&mask, extent).into_iter().map(u8::from).collect();
        prop_assert_eq!(&bytes, &expected);
        prop_assert_eq!(bits_of(&bytes, extent, workers), mask);
    }
}

use proptest::prelude::*;

use super::{bits_of, threshold, window};
use crate::Workers;
use crate::bits::tests::{any_extent, unpack};
use crate::value::Value;
use crate::workers::tests::any_workers;

fn check<T: Value>(
    extent: [usize; 3],
    workers: Workers,
    value: impl Fn(usize) -> T,
    [low, high]: [T; 2],
) -> Result<(), TestCaseError> {
    let values: Vec<T> = (0..extent.iter().product()).map(value).collect();
    let above: Vec<bool> = values.iter().map(|&v| v > low).collect();
    prop_assert_eq!(unpack(&threshold(&values, extent, low, workers), extent), above);
    let within: Vec<bool> = values.iter().map(|&v| v >= low && v <= high).collect();
    prop_assert_eq!(unpack(&window(&values, extent, low..=high, workers), extent), within);
    Ok(())
}

proptest! {
    #[test]
    fn holds_what_lies_above_or_within_for_every_type(
        extent in any_extent(),
        workers in any_workers(),
        seed in 1usize..1000,
    ) {
        let value = |v: usize| (v * 53 * seed) % 101;
        check(extent, workers, |v| value(v) as u8, [40, 60])?;
        check(extent, workers, |v| value(v) as i8 - 50, [-20, 10])?;
        check(extent, workers, |v| value(v) as u16 * 600, [30_000, 40_000])?;
        check(extent, workers, |v| (value(v) as i32 * 600 - 30_000) as i16, [-9_000, 9_000])?;
        check(extent, workers, |v| value(v) as i32 - 50, [-20, 10])?;
        check(extent, workers, |v| value(v) as u32, [20, 30])?;
        check(extent, workers, |v| value(v) as i64 - 50, [-20, 10])?;
        check(extent, workers, |v| value(v) as u64, [20, 30])?;
        check(extent, workers, |v| value(v) as f64 - 50.5, [-20.5, 0.0])?;
        let with_gaps = |v| if value(v) == 3 { f32::NAN } else { value(v) as f32 - 50.5 };
        check(extent, workers, with_gaps, [-20.5, 0.0])?;
        let bytes: Vec<u8> = (0..extent.iter().product()).map(|v| (value(v) % 3) as u8).collect();
        let set: Vec<bool> = bytes.iter().map(|b| *b != 0).collect();
        prop_assert_eq!(unpack(&bits_of(&bytes, extent, workers), extent), set);
    }
}

#[test]
fn what_is_no_number_is_not_held() {
    assert_eq!(threshold(&[f32::NAN, 1.0], [2, 1, 1], 0.0, Workers::ONE), [2]);
}

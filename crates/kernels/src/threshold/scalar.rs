use crate::lanes::Lanes;
use crate::value::Value;

/// The values of one row that lie from one end to the other.
#[inline(always)]
pub(crate) fn pack_row<L: Lanes, T: Value>(
    lanes: L,
    values: &[T],
    [low, high]: [T; 2],
    words: &mut [u64],
) {
    let (whole, rest) = values.as_chunks::<64>();
    for (word, values) in words.iter_mut().zip(whole) {
        *word = T::within(lanes, values, [low, high]);
    }
    if let Some(word) = words.get_mut(whole.len()) {
        *word = rest
            .iter()
            .enumerate()
            .fold(0, |w, (bit, &v)| w | u64::from((v >= low) & (v <= high)) << bit);
    }
}

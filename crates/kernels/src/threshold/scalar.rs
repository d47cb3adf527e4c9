/// One row of values to its words.
pub(super) fn threshold_row(values: &[f32], low: f32, words: &mut [u64]) {
    for (word, values) in words.iter_mut().zip(values.chunks(64)) {
        *word = values.iter().enumerate().fold(0, |w, (bit, &v)| w | u64::from(v > low) << bit);
    }
}

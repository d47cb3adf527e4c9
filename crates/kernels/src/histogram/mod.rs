//! Counts of values.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::value::Value;

/// The least and the largest of `values`, those that are no number left out; `None` if there is
/// none.
#[must_use]
pub fn range<T: Value>(values: &[T]) -> Option<[T; 2]> {
    scalar::range(values)
}

/// How many of `values` lie in each of `n_bins` equal bins from `low` to `high`; both ends are
/// within, and what is beyond or no number is not counted.
///
/// The bin of a value `v` is `(v - low) * (n_bins / (high - low))` in `f64`, rounded down. Of types
/// of 8 and 16 bits each value is counted first and its bin found once. Time O(values), four
/// tables of counts a thread.
///
/// # Panics
/// If `low` is not below `high`, either is not finite, or there is no bin.
#[must_use]
pub fn histogram<T: Value>(
    values: &[T],
    [low, high]: [f64; 2],
    n_bins: usize,
    workers: Workers,
) -> Vec<u64> {
    assert!(low < high && (high - low).is_finite(), "bins have a width");
    assert!(n_bins > 0, "a bin to count in");
    let bins = scalar::Bins::new(low, high, n_bins);
    if T::N_VALUES == 0 {
        return each_part(values, n_bins, workers, |part, counts| bins.count(part, counts));
    }
    let mut counts = vec![0; n_bins];
    for (place, n) in each_value(values, workers).into_iter().enumerate().filter(|(_, n)| *n > 0) {
        if let Some(bin) = bins.of(T::at_place(place).to_f64()) {
            counts[bin] += n;
        }
    }
    counts
}

/// How often each value of a type of 8 or 16 bits occurs, the least first.
pub(crate) fn each_value<T: Value>(values: &[T], workers: Workers) -> Vec<u64> {
    assert!(T::N_VALUES > 0, "a type of few values");
    each_part(values, T::N_VALUES, workers, scalar::count_each)
}

/// The sums of what is counted in the part of each thread.
fn each_part<T: Value>(
    values: &[T],
    n_counts: usize,
    workers: Workers,
    count: impl Fn(&[T], &mut [u64]) + Sync,
) -> Vec<u64> {
    let each = values.len().div_ceil(workers.n_threads()).max(1);
    let mut parts: Vec<(&[T], Vec<u64>)> =
        values.chunks(each).map(|part| (part, vec![0; n_counts])).collect();
    workers.for_each_chunk(&mut parts, 1, |_, parts| {
        parts.iter_mut().for_each(|(part, counts)| count(part, counts));
    });
    let mut counts = vec![0; n_counts];
    for (_, part) in parts {
        counts.iter_mut().zip(part).for_each(|(count, n)| *count += n);
    }
    counts
}

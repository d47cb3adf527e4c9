//! Counts of values.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::buffer::Buffer;
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
        let counts =
            each_part(values, n_bins, workers, || (), |(), part, counts| bins.count(part, counts));
        return counts.to_vec();
    }
    let mut counts: Vec<u64> = workers.zeros(n_bins);
    let each = each_value(values, workers);
    for (place, &n) in each.iter().enumerate().filter(|(_, n)| **n > 0) {
        if let Some(bin) = bins.of(T::at_place(place).to_f64()) {
            counts[bin] += n;
        }
    }
    counts
}

/// How often each value of a type of 8 or 16 bits occurs, the least first.
pub(crate) fn each_value<'a, T: Value>(values: &[T], workers: Workers<'a>) -> Buffer<'a, u64> {
    assert!(T::N_VALUES > 0, "a type of few values");
    let make = || workers.buffer(scalar::N_TABLES);
    each_part(values, T::N_VALUES, workers, make, |tables, part, counts| {
        scalar::count_each(part, counts, tables);
    })
}

/// The sums of what is counted in the part of each thread.
fn each_part<'a, T: Value, S: Send>(
    values: &[T],
    n_counts: usize,
    workers: Workers<'a>,
    make: impl Fn() -> S,
    count: impl Fn(&mut S, &[T], &mut [u64]) + Sync,
) -> Buffer<'a, u64> {
    let each = values.len().div_ceil(workers.n_threads()).max(1);
    let zeros = || {
        let mut counts = workers.buffer(n_counts);
        counts.fill_to(n_counts, 0);
        counts
    };
    let mut parts: Vec<(&[T], Buffer<u64>)> =
        values.chunks(each).map(|part| (part, zeros())).collect();
    workers.for_each_chunk_with(&mut parts, 1, make, |scratch, _, parts| {
        parts.iter_mut().for_each(|(part, counts)| count(scratch, part, counts));
    });
    let mut counts = zeros();
    for (_, part) in &parts {
        counts.iter_mut().zip(part.iter()).for_each(|(count, n)| *count += n);
    }
    counts
}

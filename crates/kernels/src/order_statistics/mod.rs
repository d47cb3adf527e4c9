//! Values at given ranks.

#[cfg(test)]
mod tests;

use crate::Workers;
use crate::histogram::each_value;
use crate::value::Value;

/// The element `floor(q (n - 1))` of the sorted `values`, for each `q` of `quantiles`; `None` if
/// there is no value. May reorder the values.
///
/// A quantile beyond 0 to 1 is the least or largest value. Types of 8 and 16 bits are counted once;
/// the others by selection (Musser, 1997), without memory, in time O(values) for each quantile. One
/// thread.
#[must_use]
pub fn order_statistics<T: Value, const N: usize>(
    values: &mut [T],
    quantiles: [f64; N],
) -> Option<[T; N]> {
    let last = values.len().checked_sub(1)?;
    let places = quantiles.map(|q| ((q * last as f64) as usize).min(last));
    if T::N_VALUES == 0 {
        return Some(places.map(|at| *values.select_nth_unstable_by(at, T::order).1));
    }
    let counts = each_value(values, Workers::ONE);
    Some(places.map(|at| {
        let mut n_before = 0;
        let place = counts.iter().position(|n| {
            n_before += n;
            n_before > at as u64
        });
        T::at_place(place.unwrap_or_default())
    }))
}

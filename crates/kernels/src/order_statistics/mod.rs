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
/// the others by selection (Musser, 1997), of many floats among those that share their upper 16 bits
/// with it, in time O(values) for each quantile. One thread.
#[must_use]
pub fn order_statistics<T: Value, const N: usize>(
    values: &mut [T],
    quantiles: [f64; N],
) -> Option<[T; N]> {
    let last = values.len().checked_sub(1)?;
    let places = quantiles.map(|q| ((q * last as f64) as usize).min(last));
    if T::N_VALUES == 0 {
        return Some(select(values, places));
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

/// The elements at `places` of the sorted values.
fn select<T: Value, const N: usize>(values: &mut [T], places: [usize; N]) -> [T; N] {
    /// Fewer values than this are sooner selected from than counted.
    const MANY: usize = 1 << 16;
    if !T::IS_FLOAT || values.len() < MANY {
        return places.map(|at| *values.select_nth_unstable_by(at, T::order).1);
    }
    let mut counts = vec![0usize; 1 << u16::BITS];
    values.iter().for_each(|value| counts[usize::from(value.coarse())] += 1);
    places.map(|at| {
        let mut n_before = 0;
        let is_there = |n: &usize| {
            let is_there = n_before + n > at;
            n_before += if is_there { 0 } else { *n };
            is_there
        };
        let wanted = counts.iter().position(is_there).unwrap_or_default();
        // Those that share their upper bits come to the front.
        let mut n_front = 0;
        for at in 0..values.len() {
            if usize::from(values[at].coarse()) == wanted {
                values.swap(n_front, at);
                n_front += 1;
            }
        }
        *values[..n_front].select_nth_unstable_by(at - n_before, T::order).1
    })
}

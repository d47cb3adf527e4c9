//! A threshold between two heaps of values.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::histogram::{each_value, histogram, range};
use crate::value::Value;

/// The threshold that parts `values` into two classes of the largest variance between them; those
/// above it are the upper class. Values that are no number count as absent.
///
/// Of types of 8 and 16 bits every value is tried, of the others 255 evenly spaced ones from the
/// least to the largest. Otsu (1979), doi:10.1109/TSMC.1979.4310076. `None` if there are no two
/// values, or they lie infinitely far apart. Time O(values).
#[must_use]
pub fn otsu<T: Value>(values: &[T], workers: Workers) -> Option<f64> {
    if T::N_VALUES > 0 {
        let split = scalar::best_split(&each_value(values, workers))?;
        return Some(T::at_place(split).to_f64());
    }
    let [low, high] = range(values)?.map(T::to_f64);
    if low >= high || !(high - low).is_finite() {
        return None;
    }
    let counts = histogram(values, [low, high], scalar::BINS, workers);
    let split = scalar::best_split(&counts)?;
    Some(low + (split + 1) as f64 * (high - low) / scalar::BINS as f64)
}

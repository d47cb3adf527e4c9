//! A threshold between two heaps of values.

mod scalar;
#[cfg(test)]
mod tests;

/// The threshold that parts `values` into two classes of the largest variance between them, among
/// 255 evenly spaced ones from `low` to `high`; values beyond count as at the ends.
///
/// Otsu (1979), doi:10.1109/TSMC.1979.4310076. `None` if `low` is not below `high` or there is no
/// value.
#[must_use]
pub fn otsu(values: impl IntoIterator<Item = f32>, low: f32, high: f32) -> Option<f32> {
    if low >= high || !(high - low).is_finite() {
        return None;
    }
    let counts = scalar::histogram(values, low, high);
    let bin = scalar::best_split(&counts)?;
    Some(low + (bin + 1) as f32 * (high - low) / scalar::BINS as f32)
}

//! Values at given ranks.

#[cfg(test)]
mod tests;

/// The element `floor(q (n - 1))` of the sorted `values`, for each `q` of `quantiles`; `None` if
/// there is no value. Reorders the values.
///
/// A quantile beyond 0 to 1 is the least or largest value. By selection (Musser, 1997): time
/// O(values) for each quantile, no memory.
#[must_use]
pub fn order_statistics<const N: usize>(
    values: &mut [f32],
    quantiles: [f64; N],
) -> Option<[f32; N]> {
    let last = values.len().checked_sub(1)?;
    Some(quantiles.map(|q| {
        let at = ((q * last as f64) as usize).min(last);
        *values.select_nth_unstable_by(at, f32::total_cmp).1
    }))
}

/// The element `floor(q * (n - 1))` of the sorted values, for each `q` of `quantiles`; `None` if
/// there is no value. Reorders the values.
pub(crate) fn order_statistics<const N: usize>(
    values: &mut [f32],
    quantiles: [f64; N],
) -> Option<[f32; N]> {
    if values.is_empty() {
        return None;
    }
    let last = values.len() - 1;
    Some(quantiles.map(|q| {
        let at = ((q * last as f64) as usize).min(last);
        *values.select_nth_unstable_by(at, f32::total_cmp).1
    }))
}

#[cfg(test)]
mod tests {
    use super::order_statistics;

    #[test]
    fn takes_the_element_below() {
        let mut values: Vec<f32> = (0..101).rev().map(|v| v as f32).collect();
        assert_eq!(
            order_statistics(&mut values, [0.0, 0.015, 0.5, 1.0]),
            Some([0.0, 1.0, 50.0, 100.0])
        );
        assert_eq!(order_statistics::<1>(&mut [], [0.5]), None);
    }
}

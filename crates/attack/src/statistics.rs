//! Numbers about numbers.

/// The middle value; `None` if there is none. Reorders the values.
#[must_use]
pub fn median(values: &mut [f32]) -> Option<f32> {
    kernels::order_statistics(values, [0.5]).map(|[middle]| middle)
}

/// The deviation about `middle` of normal values, from the median of their distances to it. The
/// values become those distances.
pub(crate) fn spread(values: &mut [f32], middle: f32) -> f32 {
    const NORMAL: f32 = 1.4826;
    values.iter_mut().for_each(|v| *v = (*v - middle).abs());
    NORMAL * median(values).unwrap_or(0.0)
}

/// Mean and deviation of the numbers among `values`; `None` if there are fewer than 3.
#[must_use]
pub fn mean_and_deviation(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for value in values.filter(|v| v.is_finite()) {
        n += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = sum / n;
    (n >= 3.0).then(|| [mean, (squares / n - mean * mean).max(0.0).sqrt()])
}

/// Pearson's correlation of the pairs of which both are numbers, and how many those are.
#[must_use]
pub fn correlation(a: &[f32], b: &[f32]) -> (f64, usize) {
    let pairs = || {
        let pairs = a.iter().zip(b).map(|(x, y)| (f64::from(*x), f64::from(*y)));
        pairs.filter(|(x, y)| x.is_finite() && y.is_finite())
    };
    let n = pairs().count();
    let sum = |of: fn((f64, f64)) -> f64| pairs().map(of).sum::<f64>() / n as f64;
    let (mean_x, mean_y) = (sum(|p| p.0), sum(|p| p.1));
    let covariance = sum(|(x, y)| x * y) - mean_x * mean_y;
    let variances = (sum(|p| p.0 * p.0) - mean_x * mean_x) * (sum(|p| p.1 * p.1) - mean_y * mean_y);
    let r = if variances > 0.0 { covariance / variances.sqrt() } else { 0.0 };
    (r, n)
}

/// The ends of the interval that holds the number of hits among `n` trials of chance `p` each,
/// with a probability of 95 % at least: 2.5 % at most lie beyond each end.
#[must_use]
pub fn chance_hits(n: usize, p: f64) -> [usize; 2] {
    // The probability of k hits follows from that of k - 1.
    let mut probability = (1.0 - p).powi(n as i32);
    let (mut below, mut ends) = (0.0, [0, n]);
    for k in 0..=n {
        if below + probability <= 0.025 {
            ends[0] = k + 1;
        }
        below += probability;
        if below >= 0.975 {
            ends[1] = k;
            break;
        }
        probability *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
    }
    ends
}

/// The probability that a faulty one scores above a sound one, ties counted half: the area under
/// the curve of receiver operation (Hanley and McNeil, 1982, doi:10.1148/radiology.143.1.7063747).
/// `None` if there is none of either.
#[must_use]
pub fn auroc(faulty: &[f64], sound: &[f64]) -> Option<f64> {
    let above = |f: f64, s: f64| if f > s { 1.0 } else { f64::from(u8::from(f >= s)) / 2.0 };
    let wins: f64 = faulty.iter().flat_map(|f| sound.iter().map(|s| above(*f, *s))).sum();
    let n_pairs = faulty.len() * sound.len();
    (n_pairs > 0).then(|| wins / n_pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_of_known_pairs() {
        let a = [1.0, 2.0, 3.0, f32::NAN];
        assert_eq!(correlation(&a, &[2.0, 4.0, 6.0, 9.0]).1, 3);
        assert!((correlation(&a, &[2.0, 4.0, 6.0, 9.0]).0 - 1.0).abs() < 1e-9);
        assert!((correlation(&a, &[3.0, 2.0, 1.0, 9.0]).0 + 1.0).abs() < 1e-9);
        assert!((correlation(&a, &[1.0, 0.0, 1.0, 9.0]).0).abs() < 1e-9);
        assert!(correlation(&a, &[5.0; 4]).0.abs() < 1e-9, "a flat map tells nothing");
    }

    #[test]
    fn hits_by_chance_are_those_of_the_binomial_distribution() {
        // As scipy.stats.binom.ppf([0.025, 0.975], n, p) has them.
        assert_eq!(chance_hits(100, 0.5), [40, 60]);
        assert_eq!(chance_hits(50, 1.0 / 501.0), [0, 1]);
        assert_eq!(chance_hits(64, 1.0 / 60.0), [0, 3]);
        assert_eq!(chance_hits(16, 0.1), [0, 4]);
    }

    #[test]
    fn auroc_of_known_scores() {
        assert_eq!(auroc(&[3.0, 4.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(auroc(&[1.0, 3.0], &[1.0, 3.0]), Some(0.5));
        assert_eq!(auroc(&[0.0], &[1.0]), Some(0.0));
        assert_eq!(auroc(&[], &[1.0]), None);
    }

    #[test]
    fn spread_is_the_deviation_of_normal_values() {
        // Twelve uniform numbers summed, from a fixed rule.
        let mut state = 1u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let mut values: Vec<f32> = (0..4000)
            .map(|_| 5.0 + 2.0 * ((0..12).map(|_| uniform()).sum::<f32>() - 6.0))
            .collect();
        let middle = median(&mut values).expect("values");
        assert!((middle - 5.0).abs() < 0.2, "{middle}");
        assert!((spread(&mut values, middle) - 2.0).abs() < 0.2);
    }
}

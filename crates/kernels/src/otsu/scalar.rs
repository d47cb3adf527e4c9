/// Bins of the histogram.
pub(super) const BINS: usize = 256;

/// Counts of values in equal bins from `low` to `high`.
pub(super) fn histogram(values: impl IntoIterator<Item = f32>, low: f32, high: f32) -> [u64; BINS] {
    let scale = BINS as f32 / (high - low);
    let mut counts = [0; BINS];
    for value in values {
        let bin = ((value - low) * scale).max(0.0) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    counts
}

/// The last bin of the lower class.
pub(super) fn best_split(counts: &[u64; BINS]) -> Option<usize> {
    let total: u64 = counts.iter().sum();
    let moment: u64 = counts.iter().enumerate().map(|(bin, n)| bin as u64 * n).sum();
    let (mut below, mut moment_below) = (0u64, 0u64);
    let mut best = (0.0f64, None);
    for (bin, &n) in counts.iter().enumerate().take(BINS - 1) {
        below += n;
        moment_below += bin as u64 * n;
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        let mean_below = moment_below as f64 / below as f64;
        let mean_above = (moment - moment_below) as f64 / above as f64;
        let between = below as f64 * above as f64 * (mean_above - mean_below).powi(2);
        if between > best.0 {
            best = (between, Some(bin));
        }
    }
    best.1
}

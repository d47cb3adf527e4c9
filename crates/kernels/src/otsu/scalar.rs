/// Bins of the values of a type that has too many to count each.
pub(super) const BINS: usize = 256;

/// The last bin of the lower class.
pub(super) fn best_split(counts: &[u64]) -> Option<usize> {
    let total: u64 = counts.iter().sum();
    let moment: u64 = counts.iter().enumerate().map(|(bin, n)| bin as u64 * n).sum();
    let (mut below, mut moment_below) = (0u64, 0u64);
    let mut best = (0.0f64, None);
    for (bin, &n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        below += n;
        moment_below += bin as u64 * n;
        let above = total - below;
        if above == 0 {
            break;
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

use volume::Affine;

use crate::Coarse;

/// Levels of grey that are told apart.
const N_BINS: usize = 32;

/// Normalised mutual information of two scans over what they both show, and of how many samples.
///
/// Of the levels a and b of the samples: (H(a) + H(b)) / H(a, b), 1 where neither tells of the other, 2
/// where each tells all. Studholme, Hill and Hawkes 1999, An overlap invariant entropy measure of 3D medical
/// image alignment, doi:10.1016/S0031-3203(98)00091-0. The second scan's levels fall between bins and count
/// in both, so that the measure is smooth.
pub(crate) fn information(
    samples: &[([f64; 3], f32)],
    scan: &Coarse,
    to_scan: &Affine,
) -> (f64, usize) {
    let Some(to_voxels) = scan.grid.affine.inverse() else { return (1.0, 0) };
    let to_voxels = to_voxels.after(to_scan);
    let mut joint = [[0.0f64; N_BINS]; N_BINS];
    let mut n = 0;
    for (place, level) in samples {
        let other = scan.at(to_voxels.apply(*place));
        if other.is_nan() {
            continue;
        }
        let row = (level * N_BINS as f32) as usize;
        let between = other * (N_BINS - 1) as f32;
        let low = (between as usize).min(N_BINS - 2);
        let share = f64::from(between - low as f32);
        let row = &mut joint[row.min(N_BINS - 1)];
        row[low] += 1.0 - share;
        row[low + 1] += share;
        n += 1;
    }
    (normalised(&joint, n as f64), n)
}

fn normalised(joint: &[[f64; N_BINS]; N_BINS], n: f64) -> f64 {
    let entropy = |counts: &mut dyn Iterator<Item = f64>| -> f64 {
        counts.filter(|&c| c > 0.0).map(|c| -(c / n) * (c / n).ln()).sum()
    };
    let mut rows = joint.iter().map(|row| row.iter().sum());
    let mut columns = (0..N_BINS).map(|c| joint.iter().map(|row| row[c]).sum());
    let of_both = entropy(&mut joint.iter().flatten().copied());
    if of_both <= 0.0 {
        return 1.0;
    }
    (entropy(&mut rows) + entropy(&mut columns)) / of_both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_all_and_what_tells_nothing() {
        let mut same = [[0.0; N_BINS]; N_BINS];
        let mut apart = [[0.0; N_BINS]; N_BINS];
        for a in 0..N_BINS {
            // The other way round, as in another contrast.
            same[a][N_BINS - 1 - a] = 4.0;
            apart[a] = [0.125; N_BINS];
        }
        assert!((normalised(&same, 128.0) - 2.0).abs() < 1e-12);
        assert!((normalised(&apart, 128.0) - 1.0).abs() < 1e-12);
        assert!((normalised(&[[0.0; N_BINS]; N_BINS], 0.0) - 1.0).abs() < 1e-12);
    }
}

use volume::Mask;

/// Less facial surface than this at an end of a scan is no face that the scan cuts.
const LEAST_MM2: f64 = 100.0;
/// What is wrapped lies no further from the other end.
const DEPTH_MM: f64 = 60.0;
/// Lines this far beside those that leave through the face go too.
const BESIDE_MM: f64 = 6.0;

/// Clears, on the far side of the scan, the air where a face lies that the scan cuts: in MR what
/// reaches beyond one end may show, folded over, at the other.
///
/// From each end of the mask's grid at which `is_face` holds, the opposite end is cleared inwards to
/// the first voxel that `is_kept` wants to keep.
pub(crate) fn clear_wrapped(
    mask: &mut Mask,
    is_face: impl Fn([usize; 3]) -> bool,
    is_kept: impl Fn([usize; 3]) -> bool,
) {
    let grid = *mask.grid();
    let spacing = grid.spacing_mm();
    for axis in 0..3 {
        let [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
        let [nu, nv, n] = [u, v, axis].map(|a| grid.extent[a]);
        let at = |line: [usize; 2], depth: usize| {
            let mut index = [0; 3];
            (index[u], index[v], index[axis]) = (line[0], line[1], depth);
            index
        };
        let lines = || (0..nv).flat_map(|b| (0..nu).map(move |a| [a, b]));
        let beside = [u, v].map(|a| (BESIDE_MM / spacing[a]).ceil() as usize);
        let depth = ((DEPTH_MM / spacing[axis]) as usize).min(n);
        for (near, far_first) in [(0, true), (n - 1, false)] {
            let leaving: Vec<[usize; 2]> =
                lines().filter(|&line| is_face(at(line, near))).collect();
            if (leaving.len() as f64) * spacing[u] * spacing[v] < LEAST_MM2 {
                continue;
            }
            let mut is_cleared = vec![false; nu * nv];
            for [a, b] in leaving {
                for b in b.saturating_sub(beside[1])..(b + beside[1] + 1).min(nv) {
                    let row = a.saturating_sub(beside[0])..(a + beside[0] + 1).min(nu);
                    is_cleared[row.start + nu * b..row.end + nu * b].fill(true);
                }
            }
            for line in lines().filter(|[a, b]| is_cleared[a + nu * b]) {
                let inwards = (0..depth).map(|d| at(line, if far_first { n - 1 - d } else { d }));
                inwards.take_while(|&index| !is_kept(index)).for_each(|index| mask.set(index));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid};

    /// A head in the middle of 40 voxels, a face of 12 x 12 voxels at the front end of `j`.
    fn cleared(n_face: usize) -> Mask {
        let grid = Grid { extent: [40; 3], affine: Affine::axis_aligned([2.0; 3], [0.0; 3]) };
        let mut mask = Mask::empty(grid);
        let is_face = |[i, j, k]: [usize; 3]| {
            j == 39 && (14..14 + n_face).contains(&i) && (14..14 + n_face).contains(&k)
        };
        let is_head =
            |index: [usize; 3]| index.iter().all(|&v| v.abs_diff(20) < 12) || is_face(index);
        clear_wrapped(&mut mask, is_face, is_head);
        mask
    }

    #[test]
    fn what_leaves_in_front_is_cleared_behind_up_to_the_head() {
        let mask = cleared(12);
        let depths: Vec<usize> = (0..40).filter(|&j| mask.get([20, j, 20])).collect();
        assert_eq!(depths, (0..9).collect::<Vec<_>>());
        assert!(mask.get([12, 0, 28]) && !mask.get([9, 0, 20]) && !mask.get([20, 0, 30]));
    }

    #[test]
    fn a_head_within_the_scan_is_left_alone() {
        assert_eq!(cleared(4).n_set(), 0);
    }
}

use std::ops::Range;

use crate::lanes::Axis;

/// Samples on a straight line through a volume, in indices of its voxels: `start`, and `step`
/// further for each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: [f64; 3],
    pub(crate) step: [f64; 3],
    pub(crate) extent: [usize; 3],
}

impl Line {
    /// Where the voxels `(0.., j, k)` of another grid lie. `to_source` is row-major.
    #[inline(always)]
    pub(crate) fn of_row(
        to_source: &[[f64; 4]; 3],
        extent: [usize; 3],
        [j, k]: [usize; 2],
    ) -> Self {
        let (j, k) = (j as f64, k as f64);
        let start = to_source.map(|m| m[1] * j + m[2] * k + m[3]);
        Self { start, step: to_source.map(|m| m[0]), extent }
    }

    /// The index of sample `n`.
    #[inline(always)]
    pub(crate) fn index(&self, n: usize) -> [f64; 3] {
        [0, 1, 2].map(|a| self.step[a] * n as f64 + self.start[a])
    }

    /// The samples along one axis.
    #[inline(always)]
    pub(crate) fn axis(&self, a: usize) -> Axis {
        Axis { step: self.step[a], start: self.start[a], last: (self.extent[a] - 1) as f64 }
    }

    /// The stretch of `n` samples that lies within half a voxel of the volume's voxels: every index
    /// runs one way along a line, so that there is but one.
    #[inline(always)]
    pub(crate) fn inside(&self, n: usize) -> Range<usize> {
        let (mut first, mut past) = (0.0f64, n as f64);
        for a in 0..3 {
            let ends = [-0.5, self.extent[a] as f64 - 0.5].map(|end| end - self.start[a]);
            let [one, other] = ends.map(|end| end / self.step[a]);
            // A step of 0 leaves no number where it starts at an end: then the others decide.
            first = first.max(one.min(other));
            past = past.min(one.max(other) + 1.0);
        }
        let is_inside = |n: usize| {
            let index = self.index(n);
            (0..3).all(|a| index[a] >= -0.5 && index[a] <= self.extent[a] as f64 - 0.5)
        };
        // Division rounds: look at one voxel more at both ends.
        let mut past = ((past + 1.0).max(0.0) as usize).min(n);
        let mut first = ((first - 1.0).max(0.0) as usize).min(past);
        while first < past && !is_inside(first) {
            first += 1;
        }
        while first < past && !is_inside(past - 1) {
            past -= 1;
        }
        first..past
    }
}

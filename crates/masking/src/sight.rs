use std::ops::RangeInclusive;

use kernels::Workers;
use volume::{Affine, Labels, Mask, Tissue};

use crate::anatomy::far_from_ends;

/// The middles of the two eyes lie this far apart, from infant to adult.
const EYES_APART_MM: RangeInclusive<f64> = 35.0..=90.0;
/// The ears lie this far apart.
const EARS_APART_MM: RangeInclusive<f64> = 90.0..=210.0;
/// The eyes lie this far from the middle of the brain, or from the line between the ears.
const EYES_FORWARD_MM: RangeInclusive<f64> = 45.0..=125.0;
/// Fewer voxels than these cubic millimetres are no eye or ear.
const LEAST_MM3: f64 = 50.0;
/// Two halves of a pair lie at least this far to the sides of its middle.
const LEAST_ASIDE_MM: f64 = 15.0;

/// The line from the ear canal to the globe rises above the Frankfurt horizontal by about this.
const EAR_TO_EYE_DEGREES: f64 = 14.0;
/// The line from the middle of the brain to that between the eyes falls below it by about this.
const BRAIN_TO_EYE_DEGREES: f64 = 20.5;
/// A brain of which more than this share lies at the end of the scan is cut, and its middle is not
/// known.
const MOST_BRAIN_AT_END: f64 = 0.007;

/// A head is as large as a grown one if the eyes lie this far apart, or this far in front of the middle
/// of the brain or of the line between the ears; else as small as the nearer of the two says.
const GROWN_MM: Grown = Grown { eyes_apart: 58.0, from_brain: 85.0, from_ears: 67.0 };
/// A face is looked at from this far behind the middle of the eyes, in a grown head.
const BEHIND_EYES_MM: f64 = 60.0;
/// The upper end of a face.
const HIGHEST_DEGREES: f64 = 39.0;
/// Height and half width of a face, in degrees: straight between the two, the same beyond.
const HALF_WIDTH_DEGREES: [[f64; 2]; 2] = [[-12.0, 90.0], [10.0, 74.0]];

/// Lengths at which a head counts as grown.
struct Grown {
    eyes_apart: f64,
    from_brain: f64,
    from_ears: f64,
}

/// How a head looks from behind its eyes: where a place lies to the side and above.
///
/// Right, front (in the Frankfurt horizontal) and up are fixed by the eyes, the middle of the brain
/// and the ears, which are found well in every contrast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sight {
    origin: [f64; 3],
    axes: [[f64; 3]; 3],
    size: f64,
}

/// The direction of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Direction {
    /// To either side of straight ahead, 0 to 180.
    pub(crate) sideways_degrees: f64,
    /// Above the horizontal.
    pub(crate) height_degrees: f64,
}

impl Sight {
    /// As the labels have it; `None` where eyes, brain and ears are not found in a human relation.
    pub(crate) fn of(labels: &Labels, inside: &Mask) -> Option<Self> {
        let eyes = pair(labels, Tissue::Eyes)?;
        let ears = pair(labels, Tissue::Ears)
            .filter(|[left, right]| EARS_APART_MM.contains(&length(minus(*right, *left))));
        let eyes_apart = length(minus(eyes[1], eyes[0]));
        if !EYES_APART_MM.contains(&eyes_apart) {
            return None;
        }
        let middle = mean(eyes);
        let (from, raised_degrees, grown) = match (whole_brain(labels, inside), ears) {
            (Some(brain), _) => (brain, BRAIN_TO_EYE_DEGREES, GROWN_MM.from_brain),
            (None, Some(ears)) => (mean(ears), -EAR_TO_EYE_DEGREES, GROWN_MM.from_ears),
            (None, None) => return None,
        };
        let across =
            [Some(eyes), ears].into_iter().flatten().map(|[left, right]| minus(right, left));
        let right = unit(across.reduce(plus)?);
        let ahead = minus(middle, from);
        let sideways = dot(ahead, right);
        let ahead = minus(ahead, right.map(|v| v * sideways));
        if !EYES_FORWARD_MM.contains(&length(ahead)) {
            return None;
        }
        let size = (eyes_apart / GROWN_MM.eyes_apart).max(length(ahead) / grown).min(1.0);
        let ahead = unit(ahead);
        let above = cross(right, ahead);
        let (sin, cos) = raised_degrees.to_radians().sin_cos();
        let front = plus(ahead.map(|v| v * cos), above.map(|v| v * sin));
        let origin = minus(middle, front.map(|v| v * size * BEHIND_EYES_MM));
        Some(Self { origin, axes: [right, front, cross(right, front)], size })
    }

    /// The same head where `offset`, which turns and moves, takes it.
    pub(crate) fn moved(&self, offset: &Affine) -> Self {
        let origin = offset.apply(self.origin);
        let turned = |axis: [f64; 3]| minus(offset.apply(plus(self.origin, axis)), origin);
        Self { origin, axes: self.axes.map(turned), size: self.size }
    }

    /// How large the head is beside a grown one, at most 1.
    pub(crate) fn size(&self) -> f64 {
        self.size
    }

    /// How far a place in RAS millimetres lies to the right, in front and above.
    pub(crate) fn coordinates(&self, ras_mm: [f64; 3]) -> [f64; 3] {
        let from = minus(ras_mm, self.origin);
        self.axes.map(|axis| dot(from, axis))
    }

    /// The place, in RAS millimetres, so far away in a direction: degrees to the right and above.
    pub(crate) fn place(&self, [right_degrees, height_degrees]: [f64; 2], mm: f64) -> [f64; 3] {
        let (sin, cos) = right_degrees.to_radians().sin_cos();
        let (up, level) = height_degrees.to_radians().sin_cos();
        let along = [sin * level, cos * level, up].map(|v| v * mm);
        (0..3).fold(self.origin, |place, a| plus(place, self.axes[a].map(|v| v * along[a])))
    }

    /// The direction of a place in RAS millimetres.
    pub(crate) fn direction(&self, ras_mm: [f64; 3]) -> Direction {
        let [right, front, up] = self.coordinates(ras_mm);
        Direction {
            sideways_degrees: right.atan2(front).abs().to_degrees(),
            height_degrees: up.atan2(right.hypot(front)).to_degrees(),
        }
    }
}

impl Direction {
    /// Whether a face may lie there.
    pub(crate) fn is_in_outline(self) -> bool {
        let [[low, wide], [high, narrow]] = HALF_WIDTH_DEGREES;
        let share = ((self.height_degrees - low) / (high - low)).clamp(0.0, 1.0);
        self.sideways_degrees <= wide + share * (narrow - wide)
            && self.height_degrees <= HIGHEST_DEGREES
    }
}

/// The middle of a brain that the scan does not cut.
fn whole_brain(labels: &Labels, inside: &Mask) -> Option<[f64; 3]> {
    let far = far_from_ends(inside, Workers::ONE);
    let (mut n, mut n_at_end, mut sum) = (0.0f64, 0.0, [0.0; 3]);
    for index in voxels_of(labels, Tissue::Brain) {
        n += 1.0;
        sum = plus(sum, index.map(|v| v as f64));
        n_at_end += f64::from(!far.get(index));
    }
    let is_whole = n > 0.0 && n_at_end <= MOST_BRAIN_AT_END * n;
    is_whole.then(|| labels.grid.affine.apply(sum.map(|s| s / n)))
}

/// The middles of the left and the right half of a tissue, RAS millimetres; `None` if it has no two
/// halves.
pub(crate) fn pair(labels: &Labels, tissue: Tissue) -> Option<[[f64; 3]; 2]> {
    let places: Vec<[f64; 3]> = voxels_of(labels, tissue)
        .map(|index| labels.grid.affine.apply(index.map(|v| v as f64)))
        .collect();
    let split = places.iter().map(|p| p[0]).sum::<f64>() / places.len() as f64;
    let (left, right): (Vec<_>, Vec<_>) = places.into_iter().partition(|p| p[0] < split);
    let middle = |half: Vec<[f64; 3]>| {
        let n = half.len() as f64;
        (n * labels.grid.voxel_mm3() >= LEAST_MM3)
            .then(|| half.into_iter().fold([0.0; 3], plus).map(|s| s / n))
    };
    let pair = [middle(left)?, middle(right)?];
    (split - pair[0][0] >= LEAST_ASIDE_MM).then_some(pair)
}

/// The voxels of a tissue, in their order.
pub(crate) fn voxels_of(labels: &Labels, tissue: Tissue) -> impl Iterator<Item = [usize; 3]> {
    let [ni, nj, _] = labels.grid.extent;
    let is_of = move |t: &Tissue| *t == tissue;
    // All of a row, whatever was found: many are compared at once.
    let has_any = move |row: &[Tissue]| row.iter().fold(false, |any, t| any | is_of(t));
    let rows = labels.tissues.chunks_exact(ni).enumerate().filter(move |(_, row)| has_any(row));
    rows.flat_map(move |(n, row)| {
        let found = row.iter().enumerate().filter(move |(_, t)| is_of(t));
        found.map(move |(i, _)| [i, n % nj, n / nj])
    })
}

fn mean([a, b]: [[f64; 3]; 2]) -> [f64; 3] {
    plus(a, b).map(|v| v / 2.0)
}

fn plus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

fn unit(a: [f64; 3]) -> [f64; 3] {
    let n = length(a);
    a.map(|v| v / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid};

    /// Boxes for brain, eyes and ears; the head is turned by `turn` radians to its left.
    fn head(turn: f64) -> (Labels, Mask) {
        let extent = [60, 60, 50];
        let grid = Grid { extent, affine: Affine::axis_aligned([4.0; 3], [-118.0, -118.0, -98.0]) };
        let (sin, cos) = turn.sin_cos();
        let tissue = |at: usize| {
            let index = [at % 60, at / 60 % 60, at / 3600].map(|v| v as f64);
            let [x, y, z] = grid.affine.apply(index);
            let [x, y] = [cos * x + sin * y, cos * y - sin * x];
            let within = |c: [f64; 3], r: f64| {
                (x.abs() - c[0]).abs() < r && (y - c[1]).abs() < r && (z - c[2]).abs() < r
            };
            if within([31.0, 84.0, 0.0], 11.0) {
                Tissue::Eyes
            } else if within([74.0, 0.0, -20.0], 9.0) {
                Tissue::Ears
            } else if x.abs() < 50.0 && y.abs() < 60.0 && (z - 31.0).abs() < 30.0 {
                Tissue::Brain
            } else {
                Tissue::Background
            }
        };
        let labels = Labels { grid, tissues: (0..grid.n_voxels()).map(tissue).collect() };
        let inside = kernels::complement(Mask::empty(grid).words(), extent);
        (labels, Mask::from_words(grid, inside))
    }

    #[test]
    fn follows_a_turned_head() {
        for turn in [0.0f64, 0.4, -0.4] {
            let (labels, inside) = head(turn);
            let sight = Sight::of(&labels, &inside).expect("eyes and brain");
            let (sin, cos) = turn.sin_cos();
            let at =
                |x: f64, y: f64, z: f64| sight.direction([cos * x - sin * y, sin * x + cos * y, z]);
            // The eyes lie straight ahead, to 27 degrees at both sides.
            let ahead = at(0.0, 84.0, 0.0);
            assert!(ahead.sideways_degrees < 3.0 && ahead.height_degrees.abs() < 3.0, "{ahead:?}");
            for x in [-31.0, 31.0] {
                let eye = at(x, 84.0, 0.0);
                assert!((eye.sideways_degrees - 27.3).abs() < 3.0, "{eye:?}");
            }
            assert!(at(0.0, 90.0, 30.0).is_in_outline(), "the brow");
            assert!(!at(0.0, 70.0, 70.0).is_in_outline(), "the crown");
            assert!(!at(70.0, -10.0, 20.0).is_in_outline(), "beside the ear");
            assert!(at(60.0, 40.0, -30.0).is_in_outline(), "a cheek");
            assert!(!at(0.0, -90.0, 0.0).is_in_outline(), "the nape");
        }
    }

    #[test]
    fn a_brain_that_the_scan_cuts_does_not_count() {
        let (mut labels, inside) = head(0.0);
        let whole = Sight::of(&labels, &inside);
        // Up to the end of the scan, so that its middle moves upwards.
        for (at, tissue) in labels.tissues.iter_mut().enumerate() {
            let [x, y, z] =
                labels.grid.affine.apply([at % 60, at / 60 % 60, at / 3600].map(|v| v as f64));
            if x.abs() < 50.0 && y.abs() < 60.0 && z > 50.0 {
                *tissue = Tissue::Brain;
            }
        }
        let cut = Sight::of(&labels, &inside).expect("eyes and ears");
        let at = cut.direction([0.0, 84.0, 0.0]);
        assert!(at.height_degrees.abs() < 3.0, "{at:?}");
        assert_ne!(Some(cut), whole);
        for tissue in labels.tissues.iter_mut().filter(|t| **t == Tissue::Ears) {
            *tissue = Tissue::Other;
        }
        assert_eq!(Sight::of(&labels, &inside), None);
    }

    #[test]
    fn without_two_eyes_there_is_none() {
        let (mut labels, inside) = head(0.0);
        for (at, tissue) in labels.tissues.iter_mut().enumerate() {
            if *tissue == Tissue::Eyes && at % 60 > 30 {
                *tissue = Tissue::Other;
            }
        }
        assert_eq!(Sight::of(&labels, &inside), None);
    }
}

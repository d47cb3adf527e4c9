//! The brain as the image alone shows it: what no model has to know.

use std::ops::Range;

use kernels::{Neighbours, Workers, meet};
use volume::RealVolume;

use crate::anatomy::bounds;
use crate::background::body;

/// Brain in CT, with CSF, blood and contrast.
const CT_HU: Range<f32> = 0.0..90.0;
/// Closed, it holds bone where the skull juts in; what is brighter than this is none of it.
const BONE_HU: f32 = 130.0;
/// In CT, scalp and skull together are nowhere thinner.
const LEAST_DEPTH_IN_CT_MM: f32 = 7.0;
/// In MR bone marrow may look like brain: what lies less deep is left to the model.
const LEAST_DEPTH_IN_MR_MM: f32 = 12.0;
/// What lies this deep in the upper part of a head is mostly brain.
const DEEP_MM: f32 = 25.0;
/// See [`DEEP_MM`].
const UPPER_PART_MM: f64 = 130.0;
/// Noses, mouths and ear canals are closed by this.
const CLOSED_MM: f64 = 8.0;
/// A ball of this radius does not leave through the skull's openings,
const OPENING_MM: f64 = 4.0;
/// furrows of the brain are closed by this,
const FURROW_MM: f64 = 10.0;
/// and what hangs on it through less than twice this is not brain.
const NECK_MM: f64 = 12.0;
/// In MR brain is brighter than one of these shares of what lies deep in the head: the lowest at which
/// what is found has the size of a brain.
const MR_SHARES: [f32; 10] = [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85];
/// The largest brains, closed: volume, width, length and height.
const LARGEST_ML: f64 = 1950.0;
/// See [`LARGEST_ML`].
const LARGEST_MM: [f64; 3] = [160.0, 187.0, 165.0];
/// Less than this is no brain.
const SMALLEST_ML: f64 = 250.0;
/// The shares are tried on a grid of this.
const COARSE_MM: f64 = 4.0;

/// The brain by brightness and shape alone: the largest soft part deep in a head that a ball can fill
/// without leaving through the skull's openings. In CT that is all soft tissue that bone closes in, in MR
/// what is bright beside the bone around it.
///
/// It fits an adult's brain to 2 to 5 mm where neither shading nor the scan's end disturb it, and may
/// hold less; `None` where nothing of a brain's size is found. `skin` is the value above which the
/// image shows a body. One bit a voxel of the image.
pub(crate) fn brain_of_image(
    image: &RealVolume,
    is_hu: bool,
    skin: Option<f32>,
    workers: Workers,
) -> Option<Vec<u64>> {
    let extent = image.grid.extent;
    let spacing = image.grid.spacing_mm();
    let found = body(image, skin, workers);
    let found = kernels::keep_largest(&found, extent, Neighbours::Faces, workers);
    let head = kernels::close(&found, extent, spacing, CLOSED_MM, workers);
    let head = kernels::fill_holes_in_planes(&head, extent, workers);
    let outside = kernels::complement(image.inside.words(), extent);
    let air = kernels::complement(&kernels::join(&head, &outside), extent);
    let depth = kernels::distance(&air, extent, spacing, f64::from(DEEP_MM) + 1.0, workers);
    let fine = Search { values: &image.values, depth: &depth, extent, spacing, workers };
    if is_hu {
        let brain = fine.largest(CT_HU, LEAST_DEPTH_IN_CT_MM)?;
        let bone = kernels::threshold(&image.values, extent, BONE_HU, workers);
        let brain = kernels::fill_holes(&kernels::and_not(&brain, &bone), extent, workers);
        return fine.has_a_brains_size(&brain).then_some(brain);
    }
    let low =
        kernels::range(&kernels::gather(&image.values, image.inside.words(), extent, workers))?[0];
    let mut deep: Vec<f32> = fine.deep(skin?);
    let [middle] = kernels::order_statistics(&mut deep, [0.5])?;
    let to = [COARSE_MM; 3];
    let (coarse_values, coarse) = kernels::downsample(&image.values, extent, spacing, to, workers);
    let (coarse_depth, _) = kernels::downsample(&depth, extent, spacing, to, workers);
    let search = Search {
        values: &coarse_values,
        depth: &coarse_depth,
        extent: coarse,
        spacing: to,
        workers,
    };
    let range = |share: f32| low + share * (middle - low)..f32::INFINITY;
    let fits = |share: &f32| {
        let brain = search.largest(range(*share), LEAST_DEPTH_IN_MR_MM);
        brain.is_some_and(|brain| search.has_a_brains_size(&brain))
    };
    let first = MR_SHARES.iter().position(fits)?;
    // On the fine grid the skull's openings are a little wider.
    MR_SHARES[first..]
        .iter()
        .filter_map(|&share| fine.largest(range(share), LEAST_DEPTH_IN_MR_MM))
        .find(|brain| fine.has_a_brains_size(brain))
}

/// A head on one grid.
struct Search<'a> {
    values: &'a [f32],
    /// Of each voxel behind the skin, millimetres, up to [`DEEP_MM`] and a little more.
    depth: &'a [f32],
    extent: [usize; 3],
    spacing: [f64; 3],
    workers: Workers<'a>,
}

impl Search<'_> {
    /// The values above `skin` that lie deep in the upper part of the head.
    fn deep(&self, skin: f32) -> Vec<f32> {
        let plane = self.extent[0] * self.extent[1];
        let is_deep = |at: usize| self.depth[at] > DEEP_MM && self.values[at] > skin;
        let Some(top) = (0..self.values.len()).rev().find(|&at| is_deep(at)) else {
            return Vec::new();
        };
        let height = (UPPER_PART_MM / self.spacing[2]) as usize;
        let first = (top / plane).saturating_sub(height) * plane;
        (first..self.values.len()).filter(|&at| is_deep(at)).map(|at| self.values[at]).collect()
    }

    /// The largest part deep in the head with values in `range`, closed, and without what hangs on it.
    fn largest(&self, range: Range<f32>, least_depth_mm: f32) -> Option<Vec<u64>> {
        let (extent, spacing, workers) = (self.extent, self.spacing, self.workers);
        let bytes: Vec<u8> = self
            .values
            .iter()
            .zip(self.depth)
            .map(|(value, &depth)| u8::from(range.contains(value) && depth > least_depth_mm))
            .collect();
        let soft = kernels::bits_of(&bytes, extent, workers);
        let mut core = kernels::erode(&soft, extent, spacing, OPENING_MM, workers);
        // The neck may hold a larger part, but not within a brain's height from the top.
        let plane = kernels::row_words(extent[0]) * extent[1];
        let top = core.iter().rposition(|&word| word != 0)? / plane;
        let lowest = (top + 1).saturating_sub((LARGEST_MM[2] / spacing[2]) as usize);
        core[..lowest * plane].fill(0);
        let core = kernels::keep_largest(&core, extent, Neighbours::Faces, workers);
        let whole = kernels::dilate(&core, extent, spacing, OPENING_MM + FURROW_MM + 1.0, workers);
        let whole = kernels::erode(&whole, extent, spacing, FURROW_MM, workers);
        let middle = kernels::erode(&whole, extent, spacing, NECK_MM, workers);
        let middle = kernels::keep_largest(&middle, extent, Neighbours::Faces, workers);
        Some(meet(&kernels::dilate(&middle, extent, spacing, NECK_MM, workers), &whole))
    }

    fn has_a_brains_size(&self, brain: &[u64]) -> bool {
        let n: u64 = brain.iter().map(|word| u64::from(word.count_ones())).sum();
        let ml = n as f64 * self.spacing.iter().product::<f64>() / 1000.0;
        let [low, high] = bounds(brain, self.extent);
        let is_short = |a: usize| {
            (high[a].saturating_sub(low[a]) + 1) as f64 * self.spacing[a] <= LARGEST_MM[a]
        };
        (SMALLEST_ML..=LARGEST_ML).contains(&ml) && (0..3).all(is_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid, Mask};

    /// A brain in bone, with an opening below that leads to muscle as bright as it, in flesh and air; with
    /// `gap`, 8 mm of flesh alone in front.
    struct Shapes {
        brain: f32,
        bone: f32,
        flesh: f32,
        air: f32,
        gap: bool,
    }

    const MR: Shapes = Shapes { brain: 100.0, bone: 35.0, flesh: 130.0, air: 2.0, gap: false };
    const CT: Shapes = Shapes { brain: 40.0, bone: 900.0, flesh: -60.0, air: -1000.0, gap: false };

    fn radius(p: [f64; 3]) -> f64 {
        ((p[0] / 66.0).powi(2) + (p[1] / 80.0).powi(2) + ((p[2] - 20.0) / 60.0).powi(2)).sqrt()
    }

    impl Shapes {
        fn image(&self) -> RealVolume {
            let extent = [68, 78, 78];
            let affine = Affine::axis_aligned([3.0; 3], [-100.0, -116.0, -125.0]);
            let grid = Grid { extent, affine };
            let value = |at: usize| {
                let index = [at % 68, at / 68 % 78, at / 68 / 78].map(|v| v as f64);
                let p = grid.affine.apply(index);
                let level = p[0].hypot(p[1]);
                let radius = radius(p);
                if radius < 1.0 || level < 4.0 && p[2] < 0.0 && p[2] > -60.0 {
                    self.brain
                } else if radius < 1.12 && !(self.gap && p[1] > 60.0) {
                    self.bone
                } else if level < 40.0 && p[2] < -45.0 {
                    self.brain
                } else if self.gap && p[1] > 60.0 && radius > 1.1 {
                    self.air
                } else if radius < 1.22 || level < 55.0 && p[2] < 0.0 {
                    self.flesh
                } else {
                    self.air
                }
            };
            let inside = kernels::complement(Mask::empty(grid).words(), extent);
            let values = (0..grid.n_voxels()).map(value).collect();
            RealVolume { grid, values, inside: Mask::from_words(grid, inside) }
        }

        /// Shares of the brain that is found, and of what is found that is none.
        fn found(&self, is_hu: bool) -> Option<[f64; 2]> {
            let image = self.image();
            let skin = if is_hu { -400.0 } else { 30.0 };
            let found = brain_of_image(&image, is_hu, Some(skin), Workers::ONE)?;
            let found = Mask::from_words(image.grid, found);
            let (mut n, mut n_both, mut n_found) = (0.0, 0.0, 0.0);
            for at in 0..image.grid.n_voxels() {
                let index = [at % 68, at / 68 % 78, at / 68 / 78];
                let is_brain = radius(image.grid.affine.apply(index.map(|v| v as f64))) < 1.0;
                n += f64::from(is_brain);
                n_found += f64::from(found.get(index));
                n_both += f64::from(is_brain && found.get(index));
            }
            Some([n_both / n, 1.0 - n_both / n_found])
        }
    }

    // On a grid of 3 mm a border of half a voxel is a tenth of the brain.
    #[test]
    fn muscle_behind_an_opening_is_no_brain() {
        for (shapes, is_hu) in [(MR, false), (CT, true)] {
            let [found, wrong] = shapes.found(is_hu).expect("a brain");
            assert!(found > 0.9 && wrong < 0.12, "{found:.3} found, {wrong:.3} of it wrong");
        }
    }

    #[test]
    fn a_gap_in_the_bone_does_not_matter() {
        for (shapes, is_hu) in [(MR, false), (CT, true)] {
            let [found, wrong] = Shapes { gap: true, ..shapes }.found(is_hu).expect("a brain");
            assert!(found > 0.9 && wrong < 0.12, "{found:.3} found, {wrong:.3} of it wrong");
        }
    }

    #[test]
    fn a_head_of_one_tissue_has_none() {
        let flat = Shapes { brain: 100.0, bone: 100.0, flesh: 100.0, air: 2.0, gap: false };
        assert_eq!(flat.found(false), None);
    }
}

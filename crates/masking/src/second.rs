use kernels::{Neighbours, Workers};
use volume::{Labels, Mask, Tissue};

use crate::anatomy::bits;
use crate::nearest::Nearest;
use crate::on_labels::to_voxels;

/// Furrows of a brain are closed by this.
const CLOSED_MM: f64 = 6.0;
/// Further from the brain than this, how far does not matter.
const FAR_MM: f64 = 40.0;
/// A cut beside the brain may be called brain up to here: what changed deeper in it is brain.
const SURE_MM: f32 = 6.0;

/// What the model finds in a defaced scan, to which it comes as to any other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SecondLook {
    /// Eyes that it still finds.
    pub eyes_ml: f64,
    /// Nose that it still finds.
    pub nose_ml: f64,
    /// Brain that it still finds.
    pub brain_ml: f64,
    /// Changed voxels more than 6 mm deep in that brain, its furrows and its hollows.
    pub n_brain_changed: u64,
    /// The smallest distance of a changed voxel to it, negative within; infinite if nothing changed.
    pub smallest_distance_mm: f64,
}

impl SecondLook {
    /// Measures what the model found in the defaced scan, and how near to its brain voxels changed.
    /// Labels lie on a grid along the patient's axes, `changed` on the scan's own.
    #[must_use]
    pub fn of(labels: &Labels, changed: &Mask, workers: Workers) -> Self {
        let extent = labels.grid.extent;
        let spacing = labels.grid.spacing_mm();
        let brain = bits(labels, |t| t == Tissue::Brain, workers);
        let brain = kernels::keep_largest(&brain, extent, Neighbours::Faces, workers);
        let brain = kernels::close(&brain, extent, spacing, CLOSED_MM, workers);
        let brain = kernels::fill_holes(&brain, extent, workers);
        let mut to_brain = kernels::distance(&brain, extent, spacing, FAR_MM, workers);
        let around = kernels::complement(&brain, extent);
        let inside = kernels::distance(&around, extent, spacing, FAR_MM, workers);
        to_brain.iter_mut().zip(inside).for_each(|(to, inside)| *to -= inside);
        let n_brain: u64 = brain.iter().map(|word| u64::from(word.count_ones())).sum();
        let to_labels = to_voxels(&labels.grid).after(&changed.grid().affine);
        let [ni, _, nk] = changed.grid().extent;
        let nearest = Nearest::new(to_labels, extent, ni);
        let mut found = vec![(0u64, f32::INFINITY); nk];
        workers.for_each_chunk(&mut found, 1, |k, found| {
            let (n, smallest_mm) = &mut found[0];
            nearest.for_each_in_plane(changed, k, |n_voxels, voxel| {
                *n += if to_brain[voxel] < -SURE_MM { n_voxels as u64 } else { 0 };
                *smallest_mm = smallest_mm.min(to_brain[voxel]);
            });
        });
        // The brain's voxels reach half a spacing further than their centres.
        let half_mm = spacing[0] as f32 / 2.0;
        let smallest_mm = found.iter().map(|(_, mm)| *mm).fold(f32::INFINITY, f32::min);
        Self {
            eyes_ml: labels.volume_ml(Tissue::Eyes),
            nose_ml: labels.volume_ml(Tissue::Nose),
            brain_ml: n_brain as f64 * labels.grid.voxel_mm3() / 1000.0,
            n_brain_changed: found.iter().map(|(n, _)| n).sum(),
            smallest_distance_mm: f64::from(smallest_mm - half_mm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid};

    #[test]
    fn one_changed_voxel_in_the_brain_is_seen() {
        let grid = Grid { extent: [40; 3], affine: Affine::axis_aligned([2.0; 3], [-40.0; 3]) };
        let tissue = |at: usize| {
            let place = [at % 40, at / 40 % 40, at / 1600].map(|v| v as f64 - 20.0);
            let radius = place.iter().map(|v| v * v).sum::<f64>().sqrt();
            // A hollow in the middle.
            if (4.0..12.0).contains(&radius) { Tissue::Brain } else { Tissue::Background }
        };
        let labels = Labels { grid, tissues: (0..grid.n_voxels()).map(tissue).collect() };
        let fine = Grid { extent: [80; 3], affine: Affine::axis_aligned([1.0; 3], [-40.0; 3]) };
        let looked = |voxel: Option<[usize; 3]>| {
            let mut changed = Mask::empty(fine);
            voxel.into_iter().for_each(|voxel| changed.set(voxel));
            SecondLook::of(&labels, &changed, Workers::ONE)
        };
        let nothing = looked(None);
        assert_eq!((nothing.n_brain_changed, nothing.smallest_distance_mm), (0, f64::INFINITY));
        for within in [[40, 40, 40], [40, 56, 40]] {
            assert_eq!(looked(Some(within)).n_brain_changed, 1, "{within:?}");
        }
        let beside = looked(Some([40, 40 + 30, 40]));
        assert_eq!(beside.n_brain_changed, 0);
        assert!((beside.smallest_distance_mm - 7.0).abs() < 1.5, "{beside:?}");
    }
}

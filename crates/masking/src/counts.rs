use kernels::Workers;
use volume::{Labels, Mask, Region, Regions, Tissue};

use crate::RegionReport;
use crate::field::PLACES;
use crate::nearest::Nearest;
use crate::refine::GUARD_SLACK;

/// What of a head is counted under a mask.
pub(crate) struct OfHead<'a> {
    pub(crate) labels: &'a Labels,
    /// Which of [`PLACES`] holds each voxel of the labels.
    pub(crate) places: &'a [u8],
    /// Millimetres from the brain.
    pub(crate) to_brain: &'a [f32],
    /// Where in the labels voxels of the mask lie.
    pub(crate) nearest: Nearest,
}

/// What is removed of a scan.
pub(crate) struct Counts {
    /// Voxels of each tissue, in the order of [`Tissue::ALL`].
    n: [u64; Tissue::ALL.len()],
    /// Voxels of each region that is a place, in the order of [`PLACES`].
    n_places: [u64; PLACES.len()],
    /// Voxels of the brain, closed.
    pub(crate) n_brain: u64,
    /// The smallest distance to it.
    pub(crate) smallest_mm: f32,
}

impl Counts {
    /// Counts what the mask removes of each region and of the brain, and how near it comes to it.
    pub(crate) fn of(mask: &Mask, head: &OfHead, workers: Workers) -> Self {
        let [_, nj, nk] = mask.grid().extent;
        let mut planes: Vec<Count> = vec![Count::default(); nk];
        workers.for_each_chunk(&mut planes, 1, |k, count| {
            (0..nj).for_each(|j| count[0].add_row(mask, [j, k], head));
        });
        let sum = |of: fn(&Count) -> u64| planes.iter().map(of).sum();
        Self {
            n: std::array::from_fn(|t| planes.iter().map(|p| p.n[t]).sum()),
            n_places: std::array::from_fn(|t| planes.iter().map(|p| p.n_places[t]).sum()),
            n_brain: sum(|p| p.n_brain),
            smallest_mm: planes.iter().map(|p| p.smallest_mm).fold(f32::INFINITY, f32::min),
        }
    }

    /// What is told of every region.
    pub(crate) fn regions(
        &self,
        wanted: Regions,
        is_cut: bool,
        has_axes: bool,
    ) -> Vec<RegionReport> {
        let n_removed = |region: Region| match region.tissue() {
            Some(tissue) => self.n[tissue as usize],
            None => {
                let place = PLACES.iter().position(|(place, _)| *place == region);
                place.map_or(0, |place| self.n_places[place])
            }
        };
        let report = |region| {
            let n_removed = n_removed(region);
            let absent = match (wanted.contains(region), n_removed) {
                (false, _) => Some("kept: not asked for"),
                (true, 0) if region.tissue().is_none() && !has_axes => {
                    Some("kept: the head's axes were not found")
                }
                (true, 0) if is_cut => Some("outside the field of view, or not found"),
                (true, 0) => Some("not found"),
                (true, _) => None,
            };
            RegionReport { region, n_removed, absent }
        };
        Region::ALL.into_iter().map(report).collect()
    }
}

/// [`Counts`] of one plane.
#[derive(Debug, Clone)]
struct Count {
    n: [u64; Tissue::ALL.len()],
    n_places: [u64; PLACES.len()],
    n_brain: u64,
    smallest_mm: f32,
}

impl Default for Count {
    fn default() -> Self {
        let (n, n_places) = ([0; Tissue::ALL.len()], [0; PLACES.len()]);
        Self { n, n_places, n_brain: 0, smallest_mm: f32::INFINITY }
    }
}

impl Count {
    /// Counts the voxels of one row of the mask.
    fn add_row(&mut self, mask: &Mask, [j, k]: [usize; 2], head: &OfHead) {
        let OfHead { labels, places, to_brain, nearest } = head;
        let slack_mm = (GUARD_SLACK * labels.grid.spacing_mm()[0]) as f32;
        nearest.for_each_in_row(mask, [j, k], |i, voxel| {
            match self.n_places.get_mut(usize::from(places[voxel])) {
                Some(n) => *n += 1,
                None => self.n[labels.tissues[voxel] as usize] += 1,
            }
            let to_brain_mm = to_brain[voxel];
            self.n_brain += u64::from(to_brain_mm <= 0.0);
            // The nearest label tells to within a voxel's diagonal where to look closer.
            if to_brain_mm < self.smallest_mm + 3.0 * slack_mm {
                let place = nearest.place([i, j, k]);
                let near = kernels::sample_point(to_brain, labels.grid.extent, place);
                self.smallest_mm = self.smallest_mm.min(near - slack_mm);
            }
        });
    }
}

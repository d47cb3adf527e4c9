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
        let mut planes: Vec<Count> = vec![Count::default(); mask.grid().extent[2]];
        workers.for_each_chunk(&mut planes, 1, |k, count| count[0].add_plane(mask, k, head));
        let sum = |of: fn(&Count) -> u64| planes.iter().map(of).sum();
        Self {
            n: std::array::from_fn(|t| planes.iter().map(|p| p.n[t]).sum()),
            n_places: std::array::from_fn(|t| planes.iter().map(|p| p.n_places[t]).sum()),
            n_brain: sum(|p| p.n_brain),
            smallest_mm: smallest_mm(mask, &planes, head, workers),
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

/// The smallest distance from the mask, of which `planes` are known, to the brain.
fn smallest_mm(mask: &Mask, planes: &[Count], head: &OfHead, workers: Workers) -> f32 {
    let by_labels = planes.iter().map(|p| p.smallest_mm).fold(f32::INFINITY, f32::min);
    let farthest = head.to_brain.iter().copied().fold(0.0, f32::max);
    if by_labels >= farthest {
        // Distances are measured no further than this.
        return by_labels;
    }
    let slack_mm = (GUARD_SLACK * head.labels.grid.spacing_mm()[0]) as f32;
    // The nearest label tells to within a voxel's diagonal where to look closer.
    let near_mm = by_labels + 3.0 * slack_mm;
    let mut smallest: Vec<(usize, f32)> =
        (0..planes.len()).filter(|&k| planes[k].smallest_mm <= near_mm).map(|k| (k, 0.0)).collect();
    workers.for_each_chunk(&mut smallest, 1, |_, plane| {
        plane[0].1 = Count::look_closer(mask, plane[0].0, near_mm, head);
    });
    smallest.into_iter().map(|(_, mm)| mm).fold(f32::INFINITY, f32::min) - slack_mm
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
    /// Counts the voxels of one plane of the mask.
    fn add_plane(&mut self, mask: &Mask, k: usize, head: &OfHead) {
        let OfHead { labels, places, to_brain, nearest } = head;
        nearest.for_each_in_plane(mask, k, |n, voxel| {
            let n = n as u64;
            match self.n_places.get_mut(usize::from(places[voxel])) {
                Some(sum) => *sum += n,
                None => self.n[labels.tissues[voxel] as usize] += n,
            }
            let to_brain_mm = to_brain[voxel];
            self.n_brain += if to_brain_mm <= 0.0 { n } else { 0 };
            self.smallest_mm = self.smallest_mm.min(to_brain_mm);
        });
    }

    /// The smallest distance from a plane of the mask to the brain; of what lies within `near_mm` of it
    /// by the nearest labels.
    fn look_closer(mask: &Mask, k: usize, near_mm: f32, head: &OfHead) -> f32 {
        let OfHead { labels, to_brain, nearest, .. } = head;
        let mut smallest_mm = f32::INFINITY;
        for j in 0..mask.grid().extent[1] {
            nearest.for_each_in_row(mask, [j, k], |first, n, voxel| {
                if to_brain[voxel] <= near_mm {
                    for i in first..first + n {
                        let place = nearest.place([i, j, k]);
                        let mm = kernels::sample_point(to_brain, labels.grid.extent, place);
                        smallest_mm = smallest_mm.min(mm);
                    }
                }
            });
        }
        smallest_mm
    }
}

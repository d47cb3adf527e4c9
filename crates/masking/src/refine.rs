use kernels::Workers;
use volume::{Affine, Grid, Labels, Mask, RealVolume, Region, Tissue};

use crate::anatomy::is_face;
use crate::background::{air_level, skin_threshold};
use crate::drawn::drawn;
use crate::parts::Parts;
use crate::{Absence, Anatomy};

/// How far the face is drawn, and how far the brain is left alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RefineOptions {
    /// No voxel nearer to the brain than this is removed.
    pub guard_mm: f64,
    /// The face is widened by this: labels are good to about that much.
    pub margin_mm: f64,
    /// Cheeks, mouth and chin are widened by this, for the depth behind their skin.
    pub depth_mm: f64,
}

/// What is to be removed, and what was found on the way.
#[derive(Debug)]
pub struct Refined {
    /// The voxels to remove, on the scan's own grid.
    pub mask: Mask,
    /// The head as a whole.
    pub anatomy: Anatomy,
    /// What is removed of each region.
    pub regions: Vec<RegionReport>,
    /// What became of the brain guard.
    pub guard: GuardReport,
    /// The level of the air around the head, real.
    pub background: f32,
}

/// What is removed of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionReport {
    /// The region.
    pub region: Region,
    /// Voxels of it that are removed, on the scan's grid.
    pub n_removed: u64,
    /// Why there are none.
    pub absent: Option<&'static str>,
}

/// What became of the brain guard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardReport {
    /// Removed voxels that the labels call brain.
    pub n_brain_removed: u64,
    /// The smallest distance from a removed voxel to the brain; infinite if nothing is removed.
    pub smallest_distance_mm: f64,
    /// The share of the facial skin that is left because the brain lies too near.
    pub skin_left: f64,
}

/// The labels' voxels reach half a spacing further than the centres from which distance counts.
const GUARD_SLACK: f64 = 0.5;

/// Further from the guard than this, the brain has no say.
const FAR_MM: f64 = 30.0;

/// Turns labels into the voxels to remove.
///
/// A point goes if it is nearer to the widened face (or ears) than to the rest of the head: inside
/// the head that is the face itself, in the air it is all in front of it, to the border of the
/// scan. Points within the guard of the brain stay. `labels` lie on the grid of `image`, which
/// covers the whole scan; `native` is the scan's own grid.
///
/// # Errors
/// [`Absence`] if there is no face to remove.
pub fn refine(
    labels: &Labels,
    image: &RealVolume,
    native: &Grid,
    is_hu: bool,
    options: RefineOptions,
    workers: Workers,
) -> Result<Refined, Absence> {
    let anatomy = Anatomy::measure(labels, image, workers);
    let first = image.values.first();
    if image.values.iter().all(|v| Some(v) == first) {
        return Err(Absence::Contrast);
    }
    if let Some(absence) = anatomy.absence() {
        return Err(absence);
    }
    let skin = skin_threshold(image, is_hu, workers);
    let drawn = drawn(labels, image, skin, workers);
    let parts = Parts::of(labels, &drawn, image, is_hu, skin, &options, workers);
    let labels = &drawn;
    let spacing = labels.grid.spacing_mm();
    let extent = labels.grid.extent;
    let guard_mm = options.guard_mm + GUARD_SLACK * spacing[0];
    // Where the face is far from the brain, how far does not matter.
    let cap_mm = guard_mm + FAR_MM;
    let to_brain = kernels::distance(&parts.brain, extent, spacing, cap_mm, workers);
    let field = removal_field(&parts, &to_brain, extent, spacing, guard_mm, workers);

    let to_field = to_voxels(&labels.grid).after(&native.affine);
    let words = kernels::field_mask(&field, extent, &to_field.0, native.extent, workers);
    let mask = Mask::from_words(*native, words);
    let (regions, n_brain_removed, smallest_distance_mm) =
        report(&mask, labels, &to_field, &to_brain, &anatomy, workers);
    let guard = GuardReport {
        n_brain_removed,
        smallest_distance_mm,
        skin_left: skin_left(labels, &field, &image.inside),
    };
    let background = air_level(labels, image, skin, workers);
    Ok(Refined { mask, anatomy, regions, guard, background })
}

/// Above 0 where a voxel is removed: how much nearer it lies to the face than to the rest of the
/// head, or, where that is less, how far outside the guard, in millimetres.
fn removal_field(
    parts: &Parts,
    to_brain: &[f32],
    extent: [usize; 3],
    spacing: [f64; 3],
    guard_mm: f64,
    workers: Workers,
) -> Vec<f32> {
    let to_face = kernels::distance(&parts.face, extent, spacing, f64::INFINITY, workers);
    let mut field = kernels::distance(&parts.rest, extent, spacing, f64::INFINITY, workers);
    for (rest, face) in field.iter_mut().zip(&to_face) {
        *rest = rest.min(1e6) - face.min(1e6);
    }
    let mut field = kernels::smooth(&field, extent, workers);
    for (value, brain) in field.iter_mut().zip(to_brain) {
        *value = value.min(brain - guard_mm as f32);
    }
    field
}

/// Millimetres to voxel indices of a grid along the patient's axes.
fn to_voxels(grid: &Grid) -> Affine {
    let spacing = grid.spacing_mm();
    let origin = grid.affine.apply([0.0; 3]);
    Affine::axis_aligned(spacing.map(|s| 1.0 / s), [0, 1, 2].map(|a| -origin[a] / spacing[a]))
}

/// Counts what the mask removes of each region and of the brain, and how near it comes to it.
fn report(
    mask: &Mask,
    labels: &Labels,
    to_labels: &Affine,
    to_brain: &[f32],
    anatomy: &Anatomy,
    workers: Workers,
) -> (Vec<RegionReport>, u64, f64) {
    let [ni, nj, nk] = mask.grid().extent;
    let row_words = kernels::row_words(ni);
    let slack_mm = (GUARD_SLACK * labels.grid.spacing_mm()[0]) as f32;
    let mut planes: Vec<Count> = vec![Count::default(); nk];
    workers.for_each_chunk(&mut planes, 1, |k, count| {
        for j in 0..nj {
            let words = &mask.words()[(j + nj * k) * row_words..][..row_words];
            count[0].add_row(words, [j, k], labels, to_labels, to_brain, slack_mm);
        }
    });
    let mut n = [0u64; Tissue::ALL.len()];
    for (sum, part) in planes.iter().flat_map(|p| p.n.iter().enumerate()) {
        n[sum] += part;
    }
    let n_brain = planes.iter().map(|p| p.n_brain).sum();
    let smallest = planes.iter().map(|p| p.smallest_mm).fold(f32::INFINITY, f32::min);
    let regions = Region::ALL
        .into_iter()
        .map(|region| {
            let n_removed = n[region.tissue() as usize];
            let absent = match (n_removed, anatomy.face_cut) {
                (0, true) => Some("outside the field of view, or not found"),
                (0, false) => Some("not found"),
                _ => None,
            };
            RegionReport { region, n_removed, absent }
        })
        .collect();
    (regions, n_brain, f64::from(smallest))
}

/// What is removed in one plane.
#[derive(Debug, Clone)]
struct Count {
    /// Voxels of each tissue, in the order of [`Tissue::ALL`].
    n: [u64; Tissue::ALL.len()],
    /// Voxels of the brain, closed.
    n_brain: u64,
    /// The smallest distance to it.
    smallest_mm: f32,
}

impl Default for Count {
    fn default() -> Self {
        Self { n: [0; Tissue::ALL.len()], n_brain: 0, smallest_mm: f32::INFINITY }
    }
}

impl Count {
    /// Counts the voxels of one row of the mask.
    fn add_row(
        &mut self,
        words: &[u64],
        [j, k]: [usize; 2],
        labels: &Labels,
        to_labels: &Affine,
        to_brain: &[f32],
        slack_mm: f32,
    ) {
        let [mi, mj, mk] = labels.grid.extent;
        for (at, &word) in words.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                let i = at * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let place = to_labels.apply([i as f64, j as f64, k as f64]);
                let index = [(place[0], mi), (place[1], mj), (place[2], mk)]
                    .map(|(v, n)| ((v + 0.5).max(0.0) as usize).min(n - 1));
                let voxel = index[0] + mi * (index[1] + mj * index[2]);
                self.n[labels.tissues[voxel] as usize] += 1;
                self.n_brain += u64::from(to_brain[voxel] <= 0.0);
                // The nearest label tells to within a voxel's diagonal where to look closer.
                if to_brain[voxel] < self.smallest_mm + 3.0 * slack_mm {
                    let near = kernels::sample_point(to_brain, labels.grid.extent, place);
                    self.smallest_mm = self.smallest_mm.min(near - slack_mm);
                }
            }
        }
    }
}

/// The share of facial skin voxels, face beside air, at which the field keeps what is there.
fn skin_left(labels: &Labels, field: &[f32], inside: &Mask) -> f64 {
    let [ni, nj, nk] = labels.grid.extent;
    let tissue = |i: usize, j: usize, k: usize| labels.tissues[i + ni * (j + nj * k)];
    let (mut skin, mut left) = (0u64, 0u64);
    for k in 1..nk.saturating_sub(1) {
        for j in 1..nj.saturating_sub(1) {
            for i in 1..ni.saturating_sub(1) {
                if !is_face(tissue(i, j, k)) {
                    continue;
                }
                let beside = [
                    [i - 1, j, k],
                    [i + 1, j, k],
                    [i, j - 1, k],
                    [i, j + 1, k],
                    [i, j, k - 1],
                    [i, j, k + 1],
                ];
                let is_skin = beside.iter().any(|&[i, j, k]| {
                    tissue(i, j, k) == Tissue::Background && inside.get([i, j, k])
                });
                if is_skin {
                    skin += 1;
                    left += u64::from(field[i + ni * (j + nj * k)] <= 0.0);
                }
            }
        }
    }
    left as f64 / skin.max(1) as f64
}

use kernels::{Neighbours, Workers};
use volume::{Labels, Mask, RealVolume, Region, Tissue};

use crate::anatomy::{bits, set_voxels};
use crate::rows::Rows;
use crate::sight::Sight;

/// Bright voxels up to this far from the labelled head belong to it.
const NEAR_MM: f64 = 4.0;
/// Labelled voxels deeper than this belong to it however dark they are.
const SURE_MM: f64 = 3.0;
/// Nostrils, mouth and ear canals are closed by this, as in the labels trained on.
const CLOSED_MM: f64 = 6.0;

/// Soft parts of the face, and how deep behind the skin each reaches.
const DEPTH_MM: [(Tissue, f32); 4] =
    [(Tissue::Brow, 10.0), (Tissue::Cheeks, 20.0), (Tissue::Mouth, 20.0), (Tissue::Chin, 20.0)];
/// The brow reaches no more than this share of the way to the brain,
const BROW_SHARE: f32 = 0.55;
/// and no soft part lies within this of it, but for skin up to as deep: a face beside what is wrongly
/// called brain, which the guard keeps, is still to be seen and told of.
const FACE_TO_BRAIN_MM: f32 = 4.0;
/// An ear reaches no further behind the skin than this.
const EAR_DEPTH_MM: f32 = 9.0;
/// Further than this, depth does not matter.
const MOST_DEPTH_MM: f64 = 21.0;
/// Skin that is no face, and lies no deeper than this, is scalp.
const SCALP_MM: f32 = 8.0;
/// Below this height a face ends where the model found its end, under the chin.
const LOWEST_DEGREES: f64 = -45.0;
/// Skin that the model did not call face is brow above this height, else cheek.
const BROW_DEGREES: f64 = 5.0;

/// The labels with a head that ends at the image's skin, and the soft parts of its face drawn anew.
///
/// Where a face ends towards the hair and the ears, and how deep it and the ears reach, is a convention
/// that no image shows; `models/train/labels.py` draws the labels of training and of its figures by the
/// same rule (`on_skin` and `bounded`). `skin` is the value above which the image shows a body; `sight` is
/// how the head is looked at, if that is known and not to be found in the labels.
pub(crate) fn drawn(
    labels: &Labels,
    image: &RealVolume,
    skin: Option<f32>,
    sight: Option<&Sight>,
    workers: Workers,
) -> Labels {
    let labels = match skin {
        Some(skin) => on_skin(labels, image, skin, workers),
        None => labels.clone(),
    };
    match sight.copied().or_else(|| Sight::of(&labels, &image.inside)) {
        Some(sight) => bounded(labels, &image.inside, &sight, workers),
        None => labels,
    }
}

/// The labels with a head as the image shows it, near where the model found one.
fn on_skin(labels: &Labels, image: &RealVolume, skin: f32, workers: Workers) -> Labels {
    let extent = labels.grid.extent;
    let spacing = labels.grid.spacing_mm();
    let labelled = bits(labels, |t| t != Tissue::Background, workers);
    let bright = kernels::threshold(&image.values, extent, skin, workers);
    let near = kernels::dilate(&labelled, extent, spacing, NEAR_MM, workers);
    let sure = kernels::erode(&labelled, extent, spacing, SURE_MM, workers);
    let head = kernels::join(&kernels::meet(&bright, &near), &sure);
    let head = kernels::keep_largest(&head, extent, Neighbours::Faces, workers);
    let head = kernels::close(&head, extent, spacing, CLOSED_MM, workers);
    // Plane by plane, for an airway that the scan cuts open.
    let head = kernels::fill_holes_in_planes(&head, extent, workers);
    let head = kernels::meet(&head, image.inside.words());
    let mut tissues = labels.tissues.clone();
    spread(&mut tissues, &Mask::from_words(labels.grid, head));
    Labels { grid: labels.grid, tissues }
}

/// Gives every voxel of the head without a label that of the nearest with one, step by step, and
/// takes the labels outside the head away.
fn spread(tissues: &mut [Tissue], head: &Mask) {
    let extent = head.grid().extent;
    let mut open = Vec::new();
    let row_words = kernels::row_words(extent[0]);
    let rows = tissues.chunks_exact_mut(extent[0]).zip(head.words().chunks_exact(row_words));
    for (row, (tissues, words)) in rows.enumerate() {
        for (i, tissue) in tissues.iter_mut().enumerate() {
            let is_head = words[i / 64] >> (i % 64) & 1 == 1;
            if !is_head {
                *tissue = Tissue::Background;
            } else if *tissue == Tissue::Background {
                open.push(row * extent[0] + i);
            }
        }
    }
    loop {
        let found: Vec<(usize, Tissue)> = open
            .iter()
            .filter_map(|&at| {
                let mut beside = around(at, extent, 1).map(|other| tissues[other]);
                beside.find(|t| *t != Tissue::Background).map(|t| (at, t))
            })
            .collect();
        if found.is_empty() {
            break;
        }
        for (at, tissue) in found {
            tissues[at] = tissue;
        }
        open.retain(|&at| tissues[at] == Tissue::Background);
    }
}

/// The soft parts of the face by their outline and their depth behind the skin, the ears by their depth;
/// eyes, nose and brain stay as they are.
fn bounded(mut labels: Labels, inside: &Mask, sight: &Sight, workers: Workers) -> Labels {
    let grid = labels.grid;
    let (extent, spacing) = (grid.extent, grid.spacing_mm());
    let skin = Skin::of(&labels, inside, sight, workers);
    let distance = |mask: &[u64], extent: [usize; 3]| {
        kernels::distance(mask, extent, spacing, MOST_DEPTH_MM, workers)
    };
    let depth = distance(&skin.air, extent);
    let brain = bits(&labels, |t| t == Tissue::Brain, workers);
    // Balls hold what lies as far away as their radius, which is not within it.
    let within_mm = f64::from(FACE_TO_BRAIN_MM) * 0.999;
    let at_brain = kernels::dilate(&brain, extent, spacing, within_mm, workers);
    let row = extent[0];
    let row_words = kernels::row_words(row);
    workers.for_each_chunk(&mut labels.tissues, row, |n, tissues| {
        for (tissue, &depth) in tissues.iter_mut().zip(&depth[n * row..]) {
            if DEPTH_MM.iter().any(|(part, _)| part == tissue) {
                *tissue = if depth <= SCALP_MM { Tissue::Scalp } else { Tissue::Other };
            }
        }
    });
    end_ears(&mut labels, &skin, inside, workers);
    for ((part, most), air) in DEPTH_MM.into_iter().zip(&skin.parts) {
        // Nothing further from its air than this is of the part; brain matters to what is.
        let reach_mm = f64::from(most) + if part == Tissue::Brow { MOST_DEPTH_MM } else { 0.0 };
        let Some(rows) = Rows::around(air, &grid, reach_mm) else { continue };
        let to_part = distance(&rows.part(air), rows.extent());
        let to_brain = (part == Tissue::Brow).then(|| distance(&rows.part(&brain), rows.extent()));
        workers.for_each_chunk(&mut labels.tissues, row, |n, tissues| {
            let Some(own) = rows.row(n) else { return };
            let at_brain = &at_brain[n * row_words..];
            for (i, tissue) in tissues.iter_mut().enumerate() {
                let (at, depth) = (own * row + i, depth[n * row + i]);
                let is_at_brain = at_brain[i / 64] >> (i % 64) & 1 == 1;
                let can_be = matches!(tissue, Tissue::Scalp | Tissue::Other | Tissue::Neck)
                    && (!is_at_brain || depth <= FACE_TO_BRAIN_MM);
                let is_near = to_part[at] <= (depth + 1e-3).min(most);
                let is_shallow = to_brain
                    .as_ref()
                    .is_none_or(|to_brain| depth <= BROW_SHARE * (depth + to_brain[at]));
                if can_be && is_near && is_shallow {
                    *tissue = part;
                }
            }
        });
    }
    labels
}

/// Ears end at their depth behind the skin, or behind the end of a scan that cuts them.
fn end_ears(labels: &mut Labels, skin: &Skin, inside: &Mask, workers: Workers) {
    let grid = labels.grid;
    let ears = bits(labels, |t| t == Tissue::Ears, workers);
    let Some(rows) = Rows::around(&ears, &grid, f64::from(EAR_DEPTH_MM)) else { return };
    let ends = kernels::surface(inside.words(), grid.extent, workers);
    let from = rows.part(&kernels::join(&skin.air, &ends));
    let depth = kernels::distance(&from, rows.extent(), grid.spacing_mm(), MOST_DEPTH_MM, workers);
    let row = grid.extent[0];
    workers.for_each_chunk(&mut labels.tissues, row, |n, tissues| {
        let Some(own) = rows.row(n) else { return };
        for (tissue, &depth) in tissues.iter_mut().zip(&depth[own * row..]) {
            if *tissue == Tissue::Ears && depth > EAR_DEPTH_MM {
                *tissue = Tissue::Other;
            }
        }
    });
}

/// The voxels of air that touch a head.
struct Skin {
    /// All of them.
    air: Vec<u64>,
    /// Those before each part of [`DEPTH_MM`].
    parts: [Vec<u64>; 4],
}

impl Skin {
    fn of(labels: &Labels, inside: &Mask, sight: &Sight, workers: Workers) -> Self {
        let grid = labels.grid;
        let (extent, spacing) = (grid.extent, grid.spacing_mm());
        let head = bits(labels, |t| t != Tissue::Background, workers);
        let beside = kernels::dilate(&head, extent, spacing, 1.8 * spacing[0], workers);
        let beside = Mask::from_words(grid, kernels::and_not(&beside, &head));
        let seen = |place: [usize; 3]| {
            let direction = sight.direction(grid.affine.apply(place.map(|v| v as f64)));
            let is_low = direction.height_degrees < LOWEST_DEGREES;
            let is_in_outline = direction.is_in_outline();
            // A face in which the scan ends in front has its skin there.
            let is_in_front = || (0..place[1]).any(|j| inside.get([place[0], j, place[2]]));
            let ends_in_face = || is_in_outline && !is_low && is_in_front();
            let is_air = inside.get(place) || ends_in_face();
            if !is_air || !is_in_outline {
                return (is_air, None);
            }
            let at = place[0] + extent[0] * (place[1] + extent[1] * place[2]);
            let mut behind =
                (1..=3).flat_map(|n| around(at, extent, n)).map(|other| labels.tissues[other]);
            let part =
                behind.find(|t| *t != Tissue::Background).map(|t| match Region::of_face(t) {
                    Some(_) => t,
                    None if is_low => Tissue::Other,
                    None if direction.height_degrees >= BROW_DEGREES => Tissue::Brow,
                    None => Tissue::Cheeks,
                });
            (true, part.and_then(|part| DEPTH_MM.iter().position(|(t, _)| *t == part)))
        };
        let mut voxels: Vec<_> = set_voxels(&beside).map(|place| (place, (false, None))).collect();
        workers.for_each_chunk(&mut voxels, 512, |_, voxels| {
            voxels.iter_mut().for_each(|(place, as_seen)| *as_seen = seen(*place));
        });
        let mut air = Mask::empty(grid);
        let mut parts = [0; 4].map(|_| Mask::empty(grid));
        for (place, (is_air, part)) in voxels {
            if is_air {
                air.set(place);
            }
            if let Some(part) = part {
                parts[part].set(place);
            }
        }
        Self { air: air.words().to_vec(), parts: parts.map(|part| part.words().to_vec()) }
    }
}

/// The neighbours of voxel `at` that differ from it along that many axes: over faces (1), edges (2)
/// or corners (3).
fn around(at: usize, extent: [usize; 3], n_axes: usize) -> impl Iterator<Item = usize> {
    let own = index(at, extent);
    let step = |v: usize, by: usize, n: usize| (v + by).checked_sub(1).filter(|&v| v < n);
    (0..27usize)
        .map(|n| [n % 3, n / 3 % 3, n / 9])
        .filter(move |by| by.iter().filter(|&&b| b != 1).count() == n_axes)
        .filter_map(move |by| {
            let [i, j, k] = [0, 1, 2].map(|a| step(own[a], by[a], extent[a]));
            Some(i? + extent[0] * (j? + extent[1] * k?))
        })
}

pub(crate) fn index(at: usize, [ni, nj, _]: [usize; 3]) -> [usize; 3] {
    [at % ni, at / ni % nj, at / ni / nj]
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid};

    const EXTENT: [usize; 3] = [96, 112, 112];

    fn place(at: usize, grid: &Grid) -> [f64; 3] {
        grid.affine.apply(index(at, EXTENT).map(|v| v as f64))
    }

    /// A ball of a head in air of value 0: its skin is bright to 1 mm, its labels end at `labelled_mm`.
    fn head(labelled_mm: f64) -> (Labels, RealVolume) {
        let affine = Affine::axis_aligned([2.0; 3], [-95.0, -111.0, -111.0]);
        let grid = Grid { extent: EXTENT, affine };
        let radius = |p: [f64; 3]| p.iter().map(|v| v * v).sum::<f64>().sqrt();
        let near = |p: [f64; 3], c: [f64; 3], r: f64| radius([0, 1, 2].map(|a| p[a] - c[a])) < r;
        let tissue = |at: usize| {
            let p = place(at, &grid);
            let aside = [p[0].abs(), p[1], p[2]];
            if radius(p) > labelled_mm {
                Tissue::Background
            } else if near(aside, [31.0, 70.0, -24.0], 11.0) {
                Tissue::Eyes
            } else if near(aside, [84.0, 0.0, -24.0], 16.0) {
                Tissue::Ears
            } else if near(p, [0.0, 0.0, 8.0], 62.0) {
                Tissue::Brain
            } else {
                Tissue::Scalp
            }
        };
        let labels = Labels { grid, tissues: (0..grid.n_voxels()).map(tissue).collect() };
        let value = |at: usize| if radius(place(at, &grid)) < 85.0 { 100.0 } else { 0.0 };
        let values = (0..grid.n_voxels()).map(value).collect();
        let inside = Mask::from_words(grid, kernels::complement(Mask::empty(grid).words(), EXTENT));
        (labels, RealVolume { grid, values, inside })
    }

    #[test]
    fn a_head_ends_at_the_skin_of_the_image() {
        for labelled_mm in [83.0, 87.0] {
            let (labels, image) = head(labelled_mm);
            let found = on_skin(&labels, &image, 35.0, Workers::ONE);
            let differs = |at: &usize| {
                (found.tissues[*at] != Tissue::Background) != (image.values[*at] > 50.0)
            };
            let n = (0..found.tissues.len()).filter(differs).count();
            assert_eq!(n, 0, "labels to {labelled_mm} mm");
        }
    }

    #[test]
    fn a_face_is_drawn_within_its_outline_to_its_depth_and_nowhere_else() {
        let (labels, image) = head(85.0);
        let found = drawn(&labels, &image, Some(35.0), None, Workers::ONE);
        let grid = labels.grid;
        let sight = Sight::of(&labels, &image.inside).expect("eyes and brain");
        let (mut n, mut n_ears) = ([0usize; 2], [0usize; 2]);
        for (at, &tissue) in found.tissues.iter().enumerate() {
            let place = place(at, &grid);
            let depth = 85.0 - place.iter().map(|v| v * v).sum::<f64>().sqrt();
            let direction = sight.direction(place);
            let is_soft = DEPTH_MM.iter().any(|(part, _)| *part == tissue);
            if is_soft {
                // A voxel's centre lies up to half its diagonal from the skin it is measured to.
                assert!(
                    depth <= 20.0 + 1.8 && direction.height_degrees <= HIGHEST + 4.0,
                    "{place:?}"
                );
                n[usize::from(tissue == Tissue::Brow)] += 1;
            }
            // What lies behind the lids belongs to the eyes.
            let to_eye = [place[0].abs() - 31.0, place[1] - 70.0, place[2] + 24.0];
            let is_clearly_face = (0.5..7.0).contains(&depth)
                && to_eye.iter().map(|v| v * v).sum::<f64>() > 20.0 * 20.0
                && direction.sideways_degrees < 65.0
                && (-40.0..34.0).contains(&direction.height_degrees);
            if is_clearly_face && labels.tissues[at] == Tissue::Scalp {
                assert!(is_soft, "{place:?} is {tissue:?}");
            }
            for kept in [Tissue::Brain, Tissue::Eyes] {
                assert_eq!(labels.tissues[at] == kept, tissue == kept, "{place:?}");
            }
            if labels.tissues[at] == Tissue::Ears {
                // Up to half a voxel's diagonal is neither surely deep nor surely not.
                assert!(tissue == Tissue::Ears || depth > 9.0 - 1.8, "{place:?}");
                assert!(tissue == Tissue::Other || depth < 9.0 + 1.8, "{place:?}");
                n_ears[usize::from(tissue == Tissue::Ears)] += 1;
            } else {
                assert_ne!(tissue, Tissue::Ears, "{place:?}");
            }
        }
        assert!(n.iter().all(|&n| n > 1000), "{n:?}");
        assert!(n_ears.iter().all(|&n| n > 100), "{n_ears:?}");
    }

    /// The rule of [`bounded`], with every distance over the whole grid.
    fn bounded_at_large(labels: &Labels, skin: &Skin) -> Labels {
        let grid = labels.grid;
        let distance = |mask: &[u64]| {
            let spacing = grid.spacing_mm();
            kernels::distance(mask, grid.extent, spacing, MOST_DEPTH_MM, Workers::ONE)
        };
        let depth = distance(&skin.air);
        let to_brain = distance(&bits(labels, |t| t == Tissue::Brain, Workers::ONE));
        let mut drawn = labels.clone();
        for (tissue, &depth) in drawn.tissues.iter_mut().zip(&depth) {
            if DEPTH_MM.iter().any(|(part, _)| part == tissue) {
                *tissue = if depth <= SCALP_MM { Tissue::Scalp } else { Tissue::Other };
            } else if *tissue == Tissue::Ears && depth > EAR_DEPTH_MM {
                *tissue = Tissue::Other;
            }
        }
        for ((part, most), air) in DEPTH_MM.into_iter().zip(&skin.parts) {
            for (at, mm) in distance(air).into_iter().enumerate() {
                let is_deep = depth[at] > BROW_SHARE * (depth[at] + to_brain[at]);
                let is_at_brain = to_brain[at] < FACE_TO_BRAIN_MM && depth[at] > FACE_TO_BRAIN_MM;
                let tissue = &mut drawn.tissues[at];
                let can_be = matches!(tissue, Tissue::Scalp | Tissue::Other | Tissue::Neck);
                if can_be
                    && !is_at_brain
                    && mm <= (depth[at] + 1e-3).min(most)
                    && !(part == Tissue::Brow && is_deep)
                {
                    *tissue = part;
                }
            }
        }
        drawn
    }

    #[test]
    fn what_is_asked_near_a_part_alone_is_what_the_whole_grid_tells() {
        let (mut labels, image) = head(85.0);
        let grid = labels.grid;
        let sight = Sight::of(&labels, &image.inside).expect("eyes and brain");
        let n_brow =
            |labels: &Labels| labels.tissues.iter().filter(|t| **t == Tissue::Brow).count();
        let mut found = Vec::new();
        // Brain far behind the forehead, and up to 9 mm behind its skin.
        for brain_mm in [62.0, 76.0, 80.0] {
            for (at, tissue) in labels.tissues.iter_mut().enumerate() {
                let away = place(at, &grid).iter().map(|v| v * v).sum::<f64>().sqrt();
                if *tissue == Tissue::Scalp && away < brain_mm {
                    *tissue = Tissue::Brain;
                }
            }
            let skin = Skin::of(&labels, &image.inside, &sight, Workers::ONE);
            let expected = bounded_at_large(&labels, &skin);
            let drawn = bounded(labels.clone(), &image.inside, &sight, Workers::ONE);
            assert!(drawn.tissues == expected.tissues, "brain up to {brain_mm} mm");
            found.push(n_brow(&drawn));
        }
        assert!(found[1] > 500 && found[0] > found[1] * 5 / 4, "{found:?}: brain matters");
    }

    const HIGHEST: f64 = 39.0;

    #[test]
    fn an_ear_that_the_scan_cuts_is_kept_behind_the_end_of_the_scan() {
        let (labels, mut image) = head(85.0);
        let grid = labels.grid;
        let mut inside = Mask::empty(grid);
        let is_inside = |at: &usize| place(*at, &grid)[0].abs() < 73.0;
        (0..grid.n_voxels()).filter(is_inside).for_each(|at| inside.set(index(at, EXTENT)));
        image.inside = inside;
        assert!(Sight::of(&labels, &image.inside).is_some());
        let found = drawn(&labels, &image, None, None, Workers::ONE);
        let is_ear = |at: &usize| labels.tissues[*at] == Tissue::Ears && is_inside(at);
        let ears: Vec<usize> = (0..grid.n_voxels()).filter(is_ear).collect();
        assert!(ears.len() > 100, "{}", ears.len());
        assert!(ears.iter().all(|at| found.tissues[*at] == Tissue::Ears));
    }

    #[test]
    fn what_has_no_eyes_stays_as_it_was_found() {
        let (mut labels, image) = head(85.0);
        for tissue in labels.tissues.iter_mut().filter(|t| **t == Tissue::Eyes) {
            *tissue = Tissue::Other;
        }
        let found = drawn(&labels, &image, None, None, Workers::ONE);
        assert_eq!(found.tissues, labels.tissues);
    }
}

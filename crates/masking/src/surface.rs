use kernels::Workers;
use volume::{Mask, RealVolume, Region};

use crate::Refined;
use crate::anatomy::bits;
use crate::on_labels::OnLabels;
use crate::rows::Rows;

/// Fewer voxels of a region's skin than this say nothing of it.
const LEAST_SKIN: u32 = 20;
/// Thresholds between air and tissue in CT.
const CT_SKIN_HU: [f32; 3] = [-700.0, -400.0, -200.0];
/// In MR, as shares of the way from air to the threshold of skin: the last is Otsu's own.
const MR_SHARES: [f32; 3] = [0.6, 1.0, 2.8];
/// Tissue up to this far from where the skin was is skin that stays, and tissue that may show its form.
const NEAR_MM: [f32; 2] = [2.0, 5.0];

/// Skin this near to a region that is to stay is not judged.
const CLEAR_MM: f32 = 7.0;

/// The skin of a region of the face, and how much of it a surface stays near.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkinLeft {
    /// The region.
    pub region: Region,
    /// Voxels of its skin, on the sampled grid.
    pub n_voxels: u32,
    /// The share of them that have tissue left within 2 mm.
    pub within_2mm: f64,
    /// The share of them that have tissue left within 5 mm.
    pub within_5mm: f64,
}

/// How much of the original facial skin has tissue of the result nearby, region by region, at the worst
/// of several thresholds.
///
/// Skin is where the original's head, ending at the image's skin, lies beside air. Tissue of the result
/// is what is brighter than the threshold and did not change; what changed is no tissue, whatever was
/// filled in ([`crate::carried`] looks at that). Both images lie on one grid along the patient's axes,
/// `changed` on the scan's own. Regions with hardly any skin in the scan are left out.
#[must_use]
pub fn skin_left(
    refined: &Refined,
    after: &RealVolume,
    changed: &Mask,
    is_hu: bool,
    workers: Workers,
) -> Vec<SkinLeft> {
    let grid = &after.grid;
    let (extent, spacing) = (grid.extent, grid.spacing_mm());
    let thresholds = match refined.skin {
        _ if is_hu => CT_SKIN_HU,
        Some(skin) => MR_SHARES.map(|s| refined.background + s * (skin - refined.background)),
        None => return Vec::new(),
    };
    let changed = OnLabels::of(changed, grid);
    let to_kept = distance_to_kept_regions(refined, workers);
    let is_clear = |[i, j, k]: [usize; 3]| {
        to_kept.as_ref().is_none_or(|mm| mm[i + extent[0] * (j + extent[1] * k)] > CLEAR_MM)
    };
    let skin: Vec<_> = refined.facial_skin.iter().filter(|(index, _)| is_clear(*index)).collect();
    let mut found: Vec<SkinLeft> = Region::ALL
        .into_iter()
        .map(|region| SkinLeft { region, n_voxels: 0, within_2mm: 0.0, within_5mm: 0.0 })
        .collect();
    skin.iter().for_each(|(_, region)| found[*region as usize].n_voxels += 1);
    let mut voxels = Mask::empty(*grid);
    skin.iter().for_each(|(index, _)| voxels.set(*index));
    // Tissue further than this is near no skin.
    let cap_mm = f64::from(NEAR_MM[1]) + spacing[0];
    let Some(rows) = Rows::around(voxels.words(), grid, cap_mm) else { return Vec::new() };
    let (values, kept) = (rows.part(&after.values), kept(&changed, &rows, workers));
    for threshold in thresholds {
        let tissue = kernels::threshold(&values, rows.extent(), threshold, workers);
        let tissue = kernels::meet(&tissue, &kept);
        let away = kernels::distance(&tissue, rows.extent(), spacing, cap_mm, workers);
        let mut n = [[0u32; Region::ALL.len()]; 2];
        for ([i, j, k], region) in &skin {
            let Some(row) = rows.row(j + extent[1] * k) else { continue };
            let away = away[i + extent[0] * row];
            for (n, near) in n.iter_mut().zip(NEAR_MM) {
                n[*region as usize] += u32::from(away <= near + 1e-3);
            }
        }
        for (found, (near, wide)) in found.iter_mut().zip(n[0].iter().zip(&n[1])) {
            let share = |n: u32| f64::from(n) / f64::from(found.n_voxels.max(1));
            found.within_2mm = found.within_2mm.max(share(*near));
            found.within_5mm = found.within_5mm.max(share(*wide));
        }
    }
    found.retain(|found| found.n_voxels >= LEAST_SKIN);
    found
}

/// Millimetres from the parts of face and ears that are to stay; `None` if there are none.
fn distance_to_kept_regions(refined: &Refined, workers: Workers) -> Option<Vec<f32>> {
    let stays = |t| Region::of_face(t).is_some_and(|region| !refined.wanted.contains(region));
    let grid = &refined.labels.grid;
    let kept = bits(&refined.labels, stays, workers);
    let cap_mm = f64::from(CLEAR_MM) + grid.spacing_mm()[0];
    kept.iter()
        .any(|&word| word != 0)
        .then(|| kernels::distance(&kept, grid.extent, grid.spacing_mm(), cap_mm, workers))
}

/// The voxels of a part of a grid that did not change.
fn kept(changed: &OnLabels, rows: &Rows, workers: Workers) -> Vec<u64> {
    let [ni, nj, nk] = rows.extent();
    let row_words = kernels::row_words(ni);
    let mut kept = vec![0u64; row_words * nj * nk];
    workers.for_each_chunk(&mut kept, row_words, |row, words| {
        let [j, k] = rows.whole([row % nj, row / nj]);
        for i in (0..ni).filter(|&i| !changed.get([i, j, k])) {
            words[i / 64] |= 1 << (i % 64);
        }
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::USUAL;
    use crate::{RefineOptions, refine};
    use volume::Regions;

    #[test]
    fn skin_is_left_where_a_look_around_it_finds_tissue() {
        let (labels, image) = USUAL.head();
        let grid = labels.grid;
        let options = RefineOptions { regions: Regions::STANDARD, guard_mm: 5.0, face_wins: false };
        let refined = refine(&labels, &image, &grid, false, options, Workers::ONE).expect("a face");
        // Stripes that stay, above and behind all skin too.
        let mut changed = Mask::empty(grid);
        let voxels = (0..grid.n_voxels()).map(crate::testing::Form::index);
        voxels.filter(|[i, j, k]| (i + j + 2 * k) % 11 < 8).for_each(|voxel| changed.set(voxel));
        let found = skin_left(&refined, &image, &changed, false, Workers::new(2));
        assert_eq!(found.len(), Regions::STANDARD.iter().count());
        let skin = refined.skin.expect("a threshold");
        let spacing = grid.spacing_mm();
        let stays = |index: [isize; 3], threshold: f32| {
            let is_there = (0..3).all(|a| (0..grid.extent[a] as isize).contains(&index[a]));
            let [i, j, k] = index.map(|v| v as usize);
            let at = || i + grid.extent[0] * (j + grid.extent[1] * k);
            is_there && image.values[at()] > threshold && !changed.get([i, j, k])
        };
        let share_near = |region: Region, near_mm: f32, threshold: f32| {
            let own = refined.facial_skin.iter().filter(|(_, r)| *r == region);
            let is_near = |index: &[usize; 3]| {
                let around = (0..125isize).map(|n| [n % 5 - 2, n / 5 % 5 - 2, n / 25 - 2]);
                let near = around.filter(|by| {
                    let mm = [0, 1, 2].map(|a| by[a] as f64 * spacing[a]);
                    mm.iter().map(|v| v * v).sum::<f64>().sqrt() <= f64::from(near_mm) + 1e-3
                });
                near.map(|by| [0, 1, 2].map(|a| index[a] as isize + by[a]))
                    .any(|index| stays(index, threshold))
            };
            let near: Vec<bool> = own.map(|(index, _)| is_near(index)).collect();
            near.iter().filter(|near| **near).count() as f64 / near.len() as f64
        };
        for of in found {
            let worst = |near_mm: f32| {
                let levels =
                    MR_SHARES.map(|s| refined.background + s * (skin - refined.background));
                let shares = levels.map(|level| share_near(of.region, near_mm, level));
                shares.into_iter().fold(0.0, f64::max)
            };
            assert!((of.within_2mm - worst(2.0)).abs() < 1e-9, "{of:?}");
            assert!((of.within_5mm - worst(5.0)).abs() < 1e-9, "{of:?}");
            assert!(of.within_2mm > 0.05 && of.within_5mm > of.within_2mm, "{of:?}");
        }
    }
}

use kernels::Workers;
use volume::{Labels, Mask, RealVolume, Tissue};

use crate::anatomy::{bits, bounds, set_voxels};

/// Skin and air in CT part here.
const CT_SKIN_HU: f32 = -400.0;
/// Skin in MR is brighter than this share of the threshold between dark and bright: skin is thin
/// and dark where a coil is far.
const MR_SKIN_SHARE: f32 = 0.35;

/// The value above which a voxel belongs to a body and not to the air around it; `None` if the
/// scan has no two heaps of values.
pub(crate) fn skin_threshold(image: &RealVolume, is_hu: bool, workers: Workers) -> Option<f32> {
    if is_hu {
        return Some(CT_SKIN_HU);
    }
    let values = inside(image, workers);
    let [low, _] = kernels::range(&values)?;
    let split = kernels::otsu(&values, workers)? as f32;
    Some(low + MR_SKIN_SHARE * (split - low))
}

/// The voxels of a body as the image alone tells them, specks left out.
///
/// `skin` is what [`skin_threshold`] gives of the image, here and below.
pub(crate) fn body(image: &RealVolume, skin: Option<f32>, workers: Workers) -> Vec<u64> {
    let extent = image.grid.extent;
    let Some(threshold) = skin else {
        return vec![0; image.inside.words().len()];
    };
    let body = kernels::threshold(&image.values, extent, threshold, workers);
    let spacing = image.grid.spacing_mm();
    kernels::open(&body, extent, spacing, 1.5 * spacing[0], workers)
}

/// The level of the air: the median of what neither the labels nor the image call body, inside the
/// labelled bounds, or the smallest value where there is none.
pub(crate) fn air_level(
    labels: &Labels,
    image: &RealVolume,
    skin: Option<f32>,
    workers: Workers,
) -> f32 {
    let [ni, nj, _] = image.grid.extent;
    let extent = image.grid.extent;
    let labelled = bits(labels, |t| t != Tissue::Background, workers);
    let dark = f32::NEG_INFINITY..=skin.unwrap_or(f32::INFINITY);
    let dark = kernels::window(&image.values, extent, dark, workers);
    let mut air = kernels::meet(&kernels::and_not(&dark, &labelled), image.inside.words());
    let [low, high] = bounds(&labelled, extent);
    let within = |a: usize, v: usize| (low[a]..=high[a]).contains(&v);
    let mut columns = vec![0u64; kernels::row_words(ni)];
    (low[0]..=high[0]).for_each(|i| columns[i / 64] |= 1 << (i % 64));
    for (row, words) in air.chunks_exact_mut(columns.len()).enumerate() {
        let is_within = within(1, row % nj) && within(2, row / nj);
        words
            .iter_mut()
            .zip(&columns)
            .for_each(|(word, of)| *word &= if is_within { *of } else { 0 });
    }
    let mut air = kernels::gather(&image.values, &air, extent, workers);
    match kernels::order_statistics(&mut air, [0.5]) {
        Some([middle]) => middle,
        None => kernels::range(&inside(image, workers)).map_or(0.0, |[low, _]| low),
    }
}

/// Air this far from all that is a body by labels or image is surely air.
const SURELY_AIR_MM: f64 = 8.0;
/// Voxels of air that are looked at.
const MOST_AIR: usize = 20_000;

/// Voxels of the mask's grid that are surely air and not masked, evenly spread.
pub(crate) fn air_voxels(
    labels: &Labels,
    image: &RealVolume,
    skin: Option<f32>,
    mask: &Mask,
    workers: Workers,
) -> Vec<[usize; 3]> {
    let extent = image.grid.extent;
    let labelled = bits(labels, |t| t != Tissue::Background, workers);
    let body = kernels::join(&labelled, &body(image, skin, workers));
    let near = kernels::dilate(&body, extent, image.grid.spacing_mm(), SURELY_AIR_MM, workers);
    let air = kernels::and_not(image.inside.words(), &near);
    let n_air: usize = air.iter().map(|word| word.count_ones() as usize).sum();
    let air = Mask::from_words(image.grid, air);
    let Some(to_native) = mask.grid().affine.inverse() else { return Vec::new() };
    let native = mask.grid().extent;
    set_voxels(&air)
        .step_by(n_air / MOST_AIR + 1)
        .filter_map(|index| {
            let place = image.grid.affine.apply(index.map(|v| v as f64));
            let voxel = to_native.apply(place).map(f64::round);
            let is_inside = (0..3).all(|a| voxel[a] >= 0.0 && voxel[a] < native[a] as f64);
            is_inside.then(|| voxel.map(|v| v as usize))
        })
        .filter(|voxel| !mask.get(*voxel))
        .collect()
}

/// The median of the skin and the neck outside the face, real.
pub(crate) fn flesh_level(labels: &Labels, image: &RealVolume, workers: Workers) -> Option<f32> {
    let flesh = bits(labels, |t| matches!(t, Tissue::Scalp | Tissue::Neck), workers);
    let mut values = kernels::gather(&image.values, &flesh, image.grid.extent, workers);
    kernels::order_statistics(&mut values, [0.5]).map(|[middle]| middle)
}

fn inside(image: &RealVolume, workers: Workers) -> Vec<f32> {
    kernels::gather(&image.values, image.inside.words(), image.grid.extent, workers)
}

use kernels::Workers;
use volume::{Labels, Mask, RealVolume, Tissue};

use crate::anatomy::bits;

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
    let bounds = labelled_bounds(labels);
    let skin = skin.unwrap_or(f32::INFINITY);
    let [low, high] = bounds;
    let mut air: Vec<f32> = Vec::new();
    for (row, tissues) in labels.tissues.chunks_exact(ni).enumerate() {
        let (j, k) = (row % nj, row / nj);
        if !((low[1]..=high[1]).contains(&j) && (low[2]..=high[2]).contains(&k)) {
            continue;
        }
        let values = &image.values[row * ni..];
        for (i, (tissue, &value)) in tissues.iter().zip(values).enumerate() {
            let is_within = (low[0]..=high[0]).contains(&i);
            let is_air = *tissue == Tissue::Background && value <= skin;
            if is_air && is_within && image.inside.get([i, j, k]) {
                air.push(value);
            }
        }
    }
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
    let [ni, nj, _] = extent;
    let places = (0..image.values.len()).map(|at| [at % ni, at / ni % nj, at / ni / nj]);
    let places = places.filter(|index| air.get(*index)).step_by(n_air / MOST_AIR + 1);
    places
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
pub(crate) fn flesh_level(labels: &Labels, image: &RealVolume) -> Option<f32> {
    let voxels = labels.tissues.iter().zip(&image.values);
    let is_flesh = |t: Tissue| matches!(t, Tissue::Scalp | Tissue::Neck);
    let mut values: Vec<f32> = voxels.filter(|(t, _)| is_flesh(**t)).map(|(_, v)| *v).collect();
    kernels::order_statistics(&mut values, [0.5]).map(|[middle]| middle)
}

/// The lowest and highest index of anything that is labelled.
fn labelled_bounds(labels: &Labels) -> [[usize; 3]; 2] {
    let [ni, nj, _] = labels.grid.extent;
    let mut bounds = [[usize::MAX; 3], [0; 3]];
    for (row, tissues) in labels.tissues.chunks_exact(ni).enumerate() {
        let is_labelled = |t: &Tissue| *t != Tissue::Background;
        let Some(first) = tissues.iter().position(is_labelled) else { continue };
        let last = tissues.iter().rposition(is_labelled).unwrap_or(first);
        for (a, [least, most]) in
            [[first, last], [row % nj; 2], [row / nj; 2]].into_iter().enumerate()
        {
            bounds[0][a] = bounds[0][a].min(least);
            bounds[1][a] = bounds[1][a].max(most);
        }
    }
    bounds
}

fn inside(image: &RealVolume, workers: Workers) -> Vec<f32> {
    kernels::gather(&image.values, image.inside.words(), image.grid.extent, workers)
}

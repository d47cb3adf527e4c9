use kernels::Workers;
use volume::{Labels, RealVolume, Tissue};

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
    let mut air: Vec<f32> = labels
        .tissues
        .iter()
        .enumerate()
        .filter(|(at, tissue)| {
            let index = [at % ni, at / ni % nj, at / ni / nj];
            **tissue == Tissue::Background
                && image.values[*at] <= skin
                && (0..3).all(|a| (bounds[0][a]..=bounds[1][a]).contains(&index[a]))
                && image.inside.get(index)
        })
        .map(|(at, _)| image.values[at])
        .collect();
    match kernels::order_statistics(&mut air, [0.5]) {
        Some([middle]) => middle,
        None => kernels::range(&inside(image, workers)).map_or(0.0, |[low, _]| low),
    }
}

/// The lowest and highest index of anything that is labelled.
fn labelled_bounds(labels: &Labels) -> [[usize; 3]; 2] {
    let [ni, nj, _] = labels.grid.extent;
    let mut bounds = [[usize::MAX; 3], [0; 3]];
    for (at, _) in labels.tissues.iter().enumerate().filter(|(_, t)| **t != Tissue::Background) {
        let index = [at % ni, at / ni % nj, at / ni / nj];
        for a in 0..3 {
            bounds[0][a] = bounds[0][a].min(index[a]);
            bounds[1][a] = bounds[1][a].max(index[a]);
        }
    }
    bounds
}

fn inside(image: &RealVolume, workers: Workers) -> Vec<f32> {
    kernels::gather(&image.values, image.inside.words(), image.grid.extent, workers)
}

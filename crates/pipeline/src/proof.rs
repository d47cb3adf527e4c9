use formats::Scan;
use inference::{Model, Sampled};
use kernels::Workers;
use masking::{Border, Filling, Proof, Refined, Residual, SecondLook, SkinLeft, VoxelProof};
use volume::Mask;

use crate::Options;
use crate::one::ScanError;

/// What a result is compared with: the original as sampled, and what was found in it.
pub(crate) struct Original<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) sampled: &'a Sampled,
    pub(crate) refined: &'a Refined,
}

/// What two files, the original and the result as it lies on disk, tell without the model.
pub(crate) struct Compared {
    voxels: VoxelProof,
    front: Option<Residual>,
    skin: Vec<SkinLeft>,
    border: Option<Border>,
    missing: f64,
    carried: f64,
    /// The voxels that changed.
    changed: Mask,
    /// The result, as the model looks at it.
    result: Sampled,
}

/// Compares a result with its original: what changed is found anew from their voxels.
///
/// `mask` is what should have changed; without it, all that changed should have.
pub(crate) fn compare(
    original: &Original,
    after: &Scan,
    mask: Option<&Mask>,
    options: &Options,
) -> Result<Compared, ScanError> {
    let workers = options.workers;
    let Original { scan, sampled, refined } = original;
    let (before, is_hu) = (&scan.volume, sampled.is_hu);
    let (changed, voxels) = masking::compare(before, &after.volume, mask, workers)?;
    // What is filled in may be the very value of flesh that was there. It is looked for in all of the mask,
    // and what shows through all of the mask is seen below.
    let gone = match (options.filling, mask) {
        (Filling::Average | Filling::Constant(_), Some(mask)) => mask,
        _ => &changed,
    };
    let grid = sampled.image.grid;
    let mut image = inference::sample_on(&after.volume, grid, workers)?;
    let level = refined.skin.unwrap_or(refined.background);
    let levels = [refined.background, level];
    let missing = masking::missing(refined.expected(), gone, before, levels, workers);
    if options.filling == Filling::Average {
        // The face of no one is a face: what is looked for is what remains of the patient's.
        masking::fill_on_labels(&mut image, gone, refined.background);
    }
    let is_face = |ras_mm| refined.is_in_outline(ras_mm);
    let front = masking::residual_face(&sampled.image, &image, is_hu, Some(&is_face), workers);
    let skin = masking::skin_left(refined, &image, gone, is_hu, workers);
    let border = masking::border(refined, &changed);
    let carried = masking::carried(before, &after.volume, gone, refined.background, level);
    let result = Sampled { image, window: sampled.window, is_hu };
    Ok(Compared { voxels, front, skin, border, missing, carried, changed, result })
}

impl Compared {
    /// Has the model look at the result too.
    pub(crate) fn look_again(self, model: &Model, workers: Workers) -> Result<Proof, ScanError> {
        let Self { voxels, front, skin, border, missing, carried, changed, result } = self;
        let found = inference::label(model, &result, false, workers)?;
        let second = SecondLook::of(&found, &changed, workers);
        Ok(Proof { voxels, front, skin, border, missing, carried, second })
    }
}

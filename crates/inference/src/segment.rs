use kernels::{Workers, order_statistics};
use volume::{Labels, Region, Tissue};

use crate::sample::clipped;
use crate::{Card, Model, ModelError, Sampled};

/// Added to the logits of all that is removed: where a face or an ear is at least half as likely as
/// the likeliest tissue, that is what a voxel is called. A face that stays is the worse error.
///
/// Chosen with an earlier network of the same design, on 19 labelled heads at 0 to 1.2: 0.7 added up
/// to 1.3 points of the face, for 15 voxels of 3.4 mm3 more of the border of two brains; more took far
/// more of a brain in slices of T2.
const LEAN: f32 = 0.7;

/// Voxels of a tissue by which the model's confidence in it is told.
const MOST_VOXELS_ASKED: usize = 20_000;

/// What the model found in a scan.
#[derive(Debug, Clone)]
pub struct Segmented {
    /// A tissue a voxel, on the grid of the sampled image.
    pub labels: Labels,
    /// How sure the model is of each tissue, in the order of [`Tissue::ALL`]: the mean probability,
    /// calibrated by the card's temperature, of the voxels that are called so. `None` of one that
    /// was not found.
    pub confidence: [Option<f32>; Tissue::ALL.len()],
}

/// Labels every voxel of a sampled scan: with the model inside its window, background elsewhere.
///
/// With `flip` the model also looks at the scan mirrored in its left-right axis, and the mean of both
/// logits counts.
///
/// # Errors
/// [`ModelError::Engine`] if the engine fails, [`ModelError::Output`] if what it gives does not
/// have the extent that the card says.
pub fn segment(
    model: &Model,
    sampled: &Sampled,
    flip: bool,
    workers: Workers,
) -> Result<Segmented, ModelError> {
    let card = model.card();
    let places = places(sampled, card.extent());
    let input = normalised(card, sampled, &places);
    let plane = input.len() / card.extent()[0];
    let mirrored = flip.then(|| mirror(&input, plane));
    let mut logits = model.run(input, workers.n_threads())?;
    let tissues = card.tissues();
    let n = logits.len() / tissues.len();
    if let Some(mirrored) = mirrored {
        let other = model.run(mirrored, workers.n_threads())?;
        for (volume, other) in logits.chunks_exact_mut(n).zip(other.chunks_exact(n)) {
            let other = other.chunks_exact(plane).rev().flatten();
            volume.iter_mut().zip(other).for_each(|(a, b)| *a = (*a + b) / 2.0);
        }
    }
    for (volume, &tissue) in
        logits.chunks_exact_mut(n).zip(&tissues).filter(|(_, t)| lean(**t) > 0.0)
    {
        volume.iter_mut().for_each(|logit| *logit += lean(tissue));
    }
    let classes = kernels::argmax(&logits, tissues.len(), workers);
    let confidence = confidence(card, &logits, &classes, &places, workers);
    let grid = sampled.image.grid;
    let mut labels = Labels { grid, tissues: vec![Tissue::Background; grid.n_voxels()] };
    for (class, place) in classes.into_iter().zip(places) {
        if let Some(at) = place {
            labels.tissues[at] = tissues[usize::from(class)];
        }
    }
    Ok(Segmented { labels, confidence })
}

/// A volume of planes, the last plane first.
fn mirror(values: &[f32], plane: usize) -> Vec<f32> {
    values.chunks_exact(plane).rev().flatten().copied().collect()
}

/// The mean calibrated probability of the voxels inside the scan that are called each tissue, by
/// logits that were leant.
fn confidence(
    card: &Card,
    logits: &[f32],
    classes: &[u8],
    places: &[Option<usize>],
    workers: Workers,
) -> [Option<f32>; Tissue::ALL.len()] {
    let tissues = card.tissues();
    let n = classes.len();
    let mut called = vec![Vec::new(); tissues.len()];
    for (at, (&class, place)) in classes.iter().zip(places).enumerate() {
        let class = usize::from(class);
        if place.is_some() && tissues[class] != Tissue::Background {
            called[class].push(at);
        }
    }
    let mut confidence = [None; Tissue::ALL.len()];
    for ((class, tissue), called) in tissues.iter().enumerate().zip(called) {
        let step = called.len().div_ceil(MOST_VOXELS_ASKED).max(1);
        let asked: Vec<usize> = called.into_iter().step_by(step).collect();
        if asked.is_empty() {
            continue;
        }
        let upright =
            |c: usize, at: usize| (logits[c * n + at] - lean(tissues[c])) / card.temperature();
        let mut own: Vec<f32> = (0..tissues.len())
            .flat_map(|c| asked.iter().map(move |&at| (c, at)))
            .map(|(c, at)| upright(c, at))
            .collect();
        kernels::softmax(&mut own, tissues.len(), workers);
        let probabilities = &own[class * asked.len()..][..asked.len()];
        let mean = probabilities.iter().sum::<f32>() / asked.len() as f32;
        confidence[*tissue as usize] = Some(mean);
    }
    confidence
}

fn lean(tissue: Tissue) -> f32 {
    if Region::of_face(tissue).is_some() { LEAN } else { 0.0 }
}

/// The model's input for a sampled scan: one value in 0 to 1 a voxel of its window, `k` fastest, 0
/// outside the scan.
#[must_use]
pub fn network_input(card: &Card, sampled: &Sampled) -> Vec<f32> {
    normalised(card, sampled, &places(sampled, card.extent()))
}

fn normalised(card: &Card, sampled: &Sampled, places: &[Option<usize>]) -> Vec<f32> {
    let image = &sampled.image;
    let mut values: Vec<f32> = places.iter().flatten().map(|&at| image.values[at]).collect();
    let shares = card.normalisation();
    let quantiles = [shares.low_percentile / 100.0, shares.high_percentile / 100.0];
    let [low, high] = order_statistics(&mut values, quantiles)
        .unwrap_or([0.0, 0.0])
        .map(|v| clipped(v, sampled.is_hu));
    let normalise = |at: usize| {
        if high <= low {
            return 0.0;
        }
        ((clipped(image.values[at], sampled.is_hu) - low) / (high - low)).clamp(0.0, 1.0)
    };
    places.iter().map(|place| place.map_or(0.0, normalise)).collect()
}

/// For each voxel of the model's window, `k` fastest, the voxel of the image, if inside the scan.
fn places(sampled: &Sampled, extent: [usize; 3]) -> Vec<Option<usize>> {
    let image = &sampled.image;
    let [ni, nj, nk] = image.grid.extent;
    let start = sampled.window;
    let at = |axis: usize, n: usize, len: usize| {
        start[axis].checked_add_unsigned(n).filter(|&v| v >= 0 && (v as usize) < len)
    };
    let mut places = Vec::with_capacity(extent.iter().product());
    for x in 0..extent[0] {
        for y in 0..extent[1] {
            for z in 0..extent[2] {
                let index = (at(0, x, ni), at(1, y, nj), at(2, z, nk));
                places.push(match index {
                    (Some(i), Some(j), Some(k)) => {
                        let index = [i as usize, j as usize, k as usize];
                        let at = index[0] + ni * (index[1] + nj * index[2]);
                        image.inside.get(index).then_some(at)
                    }
                    _ => None,
                });
            }
        }
    }
    places
}

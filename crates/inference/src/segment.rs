use std::array;
use std::ops::Range;

use kernels::{Workers, order_statistics};
use volume::{Labels, Region, Tissue};

use crate::sample::clipped;
use crate::{Blocks, Card, Model, ModelError, Sampled};

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
/// have the shape that the card says.
pub fn segment(
    model: &Model,
    sampled: &Sampled,
    flip: bool,
    workers: Workers,
) -> Result<Segmented, ModelError> {
    let Look { labels, logits, classes } = look(model, sampled, flip, workers)?;
    let confidence = confidence(model.card(), &logits, &classes, workers);
    Ok(Segmented { labels, confidence })
}

/// The labels of [`segment`] alone, where nobody asks how sure the model is of them.
///
/// # Errors
/// As [`segment`].
pub fn label(
    model: &Model,
    sampled: &Sampled,
    flip: bool,
    workers: Workers,
) -> Result<Labels, ModelError> {
    Ok(look(model, sampled, flip, workers)?.labels)
}

/// What the model says of a scan.
struct Look {
    labels: Labels,
    /// In the order of the card's blocks, leant.
    logits: Vec<f32>,
    /// Of each voxel in that order; one more than there are outside the scan.
    classes: Vec<u8>,
}

fn look(
    model: &Model,
    sampled: &Sampled,
    flip: bool,
    workers: Workers,
) -> Result<Look, ModelError> {
    let card = model.card();
    let blocks = card.blocks();
    let Window { places, values: input, is_inside } = Window::of(card, sampled, workers);
    let mirrored = flip.then(|| mirror(&input, places.plane()));
    let mut logits = model.run(input, workers.n_threads())?;
    if let Some(mirrored) = mirrored {
        let other = model.run(mirrored, workers.n_threads())?;
        add_mirrored(&mut logits, &other, &blocks);
    }
    let mut tissues = card.tissues();
    let part = blocks.part();
    workers.for_each_chunk(&mut logits, part, |n, part| {
        let lean = lean(tissues[n % tissues.len()]);
        if lean > 0.0 {
            part.iter_mut().for_each(|logit| *logit += lean);
        }
    });
    let mut classes = vec![0; is_inside.len()];
    let one = Workers::ONE.at(workers.level());
    // What the scan does not show is of no class that the model has.
    let outside = tissues.len() as u8;
    workers.for_each_chunk(&mut classes, part, |n, classes| {
        let logits = &logits[n * part * tissues.len()..][..part * tissues.len()];
        let likeliest = kernels::argmax(logits, tissues.len(), one);
        for ((class, own), is_inside) in
            classes.iter_mut().zip(likeliest).zip(&is_inside[n * part..])
        {
            *class = if *is_inside { own } else { outside };
        }
    });
    tissues.push(Tissue::Background);
    let grid = sampled.image.grid;
    let [ni, nj, _] = grid.extent;
    let mut labels = Labels { grid, tissues: vec![Tissue::Background; grid.n_voxels()] };
    workers.for_each_chunk(&mut labels.tissues, ni, |row, labels| {
        for (i, voxel) in places.row([row % nj, row / nj]) {
            labels[i] = tissues[usize::from(classes[blocks.voxel(voxel)])];
        }
    });
    Ok(Look { labels, logits, classes })
}

/// The input of the model, its first axis the other way round.
fn mirror(values: &[f32], plane: usize) -> Vec<f32> {
    values.chunks_exact(plane).rev().flatten().copied().collect()
}

/// The mean of logits and of those of the mirrored input.
fn add_mirrored(logits: &mut [f32], mirrored: &[f32], blocks: &Blocks) {
    let (part, n_classes) = (blocks.part(), blocks.n_classes());
    let others = mirrored.chunks_exact(part * n_classes).rev().flat_map(|p| p.chunks_exact(part));
    for (own, other) in logits.chunks_exact_mut(part).zip(others) {
        // The first half of a class is of the one plane, the second of the other.
        let (first, second) = other.split_at(part / 2);
        let other = second.iter().chain(first);
        own.iter_mut().zip(other).for_each(|(a, b)| *a = (*a + b) / 2.0);
    }
}

/// The mean calibrated probability of the voxels that are called each tissue, by logits that were leant.
/// A class that the card does not have is not asked.
fn confidence(
    card: &Card,
    logits: &[f32],
    classes: &[u8],
    workers: Workers,
) -> [Option<f32>; Tissue::ALL.len()] {
    let (tissues, blocks) = (card.tissues(), card.blocks());
    let mut n_called = [0usize; 256];
    classes.iter().for_each(|&class| n_called[usize::from(class)] += 1);
    // Of each tissue the first voxel and then one each so many.
    let mut asked = vec![Vec::new(); tissues.len()];
    let steps = n_called.map(|n| n.div_ceil(MOST_VOXELS_ASKED).max(1));
    let is_asked = |class: usize| tissues.get(class).is_some_and(|t| *t != Tissue::Background);
    let mut until_next: [Option<usize>; 256] = array::from_fn(|class| is_asked(class).then_some(0));
    for (at, &class) in classes.iter().enumerate() {
        let class = usize::from(class);
        let Some(left) = &mut until_next[class] else { continue };
        if *left == 0 {
            asked[class].push(at);
            *left = steps[class];
        }
        *left -= 1;
    }
    let mut sure = vec![None; tissues.len()];
    let one = Workers::ONE.at(workers.level());
    workers.for_each_chunk(&mut sure, 1, |class, sure| {
        let asked = &asked[class];
        if asked.is_empty() {
            return;
        }
        // Where what is said of the first class lies, and how much further what is said of the next.
        let of_first: Vec<usize> = asked.iter().map(|&at| blocks.logit(0, at)).collect();
        let own = (0..tissues.len()).flat_map(|c| {
            let (lean, logits) = (lean(tissues[c]), &logits[c * blocks.part()..]);
            of_first.iter().map(move |&at| (logits[at] - lean) / card.temperature())
        });
        let mut own: Vec<f32> = own.collect();
        kernels::softmax(&mut own, tissues.len(), one);
        let probabilities = &own[class * asked.len()..][..asked.len()];
        sure[0] = Some(probabilities.iter().sum::<f32>() / asked.len() as f32);
    });
    let mut confidence = [None; Tissue::ALL.len()];
    for (tissue, sure) in tissues.iter().zip(sure).filter(|(_, sure)| sure.is_some()) {
        confidence[*tissue as usize] = sure;
    }
    confidence
}

fn lean(tissue: Tissue) -> f32 {
    if Region::of_face(tissue).is_some() { LEAN } else { 0.0 }
}

/// The model's input for a sampled scan: one value in 0 to 1 a voxel of its window, `k` fastest, 0
/// outside the scan.
#[must_use]
pub fn network_input(card: &Card, sampled: &Sampled, workers: Workers) -> Vec<f32> {
    Window::of(card, sampled, workers).values
}

/// What the model looks at.
struct Window {
    places: Places,
    /// Normalised, 0 outside the scan; `k` fastest.
    values: Vec<f32>,
    /// Whether each lies inside the scan, in the order of the card's blocks.
    is_inside: Vec<bool>,
}

impl Window {
    /// Planes that are written at once, whole blocks: as many voxels lie beside each other in the image.
    const N_PLANES: usize = 8;

    fn of(card: &Card, sampled: &Sampled, workers: Workers) -> Self {
        let image = &sampled.image;
        let places = Places::of(card.extent(), sampled);
        let shown = kernels::meet(image.inside.words(), &places.bits(image.grid.extent));
        let mut values = kernels::gather(&image.values, &shown, image.grid.extent, workers);
        let shares = card.normalisation();
        let quantiles = [shares.low_percentile / 100.0, shares.high_percentile / 100.0];
        let [low, high] = order_statistics(&mut values, quantiles)
            .unwrap_or([0.0, 0.0])
            .map(|v| clipped(v, sampled.is_hu));
        let normalise = |value: f32| {
            if high <= low {
                return 0.0;
            }
            ((clipped(value, sampled.is_hu) - low) / (high - low)).clamp(0.0, 1.0)
        };
        let blocks = card.blocks();
        let n = places.extent.iter().product();
        let (mut values, mut is_inside) = (vec![0.0f32; n], vec![false; n]);
        let planes = Self::N_PLANES * places.plane();
        workers.for_each_chunk_of_two(
            &mut values,
            planes,
            &mut is_inside,
            planes,
            || (),
            |(), n, values, is_inside| {
                let first = n * Self::N_PLANES;
                let along = first..first + values.len() / places.plane();
                places.for_each_of_planes(along, |voxel, index| {
                    if image.inside.get(index) {
                        let value = normalise(image.values[places.in_image(index)]);
                        values[places.in_window(voxel) - first * places.plane()] = value;
                        is_inside[blocks.voxel(voxel) - first * places.plane()] = true;
                    }
                });
            },
        );
        Self { places, values, is_inside }
    }
}

/// Where the voxels of a window lie in an image; `k` is fastest in the one, `i` in the other.
struct Places {
    extent: [usize; 3],
    image: [usize; 3],
    /// The voxel of the image that is the first of the window; it may lie outside.
    start: [isize; 3],
    /// What of each axis of the window lies in the image.
    within: [Range<usize>; 3],
}

impl Places {
    fn of(extent: [usize; 3], sampled: &Sampled) -> Self {
        let (image, start) = (sampled.image.grid.extent, sampled.window);
        let within = array::from_fn(|a| {
            let [first, end] = [0, image[a]].map(|v| 0.max(v as isize - start[a]) as usize);
            first.min(extent[a])..end.min(extent[a])
        });
        Self { extent, image, start, within }
    }

    /// Voxels of a plane of the window, in which its first axis does not change.
    fn plane(&self) -> usize {
        self.extent[1] * self.extent[2]
    }

    fn to_image(&self, axis: usize, n: usize) -> usize {
        (self.start[axis] + n as isize) as usize
    }

    fn in_image(&self, [i, j, k]: [usize; 3]) -> usize {
        i + self.image[0] * (j + self.image[1] * k)
    }

    fn in_window(&self, [x, y, z]: [usize; 3]) -> usize {
        z + self.extent[2] * (y + self.extent[1] * x)
    }

    /// Of a row of the image: the index along it, and that in the window, of each voxel in both.
    fn row(&self, [j, k]: [usize; 2]) -> impl Iterator<Item = (usize, [usize; 3])> {
        let [y, z] = [(1, j), (2, k)].map(|(a, v)| v as isize - self.start[a]);
        let holds = |a: usize, n: isize| n >= 0 && self.within[a].contains(&(n as usize));
        let along = if holds(1, y) && holds(2, z) { self.within[0].clone() } else { 0..0 };
        along.map(move |x| (self.to_image(0, x), [x, y as usize, z as usize]))
    }

    /// Calls `visit` with the index in the window, and that in the image, of each voxel in both of some planes:
    /// by parts in which neither walks far through memory.
    fn for_each_of_planes(
        &self,
        planes: Range<usize>,
        mut visit: impl FnMut([usize; 3], [usize; 3]),
    ) {
        /// Voxels up that lie side by side in the window.
        const PART: usize = 16;
        let [along, across, up] = self.within.clone();
        let along = planes.start.max(along.start)..planes.end.min(along.end);
        for part in up.clone().step_by(PART) {
            for y in across.clone() {
                for z in part..(part + PART).min(up.end) {
                    let [j, k] = [self.to_image(1, y), self.to_image(2, z)];
                    for x in along.clone() {
                        visit([x, y, z], [self.to_image(0, x), j, k]);
                    }
                }
            }
        }
    }

    /// One bit a voxel of the image: whether the window has it.
    fn bits(&self, [ni, nj, nk]: [usize; 3]) -> Vec<u64> {
        let row_words = kernels::row_words(ni);
        let mut bits = vec![0; row_words * nj * nk];
        for (row, words) in bits.chunks_exact_mut(row_words).enumerate() {
            self.row([row % nj, row / nj]).for_each(|(i, _)| words[i / 64] |= 1 << (i % 64));
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid, Mask, RealVolume};

    /// That of the shipped model, with a smaller grid: planes that no part divides.
    fn card() -> Card {
        let text = include_str!("../../../models/face.toml");
        let text = text.replace("shape = [1, 1, 96, 128, 128]", "shape = [1, 1, 18, 16, 20]");
        let text = text.replace("shape = [48, 96, 64, 64]", "shape = [9, 96, 8, 10]");
        Card::parse(&text).expect("a card")
    }

    /// An image of 20 x 13 x 31 voxels with holes in what the scan shows, and a window that sticks out of it to
    /// the left, begins in it in front and ends in it above.
    fn sampled() -> Sampled {
        let affine = Affine::axis_aligned([2.0; 3], [0.0; 3]);
        let grid = Grid { extent: [20, 13, 31], affine };
        let mut inside = Mask::empty(grid);
        for at in (0..grid.n_voxels()).filter(|at| at % 7 != 3) {
            inside.set([at % 20, at / 20 % 13, at / 260]);
        }
        let values = (0..grid.n_voxels()).map(|at| (at * 37 % 1009) as f32).collect();
        Sampled { image: RealVolume { grid, values, inside }, window: [-3, 2, 5], is_hu: false }
    }

    #[test]
    fn the_window_holds_each_voxel_of_the_image_where_it_belongs() {
        let (card, sampled) = (card(), sampled());
        let (blocks, image) = (card.blocks(), &sampled.image);
        let [ni, nj, nk] = image.grid.extent;
        let [nx, ny, nz] = card.extent();
        let mut shown = Vec::new();
        let mut indices = Vec::new();
        for at in 0..nx * ny * nz {
            let voxel = [at / (ny * nz), at / nz % ny, at % nz];
            let index = [0, 1, 2].map(|a| voxel[a] as isize + sampled.window[a]);
            let is_within =
                index.iter().zip([ni, nj, nk]).all(|(v, n)| (0..n as isize).contains(v));
            let index = index.map(|v| v as usize);
            if is_within && image.inside.get(index) {
                shown.push(image.values[index[0] + ni * (index[1] + nj * index[2])]);
            }
            indices.push((voxel, is_within.then_some(index)));
        }
        let shares = card.normalisation();
        let quantiles = [shares.low_percentile / 100.0, shares.high_percentile / 100.0];
        let [low, high] = order_statistics(&mut shown, quantiles).expect("values");
        for n_threads in [1, 3] {
            let window = Window::of(&card, &sampled, Workers::new(n_threads));
            for (at, (voxel, index)) in indices.iter().enumerate() {
                let index = index.filter(|index| image.inside.get(*index));
                let value = index.map_or(0.0, |[i, j, k]| {
                    ((image.values[i + ni * (j + nj * k)] - low) / (high - low)).clamp(0.0, 1.0)
                });
                assert_eq!(window.values[at].to_bits(), value.to_bits(), "{voxel:?}");
                assert_eq!(window.is_inside[blocks.voxel(*voxel)], index.is_some(), "{voxel:?}");
            }
            let bits = Mask::from_words(image.grid, window.places.bits(image.grid.extent));
            let mut found = Vec::new();
            for row in 0..nj * nk {
                let [j, k] = [row % nj, row / nj];
                found.extend(window.places.row([j, k]).map(|(i, voxel)| (voxel, [i, j, k])));
            }
            let mut expected: Vec<_> =
                indices.iter().filter_map(|(v, index)| index.map(|index| (*v, index))).collect();
            assert!(expected.iter().all(|(_, index)| bits.get(*index)));
            assert_eq!(bits.n_set() as usize, expected.len());
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn logits_of_the_mirrored_input_are_put_where_they_belong() {
        let card = card();
        let (blocks, [nr, na, ns]) = (card.blocks(), card.extent());
        let n_classes = blocks.n_classes();
        let value = |class: usize, [r, a, s]: [usize; 3]| (class + 7 * r + 3 * a + 5 * s) as f32;
        let mut one = vec![0.0; blocks.part() * n_classes * nr / 2];
        let mut other = one.clone();
        let voxels =
            || (0..nr * na * ns).step_by(37).map(|at| [at / (na * ns), at / ns % na, at % ns]);
        for class in 0..n_classes {
            for [r, a, s] in voxels() {
                one[blocks.logit(class, blocks.voxel([r, a, s]))] = value(class, [r, a, s]);
                let mirrored = blocks.voxel([nr - 1 - r, a, s]);
                other[blocks.logit(class, mirrored)] = 2.0 + value(class, [r, a, s]);
            }
        }
        add_mirrored(&mut one, &other, &blocks);
        for class in 0..n_classes {
            for voxel in voxels() {
                let found = one[blocks.logit(class, blocks.voxel(voxel))];
                assert!((found - value(class, voxel) - 1.0).abs() < 1e-3, "{class} {voxel:?}");
            }
        }
    }
}

use kernels::{Workers, order_statistics};
use thiserror::Error;
use volume::{Affine, Grid, Mask, RealVolume, StoredVolume};

use crate::Card;

/// Frames of a 4D scan, of those that show the head, that are averaged for looking at it.
const MOST_FRAMES: usize = 8;
/// No scanner sees further.
const LARGEST_MM: f64 = 2500.0;
/// Spacing of the grid on which the head is first looked for.
const SEARCH_MM: f64 = 4.0;
/// A 0.1th percentile below this means Hounsfield units: only air in CT lies so deep.
const HU_AIR_BELOW: f32 = -500.0;
/// Hounsfield units beyond this range tell nothing of soft tissue.
const HU_RANGE: [f32; 2] = [-1000.0, 1000.0];

/// A scan in patient space, on the model's spacing, and where in it the model looks.
#[derive(Debug)]
pub struct Sampled {
    /// The whole scan on a grid along the patient's axes.
    pub image: RealVolume,
    /// The voxel of `image` that is the first of the model's grid; it may lie outside.
    pub window: [isize; 3],
    /// Whether the values are Hounsfield units, by their distribution.
    pub is_hu: bool,
}

/// Why a scan cannot be brought into patient space.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SampleError {
    /// The scan is larger than any scanner's field of view.
    #[error("the scan is {found_mm:.0} mm long, more than any scanner sees")]
    Size {
        /// The longest side in patient space.
        found_mm: f64,
    },
}

/// Brings a scan into patient space, on a grid on which `card`'s model is placed on the head.
///
/// Block means of the scan, then trilinear values; the model's reference implementation, of which
/// this is a translation, defines every step.
///
/// # Errors
/// [`SampleError::Size`] if the affine makes the scan larger than any scanner's field of view.
pub fn sample(scan: &StoredVolume, card: &Card, workers: Workers) -> Result<Sampled, SampleError> {
    let spacing = card.spacing_mm();
    let coarse = Coarse::of(scan, spacing, workers)?;
    let (search, low, mut values) = coarse.search(workers);
    let is_hu = order_statistics(&mut values, [0.001]).is_some_and(|[v]| v < HU_AIR_BELOW);
    let extent = card.extent();
    let origin = place(&search, low, is_hu, &mut values, extent, spacing);
    let bounds = coarse.grid.bounds_mm();
    let first = [0, 1, 2].map(|a| ((bounds[0][a] - origin[a]) / spacing).ceil());
    let last = [0, 1, 2].map(|a| ((bounds[1][a] - origin[a]) / spacing).floor());
    let grid = Grid {
        extent: [0, 1, 2].map(|a| (last[a] - first[a]).max(0.0) as usize + 1),
        affine: Affine::axis_aligned(
            [spacing; 3],
            [0, 1, 2].map(|a| origin[a] + first[a] * spacing),
        ),
    };
    let window = first.map(|f| -(f as isize));
    Ok(Sampled { image: coarse.on(grid, workers), window, is_hu })
}

/// Brings a scan onto a grid along the patient's axes that another scan was sampled on.
///
/// # Errors
/// As [`sample`].
pub fn sample_on(
    scan: &StoredVolume,
    grid: Grid,
    workers: Workers,
) -> Result<RealVolume, SampleError> {
    Ok(Coarse::of(scan, grid.spacing_mm()[0], workers)?.on(grid, workers))
}

/// Block means of a scan, in its own orientation.
struct Coarse {
    grid: Grid,
    inverse: Affine,
    values: Vec<f32>,
}

impl Coarse {
    fn of(scan: &StoredVolume, spacing: f64, workers: Workers) -> Result<Self, SampleError> {
        let grid = scan.grid();
        let bounds = grid.bounds_mm();
        let found_mm = (0..3).map(|a| bounds[1][a] - bounds[0][a]).fold(0.0, f64::max);
        let block = [0, 1, 2].map(|a| {
            let n = (spacing / grid.spacing_mm()[a] + 1e-3).floor().max(1.0);
            (n as usize).min(grid.extent[a])
        });
        let half = |a: usize| (block[a] as f64 - 1.0) / 2.0;
        let blocks = Affine::axis_aligned([0, 1, 2].map(|a| block[a] as f64), [0, 1, 2].map(half));
        let affine = grid.affine.after(&blocks);
        let (true, Some(inverse)) = (found_mm <= LARGEST_MM, affine.inverse()) else {
            return Err(SampleError::Size { found_mm });
        };
        let read = |k: usize, j: usize, out: &mut [f32]| mean_of_frames(scan, k, j, out);
        let is_exact = scan.n_shown() == 1 && scan.sums_are_exact(block.iter().product());
        let (values, extent) = if is_exact {
            kernels::block_mean_of_exact(read, grid.extent, block, workers)
        } else {
            kernels::block_mean(read, grid.extent, block, workers)
        };
        Ok(Self { grid: Grid { extent, affine }, inverse, values })
    }

    fn on(&self, grid: Grid, workers: Workers) -> RealVolume {
        let to_source = self.inverse.after(&grid.affine);
        let (values, inside) =
            kernels::resample(&self.values, self.grid.extent, &to_source.0, grid.extent, workers);
        RealVolume { grid, values, inside: Mask::from_words(grid, inside) }
    }

    /// The whole scan at 4 mm, its lowest corner, and the values inside it.
    fn search(&self, workers: Workers) -> (RealVolume, [f64; 3], Vec<f32>) {
        let [low, high] = self.grid.bounds_mm();
        let low = low.map(|v| v + SEARCH_MM / 2.0);
        let extent =
            [0, 1, 2].map(|a| ((high[a] - low[a]) / SEARCH_MM).floor().max(0.0) as usize + 1);
        let affine = Affine::axis_aligned([SEARCH_MM; 3], low);
        let image = self.on(Grid { extent, affine }, workers);
        let values = kernels::gather(&image.values, image.inside.words(), extent, workers);
        (image, low, values)
    }
}

/// The mean of rows of plane `k`, from row `j` on, in up to [`MOST_FRAMES`] of the frames that show the head.
fn mean_of_frames(scan: &StoredVolume, k: usize, j: usize, out: &mut [f32]) {
    let n_frames = scan.n_shown();
    let nk = scan.grid().extent[2];
    scan.real_rows(k, j, out);
    let n_used = n_frames.min(MOST_FRAMES);
    if n_used == 1 {
        return;
    }
    let mut frame = vec![0.0; out.len()];
    for n in 1..n_used {
        scan.real_rows(n * n_frames / n_used * nk + k, j, &mut frame);
        out.iter_mut().zip(&frame).for_each(|(sum, v)| *sum += v);
    }
    out.iter_mut().for_each(|sum| *sum /= n_used as f32);
}

/// Clips a value to the Hounsfield range where the values are Hounsfield units.
pub(crate) fn clipped(value: f32, is_hu: bool) -> f32 {
    if is_hu { value.clamp(HU_RANGE[0], HU_RANGE[1]) } else { value }
}

/// Where the model's first voxel goes, in RAS millimetres: its grid is centred on the head, or,
/// where the head with neck and shoulders is taller than the grid, has its top 14 mm above it.
fn place(
    search: &RealVolume,
    low_mm: [f64; 3],
    is_hu: bool,
    values: &mut [f32],
    extent: [usize; 3],
    spacing: f64,
) -> [f64; 3] {
    let [dark, bright] =
        order_statistics(values, [0.01, 0.995]).unwrap_or([0.0, 0.0]).map(|v| clipped(v, is_hu));
    let foreground = dark + 0.2 * (bright - dark);
    let [ni, nj, nk] = search.grid.extent;
    let mut counts = [vec![0u64; ni], vec![0u64; nj], vec![0u64; nk]];
    for (at, &value) in search.values.iter().enumerate() {
        let index = [at % ni, at / ni % nj, at / ni / nj];
        if clipped(value, is_hu) > foreground && search.inside.get(index) {
            for a in 0..3 {
                counts[a][index[a]] += 1;
            }
        }
    }
    [0, 1, 2].map(|a| {
        let total = counts[a].iter().sum::<u64>().max(1);
        let reached = |share: u64| {
            let mut sum = 0;
            let at = counts[a].iter().position(|n| {
                sum += n;
                sum * 200 >= share * total
            });
            low_mm[a] + SEARCH_MM * at.unwrap_or(0) as f64
        };
        let (first, last) = (reached(1), reached(199));
        let half = (extent[a] - 1) as f64 / 2.0 * spacing;
        if a == 2 && last - first > 230.0 {
            last + 14.0 - extent[a] as f64 * spacing / 2.0 - half
        } else {
            (first + last) / 2.0 - half
        }
    })
}

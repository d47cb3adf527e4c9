//! Tilted and unevenly spaced slices onto an orthogonal grid.
//!
//! ```text
//!   as they lie, tilted       set upright              unevenly spaced      filled in
//!
//!       /────────/            .../────────/            ──────────           ──────────
//!      /────────/             ../────────/.                                 ..........
//!     /────────/              ./────────/..            ──────────           ──────────
//!    /────────/               /────────/...            ──────────           ──────────
//! ```
//!
//! Both are one rule. A plane of the new grid lies between two slices; each of them is shifted within its
//! own plane to where the gantry's tilt has moved it from, and the two are mixed by their distances. The
//! grid is enlarged within the planes, to hold every slice whole, as that of dcm2niix is.

use kernels::Workers;
use volume::{Affine, ByteOrder, Grid, StoredVolume};

use crate::open::in_parallel;

/// Slices that a tilt moves no farther than this, all in all, lie upright: positions are written with few
/// digits.
const UPRIGHT_MM: f64 = 0.05;
/// A share this near to none or all of two neighbours is none or all: it comes from the last digit of a
/// position.
const WHOLE: f64 = 1e-3;
/// Of the distances between slices, this part is at most as large as the regular one: a single slice out of
/// place does not set the distance for all.
const REGULAR: f64 = 0.1;
/// Distances that differ by no more than this part from the regular one are that.
const LIKE_REGULAR: f64 = 0.1;
/// At most so many planes are made for each slice.
const MOST_PLANES_A_SLICE: f64 = 4.0;
/// Air in CT, in HU.
const AIR_HU: f64 = -1000.0;

/// How slices become the planes of an orthogonal grid with equal spacing.
#[derive(Debug)]
pub(crate) struct Resampling {
    grid: Grid,
    /// For each slice, what is added to an index `[i, j]` of the grid to get that of the slice.
    offsets: Vec<[f64; 2]>,
    /// For each plane of the grid, the slice at or before it, and how much of the next one it takes.
    planes: Vec<(usize, f64)>,
    note: String,
}

impl Resampling {
    /// How slices on `grid` are resampled; `None` if they lie on an orthogonal grid with equal spacing.
    ///
    /// `along_mm` tells how far along their normal the slices lie from the first, if they are not equally
    /// spaced: they ascend, as many as the grid has planes, and lie on the line through first and last.
    pub(crate) fn of(grid: &Grid, along_mm: Option<&[f64]>) -> Option<Self> {
        let [ni, nj, nk] = grid.extent;
        let last = nk.checked_sub(1).filter(|&last| last > 0)?;
        let upright = upright(&grid.affine);
        // How far the last slice is moved within its plane, in voxels, and lies from the first, in mm.
        let [moved_i, moved_j, span_mm] =
            upright.inverse()?.apply(grid.affine.apply([0.0, 0.0, last as f64]));
        let spacing_mm = grid.spacing_mm();
        let moved_mm = (moved_i * spacing_mm[0]).hypot(moved_j * spacing_mm[1]);
        let is_tilted = moved_mm > UPRIGHT_MM;
        if !is_tilted && along_mm.is_none() {
            return None;
        }
        let moved = if is_tilted { [moved_i, moved_j] } else { [0.0; 2] };
        let at_mm = match along_mm {
            Some(along_mm) => along_mm.to_vec(),
            None => (0..nk).map(|k| span_mm * k as f64 / last as f64).collect(),
        };
        let n_steps = match along_mm {
            Some(along_mm) => (span_mm / regular_step(along_mm)).round().max(1.0) as usize,
            None => last,
        };
        let step_mm = span_mm / n_steps as f64;
        let planes = match along_mm {
            Some(along_mm) => {
                (0..=n_steps).map(|k| between(along_mm, step_mm * k as f64)).collect()
            }
            None => (0..nk).map(|k| (k, 0.0)).collect(),
        };
        let low = moved.map(|voxels| whole(voxels.min(0.0)).floor());
        let more = [0, 1].map(|axis| (whole(moved[axis].max(0.0)).ceil() - low[axis]) as usize);
        let origin = upright.apply([low[0], low[1], 0.0]);
        let column = |axis: usize| upright.column(axis);
        let normal = column(2).map(|v| v * step_mm);
        let affine = affine([column(0), column(1), normal, origin]);
        let offset = |mm: &f64| [0, 1].map(|axis: usize| low[axis] - moved[axis] * mm / span_mm);
        Some(Self {
            grid: Grid { extent: [ni + more[0], nj + more[1], n_steps + 1], affine },
            offsets: at_mm.iter().map(offset).map(|o| o.map(whole)).collect(),
            planes,
            note: note(is_tilted.then(|| moved_mm.atan2(span_mm)), along_mm, step_mm),
        })
    }

    /// The grid that the slices are brought to.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What was done, for the record.
    pub(crate) fn note(&self) -> &str {
        &self.note
    }

    /// Writes the planes of all frames of `volume` on the new grid to `out`, little endian and of its stored
    /// type, rows turned over.
    ///
    /// Where no slice has a value there is air: in CT -1000 HU, or what of that the scan has.
    ///
    /// # Panics
    /// If `volume` does not have the slices that this was made for, or `out` not the bytes of the planes.
    pub(crate) fn write_planes(
        &self,
        volume: &StoredVolume,
        is_ct: bool,
        out: &mut [u8],
        workers: Workers,
    ) {
        let [ni, nj, nk] = self.grid.extent;
        assert_eq!(volume.grid().extent[2], self.offsets.len(), "an offset a slice");
        let row_bytes = ni * volume.stored_type().n_bytes();
        assert_eq!(out.len(), row_bytes * nj * nk * volume.n_frames(), "the bytes of all planes");
        let air = air(volume, is_ct, workers);
        workers.for_each_chunk(out, row_bytes * nj, |p, bytes| {
            let frame = p / nk * self.offsets.len();
            let mut rows = Rows::new(self, volume, frame);
            for (j, bytes) in bytes.chunks_exact_mut(row_bytes).rev().enumerate() {
                let row = rows.row(p % nk, j, air);
                volume.stored_type().encode(row, ByteOrder::Little, bytes);
            }
        });
    }
}

/// Makes rows of one frame on the new grid, in memory of its own.
struct Rows<'a> {
    resampling: &'a Resampling,
    volume: &'a StoredVolume,
    /// The first plane of the frame.
    frame: usize,
    /// Two rows of a slice.
    of_slice: [Vec<f64>; 2],
    /// The row of the new grid, of each of two slices.
    shifted: [Vec<f64>; 2],
}

impl<'a> Rows<'a> {
    fn new(resampling: &'a Resampling, volume: &'a StoredVolume, frame: usize) -> Self {
        let row = |ni: usize| [vec![0.0; ni], vec![0.0; ni]];
        let (of_slice, shifted) = (row(volume.grid().extent[0]), row(resampling.grid.extent[0]));
        Self { resampling, volume, frame, of_slice, shifted }
    }

    /// Stored values of row `j` of plane `k` of the new grid, not rounded; `air` where there are none.
    fn row(&mut self, k: usize, j: usize, air: f64) -> &[f64] {
        let (slice, share) = self.resampling.planes[k];
        self.shift(0, slice, j);
        if share > 0.0 {
            self.shift(1, slice + 1, j);
        }
        let [row, next] = &mut self.shifted;
        for (value, next) in row.iter_mut().zip(next) {
            let mixed = if share > 0.0 { mix(*value, *next, share) } else { *value };
            *value = if mixed.is_nan() { air } else { mixed };
        }
        row
    }

    /// Makes `shifted[which]` the row `j` of the new grid as `slice` has it, NaN where it has no value.
    fn shift(&mut self, which: usize, slice: usize, j: usize) {
        let [offset_i, offset_j] = self.resampling.offsets[slice];
        let at = j as f64 + offset_j;
        let share = at - at.floor();
        self.read(0, slice, at.floor());
        if share > 0.0 {
            self.read(1, slice, at.floor() + 1.0);
            let [row, next] = &mut self.of_slice;
            row.iter_mut().zip(next).for_each(|(value, next)| *value = mix(*value, *next, share));
        }
        let (row, share) = (&self.of_slice[0], offset_i - offset_i.floor());
        let first = offset_i.floor() as isize;
        let value = |i: isize| usize::try_from(i).ok().and_then(|i| row.get(i)).copied();
        for (i, out) in (first..).zip(&mut self.shifted[which]) {
            let (here, next) = (value(i).unwrap_or(f64::NAN), value(i + 1).unwrap_or(f64::NAN));
            *out = mix(here, next, share);
        }
    }

    /// Makes `of_slice[which]` the row `j` of `slice`, NaN where it has no value.
    fn read(&mut self, which: usize, slice: usize, j: f64) {
        let row = &mut self.of_slice[which];
        if (0.0..self.volume.grid().extent[1] as f64).contains(&j) {
            self.volume.stored_rows(self.frame + slice, j as usize, row);
        } else {
            row.fill(f64::NAN);
        }
    }
}

/// `share` of `next` and the rest of `here`. Where one of them has no value it is the nearer one, value or
/// not: padding is never mixed with values.
fn mix(here: f64, next: f64, share: f64) -> f64 {
    match (here.is_nan() || next.is_nan(), share < 0.5) {
        (false, _) => here + share * (next - here),
        (true, true) => here,
        (true, false) => next,
    }
}

/// The number, or the whole one beside it if that is very near.
fn whole(number: f64) -> f64 {
    if (number - number.round()).abs() < WHOLE { number.round() } else { number }
}

/// The stored value of air: of [`AIR_HU`] in CT, or of the lowest real value if that is higher or it is no CT.
fn air(volume: &StoredVolume, is_ct: bool, workers: Workers) -> f64 {
    let [ni, nj, _] = volume.grid().extent;
    let planes: Vec<usize> = (0..volume.n_planes()).collect();
    let rescale = volume.rescale(0);
    let lowest = in_parallel(&planes, workers, |&p| {
        let (mut row, mut lowest) = (vec![0.0; ni], f64::INFINITY);
        for j in 0..nj {
            volume.stored_rows(p, j, &mut row);
            // `min` passes over NaN.
            lowest = row.iter().map(|&stored| rescale.real(stored)).fold(lowest, f64::min);
        }
        lowest
    });
    let lowest = lowest.into_iter().fold(f64::INFINITY, f64::min);
    let air = if is_ct { lowest.max(AIR_HU) } else { lowest };
    volume.storable(0, rescale.stored(if air.is_finite() { air } else { 0.0 }))
}

/// The distance in mm to which slices at `along_mm`, ascending, are brought: the smallest regular one.
///
/// That is the mean of the distances that are like the one a tenth of all are at most as large as, but not so
/// small that there are more than [`MOST_PLANES_A_SLICE`].
fn regular_step(along_mm: &[f64]) -> f64 {
    let mut gaps: Vec<f64> = along_mm.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    let regular = gaps[(REGULAR * n) as usize];
    let is_like = |gap: &&f64| (**gap - regular).abs() <= LIKE_REGULAR * regular;
    let n_alike = gaps.iter().filter(is_like).count() as f64;
    let alike = gaps.iter().filter(is_like).sum::<f64>() / n_alike;
    alike.max(mean / MOST_PLANES_A_SLICE)
}

/// The slice at or before `mm`, of those at `along_mm`, and the share of the next one there.
fn between(along_mm: &[f64], mm: f64) -> (usize, f64) {
    let after = along_mm.partition_point(|at| *at <= mm).clamp(1, along_mm.len() - 1);
    let (before, next) = (along_mm[after - 1], along_mm[after]);
    let share = whole(((mm - before) / (next - before)).clamp(0.0, 1.0));
    if share < 1.0 { (after - 1, share) } else { (after, 0.0) }
}

/// The affine whose `k` is in mm along the normal of the planes of `of`.
fn upright(of: &Affine) -> Affine {
    let ([a, b, c], [d, e, f]) = (of.column(0), of.column(1));
    let normal = [b * f - c * e, c * d - a * f, a * e - b * d];
    let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
    affine([of.column(0), of.column(1), normal.map(|v| v / length), of.apply([0.0; 3])])
}

/// The affine of the steps along each axis, and of the first voxel's place.
fn affine(columns: [[f64; 3]; 4]) -> Affine {
    Affine([0, 1, 2].map(|axis: usize| columns.map(|column| column[axis])))
}

/// What the record says, of a tilt in radians, and of slices that are not equally spaced.
fn note(tilt: Option<f64>, along_mm: Option<&[f64]>, step_mm: f64) -> String {
    let tilted = tilt.map(|tilt| {
        format!(
            "slices stacked at {:.1} degrees to their normal were set upright",
            tilt.to_degrees()
        )
    });
    let uneven = along_mm.map(|along_mm| {
        let gaps = || along_mm.windows(2).map(|pair| pair[1] - pair[0]);
        let (smallest, largest) =
            (gaps().fold(f64::INFINITY, f64::min), gaps().fold(0.0, f64::max));
        format!("slices {smallest:.2} to {largest:.2} mm apart became planes {step_mm:.2} mm apart")
    });
    let done: Vec<_> = tilted.into_iter().chain(uneven).collect();
    format!("resampled on request, its values mixed of neighbours: {}", done.join("; "))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers have exact binary forms")]
mod tests;

use kernels::{Neighbours, Rays, Workers};
use volume::RealVolume;

use crate::background::skin_threshold;

/// Skin this far from where it was, or less, has stayed.
const STAYED_MM: f64 = 3.0;
/// The face reaches this far from its foremost point: to chin and cheeks from a nose, to the brow
/// from a nose bridge.
const FACE_RADIUS_MM: f64 = 65.0;
/// The hairline lies further above the foremost point than this.
const BELOW_HAIRLINE_MM: f64 = 40.0;
/// The chin lies less than this below the top of the head.
const HEAD_HEIGHT_MM: f64 = 230.0;
/// Fewer columns than this are no surface to judge.
const LEAST_COLUMNS: u32 = 150;
/// Air is looked at from this far in front of the skin, beyond its blur, over [`AIR_MM`].
const AIR_FROM_MM: f64 = 4.0;
/// See [`AIR_FROM_MM`].
const AIR_MM: f64 = 20.0;
/// A second look at faint remains: thresholds as shares of the way from air to the skin's.
const THRESHOLD_SHARES: [f32; 2] = [1.0, 0.6];

/// How much of the skin that faced forwards is still where it was.
///
/// Found from the two images alone: neither labels nor mask are asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residual {
    /// Columns of the original's facial surface that were judged.
    pub n_columns: u32,
    /// The share of them in which a surface stayed, at the worse of the thresholds.
    pub share: f64,
}

/// Compares the facial surface of a scan with what is left of it.
///
/// Seen from the front, the foremost point of a head, in its upper 230 mm, belongs to the face:
/// nose, lips, chin or brow. The surface within 65 mm of it, and not more than 40 mm above, is
/// facial skin; where `is_face` is given, no more of it than lies at such places (RAS millimetres).
/// Both images lie on one grid along the patient's axes. `None` if the original has no such surface.
#[must_use]
pub fn residual_face(
    before: &RealVolume,
    after: &RealVolume,
    is_hu: bool,
    is_face: Option<&dyn Fn([f64; 3]) -> bool>,
    workers: Workers,
) -> Option<Residual> {
    let skin = skin_threshold(before, is_hu, workers)?;
    let surface = Surface::of(before, skin, workers)?;
    let mut face = surface.facial_columns();
    if let Some(is_face) = is_face {
        let ni = before.grid.extent[0];
        face.retain(|&column| {
            let j = surface.front[column].unwrap_or(0);
            let index = [column % ni, j, column / ni].map(|v| v as f64);
            is_face(before.grid.affine.apply(index))
        });
    }
    if (face.len() as u32) < LEAST_COLUMNS {
        return None;
    }
    let air = surface.air_in_front(&face, before).unwrap_or(skin);
    let share = THRESHOLD_SHARES
        .into_iter()
        .map(|share| air + share * (skin - air))
        .map(|threshold| surface.stayed(&face, after, threshold))
        .fold(0.0, f64::max);
    Some(Residual { n_columns: face.len() as u32, share })
}

/// A head seen from the front: for each column `(i, k)` the foremost voxel `j`.
struct Surface {
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    front: Vec<Option<usize>>,
}

impl Surface {
    fn of(image: &RealVolume, threshold: f32, workers: Workers) -> Option<Self> {
        let extent = image.grid.extent;
        let spacing_mm = image.grid.spacing_mm();
        let head = kernels::threshold(&image.values, extent, threshold, workers);
        let head = kernels::open(&head, extent, spacing_mm, spacing_mm[0], workers);
        let head = kernels::keep_largest(&head, extent, Neighbours::Faces, workers);
        let [ni, nj, nk] = extent;
        let from_the_front = Rays {
            n_pixels: [ni, nk],
            start: [0.0, nj as f64 - 1.0, 0.0],
            across: [1.0, 0.0, 0.0],
            down: [0.0, 0.0, 1.0],
            step: [0.0, -1.0, 0.0],
            n_steps: nj,
        };
        let hits = kernels::ray_cast(&head, extent, spacing_mm, &from_the_front, workers);
        let top = hits.iter().rposition(Option::is_some)? / ni;
        let height = (HEAD_HEIGHT_MM / spacing_mm[2]) as usize;
        let is_high = |column: usize| column / ni + height >= top;
        let front = hits
            .iter()
            .enumerate()
            .map(|(column, hit)| hit.filter(|_| is_high(column)).map(|hit| nj - 1 - hit.n));
        let front = front.collect();
        Some(Self { extent, spacing_mm, front })
    }

    /// The columns of the face, around its foremost point.
    fn facial_columns(&self) -> Vec<usize> {
        let ni = self.extent[0];
        let Some(tip) = self.tip() else { return Vec::new() };
        let place = |column: usize, j: usize| {
            let index = [column % ni, j, column / ni];
            [0, 1, 2].map(|a| index[a] as f64 * self.spacing_mm[a])
        };
        let Some(tip_j) = self.front[tip] else { return Vec::new() };
        let tip = place(tip, tip_j);
        let columns = self.front.iter().enumerate();
        let is_face = |&(column, j): &(usize, &Option<usize>)| {
            j.is_some_and(|j| {
                let away: [f64; 3] = std::array::from_fn(|a| place(column, j)[a] - tip[a]);
                away[2] <= BELOW_HAIRLINE_MM
                    && away.iter().map(|v| v * v).sum::<f64>() <= FACE_RADIUS_MM * FACE_RADIUS_MM
            })
        };
        columns.filter(is_face).map(|(column, _)| column).collect()
    }

    /// The foremost column of which the neighbours lie nearly as far in front: no speck, no wire.
    fn tip(&self) -> Option<usize> {
        let [ni, _, nk] = self.extent;
        let near = (8.0 / self.spacing_mm[1]).ceil() as usize;
        let is_supported = |column: usize, j: usize| {
            let (i, k) = (column % ni, column / ni);
            let around = (i.saturating_sub(2)..(i + 3).min(ni))
                .flat_map(|i| (k.saturating_sub(2)..(k + 3).min(nk)).map(move |k| i + ni * k));
            around.filter(|&c| self.front[c].is_some_and(|other| other + near >= j)).count() >= 12
        };
        let columns = self.front.iter().enumerate();
        columns
            .filter_map(|(column, j)| j.map(|j| (j, column)))
            .filter(|&(j, column)| is_supported(column, j))
            .max()
            .map(|(_, column)| column)
    }

    /// The level of the air in front of `columns`, in the image that this is the surface of: the
    /// least value of a scan may be padding, or lie far below the noise.
    fn air_in_front(&self, columns: &[usize], image: &RealVolume) -> Option<f32> {
        let [ni, nj, _] = self.extent;
        let [from, n] = [AIR_FROM_MM, AIR_MM].map(|mm| (mm / self.spacing_mm[1]) as usize);
        let in_front = |&column: &usize| {
            let (i, k) = (column % ni, column / ni);
            let first = self.front[column].map_or(nj, |j| j + from);
            let voxels = (first..(first + n).min(nj)).map(move |j| [i, j, k]);
            voxels.filter(|index| image.inside.get(*index))
        };
        let values =
            columns.iter().flat_map(in_front).map(|[i, j, k]| image.values[i + ni * (j + nj * k)]);
        let mut values: Vec<f32> = values.collect();
        kernels::order_statistics(&mut values, [0.5]).map(|[middle]| middle)
    }

    /// The share of `columns` in which `after` still has a surface where it was. Where all is of one
    /// value there is none, however bright what was filled in.
    fn stayed(&self, columns: &[usize], after: &RealVolume, threshold: f32) -> f64 {
        let [ni, nj, _] = self.extent;
        let reach = (STAYED_MM / self.spacing_mm[1]).max(1.0) as usize;
        let has_stayed = |&&column: &&usize| {
            let (i, k) = (column % ni, column / ni);
            self.front[column].is_some_and(|j| {
                let near = (j.saturating_sub(reach)..=(j + reach).min(nj - 1))
                    .map(|j| after.values[i + ni * (j + nj * k)]);
                let (low, high) =
                    near.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (v.min(l), v.max(h)));
                high > threshold && high > low
            })
        };
        columns.iter().filter(has_stayed).count() as f64 / columns.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid, Mask};

    /// A blurred ball of a head in air of value 17, with padding in front; from plane `cut_at` on
    /// there is only air, over the padding too.
    fn ball(cut_at: usize) -> RealVolume {
        let grid = Grid { extent: [64; 3], affine: Affine::axis_aligned([4.0; 3], [0.0; 3]) };
        let value = |at: usize| {
            let index = [at % 64, at / 64 % 64, at / 4096];
            let is_padding = index[1] >= 56;
            let radius = index.iter().map(|&v| (v as f32 - 31.5).powi(2)).sum::<f32>().sqrt();
            match index[1] >= cut_at {
                false if is_padding => 0.0,
                false => 17.0 + 83.0 * ((24.0 - radius) / 10.0).clamp(0.0, 1.0),
                true => 17.0,
            }
        };
        let inside = kernels::complement(Mask::empty(grid).words(), grid.extent);
        let values = (0..grid.n_voxels()).map(value).collect();
        RealVolume { grid, values, inside: Mask::from_words(grid, inside) }
    }

    #[test]
    fn bright_air_within_padding_is_no_face() {
        let whole = ball(64);
        let share = |after: &RealVolume| {
            residual_face(&whole, after, false, None, Workers::ONE).expect("a surface").share
        };
        assert!(share(&whole) > 0.99);
        assert!(share(&ball(36)) < 0.01);
    }
}

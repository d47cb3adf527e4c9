use volume::{Mask, StoredVolume};

use crate::Refined;
use crate::average::is_within_average_head;

/// Air in CT, HU.
const CT_AIR_HU: f64 = -1000.0;
/// Fewer voxels of air than this say nothing of its noise.
const LEAST_AIR: usize = 500;
/// Evenly spaced quantiles of the air by which it is told.
const N_QUANTILES: usize = 512;

/// What is wanted where a face was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filling {
    /// Air: -1000 HU in CT, else the level of the scan's own.
    Air,
    /// Values drawn from the scan's own air.
    Noise {
        /// The same seed gives the same values.
        seed: u64,
    },
    /// One real value.
    Constant(f64),
    /// An average head, closed, as bright as this head's own flesh, in air.
    Average,
}

/// What is written where a face was: real values.
///
/// It depends on the mask, the seed and on what stays of the scan, never on what is removed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fill {
    /// One value.
    Even(f64),
    /// Values of these, in ascending order, each as likely as the others.
    Drawn {
        /// The values.
        values: Vec<f64>,
        /// The same seed gives the same values at the same voxels.
        seed: u64,
    },
    /// One value within a surface, another outside.
    Head {
        /// Inside.
        flesh: f64,
        /// Outside.
        air: f64,
        /// What lies inside.
        within: Mask,
    },
}

impl Fill {
    /// What to write into `scan` for what is wanted.
    ///
    /// Noise becomes even air where the scan shows too little of its own, an average head where the
    /// head's own axes were not found.
    #[must_use]
    pub fn of(wanted: Filling, scan: &StoredVolume, refined: &Refined, is_hu: bool) -> Self {
        let air = if is_hu { CT_AIR_HU } else { f64::from(refined.background) };
        match wanted {
            Filling::Air => Self::Even(air),
            Filling::Constant(value) => Self::Even(value),
            Filling::Noise { seed } => match quantiles(scan, &refined.air) {
                Some(values) => Self::Drawn { values, seed },
                None => Self::Even(air),
            },
            Filling::Average => match average_head(refined) {
                Some(within) => Self::Head { flesh: f64::from(refined.flesh), air, within },
                None => Self::Even(air),
            },
        }
    }
}

/// Quantiles of the real values of some voxels of the first frame.
fn quantiles(scan: &StoredVolume, voxels: &[[usize; 3]]) -> Option<Vec<f64>> {
    if voxels.len() < LEAST_AIR {
        return None;
    }
    let ni = scan.grid().extent[0];
    let mut row = vec![0.0f32; ni];
    let mut read = None;
    let mut values: Vec<f32> = Vec::with_capacity(voxels.len());
    for &[i, j, k] in voxels {
        if read != Some([j, k]) {
            scan.real_rows(k, j, &mut row);
            read = Some([j, k]);
        }
        values.push(row[i]);
    }
    values.sort_unstable_by(f32::total_cmp);
    let at = |n: usize| (2 * n + 1) * values.len() / (2 * N_QUANTILES);
    Some((0..N_QUANTILES).map(|n| f64::from(values[at(n)])).collect())
}

/// The masked voxels that lie within the average head.
fn average_head(refined: &Refined) -> Option<Mask> {
    let sight = refined.sight()?;
    let grid = *refined.mask.grid();
    let [ni, nj, nk] = grid.extent;
    let mut within = Mask::empty(grid);
    for k in 0..nk {
        for j in 0..nj {
            for i in (0..ni).filter(|&i| refined.mask.get([i, j, k])) {
                let place = grid.affine.apply([i, j, k].map(|v| v as f64));
                if is_within_average_head(sight, place) {
                    within.set([i, j, k]);
                }
            }
        }
    }
    Some(within)
}

use std::collections::BTreeMap;

use volume::{Mask, StoredVolume};

/// What varies less than this beside the original is rounding.
const LEAST_DEVIATION: f64 = 1e-3;

/// Changed voxels that are looked at: all of every so many rows.
const MOST_ASKED: u64 = 500_000;

/// Fewer voxels than these, and less than this share, that do not have the most common value are no edge.
const LEAST_EDGE: u64 = 200;
/// See [`LEAST_EDGE`].
const LEAST_EDGE_SHARE: f64 = 0.002;

/// How much of the original shows through where voxels changed: the correlation of both, 0 to 1, over
/// the changed voxels that were no air; or over those of them that have another than the most common
/// value, if that is more.
///
/// What one value or the noise of air is written over carries nothing; a faint rest, a blur or a soft
/// edge does. One even brightness above `skin` is a filled head, and does not count. `air` and `skin`
/// are real values.
///
/// # Panics
/// If the volumes or the mask lie on different grids.
#[must_use]
pub fn carried(
    before: &StoredVolume,
    after: &StoredVolume,
    changed: &Mask,
    air: f32,
    skin: f32,
) -> f64 {
    assert!(before.grid() == after.grid() && changed.grid() == before.grid(), "one grid");
    let [ni, nj, nk] = before.grid().extent;
    let mut rows = [vec![0.0f32; ni], vec![0.0f32; ni]];
    let mut pairs: BTreeMap<u32, Sums> = BTreeMap::new();
    let step = (changed.n_set() / MOST_ASKED) as usize + 1;
    for (j, k) in (0..nk).flat_map(|k| (0..nj).map(move |j| (j, k))).step_by(step) {
        let words = changed.row(j, k);
        if words.iter().all(|&word| word == 0) {
            continue;
        }
        before.real_rows(k, j, &mut rows[0]);
        after.real_rows(k, j, &mut rows[1]);
        for i in (0..ni).filter(|i| words[i / 64] >> (i % 64) & 1 == 1) {
            let [old, new] = [rows[0][i], rows[1][i]];
            if (old - air).abs() > (skin - air).abs() {
                // Bits of a value, as a key: equal values come together.
                pairs.entry(new.to_bits()).or_default().add(old, new);
            }
        }
    }
    let most = |pairs: &BTreeMap<u32, Sums>, least: f32| {
        let values = pairs.iter().filter(|(new, _)| f32::from_bits(**new) > least);
        values.max_by_key(|(_, sums)| sums.n).map(|(new, _)| *new)
    };
    if let Some(flesh) = most(&pairs, skin) {
        pairs.remove(&flesh);
    }
    let sum = |pairs: &BTreeMap<u32, Sums>| {
        pairs.values().fold(Sums::default(), |all, sums| all.plus(sums))
    };
    let all = sum(&pairs);
    if let Some(fill) = most(&pairs, f32::NEG_INFINITY) {
        pairs.remove(&fill);
    }
    let rest = sum(&pairs);
    let is_edge = rest.n >= LEAST_EDGE && rest.n as f64 >= LEAST_EDGE_SHARE * all.n as f64;
    all.correlation().max(if is_edge { rest.correlation() } else { 0.0 })
}

/// Sums over pairs of an old and a new value.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    old: f64,
    new: f64,
    old_old: f64,
    new_new: f64,
    old_new: f64,
}

impl Sums {
    fn add(&mut self, old: f32, new: f32) {
        let [old, new] = [old, new].map(f64::from);
        self.n += 1;
        self.old += old;
        self.new += new;
        self.old_old += old * old;
        self.new_new += new * new;
        self.old_new += old * new;
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            old: self.old + other.old,
            new: self.new + other.new,
            old_old: self.old_old + other.old_old,
            new_new: self.new_new + other.new_new,
            old_new: self.old_new + other.old_new,
        }
    }

    fn correlation(&self) -> f64 {
        let n = self.n.max(1) as f64;
        let old = (self.old_old / n - (self.old / n).powi(2)).max(0.0).sqrt();
        let new = (self.new_new / n - (self.new / n).powi(2)).max(0.0).sqrt();
        if old == 0.0 || new <= LEAST_DEVIATION * old {
            return 0.0;
        }
        let both = self.old_new / n - self.old * self.new / (n * n);
        (both / (old * new)).abs().min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, ByteOrder, Grid, PlaneAt, Rescale, StoredType};

    const EXTENT: [usize; 3] = [64, 64, 8];

    fn scan(value: impl Fn(usize) -> f32) -> StoredVolume {
        let affine = Affine::axis_aligned([1.0; 3], [0.0; 3]);
        let grid = Grid { extent: EXTENT, affine };
        let bytes = (0..grid.n_voxels()).flat_map(|at| value(at).to_le_bytes()).collect();
        let planes = (0..8).map(|p| PlaneAt { buffer: 0, offset: p * 64 * 64 * 4 }).collect();
        let (of, order) = (StoredType::F32, ByteOrder::Little);
        StoredVolume::new(grid, of, order, vec![Rescale::NONE], vec![bytes], planes).expect("fits")
    }

    /// Flesh of 50 to 150 beside air of 0 to 3, what becomes of the changed half of it.
    fn check(after: impl Fn(usize, f32) -> f32) -> f64 {
        let noise = |at: usize| (at.wrapping_mul(2_654_435_761) >> 7) % 101;
        let old = |at: usize| {
            let noise = noise(at) as f32;
            if at % 64 < 40 { 50.0 + noise } else { noise / 33.0 }
        };
        let before = scan(old);
        let mut changed = Mask::empty(*before.grid());
        (0..before.grid().n_voxels())
            .filter(|at| at % 64 >= 20)
            .for_each(|at| changed.set([at % 64, at / 64 % 64, at / 4096]));
        let new = |at: usize| if at % 64 >= 20 { after(at, old(at)) } else { old(at) };
        carried(&before, &scan(new), &changed, 1.0, 25.0)
    }

    #[test]
    fn what_is_written_over_carries_nothing() {
        let other = |at: usize| (at.wrapping_mul(40_503) >> 3) % 97;
        assert!(check(|_, _| 1.5) <= 0.0);
        assert!(check(|at, _| other(at) as f32 / 33.0) < 0.05, "noise");
        assert!(check(|at, _| if at % 64 < 33 { 90.0 } else { 1.5 }) <= 0.0, "a filled head");
    }

    #[test]
    fn a_faint_rest_and_a_soft_edge_are_seen() {
        assert!(check(|_, old| 1.5 + 0.01 * old) > 0.9);
        assert!(check(|at, old| if at % 64 < 22 { old * 0.5 } else { 1.5 }) > 0.2);
        assert!(check(|_, old| (1.5 + 0.01 * old).round()) > 0.3, "a few whole steps");
    }
}

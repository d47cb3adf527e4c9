use crate::Workers;
use crate::bits::row_words;
use crate::buffer::Buffer;
use crate::line::Line;

/// Voxels along each side of a block.
const SIDE: usize = 4;
/// Distances are told up to this many blocks.
const MOST_AWAY: u8 = 15;

/// A mask, and how far each of its blocks is from the nearest that holds a voxel.
pub(super) struct Scene<'a> {
    mask: &'a [u64],
    extent: [usize; 3],
    n_blocks: [usize; 3],
    /// In blocks, a diagonal counted as one, [`MOST_AWAY`] at most; `i` fastest.
    away: Buffer<'a, u8>,
}

impl<'a> Scene<'a> {
    /// `None` if the mask is empty.
    pub(super) fn of(mask: &'a [u64], extent: [usize; 3], workers: Workers<'a>) -> Option<Self> {
        let n_blocks = extent.map(|n| n.div_ceil(SIDE));
        let n = n_blocks.iter().product();
        let [mut near, mut before, mut away] = [0, 1, 2].map(|_| workers.buffer(n));
        near.fill_to(n, 0u8);
        let [ni, nj, _] = extent;
        for (row, words) in mask.chunks_exact(row_words(ni).max(1)).enumerate() {
            let (j, k) = (row % nj / SIDE, row / nj / SIDE);
            let blocks = &mut near[(j + n_blocks[1] * k) * n_blocks[0]..][..n_blocks[0]];
            for (blocks, &word) in blocks.chunks_mut(64 / SIDE).zip(words) {
                for (n, block) in blocks.iter_mut().enumerate() {
                    *block |= u8::from(word >> (SIDE * n) & 0b1111 != 0);
                }
            }
        }
        if !near.contains(&1) {
            return None;
        }
        away.fill_to(n, 0u8);
        for _ in 0..MOST_AWAY {
            if !near.contains(&0) {
                break;
            }
            away.iter_mut().zip(near.iter()).for_each(|(away, near)| *away += 1 - near);
            grow(&mut near, &mut before, n_blocks);
        }
        Some(Self { mask, extent, n_blocks, away })
    }

    /// The first of `n` samples whose nearest voxel is set, and that voxel.
    #[inline(always)]
    pub(super) fn first(&self, line: &Line, n: usize) -> Option<(usize, [usize; 3])> {
        let within = line.inside(n);
        let mut n = within.start;
        let per_voxel = line.step.map(|step| 1.0 / step);
        while n < within.end {
            let index = line.index(n);
            let voxel = [0, 1, 2].map(|a| ((index[a] + 0.5) as usize).min(self.extent[a] - 1));
            let block = voxel.map(|v| v / SIDE);
            let away =
                self.away[block[0] + self.n_blocks[0] * (block[1] + self.n_blocks[1] * block[2])];
            if away == 0 {
                if self.is_set(voxel) {
                    return Some((n, voxel));
                }
                n += 1;
            } else {
                // A ray that stands still never leaves what is empty.
                n = (n + 1).saturating_add(empty_samples(index, per_voxel, block, away));
            }
        }
        None
    }

    #[inline(always)]
    fn is_set(&self, [i, j, k]: [usize; 3]) -> bool {
        let row = (j + self.extent[1] * k) * row_words(self.extent[0]);
        self.mask[row + i / 64] >> (i % 64) & 1 == 1
    }

    /// See [`Hit::normal`](super::Hit::normal).
    #[inline(always)]
    pub(super) fn normal(&self, [i, j, k]: [usize; 3], spacing_mm: [f64; 3]) -> [f32; 3] {
        let [ni, nj, nk] = self.extent;
        let n = row_words(ni);
        let five = Five::around(i, n);
        let mut sums = [0i32; 3];
        for k_around in k.saturating_sub(2)..(k + 3).min(nk) {
            for j_around in j.saturating_sub(2)..(j + 3).min(nj) {
                let five = five.of(&self.mask[(j_around + nj * k_around) * n..][..n]);
                let n_set = five.count_ones() as i32;
                sums[0] += MOMENTS[five as usize];
                sums[1] += (j_around as i32 - j as i32) * n_set;
                sums[2] += (k_around as i32 - k as i32) * n_set;
            }
        }
        let out = [0, 1, 2].map(|a| -f64::from(sums[a]) * spacing_mm[a]);
        let length = out.iter().map(|v| v * v).sum::<f64>().sqrt();
        out.map(|v| if length > 0.0 { (v / length) as f32 } else { 0.0 })
    }
}

/// The sum of the places, -2 to 2, of the bits of each number of five.
const MOMENTS: [i32; 32] = {
    let mut moments = [0; 32];
    let mut five = 0;
    while five < 32 {
        let mut bit = 0;
        while bit < 5 {
            moments[five] += (five as i32 >> bit & 1) * (bit - 2);
            bit += 1;
        }
        five += 1;
    }
    moments
};

/// The bits of a row from two before a voxel to two after it; 0 beyond the row.
#[derive(Clone, Copy)]
struct Five {
    word: usize,
    bit: usize,
    /// Bits before the row.
    n_before: usize,
    has_next: bool,
}

impl Five {
    #[inline(always)]
    fn around(i: usize, n_words: usize) -> Self {
        let first = i.saturating_sub(2);
        let (word, bit) = (first / 64, first % 64);
        let has_next = bit > 59 && word + 1 < n_words;
        Self { word, bit, n_before: 2usize.saturating_sub(i), has_next }
    }

    #[inline(always)]
    fn of(self, row: &[u64]) -> u64 {
        let mut five = row[self.word] >> self.bit;
        if self.has_next {
            five |= row[self.word + 1] << (64 - self.bit);
        }
        five << self.n_before & 31
    }
}

/// How many samples after the one at `index` are sure to lie in blocks less than `away` from its own,
/// which are empty. `per_voxel` is how many samples a voxel along each axis takes.
#[inline(always)]
fn empty_samples(index: [f64; 3], per_voxel: [f64; 3], block: [usize; 3], away: u8) -> usize {
    /// From the middle of the last voxel outwards: half a voxel, less what rounding may take.
    const PAST: f64 = 0.49;
    let side = SIDE as f64;
    let reach = side * f64::from(away);
    let mut least = f64::INFINITY;
    for a in 0..3 {
        let first = side * block[a] as f64;
        let edge = if per_voxel[a] > 0.0 {
            first + reach - 1.0 + PAST
        } else {
            first + side - reach - PAST
        };
        let n = (edge - index[a]) * per_voxel[a];
        // An axis along which nothing moves gives an infinite number, or none.
        least = if n < least && per_voxel[a].is_finite() { n } else { least };
    }
    least.max(0.0) as usize
}

/// Sets each block of which any of the 27 around is set. What `before` holds is lost.
fn grow(blocks: &mut [u8], before: &mut Vec<u8>, [ni, nj, _]: [usize; 3]) {
    // Along `i` and `j` a block at an end must not reach into the next row or plane.
    for (stride, line) in [(1, ni), (ni, ni * nj), (ni * nj, blocks.len())] {
        before.clear();
        before.extend_from_slice(blocks);
        let lines = blocks.chunks_exact_mut(line).zip(before.chunks_exact(line));
        for (grown, before) in lines {
            for (grown, before) in grown.iter_mut().skip(stride).zip(before) {
                *grown |= before;
            }
            for (grown, after) in grown.iter_mut().zip(before.iter().skip(stride)) {
                *grown |= after;
            }
        }
    }
}

//! Dilation on rows of bits, eight words at a time.
//!
//! For each row, from the widest row of the ball to the narrowest: the source rows of that half
//! width are joined, and each step down in width spreads what was joined so far by one voxel to
//! both sides. So a source row of half width `w` is spread `w` times.

use super::scalar::BallRow;
use crate::Workers;
use crate::bits::{last_word, row_words};
use crate::buffer::Buffer;

/// Words joined together: a register of 512 bits.
const BLOCK: usize = 8;

/// Wider balls leave nothing of a block between its halos.
pub(super) const MOST_HALF_WIDTH: usize = 64 * 3;

/// How rows lie in the padded copy, and how blocks cover them.
struct Layout {
    extent: [usize; 3],
    /// Words of a row of the mask.
    n_words: usize,
    /// Words from row to row of the padded copy.
    pitch: usize,
    /// Zero words before and after a row that is longer than a block; wide enough for the ball.
    halo: usize,
    /// Zero rows before the first and after the last of a plane, and zero planes likewise.
    margin: [usize; 2],
    /// Rows that one block covers.
    rows: usize,
}

impl Layout {
    fn of(extent: [usize; 3], ball: &[BallRow]) -> Self {
        let n_words = row_words(extent[0]);
        let widest = ball.first().map_or(0, |r| r.half_width);
        let reach = |of: fn(&BallRow) -> isize| {
            ball.iter().map(|r| of(r).unsigned_abs()).max().unwrap_or(0)
        };
        let margin = [reach(|r| r.dj), reach(|r| r.dk)];
        if n_words <= BLOCK {
            let pitch = n_words.next_power_of_two();
            return Self { extent, n_words, pitch, halo: 0, margin, rows: BLOCK / pitch };
        }
        // A spread leaves the block's ends wrong by a bit a step: the halo takes them.
        let halo = widest.div_ceil(64).max(1);
        let pitch = n_words + 2 * halo + BLOCK;
        Self { extent, n_words, pitch, halo, margin, rows: 1 }
    }

    fn padded_rows(&self) -> usize {
        self.extent[1] + 2 * self.margin[0] + BLOCK
    }

    /// The first word of row `(j, k)` of the mask in the padded copy, its halo included.
    fn row_start(&self, j: usize, k: usize) -> usize {
        (j + self.margin[0] + self.padded_rows() * (k + self.margin[1])) * self.pitch
    }

    /// The mask with zeros around every row, plane and the volume.
    fn padded<'a>(&self, mask: &[u64], workers: Workers<'a>) -> Buffer<'a, u64> {
        let [_, nj, nk] = self.extent;
        let planes = nk + 2 * self.margin[1];
        let n = planes * self.padded_rows() * self.pitch + BLOCK;
        let mut padded = workers.buffer(n);
        padded.fill_to(n, 0);
        for (row, words) in mask.chunks_exact(self.n_words).enumerate() {
            let start = self.row_start(row % nj, row / nj) + self.halo;
            padded[start..][..self.n_words].copy_from_slice(words);
        }
        padded
    }
}

/// Where `mask` has rows with anything set: sums over the rectangle from the origin of `(j, k)`.
struct Occupied<'a> {
    sums: Buffer<'a, u32>,
    nj: usize,
    nk: usize,
}

impl<'a> Occupied<'a> {
    fn of(mask: &[u64], [ni, nj, nk]: [usize; 3], workers: Workers<'a>) -> Self {
        let n = row_words(ni);
        let n_sums = (nj + 1) * (nk + 1);
        let mut sums = workers.buffer(n_sums);
        sums.fill_to(n_sums, 0);
        for k in 0..nk {
            let mut along = 0;
            for j in 0..nj {
                along += u32::from(mask[(j + nj * k) * n..][..n].iter().any(|w| *w != 0));
                sums[j + 1 + (nj + 1) * (k + 1)] = along + sums[j + 1 + (nj + 1) * k];
            }
        }
        Self { sums, nj, nk }
    }

    /// Whether any row within `margin` of rows `j..=last` of plane `k` has a voxel.
    fn near(&self, [j, last]: [usize; 2], k: usize, margin: [usize; 2]) -> bool {
        let at = |j: usize, k: usize| self.sums[j + (self.nj + 1) * k];
        let (j0, j1) = (j.saturating_sub(margin[0]), (last + margin[0] + 1).min(self.nj));
        let (k0, k1) = (k.saturating_sub(margin[1]), (k + margin[1] + 1).min(self.nk));
        at(j1, k1) + at(j0, k0) != at(j0, k1) + at(j1, k0)
    }
}

/// The rows of the ball of one half width, as distances in words of the padded copy.
struct Ring {
    half_width: usize,
    offsets: Vec<isize>,
}

pub(super) fn dilate(
    mask: &[u64],
    extent: [usize; 3],
    ball: &[BallRow],
    workers: Workers,
) -> Vec<u64> {
    let layout = Layout::of(extent, ball);
    let padded = layout.padded(mask, workers);
    let occupied = Occupied::of(mask, extent, workers);
    let plane_rows = layout.padded_rows() as isize;
    let rings: Vec<Ring> = ball
        .chunk_by(|a, b| a.half_width == b.half_width)
        .map(|rows| Ring {
            half_width: rows[0].half_width,
            offsets: rows
                .iter()
                .map(|r| (r.dj + plane_rows * r.dk) * layout.pitch as isize)
                .collect(),
        })
        .collect();
    let mut out: Vec<u64> = workers.zeros(mask.len());
    workers.for_each_chunk(&mut out, layout.n_words * extent[1], |k, plane| {
        workers.level().run(
            #[inline(always)]
            || dilate_plane(&padded, &layout, &occupied, &rings, k, plane),
        );
    });
    out
}

#[inline(always)]
fn dilate_plane(
    padded: &[u64],
    layout: &Layout,
    occupied: &Occupied,
    rings: &[Ring],
    k: usize,
    plane: &mut [u64],
) {
    let n = layout.n_words;
    let last = last_word(layout.extent[0]);
    let [carry_up, carry_down] = carries(layout);
    for (first, rows) in plane.chunks_mut(n * layout.rows).enumerate() {
        let j = first * layout.rows;
        if !occupied.near([j, j + layout.rows - 1], k, layout.margin) {
            continue;
        }
        let start = layout.row_start(j, k);
        if layout.halo == 0 {
            let joined = join(padded, start, rings, &carry_up, &carry_down);
            for (row, words) in rows.chunks_exact_mut(n).zip(joined.chunks_exact(layout.pitch)) {
                row.copy_from_slice(&words[..n]);
                row[n - 1] &= last;
            }
        } else {
            // Windows of a block, of which the halo at both ends is dropped.
            let step = BLOCK - 2 * layout.halo;
            for (window, words) in rows.chunks_mut(step).enumerate() {
                let joined = join(padded, start + window * step, rings, &carry_up, &carry_down);
                let n_here = words.len();
                words.copy_from_slice(&joined[layout.halo..][..n_here]);
            }
            rows[n - 1] &= last;
        }
    }
}

/// Which words take a bit from the word before, and which from the word after: not those at the
/// ends of a row.
fn carries(layout: &Layout) -> [[u64; BLOCK]; 2] {
    let pitch = if layout.halo == 0 { layout.pitch } else { BLOCK };
    let keep = |end: usize| std::array::from_fn(move |w| if w % pitch == end { 0 } else { !0 });
    [keep(0), keep(pitch - 1)]
}

/// The dilation of the block that starts at a word of the padded copy.
#[inline(always)]
fn join(
    padded: &[u64],
    start: usize,
    rings: &[Ring],
    carry_up: &[u64; BLOCK],
    carry_down: &[u64; BLOCK],
) -> [u64; BLOCK] {
    let mut joined = [0u64; BLOCK];
    let mut width = rings.first().map_or(0, |r| r.half_width);
    for ring in rings {
        while width > ring.half_width {
            joined = spread(joined, carry_up, carry_down);
            width -= 1;
        }
        for &offset in &ring.offsets {
            let words = padded.get(start.wrapping_add_signed(offset)..);
            if let Some(words) = words.and_then(|w| w.first_chunk::<BLOCK>()) {
                for (joined, word) in joined.iter_mut().zip(words) {
                    *joined |= word;
                }
            }
        }
        if joined == [!0; BLOCK] {
            return joined;
        }
    }
    for _ in 0..width {
        joined = spread(joined, carry_up, carry_down);
    }
    joined
}

/// Sets both neighbours of every set bit.
#[inline(always)]
fn spread(block: [u64; BLOCK], carry_up: &[u64; BLOCK], carry_down: &[u64; BLOCK]) -> [u64; BLOCK] {
    let [a, b, c, d, e, f, g, h] = block;
    let before = [0, a, b, c, d, e, f, g];
    let after = [b, c, d, e, f, g, h, 0];
    std::array::from_fn(|w| {
        let up = (before[w] & carry_up[w]) >> 63;
        let down = (after[w] & carry_down[w]) << 63;
        block[w] | block[w] << 1 | block[w] >> 1 | up | down
    })
}

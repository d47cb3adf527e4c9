use crate::Grid;

/// One bit a voxel on a grid; **set = remove**.
///
/// A row of `ni` voxels takes `ceil(ni / 64)` words, so that every row starts on a word: voxel
/// `(i, j, k)` is bit `i % 64` of word `i / 64` of row `j + nj * k`. Bits past the end of a row
/// are zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    grid: Grid,
    words: Vec<u64>,
}

impl Mask {
    /// A mask with no voxel set.
    #[must_use]
    pub fn empty(grid: Grid) -> Self {
        let [ni, nj, nk] = grid.extent;
        Self { grid, words: vec![0; ni.div_ceil(64) * nj * nk] }
    }

    /// A mask of given words.
    ///
    /// # Panics
    /// If the number of words is not that of `grid`, or a bit past the end of a row is set.
    #[must_use]
    pub fn from_words(grid: Grid, words: Vec<u64>) -> Self {
        let [ni, nj, nk] = grid.extent;
        assert_eq!(words.len(), ni.div_ceil(64) * nj * nk, "one word per 64 voxels of a row");
        let past_end = if ni.is_multiple_of(64) { 0 } else { !0u64 << (ni % 64) };
        assert!(
            past_end == 0
                || words.chunks_exact(ni.div_ceil(64)).all(|r| r[r.len() - 1] & past_end == 0),
            "bits past the end of a row are zero"
        );
        Self { grid, words }
    }

    /// The grid on which the mask lies.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// All words, row after row.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The words of the rows `j = 0..nj` of plane `k`.
    #[must_use]
    pub fn plane(&self, k: usize) -> &[u64] {
        let n = self.grid.extent[0].div_ceil(64) * self.grid.extent[1];
        &self.words[k * n..(k + 1) * n]
    }

    /// The words of row `j` of plane `k`.
    #[must_use]
    pub fn row(&self, j: usize, k: usize) -> &[u64] {
        let [ni, nj, _] = self.grid.extent;
        let n = ni.div_ceil(64);
        &self.words[(j + nj * k) * n..][..n]
    }

    /// Whether voxel `[i, j, k]` is set.
    #[must_use]
    pub fn get(&self, [i, j, k]: [usize; 3]) -> bool {
        self.words[self.word_at(i, j, k)] >> (i % 64) & 1 == 1
    }

    /// Sets voxel `[i, j, k]`.
    pub fn set(&mut self, [i, j, k]: [usize; 3]) {
        let at = self.word_at(i, j, k);
        self.words[at] |= 1 << (i % 64);
    }

    /// The number of voxels set.
    #[must_use]
    pub fn n_set(&self) -> u64 {
        self.words.iter().map(|w| u64::from(w.count_ones())).sum()
    }

    fn word_at(&self, i: usize, j: usize, k: usize) -> usize {
        let [ni, nj, nk] = self.grid.extent;
        assert!(i < ni && j < nj && k < nk, "voxel [{i}, {j}, {k}] lies on the grid");
        ni.div_ceil(64) * (j + nj * k) + i / 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Affine;

    fn grid(extent: [usize; 3]) -> Grid {
        Grid { extent, affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) }
    }

    #[test]
    fn every_voxel_has_a_bit_of_its_own() {
        for ni in [1, 63, 64, 65, 130] {
            let extent = [ni, 3, 2];
            let mut mask = Mask::empty(grid(extent));
            let mut n = 0;
            for k in 0..2 {
                for j in 0..3 {
                    for i in 0..ni {
                        assert!(!mask.get([i, j, k]));
                        mask.set([i, j, k]);
                        n += 1;
                        assert!(mask.get([i, j, k]));
                        assert_eq!(mask.n_set(), n);
                    }
                }
            }
            assert_eq!(Mask::from_words(grid(extent), mask.words().to_vec()), mask);
        }
    }

    #[test]
    #[should_panic(expected = "bits past the end")]
    fn refuses_bits_past_the_end_of_a_row() {
        let _ = Mask::from_words(grid([3, 1, 1]), vec![8]);
    }
}

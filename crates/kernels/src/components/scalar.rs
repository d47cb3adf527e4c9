use super::Neighbours;
use crate::bits::{last_word, row_words};

/// A run of set voxels in a row.
struct Run {
    row: usize,
    /// First voxel.
    start: usize,
    /// One past the last voxel.
    end: usize,
}

/// The runs of a mask, each with the component it belongs to.
pub(super) struct Runs {
    runs: Vec<Run>,
    /// For each run the first run of its component.
    roots: Vec<usize>,
}

impl Runs {
    /// Finds all runs and joins those that touch.
    pub(super) fn of(mask: &[u64], [ni, nj, nk]: [usize; 3], neighbours: Neighbours) -> Self {
        let n = row_words(ni);
        let mut runs: Vec<Run> = Vec::new();
        let mut first_of_row = Vec::with_capacity(nj * nk + 1);
        for row in 0..nj * nk {
            first_of_row.push(runs.len());
            push_runs(&mask[row * n..][..n], row, &mut runs);
        }
        first_of_row.push(runs.len());
        let mut parents: Vec<usize> = (0..runs.len()).collect();
        for row in 0..nj * nk {
            let own = first_of_row[row]..first_of_row[row + 1];
            let (j, k) = (row % nj, row / nj);
            let above = (j > 0).then(|| row - 1);
            let before = (k > 0).then(|| row - nj);
            let (across, slack) = match neighbours {
                Neighbours::Faces => ([None, None], 0),
                Neighbours::Corners => {
                    let up = (k > 0 && j > 0).then(|| row - nj - 1);
                    let down = (k > 0 && j + 1 < nj).then(|| row - nj + 1);
                    ([up, down], 1)
                }
            };
            for other in [above, before].into_iter().chain(across).flatten() {
                let others = first_of_row[other]..first_of_row[other + 1];
                join_rows(&runs, own.clone(), others, slack, &mut parents);
            }
        }
        let roots = (0..runs.len()).map(|run| find(&mut parents, run)).collect();
        Self { runs, roots }
    }

    /// Voxels of each component, at the number of its first run.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.runs.len()];
        for (run, &root) in self.runs.iter().zip(&self.roots) {
            sizes[root] += (run.end - run.start) as u64;
        }
        sizes
    }

    /// For each component, at the number of its first run, whether `seeds` has a voxel of it.
    pub(super) fn touched(&self, seeds: &[u64], [ni, _, _]: [usize; 3]) -> Vec<bool> {
        let n = row_words(ni);
        let mut touched = vec![false; self.runs.len()];
        for (run, &root) in self.runs.iter().zip(&self.roots) {
            let row = &seeds[run.row * n..][..n];
            touched[root] |= words_of(run).any(|(word, bits)| row[word] & bits != 0);
        }
        touched
    }

    /// The number of each voxel's component, from 1 on, and how many there are.
    pub(super) fn number(&self, [ni, nj, nk]: [usize; 3]) -> (Vec<u32>, u32) {
        let mut numbers = vec![0u32; ni * nj * nk];
        let mut of_root = vec![0u32; self.runs.len()];
        let mut n = 0u32;
        for (run, &root) in self.runs.iter().zip(&self.roots) {
            if of_root[root] == 0 {
                assert!(n < u32::MAX, "components are counted by a u32");
                n += 1;
                of_root[root] = n;
            }
            numbers[run.row * ni..][run.start..run.end].fill(of_root[root]);
        }
        (numbers, n)
    }

    /// A mask of the components, given by their first run, that are to be kept.
    pub(super) fn paint(&self, [ni, nj, nk]: [usize; 3], keep: impl Fn(usize) -> bool) -> Vec<u64> {
        let n = row_words(ni);
        let mut mask = vec![0; n * nj * nk];
        for (run, &root) in self.runs.iter().zip(&self.roots) {
            if keep(root) {
                for (word, bits) in words_of(run) {
                    mask[run.row * n + word] |= bits;
                }
            }
        }
        mask
    }
}

/// The words of a row that a run reaches, and its bits in each.
fn words_of(run: &Run) -> impl Iterator<Item = (usize, u64)> {
    let (start, end) = (run.start, run.end);
    (start / 64..end.div_ceil(64)).map(move |word| {
        let from = start.saturating_sub(word * 64);
        let past = (end - word * 64).min(64);
        (word, (!0u64 >> (64 - past)) & (!0u64 << from))
    })
}

fn push_runs(row_words: &[u64], row: usize, runs: &mut Vec<Run>) {
    let first = runs.len();
    for (n, &word) in row_words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            let from = rest.trailing_zeros() as usize;
            let len = (rest >> from).trailing_ones() as usize;
            let (start, end) = (n * 64 + from, n * 64 + from + len);
            match runs[first..].last_mut() {
                Some(previous) if previous.end == start => previous.end = end,
                _ => runs.push(Run { row, start, end }),
            }
            let past = from + len;
            rest = if past == 64 { 0 } else { rest >> past << past };
        }
    }
}

/// Joins the runs of two neighbouring rows that overlap, or lie `slack` voxels apart along the
/// row; both ranges run along the row.
fn join_rows(
    runs: &[Run],
    own: std::ops::Range<usize>,
    others: std::ops::Range<usize>,
    slack: usize,
    parents: &mut [usize],
) {
    let (mut a, mut b) = (own.start, others.start);
    while a < own.end && b < others.end {
        if runs[a].start < runs[b].end + slack && runs[b].start < runs[a].end + slack {
            let (one, two) = (find(parents, a), find(parents, b));
            parents[one.max(two)] = one.min(two);
        }
        if runs[a].end < runs[b].end {
            a += 1;
        } else {
            b += 1;
        }
    }
}

fn find(parents: &mut [usize], mut run: usize) -> usize {
    while parents[run] != run {
        parents[run] = parents[parents[run]];
        run = parents[run];
    }
    run
}

/// The voxels at the border of the extent.
pub(super) fn border([ni, nj, nk]: [usize; 3]) -> Vec<u64> {
    let n = row_words(ni);
    let mut mask = vec![0u64; n * nj * nk];
    for (row, words) in mask.chunks_exact_mut(n.max(1)).enumerate() {
        let (j, k) = (row % nj, row / nj);
        if j == 0 || j + 1 == nj || k == 0 || k + 1 == nk {
            words.fill(!0);
            words[n - 1] = last_word(ni);
        } else {
            words[0] |= 1;
            words[n - 1] |= 1 << ((ni - 1) % 64);
        }
    }
    mask
}

use std::ops::Range;

use super::Neighbours;
use crate::bits::{last_word, row_words};
use crate::buffer::zeros;

/// A run of set voxels in a row: its first voxel, and one past its last.
type Run = [u32; 2];

/// The runs of a mask, row after row, each with the component it belongs to.
pub(super) struct Runs {
    /// Both ends of every run.
    ends: Vec<u32>,
    /// The first run of each row, and one past the last run.
    first_of_row: Vec<u32>,
    /// For each run the first run of its component.
    roots: Vec<u32>,
}

impl Runs {
    /// Finds all runs and joins those that touch.
    pub(super) fn of(mask: &[u64], [ni, nj, nk]: [usize; 3], neighbours: Neighbours) -> Self {
        assert!(u32::try_from(ni).is_ok(), "a row's voxels are counted by a u32");
        let n = row_words(ni);
        let mut ends: Vec<u32> = Vec::new();
        let mut first_of_row = Vec::with_capacity(nj * nk + 1);
        let mut roots: Vec<u32> = Vec::new();
        first_of_row.push(0);
        for row in 0..nj * nk {
            push_runs(&mask[row * n..][..n], ni, &mut ends);
            let own = roots.len()..ends.len() / 2;
            assert!(u32::try_from(own.end).is_ok(), "runs are counted by a u32");
            roots.extend(own.start as u32..own.end as u32);
            first_of_row.push(own.end as u32);
            if own.is_empty() {
                continue;
            }
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
            let (runs, _) = ends.as_chunks::<2>();
            for other in [above, before].into_iter().chain(across).flatten() {
                let others = first_of_row[other] as usize..first_of_row[other + 1] as usize;
                join_rows(runs, own.clone(), others, slack, &mut roots);
            }
        }
        // Each run points to one at or before it, which by then points to the first.
        for run in 0..roots.len() {
            roots[run] = roots[roots[run] as usize];
        }
        Self { ends, first_of_row, roots }
    }

    /// Voxels of each component, at the number of its first run.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.roots.len()];
        for (&[start, end], &root) in self.ends.as_chunks::<2>().0.iter().zip(&self.roots) {
            sizes[root as usize] += u64::from(end - start);
        }
        sizes
    }

    /// Every run with its row and the first run of its component.
    fn each(&self) -> impl Iterator<Item = (usize, Run, usize)> {
        let (runs, _) = self.ends.as_chunks::<2>();
        self.first_of_row.array_windows().enumerate().flat_map(move |(row, &[first, past])| {
            let of_row = first as usize..past as usize;
            let runs = runs[of_row.clone()].iter().zip(&self.roots[of_row]);
            runs.map(move |(&run, &root)| (row, run, root as usize))
        })
    }

    /// For each component, at the number of its first run, whether `seeds` has a voxel of it.
    pub(super) fn touched(&self, seeds: &[u64], [ni, _, _]: [usize; 3]) -> Vec<bool> {
        let n = row_words(ni);
        let mut touched = vec![false; self.roots.len()];
        for (row, run, root) in self.each() {
            let row = &seeds[row * n..][..n];
            touched[root] |= words_of(run).any(|(word, bits)| row[word] & bits != 0);
        }
        touched
    }

    /// The number of each voxel's component, from 1 on, and how many there are.
    pub(super) fn number(&self, [ni, nj, nk]: [usize; 3]) -> (Vec<u32>, u32) {
        let mut numbers: Vec<u32> = zeros(ni * nj * nk);
        let mut of_root = vec![0u32; self.roots.len()];
        let mut n = 0u32;
        for (row, [start, end], root) in self.each() {
            if of_root[root] == 0 {
                n += 1;
                of_root[root] = n;
            }
            let row = &mut numbers[row * ni..][..ni];
            for number in &mut row[start as usize..end as usize] {
                *number = of_root[root];
            }
        }
        (numbers, n)
    }

    /// A mask of the components, given by their first run, that are to be kept.
    pub(super) fn paint(&self, [ni, nj, nk]: [usize; 3], keep: impl Fn(usize) -> bool) -> Vec<u64> {
        let n = row_words(ni);
        let mut mask: Vec<u64> = zeros(n * nj * nk);
        for (row, run, root) in self.each() {
            if keep(root) {
                for (word, bits) in words_of(run) {
                    mask[row * n + word] |= bits;
                }
            }
        }
        mask
    }
}

/// The words of a row that a run reaches, and its bits in each.
fn words_of([start, end]: Run) -> impl Iterator<Item = (usize, u64)> {
    let (start, end) = (start as usize, end as usize);
    (start / 64..end.div_ceil(64)).map(move |word| {
        let from = start.saturating_sub(word * 64);
        let past = (end - word * 64).min(64);
        (word, (!0u64 >> (64 - past)) & (!0u64 << from))
    })
}

/// Appends both ends of every run of a row: a bit that differs from the one before it is the first
/// of a run or the first after one.
fn push_runs(words: &[u64], ni: usize, ends: &mut Vec<u32>) {
    let mut carry = 0;
    for (n, &word) in words.iter().enumerate() {
        let mut turns = word ^ (word << 1 | carry);
        carry = word >> 63;
        while turns != 0 {
            ends.push(n as u32 * 64 + turns.trailing_zeros());
            turns &= turns - 1;
        }
    }
    if carry != 0 {
        ends.push(ni as u32);
    }
}

/// Joins the runs of two neighbouring rows that overlap, or lie `slack` voxels apart along the
/// row; both ranges run along the row.
fn join_rows(
    runs: &[Run],
    own: Range<usize>,
    others: Range<usize>,
    slack: u32,
    parents: &mut [u32],
) {
    let (mut a, mut b) = (own.start, others.start);
    while a < own.end && b < others.end {
        let ([start, end], [other_start, other_end]) = (runs[a], runs[b]);
        if start < other_end + slack && other_start < end + slack {
            let (one, two) = (find(parents, a as u32), find(parents, b as u32));
            parents[one.max(two) as usize] = one.min(two);
        }
        let is_a_first = end < other_end;
        a += usize::from(is_a_first);
        b += usize::from(!is_a_first);
    }
}

fn find(parents: &mut [u32], mut run: u32) -> u32 {
    loop {
        let parent = parents[run as usize];
        if parent == run {
            return run;
        }
        let next = parents[parent as usize];
        parents[run as usize] = next;
        run = next;
    }
}

/// The voxels at the border of the extent.
pub(super) fn border([ni, nj, nk]: [usize; 3]) -> Vec<u64> {
    let of_plane = border_of_plane([ni, nj]);
    let mut mask: Vec<u64> = zeros(of_plane.len() * nk);
    for (k, plane) in mask.chunks_exact_mut(of_plane.len().max(1)).enumerate() {
        plane.copy_from_slice(&of_plane);
        if k == 0 || k + 1 == nk {
            plane.chunks_exact_mut(row_words(ni)).for_each(|row| fill_row(row, ni));
        }
    }
    mask
}

/// The voxels at the border of a plane.
pub(super) fn border_of_plane([ni, nj]: [usize; 2]) -> Vec<u64> {
    let n = row_words(ni);
    let mut mask = vec![0; n * nj];
    for (j, row) in mask.chunks_exact_mut(n.max(1)).enumerate() {
        if j == 0 || j + 1 == nj {
            fill_row(row, ni);
        } else {
            row[0] |= 1;
            row[n - 1] |= 1 << ((ni - 1) % 64);
        }
    }
    mask
}

/// Sets every voxel of a row.
fn fill_row(row: &mut [u64], ni: usize) {
    if let Some((last, before)) = row.split_last_mut() {
        before.fill(!0);
        *last = last_word(ni);
    }
}

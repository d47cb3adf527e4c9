use super::Neighbours;
use super::contacts::{Row, Run, each_contact};
use crate::Workers;
use crate::bits::row_words;
use crate::buffer::Buffer;

/// What is summed up over a component.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weight<'a> {
    Nothing,
    Voxels,
    /// Voxels that are seeds, too.
    Seeds(&'a [u64]),
    /// Runs at the border of the extent.
    AtBorder,
    /// Runs at the border of their plane.
    AtBorderOfPlane,
}

/// Which rows are joined to a row: of its own plane the one before it, and these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// None of the plane before.
    InPlane,
    Across(Neighbours),
}

/// The components of a mask, as runs that point to runs before them.
pub(super) struct Components<'a> {
    extent: [usize; 3],
    slabs: Vec<Slab<'a>>,
    /// For each run one of its component, before it or itself; the first run of a component alone
    /// points to itself.
    parents: Buffer<'a, u32>,
    /// The sum over each component, at its first run; 0 elsewhere.
    weights: Buffer<'a, u64>,
}

/// The runs of some planes, row after row.
struct Slab<'a> {
    planes: std::ops::Range<usize>,
    /// The number of its first run among those of all slabs.
    first: usize,
    /// Both ends of every run.
    ends: Buffer<'a, u32>,
    /// For each word of the mask how many runs start before it; one number more at the end.
    before: Buffer<'a, u32>,
    /// As those of all, but counted from the first run of the slab.
    parents: Buffer<'a, u32>,
    weights: Buffer<'a, u64>,
}

impl<'a> Components<'a> {
    /// Joins what touches in slabs of planes, one a thread, and then across their seams.
    pub(super) fn of(
        mask: &[u64],
        extent: [usize; 3],
        neighbours: Neighbours,
        weight: Weight,
        workers: Workers<'a>,
    ) -> Self {
        let joined = match weight {
            Weight::AtBorderOfPlane => Joined::InPlane,
            _ => Joined::Across(neighbours),
        };
        let [ni, nj, nk] = extent;
        assert!(u32::try_from(ni).is_ok(), "a row's voxels are counted by a u32");
        let n = row_words(ni) * nj;
        let each = nk.div_ceil(workers.n_threads()).max(1);
        let mut slabs: Vec<Slab> = (0..nk)
            .step_by(each)
            .map(|k| Slab::new(k..(k + each).min(nk), each * n, workers))
            .collect();
        workers.for_each_chunk(&mut slabs, 1, |_, slabs| {
            for slab in slabs {
                let words = &mask[slab.planes.start * n..slab.planes.end * n];
                workers.level().run(
                    #[inline(always)]
                    || slab.join(words, [ni, nj], joined, weight, nk),
                );
            }
        });
        let mut all = Self {
            extent,
            slabs,
            parents: workers.buffer(mask.len()),
            weights: workers.buffer(mask.len()),
        };
        all.gather();
        if let Joined::Across(neighbours) = joined {
            workers.level().run(
                #[inline(always)]
                || all.join_seams(mask, neighbours),
            );
        }
        all
    }

    /// The runs of all slabs in one list.
    fn gather(&mut self) {
        let Self { slabs, parents, weights, .. } = self;
        for slab in slabs {
            slab.first = parents.len();
            let n = slab.first + slab.parents.len();
            assert!(u32::try_from(n).is_ok(), "runs are counted by a u32");
            if slab.first == 0 {
                std::mem::swap(parents, &mut slab.parents);
                std::mem::swap(weights, &mut slab.weights);
            } else {
                parents.extend(slab.parents.iter().map(|parent| parent + slab.first as u32));
                weights.extend_from_slice(&slab.weights);
            }
        }
    }

    #[inline(always)]
    fn join_seams(&mut self, mask: &[u64], neighbours: Neighbours) {
        let Self { extent: [ni, nj, _], slabs, parents, weights } = self;
        let n = row_words(*ni);
        for [one, other] in slabs.array_windows() {
            let words_of = |slab: &Slab| &mask[slab.planes.start * n * *nj..];
            let [words, own_words] = [words_of(one), words_of(other)];
            let last = (one.planes.len() - 1) * *nj;
            for j in 0..*nj {
                let own = Row::of(own_words, j, n, &other.ends, &other.before, other.first);
                let is_diagonal = neighbours == Neighbours::Corners;
                let around = if is_diagonal { 1 } else { 0 };
                for before in j.saturating_sub(around)..(j + around + 1).min(*nj) {
                    let before =
                        Row::of(words, last + before, n, &one.ends, &one.before, one.first);
                    each_contact(own, before, is_diagonal, |a, b| {
                        let (a, b) = (find(parents, a), find(parents, b));
                        if a != b {
                            let (first, second) = (a.min(b), a.max(b));
                            parents[second as usize] = first;
                            if let Some(weight) = weights.get_mut(second as usize) {
                                let weight = std::mem::take(weight);
                                weights[first as usize] += weight;
                            }
                        }
                    });
                }
            }
        }
    }

    /// The first run of the heaviest component; of several, of the one that comes first.
    pub(super) fn heaviest(&self) -> Option<usize> {
        (0..self.weights.len()).rev().max_by_key(|&run| self.weights[run])
    }

    /// For each run, what `of_component` tells of its component, given its first run and weight;
    /// components are asked in the order of their first voxels.
    pub(super) fn tell(&mut self, mut of_component: impl FnMut(usize, u64) -> u32) {
        for run in 0..self.parents.len() {
            let parent = self.parents[run] as usize;
            // The parent, which comes first, has been told.
            self.parents[run] = if parent == run {
                of_component(run, self.weights.get(run).copied().unwrap_or(0))
            } else {
                self.parents[parent]
            };
        }
    }

    /// What was told, at each voxel; 0 elsewhere, as `numbers` must be.
    pub(super) fn write(&self, numbers: &mut [u32], workers: Workers) {
        let [ni, ..] = self.extent;
        self.each_slab(numbers, ni, workers, |(run, told), row| {
            row[run[0] as usize..run[1] as usize].fill(told);
        });
    }

    /// Sets the voxels of every run of which anything but 0 was told.
    pub(super) fn paint(&self, mask: &mut [u64], workers: Workers) {
        let n = row_words(self.extent[0]);
        self.each_slab(mask, n, workers, |(run, told), row| {
            if told != 0 {
                for (word, bits) in words_of(run) {
                    row[word] |= bits;
                }
            }
        });
    }

    /// Calls `write` for every run with what was told and the part of `items` that is its row, a
    /// slab on a thread.
    fn each_slab<T: Send>(
        &self,
        items: &mut [T],
        row_len: usize,
        workers: Workers,
        write: impl Fn((Run, u32), &mut [T]) + Sync,
    ) {
        let Some(planes) = self.slabs.first().map(|slab| slab.planes.len()) else { return };
        let [ni, nj, _] = self.extent;
        workers.for_each_chunk(items, planes * nj * row_len, |s, items| {
            let slab = &self.slabs[s];
            let mut runs = slab.ends.as_chunks::<2>().0.iter().zip(&self.parents[slab.first..]);
            let starts = slab.before.iter().skip(row_words(ni)).step_by(row_words(ni));
            let mut done = 0;
            for (row, &past) in items.chunks_exact_mut(row_len).zip(starts) {
                for (&run, &told) in runs.by_ref().take((past - done) as usize) {
                    write((run, told), row);
                }
                done = past;
            }
        });
    }
}

impl<'a> Slab<'a> {
    fn new(planes: std::ops::Range<usize>, n_words: usize, workers: Workers<'a>) -> Self {
        Self {
            planes,
            first: 0,
            before: workers.buffer(n_words + 1),
            // As many runs as words are many; where there are more, these grow.
            ends: workers.buffer(n_words),
            parents: workers.buffer(n_words),
            weights: workers.buffer(n_words),
        }
    }

    /// Finds all runs, joins those that touch, and weighs what they make.
    #[inline(always)]
    fn join(
        &mut self,
        words: &[u64],
        [ni, nj]: [usize; 2],
        joined: Joined,
        weight: Weight,
        nk: usize,
    ) {
        let n = row_words(ni);
        self.before.reserve_exact(words.len() + 1);
        for (row, words_of_row) in words.chunks_exact(n).enumerate() {
            push_runs(words_of_row, ni, &mut self.ends, &mut self.before);
            let n_runs = self.ends.len() / 2;
            assert!(u32::try_from(n_runs).is_ok(), "runs are counted by a u32");
            let first = self.parents.len() as u32;
            self.parents.extend(first..n_runs as u32);
            let own = Row::of(words, row, n, &self.ends, &self.before, 0);
            if own.runs.is_empty() {
                continue;
            }
            let j = row % nj;
            let has_before = row >= nj && joined != Joined::InPlane;
            let is_diagonal = joined == Joined::Across(Neighbours::Corners);
            let others = [
                (j > 0, row.wrapping_sub(1)),
                (has_before, row.wrapping_sub(nj)),
                (has_before && is_diagonal && j > 0, row.wrapping_sub(nj + 1)),
                (has_before && is_diagonal && j + 1 < nj, (row + 1).wrapping_sub(nj)),
            ];
            for (_, other) in others.into_iter().filter(|other| other.0) {
                let other = Row::of(words, other, n, &self.ends, &self.before, 0);
                let parents = &mut self.parents;
                each_contact(
                    own,
                    other,
                    is_diagonal,
                    #[inline(always)]
                    |a, b| {
                        // Most runs of a large component point to its first already.
                        if parents[a as usize] != parents[b as usize] {
                            let (a, b) = (find(parents, a), find(parents, b));
                            parents[a.max(b) as usize] = a.min(b);
                        }
                    },
                );
            }
        }
        self.before.push((self.ends.len() / 2) as u32);
        self.weigh([ni, nj, nk], weight);
    }

    /// Sums up each component, at its first run.
    #[inline(always)]
    fn weigh(&mut self, [ni, nj, nk]: [usize; 3], weight: Weight) {
        if let Weight::Nothing = weight {
            return;
        }
        self.weights.resize(self.parents.len(), 0);
        let n = row_words(ni);
        let mut run = 0;
        let first_row = self.planes.start * nj;
        for row in 0..self.planes.len() * nj {
            let past = self.before[(row + 1) * n] as usize;
            let (j, k) = ((first_row + row) % nj, (first_row + row) / nj);
            let is_edge = j == 0 || j + 1 == nj;
            while run < past {
                // A parent comes first, and by now points to the first of all.
                let root = self.parents[self.parents[run] as usize];
                self.parents[run] = root;
                let [start, end] = [self.ends[2 * run], self.ends[2 * run + 1]];
                self.weights[root as usize] += match weight {
                    Weight::Nothing => 0,
                    Weight::Voxels => u64::from(end - start),
                    Weight::Seeds(seeds) => {
                        let seeds = &seeds[(first_row + row) * n..][..n];
                        words_of([start, end])
                            .map(|(word, bits)| u64::from((seeds[word] & bits).count_ones()))
                            .sum()
                    }
                    Weight::AtBorderOfPlane => {
                        u64::from(is_edge || start == 0 || end as usize == ni)
                    }
                    Weight::AtBorder => {
                        let is_edge = is_edge || k == 0 || k + 1 == nk;
                        u64::from(is_edge || start == 0 || end as usize == ni)
                    }
                };
                run += 1;
            }
        }
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
/// of a run or the first after one. Appends for each word how many runs start before it.
#[inline(always)]
fn push_runs(words: &[u64], ni: usize, ends: &mut Vec<u32>, before: &mut Vec<u32>) {
    let mut carry = 0;
    let first = before.len();
    before.resize(first + words.len(), 0);
    for (n, (&word, before)) in words.iter().zip(&mut before[first..]).enumerate() {
        *before = ends.len().div_ceil(2) as u32;
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

#[inline(always)]
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

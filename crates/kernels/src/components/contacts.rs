//! Which runs of two neighbouring rows touch.

/// A run of set voxels in a row: its first voxel, and one past its last.
pub(super) type Run = [u32; 2];

/// A row of a mask.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    words: &'a [u64],
    pub(super) runs: &'a [Run],
    /// How many runs of its slab start before each word.
    before: &'a [u32],
    /// The number of the first run of its slab.
    first: u32,
}

impl<'a> Row<'a> {
    /// A row of `n` words of a slab, whose first run has the number `first`.
    #[inline(always)]
    pub(super) fn of(
        words: &'a [u64],
        row: usize,
        n: usize,
        ends: &'a [u32],
        before: &'a [u32],
        first: usize,
    ) -> Self {
        let (runs, _) = ends.as_chunks::<2>();
        let past = before.get((row + 1) * n).map_or(runs.len(), |&past| past as usize);
        let before = &before[row * n..][..n];
        Self {
            words: &words[row * n..][..n],
            runs: &runs[before[0] as usize..past],
            before,
            first: first as u32,
        }
    }
}

/// Calls `join` with each pair of runs of two neighbouring rows that overlap, or, if `is_diagonal`,
/// lie end to end, once.
#[inline(always)]
pub(super) fn each_contact(
    own: Row,
    other: Row,
    is_diagonal: bool,
    mut join: impl FnMut(u32, u32),
) {
    // A step along a run costs about what four words do.
    if 4 * (own.runs.len() + other.runs.len()) <= 16 + own.words.len() {
        each_contact_of_runs(own, other, is_diagonal, join);
    } else if !other.runs.is_empty() {
        each_contact_of_words(own, other, is_diagonal, &mut join);
    }
}

/// [`each_contact`] along the runs of both rows, where they are few.
#[inline(always)]
fn each_contact_of_runs(own: Row, other: Row, is_diagonal: bool, mut join: impl FnMut(u32, u32)) {
    let slack = u32::from(is_diagonal);
    let (mut a, mut b) = (0, 0);
    while let (Some(&[start, end]), Some(&[other_start, other_end])) =
        (own.runs.get(a), other.runs.get(b))
    {
        if start < other_end + slack && other_start < end + slack {
            join(own.first + own.before[0] + a as u32, other.first + other.before[0] + b as u32);
        }
        let is_a_first = end < other_end;
        a += usize::from(is_a_first);
        b += usize::from(!is_a_first);
    }
}

/// [`each_contact`] where runs are many and short: each pair shows at one bit of the first row, and
/// how many runs start up to a bit tells which run that is. On noise that spares most branches.
#[inline(always)]
fn each_contact_of_words(own: Row, other: Row, is_diagonal: bool, join: &mut impl FnMut(u32, u32)) {
    let n = own.words.len();
    let (mut a_before, mut b_before) = (0, 0);
    for word in 0..n {
        let (a, b) = (own.words[word], other.words[word]);
        // Where both are set and were not both before: the other's run has started there.
        let both = a & b;
        let mut at_started = both & !(both << 1 | (a_before & b_before) >> 63);
        let mut at_starting = 0;
        if is_diagonal {
            // Where the other's run ends and a run starts after it; and where a run ends and the
            // other's starts after it, so that it has not started yet.
            at_started |= a & !b & (b << 1 | b_before >> 63) & !(a << 1 | a_before >> 63);
            let (a_after, b_after) = if word + 1 < n {
                (own.words[word + 1] << 63, other.words[word + 1] << 63)
            } else {
                (0, 0)
            };
            at_starting = a & !b & (b >> 1 | b_after) & !(a >> 1 | a_after);
        }
        if at_started | at_starting != 0 {
            let a_starts = a & !(a << 1 | a_before >> 63);
            let b_starts = b & !(b << 1 | b_before >> 63);
            // One less than the number of the next run to start: the first of all may be 0.
            let a_run = own.first.wrapping_add(own.before[word]).wrapping_sub(1);
            let b_run = other.first.wrapping_add(other.before[word]).wrapping_sub(1);
            while at_started != 0 {
                let up_to = at_started ^ (at_started - 1);
                let (a, b) = ((a_starts & up_to).count_ones(), (b_starts & up_to).count_ones());
                join(a_run.wrapping_add(a), b_run.wrapping_add(b));
                at_started &= at_started - 1;
            }
            while at_starting != 0 {
                let up_to = at_starting ^ (at_starting - 1);
                let (a, b) = ((a_starts & up_to).count_ones(), (b_starts & up_to).count_ones());
                join(a_run.wrapping_add(a), b_run.wrapping_add(b + 1));
                at_starting &= at_starting - 1;
            }
        }
        (a_before, b_before) = (a, b);
    }
}

use crate::value::Value;

/// Equal bins from one number to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bins {
    low: f64,
    high: f64,
    per_unit: f64,
    n: usize,
}

impl Bins {
    pub(super) fn new(low: f64, high: f64, n: usize) -> Self {
        Self { low, high, per_unit: n as f64 / (high - low), n }
    }

    /// The bin of a value, or the number of bins if it lies in none.
    #[inline(always)]
    pub(super) fn of(self, value: f64) -> usize {
        let bin = (((value - self.low) * self.per_unit) as usize).min(self.n - 1);
        if value >= self.low && value <= self.high { bin } else { self.n }
    }
}

/// Values that are counted before the counts could outgrow a `u32`.
const AT_ONCE: usize = 1 << 30;

/// Counts the places of values, and adds those of the first `counts.len()` to `counts`.
///
/// Neighbouring values are often equal, and a count can only grow again once it is written: four
/// tables take turns.
#[inline(always)]
pub(super) fn tally<T: Value>(
    values: &[T],
    n_places: usize,
    place: impl Fn(T) -> usize,
    counts: &mut [u64],
) {
    let mut tables = vec![0u32; 4 * n_places];
    for values in values.chunks(AT_ONCE) {
        let (a, rest) = tables.split_at_mut(n_places);
        let (b, rest) = rest.split_at_mut(n_places);
        let (c, d) = rest.split_at_mut(n_places);
        let (fours, rest) = values.as_chunks::<4>();
        for four in fours {
            let [at_a, at_b, at_c, at_d] = four.map(&place);
            a[at_a] += 1;
            b[at_b] += 1;
            c[at_c] += 1;
            d[at_d] += 1;
        }
        for &value in rest {
            a[place(value)] += 1;
        }
        for table in tables.chunks_exact_mut(n_places) {
            for (count, n) in counts.iter_mut().zip(table.iter()) {
                *count += u64::from(*n);
            }
            table.fill(0);
        }
    }
}

/// The least and the largest.
pub(super) fn range<T: Value>(values: &[T]) -> Option<[T; 2]> {
    let is_number = |v: &&T| v.partial_cmp(v).is_some();
    let first = *values.iter().find(is_number)?;
    let [mut low, mut high] = [first; 2];
    for &value in values {
        low = if value < low { value } else { low };
        high = if value > high { value } else { high };
    }
    Some([low, high])
}

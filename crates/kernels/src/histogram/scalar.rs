use crate::buffer::Buffer;
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

    /// The bin of a value, if it lies in one.
    #[inline(always)]
    pub(super) fn of(self, value: f64) -> Option<usize> {
        let is_within = value >= self.low && value <= self.high;
        is_within.then(|| (((value - self.low) * self.per_unit) as usize).min(self.n - 1))
    }

    /// Adds values to the counts of their bins.
    pub(super) fn count<T: Value>(self, values: &[T], counts: &mut [u64]) {
        for bin in values.iter().filter_map(|v| self.of(v.to_f64())) {
            counts[bin] += 1;
        }
    }
}

/// Values that are counted before the counts could outgrow a `u32`.
const AT_ONCE: usize = 1 << 30;
/// Tables that take turns.
pub(super) const N_TABLES: usize = 4;
/// As many as a type of few values has at most.
const PLACES: usize = 1 << 16;

/// Counts each value of a type of few.
///
/// Neighbouring values are often equal, and a count can only grow again once it is written: four
/// tables take turns.
pub(super) fn count_each<T: Value>(
    values: &[T],
    counts: &mut [u64],
    tables: &mut Buffer<[u32; PLACES]>,
) {
    tables.fill_to(N_TABLES, [0; PLACES]);
    for values in values.chunks(AT_ONCE) {
        let [a, b, c, d] = &mut tables[..] else { return };
        let (fours, rest) = values.as_chunks::<4>();
        for four in fours {
            // A number of 16 bits needs no check.
            let [at_a, at_b, at_c, at_d] = four.map(|v| usize::from(v.bits()));
            a[at_a] += 1;
            b[at_b] += 1;
            c[at_c] += 1;
            d[at_d] += 1;
        }
        for &value in rest {
            a[usize::from(value.bits())] += 1;
        }
        for table in [a, b, c, d] {
            for (place, count) in counts.iter_mut().enumerate() {
                *count += u64::from(table[usize::from(T::at_place(place).bits())]);
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

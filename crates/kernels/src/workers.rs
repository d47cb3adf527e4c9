use std::num::NonZeroUsize;
use std::thread;

use crate::Level;

/// How many threads a kernel may use, and which instructions. Chosen once and passed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers {
    n_threads: NonZeroUsize,
    level: Level,
}

impl Workers {
    /// One thread, the caller's, and the baseline's instructions.
    pub const ONE: Self = Self { n_threads: NonZeroUsize::MIN, level: Level::SCALAR };

    /// That many threads, at least one, at the best level of this processor.
    #[must_use]
    pub fn new(n_threads: usize) -> Self {
        let n_threads = NonZeroUsize::new(n_threads).unwrap_or(NonZeroUsize::MIN);
        Self { n_threads, level: Level::best() }
    }

    /// The same threads at another level.
    #[must_use]
    pub fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The instructions.
    #[must_use]
    pub fn level(self) -> Level {
        self.level
    }

    /// The number of threads.
    #[must_use]
    pub fn n_threads(self) -> usize {
        self.n_threads.get()
    }

    /// Calls `work(n, chunk)` for each chunk of `chunk_len` items of `items` (the last may be
    /// shorter), neighbouring chunks on one thread.
    pub fn for_each_chunk<T: Send>(
        self,
        items: &mut [T],
        chunk_len: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        self.for_each_chunk_with(items, chunk_len, || (), |(), n, chunk| work(n, chunk));
    }

    /// As [`for_each_chunk`](Self::for_each_chunk), with something that each thread makes once and
    /// reuses for all of its chunks.
    pub fn for_each_chunk_with<T: Send, S>(
        self,
        items: &mut [T],
        chunk_len: usize,
        make: impl Fn() -> S + Sync,
        work: impl Fn(&mut S, usize, &mut [T]) + Sync,
    ) {
        if items.is_empty() || chunk_len == 0 {
            return;
        }
        let each = items.len().div_ceil(chunk_len).div_ceil(self.n_threads());
        let run = |first: usize, part: &mut [T]| {
            let mut scratch = make();
            for (n, chunk) in part.chunks_mut(chunk_len).enumerate() {
                work(&mut scratch, first + n, chunk);
            }
        };
        let mut parts = items.chunks_mut(each * chunk_len).enumerate();
        let own = parts.next();
        thread::scope(|scope| {
            let run = &run;
            for (part, chunks) in parts {
                scope.spawn(move || run(part * each, chunks));
            }
            if let Some((_, chunks)) = own {
                run(0, chunks);
            }
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One to three threads at any level.
    pub(crate) fn any_workers() -> impl Strategy<Value = Workers> {
        (1usize..4, prop::sample::select(Level::available()))
            .prop_map(|(n_threads, level)| Workers::new(n_threads).at(level))
    }

    #[test]
    fn every_chunk_is_visited_once_with_its_number() {
        for n_threads in [0, 1, 2, 3, 7] {
            for n in [0usize, 1, 5, 64, 65] {
                let mut items = vec![0usize; n];
                Workers::new(n_threads).for_each_chunk(&mut items, 4, |number, chunk| {
                    for (at, item) in chunk.iter_mut().enumerate() {
                        *item += number * 4 + at + 1;
                    }
                });
                assert!(items.iter().enumerate().all(|(at, &item)| item == at + 1));
            }
        }
    }
}

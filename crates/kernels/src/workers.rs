use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::Level;
use crate::buffer::{Buffer, Pool, zeros};

/// How many threads a kernel may use, which instructions, and which memory. Chosen once and passed
/// down.
#[derive(Debug, Clone, Copy)]
pub struct Workers<'a> {
    n_threads: NonZeroUsize,
    level: Level,
    pool: Option<&'a Pool>,
}

impl<'a> Workers<'a> {
    /// One thread, the caller's, the baseline's instructions, and memory of its own for each call.
    pub const ONE: Self = Self { n_threads: NonZeroUsize::MIN, level: Level::SCALAR, pool: None };

    /// That many threads, at least one, at the best level of this processor.
    #[must_use]
    pub fn new(n_threads: usize) -> Self {
        let n_threads = NonZeroUsize::new(n_threads).unwrap_or(NonZeroUsize::MIN);
        Self { n_threads, level: Level::best(), pool: None }
    }

    /// The same threads at another level.
    #[must_use]
    pub fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The same threads and level, with memory from `pool`.
    #[must_use]
    pub fn with_pool(self, pool: &Pool) -> Workers<'_> {
        let Self { n_threads, level, .. } = self;
        Workers { n_threads, level, pool: Some(pool) }
    }

    /// Puts a result that is of no more use back into the pool, if there is one.
    pub fn give_back<T: Send + 'static>(self, values: Vec<T>) {
        if let Some(pool) = self.pool {
            pool.give_back(values);
        }
    }

    /// `n` zeros for a result.
    pub(crate) fn zeros<T: Copy + Default + Send + 'static>(self, n: usize) -> Vec<T> {
        match self.pool.and_then(|pool| pool.take(n)) {
            Some(mut values) => {
                values.clear();
                values.resize(n, T::default());
                values
            }
            None => zeros(n),
        }
    }

    /// `n` values for a result, each of which is yet to be written.
    pub(crate) fn unwritten<T: Copy + Default + Send + 'static>(self, n: usize) -> Vec<T> {
        match self.pool.and_then(|pool| pool.take(n)) {
            Some(mut values) => {
                values.resize(n, T::default());
                values
            }
            None => zeros(n),
        }
    }

    /// Room for about `n` values, none in it yet, that goes back when it is dropped.
    pub(crate) fn buffer<T: Send + 'static>(self, n: usize) -> Buffer<'a, T> {
        Buffer::new(n, self.pool)
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

    /// What two functions give, by two threads if there are as many.
    pub fn both<A: Send, B>(
        self,
        one: impl FnOnce() -> A + Send,
        other: impl FnOnce() -> B,
    ) -> (A, B) {
        if self.n_threads() == 1 {
            return (one(), other());
        }
        thread::scope(|scope| {
            let one = scope.spawn(one);
            let other = other();
            (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
        })
    }

    /// Calls `work(n, chunk)` for each chunk of `chunk_len` items of `items`; the last may be shorter.
    ///
    /// Chunks need not take the same time: a thread takes a few at a time, as it gets through them.
    pub fn for_each_chunk<T: Send>(
        self,
        items: &mut [T],
        chunk_len: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        /// Stretches of chunks that each thread would take if all were as fast.
        const STRETCHES: usize = 8;
        if items.is_empty() || chunk_len == 0 {
            return;
        }
        let n_chunks = items.len().div_ceil(chunk_len);
        let each = n_chunks.div_ceil(STRETCHES * self.n_threads());
        let stretches = Mutex::new(items.chunks_mut(each * chunk_len).enumerate());
        let run = || {
            loop {
                let next = stretches.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((stretch, items)) = next else { return };
                for (n, chunk) in items.chunks_mut(chunk_len).enumerate() {
                    work(stretch * each + n, chunk);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.n_threads().min(n_chunks) {
                scope.spawn(run);
            }
            run();
        });
    }

    /// As [`for_each_chunk`](Self::for_each_chunk), with something that is made once for each thread,
    /// and that it reuses for all of its chunks: neighbouring ones, in their order.
    pub fn for_each_chunk_with<T: Send, S: Send>(
        self,
        items: &mut [T],
        chunk_len: usize,
        make: impl Fn() -> S,
        work: impl Fn(&mut S, usize, &mut [T]) + Sync,
    ) {
        // Nothing beside each chunk.
        let mut others = vec![(); if chunk_len == 0 { 0 } else { items.len().div_ceil(chunk_len) }];
        let work = |scratch: &mut S, n: usize, chunk: &mut [T], _: &mut [()]| {
            work(scratch, n, chunk);
        };
        self.for_each_chunk_of_two(items, chunk_len, &mut others, 1, make, work);
    }

    /// As [`for_each_chunk_with`](Self::for_each_chunk_with), for chunks of two slices at a time; the
    /// one has as many as the other.
    pub fn for_each_chunk_of_two<T: Send, U: Send, S: Send>(
        self,
        items: &mut [T],
        chunk_len: usize,
        others: &mut [U],
        other_len: usize,
        make: impl Fn() -> S,
        work: impl Fn(&mut S, usize, &mut [T], &mut [U]) + Sync,
    ) {
        if items.is_empty() || chunk_len == 0 || other_len == 0 {
            return;
        }
        let each = items.len().div_ceil(chunk_len).div_ceil(self.n_threads());
        let run = |first: usize, mut scratch: S, part: &mut [T], other: &mut [U]| {
            let chunks = part.chunks_mut(chunk_len).zip(other.chunks_mut(other_len));
            for (n, (chunk, other)) in chunks.enumerate() {
                work(&mut scratch, first + n, chunk, other);
            }
        };
        let parts = items.chunks_mut(each * chunk_len).zip(others.chunks_mut(each * other_len));
        // What threads need is made here: were it up to them, it would depend on their luck whether
        // one takes from the pool what another has just put back.
        let mut parts = parts.enumerate().map(|(n, (part, other))| (n, make(), part, other));
        let own = parts.next();
        let rest: Vec<_> = parts.collect();
        thread::scope(|scope| {
            let run = &run;
            for (n, scratch, part, other) in rest {
                scope.spawn(move || run(n * each, scratch, part, other));
            }
            if let Some((_, scratch, part, other)) = own {
                run(0, scratch, part, other);
            }
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One to three threads at any level.
    pub(crate) fn any_workers() -> impl Strategy<Value = Workers<'static>> {
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

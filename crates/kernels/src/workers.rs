use std::num::NonZeroUsize;
use std::thread;

/// How many threads a kernel may use. Chosen once and passed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers(NonZeroUsize);

impl Workers {
    /// One thread: the caller's.
    pub const ONE: Self = Self(NonZeroUsize::MIN);

    /// That many threads, at least one.
    #[must_use]
    pub fn new(n_threads: usize) -> Self {
        Self(NonZeroUsize::new(n_threads).unwrap_or(NonZeroUsize::MIN))
    }

    /// The number of threads.
    #[must_use]
    pub fn n_threads(self) -> usize {
        self.0.get()
    }

    /// Calls `work(n, chunk)` for each chunk of `chunk_len` items of `items` (the last may be
    /// shorter), neighbouring chunks on one thread.
    pub fn for_each_chunk<T: Send>(
        self,
        items: &mut [T],
        chunk_len: usize,
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        if items.is_empty() || chunk_len == 0 {
            return;
        }
        let each = items.len().div_ceil(chunk_len).div_ceil(self.n_threads());
        let run = |first: usize, part: &mut [T]| {
            for (n, chunk) in part.chunks_mut(chunk_len).enumerate() {
                work(first + n, chunk);
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
mod tests {
    use super::*;

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

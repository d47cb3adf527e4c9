use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What takes one run at a time and is costly to make: kept for the next run, by its number of threads.
///
/// Scans at work at the same time would wait for each other if they shared one.
pub(super) struct Idle<T>(Mutex<HashMap<usize, Vec<T>>>);

impl<T> Idle<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// What `run` gives with one that no other run uses: one that is kept, or else one made new.
    pub(super) fn with<R, E>(
        &self,
        n_threads: usize,
        make: impl FnOnce() -> Result<T, E>,
        run: impl FnOnce(&mut T) -> R,
    ) -> Result<R, E> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = kept().get_mut(&n_threads).and_then(Vec::pop);
        let mut own = idle.map_or_else(make, Ok)?;
        let result = run(&mut own);
        kept().entry(n_threads).or_default().push(own);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::convert::Infallible;

    #[test]
    fn runs_at_the_same_time_have_one_each_and_later_ones_find_them() {
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            Ok::<_, Infallible>(made.get())
        };
        let idle = Idle::new();
        let within = |n_threads| {
            let both = idle.with(n_threads, make, |own| {
                let Ok(other) = idle.with(n_threads, make, |other| *other);
                [*own, other]
            });
            let Ok(both) = both;
            both
        };
        let [first, second] = within(1);
        assert_ne!(first, second);
        assert_eq!((within(1).map(|n| n > 2), made.get()), ([false; 2], 2));
        assert_eq!(within(2), [3, 4]);
    }

    #[test]
    fn what_cannot_be_made_is_told_and_not_kept() {
        let idle = Idle::<()>::new();
        assert_eq!(idle.with(1, || Err("no"), |()| ()), Err("no"));
        assert_eq!(idle.with(1, || Ok::<_, &str>(()), |()| 7), Ok(7));
    }
}

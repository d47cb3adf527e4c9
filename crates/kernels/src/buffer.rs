#![cfg_attr(
    all(target_os = "linux", not(miri)),
    expect(unsafe_code, reason = "advice about pages goes to the system")
)]

use std::any::Any;
use std::mem::take;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Memory that kernels use again.
///
/// Kernels whose [`Workers`](crate::Workers) have a pool take results and whatever else grows with
/// the volume from it, and put back what is not a result. A caller who gives results back that are of
/// no more use lets the next call allocate nothing. The pool grows to the most that was in use at a
/// time, and never shrinks.
#[derive(Debug, Default)]
pub struct Pool {
    /// Vectors of any type, empty or not: what they hold is of no interest.
    free: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl Pool {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in what is of no more use.
    pub fn give_back<T: Send + 'static>(&self, values: Vec<T>) {
        if values.capacity() > 0 {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(values));
        }
    }

    /// Takes out the smallest vector with room for `n` values.
    pub(crate) fn take<T: 'static>(&self, n: usize) -> Option<Vec<T>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let room = |any: &Box<dyn Any + Send>| any.downcast_ref::<Vec<T>>().map(Vec::capacity);
        let rooms = free.iter().enumerate().filter_map(|(at, any)| Some((room(any)?, at)));
        let (_, at) = rooms.filter(|(room, _)| *room >= n).min()?;
        free.swap_remove(at).downcast().ok().map(|values: Box<Vec<T>>| *values)
    }
}

/// A vector that goes back to its pool.
#[derive(Debug)]
pub(crate) struct Buffer<'a, T: Send + 'static> {
    values: Vec<T>,
    pool: Option<&'a Pool>,
}

impl<'a, T: Send + 'static> Buffer<'a, T> {
    /// Empty, with room for `n` values if the pool has such a one.
    pub(crate) fn new(n: usize, pool: Option<&'a Pool>) -> Self {
        let mut values: Vec<T> = pool.and_then(|pool| pool.take(n)).unwrap_or_default();
        values.clear();
        Self { values, pool }
    }
}

impl<T: Copy + Send + 'static> Buffer<'_, T> {
    /// Makes it `n` times `value`, and nothing else.
    pub(crate) fn fill_to(&mut self, n: usize, value: T) {
        if self.values.capacity() < n {
            self.values = vec![value; n];
            #[cfg(all(target_os = "linux", not(miri)))]
            use_large_pages(&self.values);
        } else {
            self.values.clear();
            self.values.resize(n, value);
        }
    }
}

impl<T: Send + 'static> Deref for Buffer<'_, T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.values
    }
}

impl<T: Send + 'static> DerefMut for Buffer<'_, T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.values
    }
}

impl<T: Send + 'static> Drop for Buffer<'_, T> {
    fn drop(&mut self) {
        if let Some(pool) = self.pool {
            pool.give_back(take(&mut self.values));
        }
    }
}

/// `n` zeros for a result, on large pages where the system has them: of a volume that is written
/// once, the first touch of many small pages can cost as much as what is written.
pub(crate) fn zeros<T: Copy + Default>(n: usize) -> Vec<T> {
    let values = vec![T::default(); n];
    #[cfg(all(target_os = "linux", not(miri)))]
    use_large_pages(&values);
    values
}

#[cfg(all(target_os = "linux", not(miri)))]
fn use_large_pages<T>(values: &[T]) {
    const PAGE: usize = 2 << 20;
    // Less than this the allocator may have had in use before, and in small pages.
    const LEAST: usize = 16 << 20;
    if size_of_val(values) < LEAST {
        return;
    }
    let all = values.as_ptr_range();
    let start = all.start.addr().next_multiple_of(PAGE);
    let end = all.end.addr() / PAGE * PAGE;
    if start < end {
        let page = all.start.with_addr(start).cast_mut().cast();
        // SAFETY: whole pages of one allocation that lives. The advice changes no value, and
        // without it all goes on with small pages, so that its answer is of no interest.
        unsafe { libc::madvise(page, end - start, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use crate::{Pool, Workers};

    #[test]
    fn what_was_given_back_is_taken_again_and_clean() {
        let pool = Pool::new();
        let workers = Workers::ONE.with_pool(&pool);
        let mut values: Vec<u16> = workers.zeros(100);
        values.fill(7);
        let place = values.as_ptr();
        workers.give_back(values);
        assert!(pool.take::<u32>(1).is_none() && pool.take::<u16>(101).is_none());
        let again: Vec<u16> = workers.zeros(60);
        assert!(again.as_ptr() == place && again == [0; 60]);
        workers.give_back(again);
        let unwritten: Vec<u16> = workers.unwritten(70);
        assert!(unwritten.as_ptr() == place && unwritten.len() == 70);
        {
            let mut buffer = workers.buffer::<u8>(3);
            buffer.extend([1, 2, 3]);
        }
        assert!(workers.buffer::<u8>(3).is_empty());
        assert!(pool.take::<u8>(3).is_some() && pool.take::<u8>(0).is_none());
    }

    #[test]
    fn are_zeros_of_any_number() {
        for n in [0, 1, 1000, (5 << 20) + 3] {
            let values: Vec<f32> = super::zeros(n);
            assert!(values.len() == n && values.iter().all(|v| *v == 0.0));
        }
    }
}

use std::fs;
use std::sync::{Condvar, Mutex, PoisonError};

/// What a scan needs beside its own voxels: engine, weights and the 2 mm grids.
const FIXED_BYTES: u64 = 400 << 20;
/// Bytes a decoded byte of the scan: original and result while they are compared, and masks.
const BYTES_A_BYTE: f64 = 2.5;

/// The largest memory that this process has had so far, in bytes; `None` where the system does not tell.
pub(crate) fn peak_bytes() -> Option<u64> {
    value("/proc/self/status", "VmHWM:")
}

/// Memory that is free now, in bytes; `None` where the system does not tell.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    value("/proc/meminfo", "MemAvailable:")
}

/// A value in kB of a file of the system, in bytes.
fn value(file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|l| l.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// Memory that the scans at work share. A scan waits until there is room for it; one that is larger than
/// all of it waits until it is alone.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    /// What is taken, and by how many.
    taken: Mutex<(u64, usize)>,
    freed: Condvar,
}

/// A scan's part of a [`Budget`], given back when dropped.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, taken: Mutex::new((0, 0)), freed: Condvar::new() }
    }

    /// Waits for room for a scan of `decoded` bytes.
    pub(crate) fn take(&self, decoded: u64) -> Share<'_> {
        let bytes = FIXED_BYTES.saturating_add((decoded as f64 * BYTES_A_BYTE) as u64);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full =
            |(sum, n): &mut (u64, usize)| *n > 0 && sum.saturating_add(bytes) > self.limit;
        let waited = self.freed.wait_while(taken, is_full);
        let mut taken = waited.unwrap_or_else(PoisonError::into_inner);
        *taken = (taken.0.saturating_add(bytes), taken.1 + 1);
        Share { budget: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut taken = self.budget.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = (taken.0.saturating_sub(self.bytes), taken.1 - 1);
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is_and_nobody_waits_for_ever() {
        let budget = Budget::new(3 * FIXED_BYTES);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for n in 0..12u64 {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    // One of them is larger than the budget.
                    let share =
                        budget.take(if n == 5 { 10 * FIXED_BYTES } else { FIXED_BYTES / 10 });
                    let n_bytes = share.bytes.min(budget.limit);
                    let sum = now.fetch_add(n_bytes, Ordering::SeqCst) + n_bytes;
                    most.fetch_max(sum, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(2));
                    now.fetch_sub(n_bytes, Ordering::SeqCst);
                });
            }
        });
        assert!(most.into_inner() <= budget.limit);
        assert_eq!(budget.taken.into_inner().expect("sound"), (0, 0));
    }
}

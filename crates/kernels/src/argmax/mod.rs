//! The likeliest class of each voxel.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// The class with the largest logit of each voxel; of equal ones the first.
///
/// `logits` holds `n_classes` volumes one after the other.
///
/// # Panics
/// If there is no class, there are more than 256, or `logits` is not whole volumes.
#[must_use]
pub fn argmax(logits: &[f32], n_classes: usize, workers: Workers) -> Vec<u8> {
    assert!((1..=256).contains(&n_classes), "1 to 256 classes");
    assert!(logits.len().is_multiple_of(n_classes), "one volume a class");
    const CHUNK: usize = 1 << 12;
    let n = logits.len() / n_classes;
    let mut classes: Vec<u8> = workers.unwritten(n);
    workers.for_each_chunk(&mut classes, CHUNK, |chunk, classes| {
        workers.level().run(
            #[inline(always)]
            || scalar::argmax::<CHUNK>(logits, n, chunk * CHUNK, classes),
        );
    });
    classes
}

//! Logits to probabilities.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// Replaces logits by the probabilities of each voxel's classes, in place.
///
/// `logits` holds `n_classes` volumes one after the other. The largest logit of a voxel is taken
/// from all of them first, so that none is too large; the exponential is a polynomial of degree six
/// with a relative error below 3 x 10^-7, the same bits at every level. Time O(voxels x classes), a
/// few rows of memory.
///
/// # Panics
/// If there is no class, or `logits` is not whole volumes.
pub fn softmax(logits: &mut [f32], n_classes: usize, workers: Workers) {
    assert!(n_classes > 0, "a class");
    assert!(logits.len().is_multiple_of(n_classes), "one volume a class");
    const CHUNK: usize = 1 << 10;
    let n = logits.len() / n_classes;
    if n == 0 {
        return;
    }
    // For each thread its part of each class.
    let each = n.div_ceil(workers.n_threads()).next_multiple_of(CHUNK);
    let mut parts: Vec<Vec<&mut [f32]>> = Vec::new();
    parts.resize_with(n.div_ceil(each), || Vec::with_capacity(n_classes));
    for volume in logits.chunks_exact_mut(n) {
        volume.chunks_mut(each).zip(&mut parts).for_each(|(part, classes)| classes.push(part));
    }
    workers.for_each_chunk(&mut parts, 1, |_, parts| {
        for classes in parts {
            for first in (0..classes[0].len()).step_by(CHUNK) {
                let voxels = first..(first + CHUNK).min(classes[0].len());
                workers.level().run(
                    #[inline(always)]
                    || scalar::softmax::<CHUNK>(classes, voxels),
                );
            }
        }
    });
}

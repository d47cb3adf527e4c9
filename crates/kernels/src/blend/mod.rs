//! Two volumes mixed by a weight a voxel.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::value::Value;

/// Moves each voxel towards that of `other` by its weight: `v + (other - v) * weight` in `f64`,
/// then the nearest value of the type, of two the even one.
///
/// At a weight of 0 or less, or one that is no number, a voxel keeps its bits; at 1 or more it
/// takes those of `other`. Time O(voxels), in place.
///
/// # Panics
/// If the three differ in length.
pub fn blend<T: Value>(voxels: &mut [T], other: &[T], weights: &[f32], workers: Workers) {
    assert_eq!(voxels.len(), other.len(), "volumes of one extent");
    assert_eq!(voxels.len(), weights.len(), "one weight a voxel");
    const CHUNK: usize = 1 << 16;
    workers.for_each_chunk(voxels, CHUNK, |n, voxels| {
        let other = &other[n * CHUNK..][..voxels.len()];
        let weights = &weights[n * CHUNK..][..voxels.len()];
        workers.level().run(
            #[inline(always)]
            || scalar::blend(voxels, other, weights),
        );
    });
}

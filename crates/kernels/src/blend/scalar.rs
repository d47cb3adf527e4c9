use crate::value::Value;

#[inline(always)]
pub(super) fn blend<T: Value>(voxels: &mut [T], other: &[T], weights: &[f32]) {
    for ((voxel, &other), &weight) in voxels.iter_mut().zip(other).zip(weights) {
        let own = voxel.to_f64();
        let mixed = T::nearest(own + (other.to_f64() - own) * f64::from(weight));
        *voxel = if weight >= 1.0 {
            other
        } else if weight > 0.0 {
            mixed
        } else {
            *voxel
        };
    }
}

/// The classes of `classes.len()` voxels from `first` on, no more than `MOST`.
#[inline(always)]
pub(super) fn argmax<const MOST: usize>(
    logits: &[f32],
    n: usize,
    first: usize,
    classes: &mut [u8],
) {
    let mut largest = [0.0f32; MOST];
    let largest = &mut largest[..classes.len()];
    largest.copy_from_slice(&logits[first..][..classes.len()]);
    classes.fill(0);
    for (class, volume) in logits.chunks_exact(n.max(1)).enumerate().skip(1) {
        let values = &volume[first..][..classes.len()];
        for ((held, largest), &value) in classes.iter_mut().zip(&mut *largest).zip(values) {
            let is_larger = value > *largest;
            *largest = if is_larger { value } else { *largest };
            *held = if is_larger { class as u8 } else { *held };
        }
    }
}

/// The classes of `classes.len()` voxels from `first` on.
pub(super) fn argmax(logits: &[f32], n: usize, first: usize, classes: &mut [u8]) {
    let mut largest = logits[first..][..classes.len()].to_vec();
    classes.fill(0);
    for (class, volume) in logits.chunks_exact(n.max(1)).enumerate().skip(1) {
        let values = &volume[first..][..classes.len()];
        for ((held, largest), &value) in classes.iter_mut().zip(&mut largest).zip(values) {
            if value > *largest {
                *largest = value;
                *held = class as u8;
            }
        }
    }
}

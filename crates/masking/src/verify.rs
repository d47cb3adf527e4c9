use std::sync::{Mutex, PoisonError};

use kernels::Workers;
use thiserror::Error;
use volume::{Mask, StoredVolume};

/// What became of the voxels, by comparing the written file, read from disk, with the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoxelProof {
    /// Voxels outside the mask whose stored bytes differ; frames counted one by one.
    pub n_changed_outside: u64,
    /// Voxels under the mask whose stored bytes differ; frames counted one by one.
    pub n_changed_inside: u64,
}

/// Why two volumes cannot be compared.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// Extent, affine, frames or stored type differ.
    #[error("the written file does not have the grid and type of the original")]
    NotAlike,
}

/// Compares every stored value of two volumes: the voxels whose bytes differ in any frame, and how many
/// of them lie on either side of `mask`. Without a mask, all that changed counts as under it.
///
/// # Errors
/// [`VerifyError::NotAlike`] if grid, frames, stored type, byte order or a rescale differ.
///
/// # Panics
/// If `mask` lies on another grid than `before`: both come from one scan.
pub fn compare(
    before: &StoredVolume,
    after: &StoredVolume,
    mask: Option<&Mask>,
    workers: Workers,
) -> Result<(Mask, VoxelProof), VerifyError> {
    let grid = *before.grid();
    assert!(mask.is_none_or(|mask| *mask.grid() == grid), "the mask lies on the scan's grid");
    check_alike(before, after)?;
    let [ni, nj, nk] = grid.extent;
    let row_bytes = ni * before.stored_type().n_bytes();
    let row_words = kernels::row_words(ni);
    let mut words = vec![0u64; row_words * nj * nk];
    let totals = Mutex::new(VoxelProof { n_changed_outside: 0, n_changed_inside: 0 });
    let one = Workers::ONE.at(workers.level());
    workers.for_each_chunk_with(&mut words, row_words * nj, Vec::new, |scratch, k, plane| {
        let (mut n_inside, mut n_outside) = (0, 0);
        for p in (k..before.n_planes()).step_by(nk) {
            let (old, new) = (before.plane(p), after.plane(p));
            if old == new {
                continue;
            }
            let bits = differing(old, new, [ni, nj], row_bytes / ni, scratch, one);
            for (at, (all, &bits)) in plane.iter_mut().zip(&bits).enumerate() {
                let under = mask.map_or(u64::MAX, |mask| mask.plane(k)[at]);
                n_inside += u64::from((bits & under).count_ones());
                n_outside += u64::from((bits & !under).count_ones());
                *all |= bits;
            }
        }
        let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.n_changed_inside += n_inside;
        totals.n_changed_outside += n_outside;
    });
    let totals = totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((Mask::from_words(grid, words), totals))
}

/// Which values of two planes, of `n_bytes` each, differ. `scratch` is used again.
fn differing(
    old: &[u8],
    new: &[u8],
    [ni, nj]: [usize; 2],
    n_bytes: usize,
    scratch: &mut Vec<u16>,
    workers: Workers,
) -> Vec<u64> {
    macro_rules! differing {
        ($n:literal, $type:ty) => {{
            let ((old, _), (new, _)) = (old.as_chunks::<$n>(), new.as_chunks::<$n>());
            let of = |old: &[u8; $n], new: &[u8; $n]| {
                <$type>::from_ne_bytes(*old) ^ <$type>::from_ne_bytes(*new)
            };
            scratch.clear();
            scratch.extend(old.iter().zip(new).map(|(old, new)| {
                let differs = of(old, new);
                // All bits of it, in 16.
                (0..$n / 2).fold(0u16, |all, part| all | (differs >> (16 * part)) as u16)
            }));
        }};
    }
    match n_bytes {
        1 => {
            scratch.clear();
            scratch.extend(old.iter().zip(new).map(|(old, new)| u16::from(old ^ new)));
        }
        2 => differing!(2, u16),
        4 => differing!(4, u32),
        _ => differing!(8, u64),
    }
    kernels::threshold(scratch, [ni, nj, 1], 0, workers)
}

fn check_alike(before: &StoredVolume, after: &StoredVolume) -> Result<(), VerifyError> {
    let alike = before.grid() == after.grid()
        && before.n_planes() == after.n_planes()
        && before.stored_type() == after.stored_type()
        && before.byte_order() == after.byte_order()
        && (0..before.n_planes()).all(|p| before.rescale(p) == after.rescale(p));
    if alike { Ok(()) } else { Err(VerifyError::NotAlike) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, ByteOrder, Grid, PlaneAt, Rescale, StoredType};

    fn scan(bytes: Vec<u8>) -> StoredVolume {
        let grid = Grid { extent: [70, 2, 2], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let planes = (0..2).map(|p| PlaneAt { buffer: 0, offset: p * 280 }).collect();
        let (of, order) = (StoredType::I16, ByteOrder::Little);
        StoredVolume::new(grid, of, order, vec![Rescale::NONE], vec![bytes], planes).expect("fits")
    }

    #[test]
    fn counts_changes_on_both_sides_of_the_mask() {
        let before = scan(vec![7; 560]);
        let mut bytes = vec![7; 560];
        bytes[2 * (66 + 70)] = 8; // [66, 1, 0]
        bytes[2 * (3 + 140) + 1] = 8; // [3, 0, 1]
        bytes[2 * (4 + 140)] = 8; // [4, 0, 1]
        let after = scan(bytes);
        let mut mask = Mask::empty(*before.grid());
        mask.set([66, 1, 0]);
        for workers in [Workers::ONE, Workers::new(3)] {
            let found = compare(&before, &after, Some(&mask), workers);
            let (changed, proof) = found.expect("alike");
            assert_eq!(proof, VoxelProof { n_changed_outside: 2, n_changed_inside: 1 });
            let expected = [[66, 1, 0], [3, 0, 1], [4, 0, 1]];
            assert!(expected.into_iter().all(|voxel| changed.get(voxel)) && changed.n_set() == 3);
            let (_, proof) = compare(&before, &after, None, workers).expect("alike");
            assert_eq!(proof, VoxelProof { n_changed_outside: 0, n_changed_inside: 3 });
        }
    }

    #[test]
    fn refuses_another_grid() {
        let before = scan(vec![7; 560]);
        let mut grid = *before.grid();
        grid.affine.0[0][3] = 0.5;
        let planes = (0..2).map(|p| PlaneAt { buffer: 0, offset: p * 280 }).collect();
        let (of, order) = (StoredType::I16, ByteOrder::Little);
        let bytes = vec![vec![7; 560]];
        let after =
            StoredVolume::new(grid, of, order, vec![Rescale::NONE], bytes, planes).expect("fits");
        let compared = compare(&before, &after, None, Workers::ONE);
        assert_eq!(compared.err(), Some(VerifyError::NotAlike));
    }

    #[test]
    fn every_width_is_compared_and_frames_are_counted_one_by_one() {
        let widths =
            [StoredType::I8, StoredType::U16, StoredType::F32, StoredType::F64, StoredType::I64];
        for of in widths {
            let n = of.n_bytes();
            let grid =
                Grid { extent: [65, 1, 1], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
            let make = |bytes| {
                let planes = (0..2).map(|p| PlaneAt { buffer: 0, offset: p * 65 * n }).collect();
                let (order, none) = (ByteOrder::Big, vec![Rescale::NONE]);
                StoredVolume::new(grid, of, order, none, vec![bytes], planes).expect("fits")
            };
            let before = make(vec![7; 130 * n]);
            let mut bytes = vec![7; 130 * n];
            // The last byte of voxel 64 in both frames, the first of voxel 1 in the second.
            [65 * n - 1, 130 * n - 1, 66 * n].into_iter().for_each(|at| bytes[at] = 8);
            let (changed, proof) =
                compare(&before, &make(bytes), None, Workers::ONE).expect("alike");
            assert_eq!(proof.n_changed_inside, 3);
            assert!(changed.get([64, 0, 0]) && changed.get([1, 0, 0]) && changed.n_set() == 2);
        }
    }
}

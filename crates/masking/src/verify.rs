use thiserror::Error;
use volume::{Mask, StoredVolume};

/// What became of the voxels, by comparing the written file with the original, both from disk.
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

/// The voxels whose stored bytes differ in any frame.
///
/// # Errors
/// As [`verify_voxels`].
pub fn changed(before: &StoredVolume, after: &StoredVolume) -> Result<Mask, VerifyError> {
    check_alike(before, after)?;
    let [ni, nj, nk] = before.grid().extent;
    let n_bytes = before.stored_type().n_bytes();
    let mut changed = Mask::empty(*before.grid());
    for p in 0..before.n_planes() {
        let rows = before.plane(p).chunks_exact(ni * n_bytes);
        let rows = rows.zip(after.plane(p).chunks_exact(ni * n_bytes)).take(nj);
        for (j, (old, new)) in rows.enumerate().filter(|(_, (old, new))| old != new) {
            let voxels = old.chunks_exact(n_bytes).zip(new.chunks_exact(n_bytes));
            for (i, _) in voxels.enumerate().filter(|(_, (old, new))| old != new) {
                changed.set([i, j, p % nk]);
            }
        }
    }
    Ok(changed)
}

/// Compares every stored value of two volumes.
///
/// # Errors
/// [`VerifyError::NotAlike`] if grid, frames, stored type, byte order or a rescale differ.
///
/// # Panics
/// If `mask` lies on another grid than `before`: both come from one scan.
pub fn verify_voxels(
    before: &StoredVolume,
    after: &StoredVolume,
    mask: &Mask,
) -> Result<VoxelProof, VerifyError> {
    assert!(mask.grid() == before.grid(), "the mask lies on the scan's grid");
    check_alike(before, after)?;
    let [ni, _, nk] = before.grid().extent;
    let n_bytes = before.stored_type().n_bytes();
    let row_words = ni.div_ceil(64);
    let mut proof = VoxelProof { n_changed_outside: 0, n_changed_inside: 0 };
    for p in 0..before.n_planes() {
        let rows = before.plane(p).chunks_exact(ni * n_bytes);
        let rows = rows.zip(after.plane(p).chunks_exact(ni * n_bytes));
        for ((old, new), words) in rows.zip(mask.plane(p % nk).chunks_exact(row_words)) {
            if old == new {
                continue;
            }
            let voxels = old.chunks_exact(n_bytes).zip(new.chunks_exact(n_bytes));
            for (i, _) in voxels.enumerate().filter(|(_, (old, new))| old != new) {
                if words[i / 64] >> (i % 64) & 1 == 1 {
                    proof.n_changed_inside += 1;
                } else {
                    proof.n_changed_outside += 1;
                }
            }
        }
    }
    Ok(proof)
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
        let proof = verify_voxels(&before, &after, &mask).expect("alike");
        assert_eq!(proof, VoxelProof { n_changed_outside: 2, n_changed_inside: 1 });
        let changed = changed(&before, &after).expect("alike");
        let expected = [[66, 1, 0], [3, 0, 1], [4, 0, 1]];
        assert!(expected.into_iter().all(|voxel| changed.get(voxel)) && changed.n_set() == 3);
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
        let mask = Mask::empty(*before.grid());
        assert_eq!(verify_voxels(&before, &after, &mask), Err(VerifyError::NotAlike));
    }
}

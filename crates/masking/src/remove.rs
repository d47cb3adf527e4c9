use kernels::Workers;
use volume::{ByteOrder, Mask, StoredType, StoredVolume};

/// What is written where a face was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// Air in CT: -1000 HU, through the rescale of each plane.
    CtAir,
    /// The level of the air around the head, real.
    Level(f32),
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Voxels of the mask, in one frame.
    pub n_voxels: u64,
}

/// Writes the fill, as a stored value, into every voxel of `scan` under `mask`, in every frame.
///
/// Voxels outside the mask keep their bits. The stored value is the nearest that the file's type
/// can hold.
///
/// # Panics
/// If `mask` lies on another grid than `scan`: both come from one scan.
pub fn remove(scan: &mut StoredVolume, mask: &Mask, fill: Fill) -> Removal {
    assert!(mask.grid() == scan.grid(), "the mask lies on the scan's grid");
    let [ni, _, nk] = scan.grid().extent;
    for p in 0..scan.n_planes() {
        let value = stored_bytes(scan, p, fill);
        // A plane takes less time than a thread does to start.
        kernels::fill_masked(scan.plane_mut(p), mask.plane(p % nk), ni, &value, Workers::ONE);
    }
    Removal { n_voxels: mask.n_set() }
}

/// The bytes of the fill in plane `p`.
fn stored_bytes(scan: &StoredVolume, p: usize, fill: Fill) -> Vec<u8> {
    let real = match fill {
        Fill::CtAir => -1000.0,
        Fill::Level(level) => f64::from(level),
    };
    let stored = scan.rescale(p).stored(real);
    // Casts from float to integer hold at the ends of the type.
    let rounded = scan.storable(p, stored);
    let mut bytes = match scan.stored_type() {
        StoredType::U8 => (rounded as u8).to_le_bytes().to_vec(),
        StoredType::I8 => (rounded as i8).to_le_bytes().to_vec(),
        StoredType::U16 => (rounded as u16).to_le_bytes().to_vec(),
        StoredType::I16 => (rounded as i16).to_le_bytes().to_vec(),
        StoredType::U32 => (rounded as u32).to_le_bytes().to_vec(),
        StoredType::I32 => (rounded as i32).to_le_bytes().to_vec(),
        StoredType::U64 => (rounded as u64).to_le_bytes().to_vec(),
        StoredType::I64 => (rounded as i64).to_le_bytes().to_vec(),
        StoredType::F32 => (stored as f32).to_le_bytes().to_vec(),
        StoredType::F64 => stored.to_le_bytes().to_vec(),
    };
    if scan.byte_order() == ByteOrder::Big {
        bytes.reverse();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid, PlaneAt, Rescale};

    fn check(of: StoredType, order: ByteOrder, rescale: Rescale, fill: Fill, expected: &[u8]) {
        let grid = Grid { extent: [3, 2, 2], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let n = of.n_bytes();
        let before: Vec<u8> = (0..24 * n + 3).map(|v| v as u8 ^ 0x5a).collect();
        let planes = (0..4).map(|p| PlaneAt { buffer: 0, offset: 3 + p * 6 * n }).collect();
        let mut scan =
            StoredVolume::new(grid, of, order, vec![rescale], vec![before.clone()], planes)
                .expect("fits");
        let mut mask = Mask::empty(grid);
        mask.set([1, 0, 1]);
        mask.set([2, 1, 0]);
        assert_eq!(remove(&mut scan, &mask, fill), Removal { n_voxels: 2 });
        let mut after = before;
        for frame in 0..2 {
            for voxel in [5, 7] {
                after[3 + (frame * 12 + voxel) * n..][..n].copy_from_slice(expected);
            }
        }
        assert_eq!(scan.buffers()[0], after, "{of:?} {order:?}");
    }

    #[test]
    fn fills_what_is_masked_in_every_frame_and_keeps_every_other_bit() {
        let (none, little, big) = (Rescale::NONE, ByteOrder::Little, ByteOrder::Big);
        let hu = Rescale { slope: 1.0, intercept: -1024.0 };
        check(StoredType::I16, little, none, Fill::CtAir, &(-1000i16).to_le_bytes());
        check(StoredType::I16, big, none, Fill::CtAir, &(-1000i16).to_be_bytes());
        check(StoredType::U16, little, hu, Fill::CtAir, &24u16.to_le_bytes());
        check(StoredType::U16, little, none, Fill::CtAir, &[0, 0]);
        check(StoredType::U8, little, none, Fill::Level(3.6), &[4]);
        check(StoredType::F32, little, none, Fill::Level(3.6), &3.6f32.to_le_bytes());
        check(StoredType::F64, big, none, Fill::Level(0.5), &0.5f64.to_be_bytes());
        let negative = Rescale { slope: -2.0, intercept: 10.0 };
        check(StoredType::I8, little, negative, Fill::Level(0.0), &[5]);
    }

    #[test]
    fn never_fills_with_the_value_that_means_none() {
        let grid = Grid { extent: [2, 1, 1], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let (of, order) = (StoredType::U16, ByteOrder::Little);
        let rescale = vec![Rescale { slope: 1.0, intercept: -1000.0 }];
        let planes = vec![PlaneAt { buffer: 0, offset: 0 }];
        let scan = StoredVolume::new(grid, of, order, rescale, vec![vec![7; 4]], planes);
        let mut scan = scan.expect("fits").with_reserved([0, 4095], vec![Some([0, 0])]);
        let mut mask = Mask::empty(grid);
        mask.set([0, 0, 0]);
        remove(&mut scan, &mask, Fill::CtAir);
        assert_eq!(scan.buffers()[0], [1, 0, 7, 7], "-999 HU, not the padding at -1000 HU");
    }
}

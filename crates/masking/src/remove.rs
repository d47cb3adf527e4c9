use kernels::Workers;
use volume::{Mask, StoredVolume};

use crate::Fill;

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// Voxels of the mask, in one frame.
    pub n_voxels: u64,
}

/// Writes the fill, as stored values, into every voxel of `scan` under `mask`, in every frame.
///
/// Voxels outside the mask keep their bits. Each stored value is the nearest that the file's type
/// can hold.
///
/// # Panics
/// If `mask`, or the inside of a head to fill in, lies on another grid than `scan`: all come from one
/// scan.
pub fn remove(scan: &mut StoredVolume, mask: &Mask, fill: &Fill, workers: Workers) -> Removal {
    assert!(mask.grid() == scan.grid(), "the mask lies on the scan's grid");
    match fill {
        Fill::Even(value) => fill_even(scan, mask, *value, workers),
        Fill::Drawn { values, seed } => fill_drawn(scan, mask, values, *seed),
        Fill::Head { flesh, air, within } => {
            assert!(within.grid() == scan.grid(), "the head lies on the scan's grid");
            fill_even(scan, mask, *air, workers);
            let words = kernels::meet(within.words(), mask.words());
            fill_even(scan, &Mask::from_words(*mask.grid(), words), *flesh, workers);
        }
    }
    Removal { n_voxels: mask.n_set() }
}

/// Writes one real value into all masked voxels.
fn fill_even(scan: &mut StoredVolume, mask: &Mask, real: f64, workers: Workers) {
    let [ni, nj, nk] = scan.grid().extent;
    let plane_bytes = ni * nj * scan.stored_type().n_bytes();
    let values: Vec<Vec<u8>> = (0..scan.n_planes()).map(|p| stored_bytes(scan, p, real)).collect();
    let places: Vec<usize> = (0..scan.n_planes()).map(|p| scan.plane_at(p).offset).collect();
    let planes = scan.planes_by_buffer();
    // A plane takes less time than a thread does to start.
    let fill = |bytes: &mut [u8], p: usize| {
        kernels::fill_masked(bytes, mask.plane(p % nk), ni, &values[p], Workers::ONE);
    };
    if let [buffer] = scan.buffers_mut() {
        let planes = &planes[0];
        let is_in_order = planes.windows(2).all(|p| places[p[0]] + plane_bytes == places[p[1]]);
        if let (true, Some(&first)) = (is_in_order, planes.first()) {
            let all = &mut buffer[places[first]..][..planes.len() * plane_bytes];
            workers.for_each_chunk(all, plane_bytes, |n, bytes| fill(bytes, planes[n]));
            return;
        }
    }
    workers.for_each_chunk(scan.buffers_mut(), 1, |n, buffer| {
        for &p in &planes[n] {
            fill(&mut buffer[0][places[p]..][..plane_bytes], p);
        }
    });
}

/// Writes one of `values`, drawn by seed and place, into each masked voxel.
fn fill_drawn(scan: &mut StoredVolume, mask: &Mask, values: &[f64], seed: u64) {
    let [ni, nj, nk] = scan.grid().extent;
    let row_words = kernels::row_words(ni);
    let n_bytes = scan.stored_type().n_bytes();
    for p in 0..scan.n_planes() {
        let drawn: Vec<Vec<u8>> = values.iter().map(|&v| stored_bytes(scan, p, v)).collect();
        let plane = scan.plane_mut(p);
        for (at, &word) in mask.plane(p % nk).iter().enumerate() {
            let row = at / row_words;
            let mut rest = word;
            while rest != 0 {
                let i = at % row_words * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let voxel = row * ni + i;
                let draw = scattered(seed ^ ((p * ni * nj + voxel) as u64));
                let value = &drawn[((u128::from(draw) * drawn.len() as u128) >> 64) as usize];
                plane[voxel * n_bytes..][..n_bytes].copy_from_slice(value);
            }
        }
    }
}

/// A number whose bits depend on all bits of `counter`: SplitMix64 (Steele, Lea and Flood 2014,
/// doi:10.1145/2660193.2660195).
fn scattered(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The bytes of a real value in plane `p`.
fn stored_bytes(scan: &StoredVolume, p: usize, real: f64) -> Vec<u8> {
    let stored = scan.rescale(p).stored(real);
    let of = scan.stored_type();
    let mut bytes = vec![0; of.n_bytes()];
    of.encode(&[scan.storable(p, stored)], scan.byte_order(), &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, ByteOrder, Grid, PlaneAt, Rescale, StoredType};

    fn check(of: StoredType, order: ByteOrder, rescale: Rescale, real: f64, expected: &[u8]) {
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
        assert_eq!(
            remove(&mut scan, &mask, &Fill::Even(real), Workers::new(2)),
            Removal { n_voxels: 2 }
        );
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
        check(StoredType::I16, little, none, -1000.0, &(-1000i16).to_le_bytes());
        check(StoredType::I16, big, none, -1000.0, &(-1000i16).to_be_bytes());
        check(StoredType::U16, little, hu, -1000.0, &24u16.to_le_bytes());
        check(StoredType::U16, little, none, -1000.0, &[0, 0]);
        check(StoredType::U8, little, none, 3.6, &[4]);
        check(StoredType::F32, little, none, 3.6, &3.6f32.to_le_bytes());
        check(StoredType::F64, big, none, 0.5, &0.5f64.to_be_bytes());
        let negative = Rescale { slope: -2.0, intercept: 10.0 };
        check(StoredType::I8, little, negative, 0.0, &[5]);
    }

    fn two_frames(seed: u8) -> StoredVolume {
        let grid = Grid { extent: [70, 3, 2], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let planes = (0..4).map(|p| PlaneAt { buffer: 0, offset: p * 420 }).collect();
        let bytes = (0..1680u32).map(|v| (v as u8).wrapping_mul(31) ^ seed).collect();
        let (of, order, none) = (StoredType::I16, ByteOrder::Little, vec![Rescale::NONE]);
        StoredVolume::new(grid, of, order, none, vec![bytes], planes).expect("fits")
    }

    #[test]
    fn what_is_drawn_depends_on_seed_and_place_alone() {
        let mut mask = Mask::empty(*two_frames(0).grid());
        (0..70).filter(|i| i % 3 > 0).for_each(|i| (0..3).for_each(|j| mask.set([i, j, 1])));
        let values = vec![-3.0, 0.0, 5.0, 1000.0];
        let filled = |of: u8, seed| {
            let mut scan = two_frames(of);
            remove(
                &mut scan,
                &mask,
                &Fill::Drawn { values: values.clone(), seed },
                Workers::new(2),
            );
            let read = |p: usize, v: usize| {
                let [low, high] = [0, 1].map(|b| scan.plane(p)[2 * v + b]);
                i16::from_le_bytes([low, high])
            };
            let masked = (0..210).filter(|v| mask.get([v % 70, v / 70, 1]));
            masked.flat_map(|v| [read(1, v), read(3, v)]).collect::<Vec<i16>>()
        };
        let found = filled(0, 7);
        assert_eq!(found, filled(0x5a, 7), "whatever lay there");
        assert_ne!(found, filled(0, 8));
        for value in [-3, 0, 5, 1000] {
            let n = found.iter().filter(|v| **v == value).count();
            assert!((40..100).contains(&n), "{n} of 276 are {value}");
        }
        assert!(
            found.chunks(2).filter(|pair| pair[0] != pair[1]).count() > 60,
            "each frame its own"
        );
    }

    #[test]
    fn a_head_is_filled_in_air() {
        let mut scan = two_frames(0);
        let (mut mask, mut within) = (Mask::empty(*scan.grid()), Mask::empty(*scan.grid()));
        (0..4).for_each(|i| mask.set([i, 0, 0]));
        (2..6).for_each(|i| within.set([i, 0, 0]));
        let before = scan.plane(0)[8..].to_vec();
        remove(&mut scan, &mask, &Fill::Head { flesh: 9.0, air: 1.0, within }, Workers::new(2));
        assert_eq!(scan.plane(0)[..8], [1, 0, 1, 0, 9, 0, 9, 0]);
        assert_eq!(scan.plane(0)[8..], before, "what is not masked stays");
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
        remove(&mut scan, &mask, &Fill::Even(-1000.0), Workers::new(2));
        assert_eq!(scan.buffers()[0], [1, 0, 7, 7], "-999 HU, not the padding at -1000 HU");
    }
}

use volume::{Grid, Mask};

use crate::Scan;

/// Grids whose corners lie within this share of a voxel of each other are one: NIfTI-1 keeps affines in
/// single precision.
const SAME_VOXELS: f64 = 0.1;

/// The mask that a scan holds on the grid of another: its first frame, all that is not 0. `None` if
/// they do not lie on one grid.
#[must_use]
pub fn mask_of(scan: &Scan, grid: &Grid) -> Option<Mask> {
    let [ni, nj, nk] = grid.extent;
    let own = scan.volume.grid();
    let is_near = |corner: usize| {
        let index =
            [0, 1, 2].map(|a| if corner >> a & 1 == 1 { grid.extent[a] as f64 } else { 0.0 });
        let [a, b] = [own, grid].map(|grid| grid.affine.apply(index));
        let away = (0..3).map(|n| (a[n] - b[n]).powi(2)).sum::<f64>().sqrt();
        away <= SAME_VOXELS * grid.spacing_mm().into_iter().fold(f64::INFINITY, f64::min)
    };
    if own.extent != grid.extent || !(0..8).all(is_near) {
        return None;
    }
    let mut mask = Mask::empty(*grid);
    let mut row = vec![0.0f32; ni];
    for (j, k) in (0..nk).flat_map(|k| (0..nj).map(move |j| (j, k))) {
        scan.volume.real_rows(k, j, &mut row);
        (0..ni).filter(|&i| row[i] != 0.0).for_each(|i| mask.set([i, j, k]));
    }
    Some(mask)
}

/// The bytes of a NIfTI-1 file of a mask, not compressed: `uint8`, 1 = removed, 0 = kept, with the
/// affine of its grid as sform (code 1). `None` if an axis is longer than NIfTI-1 can say, 32767.
#[must_use]
pub fn mask_file(mask: &Mask) -> Option<Vec<u8>> {
    const DATA_START: usize = 352;
    let grid = mask.grid();
    let [ni, nj, nk] = grid.extent;
    let mut bytes = vec![0u8; DATA_START + grid.n_voxels()];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348i32.to_le_bytes());
    for (at, n) in [3, ni, nj, nk, 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * at, &i16::try_from(n).ok()?.to_le_bytes());
    }
    put(70, &2i16.to_le_bytes());
    put(72, &8i16.to_le_bytes());
    put(76, &1f32.to_le_bytes());
    for (axis, spacing) in grid.spacing_mm().into_iter().enumerate() {
        put(80 + 4 * axis, &(spacing as f32).to_le_bytes());
    }
    put(108, &(DATA_START as f32).to_le_bytes());
    put(112, &1f32.to_le_bytes());
    put(123, &[2]);
    put(254, &1i16.to_le_bytes());
    for (at, value) in grid.affine.0.iter().flatten().enumerate() {
        put(280 + 4 * at, &(*value as f32).to_le_bytes());
    }
    put(344, b"n+1\0");
    let row_words = ni.div_ceil(64);
    let rows = mask.words().chunks_exact(row_words);
    for (row, words) in bytes[DATA_START..].chunks_exact_mut(ni).zip(rows) {
        for (i, voxel) in row.iter_mut().enumerate() {
            *voxel = (words[i / 64] >> (i % 64) & 1) as u8;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use volume::{Affine, Grid};

    use super::*;
    use crate::nifti::{Decoded, open_single};

    #[test]
    fn is_read_back_as_the_same_mask() {
        let affine = Affine([[0.0, -1.5, 0.25, 3.0], [2.0, 0.0, 0.0, -7.0], [0.0, 0.25, 4.0, 1.0]]);
        let mut mask = Mask::empty(Grid { extent: [70, 3, 2], affine });
        mask.set([69, 1, 0]);
        mask.set([0, 2, 1]);
        let bytes = mask_file(&mask).expect("short axes");
        let scan =
            open_single(Decoded { name: "m.nii".into(), gzip: false, bytes }).expect("NIfTI");
        assert_eq!(scan.volume.grid(), mask.grid());
        let mut values = vec![0.0; 70 * 3];
        for k in 0..2 {
            scan.volume.real_rows(k, 0, &mut values);
            for (at, &value) in values.iter().enumerate() {
                assert_eq!(value > 0.5, mask.get([at % 70, at / 70, k]));
            }
        }
    }

    #[test]
    fn an_axis_too_long_for_the_format_is_no_file() {
        let affine = Affine::axis_aligned([1.0; 3], [0.0; 3]);
        assert!(mask_file(&Mask::empty(Grid { extent: [40_000, 1, 1], affine })).is_none());
    }
}

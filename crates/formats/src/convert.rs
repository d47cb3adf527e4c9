use std::ffi::OsStr;
use std::io;

use kernels::Workers;
use volume::{Affine, ByteOrder, Grid, Rescale, StoredType, StoredVolume};

use crate::nifti::{self, Decoded};
use crate::resample::Resampling;
use crate::{FormatError, Modality, Note, Packing, Scan};

/// Bytes of a NIfTI-1 header and of the word that says that nothing follows it.
const DATA_START: usize = 352;

/// A scan as a NIfTI-1 file named `name`, its stored values as they are.
///
/// Rows are turned over, as dcm2niix does, so that `j` runs from back to front in axial images;
/// the affine turns with them. Slope and intercept go to the header. A sheared grid stays one, in
/// the affine alone.
///
/// # Errors
/// [`FormatError::ManyRescales`] if planes differ in slope or intercept, which NIfTI cannot say;
/// [`FormatError::TooLong`] if an axis is longer than NIfTI-1 can say; [`FormatError::Io`] if the memory
/// cannot be had.
pub fn as_nifti(scan: Scan, name: &OsStr) -> Result<Scan, FormatError> {
    let volume = &scan.volume;
    let mut bytes = start(volume, volume.grid())?;
    let ni = volume.grid().extent[0];
    let n_bytes = volume.stored_type().n_bytes();
    for p in 0..volume.n_planes() {
        let start = bytes.len();
        for row in volume.plane(p).chunks_exact(ni * n_bytes).rev() {
            bytes.extend(row);
        }
        if volume.byte_order() == ByteOrder::Big {
            bytes[start..].chunks_exact_mut(n_bytes).for_each(<[u8]>::reverse);
        }
    }
    file_of(scan, name, bytes)
}

/// As [`as_nifti`], the voxels resampled as `resampling` says, and a note of that.
///
/// # Errors
/// As [`as_nifti`]; [`FormatError::Io`] if the memory for the voxels cannot be had.
pub(crate) fn as_resampled_nifti(
    mut scan: Scan,
    name: &OsStr,
    resampling: &Resampling,
    workers: Workers,
) -> Result<Scan, FormatError> {
    let mut bytes = start(&scan.volume, resampling.grid())?;
    let is_ct = scan.modality == Some(Modality::Ct);
    bytes.resize(DATA_START + n_voxel_bytes(&scan.volume, resampling.grid()), 0);
    resampling.write_planes(&scan.volume, is_ct, &mut bytes[DATA_START..], workers);
    scan.notes.push(Note { text: resampling.note().to_owned(), needs_review: false });
    file_of(scan, name, bytes)
}

/// Header of the file that holds `volume` on `grid`, with room for the voxels behind it.
fn start(volume: &StoredVolume, grid: &Grid) -> Result<Vec<u8>, FormatError> {
    let rescale = volume.rescale(0);
    if (0..volume.n_planes()).any(|p| volume.rescale(p) != rescale) {
        return Err(FormatError::ManyRescales);
    }
    let [ni, nj, nk] = grid.extent;
    let extents = [ni, nj, nk, volume.n_frames()];
    let mut bytes = header(extents, volume.stored_type(), grid.affine, rescale)
        .ok_or(FormatError::TooLong { extent: grid.extent })?;
    bytes
        .try_reserve_exact(n_voxel_bytes(volume, grid))
        .map_err(|_| FormatError::Io(io::ErrorKind::OutOfMemory.into()))?;
    Ok(bytes)
}

/// Bytes of all frames of `volume` on `grid`.
fn n_voxel_bytes(volume: &StoredVolume, grid: &Grid) -> usize {
    grid.n_voxels() * volume.n_frames() * volume.stored_type().n_bytes()
}

/// The scan of a NIfTI file of these `bytes`, with what `scan`, of which it was made, says of itself.
fn file_of(scan: Scan, name: &OsStr, bytes: Vec<u8>) -> Result<Scan, FormatError> {
    let (modality, notes) = (scan.modality, scan.notes);
    drop(scan.volume);
    let mut converted = nifti::open_single(Decoded { name: name.to_owned(), gzip: false, bytes })?;
    converted.modality = modality;
    converted.notes.extend(notes);
    for file in &mut converted.files {
        file.packing = Packing::Gzip;
    }
    Ok(converted)
}

/// The header of a file of `extents`, whose `j` runs against that of `affine`; `None` if an axis
/// is longer than 32767.
fn header(
    extents: [usize; 4],
    of: StoredType,
    affine: Affine,
    rescale: Rescale,
) -> Option<Vec<u8>> {
    let mut bytes = vec![0u8; DATA_START];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let n_axes = if extents[3] > 1 { 4 } else { 3 };
    let [ni, nj, nk, n_frames] = extents;
    put(0, &348i32.to_le_bytes());
    for (n, extent) in [n_axes, ni, nj, nk, n_frames, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * n, &i16::try_from(extent).ok()?.to_le_bytes());
    }
    let datatype: i16 = match of {
        StoredType::U8 => 2,
        StoredType::I16 => 4,
        StoredType::I32 => 8,
        StoredType::F32 => 16,
        StoredType::F64 => 64,
        StoredType::I8 => 256,
        StoredType::U16 => 512,
        StoredType::U32 => 768,
        StoredType::I64 => 1024,
        StoredType::U64 => 1280,
    };
    put(70, &datatype.to_le_bytes());
    put(72, &(8 * of.n_bytes() as i16).to_le_bytes());
    let turned = turned(affine, nj);
    for axis in 0..3 {
        let length = turned.column(axis).iter().map(|v| v * v).sum::<f64>().sqrt();
        put(80 + 4 * axis, &(length as f32).to_le_bytes());
    }
    put(76, &1f32.to_le_bytes());
    put(108, &(DATA_START as f32).to_le_bytes());
    put(112, &(rescale.slope as f32).to_le_bytes());
    put(116, &(rescale.intercept as f32).to_le_bytes());
    put(123, &[2]);
    // Scanner coordinates.
    put(254, &1i16.to_le_bytes());
    for (n, value) in turned.0.iter().flatten().enumerate() {
        put(280 + 4 * n, &(*value as f32).to_le_bytes());
    }
    put(344, b"n+1\0");
    Some(bytes)
}

/// The affine of a grid of `nj` rows whose rows are turned over.
fn turned(affine: Affine, nj: usize) -> Affine {
    let last = nj as f64 - 1.0;
    Affine(affine.0.map(|[i, j, k, origin]| [i, -j, k, origin + last * j]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;
    use volume::PlaneAt;

    fn scan(order: ByteOrder, rescale: Vec<Rescale>) -> Scan {
        let affine = Affine([[-1.5, 0.0, 0.2, 7.0], [0.0, -2.0, 0.0, 8.0], [0.0, 0.0, 3.0, 9.0]]);
        let grid = Grid { extent: [3, 2, 4], affine };
        let values = (0..24u16).map(|v| v * 300);
        let bytes = values.flat_map(|v| match order {
            ByteOrder::Little => v.to_le_bytes(),
            ByteOrder::Big => v.to_be_bytes(),
        });
        let planes = (0..4).map(|p| PlaneAt { buffer: 0, offset: 12 * p }).collect();
        let buffers = vec![bytes.collect()];
        let volume = StoredVolume::new(grid, StoredType::U16, order, rescale, buffers, planes);
        let (volume, layout) = (volume.expect("fits"), Layout::DicomSeries);
        Scan { volume, files: Vec::new(), layout, modality: None, notes: Vec::new() }
    }

    #[test]
    fn keeps_stored_values_and_their_places() {
        let rescale = Rescale { slope: 0.5, intercept: -8.0 };
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let before = scan(order, vec![rescale]);
            let after = as_nifti(scan(order, vec![rescale]), OsStr::new("a.nii")).expect("NIfTI");
            assert_eq!(after.layout, Layout::NiftiFile);
            assert_eq!(after.volume.stored_type(), StoredType::U16);
            assert_eq!(after.volume.rescale(0), rescale);
            let (one, other) = (before.volume.grid(), after.volume.grid());
            for (j, turned) in [(0.0, 1.0), (1.0, 0.0)] {
                let place = one.affine.apply([2.0, j, 3.0]);
                let found = other.affine.apply([2.0, turned, 3.0]);
                assert!(place.iter().zip(found).all(|(a, b)| (a - b).abs() < 1e-5));
            }
            let (mut a, mut b) = ([0.0; 6], [0.0; 6]);
            before.volume.real_rows(2, 0, &mut a);
            after.volume.real_rows(2, 0, &mut b);
            assert_eq!((&a[..3], &a[3..]), (&b[3..], &b[..3]));
        }
    }

    #[test]
    fn refuses_what_nifti_cannot_say() {
        let mut rescale = vec![Rescale::NONE; 4];
        rescale[2].slope = 2.0;
        let refused = as_nifti(scan(ByteOrder::Little, rescale), OsStr::new("a.nii"));
        assert!(matches!(refused, Err(FormatError::ManyRescales)));
    }
}

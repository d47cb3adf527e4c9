//! The writers, by the few bytes that readers look at first.

use phantom::{Acquisition, Contrast, Person, Series, Voxels};
use volume::{Affine, Grid, StoredType};

fn grid() -> Grid {
    let mut affine = Affine::axis_aligned([8.0, 8.0, 10.0], [-100.0, -110.0, -100.0]);
    affine.0[0][0] = -8.0;
    affine.0[0][3] = 100.0;
    Grid { extent: [25, 30, 22], affine }
}

#[test]
fn a_nifti_file_holds_extent_affine_and_voxels() {
    let grid = grid();
    let real = phantom::render(&Person::from_seed(1), &grid, &Acquisition::usual(Contrast::T1, 1));
    for (stored_type, code) in [
        (StoredType::U8, 2i16),
        (StoredType::I16, 4),
        (StoredType::I32, 8),
        (StoredType::F32, 16),
        (StoredType::F64, 64),
        (StoredType::U16, 512),
    ] {
        let bytes = phantom::nifti_bytes(&grid, &Voxels::rounded(&real, stored_type));
        assert_eq!(bytes.len(), 352 + real.len() * stored_type.n_bytes());
        assert_eq!(bytes[..4], 348i32.to_le_bytes());
        assert_eq!(bytes[40..48], [3, 0, 25, 0, 30, 0, 22, 0]);
        assert_eq!(bytes[70..72], code.to_le_bytes());
        assert_eq!(bytes[280..284], (-8f32).to_le_bytes());
        assert_eq!(bytes[292..296], 100f32.to_le_bytes());
        assert_eq!(bytes[344..348], *b"n+1\0");
    }
}

#[test]
fn a_dicom_series_has_a_file_a_plane_with_its_own_uid() {
    let grid = grid();
    let real = phantom::render(&Person::from_seed(1), &grid, &Acquisition::usual(Contrast::Ct, 1));
    let series = Series { contrast: Contrast::Ct, seed: 4, number: 1 };
    let files = phantom::dicom_files(&grid, &real, &series);
    assert_eq!(files.len(), 22);
    for file in &files {
        assert_eq!(file[128..132], *b"DICM");
        let pixels = &file[file.len() - 2 * 25 * 30 - 4..];
        assert_eq!(pixels[..4], (2u32 * 25 * 30).to_le_bytes());
    }
    // The first pixel is air.
    let first =
        u16::from_le_bytes([files[0][files[0].len() - 1500], files[0][files[0].len() - 1499]]);
    assert!(first < 90, "{first} is -1024 HU and noise");
    assert_eq!(files, phantom::dicom_files(&grid, &real, &series));
    let other = phantom::dicom_files(&grid, &real, &Series { seed: 5, ..series });
    assert_ne!(files[0], other[0]);
    let uid = |file: &[u8]| {
        let at = file.windows(6).position(|w| w == b"\x08\0\x18\0UI").unwrap_or(0);
        file[at..at + 60].to_vec()
    };
    assert_ne!(uid(&files[0]), uid(&files[1]));
}

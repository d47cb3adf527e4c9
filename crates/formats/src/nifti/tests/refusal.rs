use proptest::prelude::*;

use super::*;

fn with_dim(dim: [i64; 8]) -> Made {
    Made { dim, ..simple() }
}

/// The error of a file whose header is that of `file`, whatever its voxels.
fn header_refused(file: &Made, expected: &NiftiError) {
    let mut bytes = file.header();
    bytes.resize(1000, 0);
    match open_files(vec![bytes]) {
        Err(e) => assert_eq!(&e, expected),
        Ok(_) => panic!("{expected} was not found in {file:?}"),
    }
}

#[test]
fn what_has_no_header_is_not_nifti() {
    let right = simple().files().remove(0);
    for n in [0, 3, 4, 347] {
        assert_eq!(open_files(vec![right[..n].to_vec()]).err(), Some(NiftiError::NotNifti));
    }
    for at in [0, 344] {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        assert_eq!(open_files(vec![bytes]).err(), Some(NiftiError::NotNifti));
    }
}

#[test]
fn counts_of_axes_that_no_volume_has_are_refused() {
    for found in [0, -1, 8, 300] {
        header_refused(&with_dim([found, 4, 3, 2, 1, 1, 1, 1]), &NiftiError::AxisCount { found });
    }
    header_refused(&with_dim([6, 4, 3, 2, 1, 1, 2, 1]), &NiftiError::AxisCount { found: 6 });
    header_refused(&with_dim([7, 4, 3, 2, 1, 1, 1, 2]), &NiftiError::AxisCount { found: 7 });
}

#[test]
fn extents_of_zero_below_zero_or_past_all_memory_are_refused() {
    let extent = |found| NiftiError::Extent { found };
    header_refused(&with_dim([3, 4, 0, 2, 1, 1, 1, 1]), &extent([4, 0, 2, 1, 1, 1, 1]));
    header_refused(&with_dim([3, 4, 3, -2, 1, 1, 1, 1]), &extent([4, 3, 0, 1, 1, 1, 1]));
    header_refused(&with_dim([4, 4, 3, 2, 0, 1, 1, 1]), &extent([4, 3, 2, 0, 1, 1, 1]));
    let most = 32767;
    let found = [most as u64; 3];
    let huge = Made { dim: [5, most, most, most, most, most, 1, 1], ..simple() };
    header_refused(&huge, &extent([found[0], found[0], found[0], found[0], found[0], 1, 1]));
    for axis in [1 << 40, i64::MAX] {
        let n = axis as u64;
        let two = made(Version::Two, ByteOrder::Little, false);
        let file = Made { dim: [3, axis, axis, axis, 1, 1, 1, 1], ..two };
        header_refused(&file, &extent([n, n, n, 1, 1, 1, 1]));
    }
}

#[test]
fn a_single_plane_is_not_a_volume() {
    for (dim, found) in [
        ([3, 1, 3, 2, 1, 1, 1, 1], [1, 3, 2]),
        ([3, 4, 3, 1, 1, 1, 1, 1], [4, 3, 1]),
        ([2, 4, 3, 9, 1, 1, 1, 1], [4, 3, 1]),
        ([1, 4, 9, 9, 1, 1, 1, 1], [4, 1, 1]),
    ] {
        header_refused(&with_dim(dim), &NiftiError::NotAVolume { found });
    }
}

#[test]
fn types_without_one_number_a_voxel_are_named_and_refused() {
    for (datatype, bitpix, found) in [
        (1, 1, "binary"),
        (32, 64, "complex64"),
        (128, 24, "RGB24"),
        (1536, 128, "float128"),
        (1792, 128, "complex128"),
        (2048, 256, "complex256"),
        (2304, 32, "RGBA32"),
    ] {
        header_refused(&Made { datatype, bitpix, ..simple() }, &NiftiError::DataType { found });
    }
    for found in [0, 3, -4, 255, 4096] {
        let file = Made { datatype: found, ..simple() };
        header_refused(&file, &NiftiError::DataTypeCode { found });
    }
}

#[test]
fn bits_that_contradict_the_type_are_refused() {
    for bitpix in [0, 8, -16, 32] {
        let expected = NiftiError::Bitpix { found: bitpix, of: "int16" };
        header_refused(&Made { bitpix, ..simple() }, &expected);
    }
}

#[test]
fn voxels_inside_the_header_or_at_no_byte_are_refused() {
    for found in [1.0, 348.0, 351.0, 352.5, -16.0, 1e10, f64::INFINITY] {
        let file = Made { vox_offset: found, ..simple() };
        header_refused(&file, &NiftiError::VoxOffset { found: f64::from(found as f32) });
    }
    let two = made(Version::Two, ByteOrder::Big, false);
    for found in [-1.0, 543.0] {
        header_refused(
            &Made { vox_offset: found, ..two.clone() },
            &NiftiError::VoxOffset { found },
        );
    }
    let mut bytes = simple().files().remove(0);
    bytes[108..112].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(
        matches!(open_files(vec![bytes]), Err(NiftiError::VoxOffset { found }) if found.is_nan())
    );
}

#[test]
fn an_offset_of_zero_means_right_after_the_header_and_an_odd_one_is_taken_at_its_word() {
    each_layout(|version, order, is_pair| {
        let right = made(version, order, is_pair);
        let expected: Vec<f32> = (1u8..=12).map(f32::from).collect();
        let zero = Made { vox_offset: 0.0, ..right.clone() };
        assert_eq!(first_values(&zero.open().expect("opens")), expected);
        let start = right.start + 13;
        let odd = Made { vox_offset: start as f64, start, ..right };
        assert_eq!(first_values(&odd.open().expect("opens")), expected);
    });
}

#[test]
fn a_file_one_byte_short_is_refused_with_both_sizes() {
    each_layout(|version, order, is_pair| {
        let mut files = made(version, order, is_pair).files();
        let image = files.last_mut().expect("a file");
        let wanted = image.len() as u64;
        image.pop();
        let expected = NiftiError::TooShort { wanted, found: wanted - 1 };
        assert_eq!(open_files(files).err(), Some(expected));
    });
    let far = Made { vox_offset: 9e18, ..made(Version::Two, ByteOrder::Little, false) };
    let found = far.files()[0].len() as u64;
    let wanted = 9_000_000_000_000_000_000 + 48;
    assert_eq!(far.open().err(), Some(NiftiError::TooShort { wanted, found }));
}

#[test]
fn each_refusal_has_a_hint() {
    for error in [
        NiftiError::NotNifti,
        NiftiError::AxisCount { found: 9 },
        NiftiError::Extent { found: [0; 7] },
        NiftiError::NotAVolume { found: [1; 3] },
        NiftiError::DataType { found: "RGB24" },
        NiftiError::DataTypeCode { found: 3 },
        NiftiError::Bitpix { found: 3, of: "int16" },
        NiftiError::VoxOffset { found: 1.0 },
        NiftiError::TooShort { wanted: 2, found: 1 },
        NiftiError::Affine,
    ] {
        assert!(!error.hint().is_empty());
        assert!(!error.to_string().ends_with('.'), "{error}");
    }
}

/// Opening `bytes` as a file or a pair, and cleaning what they say they are, ends in a scan or an
/// error.
fn survives(bytes: &[u8]) {
    let _ = promised_bytes(bytes);
    for is_pair in [false, true] {
        let n_files = if is_pair { 2 } else { 1 };
        let Ok(mut scan) = open_files(vec![bytes.to_vec(); n_files]) else { continue };
        let said = recognise(bytes) == Some(Start::PairHeader);
        if said == is_pair {
            let _ = held_text(&scan);
            let _ = clear_text(&mut scan, "described");
            assert!(held_text(&scan).iter().all(|name| *name == "descrip"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_after_a_right_start_never_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 348..1000),
        two in any::<bool>(),
        is_pair in any::<bool>(),
    ) {
        let version = if two && bytes.len() >= 540 { Version::Two } else { Version::One };
        let right = made(version, ByteOrder::Little, is_pair).header();
        bytes[..4].copy_from_slice(&right[..4]);
        let magic = if version == Version::One { 344..348 } else { 4..12 };
        bytes[magic.clone()].copy_from_slice(&right[magic]);
        survives(&bytes);
    }

    #[test]
    fn a_right_header_with_some_bytes_changed_never_panics(
        changes in prop::collection::vec((0usize..600, any::<u8>()), 0..6),
        which in 0usize..8,
        n_bytes in 348usize..1000,
    ) {
        let version = if which & 1 == 0 { Version::One } else { Version::Two };
        let order = if which & 2 == 0 { ByteOrder::Little } else { ByteOrder::Big };
        let mut bytes = made(version, order, which & 4 != 0).files().concat();
        bytes.resize(n_bytes, 0);
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        survives(&bytes);
    }
}

use std::ops::Range;

use super::*;

const DESCRIPTION: &str = "efface: face removed";

/// The text places of a header, as the standard has them.
fn fields(version: Version) -> Vec<(&'static str, Range<usize>)> {
    match version {
        Version::One => vec![
            ("data_type", 4..14),
            ("db_name", 14..32),
            ("descrip", 148..228),
            ("aux_file", 228..252),
            ("intent_name", 328..344),
        ],
        Version::Two => vec![
            ("descrip", 240..320),
            ("aux_file", 320..344),
            ("intent_name", 508..524),
            ("unused_str", 525..540),
        ],
    }
}

/// A file with words wherever there is room: fields, 32 bytes of extension, and after the voxels.
fn wordy(version: Version, order: ByteOrder, is_pair: bool) -> Vec<Vec<u8>> {
    let right = made(version, order, is_pair);
    let start = right.start + 32;
    let mut files = Made { vox_offset: start as f64, start, ..right.clone() }.files();
    for (_, place) in fields(version) {
        files[0][place].fill(b'N');
    }
    if is_pair {
        files[0].extend([1, 0, 0, 0]);
        files[0].extend([b'N'; 28]);
    }
    let image = files.last_mut().expect("an image file");
    image[right.start..start].fill(b'N');
    image.extend([b'N'; 9]);
    files
}

#[test]
fn clears_exactly_the_listed_places_and_keeps_every_other_byte() {
    each_layout(|version, order, is_pair| {
        let before = wordy(version, order, is_pair);
        let header_bytes = if version == Version::One { 348 } else { 540 };
        let mut expected = before.clone();
        let last = expected.len() - 1;
        let n = expected[last].len();
        expected[last].truncate(n - 9);
        for (name, place) in fields(version) {
            let field = &mut expected[0][place];
            field.fill(0);
            if name == "descrip" {
                field[..DESCRIPTION.len()].copy_from_slice(DESCRIPTION.as_bytes());
            }
        }
        if is_pair {
            expected[0][header_bytes..].fill(0);
            expected[1][..32].fill(0);
        } else {
            expected[0][header_bytes..header_bytes + 36].fill(0);
        }
        let mut scan = open_files(before.clone()).expect("opens");
        let held = held_text(&scan);
        assert_eq!(scan.volume.buffers(), before, "naming changes nothing");
        let values = first_values(&scan);
        let cleared = clear_text(&mut scan, DESCRIPTION);
        assert_eq!(cleared, held);
        let mut names: Vec<&str> = fields(version).into_iter().map(|(name, _)| name).collect();
        names.push("extensions");
        if is_pair {
            names.push("extensions");
        }
        names.push("bytes after the data");
        assert_eq!(cleared, names);
        assert_eq!(scan.volume.buffers(), expected);
        assert_eq!(first_values(&scan), values);
        let again = open_files(expected).expect("the result opens");
        assert_eq!(first_values(&again), values);
        assert_eq!(held_text(&again), ["descrip"]);
    });
}

#[test]
fn a_header_without_text_gains_a_description_and_names_nothing() {
    each_layout(|version, order, is_pair| {
        let mut scan = made(version, order, is_pair).open().expect("opens");
        assert!(held_text(&scan).is_empty());
        assert!(clear_text(&mut scan, DESCRIPTION).is_empty());
        assert_eq!(held_text(&scan), ["descrip"]);
    });
}

#[test]
fn a_long_description_is_cut_before_the_last_byte_of_its_field() {
    let mut scan = simple().open().expect("opens");
    let _ = clear_text(&mut scan, &"x".repeat(300));
    let bytes = &scan.volume.buffers()[0];
    assert_eq!(bytes[148..227], [b'x'; 79]);
    assert_eq!(bytes[227], 0);
    assert_eq!(bytes[228..252], [0; 24], "the next field is not touched");
}

#[test]
fn an_extension_between_header_and_voxels_does_not_move_the_voxels() {
    each_layout(|version, order, _| {
        let expected: Vec<f32> = (1u8..=12).map(f32::from).collect();
        let scan = open_files(wordy(version, order, false)).expect("opens");
        assert_eq!(first_values(&scan), expected);
    });
}

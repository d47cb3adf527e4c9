mod example;
mod mosaic;
mod release;
mod unpack;

use std::ffi::OsString;

use kernels::Workers;
use proptest::prelude::*;
use volume::{ByteOrder, Rescale, StoredType};

use super::elements::{MAX_DEPTH, malformed};
use super::syntax::Encoding;
use super::tag::{
    BITS_ALLOCATED, BITS_STORED, BURNED_IN, COLUMNS, FRAME_OF_REFERENCE, HIGH_BIT, IMAGE_TYPE,
    MODALITY, NUMBER_OF_FRAMES, ORIENTATION, PADDING, PADDING_LIMIT, PATIENT_ID, PHOTOMETRIC,
    PIXEL_DATA, PIXEL_REPRESENTATION, PIXEL_SPACING, POSITION, RESCALE_INTERCEPT, RESCALE_SLOPE,
    ROWS, SAMPLES_PER_PIXEL, SERIES_INSTANCE, SOP_CLASS, SOP_INSTANCE,
};
use super::{
    DicomError, FileError, Malformation, MosaicFault, Shared, Spacing, Tag, native, open_series,
    series_of,
};
use crate::{Layout, Modality, Scan};
use example::{DataSet, Example, SYNTAXES, Value, files};

fn series() -> Vec<Example> {
    (0..4).map(Example::plane).collect()
}

fn open(examples: &[Example]) -> Result<Scan, DicomError> {
    open_series(files(examples))
}

/// Opens a series whose second file was changed.
fn open_changed(change: impl Fn(&mut Example)) -> Result<Scan, DicomError> {
    let mut series = series();
    change(&mut series[1]);
    open(&series)
}

/// Opens a series all of whose files were changed.
fn open_all_changed(change: impl Fn(&mut Example)) -> Result<Scan, DicomError> {
    let mut series = series();
    series.iter_mut().for_each(change);
    open(&series)
}

#[track_caller]
fn check(change: impl Fn(&mut Example), wanted: FileError) {
    let found = open_changed(change).expect_err("refused");
    assert_eq!(found, DicomError::File { number: 2, of: 4, reason: wanted });
    let message = found.to_string();
    assert!(!message.to_lowercase().contains("secret") && !message.contains(".dcm"), "{message}");
    assert!(!found.hint().is_empty());
}

#[test]
fn every_encoding_gives_the_same_volume() {
    for (syntax, encoding) in SYNTAXES {
        for is_undefined in [false, true] {
            let mut series = series();
            for (k, example) in series.iter_mut().enumerate() {
                (example.syntax, example.encoding) = (syntax, encoding);
                example.is_undefined = is_undefined;
                let inside = DataSet::from([(PATIENT_ID.tag, (*b"LO", Value::Text("x".into())))]);
                example.set(Tag(0x0010, 0x1002), b"SQ", Value::Items(vec![inside, DataSet::new()]));
                example.pixels(&(0..6).map(|n| 16 * k as u16 + n).collect::<Vec<_>>());
            }
            let files = files(&series);
            let scan = open_series(files.clone()).expect("a volume");
            assert_eq!((scan.layout, scan.modality), (Layout::DicomSeries, Some(Modality::Mr)));
            assert_eq!(scan.notes, []);
            let volume = &scan.volume;
            assert_eq!(volume.grid().extent, [3, 2, 4]);
            assert_eq!(
                volume.grid().affine.0,
                [[-1.5, 0.0, 0.0, 10.0], [0.0, -2.0, 0.0, 20.0], [0.0, 0.0, 3.0, 0.0]],
                "LPS became RAS, and column spacing is along `i`"
            );
            assert_eq!(volume.stored_type(), StoredType::U16);
            let mut real = [0.0; 6];
            volume.real_rows(2, 0, &mut real);
            assert_eq!(real, [32.0, 33.0, 34.0, 35.0, 36.0, 37.0]);
            for ((name, bytes), n) in files.into_iter().zip(0..) {
                assert_eq!((&scan.files[n].name, &volume.buffers()[n]), (&name, &bytes));
            }
        }
    }
}

#[test]
fn planes_are_sorted_by_position_and_buffers_are_not() {
    let mut series = series();
    series.swap(0, 3);
    series.swap(1, 2);
    let scan = open(&series).expect("a volume");
    let mut real = [0.0; 6];
    scan.volume.real_rows(0, 0, &mut real);
    assert!(real[0].abs() < 0.1, "plane 0 is the lowest");
    assert_eq!(scan.files[0].name, "0.dcm");
    assert_eq!(scan.volume.buffers()[0], series[0].bytes());
}

#[test]
fn real_values_follow_the_rescale_of_each_plane() {
    let scan = open_changed(|e| {
        e.text(RESCALE_SLOPE, b"DS", "2.5 ");
        e.text(RESCALE_INTERCEPT, b"DS", "-1e1");
    });
    let volume = scan.expect("a volume").volume;
    assert_eq!(volume.rescale(0), Rescale::NONE);
    assert_eq!(volume.rescale(1), Rescale { slope: 2.5, intercept: -10.0 });
}

#[test]
fn bytes_and_signed_and_wide_pixels_are_read() {
    let volume = open_all_changed(|e| {
        e.number(BITS_ALLOCATED, 8);
        e.number(BITS_STORED, 8);
        e.number(HIGH_BIT, 7);
        e.number(COLUMNS, 1);
        e.number(ROWS, 5);
        // One byte makes the length even.
        e.set(PIXEL_DATA.tag, b"OB", Value::Bytes(vec![1, 2, 3, 4, 250, 0]));
    });
    let volume = volume.expect("a volume").volume;
    assert_eq!((volume.stored_type(), volume.plane(3)), (StoredType::U8, &[1, 2, 3, 4, 250][..]));

    let signed = |e: &mut Example| {
        e.number(PIXEL_REPRESENTATION, 1);
        e.pixels(&[0xffff, 0xf800, 0x07ff, 0, 1, 2]);
    };
    let volume = open_all_changed(signed).expect("a volume").volume;
    assert_eq!(volume.stored_type(), StoredType::I16);
    let mut real = [0.0; 6];
    volume.real_rows(0, 0, &mut real);
    assert_eq!(real, [-1.0, -2048.0, 2047.0, 0.0, 1.0, 2.0]);

    let wide = |e: &mut Example| {
        e.number(BITS_ALLOCATED, 32);
        e.number(BITS_STORED, 32);
        e.number(HIGH_BIT, 31);
        e.set(PIXEL_DATA.tag, b"OW", Value::Bytes(vec![0xff; 24]));
    };
    assert_eq!(open_all_changed(wide).expect("a volume").volume.stored_type(), StoredType::U32);
}

#[test]
fn stored_bits_and_padding_bound_what_is_written() {
    let open = |first: u16, last: u16, is_signed: u16| {
        let volume = open_all_changed(|e| {
            e.number(PIXEL_REPRESENTATION, is_signed);
            e.number(PADDING, first);
            e.number(PADDING_LIMIT, last);
            e.pixels(&[0; 6]);
        });
        volume.expect("a volume").volume
    };
    let unsigned = open(24, 30, 0);
    assert_eq!(
        [-5.0, 24.0, 29.0, 9000.0].map(|v| unsigned.storable(1, v)),
        [0.0, 23.0, 31.0, 4095.0]
    );
    // Minus 2000.
    let signed = open(0xf830, 0xf830, 1);
    assert_eq!([-2000.0, -9000.0].map(|v| signed.storable(0, v)), [-1999.0, -2048.0]);
}

#[test]
fn refuses_pixels_that_are_not_one_grey_value() {
    check(|e| e.number(SAMPLES_PER_PIXEL, 3), FileError::SamplesPerPixel { found: 3 });
    check(|e| e.text(PHOTOMETRIC, b"CS", "PALETTE COLOR"), FileError::Photometric);
    check(|e| e.number(BITS_ALLOCATED, 12), FileError::BitsAllocated { found: 12 });
    check(
        |e| e.number(BITS_STORED, 17),
        FileError::BitsStored { stored: 17, high: 11, allocated: 16 },
    );
    check(
        |e| e.number(HIGH_BIT, 15),
        FileError::BitsStored { stored: 12, high: 15, allocated: 16 },
    );
    check(|e| e.number(PIXEL_REPRESENTATION, 2), FileError::PixelRepresentation { found: 2 });
    check(|e| e.number(ROWS, 0), FileError::EmptyMatrix { rows: 0, columns: 3 });
    let float = |e: &mut Example| e.set(Tag::FLOAT_PIXELS, b"OF", Value::Bytes(vec![0; 24]));
    check(float, FileError::FloatPixels);
    let table = |e: &mut Example| {
        e.set(Tag::MODALITY_TABLE, b"SQ", Value::Items(vec![DataSet::new()]));
    };
    check(table, FileError::ModalityTable);
    check(|e| e.text(RESCALE_SLOPE, b"DS", "0.0"), FileError::RescaleSlopeZero);
}

#[test]
fn refuses_data_in_the_bits_above_the_value() {
    check(
        |e| e.pixels(&[0x1001, 0x0fff, 0x8000, 0, 0, 0]),
        FileError::UnusedBits { n_pixels: 2, stored: 12 },
    );
    let signed = |e: &mut Example| {
        e.number(PIXEL_REPRESENTATION, 1);
        e.pixels(&[0x0800, 0xffff, 0x07ff, 0, 0, 0]);
    };
    check(signed, FileError::NotSignExtended { n_pixels: 1, stored: 12 });
}

#[test]
fn refuses_pixel_data_of_another_length() {
    for n_bytes in [0, 10, 11, 13, 14] {
        let change = |e: &mut Example| {
            e.set(PIXEL_DATA.tag, b"OW", Value::Bytes(vec![0; n_bytes]));
        };
        check(change, FileError::PixelLength { found: n_bytes, wanted: 12 });
    }
    let wanted = 65535 * 65535 * 2;
    let huge = |e: &mut Example| {
        e.number(ROWS, 65535);
        e.number(COLUMNS, 65535);
    };
    check(huge, FileError::PixelLength { found: 12, wanted });
    let frames = |e: &mut Example| e.text(NUMBER_OF_FRAMES, b"IS", "18446744073709551615");
    check(frames, FileError::PixelLength { found: 12, wanted: 12 * u128::from(u64::MAX) });
    check(
        |e| e.text(NUMBER_OF_FRAMES, b"IS", "-1"),
        FileError::Value { attribute: NUMBER_OF_FRAMES, wanted: "a whole number" },
    );
}

#[test]
fn refuses_eight_bit_pixels_in_big_endian_words() {
    let big = open_all_changed(|e| {
        (e.syntax, e.encoding) = SYNTAXES[2];
        e.number(BITS_ALLOCATED, 8);
        e.number(BITS_STORED, 8);
        e.number(HIGH_BIT, 7);
        e.set(PIXEL_DATA.tag, b"OW", Value::Bytes(vec![0; 6]));
    });
    let reason = FileError::BigEndianWords { bits: 8 };
    assert_eq!(big.expect_err("refused"), DicomError::File { number: 1, of: 4, reason });
}

#[test]
fn refuses_geometry_that_no_scanner_has() {
    for attribute in [POSITION, ORIENTATION, PIXEL_SPACING] {
        let remove = |e: &mut Example| {
            e.elements.remove(&attribute.tag);
        };
        check(remove, FileError::Missing { attribute });
        check(|e| e.text(attribute, b"DS", ""), FileError::Missing { attribute });
    }
    let wanted = "two finite decimal numbers";
    for text in ["4", "4\\4\\4", "4,0\\4,0", "NaN\\NaN", "inf\\4", "1e999\\4", "four\\4", "\\4"] {
        let refused = FileError::Value { attribute: PIXEL_SPACING, wanted };
        check(|e| e.text(PIXEL_SPACING, b"DS", text), refused);
    }
    for (text, found) in [("0\\4", [0.0, 4.0]), ("-4\\4", [-4.0, 4.0]), ("4\\900", [4.0, 900.0])] {
        check(|e| e.text(PIXEL_SPACING, b"DS", text), FileError::PixelSpacing { found });
    }
    for found in [
        [2.0, 0.0, 0.0, 0.0, 2.0, 0.0],
        [0.0; 6],
        [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.5, 0.8660254, 0.0],
    ] {
        let text = found.map(|v: f64| v.to_string()).join("\\");
        check(|e| e.text(ORIENTATION, b"DS", &text), FileError::Orientation { found });
    }
    let found = [1e38, 0.0, 0.0];
    check(|e| e.text(POSITION, b"DS", "1e38\\0\\0"), FileError::Position { found });
}

#[test]
fn refuses_objects_that_hold_no_volume() {
    let uid = "1.2.840.10008.5.1.4.1.1.7";
    let name = "Secondary Capture Image Storage";
    let refused = FileError::SopClass { name, uid: uid.into() };
    check(|e| e.text(SOP_CLASS, b"UI", uid), refused);
    let not_a_uid = FileError::Value { attribute: SOP_CLASS, wanted: "a UID" };
    check(|e| e.text(SOP_CLASS, b"UI", "Secret^Name"), not_a_uid);
    let mosaic = "ORIGINAL\\PRIMARY\\M\\MOSAIC";
    let fault = MosaicFault::NoHeader;
    check(|e| e.text(IMAGE_TYPE, b"CS", mosaic), FileError::Mosaic { fault });
    let two = |e: &mut Example| {
        e.text(NUMBER_OF_FRAMES, b"IS", "2");
        e.pixels(&[0; 12]);
    };
    check(two, FileError::MultiFrame { found: 2 });
    let directory = "1.2.840.10008.1.3.10";
    check(
        |e| {
            e.elements.remove(&SOP_CLASS.tag);
            // A second element of the file meta group, before the transfer syntax in order only.
            e.set(Tag(2, 2), b"UI", Value::Text(directory.into()));
        },
        FileError::SopClass { name: "Media Storage Directory", uid: directory.into() },
    );
}

#[test]
fn names_the_transfer_syntax_it_cannot_read() {
    for (uid, name) in [
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.3.4", "unknown"),
    ] {
        check(|e| e.syntax = uid, FileError::TransferSyntax { name, uid: uid.into() });
    }
}

/// Opens a series whose first file has `bytes` before its pixel data.
fn open_with_inserted(bytes: &[u8]) -> Result<(), DicomError> {
    let mut files = files(&series());
    let pixels = b"\xe0\x7f\x10\x00OW";
    let first = &mut files[0].1;
    let at = first.windows(6).position(|w| w == pixels).expect("pixel data");
    first.splice(at..at, bytes.iter().copied());
    open_series(files).map(|_| ())
}

#[test]
fn nesting_is_followed_to_its_limit_without_a_stack() {
    let nested = |depth: usize| {
        let open = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff";
        let close = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0";
        [open.repeat(depth), close.repeat(depth)].concat()
    };
    assert_eq!(open_with_inserted(&nested(MAX_DEPTH)), Ok(()));
    for depth in [MAX_DEPTH + 1, 100_000] {
        let nested = nested(depth);
        let thread = std::thread::Builder::new().stack_size(128 * 1024);
        let opened = thread.spawn(move || open_with_inserted(&nested)).expect("a thread").join();
        let reason = FileError::TooDeep { limit: MAX_DEPTH };
        assert_eq!(opened.expect("no panic"), Err(DicomError::File { number: 1, of: 4, reason }));
    }
}

#[test]
fn refuses_lengths_that_do_not_fit() {
    let check_inserted =
        |bytes: &[u8], is_wanted: fn(&FileError) -> bool| match open_with_inserted(bytes) {
            Err(DicomError::File { number: 1, reason, .. }) if is_wanted(&reason) => {}
            other => panic!("{bytes:?}: {other:?}"),
        };
    let is_truncated = |e: &FileError| matches!(e, FileError::Truncated { .. });
    check_inserted(b"\x29\x00\x10\x10OB\0\0\xfe\xff\xff\xff", is_truncated);
    check_inserted(b"\x29\x00\x10\x10SQ\0\0\xfe\xff\xff\xff", is_truncated);
    macro_rules! malformed {
        ($what:ident) => {
            |e: &FileError| matches!(e, FileError::Malformed { what: Malformation::$what, .. })
        };
    }
    check_inserted(b"\x29\x00\x10\x10OB\0\0\xff\xff\xff\xff", malformed!(UndefinedLength));
    check_inserted(b"\x29\x00\x10\x10Z!\x02\x00ab", malformed!(UnknownVr));
    check_inserted(b"\xfe\xff\x0d\xe0\0\0\0\0", malformed!(StrayDelimiter));
    let item = b"\x29\x00\x10\x10SQ\0\0\x08\0\0\0\xfe\xff\x00\xe0\x09\0\0\0";
    check_inserted(item, malformed!(Overrun));
    check_inserted(
        b"\x29\x00\x10\x10SQ\0\0\x08\0\0\0\x10\x00\x10\x00PN\0\0",
        malformed!(NotAnItem),
    );
    let open = b"\x29\x00\x10\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff";
    check_inserted(open, malformed!(NeverClosed));
}

#[test]
fn refuses_elements_that_occur_twice() {
    let rows = b"\x28\x00\x10\x00US\x02\x00\x09\x00";
    let reason = FileError::Duplicate { attribute: ROWS };
    assert_eq!(open_with_inserted(rows), Err(DicomError::File { number: 1, of: 4, reason }));
    let pixels = b"\xe0\x7f\x10\x00OW\0\0\x0c\0\0\0abcdefghijkl";
    let opened = open_with_inserted(pixels).expect_err("two pixel data");
    let is_unordered = |e: &FileError| {
        let FileError::Malformed { at, what } = *e else { return false };
        *e == malformed(at, what) && what == Malformation::Unordered
    };
    assert!(matches!(&opened, DicomError::File { reason, .. } if is_unordered(reason)));
}

#[test]
fn every_truncation_is_an_error() {
    let whole = files(&series());
    let mut enhanced = Example::enhanced(&[(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)]);
    enhanced.is_undefined = true;
    for (files, last) in [(whole, 3), (files([&enhanced]), 0)] {
        assert!(open_series(files.clone()).is_ok());
        for n in 0..files[last].1.len() {
            let mut files = files.clone();
            files[last].1.truncate(n);
            assert!(open_series(files).is_err(), "{n} bytes");
        }
    }
}

#[test]
fn files_of_a_series_must_agree() {
    let check_mixed = |what: Shared, change: &dyn Fn(&mut Example)| {
        let found = open_changed(change).expect_err("refused");
        assert_eq!(found, DicomError::Mixed { what, number: 2, of: 4 });
    };
    check_mixed(Shared::Series, &|e| e.text(SERIES_INSTANCE, b"UI", "2.25.8"));
    check_mixed(Shared::SopClass, &|e| e.text(SOP_CLASS, b"UI", "1.2.840.10008.5.1.4.1.1.2"));
    check_mixed(Shared::Patient, &|e| e.text(PATIENT_ID, b"LO", "other"));
    check_mixed(Shared::FrameOfReference, &|e| e.text(FRAME_OF_REFERENCE, b"UI", "2.25.9"));
    check_mixed(Shared::Matrix, &|e| {
        e.number(ROWS, 3);
        e.number(COLUMNS, 2);
    });
    check_mixed(Shared::PixelFormat, &|e| {
        e.number(BITS_STORED, 16);
        e.number(HIGH_BIT, 15);
    });
    check_mixed(Shared::Orientation, &|e| e.text(ORIENTATION, b"DS", "1\\0\\0\\0\\0\\-1"));
    check_mixed(Shared::PixelSpacing, &|e| e.text(PIXEL_SPACING, b"DS", "2\\1.51"));
    let big = open_changed(|e| {
        (e.syntax, e.encoding) = SYNTAXES[2];
        e.pixels(&[0; 6]);
    });
    let what = Shared::PixelFormat;
    assert_eq!(big.expect_err("refused"), DicomError::Mixed { what, number: 2, of: 4 });
    let same = open_changed(|e| e.text(SOP_INSTANCE, b"UI", "2.25.102"));
    let twice = DicomError::DuplicateInstance { first: 2, second: 3, of: 4 };
    assert_eq!(same.expect_err("refused"), twice);
    assert_eq!(open(&[]).expect_err("refused"), DicomError::NoFiles);
}

/// A series with a plane at each position, given as text.
fn at(positions: &[&str]) -> Result<Scan, DicomError> {
    let mut series: Vec<_> = (0..).take(positions.len()).map(Example::plane).collect();
    for (example, position) in series.iter_mut().zip(positions) {
        example.text(POSITION, b"DS", position);
    }
    open(&series)
}

#[test]
fn planes_must_be_equally_spaced_on_a_line() {
    let heights = |z: &[&str]| {
        let positions: Vec<_> = z.iter().map(|z| format!("0\\0\\{z}")).collect();
        at(&positions.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(heights(&["0", "3.02", "5.98", "9"]).is_ok(), "jitter of two hundredths");
    assert_eq!(heights(&["0", "0.1", "0.21", "0.3"]).map(|_| ()).expect_err("thin slices"), {
        let (smallest_mm, largest_mm) = (0.3 - 0.21, 0.21 - 0.1);
        DicomError::UnequalSpacing { smallest_mm, largest_mm }
    });
    let missing = DicomError::MissingSlice { gap_mm: 6.0, step_mm: 3.0 };
    assert_eq!(heights(&["0", "3", "6", "12", "15"]).expect_err("refused"), missing);
    let unequal = DicomError::UnequalSpacing { smallest_mm: 2.0, largest_mm: 4.0 };
    assert_eq!(heights(&["0", "4", "8", "10", "12"]).expect_err("refused"), unequal);
    for refused in [missing, unequal] {
        assert!(refused.hint().contains("`--format nifti --resample`"), "{}", refused.hint());
    }
    let twice = DicomError::DuplicatePosition { found: 5, positions: 4 };
    assert_eq!(heights(&["0", "3", "3", "6", "9"]).expect_err("refused"), twice);
    let all = DicomError::DuplicatePosition { found: 4, positions: 1 };
    assert_eq!(heights(&["3", "3", "3", "3"]).expect_err("refused"), all);
    let few = DicomError::TooFewPositions { found: 3, wanted: 4 };
    assert_eq!(heights(&["0", "3", "6"]).expect_err("refused"), few);
    let off = at(&["0\\0\\0", "0\\1\\3", "0\\0\\6", "0\\0\\9"]).expect_err("refused");
    assert_eq!(off, DicomError::OffTheLine { number: 2, of: 4, off_mm: 1.0 });
}

/// Where the planes of a series lie that may be unequally spaced.
fn any_at(positions: &[&str]) -> Result<Option<Vec<f64>>, DicomError> {
    let mut series: Vec<_> = (0..).take(positions.len()).map(Example::plane).collect();
    for (example, position) in series.iter_mut().zip(positions) {
        example.text(POSITION, b"DS", position);
    }
    let natives = files(&series).into_iter().map(|(name, bytes)| (name, native(bytes))).collect();
    Ok(series_of(natives, Spacing::Any, Workers::ONE)?.along_mm)
}

#[test]
fn what_is_resampled_is_on_a_line_without_a_hole() {
    let heights = |z: &[&str]| {
        let positions: Vec<_> = z.iter().map(|z| format!("0\\0\\{z}")).collect();
        any_at(&positions.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(heights(&["0", "3.02", "5.98", "9"]), Ok(None), "jitter is even");
    assert_eq!(heights(&["12", "3", "6", "0"]), Ok(Some(vec![0.0, 3.0, 6.0, 12.0])), "sorted");
    let leaning = any_at(&["0\\0\\0", "0\\1\\3", "0\\2\\6", "0\\4\\12"]);
    assert_eq!(leaning, Ok(Some(vec![0.0, 3.0, 6.0, 12.0])));
    let twice = DicomError::DuplicatePosition { found: 5, positions: 4 };
    assert_eq!(heights(&["0", "3", "3", "6", "12"]), Err(twice));
    assert!(heights(&["0", "3", "6", "18"]).is_ok());
    let hole = DicomError::Hole { gap_mm: 13.0, limit_mm: 12.0 };
    assert_eq!(heights(&["0", "3", "6", "19"]), Err(hole));
    // Slices that all lie far apart have no hole.
    assert!(heights(&["0", "8", "24", "40", "56"]).is_ok());
    let hole = DicomError::Hole { gap_mm: 32.0, limit_mm: 24.0 };
    assert_eq!(heights(&["0", "16", "32", "64"]), Err(hole));
    let off = any_at(&["0\\0\\0", "0\\1\\3", "0\\0\\6", "0\\0\\12"]);
    assert_eq!(off, Err(DicomError::OffTheLine { number: 2, of: 4, off_mm: 1.0 }));
}

#[test]
fn a_tilted_gantry_shears_the_affine_up_to_a_limit() {
    let scan = at(&["0\\0\\0", "0\\1\\3", "0\\2\\6", "0\\3\\9"]).expect("a volume");
    assert_eq!(scan.volume.grid().affine.column(2), [0.0, -1.0, 3.0]);
    assert!(scan.notes.iter().any(|note| note.text.contains("tilted gantry")));
    let steep = at(&["0\\0\\0", "0\\4\\3", "0\\8\\6", "0\\12\\9"]).expect_err("refused");
    assert!(matches!(steep, DicomError::Sheared { degrees, .. } if (degrees - 53.13).abs() < 0.01));
}

#[test]
fn echoes_and_b_values_become_frames() {
    let mut examples = Vec::new();
    for k in 0..4 {
        for echo in ["5", "15"] {
            let mut example = Example::plane(k);
            example.text(SOP_INSTANCE, b"UI", &format!("2.25.{}{k}", echo));
            example.set(Tag(0x0018, 0x0081), b"DS", Value::Text(echo.into()));
            // Differs from plane to plane, and separates nothing.
            example.set(Tag(0x0008, 0x0032), b"TM", Value::Text(format!("10{k}00{}", echo.len())));
            example.pixels(&[echo.len() as u16; 6]);
            examples.push(example);
        }
    }
    let volume = open(&examples).expect("a volume").volume;
    assert_eq!((volume.grid().extent, volume.n_frames()), ([3, 2, 4], 2));
    assert!((0..4).all(|p| volume.plane(p)[0] == 1 && volume.plane(p + 4)[0] == 2));
    for example in &mut examples {
        example.elements.remove(&Tag(0x0018, 0x0081));
        example.elements.remove(&Tag(0x0008, 0x0032));
    }
    let alike = DicomError::DuplicatePosition { found: 8, positions: 4 };
    assert_eq!(open(&examples).expect_err("refused"), alike);
}

#[test]
fn phase_comes_behind_magnitude_and_does_not_show_the_head() {
    let open_as = |types: [&str; 3]| {
        let mut examples = Vec::new();
        for k in 0..4 {
            for (n, of) in types.into_iter().enumerate() {
                let mut example = Example::plane(k);
                example.text(SOP_INSTANCE, b"UI", &format!("2.25.{n}{k}"));
                example.set(Tag(0x0008, 0x0008), b"CS", Value::Text(of.into()));
                example.set(Tag(0x0018, 0x0081), b"DS", Value::Text(format!("{n}5")));
                example.pixels(&[n as u16; 6]);
                examples.push(example);
            }
        }
        let volume = open(&examples).expect("a volume").volume;
        let frames: Vec<u8> = (0..3).map(|frame| volume.plane(4 * frame + 1)[0]).collect();
        (volume.n_shown(), frames)
    };
    let (m, p) = ("ORIGINAL\\PRIMARY\\M\\ND", "ORIGINAL\\PRIMARY\\P\\ND");
    assert_eq!(open_as([p, m, m]), (2, vec![1, 2, 0]));
    assert_eq!(open_as([m, "ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", m]), (2, vec![0, 2, 1]));
    // Words that only begin so are others, and what is all there is counts.
    assert_eq!(open_as([m, "ORIGINAL\\PRIMARY\\PERFUSION", m]), (3, vec![0, 1, 2]));
    assert_eq!(open_as([p, p, p]), (3, vec![0, 1, 2]));
}

#[test]
fn enhanced_objects_are_read_from_their_functional_groups() {
    for (syntax, encoding) in SYNTAXES {
        for is_undefined in [false, true] {
            let mut enhanced = Example::enhanced(&[
                (9.0, 1),
                (0.0, 1),
                (0.0, 2),
                (3.0, 2),
                (3.0, 1),
                (6.0, 1),
                (9.0, 2),
                (6.0, 2),
            ]);
            (enhanced.syntax, enhanced.encoding) = (syntax, encoding);
            enhanced.is_undefined = is_undefined;
            enhanced.pixels(&(0..48).collect::<Vec<_>>());
            let volume = open(&[enhanced]).expect("a volume").volume;
            assert_eq!((volume.grid().extent, volume.n_frames()), ([3, 2, 4], 2));
            assert_eq!(volume.grid().affine.column(2), [0.0, 0.0, 3.0]);
            assert_eq!(volume.grid().affine.column(0), [-1.5, 0.0, 0.0]);
            let first = |p: usize| {
                let mut real = [0.0; 6];
                volume.real_rows(p, 0, &mut real);
                real[0]
            };
            let wanted: [f32; 8] = [1.0, 4.0, 5.0, 0.0, 2.0, 3.0, 7.0, 6.0].map(|n| n * 3.0);
            assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(first), wanted);
        }
    }
}

#[test]
fn refuses_enhanced_objects_whose_groups_do_not_fit() {
    let frames = [(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)];
    let check_enhanced = |change: &dyn Fn(&mut Example), wanted: DicomError| {
        let mut enhanced = Example::enhanced(&frames);
        change(&mut enhanced);
        assert_eq!(open(&[enhanced]).expect_err("refused"), wanted);
    };
    let file = |reason| DicomError::File { number: 1, of: 1, reason };
    let remove = |tag| {
        move |e: &mut Example| {
            e.elements.remove(&tag);
        }
    };
    let none = file(FileError::FrameGroups { groups: 0, frames: 4 });
    check_enhanced(&remove(Tag::FRAME_GROUPS), none);
    let missing = file(FileError::Missing { attribute: ORIENTATION });
    check_enhanced(&remove(Tag::SHARED_GROUPS), missing);
    let five = |e: &mut Example| {
        e.text(NUMBER_OF_FRAMES, b"IS", "5");
        e.pixels(&[0; 30]);
    };
    check_enhanced(&five, file(FileError::FrameGroups { groups: 4, frames: 5 }));
    let turned = |e: &mut Example| {
        let Some((_, Value::Items(items))) = e.elements.get_mut(&Tag::FRAME_GROUPS) else { return };
        let text = Value::Text("1\\0\\0\\0\\0\\-1".into());
        let inside = DataSet::from([(ORIENTATION.tag, (*b"DS", text))]);
        items[2].insert(Tag(0x0020, 0x9116), (*b"SQ", Value::Items(vec![inside])));
    };
    let what = Shared::Orientation;
    check_enhanced(&turned, DicomError::MixedFrames { what, frame: 3, number: 1, of: 1 });
}

#[test]
fn the_record_is_told_what_a_person_must_know() {
    assert_eq!(open(&series()).expect("a volume").notes, []);
    let check_note = |change: &dyn Fn(&mut Example), word: &str, needs_review: bool| {
        let notes = open_all_changed(change).expect("a volume").notes;
        assert!(notes.len() == 1 && notes[0].text.contains(word), "{notes:?}");
        assert_eq!(notes[0].needs_review, needs_review);
    };
    check_note(&|e| e.text(BURNED_IN, b"CS", "YES"), "burned", true);
    check_note(&|e| e.text(PHOTOMETRIC, b"CS", "MONOCHROME1"), "inverted", true);
}

#[test]
fn a_space_is_a_frame_of_reference_of_one_patient() {
    let folder = tempfile::tempdir().expect("a folder");
    let space = |change: &dyn Fn(&mut Example)| {
        let mut example = Example::plane(0);
        change(&mut example);
        let path = folder.path().join("a.dcm");
        std::fs::write(&path, example.bytes()).expect("written");
        crate::space(&crate::discover(&path).expect("a file").sources[0])
    };
    let framed = |e: &mut Example| e.text(FRAME_OF_REFERENCE, b"UI", "2.25.9");
    let one = space(&framed).expect("a space");
    assert_eq!(space(&|_| {}), None);
    let of_other_series = space(&|e| {
        framed(e);
        e.text(SERIES_INSTANCE, b"UI", "2.25.8");
    });
    assert_eq!(of_other_series.as_ref(), Some(&one));
    let of_other_patient = space(&|e| {
        framed(e);
        e.text(PATIENT_ID, b"LO", "other");
    });
    assert_ne!(of_other_patient, Some(one));
    // Without an ID nothing tells that two frames that are alike are of one person.
    let of_nobody = space(&|e| {
        framed(e);
        e.text(PATIENT_ID, b"LO", " ");
    });
    assert_eq!(of_nobody, None);
}

#[test]
fn the_modality_is_what_the_file_says() {
    let modality = |text: &str| {
        open_all_changed(|e| e.text(MODALITY, b"CS", text)).expect("a volume").modality
    };
    assert_eq!(modality("CT"), Some(Modality::Ct));
    assert_eq!(modality("PT"), None);
}

#[test]
fn byte_order_is_that_of_the_encoding() {
    let orders = SYNTAXES.map(|(_, encoding)| Encoding::byte_order(encoding));
    assert_eq!(orders, [ByteOrder::Little, ByteOrder::Little, ByteOrder::Big]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_files_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        syntax in 0..3usize,
        is_undefined: bool,
        is_enhanced: bool,
    ) {
        let mut examples = if is_enhanced {
            vec![Example::enhanced(&[(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)])]
        } else {
            series()
        };
        for example in &mut examples {
            (example.syntax, example.encoding) = SYNTAXES[syntax];
            example.is_undefined = is_undefined;
        }
        let mut files: Vec<(OsString, Vec<u8>)> = files(&examples);
        for (at, byte) in damage {
            let bytes = &mut files[0].1;
            let at = 128 + at.index(bytes.len() - 128);
            bytes[at] = byte;
        }
        if let Ok(scan) = open_series(files.clone()) {
            for ((_, bytes), buffer) in files.iter().zip(scan.volume.buffers()) {
                prop_assert_eq!(bytes, buffer);
            }
            for p in 0..scan.volume.n_planes() {
                prop_assert_eq!(scan.volume.plane(p).len() % 6, 0);
            }
        }
    }

    #[test]
    fn random_data_sets_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        syntax in 0..3usize,
    ) {
        let mut example = Example::plane(0);
        (example.syntax, example.encoding) = SYNTAXES[syntax];
        example.elements.clear();
        let mut file = example.bytes();
        file.extend(bytes);
        prop_assert!(open_series(vec![(OsString::new(), file)]).is_err());
    }
}

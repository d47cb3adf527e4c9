use std::ffi::OsStr;
use std::fs;

use kernels::Workers;
use proptest::prelude::*;
use volume::StoredType;

use super::example::{Example, SYNTAXES, Value, files};
use crate::dicom::contents::Contents;
use crate::dicom::mosaic::tiled;
use crate::dicom::syntax::Encoding;
use crate::dicom::tag::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, HIGH_BIT, IMAGE_TYPE, NUMBER_OF_FRAMES, ORIENTATION,
    PIXEL_DATA, PIXEL_REPRESENTATION, POSITION, ROWS, SOP_CLASS, SOP_INSTANCE,
    SPACING_BETWEEN_SLICES,
};
use crate::dicom::unpack::pack;
use crate::dicom::{
    Deidentify, DicomError, FileError, MosaicFault, Release, Tag, UidMap, csa, is_released,
    open_series, release,
};
use crate::{Layout, Packing, Scan, Source, Tiles};

const CSA_CREATOR: Tag = Tag(0x0029, 0x0011);
const CSA: Tag = Tag(0x0029, 0x1110);
const COUNT_CREATOR: Tag = Tag(0x0019, 0x0010);
const COUNT: Tag = Tag(0x0019, 0x100a);
const ACQUISITION_TIME: Tag = Tag(0x0008, 0x0032);
const SMALLEST: Tag = Tag(0x0028, 0x0106);
const LARGEST: Tag = Tag(0x0028, 0x0107);

/// The private header as a scanner writes it: entries of six items, padded with blanks.
fn header(entries: &[(&str, &[&str])]) -> Vec<u8> {
    let mut out = b"SV10\x04\x03\x02\x01".to_vec();
    let put = |out: &mut Vec<u8>, n: usize| out.extend((n as u32).to_le_bytes());
    put(&mut out, entries.len() + 1);
    put(&mut out, 77);
    for (name, values) in [("EchoLinePosition", &[][..])].iter().chain(entries) {
        let mut field = name.as_bytes().to_vec();
        // A scanner leaves what was in its memory behind the zero.
        field.push(0);
        field.resize(64, b'?');
        out.extend(field);
        put(&mut out, values.len());
        out.extend(b"FD\0\0");
        put(&mut out, 4);
        put(&mut out, 6);
        put(&mut out, 205);
        for n in 0..6 {
            let value = values.get(n).map(|v| format!("{v:<8}\0").into_bytes()).unwrap_or_default();
            [1234, value.len(), 77, 1234].iter().for_each(|&n| put(&mut out, n));
            let end = out.len() + value.len().next_multiple_of(4);
            out.extend(value);
            out.resize(end, b'?');
        }
    }
    out
}

fn set_header(e: &mut Example, entries: &[(&str, &[&str])]) {
    e.set(CSA, b"OB", Value::Bytes(header(entries)));
}

/// A mosaic of `n` slices of `columns` x `rows`; pixel `p` of slice `k` is `100 * k + p + 1`.
fn mosaic(n: usize, [columns, rows]: [usize; 2]) -> Example {
    let n_across = (1..).find(|side| side * side >= n).expect("a number");
    let mut pixels = vec![0u16; n_across * columns * n_across * rows];
    for k in 0..n {
        for p in 0..columns * rows {
            let row = k / n_across * rows + p / columns;
            let column = k % n_across * columns + p % columns;
            pixels[row * n_across * columns + column] = (100 * k + p + 1) as u16;
        }
    }
    let mut it = Example::plane(0);
    it.text(IMAGE_TYPE, b"CS", "ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC");
    it.text(SPACING_BETWEEN_SLICES, b"DS", "2.5");
    it.number(COLUMNS, (n_across * columns) as u16);
    it.number(ROWS, (n_across * rows) as u16);
    it.number(BITS_STORED, 16);
    it.number(HIGH_BIT, 15);
    it.pixels(&pixels);
    it.set(Tag(0x0029, 0x0010), b"LO", Value::Text("SOMEONE ELSE".into()));
    it.set(CSA_CREATOR, b"LO", Value::Text("SIEMENS CSA HEADER".into()));
    let count = n.to_string();
    let entries: [(&str, &[&str]); 2] =
        [("NumberOfImagesInMosaic", &[&count]), ("SliceNormalVector", &["0.0", "0.0", "1.0"])];
    set_header(&mut it, &entries);
    it.set(COUNT_CREATOR, b"LO", Value::Text("SIEMENS MR HEADER".into()));
    it.set(COUNT, b"US", Value::Number(n as u16));
    it
}

fn open(examples: &[Example]) -> Scan {
    open_series(files(examples)).expect("a volume")
}

/// What `scan` is written as, file by file.
fn written(scan: &Scan) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let written = crate::write(scan, folder.path(), OsStr::new("series")).expect("written");
    let Source::DicomSeries { files, .. } = written else { panic!("a series") };
    files.iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn values(plane: &[u8]) -> Vec<u16> {
    plane.as_chunks().0.iter().map(|&v| u16::from_le_bytes(v)).collect()
}

#[test]
fn the_slices_of_a_mosaic_are_planes_around_the_centre_of_its_image() {
    let mosaic = mosaic(5, [3, 2]);
    let scan = open(std::slice::from_ref(&mosaic));
    let volume = &scan.volume;
    assert_eq!((volume.grid().extent, volume.n_frames()), ([3, 2, 5], 1));
    assert_eq!(scan.files[0].tiles, Some(Tiles { n_across: 3, n_used: 5 }));
    assert_eq!(scan.layout, Layout::DicomSeries);
    // The image is 9 x 6 pixels of 1.5 x 2 mm, from -10, -20: a tile's begin 3 pixels and 2 later.
    assert_eq!(
        volume.grid().affine.0,
        [[-1.5, 0.0, 0.0, 5.5], [0.0, -2.0, 0.0, 16.0], [0.0, 0.0, 2.5, 0.0]]
    );
    for k in 0..5 {
        let wanted: Vec<u16> = (1..=6).map(|p| 100 * k as u16 + p).collect();
        assert_eq!(values(volume.plane(k)), wanted, "slice {k}");
    }
    assert_eq!(written(&scan), [mosaic.bytes()]);
}

#[test]
fn slices_are_stacked_the_way_the_private_header_says() {
    let mut example = mosaic(4, [3, 2]);
    example.text(ORIENTATION, b"DS", "0\\1\\0\\0\\0\\-1");
    let normals: [([&str; 3], [u16; 2], f64); 2] =
        [(["-1.0", "0.0", "0.0"], [1, 301], -10.0), (["1.0", "0", "0"], [301, 1], -2.5)];
    for (normal, [first, last], x) in normals {
        set_header(&mut example, &[("SliceNormalVector", &normal)]);
        let volume = open(std::slice::from_ref(&example)).volume;
        assert_eq!([values(volume.plane(0))[0], values(volume.plane(3))[0]], [first, last]);
        // Planes are in the order of row times column direction, which is -x; x is turned over.
        let affine = volume.grid().affine.0;
        assert_eq!(affine[0], [0.0, 0.0, 2.5, -x]);
        // The tiles start 1.5 pixels from the image's first, along rows of 1.5 mm.
        assert_eq!([affine[1][3], affine[2][3]], [20.0 - 2.25, -2.0]);
    }
}

#[test]
fn mosaics_of_several_times_are_frames_of_one_volume() {
    let time = |n: u16| {
        let mut e = mosaic(5, [3, 2]);
        e.text(SOP_INSTANCE, b"UI", &format!("2.25.{n}"));
        e.set(ACQUISITION_TIME, b"TM", Value::Text(format!("12000{n}.5")));
        e
    };
    let mut examples = [time(1), time(2), time(3)];
    examples[1].pixels(&[0; 54]);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files(&examples) {
        fs::write(folder.path().join(name), bytes).expect("written");
    }
    let found = crate::discover(folder.path()).expect("a folder");
    assert_eq!(found.sources.len(), 1);
    let scan = crate::open(&found.sources[0]).expect("a volume");
    let volume = &scan.volume;
    assert_eq!((volume.grid().extent, volume.n_frames()), ([3, 2, 5], 3));
    let firsts: Vec<_> = (0..15).map(|p| values(volume.plane(p))[0]).collect();
    let wanted = [[1, 101, 201, 301, 401], [0; 5], [1, 101, 201, 301, 401]].concat();
    assert_eq!(firsts, wanted);

    let same = examples.each_mut().map(|e| {
        e.elements.remove(&ACQUISITION_TIME);
        e.clone()
    });
    let refused = open_series(files(&same)).expect_err("refused");
    assert_eq!(refused, DicomError::DuplicatePosition { found: 15, positions: 5 });
}

#[test]
fn what_is_removed_from_a_slice_is_removed_from_its_tile() {
    let example = mosaic(7, [2, 3]);
    let mut scan = open(std::slice::from_ref(&example));
    // Slice 4 is the tile in the middle.
    scan.volume.plane_mut(4)[4..8].copy_from_slice(&[0xaa, 0xbb, 0xcc, 0xdd]);
    let (before, after) = (example.bytes(), written(&scan).remove(0));
    let (pixels, _) = Contents::read(&before).expect("sound").pixels.expect("pixels");
    // Its second row, of the image's fifth of 6 pixels, from the third on.
    let at = pixels.start + 2 * (4 * 6 + 2);
    let mut wanted = before;
    assert_eq!(values(&wanted[at..at + 4]), [403, 404]);
    wanted[at..at + 4].copy_from_slice(&[0xaa, 0xbb, 0xcc, 0xdd]);
    assert!(after == wanted);
}

#[test]
fn compressed_mosaics_are_decoded_and_packed_again() {
    let example = mosaic(5, [3, 2]);
    let mut native = example.bytes();
    let at = native.windows(20).position(|w| w == b"1.2.840.10008.1.2.1 ").expect("explicit");
    native[at + 19] = 0;
    let volume = open(&[example]).volume;
    for packing in [Packing::Rle, Packing::Deflated] {
        let packed = pack(&native, packing).expect("packed").expect("another form");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a"), &packed).expect("written");
        let found = crate::discover(folder.path()).expect("a folder");
        let scan = crate::open(&found.sources[0]).expect("a volume");
        assert_eq!(scan.files[0].packing, packing);
        assert_eq!(scan.volume.grid(), volume.grid());
        assert!((0..5).all(|p| scan.volume.plane(p) == volume.plane(p)), "{packing:?}");
        assert!(written(&scan) == [packed], "{packing:?}");
    }
}

#[track_caller]
fn check(change: impl Fn(&mut Example), fault: MosaicFault, words: &str) {
    let mut example = mosaic(5, [3, 2]);
    change(&mut example);
    let refused = open_series(files(&[example])).expect_err("refused");
    let reason = FileError::Mosaic { fault };
    assert_eq!(refused, DicomError::File { number: 1, of: 1, reason });
    assert!(refused.to_string().contains("a Siemens mosaic"), "{refused}");
    assert!(refused.to_string().contains(words), "{refused}");
    assert!(refused.hint().contains("with private elements"), "{}", refused.hint());
}

#[test]
fn refuses_mosaics_that_do_not_say_how_many_slices_they_hold() {
    let without = |tag: Tag| move |e: &mut Example| drop(e.elements.remove(&tag));
    let csa_header = "`CSA Image Header Info` (0029,1010)";
    check(without(CSA), MosaicFault::NoHeader, csa_header);
    check(without(CSA_CREATOR), MosaicFault::NoHeader, csa_header);
    for bytes in [vec![], b"SV10".to_vec(), vec![5, 0, 0, 0, 77, 0, 0, 0], header(&[])] {
        let fault = if bytes.len() > 8 { MosaicFault::NoNormal } else { MosaicFault::Header };
        check(|e| e.set(CSA, b"OB", Value::Bytes(bytes.clone())), fault, "(0029,1010)");
    }
    let normal: (&str, &[&str]) = ("SliceNormalVector", &["0", "0", "1"]);
    let no_count = |e: &mut Example| {
        set_header(e, &[normal]);
        e.elements.remove(&COUNT);
    };
    check(no_count, MosaicFault::NoCount, "`NumberOfImagesInMosaic`");
    let as_text = |text: &'static str| {
        move |e: &mut Example| {
            set_header(e, &[("NumberOfImagesInMosaic", &[text]), normal]);
            e.elements.remove(&COUNT);
        }
    };
    check(as_text("five"), MosaicFault::NoCount, "no number");
    check(as_text("-5"), MosaicFault::NoCount, "no number");
    check(as_text("0"), MosaicFault::Count { found: 0, most: 1024 }, "1 to 1024");
    check(as_text("1025"), MosaicFault::Count { found: 1025, most: 1024 }, "1025");
    check(
        |e| e.set(COUNT, b"US", Value::Number(6)),
        MosaicFault::Counts { found: [5, 6] },
        "is 5 in `CSA Image Header Info` (0029,1010), and 6 in (0019,100a)",
    );
    check(|e| e.set(COUNT, b"UN", Value::Bytes(vec![5])), MosaicFault::NoCount, "(0019,100a)");
    // Either alone is enough.
    for change in [as_text("5"), as_text(" 5 ")] {
        let mut example = mosaic(5, [3, 2]);
        change(&mut example);
        assert_eq!(open(&[example]).volume.grid().extent, [3, 2, 5]);
    }
    let mut example = mosaic(5, [3, 2]);
    set_header(&mut example, &[normal]);
    assert_eq!(open(&[example]).volume.grid().extent, [3, 2, 5]);
}

#[test]
fn refuses_mosaics_that_contradict_their_number_of_slices() {
    let count = |n: u16| {
        move |e: &mut Example| {
            set_header(e, &[("SliceNormalVector", &["0", "0", "1"])]);
            e.set(COUNT, b"US", Value::Number(n));
        }
    };
    // Of 9 x 6 pixels.
    let matrix = |n_across, n_used| MosaicFault::Matrix { columns: 9, rows: 6, n_across, n_used };
    check(count(4), matrix(2, 4), "no multiples of 2");
    check(count(10), matrix(4, 10), "the tiles a side for 10 slices");
    let unused = MosaicFault::UnusedTiles { n_used: 5 };
    let pixel = |at: usize| {
        move |e: &mut Example| {
            let mut pixels = vec![0; 54];
            pixels[at] = 1;
            e.pixels(&pixels);
        }
    };
    // The first and the last pixel that belong to no slice.
    check(pixel(2 * 9 + 6), unused, "more in it than the 5 slices");
    check(pixel(53), unused, "more in it");
    let mut example = mosaic(5, [3, 2]);
    pixel(2 * 9 + 5)(&mut example);
    assert_eq!(values(open(&[example]).volume.plane(4)), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn refuses_mosaics_whose_slices_have_no_place() {
    let normal = |values: &'static [&'static str]| {
        move |e: &mut Example| set_header(e, &[("SliceNormalVector", values)])
    };
    for values in [&["0", "0"][..], &["0", "0", "NaN"], &["0", "0", "one"]] {
        check(normal(values), MosaicFault::NoNormal, "`SliceNormalVector`");
    }
    let wanted = [0.0, 0.0, 1.0];
    for (values, found) in [
        (&["0", "1", "0"][..], [0.0, 1.0, 0.0]),
        (&["0", "0", "2"], [0.0, 0.0, 2.0]),
        (&["0", "0", "0"], [0.0; 3]),
        (&["0", "0.1", "0.995"], [0.0, 0.1, 0.995]),
    ] {
        check(normal(values), MosaicFault::Normal { found, wanted }, "(0020,0037)");
    }
    let spacing =
        |text: &'static str| move |e: &mut Example| e.text(SPACING_BETWEEN_SLICES, b"DS", text);
    check(spacing(""), MosaicFault::NoSpacing, "`Spacing Between Slices` (0018,0088)");
    check(spacing("0"), MosaicFault::Spacing { found: 0.0 }, "is 0 mm");
    check(spacing("-3"), MosaicFault::Spacing { found: -3.0 }, "is -3 mm");
    let enhanced = |e: &mut Example| e.text(SOP_CLASS, b"UI", "1.2.840.10008.5.1.4.1.1.4.1");
    check(enhanced, MosaicFault::MultiFrame, "`Image Type` (0008,0008)");

    let mut far = mosaic(5, [3, 2]);
    far.text(POSITION, b"DS", "0\\0\\9999");
    let refused = open_series(files(&[far])).expect_err("refused").to_string();
    assert!(refused.contains("lies outside any scanner"), "{refused}");
    let mut many = mosaic(5, [3, 2]);
    many.text(NUMBER_OF_FRAMES, b"IS", "2");
    let refused = open_series(files(&[many])).expect_err("refused").to_string();
    assert!(refused.contains("pixel data of 108 bytes where 216"), "{refused}");
}

#[test]
fn a_released_mosaic_is_one() {
    for (syntax, encoding) in SYNTAXES {
        for deidentify in
            [None, Some(Deidentify { keep_shifted_dates: false, keep_characteristics: false })]
        {
            let mut example = mosaic(5, [3, 2]);
            (example.syntax, example.encoding) = (syntax, encoding);
            // 5 tiles of 7; the others are 0, and part of the image too.
            example.pixels(
                &[vec![7; 18], [vec![7; 6], vec![0; 3]].concat().repeat(2), vec![0; 18]].concat(),
            );
            example.set(SMALLEST, b"US", Value::Number(9));
            example.set(LARGEST, b"US", Value::Number(9));
            let mut scan = open(std::slice::from_ref(&example));
            let how =
                Release { uids: UidMap::new(b"salt"), deidentify, program: "efface 1".into() };
            let original = scan.copy_on(Workers::ONE).expect("memory");
            let text = release(&mut scan, &how, Workers::new(2)).expect("released");
            let files = written(&scan).into_iter().map(|bytes| ("a".into(), bytes)).collect();
            let again = open_series(files).expect("a mosaic");
            assert!(crate::same_around_voxels(&scan, &again));
            assert!(is_released(&original, &again, &how, Workers::ONE).expect("DICOM"));
            assert!(!is_released(&original, &original, &how, Workers::ONE).expect("DICOM"));
            assert_eq!(again.volume.grid(), scan.volume.grid());
            assert_eq!(crate::second_picture(&again).expect("sound"), None);
            assert!((0..5).all(|p| again.volume.plane(p) == scan.volume.plane(p)));
            let buffer = &again.volume.buffers()[0];
            let is_there = |needle: &[u8]| buffer.windows(needle.len()).any(|w| w == needle);
            let number = |n: u16| match encoding {
                Encoding::ExplicitBig => n.to_be_bytes(),
                _ => n.to_le_bytes(),
            };
            let found = [SMALLEST, LARGEST].map(|tag| super::release::value(buffer, &[], tag));
            assert_eq!(found, [Some(number(0).to_vec()), Some(number(7).to_vec())]);
            assert!(
                is_there(b"SIEMENS CSA HEADER") && is_there(b"DERIVED\\PRIMARY\\M\\ND\\MOSAIC")
            );
            assert_eq!(is_there(b"SOMEONE ELSE"), deidentify.is_none());
            assert_eq!(is_there(b"EchoLinePosition"), deidentify.is_none());
            assert_eq!(is_there(b"113111"), deidentify.is_some());
            let kept = "number and direction of the slices of a mosaic";
            assert_eq!(text.kept.contains(&kept), deidentify.is_some());
        }
    }
}

#[test]
fn the_table_that_is_written_is_the_table_that_is_read() {
    let numbers = vec!["1".to_owned(), "-0.25".to_owned(), "1234567".to_owned()];
    let table = csa::table(&[("A", b"US", 10, vec!["17".to_owned()]), ("B", b"FD", 4, numbers)]);
    assert_eq!(csa::find(&table, "A"), Ok(Some([&b"17"[..]])));
    assert_eq!(csa::find(&table, "B"), Ok(Some([&b"1"[..], b"-0.25", b"1234567"])));
    assert_eq!(csa::find::<2>(&table, "A"), Ok(None), "one value only");
    assert_eq!(csa::find::<1>(&table, "C"), Ok(None));
    for n in 0..table.len() {
        assert_eq!(csa::find::<1>(&table[..n], "C"), Err(MosaicFault::Header), "{n} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_mosaic_is_written_as_it_was_read(
        n in 4usize..40,
        tile in [1usize..5, 1usize..5],
        bits in prop_oneof![Just(8usize), Just(16), Just(32)],
        (syntax, encoding) in proptest::sample::select(&SYNTAXES[..]),
        seed in any::<u8>(),
    ) {
        let mut example = mosaic(n, tile);
        (example.syntax, example.encoding) = (syntax, encoding);
        let n_across = (n as f64).sqrt().ceil() as usize;
        let ([columns, rows], n_bytes) = (tile, bits / 8);
        let row_bytes = n_across * columns * n_bytes;
        let tile_of = |at: usize| {
            let (row, column) = (at / row_bytes, at % row_bytes / n_bytes);
            row / rows * n_across + column / columns
        };
        let mut pixels: Vec<u8> = (0..row_bytes * n_across * rows)
            .map(|at| if tile_of(at) < n { seed.wrapping_add((at * 7) as u8) } else { 0 })
            .collect();
        let planes: Vec<Vec<u8>> = (0..n)
            .map(|t| {
                let of_tile = (0..pixels.len()).filter(|&at| tile_of(at) == t);
                of_tile.map(|at| pixels[at]).collect()
            })
            .collect();
        if pixels.len() % 2 == 1 {
            pixels.push(0);
        }
        example.number(BITS_ALLOCATED, bits as u16);
        example.number(BITS_STORED, bits as u16);
        example.number(HIGH_BIT, bits as u16 - 1);
        example.number(PIXEL_REPRESENTATION, u16::from(seed % 2));
        let vr = if bits == 8 { b"OB" } else { b"OW" };
        example.set(PIXEL_DATA.tag, vr, Value::Bytes(pixels));
        let opened = open_series(files([&example]));
        if encoding == Encoding::ExplicitBig && bits == 32 {
            prop_assert!(opened.is_err(), "words of 16 bits");
            return Ok(());
        }
        let scan = opened.expect("a volume");
        prop_assert_eq!(scan.volume.grid().extent, [columns, rows, n]);
        prop_assert_eq!(scan.volume.stored_type().n_bytes(), n_bytes);
        for (k, plane) in planes.iter().enumerate() {
            prop_assert_eq!(scan.volume.plane(k), plane, "slice {}", k);
        }
        let tiles = scan.files[0].tiles.expect("a mosaic");
        prop_assert!(tiled(&scan.volume.buffers()[0], tiles) == Ok(example.bytes()));
    }

    #[test]
    fn no_private_header_is_too_broken(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        is_noise in any::<bool>(),
    ) {
        let normal: (&str, &[&str]) = ("SliceNormalVector", &["0", "0", "1"]);
        let mut table = header(&[("NumberOfImagesInMosaic", &["5"]), normal]);
        for (at, byte) in changes {
            let at = at.index(table.len());
            table[at] = byte;
        }
        if is_noise {
            table.truncate(8);
            table.extend(noise);
        }
        table.resize(table.len().next_multiple_of(2), 0);
        let _ = csa::find::<1>(&table, "NumberOfImagesInMosaic");
        let mut example = mosaic(5, [3, 2]);
        example.set(CSA, b"OB", Value::Bytes(table));
        if let Ok(scan) = open_series(files([&example])) {
            prop_assert_eq!(scan.volume.stored_type(), StoredType::U16);
            prop_assert!(written(&scan) == [example.bytes()]);
        }
    }
}

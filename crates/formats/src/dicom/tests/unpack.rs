use std::io::Write as _;

use super::example::Example;
use crate::Packing;
use crate::dicom::contents::Contents;
use crate::dicom::syntax::Encoding;
use crate::dicom::tag::{COLUMNS, NUMBER_OF_FRAMES, ROWS, Tag};
use crate::dicom::unpack::{pack, unpack};
use crate::dicom::write::Writer;
use crate::dicom::{DicomError, Fault, FileError, open_series};

/// The bytes of an example, its transfer syntax padded as the standard wants it.
fn native(example: &Example) -> Vec<u8> {
    let mut bytes = example.bytes();
    let at = bytes.windows(20).position(|w| w == b"1.2.840.10008.1.2.1 ").expect("explicit");
    bytes[at + 19] = 0;
    bytes
}

/// A file in RLE, with its native form.
fn rle(change: impl Fn(&mut Example)) -> (Vec<u8>, Vec<u8>) {
    let mut example = Example::plane(1);
    change(&mut example);
    let native = native(&example);
    let packed = pack(&native, Packing::Rle).expect("packed").expect("RLE");
    (native, packed)
}

#[test]
fn packed_files_unpack_to_what_they_were() {
    let native = native(&Example::plane(2));
    for packing in [Packing::Deflated, Packing::Rle] {
        let packed = pack(&native, packing).expect("packed").expect("another form");
        assert_ne!(packed, native);
        assert!(packed.len().is_multiple_of(2));
        let (again, found) = unpack(packed).expect("unpacked");
        assert!(again == native && found == packing, "{packing:?}");
    }
    assert_eq!(pack(&native, Packing::None), Ok(None));
    assert!(unpack(native.clone()) == Ok((native, Packing::None)));
}

#[test]
fn a_series_in_rle_is_the_series() {
    let series: Vec<_> = (0..4).map(Example::plane).collect();
    let natives = series.iter().map(|e| (std::ffi::OsString::new(), native(e)));
    let natives: Vec<_> = natives.collect();
    let pack = |(name, native): &(std::ffi::OsString, Vec<u8>)| {
        (name.clone(), pack(native, Packing::Rle).expect("packed").expect("RLE"))
    };
    let packed = natives.iter().map(pack).collect();
    let (one, other) = (open_series(natives), open_series(packed));
    let (one, other) = (one.expect("a volume"), other.expect("a volume"));
    assert!(one.volume.buffers() == other.volume.buffers());
    assert!(other.files.iter().all(|file| file.packing == Packing::Rle));
}

#[test]
fn frames_are_found_by_the_offset_table() {
    let three = |e: &mut Example| {
        e.text(NUMBER_OF_FRAMES, b"IS", "3");
        e.pixels(&(0..18).collect::<Vec<_>>());
    };
    let (native, packed) = rle(three);
    let contents = Contents::read(&packed).expect("sound");
    let range = contents.fragments.expect("fragments");
    // Table of three offsets, then three fragments of one length.
    let length = (range.len() - 20) / 3;
    let items: Vec<_> = packed[range.start + 20..range.end].chunks_exact(length).collect();
    let with = |table: &[u32], halves: bool| {
        let mut out = packed[..range.start].to_vec();
        let mut item = |content: &[u8]| {
            out.extend(b"\xfe\xff\x00\xe0");
            out.extend((content.len() as u32).to_le_bytes());
            out.extend(content);
        };
        item(&table.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
        for frame in &items {
            let content = &frame[8..];
            if halves {
                let (a, b) = content.split_at(64);
                item(a);
                item(b);
            } else {
                item(content);
            }
        }
        out.extend(&packed[range.end..]);
        unpack(out).map(|(native, _)| native)
    };
    assert!(with(&[], false) == Ok(native.clone()), "one fragment a frame needs no table");
    let next = length as u32 + 8;
    assert!(with(&[0, next, 2 * next], true) == Ok(native));
    let refused = |found| Err(FileError::Fragments { found, frames: 3 });
    assert_eq!(with(&[], true), refused(0));
    assert_eq!(with(&[0, next], true), refused(2));
    assert_eq!(with(&[0, next + 1, 2 * next], true), refused(1));
}

#[test]
fn memory_is_bounded_by_what_the_file_holds() {
    let (_, packed) = rle(|_| {});
    let number = |mut bytes: Vec<u8>, tag: Tag, value: u16| {
        let mut start = Vec::new();
        Writer::new(Encoding::ExplicitLittle, &mut start).header(tag, *b"US", 2);
        let at = bytes.windows(8).position(|w| w == start).expect("an element") + 8;
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let huge = number(number(packed.clone(), ROWS.tag, 65535), COLUMNS.tag, 65535);
    let (found, wanted) = (packed.len(), 65535 * 65535 * 2);
    assert_eq!(unpack(huge), Err(FileError::TooDense { found, wanted }));
    // Below what is always allowed, the decoder says that the data do not reach.
    let large = number(number(packed, ROWS.tag, 4000), COLUMNS.tag, 4000);
    let fault = Fault::Truncated;
    assert_eq!(unpack(large), Err(FileError::Decode { frame: 1, fault }));

    let native = native(&Example::plane(0));
    let deflated = pack(&native, Packing::Deflated).expect("packed").expect("deflated");
    let (_, end) = Contents::read_meta(&deflated).expect("a file meta group");
    let bomb = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let mut bomb = bomb;
    for _ in 0..100 {
        bomb.write_all(&vec![0; 1 << 20]).expect("memory");
    }
    let file = [&deflated[..end], &bomb.finish().expect("memory")].concat();
    let limit = (1000 * file.len()).max(64 << 20);
    let opened = unpack(file).expect_err("refused");
    assert!(limit < 100 << 20 && opened == FileError::Deflated { limit }, "{opened:?}");
}

#[test]
fn damage_is_told_with_its_frame_and_nothing_of_the_text() {
    let (_, packed) = rle(|_| {});
    let contents = Contents::read(&packed).expect("sound");
    let start = contents.fragments.expect("fragments").start + 4 + 8 + 8;
    let mut broken = packed.clone();
    broken[start] = 15;
    let opened = open_series(vec![("Secret.dcm".into(), broken)]).expect_err("refused");
    let reason = FileError::Decode { frame: 1, fault: Fault::Damaged };
    assert_eq!(opened, DicomError::File { number: 1, of: 1, reason });
    assert!(!opened.to_string().to_lowercase().contains("secret"));
    for n in 0..packed.len() {
        assert!(unpack(packed[..n].to_vec()).is_err(), "{n} bytes");
    }
}

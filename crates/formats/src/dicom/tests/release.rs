use kernels::Workers;

use super::example::{DataSet, Example, SYNTAXES, Value, files};
use crate::dicom::contents::Contents;
use crate::dicom::elements::{Elements, Kind};
use crate::dicom::syntax::Encoding;
use crate::dicom::tag::{
    Attribute, BITS_ALLOCATED, IMAGE_TYPE, NUMBER_OF_FRAMES, PATIENT_ID, PATIENT_NAME,
    SERIES_INSTANCE, SOP_INSTANCE,
};
use crate::dicom::{Deidentify, FileError, Release, Tag, UidMap, open_series};
use crate::dicom::{is_released, release, second_picture, withdraw_claim};
use crate::{HeaderText, Scan};

fn how(deidentify: Option<Deidentify>) -> Release {
    Release { uids: UidMap::new(b"salt"), deidentify, program: "efface 1.2.3".to_owned() }
}

/// Releases a scan, and checks that it is then what is expected of its original.
fn release_headers(scan: &mut Scan, how: &Release) -> Result<HeaderText, FileError> {
    let workers = Workers::new(2);
    let original = scan.copy_on(workers).expect("memory");
    assert!(!is_released(&original, scan, how, workers)?, "not yet");
    let text = release(scan, how, workers)?;
    assert!(is_released(&original, scan, how, workers)?);
    Ok(text)
}

fn series() -> Vec<Example> {
    (0..4).map(Example::plane).collect()
}

fn open(examples: &[Example]) -> Scan {
    open_series(files(examples)).expect("a volume")
}

/// Opens and releases a series all of whose files were changed.
fn released(change: impl Fn(&mut Example)) -> (Scan, HeaderText) {
    let mut series = series();
    series.iter_mut().for_each(change);
    let mut scan = open(&series);
    let text = release_headers(&mut scan, &how(None)).expect("released");
    // What was written opens again, as the same volume.
    let files = scan.files.iter().map(|f| f.name.clone()).zip(scan.volume.buffers().to_vec());
    let again = open_series(files.collect()).expect("a volume");
    assert_eq!(again.volume.grid(), scan.volume.grid());
    assert!((0..4).all(|p| again.volume.plane(p) == scan.volume.plane(p)));
    assert!(again.volume.buffers().iter().all(|b| second_picture(b) == Ok(None)));
    (scan, text)
}

/// The value of an element, with the sequences around it.
pub(super) fn value(bytes: &[u8], path: &[Tag], tag: Tag) -> Option<Vec<u8>> {
    let (meta, start) = Contents::read_meta(bytes).expect("a file meta group");
    let uid = meta.need_uid(crate::dicom::tag::TRANSFER_SYNTAX).expect("a transfer syntax");
    let (_, encoding) = SYNTAXES.into_iter().find(|(known, _)| *known == uid).expect("native");
    let mut found = None;
    for (at, encoding) in [(132, Encoding::ExplicitLittle), (start, encoding)] {
        let end = if at == 132 { start } else { bytes.len() };
        let mut elements = Elements::new(&bytes[..end], at, encoding);
        while let Some(element) = elements.next().expect("sound") {
            if element.kind == Kind::Value && element.tag == tag && elements.path() == path {
                found = found.or(Some(bytes[element.value].to_vec()));
            }
        }
    }
    found
}

fn text(bytes: &[u8], path: &[Tag], tag: Tag) -> String {
    let value = value(bytes, path, tag).unwrap_or_else(|| panic!("no {tag}"));
    String::from_utf8(value).expect("text").trim_end_matches(['\0', ' ']).to_owned()
}

#[test]
fn a_released_file_says_what_it_has_become() {
    for (syntax, encoding) in SYNTAXES {
        for is_undefined in [false, true] {
            let (scan, _) = released(|e| {
                (e.syntax, e.encoding, e.is_undefined) = (syntax, encoding, is_undefined);
                e.pixels(&[1, 2, 3, 4, 5, 6]);
                e.text(IMAGE_TYPE, b"CS", "ORIGINAL\\PRIMARY\\AXIAL");
                e.set(Tag(0x0008, 0x2111), b"ST", Value::Text("averaged".into()));
                let code = DataSet::from([
                    (Tag(0x0008, 0x0100), (*b"SH", Value::Text("113100".into()))),
                    (Tag(0x0008, 0x0102), (*b"SH", Value::Text("DCM".into()))),
                ]);
                e.set(Tag(0x0012, 0x0064), b"SQ", Value::Items(vec![code]));
            });
            for bytes in scan.volume.buffers() {
                assert_eq!(text(bytes, &[], IMAGE_TYPE.tag), "DERIVED\\PRIMARY\\AXIAL");
                let derivation = text(bytes, &[], Tag(0x0008, 0x2111));
                assert_eq!(derivation, "averaged; Face removed by efface 1.2.3");
                assert_eq!(text(bytes, &[], Tag(0x0028, 0x0302)), "NO");
                assert_eq!(text(bytes, &[], Tag(0x0012, 0x0063)), "efface 1.2.3");
                assert_eq!(value(bytes, &[], Tag(0x0012, 0x0062)), None, "the header is not clean");
                assert_eq!(text(bytes, &[], PATIENT_NAME.tag), "Secret^Name", "left");
                assert_eq!(codes(bytes), ["113100", "113102"]);
                let instance = text(bytes, &[], SOP_INSTANCE.tag);
                assert!(instance.starts_with("2.25.") && instance.len() > 20, "{instance}");
            }
        }
    }
}

/// The codes of de-identification methods.
fn codes(bytes: &[u8]) -> Vec<String> {
    let (meta, start) = Contents::read_meta(bytes).expect("a file meta group");
    let uid = meta.need_uid(crate::dicom::tag::TRANSFER_SYNTAX).expect("a transfer syntax");
    let (_, encoding) = SYNTAXES.into_iter().find(|(known, _)| *known == uid).expect("native");
    let mut elements = Elements::new(bytes, start, encoding);
    let mut codes = Vec::new();
    while let Some(element) = elements.next().expect("sound") {
        if element.tag == Tag(0x0008, 0x0100) && elements.path() == [Tag(0x0012, 0x0064)] {
            let code = String::from_utf8(bytes[element.value].to_vec()).expect("text");
            codes.push(code.trim_end().to_owned());
        }
    }
    codes
}

#[test]
fn uids_agree_within_a_run_and_references_follow() {
    let (scan, _) = released(|e| {
        let reference = DataSet::from([
            (Tag(0x0008, 0x1150), (*b"UI", Value::Text("1.2.840.10008.5.1.4.1.1.4".into()))),
            (Tag(0x0008, 0x1155), (*b"UI", Value::Text("2.25.102".into()))),
        ]);
        e.set(Tag(0x0008, 0x1140), b"SQ", Value::Items(vec![reference]));
        e.set(Tag(0x0002, 0x0003), b"UI", Value::Text("unused".into()));
        e.elements.remove(&Tag(0x0002, 0x0003));
    });
    let buffers = scan.volume.buffers();
    let instances: Vec<_> = buffers.iter().map(|b| text(b, &[], SOP_INSTANCE.tag)).collect();
    assert!(instances.iter().zip(&instances[1..]).all(|(a, b)| a != b));
    for bytes in buffers {
        let of_series = text(bytes, &[], SERIES_INSTANCE.tag);
        assert_eq!(of_series, text(&buffers[0], &[], SERIES_INSTANCE.tag));
        assert_ne!(of_series, "2.25.7");
        let referenced = [Tag(0x0008, 0x1140)];
        assert_eq!(text(bytes, &referenced, Tag(0x0008, 0x1155)), instances[2]);
        let class = text(bytes, &referenced, Tag(0x0008, 0x1150));
        assert_eq!(class, "1.2.840.10008.5.1.4.1.1.4");
    }
}

#[test]
fn smallest_and_largest_follow_the_voxels() {
    let mut series = series();
    for example in &mut series {
        example.number(Attribute { tag: Tag(0x0028, 0x0106), name: "" }, 999);
        example.number(Attribute { tag: Tag(0x0028, 0x0107), name: "" }, 999);
        example.number(Attribute { tag: Tag(0x0028, 0x0109), name: "" }, 999);
    }
    let mut scan = open(&series);
    scan.volume.plane_mut(1)[4..6].copy_from_slice(&[0xff, 0x0f]);
    release_headers(&mut scan, &how(None)).expect("released");
    let number = |n: usize, element: u16| {
        let value = value(&scan.volume.buffers()[n], &[], Tag(0x0028, element)).expect("a number");
        u16::from_le_bytes([value[0], value[1]])
    };
    assert_eq!([number(0, 0x0106), number(0, 0x0107), number(0, 0x0109)], [0, 5, 0xfff]);
    assert_eq!([number(1, 0x0106), number(1, 0x0107), number(1, 0x0109)], [16, 0xfff, 0xfff]);
    assert_eq!(scan.volume.plane(1)[4..6], [0xff, 0x0f]);
}

#[test]
fn whatever_could_show_the_face_again_goes_and_is_told() {
    let bytes = |n: usize| Value::Bytes(vec![7; n]);
    let nested = |tag: Tag, n| Value::Items(vec![DataSet::from([(tag, (*b"OW", bytes(n)))])]);
    let check = |name: &str, tag: Tag, vr: &[u8; 2], value: Value| {
        let (_, told) = released(|e| e.set(tag, vr, value.clone()));
        assert_eq!(told.cleared, [name], "{tag}");
    };
    check("icon image", Tag::ICON, b"SQ", Value::Items(vec![DataSet::new()]));
    check("overlays", Tag(0x6002, 0x3000), b"OW", bytes(2));
    check("overlays", Tag(0x6002, 0x0022), b"LO", Value::Text("SECRET".into()));
    check("curves", Tag(0x5000, 0x3000), b"OW", bytes(2));
    let private = Tag(0x0029, 0x1010);
    check("a picture in a private element", private, b"OB", bytes(64 * 1024 + 2));
    check("a picture in a private element", private, b"UN", bytes(64 * 1024 + 2));
    let jpeg = Value::Bytes(vec![0xff, 0xd8, 0xff, 0xe0]);
    check("a picture in a private element", private, b"OB", jpeg);
    let sequence = Tag(0x0040, 0xa730);
    check("a picture in a sequence", sequence, b"SQ", nested(Tag::PIXELS, 2));
    check("overlays", sequence, b"SQ", nested(Tag(0x6002, 0x3000), 2));
    let icon = DataSet::from([(Tag::ICON, (*b"SQ", Value::Items(vec![DataSet::new()])))]);
    check("icon image", sequence, b"SQ", Value::Items(vec![icon]));
    check("digital signatures", Tag::SIGNATURES, b"SQ", Value::Items(vec![DataSet::new()]));
    let original = DataSet::from([(PATIENT_ID.tag, (*b"LO", Value::Text("SECRET".into())))]);
    check("original attributes", Tag(0x0400, 0x0561), b"SQ", Value::Items(vec![original]));
    check("trailing padding", Tag(0xfffc, 0xfffc), b"OB", bytes(4));
    let (scan, told) = released(|e| e.preamble = b'x');
    assert_eq!(told.cleared, ["preamble"]);
    assert!(scan.volume.buffers().iter().all(|b| b[..128] == [0; 128]));
}

#[test]
fn pictures_go_from_sequences_without_a_written_representation() {
    for is_undefined in [false, true] {
        let (_, told) = released(|e| {
            (e.syntax, e.encoding) = SYNTAXES[0];
            e.is_undefined = is_undefined;
            let inside = DataSet::from([(Tag::PIXELS, (*b"OW", Value::Bytes(vec![1, 1])))]);
            e.set(Tag(0x0029, 0x1010), b"SQ", Value::Items(vec![inside]));
        });
        assert_eq!(told.cleared, ["a picture in a sequence"]);
    }
}

#[test]
fn long_texts_and_csa_headers_are_no_pictures() {
    let mut csa = b"SV10\x04\x03\x02\x01".to_vec();
    csa.resize(100_000, 0xee);
    let text = [b"<XProtocol>\r\n".repeat(10_000), vec![0; 2]].concat();
    for private in [csa, text, vec![7; 65536]] {
        let tag = Tag(0x0029, 0x1020);
        let (scan, told) = released(|e| e.set(tag, b"OB", Value::Bytes(private.clone())));
        assert!(told.cleared.is_empty(), "{told:?}");
        assert_eq!(value(&scan.volume.buffers()[2], &[], tag), Some(private));
    }
}

#[test]
fn what_is_not_changed_keeps_its_bytes() {
    let private = Tag(0x0029, 0x1010);
    let odd = b"two  spaces\0\0".to_vec();
    let (scan, _) = released(|e| {
        let inner = DataSet::from([(private, (*b"UN", Value::Bytes(vec![3, 1, 4, 1])))]);
        e.set(Tag(0x0040, 0x0275), b"SQ", Value::Items(vec![inner.clone(), inner]));
        e.set(private, b"OB", Value::Bytes(odd.clone()));
    });
    let before = series()[1].bytes();
    let after = &scan.volume.buffers()[1];
    assert_eq!(value(after, &[], private), Some(odd));
    assert_eq!(value(after, &[Tag(0x0040, 0x0275)], private), Some(vec![3, 1, 4, 1]));
    for tag in [PATIENT_NAME.tag, Tag::PIXELS, BITS_ALLOCATED.tag] {
        assert_eq!(value(after, &[], tag), value(&before, &[], tag));
    }
}

#[test]
fn lengths_of_groups_and_sequences_are_corrected() {
    let frames = [(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 1)];
    for is_undefined in [false, true] {
        let mut enhanced = Example::enhanced(&frames);
        enhanced.is_undefined = is_undefined;
        // A frame type in every frame, two levels down, becomes shorter.
        let Some((_, Value::Items(items))) = enhanced.elements.get_mut(&Tag::FRAME_GROUPS) else {
            panic!("frames")
        };
        for item in items {
            let text = Value::Text("ORIGINAL\\PRIMARY".into());
            let inside = DataSet::from([(Tag(0x0008, 0x9007), (*b"CS", text))]);
            item.insert(Tag(0x0018, 0x9226), (*b"SQ", Value::Items(vec![inside])));
        }
        let mut scan = open(&[enhanced]);
        let planes: Vec<_> = (0..4).map(|p| scan.volume.plane(p).to_vec()).collect();
        release_headers(&mut scan, &how(None)).expect("released");
        let bytes = scan.volume.buffers()[0].clone();
        let path = [Tag::FRAME_GROUPS, Tag(0x0018, 0x9226)];
        assert_eq!(text(&bytes, &path, Tag(0x0008, 0x9007)), "DERIVED\\PRIMARY");
        assert_eq!(text(&bytes, &[], NUMBER_OF_FRAMES.tag), "4");
        let again = open_series(vec![("x".into(), bytes)]).expect("a volume").volume;
        assert!((0..4).all(|p| again.plane(p) == planes[p] && scan.volume.plane(p) == planes[p]));
    }
    let (scan, _) = released(|e| {
        // Retired lengths: of a group that changes, of the group of the pixels, of one that stays.
        for (group, wrong) in [(0x0008, 1), (0x0010, 28), (0x7fe0, 24)] {
            e.set(Tag(group, 0), b"UL", Value::Bytes(vec![wrong, 0, 0, 0]));
        }
    });
    for bytes in scan.volume.buffers() {
        let length = |group| {
            let value = value(bytes, &[], Tag(group, 0)).expect("a group length");
            u32::from_le_bytes([value[0], value[1], value[2], value[3]]) as usize
        };
        assert_eq!(length(0x7fe0), 24);
        let at = bytes.windows(4).position(|w| w == [8, 0, 0, 0]).expect("group 8") + 12;
        let next = at + length(0x0008);
        assert_eq!(bytes[next..next + 4], [0x10, 0, 0, 0], "the next group starts there");
    }
}

#[test]
fn a_claim_that_did_not_hold_is_taken_back() {
    let (mut scan, _) = released(|_| {});
    withdraw_claim(&mut scan).expect("taken back");
    for (p, bytes) in scan.volume.buffers().iter().enumerate() {
        assert_eq!(value(bytes, &[], Tag(0x0028, 0x0302)), None);
        assert!(codes(bytes).is_empty());
        assert_eq!(text(bytes, &[], IMAGE_TYPE.tag), "DERIVED\\PRIMARY");
        assert_eq!(scan.volume.plane(p)[..2], [16 * p as u8, 0]);
    }
    let earlier = |e: &mut Example| {
        let code = DataSet::from([(Tag(0x0008, 0x0100), (*b"SH", Value::Text("113100".into())))]);
        e.set(Tag(0x0012, 0x0064), b"SQ", Value::Items(vec![code]));
    };
    let (mut scan, _) = released(earlier);
    withdraw_claim(&mut scan).expect("taken back");
    assert_eq!(codes(&scan.volume.buffers()[0]), ["113100"]);
}

/// Found by fuzzing: blanks around the Patient ID told one file from the next.
#[test]
fn a_patient_has_one_stand_in_however_the_id_is_padded() {
    let mut series = series();
    series[1].text(PATIENT_ID, b"LO", "  secret");
    series[2].text(PATIENT_ID, b"LO", "secret \0");
    let mut scan = open(&series);
    let deidentify = Deidentify { keep_shifted_dates: false, keep_characteristics: false };
    release_headers(&mut scan, &how(Some(deidentify))).expect("released");
    let ids = scan.volume.buffers().iter().map(|bytes| text(bytes, &[], PATIENT_ID.tag));
    assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 1);
}

#[test]
fn the_basic_profile_leaves_no_name_at_any_depth() {
    const SECRET: &str = "SECRET";
    let plant = |e: &mut Example| {
        let word = || Value::Text(SECRET.into());
        for tag in [
            Tag(0x0008, 0x0050),
            Tag(0x0008, 0x0070),
            Tag(0x0008, 0x0080),
            Tag(0x0008, 0x103e),
            Tag(0x0018, 0x1210),
        ] {
            e.set(tag, b"LO", word());
        }
        e.set(Tag(0x0008, 0x0021), b"DA", Value::Text("20200102".into()));
        e.set(Tag(0x0010, 0x0030), b"DA", Value::Text("19610203".into()));
        e.set(Tag(0x0010, 0x0040), b"CS", Value::Text("F".into()));
        e.set(Tag(0x0010, 0x1010), b"AS", Value::Text("058Y".into()));
        e.set(Tag(0x0018, 0x0050), b"DS", Value::Text("3.0".into()));
        e.set(Tag(0x0029, 0x0010), b"LO", word());
        e.set(Tag(0x0029, 0x1010), b"OB", Value::Bytes(SECRET.into()));
        let inner = DataSet::from([
            (Tag(0x0010, 0x0020), (*b"LO", word())),
            (Tag(0x0040, 0x0007), (*b"LO", word())),
            (Tag(0x0029, 0x1011), (*b"UN", Value::Bytes(SECRET.into()))),
        ]);
        let outer = DataSet::from([(Tag(0x0040, 0x0100), (*b"SQ", Value::Items(vec![inner])))]);
        e.set(Tag(0x0040, 0x0100), b"SQ", Value::Items(vec![outer]));
        let code = |value: &str, scheme: &str, meaning: &str| {
            DataSet::from([
                (Tag(0x0008, 0x0100), (*b"SH", Value::Text(value.into()))),
                (Tag(0x0008, 0x0102), (*b"SH", Value::Text(scheme.into()))),
                (Tag(0x0008, 0x0104), (*b"LO", Value::Text(meaning.into()))),
            ])
        };
        let codes = vec![code("69536005", "SCT", "Head"), code("1", "99LOCAL", SECRET)];
        e.set(Tag(0x0008, 0x2218), b"SQ", Value::Items(codes));
    };
    for (syntax, encoding) in SYNTAXES {
        let mut series = series();
        for example in &mut series {
            plant(example);
            (example.syntax, example.encoding) = (syntax, encoding);
            example.pixels(&[1, 2, 3, 4, 5, 6]);
        }
        let with = |keep_shifted_dates, keep_characteristics| {
            let mut scan = open(&series);
            let deidentify = Deidentify { keep_shifted_dates, keep_characteristics };
            release_headers(&mut scan, &how(Some(deidentify))).expect("released");
            for bytes in scan.volume.buffers() {
                let all = String::from_utf8_lossy(bytes).to_uppercase();
                assert!(!all.contains(SECRET) && !all.contains("19610203"), "{syntax}");
            }
            let files = scan.files.iter().map(|f| f.name.clone());
            let files = files.zip(scan.volume.buffers().to_vec()).collect();
            let again = open_series(files).expect("still a volume");
            assert_eq!(again.volume.grid(), scan.volume.grid());
            scan
        };
        let scan = with(false, false);
        let bytes = &scan.volume.buffers()[0];
        let name = scan.files[0].name.to_str().expect("text");
        assert_eq!(name, format!("{}.dcm", text(bytes, &[], SOP_INSTANCE.tag)));
        assert_eq!(text(bytes, &[], Tag(0x0012, 0x0062)), "YES");
        assert_eq!(text(bytes, &[], Tag(0x0028, 0x0303)), "REMOVED");
        assert_eq!(codes(bytes), ["113102", "113100"]);
        assert_eq!(text(bytes, &[], PATIENT_NAME.tag), "");
        let id = text(bytes, &[], PATIENT_ID.tag);
        assert!(id.starts_with("EFFACE-") && id.len() == 19, "{id}");
        assert_eq!(text(bytes, &[], Tag(0x0018, 0x0050)), "3.0", "numbers stay");
        assert_eq!(text(bytes, &[Tag(0x0008, 0x2218)], Tag(0x0008, 0x0104)), "Head");
        assert_eq!(value(bytes, &[], Tag(0x0010, 0x1010)), None);
        let scan = with(true, true);
        let bytes = &scan.volume.buffers()[0];
        assert_eq!(codes(bytes), ["113102", "113100", "113107", "113108"]);
        assert_eq!(text(bytes, &[], Tag(0x0010, 0x1010)), "058Y");
        let date = text(bytes, &[], Tag(0x0008, 0x0021));
        assert!(date.len() == 8 && date.as_str() < "20190102", "{date}");
    }
}

/// Found by fuzzing.
#[test]
fn an_element_out_of_order_is_replaced_where_it_belongs() {
    let mut files = files(&series());
    let bytes = &mut files[1].1;
    let whole = IMAGE_TYPE_ELEMENT;
    let at = bytes.windows(6).position(|w| w == b"\x28\x00\x10\x00US").expect("Rows");
    bytes.splice(at..at, whole.iter().copied());
    let mut scan = open_series(files).expect("a volume");
    release_headers(&mut scan, &how(None)).expect("released");
    let bytes = &scan.volume.buffers()[1];
    assert_eq!(text(bytes, &[], IMAGE_TYPE.tag), "DERIVED\\PRIMARY");
    assert_eq!(bytes.windows(6).filter(|w| w == b"\x08\x00\x08\x00CS").count(), 1);
}

const IMAGE_TYPE_ELEMENT: &[u8] = b"\x08\x00\x08\x00CS\x10\x00ORIGINAL\\PRIMARY";

#[test]
fn a_header_that_is_not_what_it_was_to_become_is_told() {
    let series: Vec<Example> = series();
    let before = open(&series);
    let mut scan = before.copy_on(Workers::ONE).expect("memory");
    release(&mut scan, &how(None), Workers::new(2)).expect("released");
    let is_as_expected =
        |scan: &Scan| is_released(&before, scan, &how(None), Workers::new(2)).expect("DICOM");
    assert!(is_as_expected(&scan));
    for n in 0..4 {
        let plane = scan.volume.plane_at(n);
        let last = scan.volume.buffers()[plane.buffer].len() - 1;
        let voxels = plane.offset..plane.offset + scan.volume.plane(n).len();
        for at in [200, plane.offset - 1, voxels.end - 1, last] {
            let mut changed = scan.copy_on(Workers::ONE).expect("memory");
            changed.volume.buffers_mut()[plane.buffer][at] ^= 1;
            assert_eq!(is_as_expected(&changed), voxels.contains(&at), "byte {at} of file {n}");
        }
    }
    let mut longer = scan.copy_on(Workers::ONE).expect("memory");
    longer.volume.buffer_mut(2).push(0);
    assert!(!is_as_expected(&longer));
}

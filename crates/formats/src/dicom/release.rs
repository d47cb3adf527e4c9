//! Headers made fit for what the pixels have become, and for release.
//!
//! The elements that say what an object is are changed as PS3.3 and PS3.15 want it of an image
//! without recognizable features; what could show the face again goes; all else stays as it was,
//! byte for byte, unless the metadata are de-identified too.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use kernels::Workers;
use volume::{StoredType, StoredVolume};

use super::attributes::trim;
use super::contents::{Contents, holds_picture};
use super::deidentify::{Cleaner, Deidentify};
use super::elements::{Element, Elements, Kind};
use super::error::FileError;
use super::mosaic;
use super::rewrite::{Edit, Rewritten, rewrite};
use super::syntax::{Encoding, Form};
use super::tag::{IMAGE_TYPE, PATIENT_ID, SOP_INSTANCE, TRANSFER_SYNTAX, Tag};
use super::uids::UidMap;
use super::unpack::{pack, unpack};
use super::write::Writer;
use crate::compare::around_voxels;
use crate::open::in_parallel;
use crate::scan::Packing;
use crate::{HeaderText, Layout, Scan, SourceFile, Tiles};

/// How DICOM headers are changed for release.
#[derive(Debug, Clone)]
pub struct Release {
    /// The stand-ins for the UIDs of instances and series.
    pub uids: UidMap,
    /// What is done to the attributes that name a person; `None` to leave them.
    pub deidentify: Option<Deidentify>,
    /// Name and version of the program that removed the face.
    pub program: String,
}

impl Release {
    /// The profile and options of PS3.15 that are applied, by name.
    #[must_use]
    pub fn profiles(&self) -> Vec<&'static str> {
        let Some(how) = self.deidentify else { return Vec::new() };
        let mut profiles = vec![BASIC_PROFILE.1];
        profiles.extend(how.keep_shifted_dates.then_some(SHIFTED_DATES.1));
        profiles.extend(how.keep_characteristics.then_some(CHARACTERISTICS.1));
        profiles
    }
}

/// Who wrote the file meta group (PS3.7 annex D.3.3.2).
const IMPLEMENTATION: &str = "2.25.150713498301862519853108926436104936571";

const METHOD: Tag = Tag(0x0012, 0x0063);
const METHOD_CODES: Tag = Tag(0x0012, 0x0064);
const DERIVATION: Tag = Tag(0x0008, 0x2111);
const FEATURES: Tag = Tag(0x0028, 0x0302);
const LOSSY: Tag = Tag(0x0028, 0x2110);
const LOSSY_RATIO: Tag = Tag(0x0028, 0x2112);
const LOSSY_METHOD: Tag = Tag(0x0028, 0x2114);

/// Codes of de-identification methods (PS3.16 CID 7050).
const CLEAN_FEATURES: (&str, &str) = ("113102", "Clean Recognizable Visual Features Option");
const BASIC_PROFILE: (&str, &str) = ("113100", "Basic Application Confidentiality Profile");
const SHIFTED_DATES: (&str, &str) =
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option");
const CHARACTERISTICS: (&str, &str) = ("113108", "Retain Patient Characteristics Option");
const SAFE_PRIVATE: (&str, &str) = ("113111", "Retain Safe Private Option");

/// UIDs of instances, series and concatenations, and references to them.
const IDENTITIES: &[Tag] = &[
    Tag(0x0002, 0x0003), // Media Storage SOP Instance UID
    Tag(0x0008, 0x0018), // SOP Instance UID
    Tag(0x0008, 0x1155), // Referenced SOP Instance UID
    Tag(0x0020, 0x000e), // Series Instance UID
    Tag(0x0020, 0x0242), // SOP Instance UID of Concatenation Source
    Tag(0x0020, 0x9161), // Concatenation UID
];

/// Smallest and largest pixel value, of an image and of its series.
const EXTREMES: std::ops::RangeInclusive<Tag> = Tag(0x0028, 0x0106)..=Tag(0x0028, 0x0109);

/// What goes whatever is in it, with the name by which a record tells of it.
const DROPPED: &[(Tag, &str)] = &[
    (Tag::SIGNATURES, "digital signatures"),
    (Tag(0x4ffe, 0x0001), "digital signatures"),
    (Tag(0x0400, 0x0561), "original attributes"),
    (Tag(0xfffc, 0xfffc), "trailing padding"),
];

/// Changes the headers of a DICOM scan, voxels as they now are, and says what went.
///
/// Every file gets new UIDs of its own, of its series and of what it refers to; Image Type becomes
/// `DERIVED`; the method of de-identification is added; Recognizable Visual Features becomes `NO`,
/// which [`withdraw_claim`] takes back. Smallest and largest pixel values are corrected. Voxels
/// are not touched.
///
/// # Errors
/// [`FileError`] if a buffer of the scan is no native DICOM file.
pub(crate) fn release(
    scan: &mut Scan,
    release: &Release,
    workers: Workers,
) -> Result<HeaderText, FileError> {
    let mut dropped = BTreeSet::new();
    let mut rewritten = Vec::with_capacity(scan.files.len());
    for of_file in rewritten_files(scan, &scan.volume, release, workers) {
        let of_file = of_file?;
        dropped.extend(of_file.dropped);
        rewritten.push((of_file.data, of_file.instance));
    }
    let (data, instances): (Vec<_>, Vec<_>) = rewritten.into_iter().unzip();
    put_back(&mut scan.volume, data, workers);
    if release.deidentify.is_some() && scan.layout == Layout::DicomSeries {
        for (file, instance) in scan.files.iter_mut().zip(instances) {
            file.name = format!("{instance}.dcm").into();
        }
    }
    let is_mosaic = scan.files.iter().any(|file| file.tiles.is_some());
    let kept = match release.deidentify {
        Some(_) if is_mosaic => vec!["number and direction of the slices of a mosaic"],
        Some(_) => Vec::new(),
        None => vec!["DICOM attributes that name the patient"],
    };
    Ok(HeaderText { cleared: dropped.into_iter().collect(), kept })
}

/// Whether all that is no voxel of `after` is what [`release`] makes of `before` with its voxels.
///
/// # Errors
/// [`FileError`] if a buffer of `before` is no native DICOM file.
pub(crate) fn is_released(
    before: &Scan,
    after: &Scan,
    release: &Release,
    workers: Workers,
) -> Result<bool, FileError> {
    let n_buffers = before.volume.buffers().len();
    if after.volume.buffers().len() != n_buffers
        || after.volume.n_planes() != before.volume.n_planes()
    {
        return Ok(false);
    }
    let [of_before, of_after] = [before, after].map(|scan| scan.volume.planes_by_buffer());
    let mut are_same: Vec<Result<bool, FileError>> = Vec::with_capacity(n_buffers);
    let rewritten = rewritten_files(before, &after.volume, release, workers);
    for (n, rewritten) in rewritten.into_iter().enumerate() {
        are_same.push(rewritten.map(|of_file| {
            let Rewritten { before: start, pixels, after: end } = of_file.data;
            let mut expected = around_voxels(before, n, &of_before[n], pixels);
            expected.insert(0, &start);
            expected.push(&end);
            let length = after.volume.buffers()[n].len();
            let found = around_voxels(after, n, &of_after[n], 0..length);
            of_before[n].len() == of_after[n].len() && expected.concat() == found.concat()
        }));
    }
    are_same.into_iter().try_fold(true, |all, same| Ok(all && same?))
}

/// What [`release`] makes of a file.
struct OfFile {
    data: Rewritten,
    /// Its new SOP Instance UID.
    instance: String,
    /// What went.
    dropped: BTreeSet<&'static str>,
}

/// Every file of a scan rewritten, with what its header must say of the voxels of `voxels`.
fn rewritten_files(
    scan: &Scan,
    voxels: &StoredVolume,
    release: &Release,
    workers: Workers,
) -> Vec<Result<OfFile, FileError>> {
    let planes = voxels.planes_by_buffer();
    let numbers: Vec<usize> = (0..scan.files.len()).collect();
    // Those of all files may be told in one.
    let are_told = in_parallel(scan.volume.buffers(), workers, |bytes| tells_extremes(bytes));
    let are_told = are_told.contains(&true);
    let extremes = in_parallel(&numbers, workers, |&n| {
        are_told.then(|| extremes(voxels, &planes[n], scan.files[n].tiles)).flatten()
    });
    let of_all = extremes.iter().flatten().copied().reduce(wider);
    in_parallel(&numbers, workers, |&n| {
        let mut dropped = BTreeSet::new();
        let bytes = &scan.volume.buffers()[n];
        let file = File { bytes, release, extremes: extremes[n], of_all };
        let (data, instance) = file.rewrite(&scan.files[n], &mut dropped)?;
        Ok(OfFile { data, instance, dropped })
    })
}

/// The bytes under which a file that holds no volume is passed through: with the UIDs of the run,
/// de-identified if that is wanted, and otherwise as it is. Its pixels are not looked at.
///
/// # Errors
/// [`FileError`] if `bytes` are no DICOM file in a known transfer syntax.
pub(crate) fn pass_through(bytes: Vec<u8>, release: &Release) -> Result<Vec<u8>, FileError> {
    let (meta, _) = Contents::read_meta(&bytes)?;
    let is_deflated = Form::of(meta.need_uid(TRANSFER_SYNTAX)?)? == Form::Deflated;
    let (bytes, packing) = if is_deflated { unpack(bytes)? } else { (bytes, Packing::None) };
    let (meta, start) = Contents::read_meta(&bytes)?;
    let elements = match Form::of(meta.need_uid(TRANSFER_SYNTAX)?)? {
        Form::Native(encoding) => Elements::new(&bytes, start, encoding),
        Form::Encapsulated(_) | Form::Deflated => Elements::encapsulated(&bytes, start),
    };
    let encoding = elements.encoding();
    let file = File { bytes: &bytes, release, extremes: None, of_all: None };
    let patient = Known::read(&bytes, elements.clone())?;
    let patient = trim(patient.text(PATIENT_ID.tag));
    let mut cleaner =
        release.deidentify.map(|how| Cleaner::new(how, &release.uids, patient, &bytes));
    let mut edit = |element: &Element, path: &[Tag]| match &mut cleaner {
        // Elements that are no part of the profile and can hold anything.
        Some(_) if DROPPED.iter().any(|(tag, _)| *tag == element.tag) => Edit::Drop,
        Some(_) if holds_picture(&bytes, element, path) => Edit::Drop,
        Some(cleaner) => cleaner.edit(element, path, encoding),
        None if IDENTITIES.contains(&element.tag) && element.kind == Kind::Value => {
            Edit::Value(release.uids.value(&bytes[element.value.clone()]))
        }
        None => Edit::Keep,
    };
    let data = rewrite(&bytes, elements, BTreeMap::new(), &mut edit)?;
    let mut out = file.meta(start, &mut BTreeSet::new())?;
    out.extend(data.before);
    out.extend(&bytes[data.pixels]);
    out.extend(data.after);
    Ok(pack(&out, packing)?.unwrap_or(out))
}

/// Takes back, in every file of a released scan, the claim that no face can be recognised.
///
/// # Errors
/// [`FileError`] if a buffer of the scan is no native DICOM file.
pub(crate) fn withdraw_claim(scan: &mut Scan) -> Result<(), FileError> {
    let mut rewritten = Vec::with_capacity(scan.files.len());
    for n in 0..scan.files.len() {
        let bytes = &scan.volume.buffers()[n];
        let (encoding, start) = encoding_and_start(bytes)?;
        let known = Known::read(bytes, Elements::new(bytes, start, encoding))?;
        let is_claim = |item: &&Range<usize>| code_of(bytes, item, encoding) == CLEAN_FEATURES.0;
        let others: Vec<_> = known.codes.iter().filter(|item| !is_claim(item)).collect();
        let mut top = BTreeMap::new();
        if !others.is_empty() {
            let items: Vec<_> = others.iter().map(|item| bytes[(*item).clone()].to_vec()).collect();
            top.insert(METHOD_CODES, sequence(encoding, METHOD_CODES, &items));
        }
        let mut edit = |element: &Element, path: &[Tag]| {
            let is_claim = path.is_empty() && [FEATURES, METHOD_CODES].contains(&element.tag);
            if is_claim { Edit::Drop } else { Edit::Keep }
        };
        let data = rewrite(bytes, Elements::new(bytes, start, encoding), top, &mut edit)?;
        let before = [&bytes[..start], &data.before].concat();
        rewritten.push(Rewritten { before, ..data });
    }
    put_back(&mut scan.volume, rewritten, Workers::ONE);
    Ok(())
}

/// The first element of a file that could show a face outside its pixels.
///
/// # Errors
/// [`FileError`] if `bytes` are no native DICOM file.
pub(crate) fn second_picture(bytes: &[u8]) -> Result<Option<Tag>, FileError> {
    let (encoding, start) = encoding_and_start(bytes)?;
    let mut elements = Elements::new(bytes, start, encoding);
    while let Some(element) = elements.next()? {
        if holds_picture(bytes, &element, elements.path()) {
            return Ok(Some(element.tag));
        }
    }
    Ok(None)
}

/// Puts rewritten files in the place of the buffers, whose pixels stay.
fn put_back(volume: &mut StoredVolume, rewritten: Vec<Rewritten>, workers: Workers) {
    let moved: Vec<_> =
        rewritten.iter().map(|file| [file.pixels.start, file.before.len()]).collect();
    workers.for_each_chunk(volume.buffers_mut(), 1, |n, buffer| {
        let Rewritten { before, pixels, after } = &rewritten[n];
        let buffer = &mut buffer[0];
        buffer.truncate(pixels.end);
        buffer.extend(after);
        buffer.splice(..pixels.start, before.iter().copied());
    });
    volume.move_planes(&moved);
}

fn encoding_and_start(bytes: &[u8]) -> Result<(Encoding, usize), FileError> {
    let (meta, start) = Contents::read_meta(bytes)?;
    match Form::of(meta.need_uid(TRANSFER_SYNTAX)?)? {
        Form::Native(encoding) => Ok((encoding, start)),
        Form::Deflated | Form::Encapsulated(_) => Err(FileError::NotEncapsulated),
    }
}

/// One file on its way to release.
struct File<'a> {
    bytes: &'a [u8],
    release: &'a Release,
    /// Smallest and largest stored value of the file, and of all files.
    extremes: Option<[i64; 2]>,
    of_all: Option<[i64; 2]>,
}

impl File<'_> {
    /// The file rewritten, and its new SOP Instance UID; adds to `dropped` what went.
    fn rewrite(
        &self,
        file: &SourceFile,
        dropped: &mut BTreeSet<&'static str>,
    ) -> Result<(Rewritten, String), FileError> {
        let Self { bytes, release, .. } = *self;
        let (encoding, start) = encoding_and_start(bytes)?;
        let known = Known::read(bytes, Elements::new(bytes, start, encoding))?;
        let mut before = self.meta(start, dropped)?;
        let mut top = self.top_level(&known, encoding, file);
        if let (Some(_), Some(tiles)) = (release.deidentify, file.tiles) {
            let header = mosaic::smallest_header(bytes, tiles)?;
            let creator = (Tag(0x0029, 0x0010), b"LO", mosaic::CSA_CREATOR);
            for (tag, vr, value) in [creator, (Tag(0x0029, 0x1010), b"OB", &header[..])] {
                let mut out = Vec::new();
                Writer::new(encoding, &mut out).value(tag, *vr, value);
                top.insert(tag, out);
            }
        }
        let patient = trim(known.text(PATIENT_ID.tag));
        let mut cleaner =
            release.deidentify.map(|how| Cleaner::new(how, &release.uids, patient, bytes));
        let mut edit = |element: &Element, path: &[Tag]| {
            if let Some((_, name)) = DROPPED.iter().find(|(tag, _)| *tag == element.tag) {
                dropped.insert(name);
                return Edit::Drop;
            }
            if holds_picture(bytes, element, path) {
                dropped.insert(picture_name(element.tag, path));
                return Edit::Drop;
            }
            let cleaned = cleaner.as_mut().map(|cleaner| cleaner.edit(element, path, encoding));
            match cleaned {
                None | Some(Edit::Keep) => self.edit(element, path, encoding),
                Some(edit) => edit,
            }
        };
        let data = rewrite(bytes, Elements::new(bytes, start, encoding), top, &mut edit)?;
        before.extend(data.before);
        let instance = release.uids.uid(&String::from_utf8_lossy(known.text(SOP_INSTANCE.tag)));
        Ok((Rewritten { before, ..data }, instance))
    }

    /// An empty preamble and the file meta group.
    fn meta(&self, end: usize, dropped: &mut BTreeSet<&'static str>) -> Result<Vec<u8>, FileError> {
        let bytes = &self.bytes[..end];
        if bytes[..128].iter().any(|&b| b != 0) {
            dropped.insert("preamble");
        }
        let mut out = vec![0; 128];
        out.extend(b"DICM");
        let encoding = Encoding::ExplicitLittle;
        let version: String = self.release.program.to_uppercase().replace(' ', "_");
        let top = BTreeMap::from([
            text(encoding, Tag(0x0002, 0x0012), b"UI", IMPLEMENTATION),
            text(encoding, Tag(0x0002, 0x0013), b"SH", &version[..version.len().min(16)]),
        ]);
        let is_cleaned = self.release.deidentify.is_some();
        let mut edit = |element: &Element, path: &[Tag]| match element.tag.1 {
            // Application entities, their addresses, private information.
            0x0016..=0x0018 | 0x0026..=0x0028 | 0x0100.. if is_cleaned => Edit::Drop,
            _ => self.edit(element, path, encoding),
        };
        out.extend(rewrite(bytes, Elements::new(bytes, 132, encoding), top, &mut edit)?.before);
        Ok(out)
    }

    /// The elements that every file gets, de-identified or not.
    fn edit(&self, element: &Element, path: &[Tag], encoding: Encoding) -> Edit {
        let value = &self.bytes[element.value.clone()];
        let number = |extremes: Option<[i64; 2]>, which: usize| match extremes {
            Some(extremes) if (-32768..=65535).contains(&extremes[which]) => {
                let bytes = (extremes[which] as u16).to_be_bytes();
                let is_big = encoding == Encoding::ExplicitBig;
                Edit::Value(if is_big { bytes.to_vec() } else { vec![bytes[1], bytes[0]] })
            }
            _ => Edit::Drop,
        };
        match element.tag {
            _ if element.kind != Kind::Value => Edit::Keep,
            tag if IDENTITIES.contains(&tag) => Edit::Value(self.release.uids.value(value)),
            // Frame Type.
            Tag(0x0008, 0x9007) => Edit::Value(derived(value)),
            Tag(0x0028, 0x0106) if path.is_empty() => number(self.extremes, 0),
            Tag(0x0028, 0x0107) if path.is_empty() => number(self.extremes, 1),
            Tag(0x0028, 0x0108) if path.is_empty() => number(self.of_all, 0),
            Tag(0x0028, 0x0109) if path.is_empty() => number(self.of_all, 1),
            _ => Edit::Keep,
        }
    }

    /// The elements of the top level that are set, encoded.
    fn top_level(
        &self,
        known: &Known<'_>,
        encoding: Encoding,
        file: &SourceFile,
    ) -> BTreeMap<Tag, Vec<u8>> {
        let Self { bytes, release, .. } = *self;
        let mut top = BTreeMap::new();
        let mut set = |tag: Tag, vr: &[u8; 2], value: &[u8]| {
            let mut out = Vec::new();
            Writer::new(encoding, &mut out).value(tag, *vr, value);
            top.insert(tag, out);
        };
        let with = |tag: Tag, added: &str, between: &str, limit: usize| {
            let old = known.text(tag);
            if release.deidentify.is_some() || old.is_empty() || old.len() + added.len() > limit {
                return added.as_bytes().to_vec();
            }
            [old, between.as_bytes(), added.as_bytes()].concat()
        };
        set(IMAGE_TYPE.tag, b"CS", &derived(known.text(IMAGE_TYPE.tag)));
        let done = format!("Face removed by {}", release.program);
        set(DERIVATION, b"ST", &with(DERIVATION, &done, "; ", 1000));
        set(METHOD, b"LO", &with(METHOD, &release.program, "\\", 60_000));
        set(FEATURES, b"CS", b"NO");
        let mut codes = vec![CLEAN_FEATURES];
        if let Some(how) = release.deidentify {
            set(Tag(0x0012, 0x0062), b"CS", b"YES");
            let dates: &[u8] = if how.keep_shifted_dates { b"MODIFIED" } else { b"REMOVED" };
            set(Tag(0x0028, 0x0303), b"CS", dates);
            codes.push(BASIC_PROFILE);
            codes.extend(how.keep_shifted_dates.then_some(SHIFTED_DATES));
            codes.extend(how.keep_characteristics.then_some(CHARACTERISTICS));
            codes.extend(file.tiles.map(|_| SAFE_PRIVATE));
        }
        if let Packing::Decoded { lossy_method: Some(method), ratio } = file.packing {
            set(LOSSY, b"CS", b"01");
            if known.text(LOSSY_RATIO).is_empty() {
                set(LOSSY_RATIO, b"DS", format!("{ratio:.3}").as_bytes());
            }
            if known.text(LOSSY_METHOD).is_empty() {
                set(LOSSY_METHOD, b"CS", method.as_bytes());
            }
        }
        let kept = if release.deidentify.is_some() { &[][..] } else { &known.codes };
        let is_there = |code: &str| kept.iter().any(|item| code_of(bytes, item, encoding) == code);
        let added = codes.iter().filter(|(code, _)| !is_there(code));
        let items = kept.iter().map(|item| bytes[item.clone()].to_vec());
        let items: Vec<_> = items.chain(added.map(|code| code_item(encoding, *code))).collect();
        top.insert(METHOD_CODES, sequence(encoding, METHOD_CODES, &items));
        top
    }
}

/// What of the top level is needed before it is rewritten.
struct Known<'a> {
    texts: Vec<(Tag, &'a [u8])>,
    /// The contents of the items of the codes of de-identification methods.
    codes: Vec<Range<usize>>,
}

impl<'a> Known<'a> {
    fn read(bytes: &'a [u8], mut elements: Elements<'_>) -> Result<Self, FileError> {
        const TEXTS: [Tag; 7] = [
            IMAGE_TYPE.tag,
            SOP_INSTANCE.tag,
            DERIVATION,
            PATIENT_ID.tag,
            METHOD,
            LOSSY_RATIO,
            LOSSY_METHOD,
        ];
        let mut known = Self { texts: Vec::new(), codes: Vec::new() };
        while let Some(element) = elements.next()? {
            match (element.kind, elements.path()) {
                (Kind::Value, []) if TEXTS.contains(&element.tag) => {
                    known.texts.push((element.tag, &bytes[element.value]));
                }
                (Kind::Item, [METHOD_CODES]) => {
                    known.codes.push(elements.offset()..elements.offset());
                }
                (Kind::End, [METHOD_CODES]) if element.tag == Tag::ITEM => {
                    if let Some(item) = known.codes.last_mut() {
                        item.end = element.at;
                    }
                }
                _ => {}
            }
        }
        Ok(known)
    }

    /// The value of a text without what pads it; empty if there is none.
    fn text(&self, tag: Tag) -> &'a [u8] {
        let found = self.texts.iter().find(|(known, _)| *known == tag);
        let value = found.map_or(&[][..], |(_, value)| value);
        let end = value.iter().rposition(|b| !matches!(b, 0 | b' ')).map_or(0, |last| last + 1);
        &value[..end]
    }
}

/// The code value of an item; empty if it has none.
fn code_of<'a>(bytes: &'a [u8], item: &Range<usize>, encoding: Encoding) -> &'a str {
    let mut elements = Elements::new(&bytes[..item.end], item.start, encoding);
    while let Ok(Some(element)) = elements.next() {
        if element.kind == Kind::Value && element.tag == Tag(0x0008, 0x0100) {
            return std::str::from_utf8(&bytes[element.value]).unwrap_or_default().trim();
        }
    }
    ""
}

/// The elements of an item for a code of DICOM's own scheme (PS3.3 section 8).
fn code_item(encoding: Encoding, (code, meaning): (&str, &str)) -> Vec<u8> {
    let parts = [
        text(encoding, Tag(0x0008, 0x0100), b"SH", code),
        text(encoding, Tag(0x0008, 0x0102), b"SH", "DCM"),
        text(encoding, Tag(0x0008, 0x0104), b"LO", meaning),
    ];
    parts.map(|(_, bytes)| bytes).concat()
}

fn text(encoding: Encoding, tag: Tag, vr: &[u8; 2], value: &str) -> (Tag, Vec<u8>) {
    let mut out = Vec::new();
    Writer::new(encoding, &mut out).value(tag, *vr, value.as_bytes());
    (tag, out)
}

fn sequence(encoding: Encoding, tag: Tag, items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(encoding, &mut out).sequence(tag, items);
    out
}

/// An image or frame type whose first value is `DERIVED` (PS3.3 C.7.6.1.1.2).
fn derived(old: &[u8]) -> Vec<u8> {
    match old.iter().position(|b| *b == b'\\') {
        Some(at) => [b"DERIVED", old[at..].trim_ascii_end()].concat(),
        None => b"DERIVED\\PRIMARY".to_vec(),
    }
}

/// The name by which a record tells of a picture that went.
fn picture_name(tag: Tag, path: &[Tag]) -> &'static str {
    match tag {
        Tag::ICON => "icon image",
        Tag(0x6000..=0x60ff, _) => "overlays",
        Tag(0x5000..=0x50ff, _) => "curves",
        Tag(group, _) if group % 2 == 1 => "a picture in a private element",
        _ if path.is_empty() => "a picture in another element",
        _ => "a picture in a sequence",
    }
}

/// Whether a file says what its smallest and its largest pixel value are.
fn tells_extremes(bytes: &[u8]) -> bool {
    let Ok((encoding, start)) = encoding_and_start(bytes) else { return false };
    let mut elements = Elements::new(bytes, start, encoding);
    while let Ok(Some(element)) = elements.next() {
        if elements.path().is_empty() && EXTREMES.contains(&element.tag) {
            return true;
        }
    }
    false
}

/// Smallest and largest stored value of some planes, and of the tiles that hold none, which are 0.
fn extremes(volume: &StoredVolume, planes: &[usize], tiles: Option<Tiles>) -> Option<[i64; 2]> {
    let is_big = volume.byte_order() == volume::ByteOrder::Big;
    let of_plane = |&p: &usize| {
        macro_rules! extremes {
            ($type:ty) => {{
                let (values, _) = volume.plane(p).as_chunks::<{ size_of::<$type>() }>();
                let value = |v: &[u8; size_of::<$type>()]| {
                    if is_big { <$type>::from_be_bytes(*v) } else { <$type>::from_le_bytes(*v) }
                };
                let all = values.iter().map(value);
                let all = all
                    .fold((<$type>::MAX, <$type>::MIN), |(low, high), v| (low.min(v), high.max(v)));
                [i64::from(all.0), i64::from(all.1)]
            }};
        }
        match volume.stored_type() {
            StoredType::U8 => Some(extremes!(u8)),
            StoredType::I8 => Some(extremes!(i8)),
            StoredType::U16 => Some(extremes!(u16)),
            StoredType::I16 => Some(extremes!(i16)),
            StoredType::U32 => Some(extremes!(u32)),
            StoredType::I32 => Some(extremes!(i32)),
            _ => None,
        }
    };
    let has_unused = tiles.is_some_and(|tiles| tiles.n_used < tiles.n_across * tiles.n_across);
    planes.iter().filter_map(of_plane).chain(has_unused.then_some([0, 0])).reduce(wider)
}

fn wider(one: [i64; 2], other: [i64; 2]) -> [i64; 2] {
    [one[0].min(other[0]), one[1].max(other[1])]
}

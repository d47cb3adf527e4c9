//! Real series and the conformance set of DICOM files in `$EFFACE_SHARED/dicom`.
//!
//! Expected numbers were computed with pydicom, and agree with dcm2niix 1.0.20220720 up to the
//! order of its axes; the shear of `geometry/gantry_tilt`, which it resamples, is pydicom's alone.
#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use formats::dicom::{Deidentify, DicomError, Release, UidMap, open_series};
use formats::{FormatError, Modality, Packing, Scan, Source};

#[test]
fn reads_a_philips_series_with_its_slope() {
    let expected = Expected {
        extent: [256, 256, 170],
        affine: [
            [0.038610, -0.060861, 0.997398, -82.672766],
            [-0.999252, 0.000000, 0.038682, 133.004554],
            [-0.002354, -0.998146, -0.060815, 138.458779],
        ],
        real: &[
            ([128, 128, 85], 675.4349),
            ([76, 102, 102], 342.4408),
            ([179, 115, 59], 845.4745),
            ([107, 168, 137], 538.4586),
        ],
    };
    check("philips_mprage_cl", &expected);
}

#[test]
fn reads_an_enhanced_object_and_its_single_frame_copy_alike() {
    let expected = Expected {
        extent: [128, 128, 96],
        affine: [
            [0.0, 0.0, 2.000001, -89.5761],
            [-2.0, 0.0, 0.0, 156.094],
            [0.0, -2.0, 0.0, 113.224],
        ],
        real: &[
            ([64, 64, 48], 7.0),
            ([38, 51, 57], 95.0),
            ([89, 57, 33], 195.0),
            ([53, 84, 77], 370.0),
        ],
    };
    check("siemens_xa30_t1_enhanced", &expected);
    check("siemens_xa30_t1_classic", &expected);
    let Some(folder) = reference() else { return };
    let enhanced = open(&folder.join("siemens_xa30_t1_enhanced")).expect("a volume").volume;
    let classic = open(&folder.join("siemens_xa30_t1_classic")).expect("a volume").volume;
    assert!((0..96).all(|p| enhanced.plane(p) == classic.plane(p)));
}

#[test]
fn reads_a_ct_series() {
    let expected = Expected {
        extent: [64, 64, 93],
        affine: [[-3.2, 0.0, 0.0, 0.0], [0.0, -3.2, 0.0, 0.0], [0.0, 0.0, 1.5, 0.0]],
        real: &[
            ([32, 32, 46], 122.0),
            ([19, 25, 55], 999.0),
            ([44, 28, 32], 1142.0),
            ([26, 42, 75], 1067.0),
        ],
    };
    check("slicer_ct_head", &expected);
}

#[test]
fn reads_an_enhanced_diffusion_map() {
    let expected = Expected {
        extent: [72, 72, 39],
        affine: [[-3.0, 0.0, 0.0, 108.0], [0.0, -3.0, 0.0, 114.721], [0.0, 0.0, 3.0, -23.3962]],
        real: &[
            ([36, 36, 19], 765.0),
            ([21, 28, 23], 774.0),
            ([50, 32, 13], 621.0),
            ([30, 47, 31], 691.0),
        ],
    };
    check("siemens_xa30_dwi_enhanced", &expected);
}

#[test]
fn carries_a_tilted_gantry_in_a_sheared_affine() {
    let expected = Expected {
        extent: [48, 64, 12],
        affine: [
            [-4.0, 0.0, 0.0, 94.0],
            [0.0, -3.758770, 0.0, 112.763114],
            [0.0, -1.368081, 16.0, -46.957583],
        ],
        real: &[([24, 32, 6], 39.0), ([14, 25, 7], 461.0), ([33, 28, 4], 382.0)],
    };
    check("conformance/geometry/gantry_tilt", &expected);
}

#[test]
fn reads_planes_that_lie_across_the_axes_of_the_patient() {
    let oblique = Expected {
        extent: [48, 64, 12],
        affine: [
            [-3.939231, 0.293548, 2.518059, 69.916177],
            [0.000000, -3.625231, 6.761892, 71.566527],
            [0.694593, 1.664791, 14.280623, -144.810084],
        ],
        real: &[([24, 32, 6], 37.0), ([14, 25, 7], 248.0), ([33, 28, 4], 367.0)],
    };
    check("conformance/geometry/oblique", &oblique);
    let coronal = Expected {
        extent: [48, 64, 12],
        affine: [[-4.0, 0.0, 0.0, 94.0], [0.0, 0.0, -20.0, 118.0], [0.0, -4.0, 0.0, 126.0]],
        real: &[([24, 32, 6], 41.0), ([14, 25, 7], 523.0), ([33, 28, 4], 1367.0)],
    };
    check("conformance/geometry/coronal", &coronal);
    let prone = Expected {
        extent: [48, 64, 8],
        affine: [[4.0, 0.0, 0.0, -94.0], [0.0, 4.0, 0.0, -120.0], [0.0, 0.0, 16.0, -88.0]],
        real: &[([24, 32, 4], 232.0), ([14, 25, 4], 230.0), ([33, 28, 2], 573.0)],
    };
    check("conformance/geometry/prone", &prone);
    let nonsquare = Expected {
        extent: [48, 64, 8],
        affine: [[-5.0, 0.0, 0.0, 94.0], [0.0, -4.0, 0.0, 120.0], [0.0, 0.0, 16.0, -88.0]],
        real: &[([24, 32, 4], 261.0), ([14, 25, 4], 1609.0), ([33, 28, 2], 347.0)],
    };
    check("conformance/geometry/nonsquare_pixels", &nonsquare);
}

#[test]
fn rescales_each_plane_by_its_own_slope() {
    let slopes = Expected {
        extent: [48, 64, 12],
        affine: [[-4.0, 0.0, 0.0, 94.0], [0.0, -4.0, 0.0, 120.0], [0.0, 0.0, 16.0, -88.0]],
        real: &[
            ([24, 32, 6], 9.35),
            ([14, 25, 7], 61.8),
            ([33, 28, 4], 91.8),
            ([20, 42, 9], 132.3),
        ],
    };
    check("conformance/geometry/rescale_per_slice", &slopes);
    let hounsfield = Expected {
        extent: [64, 64, 8],
        affine: [[-3.2, 0.0, 0.0, 0.0], [0.0, -3.2, 0.0, 0.0], [0.0, 0.0, 13.5, 0.0]],
        real: &[([32, 32, 4], -338.0), ([19, 25, 4], 48.0), ([44, 28, 2], -57.0)],
    };
    check("conformance/geometry/ct_unsigned", &hounsfield);
}

#[test]
fn puts_scrambled_and_split_frames_in_order() {
    let head = Expected {
        extent: [64, 64, 24],
        affine: [[0.0, 0.0, 8.0, -90.0], [-4.0, 0.0, 0.0, 126.0], [0.0, -4.0, 0.0, 126.0]],
        real: &[
            ([32, 32, 12], 182.0),
            ([19, 25, 14], 181.0),
            ([44, 28, 8], 311.0),
            ([26, 42, 19], 225.0),
        ],
    };
    check("conformance/enhanced/mr_scrambled", &head);
    check("conformance/enhanced/mr_concatenation", &head);
    let ct = Expected {
        extent: [64, 64, 31],
        affine: [[-3.2, 0.0, 0.0, 0.0], [0.0, -3.2, 0.0, 0.0], [0.0, 0.0, 4.5, 0.0]],
        real: &[([32, 32, 15], -792.0), ([19, 25, 18], -55.0), ([44, 28, 10], 90.0)],
    };
    check("conformance/enhanced/ct", &ct);
}

/// Against dcm2niix 1.0.20260724, which turns rows over as [`formats::as_nifti`] does.
#[test]
fn mosaics_are_the_volumes_that_dcm2niix_makes_of_them() {
    let Some(folder) = reference() else { return };
    let folder = folder.join("siemens_mosaic_epi");
    let sources = read_folder(&folder);
    let scan = discovered(&folder).one_volume("mosaics");
    let written = tempfile::tempdir().expect("a folder");
    formats::write(&scan, written.path(), "series".as_ref()).expect("written");
    assert!(read_folder(&written.path().join("series")) == sources, "every byte of every file");

    let nifti = formats::as_nifti(scan, "epi.nii".as_ref()).expect("NIfTI").volume;
    assert_eq!((nifti.grid().extent, nifti.n_frames()), ([72, 72, 5], 2));
    let wanted = [[-3.0, 0.0, 0.0, 108.0], [0.0, 3.0, 0.0, -105.0], [0.0, 0.0, 12.0, 16.0]];
    for (found, wanted) in nifti.grid().affine.0.iter().flatten().zip(wanted.as_flattened()) {
        assert!((found - wanted).abs() < 1e-3, "{:?}", nifti.grid().affine);
    }
    for ([i, j, k, t], wanted) in [
        ([36, 36, 2, 0], 296.0),
        ([20, 30, 1, 1], 394.0),
        ([40, 50, 3, 0], 700.0),
        ([36, 20, 4, 1], 540.0),
        ([30, 44, 0, 0], 297.0),
    ] {
        let mut row = [0.0; 72];
        nifti.real_rows(5 * t + k, j, &mut row);
        assert!((row[i] - wanted).abs() < 1e-3, "{i} {j} {k} {t}: {}", row[i]);
    }
}

/// Cases whose codec loses nothing, beside `explicit_le`.
const LOSSLESS: [&str; 8] = [
    "codecs/implicit_le",
    "codecs/explicit_be",
    "codecs/deflated",
    "codecs/rle",
    "codecs/jpeg_lossless_sv1",
    "codecs/jpegls_lossless",
    "codecs/j2k_lossless",
    "codecs/htj2k_lossless",
];

#[test]
fn every_lossless_codec_gives_the_same_voxels() {
    let Some(folder) = reference() else { return };
    let open = |name: &str| discovered(&folder.join("conformance").join(name)).one_volume(name);
    let reference = open("codecs/explicit_le");
    assert_eq!(reference.modality, Some(Modality::Mr));
    for name in LOSSLESS {
        let scan = open(name);
        assert_eq!(scan.volume.grid(), reference.volume.grid(), "{name}");
        assert_eq!(real(&scan), real(&reference), "{name}");
    }
    // Eight bits of the same head, lossless: compared with the lossy copy of the same values.
    let (exact, lossy) = (open("codecs/jpeg_lossless_sv1_8bit"), open("codecs/jpeg_baseline_8bit"));
    assert!(far(&real(&exact), &real(&lossy)) <= 16.0);
    let enhanced = open("enhanced/ct");
    assert_eq!(real(&open("enhanced/ct_rle")), real(&enhanced));
}

/// The largest differences with which the set was made, with something for decoders that round
/// otherwise: the standard leaves them free to.
#[test]
fn lossy_codecs_are_as_far_off_as_they_were_made() {
    let Some(folder) = reference() else { return };
    let open = |name: &str| discovered(&folder.join("conformance").join(name)).one_volume(name);
    let reference = real(&open("codecs/explicit_le"));
    for (name, most, method) in [
        ("codecs/jpegls_near_lossless", 3.0, "ISO_14495_1"),
        ("codecs/jpeg_extended_12bit", 9.0, "ISO_10918_1"),
        ("codecs/j2k_lossy", 80.0, "ISO_15444_1"),
    ] {
        let scan = open(name);
        let found = far(&real(&scan), &reference);
        assert!(found > 0.0 && found <= most, "{name}: {found}");
        for file in &scan.files {
            let Packing::Decoded { lossy_method, ratio } = file.packing else {
                panic!("{name}: {file:?}")
            };
            assert_eq!(lossy_method, Some(method), "{name}");
            assert!(ratio > 1.0, "{name}: {ratio}");
        }
    }
}

fn real(scan: &Scan) -> Vec<f32> {
    let [ni, nj, _] = scan.volume.grid().extent;
    let mut real = vec![0.0; ni * nj * scan.volume.n_planes()];
    for (p, plane) in real.chunks_exact_mut(ni * nj).enumerate() {
        scan.volume.real_rows(p, 0, plane);
    }
    real
}

fn far(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn what_is_no_volume_is_called_so() {
    let Some(folder) = reference() else { return };
    for (name, n, wanted) in [
        ("phantom_ct_scout", 1, "not a volume: at least 4 slice positions are needed, found 1"),
        ("phantom_ct_captures", 1, "not a volume: `Secondary Capture Image Storage`"),
    ] {
        let found = discovered(&folder.join(name));
        assert!(found.volumes.is_empty(), "{name}");
        assert_eq!(found.errors.len(), n, "{name}: {:?}", found.errors);
        assert!(found.errors.iter().all(|e| e.to_string().contains(wanted)), "{:?}", found.errors);
    }
}

#[test]
fn the_conformance_set_ends_as_expected() {
    let Some(folder) = reference() else { return };
    let table = fs::read_to_string(folder.join("conformance/expected.tsv")).expect("the table");
    let mut failed = Vec::new();
    for row in table.lines().skip(1) {
        let [path, outcome, _] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let found = discovered(&folder.join("conformance").join(path));
        let wanted = wanted(path, outcome);
        if !found.is_as(&wanted) {
            failed.push(format!("{path}: wanted {wanted:?} ({outcome}), found {found}"));
        }
        let words = found.to_string().to_lowercase();
        for secret in ["conf^", "conformance", "planted", "19610203", ".dcm"] {
            assert!(!words.contains(secret), "{path}: {words}");
        }
    }
    assert_eq!(table.lines().count(), 125);
    assert!(failed.is_empty(), "{} of 124\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn deep_nesting_needs_no_stack() {
    let Some(folder) = reference() else { return };
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let found = small.spawn(move || discovered(&folder.join("conformance/bad/nested_7000")));
    let found = found.expect("a thread").join().expect("no overflow");
    assert!(found.to_string().contains("nested too deep"), "{found}");
}

#[test]
fn a_mixed_tree_falls_into_its_series() {
    let Some(shared) = reference() else { return };
    let tree = tempfile::tempdir().expect("a folder");
    // Files of five series, dealt out over folders without regard to series; names say nothing.
    let cases = [
        "geometry/reference",
        "geometry/two_series",
        "enhanced/mr_concatenation",
        "geometry/sagittal",
    ];
    let mut n = 0;
    for case in cases {
        for (_, bytes) in read_folder(&shared.join("conformance").join(case)) {
            let folder = tree.path().join(format!("{}/{}", n % 3, n % 2));
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(format!("{:04}", n * 7919 % 10_000)), bytes).expect("written");
            n += 1;
        }
    }
    fs::write(tree.path().join("1/notes.txt"), "no DICOM").expect("written");
    let found = discovered(tree.path());
    assert!(found.errors.is_empty(), "{found}");
    let mut extents: Vec<_> = found.volumes.iter().map(|s| s.volume.grid().extent).collect();
    extents.sort_unstable();
    let wanted = [[48, 64, 6], [48, 64, 6], [48, 64, 12], [64, 64, 11], [64, 64, 24]];
    assert_eq!(extents, wanted);
}

#[test]
fn a_broken_file_among_good_ones_is_named_and_the_rest_stays() {
    let Some(shared) = reference() else { return };
    let tree = tempfile::tempdir().expect("a folder");
    let mut files = read_folder(&shared.join("conformance/geometry/reference"));
    let middle = files[4].1.len() - 100;
    files[4].1.truncate(middle);
    for (name, bytes) in &files {
        fs::write(tree.path().join(name), bytes).expect("written");
    }
    let found = discovered(tree.path());
    assert!(found.volumes.is_empty());
    assert!(found.to_string().contains("file 5 of 12: truncated"), "{found}");
    // A header that cannot be read leaves a hole that is noticed.
    fs::write(tree.path().join(&files[4].0), &files[4].1[..400]).expect("written");
    let found = discovered(tree.path());
    assert!(found.volumes.is_empty() && found.errors.len() == 2, "{found}");
    assert!(found.to_string().contains("missing slices"), "{found}");
    assert!(found.to_string().contains("file 1 of 1: truncated"), "{found}");
}

/// What lies in a folder: volumes that open, and why the rest does not.
#[derive(Debug)]
struct Discovered {
    volumes: Vec<Scan>,
    errors: Vec<FormatError>,
    n_copies: usize,
}

fn discovered(folder: &Path) -> Discovered {
    let found = formats::discover(folder).expect("a folder");
    let mut all = Discovered { volumes: vec![], errors: vec![], n_copies: found.copies.len() };
    for source in &found.sources {
        match formats::open(source) {
            Ok(scan) => all.volumes.push(scan),
            Err(e) => all.errors.push(e),
        }
    }
    all
}

impl Discovered {
    #[track_caller]
    fn one_volume(mut self, name: &str) -> Scan {
        assert!(self.volumes.len() == 1 && self.errors.is_empty(), "{name}: {self}");
        self.volumes.remove(0)
    }

    fn is_as(&self, wanted: &Wanted) -> bool {
        let n_frames: usize = self.volumes.iter().map(|scan| scan.volume.n_frames()).sum();
        let says = |part: &String| self.errors.iter().any(|e| e.to_string().contains(part));
        match wanted {
            Wanted::Frames(n) => n_frames == *n && self.errors.is_empty(),
            Wanted::FrameAndLeftOut(part) => n_frames == 1 && says(part),
            Wanted::NoVolume => {
                n_frames == 0
                    && !self.errors.is_empty()
                    && self.errors.iter().all(FormatError::is_no_volume)
            }
            Wanted::Message(parts) => n_frames == 0 && parts.iter().any(says),
        }
    }
}

impl fmt::Display for Discovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} volumes, {} copies", self.volumes.len(), self.n_copies)?;
        for note in self.volumes.iter().flat_map(|scan| &scan.notes) {
            write!(f, "; {}", note.text)?;
        }
        self.errors.iter().try_for_each(|e| write!(f, "; {e}"))
    }
}

#[derive(Debug)]
enum Wanted {
    /// Volumes of so many frames together, and nothing else.
    Frames(usize),
    /// A volume of one frame, and something left out that says this.
    FrameAndLeftOut(String),
    /// Something that is read and is no volume.
    NoVolume,
    /// No volume, and an error that contains one of these.
    Message(Vec<String>),
}

/// What efface makes of a row of `expected.tsv`.
fn wanted(path: &str, outcome: &str) -> Wanted {
    let message = |parts: &[&str]| Wanted::Message(parts.iter().map(|&p| p.into()).collect());
    if let Some((_, part)) = OTHERWISE.iter().find(|(case, _)| *case == path) {
        return message(&[part]);
    }
    let reason = outcome.strip_prefix("reject (").and_then(|rest| rest.split_once(')'));
    match reason.map_or(outcome, |(reason, _)| reason) {
        "volume" | "volume, sheared" => Wanted::Frames(1),
        "two volumes" => Wanted::Frames(2),
        "volume + 2 left out" => Wanted::FrameAndLeftOut(
            "images that differ from the rest of their series in matrix size".to_owned(),
        ),
        "not a volume" => Wanted::NoVolume,
        "not an image" => Wanted::NoVolume,
        "duplicate position" => message(&["duplicate positions"]),
        "duplicate SOP Instance UID" => message(&["one SOP instance UID"]),
        "malformed" => message(&["malformed"]),
        "truncated" => message(&["truncated"]),
        "too deep" => message(&["nested too deep"]),
        "not DICOM" => message(&["nor a DICOM file", "the file is empty"]),
        "no data" => message(&["`Transfer Syntax UID` (0002,0010) is missing"]),
        "no pixels" => message(&["`Pixel Data` (7fe0,0010) is missing"]),
        "missing Rows" => message(&["`Rows` (0028,0010) is missing"]),
        "missing SOP class" => message(&["`SOP Class UID` (0008,0016) is missing"]),
        "pixel length" => message(&["pixel data of "]),
        "pixel format" => {
            message(&["bits allocated", "bits stored", "samples a pixel", "a pixel format of"])
        }
        "geometry" => {
            message(&["no usable geometry", "Position (Patient)", "`Pixel Spacing`", "per-frame"])
        }
        "rescale" => message(&["rescale slope is 0"]),
        "missing slice" => message(&["missing slices"]),
        "spacing" => message(&["unequal slice spacing"]),
        "mixed sizes" => message(&["matrix size"]),
        "mixed pixel formats" => message(&["in its pixel format"]),
        "mixed spacing" => message(&["in its pixel spacing"]),
        "mixed orientations" => message(&["in its orientation"]),
        "mixed patients" => message(&["in its patient"]),
        "mixed frames of reference" => message(&["in its frame of reference"]),
        "transfer syntax" => message(&["(1.2.3.4.5.6.7) is not supported", ") is not supported"]),
        "decode" => message(&["cannot be decoded"]),
        _ => panic!("{path}: no such outcome as {outcome}"),
    }
}

/// Cases that end otherwise than the set expects, and in which words.
const OTHERWISE: &[(&str, &str)] = &[
    // Its first file has another Patient ID than the others, which `bad/mixed_patient` refuses.
    ("phi/full", "file 2 of 4 differs from file 1 in its patient"),
    // An overlay in unused bits is found before the images are counted: reported all the same.
    ("phi/overlay_in_pixels", "256 pixels have data above their 12 bits, an overlay perhaps"),
];

/// `phi/full` with the Patient ID of the others in its first file, which has every text and date element of
/// the dictionary.
#[test]
fn the_planted_set_made_one_patients_is_released_without_a_planted_word() {
    const WORDS: [&str; 2] = ["planted", "19610203"];
    let Some(folder) = reference() else { return };
    let mut files = read_folder(&folder.join("conformance/phi/full"));
    let patient_id = |bytes: &[u8]| {
        let start = bytes.windows(6).position(|w| w == b"\x10\x00\x20\x00LO").expect("one") + 8;
        start..start + usize::from(bytes[start - 2])
    };
    let of_others = files[1].1[patient_id(&files[1].1)].to_vec();
    let place = patient_id(&files[0].1);
    files[0].1[place].copy_from_slice(&of_others);
    let n_planted = |text: &str| WORDS.map(|word| text.to_lowercase().matches(word).count());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(n_planted(&text(&files[0].1)).iter().all(|n| *n > 100), "they are there before");

    let mut scan = open_series(files).expect("a volume");
    let deidentify = Deidentify { keep_shifted_dates: false, keep_characteristics: false };
    let program = "efface".to_owned();
    let release = Release { uids: UidMap::new(b"a secret"), deidentify: Some(deidentify), program };
    formats::release_headers(&mut scan, &release).expect("released");
    let out = tempfile::tempdir().expect("a folder");
    let written = formats::write(&scan, out.path(), OsStr::new("scan")).expect("written");
    let Source::DicomSeries { files, .. } = written else { panic!("{written:?}") };
    assert_eq!(files.len(), 4);
    for file in files {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let content = text(&fs::read(&file).expect("a file"));
        assert_eq!(n_planted(&format!("{name} {content}")), [0, 0], "{name}");
    }
}

struct Expected {
    extent: [usize; 3],
    affine: [[f64; 4]; 3],
    real: &'static [([usize; 3], f32)],
}

fn check(series: &str, expected: &Expected) {
    let Some(folder) = reference() else { return };
    let volume = open(&folder.join(series)).expect(series).volume;
    let grid = volume.grid();
    assert_eq!(grid.extent, expected.extent, "{series}");
    assert_eq!(volume.n_frames(), 1, "{series}");
    for (found, wanted) in grid.affine.0.iter().flatten().zip(expected.affine.as_flattened()) {
        assert!((found - wanted).abs() < 1e-5, "{series}: {:?}", grid.affine);
    }
    for &([i, j, k], wanted) in expected.real {
        let mut row = vec![0.0; grid.extent[0]];
        volume.real_rows(k, j, &mut row);
        assert!((row[i] - wanted).abs() < 1e-3, "{series} at {i} {j} {k}: {}", row[i]);
    }
}

/// Opens the files of a folder, and checks that the scan holds their bytes.
fn open(folder: &Path) -> Result<Scan, DicomError> {
    let files = read_folder(folder);
    let scan = open_series(files.clone())?;
    assert_eq!(scan.volume.buffers().len(), files.len());
    let kept = scan.files.iter().zip(scan.volume.buffers()).zip(&files);
    for ((source, buffer), (name, bytes)) in kept {
        assert!(source.name == *name && buffer == bytes, "buffers are the files' own bytes");
    }
    Ok(scan)
}

fn read_folder(folder: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        (entry.file_name(), fs::read(entry.path()).expect("a file"))
    };
    let mut files: Vec<_> = entries.map(read).collect();
    files.sort();
    files
}

/// The folder of reference series; says so where there is none.
#[expect(clippy::print_stderr, reason = "a test that proves nothing says so")]
fn reference() -> Option<PathBuf> {
    let shared = std::env::var_os("EFFACE_SHARED");
    if shared.is_none() {
        eprintln!("skipped: `EFFACE_SHARED` does not name a folder of reference scans");
    }
    shared.map(|folder| PathBuf::from(folder).join("dicom"))
}

//! Real series and the conformance set of DICOM files in `$EFFACE_SHARED/dicom`.
//!
//! Expected numbers were computed with pydicom, and agree with dcm2niix 1.0.20220720 up to the
//! order of its axes; the shear of `geometry/gantry_tilt`, which it resamples, is pydicom's alone.
#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use formats::dicom::{DicomError, open_series};
use formats::{Modality, Scan};

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

#[test]
fn the_encodings_hold_the_same_voxels() {
    let Some(folder) = reference() else { return };
    let real = |name: &str| {
        let scan = open(&folder.join("conformance/codecs").join(name)).expect("a volume");
        assert_eq!(scan.modality, Some(Modality::Mr));
        assert_eq!(scan.volume.grid().extent, [48, 64, 8]);
        let mut real = vec![0.0; 48 * 64 * 8];
        for (p, plane) in real.chunks_exact_mut(48 * 64).enumerate() {
            scan.volume.real_rows(p, 0, plane);
        }
        (scan.volume.grid().affine, real)
    };
    let reference = real("explicit_le");
    assert!(reference.1.iter().any(|v| *v > 1000.0));
    assert_eq!(real("implicit_le"), reference);
    assert_eq!(real("explicit_be"), reference);
}

#[test]
fn what_is_no_volume_is_called_so() {
    let Some(folder) = reference() else { return };
    for (name, wanted) in [
        ("phantom_ct_scout", "not a volume: 1 slice positions"),
        ("phantom_ct_captures", "not a volume: `Secondary Capture Image Storage`"),
        ("siemens_mosaic_epi", "a Siemens mosaic"),
    ] {
        let message = open(&folder.join(name)).expect_err(name).to_string();
        assert!(message.contains(wanted), "{name}: {message}");
    }
}

#[test]
fn the_conformance_set_ends_as_expected() {
    let Some(folder) = reference() else { return };
    let table = fs::read_to_string(folder.join("conformance/expected.tsv")).expect("the table");
    let mut failed = Vec::new();
    for row in table.lines().skip(1) {
        let [path, outcome, detail] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let opened = open(&folder.join("conformance").join(path));
        let wanted = wanted(path, outcome, detail);
        let as_wanted = match (&opened, &wanted) {
            (Ok(scan), Wanted::Frames(n)) => scan.volume.n_frames() == *n,
            (Err(e), Wanted::Message(parts)) => parts.iter().any(|p| e.to_string().contains(p)),
            _ => false,
        };
        let words = opened.map_or_else(
            |e| e.to_string(),
            |scan| scan.notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join("; "),
        );
        let tells = |secret: &&&str| words.to_lowercase().contains(**secret);
        let told = ["conf^", "conformance", "planted", "19610203", ".dcm"].iter().find(tells);
        if !as_wanted || told.is_some() {
            failed.push(format!("{path}: wanted {wanted:?} ({outcome}), found {words:?}"));
        }
    }
    assert_eq!(table.lines().count(), 125);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn deep_nesting_needs_no_stack() {
    let Some(folder) = reference() else { return };
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let opened = small.spawn(move || open(&folder.join("conformance/bad/nested_7000")));
    let message = opened.expect("a thread").join().expect("no overflow").expect_err("too deep");
    assert!(message.to_string().contains("nested too deep"), "{message}");
}

#[derive(Debug)]
enum Wanted {
    /// A volume of so many frames.
    Frames(usize),
    /// An error that contains one of these.
    Message(Vec<String>),
}

/// What this version makes of a row of `expected.tsv`.
fn wanted(path: &str, outcome: &str, detail: &str) -> Wanted {
    let message = |parts: &[&str]| Wanted::Message(parts.iter().map(|&p| p.into()).collect());
    if let Some((_, part)) = OTHERWISE.iter().find(|(case, _)| *case == path) {
        return message(&[part]);
    }
    if let Some((_, uid)) = detail.split_once("transfer syntax 1.2.840.10008.1.2")
        && !["", ".1", ".2"].contains(&uid)
    {
        return message(&[&format!("(1.2.840.10008.1.2{uid}) is not supported")]);
    }
    let reason = outcome.strip_prefix("reject (").and_then(|rest| rest.split_once(')'));
    match reason.map_or(outcome, |(reason, _)| reason) {
        "volume" | "volume, sheared" => Wanted::Frames(1),
        "two volumes" => Wanted::Frames(2),
        "not a volume" | "not an image" => message(&["not a volume"]),
        "duplicate position" => message(&["duplicate positions"]),
        "duplicate SOP Instance UID" => message(&["one SOP instance UID"]),
        "malformed" => message(&["malformed"]),
        "truncated" => message(&["truncated"]),
        "too deep" => message(&["nested too deep"]),
        "not DICOM" => message(&["not a DICOM file"]),
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
        "transfer syntax" | "decode" => message(&[") is not supported"]),
        _ => panic!("{path}: no such outcome as {outcome}"),
    }
}

/// Cases that this version refuses where the set expects more, and the words in which it does.
const OTHERWISE: &[(&str, &str)] = &[
    // Compressed.
    ("codecs/jpegls_three_fragments", "`JPEG-LS Lossless`"),
    ("enhanced/ct_rle", "`RLE Lossless`"),
    // One folder is one series of distinct images.
    ("geometry/mixed_localizer", "file 13 of 14 differs from file 1 in its matrix size"),
    ("geometry/same_file_twice", "files 3 and 13 of 13 have one SOP instance UID"),
    ("geometry/two_series", "file 7 of 12 differs from file 1 in its series instance UID"),
    // Pictures beside the pixels: an icon; an overlay in unused bits, found before the count.
    ("phi/full", "(0088,0200) carries a second picture"),
    ("phi/overlay_in_pixels", "256 pixels have data above their 12 bits, an overlay perhaps"),
];

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

mod geometry;
mod refusal;
mod text;

use volume::{ByteOrder, Rescale, StoredType};

use super::header::Version;
use super::*;

/// Extents of the files made here.
const EXTENT: [usize; 3] = [4, 3, 2];
/// `datatype`, bytes a voxel and type, of all that can be defaced.
const TYPES: [(i16, usize, StoredType); 10] = [
    (2, 1, StoredType::U8),
    (256, 1, StoredType::I8),
    (4, 2, StoredType::I16),
    (512, 2, StoredType::U16),
    (8, 4, StoredType::I32),
    (768, 4, StoredType::U32),
    (1024, 8, StoredType::I64),
    (1280, 8, StoredType::U64),
    (16, 4, StoredType::F32),
    (64, 8, StoredType::F64),
];

/// A file to be, by the names of the standard.
#[derive(Clone, Debug)]
struct Made {
    version: Version,
    order: ByteOrder,
    is_pair: bool,
    dim: [i64; 8],
    datatype: i16,
    bitpix: i16,
    vox_offset: f64,
    /// Where the voxels are put.
    start: usize,
    slope: f64,
    inter: f64,
    pixdim: [f64; 4],
    units: u8,
    qform_code: i16,
    sform_code: i16,
    quatern: [f64; 3],
    qoffset: [f64; 3],
    srow: [[f64; 4]; 3],
}

/// A right file: 1 x 2 x 3 mm, sform alone, `int16`.
fn made(version: Version, order: ByteOrder, is_pair: bool) -> Made {
    let start = match (is_pair, version) {
        (true, _) => 0,
        (false, Version::One) => 352,
        (false, Version::Two) => 544,
    };
    Made {
        version,
        order,
        is_pair,
        dim: [3, 4, 3, 2, 1, 1, 1, 1],
        datatype: 4,
        bitpix: 16,
        vox_offset: start as f64,
        start,
        slope: 1.0,
        inter: 0.0,
        pixdim: [1.0, 1.0, 2.0, 3.0],
        units: 2,
        qform_code: 0,
        sform_code: 1,
        quatern: [0.0; 3],
        qoffset: [0.0; 3],
        srow: [[1.0, 0.0, 0.0, -5.0], [0.0, 2.0, 0.0, 6.0], [0.0, 0.0, 3.0, 7.0]],
    }
}

fn simple() -> Made {
    made(Version::One, ByteOrder::Little, false)
}

impl Made {
    fn header(&self) -> Vec<u8> {
        let two = self.version == Version::Two;
        let mut bytes = vec![0; if two { 540 } else { 348 }];
        let big = self.order == ByteOrder::Big;
        let mut put = |at: usize, value: &[u8]| {
            let field = &mut bytes[at..at + value.len()];
            field.copy_from_slice(value);
            if big {
                field.reverse();
            }
        };
        if two {
            put(0, &540i32.to_le_bytes());
            put(12, &self.datatype.to_le_bytes());
            put(14, &self.bitpix.to_le_bytes());
            (0..8).for_each(|n| put(16 + 8 * n, &self.dim[n].to_le_bytes()));
            (0..4).for_each(|n| put(104 + 8 * n, &self.pixdim[n].to_le_bytes()));
            put(168, &(self.vox_offset as i64).to_le_bytes());
            put(176, &self.slope.to_le_bytes());
            put(184, &self.inter.to_le_bytes());
            put(344, &i32::from(self.qform_code).to_le_bytes());
            put(348, &i32::from(self.sform_code).to_le_bytes());
            put(500, &i32::from(self.units).to_le_bytes());
        } else {
            put(0, &348i32.to_le_bytes());
            (0..8).for_each(|n| put(40 + 2 * n, &(self.dim[n] as i16).to_le_bytes()));
            put(70, &self.datatype.to_le_bytes());
            put(72, &self.bitpix.to_le_bytes());
            (0..4).for_each(|n| put(76 + 4 * n, &(self.pixdim[n] as f32).to_le_bytes()));
            put(108, &(self.vox_offset as f32).to_le_bytes());
            put(112, &(self.slope as f32).to_le_bytes());
            put(116, &(self.inter as f32).to_le_bytes());
            put(123, &[self.units]);
            put(252, &self.qform_code.to_le_bytes());
            put(254, &self.sform_code.to_le_bytes());
        }
        let reals = self.quatern.iter().chain(&self.qoffset).chain(self.srow.iter().flatten());
        for (n, value) in reals.enumerate() {
            if two {
                put(352 + 8 * n, &value.to_le_bytes());
            } else {
                put(256 + 4 * n, &(*value as f32).to_le_bytes());
            }
        }
        let magic: &[u8] = match (two, self.is_pair) {
            (false, false) => b"n+1\0",
            (false, true) => b"ni1\0",
            (true, false) => b"n+2\0\r\n\x1a\n",
            (true, true) => b"ni2\0\r\n\x1a\n",
        };
        let at = if two { 4 } else { 344 };
        bytes[at..at + magic.len()].copy_from_slice(magic);
        bytes
    }

    fn n_voxels(&self) -> usize {
        self.dim[1..].iter().map(|&d| d.max(1) as usize).product()
    }

    /// Voxels 1, 2, 3 and so on, in the header's type.
    fn voxels(&self) -> Vec<u8> {
        let each = self.bitpix as usize / 8;
        let voxel = |n: usize| {
            let mut value = match self.datatype {
                16 => (n as f32).to_le_bytes().to_vec(),
                64 => (n as f64).to_le_bytes().to_vec(),
                _ => (n as u64).to_le_bytes()[..each].to_vec(),
            };
            if self.order == ByteOrder::Big {
                value.reverse();
            }
            value
        };
        (1..=self.n_voxels()).flat_map(voxel).collect()
    }

    /// The files: one, or header and image.
    fn files(&self) -> Vec<Vec<u8>> {
        let (mut header, voxels) = (self.header(), self.voxels());
        if self.is_pair {
            return vec![header, [vec![0; self.start], voxels].concat()];
        }
        header.resize(self.start.max(header.len()), 0);
        header.extend(voxels);
        vec![header]
    }

    fn open(&self) -> Result<Scan, NiftiError> {
        open_files(self.files())
    }
}

fn open_files(files: Vec<Vec<u8>>) -> Result<Scan, NiftiError> {
    let decoded = |bytes| Decoded { name: "a.nii".into(), gzip: false, bytes };
    let mut files = files.into_iter().map(decoded);
    match (files.next(), files.next()) {
        (Some(header), Some(image)) => open_pair(header, image),
        (Some(file), None) => open_single(file),
        _ => Err(NiftiError::NotNifti),
    }
}

fn first_values(scan: &Scan) -> Vec<f32> {
    let mut values = vec![0.0; EXTENT[0] * EXTENT[1]];
    scan.volume.real_rows(0, 0, &mut values);
    values
}

/// What a right file opens to: its affine, and each note's start and whether it asks for review.
fn check(file: &Made, affine: [[f64; 4]; 3], notes: &[(&str, bool)]) {
    let scan = file.open().unwrap_or_else(|e| panic!("{file:?}: {e}"));
    assert_eq!(scan.volume.grid().extent, EXTENT);
    let found = scan.volume.grid().affine.0;
    for (a, b) in found.iter().flatten().zip(affine.iter().flatten()) {
        assert!((a - b).abs() < 1e-4, "{found:?} is not {affine:?}");
    }
    assert_eq!(scan.notes.len(), notes.len(), "{:?}", scan.notes);
    for (note, (text, needs_review)) in scan.notes.iter().zip(notes) {
        assert!(note.text.contains(text), "{:?}", note.text);
        assert_eq!(note.needs_review, *needs_review, "{:?}", note.text);
    }
}

fn refused(file: &Made, expected: &NiftiError) {
    match file.open() {
        Err(e) => assert_eq!(&e, expected),
        Ok(_) => panic!("{expected} was not found in {file:?}"),
    }
}

fn each_layout(check: impl Fn(Version, ByteOrder, bool)) {
    for version in [Version::One, Version::Two] {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for is_pair in [false, true] {
                check(version, order, is_pair);
            }
        }
    }
}

#[test]
fn every_version_order_layout_and_type_opens_to_the_same_voxels() {
    each_layout(|version, order, is_pair| {
        for (datatype, n_bytes, stored_type) in TYPES {
            let bitpix = 8 * n_bytes as i16;
            let file = Made { datatype, bitpix, ..made(version, order, is_pair) };
            let scan = file.open().unwrap_or_else(|e| panic!("{file:?}: {e}"));
            assert_eq!(scan.volume.stored_type(), stored_type);
            let expected: Vec<f32> = (1u8..=12).map(f32::from).collect();
            assert_eq!(first_values(&scan), expected, "{file:?}");
            assert_eq!(scan.volume.buffers(), file.files(), "bytes are kept");
            let layout = if is_pair { Layout::NiftiPair } else { Layout::NiftiFile };
            assert_eq!(scan.layout, layout);
            check(&file, file.srow, &[]);
        }
    });
}

#[test]
fn a_slope_of_zero_or_no_number_is_no_rescale() {
    for (slope, inter, expected) in [
        (0.0, 9.0, Rescale::NONE),
        (f64::NAN, 9.0, Rescale::NONE),
        (f64::INFINITY, 9.0, Rescale::NONE),
        (-2.0, 9.0, Rescale { slope: -2.0, intercept: 9.0 }),
        (0.5, f64::NAN, Rescale { slope: 0.5, intercept: 0.0 }),
    ] {
        each_layout(|version, order, is_pair| {
            let file = Made { slope, inter, ..made(version, order, is_pair) };
            let scan = file.open().expect("opens");
            assert_eq!(scan.volume.rescale(0), expected);
            assert_eq!(scan.notes.iter().any(|n| n.needs_review), (slope - 0.5).abs() < 1e-9);
        });
    }
}

#[test]
fn three_to_five_axes_are_frames_of_one_grid() {
    for (dim, n_frames) in [
        ([3, 4, 3, 2, 9, 9, 9, 9], 1),
        ([4, 4, 3, 2, 3, 0, 0, 0], 3),
        ([5, 4, 3, 2, 3, 2, 1, 1], 6),
        ([7, 4, 3, 2, 1, 2, 1, 1], 2),
    ] {
        each_layout(|version, order, is_pair| {
            let mut file = Made { dim, ..made(version, order, is_pair) };
            let n_axes = dim[0] as usize;
            let voxels: i64 = dim[1..=n_axes].iter().product();
            // `files` counts all of `dim`: those past the last axis count one voxel here.
            let header = file.header();
            file.dim = [4, 4, 3, 2, voxels / 24, 1, 1, 1];
            let mut files = file.files();
            files[0][..header.len()].copy_from_slice(&header);
            let scan = open_files(files).expect("opens");
            assert_eq!(scan.volume.n_frames(), n_frames);
        });
    }
}

//! DICOM files of a scan: single frames, Explicit VR Little Endian (PS3.5 and PS3.10).

use std::fs;
use std::io;
use std::path::Path;

use volume::Grid;

use crate::contrast::Contrast;
use crate::random::Random;

/// What distinguishes one DICOM series from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// What the scan shows: the modality and the headers that go with it.
    pub contrast: Contrast,
    /// The seed of all identifiers: equal seeds and contrasts give equal UIDs.
    pub seed: u64,
    /// The number of the series within its study, from 1.
    pub number: u32,
}

/// HU of stored zero in CT.
const CT_INTERCEPT: f32 = -1024.0;
/// The largest value of the 12 bits stored.
const LARGEST: f32 = 4095.0;

/// The files of a series, one for each plane `k` of `grid`, of real values, `i` fastest.
///
/// Values are rounded and clipped to 12 bits; in CT stored zero is -1024 HU. The patient is
/// `PHANTOM^EFFACE`.
///
/// # Panics
/// If there is not one value a voxel, the axes are not at right angles, or an extent is past 65535.
#[must_use]
pub fn dicom_files(grid: &Grid, real: &[f32], series: &Series) -> Vec<Vec<u8>> {
    assert_eq!(real.len(), grid.n_voxels(), "one value a voxel");
    let in_plane = grid.extent[0] * grid.extent[1];
    let planes = real.chunks_exact(in_plane).enumerate();
    planes.map(|(k, plane)| file(grid, k, plane, series)).collect()
}

/// Writes the files of [`dicom_files`] into `folder`, which is made if there is none, as
/// `0001.dcm` and so on.
///
/// # Errors
/// What the file system says.
pub fn write_dicom_series(
    folder: &Path,
    grid: &Grid,
    real: &[f32],
    series: &Series,
) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (k, bytes) in dicom_files(grid, real, series).into_iter().enumerate() {
        fs::write(folder.join(format!("{:04}.dcm", k + 1)), bytes)?;
    }
    Ok(())
}

/// Elements in the order of their tags.
#[derive(Default)]
struct Elements(Vec<u8>);

impl Elements {
    fn raw(&mut self, tag: u32, representation: &str, value: &[u8]) -> &mut Self {
        let bytes = &mut self.0;
        bytes.extend(((tag >> 16) as u16).to_le_bytes());
        bytes.extend((tag as u16).to_le_bytes());
        bytes.extend(representation.as_bytes());
        let padded = value.len().next_multiple_of(2);
        if matches!(representation, "OB" | "OW") {
            bytes.extend([0, 0]);
            bytes.extend((padded as u32).to_le_bytes());
        } else {
            bytes.extend((padded as u16).to_le_bytes());
        }
        bytes.extend(value);
        if padded > value.len() {
            let zero = matches!(representation, "UI" | "OB" | "OW");
            bytes.push(if zero { 0 } else { b' ' });
        }
        self
    }

    fn text(&mut self, tag: u32, representation: &str, value: &str) -> &mut Self {
        self.raw(tag, representation, value.as_bytes())
    }

    fn number(&mut self, tag: u32, value: u16) -> &mut Self {
        self.raw(tag, "US", &value.to_le_bytes())
    }
}

fn file(grid: &Grid, k: usize, plane: &[f32], series: &Series) -> Vec<u8> {
    let class = if series.contrast.is_mr() {
        "1.2.840.10008.5.1.4.1.1.4"
    } else {
        "1.2.840.10008.5.1.4.1.1.2"
    };
    let instance = uid(series, 1000 + k as u64);
    let mut meta = Elements::default();
    meta.raw(0x0002_0001, "OB", &[0, 1])
        .text(0x0002_0002, "UI", class)
        .text(0x0002_0003, "UI", &instance)
        .text(0x0002_0010, "UI", "1.2.840.10008.1.2.1")
        .text(0x0002_0012, "UI", &format!("2.25.{}", digits(0, 0)));
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let mut length = Elements::default();
    length.raw(0x0002_0000, "UL", &(meta.0.len() as u32).to_le_bytes());
    bytes.extend(length.0);
    bytes.extend(meta.0);
    let mut data = Elements::default();
    identify(&mut data, class, &instance, series);
    acquire(&mut data, grid, series.contrast);
    relate(&mut data, grid, k, series);
    depict(&mut data, grid, plane, series.contrast);
    bytes.extend(data.0);
    bytes
}

/// Who, when and on what: groups 0008 and 0010.
fn identify(data: &mut Elements, class: &str, instance: &str, series: &Series) {
    let (modality, kind, description) = match series.contrast {
        Contrast::Ct => ("CT", "ORIGINAL\\PRIMARY\\AXIAL", "HEAD CT"),
        Contrast::T1 => ("MR", "ORIGINAL\\PRIMARY\\OTHER", "HEAD T1"),
        Contrast::T2 => ("MR", "ORIGINAL\\PRIMARY\\OTHER", "HEAD T2"),
        Contrast::Flair => ("MR", "ORIGINAL\\PRIMARY\\OTHER", "HEAD FLAIR"),
        Contrast::ProtonDensity => ("MR", "ORIGINAL\\PRIMARY\\OTHER", "HEAD PD"),
    };
    data.text(0x0008_0008, "CS", kind)
        .text(0x0008_0016, "UI", class)
        .text(0x0008_0018, "UI", instance)
        .text(0x0008_0020, "DA", "20200102")
        .text(0x0008_0021, "DA", "20200102")
        .text(0x0008_0030, "TM", "101500")
        .text(0x0008_0031, "TM", "101600")
        .text(0x0008_0050, "SH", "1")
        .text(0x0008_0060, "CS", modality)
        .text(0x0008_0070, "LO", "EFFACE")
        .text(0x0008_0090, "PN", "")
        .text(0x0008_1030, "LO", "HEAD")
        .text(0x0008_103e, "LO", description)
        .text(0x0008_1090, "LO", "PHANTOM")
        .text(0x0010_0010, "PN", "PHANTOM^EFFACE")
        .text(0x0010_0020, "LO", &format!("PHANTOM{}", series.seed))
        .text(0x0010_0030, "DA", "")
        .text(0x0010_0040, "CS", "O");
}

/// How it was scanned: group 0018.
fn acquire(data: &mut Elements, grid: &Grid, contrast: Contrast) {
    data.text(0x0018_0015, "CS", "HEAD");
    let thickness = decimal(grid.spacing_mm()[2]);
    let Some([sequence, options, repetition, echo, inversion]) = sequence(contrast) else {
        data.text(0x0018_0050, "DS", &thickness).text(0x0018_0060, "DS", "120").text(
            0x0018_5100,
            "CS",
            "HFS",
        );
        return;
    };
    data.text(0x0018_0020, "CS", sequence)
        .text(0x0018_0021, "CS", "NONE")
        .text(0x0018_0022, "CS", options)
        .text(0x0018_0023, "CS", if sequence == "SE" { "2D" } else { "3D" })
        .text(0x0018_0050, "DS", &thickness)
        .text(0x0018_0080, "DS", repetition)
        .text(0x0018_0081, "DS", echo)
        .text(0x0018_0082, "DS", inversion)
        .text(0x0018_0087, "DS", "3")
        .text(0x0018_0091, "IS", "1")
        .text(0x0018_5100, "CS", "HFS");
}

/// Sequence, options, and the times of repetition, echo and inversion in ms; nothing in CT.
fn sequence(contrast: Contrast) -> Option<[&'static str; 5]> {
    match contrast {
        Contrast::Ct => None,
        Contrast::T1 => Some(["IR", "", "2000", "3", "900"]),
        Contrast::T2 => Some(["SE", "", "5000", "90", ""]),
        Contrast::Flair => Some(["IR", "", "9000", "120", "2500"]),
        Contrast::ProtonDensity => Some(["SE", "", "3000", "15", ""]),
    }
}

/// Where it lies in study and space: group 0020.
fn relate(data: &mut Elements, grid: &Grid, k: usize, series: &Series) {
    let spacing = grid.spacing_mm();
    // DICOM's x runs to the left and its y to the back.
    let lps = |p: [f64; 3]| [-p[0], -p[1], p[2]];
    let axis = |n: usize| lps(grid.affine.column(n)).map(|v| v / spacing[n]);
    let (row, column) = (axis(0), axis(1));
    let cosine: f64 = (0..3).map(|n| row[n] * column[n]).sum();
    assert!(cosine.abs() < 1e-4, "rows and columns are at right angles");
    let position = lps(grid.affine.apply([0.0, 0.0, k as f64]));
    let directions: Vec<String> = row.iter().chain(&column).map(|&v| decimal(v)).collect();
    data.text(0x0020_000d, "UI", &uid(&Series { contrast: Contrast::T1, ..*series }, 1))
        .text(0x0020_000e, "UI", &uid(series, 2))
        .text(0x0020_0010, "SH", "1")
        .text(0x0020_0011, "IS", &series.number.to_string())
        .text(0x0020_0012, "IS", "1")
        .text(0x0020_0013, "IS", &(k + 1).to_string())
        .text(0x0020_0032, "DS", &position.map(decimal).join("\\"))
        .text(0x0020_0037, "DS", &directions.join("\\"))
        .text(0x0020_0052, "UI", &uid(&Series { contrast: Contrast::T1, ..*series }, 3))
        .text(0x0020_1040, "LO", "");
}

/// The pixels: groups 0028 and 7fe0.
fn depict(data: &mut Elements, grid: &Grid, plane: &[f32], contrast: Contrast) {
    let [ni, nj, _] = grid.extent;
    assert!(ni <= 65535 && nj <= 65535, "rows and columns fit 16 bits");
    let [along_row, along_column, _] = grid.spacing_mm();
    let intercept = if contrast.is_mr() { 0.0 } else { CT_INTERCEPT };
    data.number(0x0028_0002, 1)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .number(0x0028_0010, nj as u16)
        .number(0x0028_0011, ni as u16)
        .text(0x0028_0030, "DS", &[along_column, along_row].map(decimal).join("\\"))
        .number(0x0028_0100, 16)
        .number(0x0028_0101, 12)
        .number(0x0028_0102, 11)
        .number(0x0028_0103, 0);
    if contrast == Contrast::Ct {
        data.text(0x0028_1050, "DS", "40")
            .text(0x0028_1051, "DS", "400")
            .text(0x0028_1052, "DS", &intercept.to_string())
            .text(0x0028_1053, "DS", "1")
            .text(0x0028_1054, "LO", "HU");
    }
    let stored = |real: &f32| (real - intercept).round().clamp(0.0, LARGEST) as u16;
    let pixels: Vec<u8> = plane.iter().flat_map(|real| stored(real).to_le_bytes()).collect();
    data.raw(0x7fe0_0010, "OW", &pixels);
}

/// At most 16 characters, as the representation `DS` wants.
fn decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn uid(series: &Series, of: u64) -> String {
    format!("2.25.{}", digits(series.seed, of << 8 | series.contrast as u64))
}

/// A number of 128 bits from seed and purpose.
fn digits(seed: u64, of: u64) -> u128 {
    let mut random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ of);
    u128::from(random.bits()) << 64 | u128::from(random.bits())
}

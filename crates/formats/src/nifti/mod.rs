//! NIfTI-1 and NIfTI-2 in single files and pairs, either byte order.

mod free_text;
mod geometry;
mod header;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use thiserror::Error;
use volume::{PlaneAt, StoredVolume, StoredVolumeError};

use crate::{Layout, Note, Packing, Scan, SourceFile};

/// Why bytes are no NIfTI volume that can be defaced.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NiftiError {
    /// The bytes do not start with a NIfTI header.
    #[error("not a NIfTI file")]
    NotNifti,
    /// `dim[0]` is no number of axes that a volume has.
    #[error("the header has {found} axes where 3 to 5 are expected")]
    AxisCount {
        /// `dim[0]`.
        found: i64,
    },
    /// An extent is zero, negative or too large to multiply.
    #[error("the header has extents {found:?}")]
    Extent {
        /// `dim[1..=7]`, negative ones as 0.
        found: [u64; 7],
    },
    /// One of the three axes of space has length 1.
    #[error("not a volume: its extent is {} x {} x {}", found[0], found[1], found[2])]
    NotAVolume {
        /// `dim[1..=3]`.
        found: [u64; 3],
    },
    /// A data type without a scalar value a voxel.
    #[error("voxels of type `{found}` cannot be defaced")]
    DataType {
        /// The type's name.
        found: &'static str,
    },
    /// A data type that the standard does not know.
    #[error("the header has the unknown data type {found}")]
    DataTypeCode {
        /// `datatype`.
        found: i16,
    },
    /// `bitpix` and `datatype` contradict each other.
    #[error("the header has {found} bits a voxel of type `{of}`")]
    Bitpix {
        /// `bitpix`.
        found: i16,
        /// The type's name.
        of: &'static str,
    },
    /// `vox_offset` points into the header or is no whole number.
    #[error("the header places the voxels at byte {found}")]
    VoxOffset {
        /// `vox_offset`.
        found: f64,
    },
    /// The file ends before the voxels do.
    #[error("the header promises {wanted} bytes, the file has {found}")]
    TooShort {
        /// Bytes that header and voxels need.
        wanted: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Voxel sizes or axes do not span space, or are not finite.
    #[error("the header's voxel sizes and axes do not span space")]
    Affine,
    /// Planes and buffers do not fit; the checks above leave no way to this.
    #[error(transparent)]
    Volume(#[from] StoredVolumeError),
}

impl NiftiError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotNifti => "give a NIfTI file or a folder of DICOM files",
            Self::NotAVolume { .. } | Self::AxisCount { .. } => {
                "efface needs a three-dimensional scan; single planes cannot be judged"
            }
            Self::DataType { .. } => {
                "colour and complex images are not scans as acquired; give the original"
            }
            Self::TooShort { .. } => "the copy is incomplete; fetch the file again",
            Self::Affine => "convert the scan again from DICOM with its orientation",
            _ => "the header is damaged; convert the scan again from its source",
        }
    }
}

/// What the first bytes of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Header and voxels in one file.
    Single,
    /// The header file of a pair.
    PairHeader,
}

/// Whether decoded bytes start as a NIfTI file does. 540 bytes tell.
pub(crate) fn recognise(start: &[u8]) -> Option<Start> {
    let (_, _, is_pair) = header::recognise(start)?;
    Some(if is_pair { Start::PairHeader } else { Start::Single })
}

/// One decoded file of a NIfTI source.
pub(crate) struct Decoded {
    pub(crate) name: OsString,
    pub(crate) gzip: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Decoded {
    fn packing(&self) -> Packing {
        if self.gzip { Packing::Gzip } else { Packing::None }
    }
}

/// Checks a header before its voxels are read: returns the bytes that file needs.
pub(crate) fn promised_bytes(start: &[u8]) -> Result<u64, NiftiError> {
    let header = header::parse(start)?;
    Ok(header.data_start()? + header.data_bytes()?)
}

/// Makes a scan of a single file.
pub(crate) fn open_single(file: Decoded) -> Result<Scan, NiftiError> {
    open(vec![file], 0, Layout::NiftiFile)
}

/// Makes a scan of a header file and an image file.
pub(crate) fn open_pair(header: Decoded, image: Decoded) -> Result<Scan, NiftiError> {
    open(vec![header, image], 1, Layout::NiftiPair)
}

fn open(files: Vec<Decoded>, image: usize, layout: Layout) -> Result<Scan, NiftiError> {
    let header = header::parse(&files[0].bytes)?;
    let (grid, mut notes) = geometry::grid(&header)?;
    let (start, n_bytes) = (header.data_start()?, header.data_bytes()?);
    let found = files[image].bytes.len() as u64;
    if start + n_bytes > found {
        return Err(NiftiError::TooShort { wanted: start + n_bytes, found });
    }
    if header.rescale() != volume::Rescale::NONE && !header.inter.is_finite() {
        notes.push(Note {
            text: "the header's intercept is not a number; 0 was used".to_owned(),
            needs_review: true,
        });
    }
    let plane_bytes = grid.extent[0] * grid.extent[1] * header.stored_type.n_bytes();
    let n_planes = n_bytes as usize / plane_bytes;
    let planes = (0..n_planes)
        .map(|p| PlaneAt { buffer: image, offset: start as usize + p * plane_bytes })
        .collect();
    let source =
        |f: &Decoded| SourceFile { name: f.name.clone(), packing: f.packing(), tiles: None };
    let sources = files.iter().map(source).collect();
    let volume = StoredVolume::new(
        grid,
        header.stored_type,
        header.byte_order,
        vec![header.rescale()],
        files.into_iter().map(|f| f.bytes).collect(),
        planes,
    )?;
    Ok(Scan { volume, files: sources, layout, modality: None, notes })
}

/// Blanks free text, extensions and padding of a NIfTI scan and drops what follows its voxels.
///
/// `description` is then written to the `descrip` field.
pub(crate) fn clear_text(scan: &mut Scan, description: &str) -> Vec<&'static str> {
    let mut cleared = Vec::new();
    for (buffer, file) in extents(scan) {
        let bytes = scan.volume.buffer_mut(buffer);
        cleared.extend(free_text::clear(bytes, file));
        if let Some(version) = file.header {
            free_text::describe(bytes, version, description);
        }
    }
    cleared
}

/// Names the free-text places of a NIfTI scan that hold anything.
pub(crate) fn held_text(scan: &Scan) -> Vec<&'static str> {
    let held = |(buffer, file): (usize, free_text::Extent)| {
        free_text::held(&scan.volume.buffers()[buffer], file)
    };
    extents(scan).into_iter().flat_map(held).map(|place| place.name).collect()
}

/// Each file of a NIfTI scan, as far as free text goes.
fn extents(scan: &Scan) -> Vec<(usize, free_text::Extent)> {
    let bytes = scan.volume.buffers();
    let version = header::recognise(&bytes[0]).map(|(version, _, _)| version);
    let at = scan.volume.plane_at(0);
    let [ni, nj, _] = scan.volume.grid().extent;
    let data_bytes = scan.volume.n_planes() * ni * nj * scan.volume.stored_type().n_bytes();
    let (start, end) = (at.offset, at.offset + data_bytes);
    if at.buffer == 0 {
        return vec![(0, free_text::Extent { header: version, start, end })];
    }
    let header_end = bytes[0].len();
    vec![
        (0, free_text::Extent { header: version, start: header_end, end: header_end }),
        (at.buffer, free_text::Extent { header: None, start, end }),
    ]
}

use std::collections::TryReserveError;
use std::ffi::OsString;
use std::io;

use kernels::Workers;
use volume::StoredVolume;

use crate::open::in_parallel;

/// Everything loaded from one input: voxels as stored, and what is needed to write them back.
#[derive(Debug)]
pub struct Scan {
    /// The voxels, inside the decoded bytes of the source. Buffer `n` of the volume holds the
    /// bytes of `files[n]`, whole and unpacked.
    pub volume: StoredVolume,
    /// The files of the source, in the order of the volume's buffers.
    pub files: Vec<SourceFile>,
    /// Whether the source is one file, a pair, or a folder of files.
    pub layout: Layout,
    /// What the source says it is; `None` where the format does not say.
    pub modality: Option<Modality>,
    /// What the record must say about the source.
    pub notes: Vec<Note>,
}

impl Scan {
    /// The same scan in memory of its own, made by several threads.
    ///
    /// # Errors
    /// Where the memory for it cannot be had.
    pub fn copy_on(&self, workers: Workers) -> io::Result<Self> {
        let buffers = in_parallel(self.volume.buffers(), workers, |bytes| {
            let mut copy = Vec::new();
            // With the room that is left in it, for a header that grows.
            copy.try_reserve_exact(bytes.capacity())?;
            copy.extend_from_slice(bytes);
            Ok(copy)
        });
        let buffers = buffers.into_iter().collect::<Result<Vec<_>, TryReserveError>>();
        let buffers = buffers.map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self {
            volume: self.volume.with_buffers(buffers),
            files: self.files.clone(),
            layout: self.layout,
            modality: self.modality,
            notes: self.notes.clone(),
        })
    }
}

/// One file of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFile {
    /// Its name, without folders.
    pub name: OsString,
    /// How its bytes were, and will again be, packed.
    pub packing: Packing,
    /// How its image is divided into planes, if that is a mosaic.
    pub tiles: Option<Tiles>,
}

/// How the slices of a volume lie in one image, row by row: as many tiles down as across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiles {
    /// Tiles across and down.
    pub n_across: usize,
    /// Tiles that hold a slice: the first ones.
    pub n_used: usize,
}

/// How the bytes of a file hold those of the volume's buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Packing {
    /// As they are.
    None,
    /// Compressed with gzip.
    Gzip,
    /// A DICOM data set deflated as a whole.
    Deflated,
    /// DICOM pixel data in RLE.
    Rle,
    /// DICOM pixel data in a coding that is read and not written: the result is uncompressed.
    Decoded {
        /// DICOM's name of the coding if it lost something.
        lossy_method: Option<&'static str>,
        /// Bytes of the pixels for each byte of the compressed data.
        ratio: f64,
    },
}

/// How the files of a source belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One NIfTI file, header and voxels.
    NiftiFile,
    /// A NIfTI header file and an image file.
    NiftiPair,
    /// One DICOM file.
    DicomFile,
    /// A folder of DICOM files, one series.
    DicomSeries,
}

/// The kind of machine that made a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modality {
    /// Computed tomography.
    Ct,
    /// Magnetic resonance.
    Mr,
}

impl Modality {
    /// The name used in records: DICOM's own.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ct => "CT",
            Self::Mr => "MR",
        }
    }
}

/// Something about the source that the record must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// One sentence, without names, numbers or dates of a patient.
    pub text: String,
    /// Whether a person must look at the result because of it.
    pub needs_review: bool,
}

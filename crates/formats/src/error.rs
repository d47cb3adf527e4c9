use std::io;

use thiserror::Error;

use crate::dicom::DicomError;
use crate::gzip::GzipError;
use crate::nifti::NiftiError;

/// Why a scan could not be read or written. The path is added by who knows it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The operating system refused.
    #[error("{}", io_reason(.0))]
    Io(#[source] io::Error),
    /// Neither NIfTI nor DICOM.
    #[error("neither a NIfTI file nor a DICOM file")]
    NotAScan,
    /// A link to a file outside the folder that was given.
    #[error("a link to a file outside the folder that was given")]
    LinkOut,
    /// A link to a folder.
    #[error("a link to a folder, which is not followed")]
    LinkToFolder,
    /// A file of no bytes.
    #[error("the file is empty")]
    Empty,
    /// Fewer bytes than the smallest header.
    #[error("the file has {found} bytes, too few for a scan")]
    TooShort {
        /// Bytes of content.
        found: usize,
    },
    /// An Analyze 7.5 header.
    #[error("an Analyze 7.5 file, which does not say which way the patient faces")]
    Analyze,
    /// A header file of a pair without its image file.
    #[error("a NIfTI header without its image file")]
    NoImageFile,
    /// A compressed file that ends before its header says that it should.
    #[error("gzip data ends after {found} of {wanted} bytes")]
    GzipTruncated {
        /// Bytes that could be had.
        found: u64,
        /// Bytes that the header promises.
        wanted: u64,
    },
    /// Compressed data that cannot be unpacked or made.
    #[error(transparent)]
    Gzip(#[from] GzipError),
    /// Planes with slopes or intercepts of their own, on the way to NIfTI.
    #[error("slices have slopes or intercepts of their own, which NIfTI cannot say")]
    ManyRescales,
    /// An axis that is too long, on the way to NIfTI.
    #[error("an extent of {extent:?}, more than NIfTI-1 can say")]
    TooLong {
        /// The extent.
        extent: [usize; 3],
    },
    /// Bytes that are no NIfTI volume.
    #[error(transparent)]
    Nifti(#[from] NiftiError),
    /// Files that are no DICOM volume.
    #[error(transparent)]
    Dicom(#[from] DicomError),
}

impl FormatError {
    /// Whether the files are sound and only no volume: single images, localizers, reports.
    #[must_use]
    pub fn is_no_volume(&self) -> bool {
        matches!(self, Self::Dicom(e) if e.is_no_volume())
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(e) => io_hint(e),
            Self::LinkOut => "give the file itself, or copy it into the folder",
            Self::LinkToFolder => "give that folder itself",
            Self::NotAScan => "give a NIfTI file or a folder of DICOM files",
            Self::Empty | Self::TooShort { .. } | Self::GzipTruncated { .. } => {
                "the copy is incomplete; fetch the file again"
            }
            Self::Analyze => "convert the scan from DICOM to NIfTI",
            Self::NoImageFile => "put the `.img` file beside the `.hdr` file",
            Self::Gzip(GzipError::TooLarge { .. }) => "use a machine with more memory",
            Self::Gzip(_) => "the copy is damaged; fetch the file again",
            Self::ManyRescales | Self::TooLong { .. } => "write it as DICOM: leave `--format` out",
            Self::Nifti(e) => e.hint(),
            Self::Dicom(e) => e.hint(),
        }
    }
}

fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "no space left on the disk".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

fn io_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the spelling of the path",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the rights of the folder"
        }
        io::ErrorKind::StorageFull => "free some space, then run again",
        _ => "check the disk, then run again",
    }
}

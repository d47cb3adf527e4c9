use std::fmt;

use thiserror::Error;
use volume::StoredVolumeError;

pub use super::codec::Fault;
use super::tag::Attribute;

/// Why the DICOM files of a folder are no volume that can be defaced.
///
/// A file is named by its place among the files given, never by its name: file names carry names
/// of patients. No text of a file is repeated except transfer syntax and SOP class UIDs.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum DicomError {
    /// No file was given.
    #[error("no DICOM file")]
    NoFiles,
    /// One file by itself cannot be used.
    #[error("file {number} of {of}: {reason}")]
    File {
        /// Which file, from 1.
        number: usize,
        /// The number of files.
        of: usize,
        /// What is wrong with it.
        reason: FileError,
    },
    /// Two files that differ where the planes of a volume agree.
    #[error("file {number} of {of} differs from file 1 in its {what}")]
    Mixed {
        /// What differs.
        what: Shared,
        /// Which file, from 1.
        number: usize,
        /// The number of files.
        of: usize,
    },
    /// A frame of a multi-frame file differs from the first frame of all.
    #[error("frame {frame} of file {number} of {of} differs from the first in its {what}")]
    MixedFrames {
        /// What differs.
        what: Shared,
        /// Which frame of its file, from 1.
        frame: usize,
        /// Which file, from 1.
        number: usize,
        /// The number of files.
        of: usize,
    },
    /// Two files hold what claims to be one image.
    #[error("files {first} and {second} of {of} have one SOP instance UID")]
    DuplicateInstance {
        /// One file, from 1.
        first: usize,
        /// Another file, from 1.
        second: usize,
        /// The number of files.
        of: usize,
    },
    /// Positions occur more than once, and nothing tells one volume from the next.
    #[error(
        "{found} frames at {positions} positions: duplicate positions, which no echo, b-value, \
         time or stack tells apart"
    )]
    DuplicatePosition {
        /// The number of frames.
        found: usize,
        /// The number of positions at which they lie.
        positions: usize,
    },
    /// Too few planes for a head: a localizer, a scout, a single image.
    #[error("not a volume: at least {wanted} slice positions are needed, found {found}")]
    TooFewPositions {
        /// The number of positions.
        found: usize,
        /// The fewest accepted.
        wanted: usize,
    },
    /// One or more planes are missing.
    #[error("missing slices: a gap of {gap_mm:.3} mm among slices {step_mm:.3} mm apart")]
    MissingSlice {
        /// The largest distance between neighbours.
        gap_mm: f64,
        /// The usual distance.
        step_mm: f64,
    },
    /// The planes are not equally spaced.
    #[error("unequal slice spacing: neighbours are {smallest_mm:.3} to {largest_mm:.3} mm apart")]
    UnequalSpacing {
        /// The smallest distance between neighbours.
        smallest_mm: f64,
        /// The largest distance between neighbours.
        largest_mm: f64,
    },
    /// So much is missing between two planes that resampling would make it up.
    #[error("a hole of {gap_mm:.3} mm between slices, more than the {limit_mm:.1} mm to fill in")]
    Hole {
        /// The largest distance between neighbours.
        gap_mm: f64,
        /// The largest that is accepted.
        limit_mm: f64,
    },
    /// A plane lies beside the line through the first and the last.
    #[error("slice {number} of {of} lies {off_mm:.3} mm off the line through first and last")]
    OffTheLine {
        /// Which plane, from 1, in patient space.
        number: usize,
        /// The number of planes.
        of: usize,
        /// How far it is from where it should be.
        off_mm: f64,
    },
    /// The planes are shifted along each other more than any gantry tilts.
    #[error("slices are stacked at {degrees:.1} degrees to their normal, more than {limit:.0}")]
    Sheared {
        /// The angle between step and normal.
        degrees: f64,
        /// The largest accepted.
        limit: f64,
    },
    /// Images of a series that are too few for a volume, and unlike the rest of it.
    #[error("not a volume: {n_images} images that differ from the rest of their series in {what}")]
    LeftOut {
        /// In what they differ.
        what: Shared,
        /// The number of images.
        n_images: usize,
    },
    /// Planes and buffers do not fit.
    #[error(transparent)]
    Volume(#[from] StoredVolumeError),
}

/// What all planes of a volume have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// Series Instance UID.
    Series,
    /// SOP Class UID.
    SopClass,
    /// Patient's Name and Patient ID.
    Patient,
    /// Frame of Reference UID.
    FrameOfReference,
    /// Rows and Columns.
    Matrix,
    /// Bits Allocated, Bits Stored, Pixel Representation and Photometric Interpretation.
    PixelFormat,
    /// Little or big endian.
    ByteOrder,
    /// Image Orientation (Patient).
    Orientation,
    /// Pixel Spacing.
    PixelSpacing,
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Series => "series instance UID",
            Self::SopClass => "SOP class",
            Self::Patient => "patient",
            Self::FrameOfReference => "frame of reference",
            Self::Matrix => "matrix size",
            Self::PixelFormat => "pixel format",
            Self::ByteOrder => "byte order",
            Self::Orientation => "orientation",
            Self::PixelSpacing => "pixel spacing",
        })
    }
}

/// Why one DICOM file cannot be used.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum FileError {
    /// No `DICM` after the preamble.
    #[error("not a DICOM file")]
    NotDicom,
    /// The file ends inside an element.
    #[error("truncated or malformed: the element at byte {at} reaches past the end, byte {len}")]
    Truncated {
        /// Where the element starts.
        at: usize,
        /// The length of the file.
        len: usize,
    },
    /// The data set breaks the rules of its encoding.
    #[error("malformed at byte {at}: {what}")]
    Malformed {
        /// Where the element starts.
        at: usize,
        /// Which rule.
        what: Malformation,
    },
    /// Sequences within sequences.
    #[error("sequences are nested too deep: more than {limit} levels")]
    TooDeep {
        /// The deepest accepted.
        limit: usize,
    },
    /// An attribute that occurs once occurs twice.
    #[error("{attribute} occurs twice")]
    Duplicate {
        /// The attribute.
        attribute: Attribute,
    },
    /// An attribute that is needed is absent or empty.
    #[error("{attribute} is missing")]
    Missing {
        /// The attribute.
        attribute: Attribute,
    },
    /// An attribute's value is not of its kind.
    #[error("{attribute} is not {wanted}")]
    Value {
        /// The attribute.
        attribute: Attribute,
        /// What it should be.
        wanted: &'static str,
    },
    /// A transfer syntax that this build has no decoder for.
    #[error("transfer syntax `{name}` ({uid}) is not supported by this build")]
    TransferSyntax {
        /// Its name in the standard.
        name: &'static str,
        /// Its UID.
        uid: String,
    },
    /// A deflated data set that cannot be unpacked, or unpacks to more than is believed.
    #[error("the deflated data set is damaged, or larger than {limit} bytes")]
    Deflated {
        /// The most bytes accepted.
        limit: usize,
    },
    /// Compressed pixel data that are not a list of fragments, one or more a frame.
    #[error("the fragments of the pixel data cannot be decoded: {found} for {frames} frames")]
    Fragments {
        /// Fragments, or entries of the table that says where frames start.
        found: usize,
        /// Number of Frames.
        frames: u64,
    },
    /// Pixel data in one piece where the transfer syntax wants fragments.
    #[error("malformed: compressed pixel data that are not in fragments")]
    NotEncapsulated,
    /// A frame that its decoder refuses.
    #[error("frame {frame} cannot be decoded: {fault}")]
    Decode {
        /// Which frame, from 1.
        frame: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// So little compressed data cannot hold so many pixels of a scan.
    #[error("compressed pixel data of {found} bytes for {wanted} bytes of pixels")]
    TooDense {
        /// Bytes of compressed pixel data.
        found: usize,
        /// Bytes of all frames.
        wanted: u128,
    },
    /// An object that is no CT or MR image.
    #[error("not a volume: `{name}` ({uid})")]
    SopClass {
        /// Its name in the standard.
        name: &'static str,
        /// Its UID.
        uid: String,
    },
    /// A Siemens mosaic whose slices cannot be told for sure.
    #[error("a Siemens mosaic that cannot be taken apart: {fault}")]
    Mosaic {
        /// What is wrong with it.
        fault: MosaicFault,
    },
    /// Several frames in an object that can hold one only.
    #[error("{found} frames in an object for a single one")]
    MultiFrame {
        /// Number of Frames.
        found: u64,
    },
    /// Per-frame functional groups and frames differ in number.
    #[error("malformed: {groups} per-frame functional groups for {frames} frames")]
    FrameGroups {
        /// Items of the per-frame functional groups.
        groups: usize,
        /// Number of Frames.
        frames: u64,
    },
    /// Rows or columns are zero.
    #[error("a pixel format of {columns} columns and {rows} rows")]
    EmptyMatrix {
        /// Rows.
        rows: u16,
        /// Columns.
        columns: u16,
    },
    /// Colour.
    #[error("{found} samples a pixel where 1 was expected")]
    SamplesPerPixel {
        /// Samples per Pixel.
        found: u16,
    },
    /// Neither of the two grey scales.
    #[error("photometric interpretation is neither `MONOCHROME1` nor `MONOCHROME2`")]
    Photometric,
    /// A width that is not 8, 16 or 32 bits, or not allowed for the byte order.
    #[error("{found} bits allocated a pixel where 8, 16 or 32 were expected")]
    BitsAllocated {
        /// Bits Allocated.
        found: u16,
    },
    /// Big endian in words that are not the pixel's.
    #[error("big endian pixels of {bits} bits in words of another width")]
    BigEndianWords {
        /// Bits Allocated.
        bits: u16,
    },
    /// The bits that hold the value do not fit in those allocated.
    #[error("{stored} bits stored, high bit {high}, of {allocated} allocated")]
    BitsStored {
        /// Bits Stored.
        stored: u16,
        /// High Bit.
        high: u16,
        /// Bits Allocated.
        allocated: u16,
    },
    /// Neither signed nor unsigned.
    #[error("pixel representation {found} where 0 or 1 was expected")]
    PixelRepresentation {
        /// Pixel Representation.
        found: u16,
    },
    /// Something lies in the bits above an unsigned value.
    #[error("{n_pixels} pixels have data above their {stored} bits, an overlay perhaps")]
    UnusedBits {
        /// Pixels concerned.
        n_pixels: usize,
        /// Bits Stored.
        stored: u16,
    },
    /// The bits above a signed value do not repeat its sign.
    #[error("{n_pixels} signed pixels of {stored} bits are not sign-extended")]
    NotSignExtended {
        /// Pixels concerned.
        n_pixels: usize,
        /// Bits Stored.
        stored: u16,
    },
    /// Float or Double Float Pixel Data.
    #[error("a pixel format of floating point numbers")]
    FloatPixels,
    /// Pixel data of another length than rows, columns, frames and bits say.
    #[error("pixel data of {found} bytes where {wanted} were expected")]
    PixelLength {
        /// Bytes of pixel data.
        found: usize,
        /// Bytes of all frames.
        wanted: u128,
    },
    /// A table instead of slope and intercept.
    #[error("a modality lookup table instead of rescale slope and intercept")]
    ModalityTable,
    /// All real values would be one.
    #[error("rescale slope is 0")]
    RescaleSlopeZero,
    /// Distances between pixels that no scanner has.
    #[error("no usable geometry: pixel spacing is {found:?} mm")]
    PixelSpacing {
        /// Between rows, between columns.
        found: [f64; 2],
    },
    /// Row and column directions that are not of length 1, or not square to each other.
    #[error("no usable geometry: the orientation {found:?} is not two unit vectors at 90 degrees")]
    Orientation {
        /// Image Orientation (Patient).
        found: [f64; 6],
    },
    /// A position outside any scanner.
    #[error("no usable geometry: the position {found:?} mm lies outside any scanner")]
    Position {
        /// Image Position (Patient).
        found: [f64; 3],
    },
}

/// What keeps a Siemens mosaic from being taken apart into its slices.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum MosaicFault {
    /// Siemens' private header is absent, or its creator is.
    #[error("`CSA Image Header Info` (0029,1010) is missing")]
    NoHeader,
    /// The private header cannot be read.
    #[error("`CSA Image Header Info` (0029,1010) is damaged, or not of the form `SV10`")]
    Header,
    /// Nothing says how many slices there are.
    #[error(
        "`NumberOfImagesInMosaic`, in `CSA Image Header Info` (0029,1010) or as (0019,100a), is \
         missing or no number"
    )]
    NoCount,
    /// Two elements say different things.
    #[error(
        "`NumberOfImagesInMosaic` is {} in `CSA Image Header Info` (0029,1010), and {} in \
         (0019,100a)",
        .found[0], .found[1]
    )]
    Counts {
        /// What each says.
        found: [u64; 2],
    },
    /// No slice, or more than any scanner measures.
    #[error("`NumberOfImagesInMosaic` is {found} where 1 to {most} were expected")]
    Count {
        /// The number of slices.
        found: u64,
        /// The most that are accepted.
        most: u64,
    },
    /// The image cannot be divided into tiles.
    #[error(
        "`Columns` (0028,0011) and `Rows` (0028,0010), {columns} and {rows}, are no multiples of \
         {n_across}, the tiles a side for {n_used} slices"
    )]
    Matrix {
        /// Columns of the whole image.
        columns: u16,
        /// Rows of the whole image.
        rows: u16,
        /// Tiles a side.
        n_across: u16,
        /// The number of slices.
        n_used: u16,
    },
    /// Nothing says in which direction the slices are stacked.
    #[error(
        "`SliceNormalVector`, in `CSA Image Header Info` (0029,1010), is missing or not three \
         numbers"
    )]
    NoNormal,
    /// The slices are stacked in a direction that is not square to them.
    #[error(
        "`SliceNormalVector` {found:?} is neither {wanted:?}, which is square to \
         `Image Orientation (Patient)` (0020,0037), nor its opposite"
    )]
    Normal {
        /// The direction that is told.
        found: [f64; 3],
        /// The normal of the image.
        wanted: [f64; 3],
    },
    /// Nothing says how far the slices are apart.
    #[error("`Spacing Between Slices` (0018,0088) is missing")]
    NoSpacing,
    /// Distances between slices that no scanner has.
    #[error("`Spacing Between Slices` (0018,0088) is {found} mm")]
    Spacing {
        /// The distance.
        found: f64,
    },
    /// There is something where no slice should be.
    #[error("there is more in it than the {n_used} slices of `NumberOfImagesInMosaic`")]
    UnusedTiles {
        /// The number of slices.
        n_used: usize,
    },
    /// An enhanced object, which has frames and needs no tiles.
    #[error("`Image Type` (0008,0008) is `MOSAIC` in a multi-frame object")]
    MultiFrame,
}

impl From<MosaicFault> for FileError {
    fn from(fault: MosaicFault) -> Self {
        Self::Mosaic { fault }
    }
}

/// How a data set breaks the rules of its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformation {
    /// Two bytes that name no value representation.
    UnknownVr,
    /// A length that may not be left open.
    UndefinedLength,
    /// An element longer than the item or sequence that holds it.
    Overrun,
    /// Something that is no item, between the items of a sequence.
    NotAnItem,
    /// An item or delimiter where an element is expected.
    StrayDelimiter,
    /// The data set ends inside a sequence.
    NeverClosed,
    /// A sequence in the file meta group.
    SequenceInMeta,
    /// Elements in descending order after the pixel data.
    Unordered,
}

impl fmt::Display for Malformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownVr => "no value representation has this name",
            Self::UndefinedLength => "a length is left open that may not be",
            Self::Overrun => "an element is longer than what holds it",
            Self::NotAnItem => "a sequence holds something other than items",
            Self::StrayDelimiter => "an item or delimiter stands where an element should",
            Self::NeverClosed => "a sequence is never closed",
            Self::SequenceInMeta => "the file meta group holds a sequence",
            Self::Unordered => "what follows the pixel data is out of order",
        })
    }
}

impl DicomError {
    /// Whether the files are sound and only no volume: single images, localizers, reports.
    #[must_use]
    pub fn is_no_volume(&self) -> bool {
        matches!(
            self,
            Self::TooFewPositions { .. }
                | Self::LeftOut { .. }
                | Self::File { reason: FileError::SopClass { .. }, .. }
        )
    }

    /// The place of the file that is to blame among those given, from 0.
    #[must_use]
    pub fn file(&self) -> Option<usize> {
        match self {
            Self::File { number, .. }
            | Self::Mixed { number, .. }
            | Self::MixedFrames { number, .. }
            | Self::DuplicateInstance { second: number, .. } => number.checked_sub(1),
            _ => None,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoFiles => "give a folder of DICOM files",
            Self::File { reason, .. } => reason.hint(),
            Self::Mixed { .. } | Self::MixedFrames { .. } => {
                "give a folder that holds one series and nothing else"
            }
            Self::DuplicateInstance { .. } => "remove the copies of the same image",
            Self::DuplicatePosition { .. } => "keep one volume in a folder",
            Self::TooFewPositions { .. } | Self::LeftOut { .. } => {
                "leave localizers and single images out, and do not release them: they show a face"
            }
            Self::MissingSlice { .. } => {
                "the copy is incomplete; fetch the series again, or fill small gaps in with \
                 `--format nifti --resample`"
            }
            Self::Hole { .. } => "the copy is incomplete; fetch the series again",
            Self::UnequalSpacing { .. } => {
                "write it as NIfTI with equally spaced slices: `--format nifti --resample`"
            }
            Self::OffTheLine { .. } | Self::Sheared { .. } => {
                "give a series of equally spaced slices"
            }
            Self::Volume(_) => "report this as a fault of efface",
        }
    }
}

impl FileError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotDicom => "leave files that are not DICOM out",
            Self::Truncated { .. } | Self::Deflated { .. } | Self::Decode { .. } => {
                "the copy is incomplete; fetch the file again"
            }
            Self::TransferSyntax { .. } => {
                "decompress the series, for instance with `gdcmconv --raw` or `dcmdjpeg`"
            }
            Self::SopClass { .. } | Self::FloatPixels | Self::MultiFrame { .. } => {
                "give a CT or MR series of single images or an enhanced object"
            }
            Self::Mosaic { .. } => {
                "export the series again from the scanner, with private elements, or as single \
                 images or an enhanced object"
            }
            Self::UnusedBits { .. } => "remove overlays from the pixel data first",
            Self::PixelSpacing { .. } | Self::Orientation { .. } | Self::Position { .. } => {
                "export the series from the scanner or archive again"
            }
            _ => "the file is damaged or not written to the standard; export it again",
        }
    }
}

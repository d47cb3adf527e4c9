use volume::ByteOrder;

use super::codec::Codec;
use super::error::FileError;

/// How the elements of a data set are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Value representations are written, little endian.
    ExplicitLittle,
    /// Value representations are written, big endian.
    ExplicitBig,
    /// Value representations are left out, little endian.
    ImplicitLittle,
}

impl Encoding {
    pub(super) fn byte_order(self) -> ByteOrder {
        match self {
            Self::ExplicitLittle | Self::ImplicitLittle => ByteOrder::Little,
            Self::ExplicitBig => ByteOrder::Big,
        }
    }
}

/// How a data set is packed in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Native(Encoding),
    /// Deflated as a whole, explicit little endian inside.
    Deflated,
    /// Explicit little endian, with frames compressed one by one.
    Encapsulated(Codec),
}

impl Form {
    /// The form of the transfer syntax `uid`.
    ///
    /// # Errors
    /// [`FileError::TransferSyntax`], with its name, if it cannot be decoded or is not known.
    pub(super) fn of(uid: &str) -> Result<Self, FileError> {
        let end = uid.strip_prefix("1.2.840.10008.1.2").unwrap_or("unknown");
        Ok(match end {
            "" => Self::Native(Encoding::ImplicitLittle),
            ".1" => Self::Native(Encoding::ExplicitLittle),
            ".2" => Self::Native(Encoding::ExplicitBig),
            ".1.99" => Self::Deflated,
            ".5" => Self::Encapsulated(Codec::Rle),
            ".4.50" | ".4.51" | ".4.57" | ".4.70" => Self::Encapsulated(Codec::Jpeg),
            ".4.80" | ".4.81" => Self::Encapsulated(Codec::JpegLs),
            ".4.90" | ".4.91" | ".4.201" | ".4.202" | ".4.203" => {
                Self::Encapsulated(Codec::Jpeg2000)
            }
            _ => {
                return Err(FileError::TransferSyntax {
                    name: name_in(SYNTAXES, uid).unwrap_or("unknown"),
                    uid: uid.to_owned(),
                });
            }
        })
    }
}

/// The objects that can hold a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageClass {
    /// One plane a file, geometry at the top level.
    SingleFrame,
    /// Many planes a file, geometry in functional groups.
    MultiFrame,
}

impl ImageClass {
    /// The class of the SOP class `uid`.
    ///
    /// # Errors
    /// [`FileError::SopClass`] if objects of the class are no CT or MR images.
    pub(super) fn of(uid: &str) -> Result<Self, FileError> {
        match uid {
            // CT Image Storage, MR Image Storage
            "1.2.840.10008.5.1.4.1.1.2" | "1.2.840.10008.5.1.4.1.1.4" => Ok(Self::SingleFrame),
            // Enhanced CT, Legacy Converted Enhanced CT, the same for MR
            "1.2.840.10008.5.1.4.1.1.2.1"
            | "1.2.840.10008.5.1.4.1.1.2.2"
            | "1.2.840.10008.5.1.4.1.1.4.1"
            | "1.2.840.10008.5.1.4.1.1.4.4" => Ok(Self::MultiFrame),
            _ => Err(FileError::SopClass {
                name: name_in(CLASSES, uid).unwrap_or("an object that is no CT or MR image"),
                uid: uid.to_owned(),
            }),
        }
    }
}

fn name_in(table: &[(&str, &'static str)], uid: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == uid).map(|(_, name)| *name)
}

/// PS3.6 annex A, what images come in.
const SYNTAXES: &[(&str, &str)] = &[
    ("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)"),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 & 4)"),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)"),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless, First-Order Prediction (Process 14, SV1)"),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless Only"),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Multi-component Lossless Only"),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2 Multi-component"),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"),
    ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
    ("1.2.840.10008.1.2.4.101", "MPEG2 Main Profile / High Level"),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    ("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main Profile / Level 5.1"),
    ("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10 Profile / Level 5.1"),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"),
    ("1.2.840.10008.1.2.4.112", "JPEG XL"),
    ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless Only"),
    ("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options Lossless Only"),
    ("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"),
    ("1.2.840.10008.1.2.5", "RLE Lossless"),
    ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
    ("1.2.840.113619.5.2", "GE Private Implicit VR with Big Endian Pixel Data"),
];

/// PS3.4 annex B and PS3.10: what is most often found beside a volume.
const CLASSES: &[(&str, &str)] = &[
    ("1.2.840.10008.1.3.10", "Media Storage Directory"),
    ("1.2.840.10008.5.1.4.1.1.1", "Computed Radiography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.2", "MR Spectroscopy Storage"),
    ("1.2.840.10008.5.1.4.1.1.4.3", "Enhanced MR Color Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.6.1", "Ultrasound Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7", "Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.1", "Multi-frame Single Bit Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.2", "Multi-frame Grayscale Byte Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.3", "Multi-frame Grayscale Word Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.7.4", "Multi-frame True Color Secondary Capture Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.11.1", "Grayscale Softcopy Presentation State Storage"),
    ("1.2.840.10008.5.1.4.1.1.12.1", "X-Ray Angiographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.13.1.1", "X-Ray 3D Angiographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.20", "Nuclear Medicine Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.30", "Parametric Map Storage"),
    ("1.2.840.10008.5.1.4.1.1.66", "Raw Data Storage"),
    ("1.2.840.10008.5.1.4.1.1.66.4", "Segmentation Storage"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4", "VL Photographic Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.22", "Enhanced SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.88.67", "X-Ray Radiation Dose SR Storage"),
    ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF Storage"),
    ("1.2.840.10008.5.1.4.1.1.128", "Positron Emission Tomography Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.130", "Enhanced PET Image Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.2", "RT Dose Storage"),
    ("1.2.840.10008.5.1.4.1.1.481.3", "RT Structure Set Storage"),
];

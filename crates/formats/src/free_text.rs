use crate::{Layout, Scan, nifti};

/// What became of the text in headers that may name a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderText {
    /// Places that held something and were blanked.
    pub cleared: Vec<&'static str>,
    /// Places that hold something and were left.
    pub kept: Vec<&'static str>,
}

/// Blanks the free-text fields, extensions and padding of a NIfTI header, drops what follows the
/// voxels, and writes `description` to its `descrip`. DICOM headers are left as they are.
pub fn clear_header_text(scan: &mut Scan, description: &str) -> HeaderText {
    match scan.layout {
        Layout::NiftiFile | Layout::NiftiPair => {
            let cleared = nifti::clear_text(scan, description);
            HeaderText { cleared, kept: Vec::new() }
        }
        Layout::DicomFile | Layout::DicomSeries => held_header_text(scan),
    }
}

/// Names the places of the headers that may name a patient, and changes nothing.
#[must_use]
pub fn held_header_text(scan: &Scan) -> HeaderText {
    let kept = match scan.layout {
        Layout::NiftiFile | Layout::NiftiPair => nifti::held_text(scan),
        Layout::DicomFile | Layout::DicomSeries => vec!["all DICOM attributes"],
    };
    HeaderText { cleared: Vec::new(), kept }
}

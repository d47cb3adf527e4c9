use kernels::Workers;

use crate::dicom::{self, DicomError, FileError, Release};
use crate::{FormatError, Layout, Scan, nifti};

/// What became of the text in headers that may name a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderText {
    /// Places that held something and were blanked.
    pub cleared: Vec<&'static str>,
    /// Places that hold something and were left.
    pub kept: Vec<&'static str>,
}

/// Blanks the free-text fields, extensions and padding of a NIfTI header, drops what follows the
/// voxels, and writes `description` to its `descrip`. DICOM headers are left as they are; for
/// them there is [`release_headers`].
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

/// Makes the headers of a DICOM scan fit for release, voxels as they now are: new UIDs, what the
/// object has become, without what could show the face again; and says what went. Other scans are
/// left as they are.
///
/// # Errors
/// [`FormatError::Dicom`] if a file of the scan was changed into something else.
pub fn release_headers(scan: &mut Scan, release: &Release) -> Result<HeaderText, FormatError> {
    release_headers_on(scan, release, Workers::ONE)
}

/// As [`release_headers`], by several threads.
///
/// # Errors
/// As [`release_headers`].
pub fn release_headers_on(
    scan: &mut Scan,
    release: &Release,
    workers: Workers,
) -> Result<HeaderText, FormatError> {
    match scan.layout {
        Layout::NiftiFile | Layout::NiftiPair => Ok(HeaderText::default()),
        Layout::DicomFile | Layout::DicomSeries => {
            dicom::release(scan, release, workers).map_err(of_any)
        }
    }
}

/// Whether all that is no voxel of the DICOM scan `after` is what [`release_headers`] makes of `before`,
/// had that its voxels; `false` for other scans.
///
/// # Errors
/// [`FormatError::Dicom`] if a file of `before` was changed into something else.
pub fn is_released(
    before: &Scan,
    after: &Scan,
    release: &Release,
    workers: Workers,
) -> Result<bool, FormatError> {
    match after.layout {
        Layout::NiftiFile | Layout::NiftiPair => Ok(false),
        Layout::DicomFile | Layout::DicomSeries => {
            dicom::is_released(before, after, release, workers).map_err(of_any)
        }
    }
}

/// Takes back, in every file of a released DICOM scan, the claim that no face can be recognised.
///
/// # Errors
/// [`FormatError::Dicom`] if a file of the scan was changed into something else.
pub fn withdraw_claim(scan: &mut Scan) -> Result<(), FormatError> {
    match scan.layout {
        Layout::NiftiFile | Layout::NiftiPair => Ok(()),
        Layout::DicomFile | Layout::DicomSeries => dicom::withdraw_claim(scan).map_err(of_any),
    }
}

/// The first element of a DICOM scan that could show a face outside the voxels.
///
/// # Errors
/// [`FormatError::Dicom`] if a file of the scan was changed into something else.
pub fn second_picture(scan: &Scan) -> Result<Option<dicom::Tag>, FormatError> {
    if matches!(scan.layout, Layout::NiftiFile | Layout::NiftiPair) {
        return Ok(None);
    }
    for buffer in scan.volume.buffers() {
        if let Some(tag) = dicom::second_picture(buffer).map_err(of_any)? {
            return Ok(Some(tag));
        }
    }
    Ok(None)
}

fn of_any(reason: FileError) -> FormatError {
    DicomError::File { number: 1, of: 1, reason }.into()
}

//! DICOM series: single-frame CT and MR images, and enhanced and legacy converted multi-frame
//! objects.
//!
//! `series` tells from headers which files belong together. The bytes of those files, unpacked to
//! native ones where they are compressed (`unpack`, `codec`), are the volume's buffers. A walk over
//! the elements finds the pixels (`elements`, `contents`), each file is judged by itself (`image`,
//! `pixels`, `geometry`), then the planes are put in order by their positions in the patient
//! (`stack`). Slice numbers, file order, file names and slice thickness are not looked at. The
//! slices of a Siemens mosaic are made planes in its buffer, and tiles again when it is written
//! (`mosaic`).
//!
//! On the way out `release` changes what a header must say of the new pixels, and takes away what
//! could show the face outside them: icons, overlays, curves, pixel data in sequences, and any other
//! value above 64 KiB that is not text. `rewrite` copies all other bytes; `deidentify` removes what
//! names the patient, by the table of `profile`.

mod attributes;
mod codec;
mod contents;
mod csa;
mod deidentify;
mod elements;
mod error;
mod geometry;
mod image;
mod mosaic;
mod pixels;
mod profile;
mod release;
mod rewrite;
pub(crate) mod series;
mod stack;
mod syntax;
mod tag;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers have exact binary forms")]
mod tests;
mod uids;
mod unpack;
mod write;

use std::collections::BTreeMap;
use std::ffi::OsString;

use kernels::Workers;
use volume::{Grid, PlaneAt, StoredVolume};

pub use contents::is_dicom;
pub use deidentify::Deidentify;
pub use error::{DicomError, Fault, FileError, Malformation, MosaicFault, Shared};
pub(crate) use mosaic::tiled;
pub use release::Release;
pub(crate) use release::{is_released, pass_through, release, second_picture, withdraw_claim};
pub(crate) use series::kinds;
pub use tag::{Attribute, Tag};
pub use uids::UidMap;
pub(crate) use unpack::pack;

use crate::open::in_parallel;
use crate::{Layout, Note, Packing, Scan, SourceFile};
use image::Image;
pub(crate) use stack::Spacing;
use stack::stack;

/// From this angle on, a stack is called tilted.
const TILT_DEGREES: f64 = 0.5;

/// Makes a scan of the DICOM files of one folder: `files` are their names and their whole bytes.
///
/// Buffer `n` of the volume is the bytes of `files[n]`, untouched if they are not compressed, and
/// else with the pixels decoded and the transfer syntax changed; the tiles of a mosaic follow each
/// other. Planes lie along the normal of the images, in patient space; `i` runs along a row of
/// pixels, `j` along a column. Several volumes on the same positions (echoes, b-values, times)
/// become frames of the volume.
///
/// # Errors
/// [`DicomError`] if a file cannot be read or decoded, or is no CT or MR image; or if the files are
/// not one series of equally spaced planes.
pub fn open_series(files: Vec<(OsString, Vec<u8>)>) -> Result<Scan, DicomError> {
    let natives = files.into_iter().map(|(name, bytes)| (name, native(bytes))).collect();
    Ok(series_of(natives, Spacing::Even, Workers::ONE)?.scan)
}

/// A file in its native form, and how it was packed.
pub(crate) type Native = Result<(Vec<u8>, Packing), FileError>;

/// The native form of the DICOM file `bytes`.
pub(crate) fn native(bytes: Vec<u8>) -> Native {
    unpack::unpack(bytes)
}

/// The scan of a series, and where its slices lie.
pub(crate) struct Series {
    pub(crate) scan: Scan,
    /// How far along the normal the slices lie from the first, in mm, if they are not equally spaced;
    /// the grid of the scan has their mean step.
    pub(crate) along_mm: Option<Vec<f64>>,
}

/// As [`open_series`], of files that [`native`] has unpacked, their slices spaced as `spacing` wants.
pub(crate) fn series_of(
    files: Vec<(OsString, Native)>,
    spacing: Spacing,
    workers: Workers,
) -> Result<Series, DicomError> {
    let of = files.len();
    let mut natives = Vec::with_capacity(of);
    for (number, (name, native)) in (1..).zip(files) {
        let (bytes, packing) = native.map_err(|reason| DicomError::File { number, of, reason })?;
        natives.push((SourceFile { name, packing, tiles: None }, bytes));
    }
    let images = read_images(&natives, workers)?;
    let frames: Vec<_> = images
        .iter()
        .enumerate()
        .flat_map(|(file, image)| (0..image.frames.len()).map(move |frame| (file, frame)))
        .collect();
    let planes: Vec<_> = images.iter().flat_map(|i| &i.frames).map(|f| f.plane).collect();
    for (plane, &(file, frame)) in planes.iter().zip(&frames) {
        let what = match &planes[0] {
            first if !plane.has_orientation_of(first) => Shared::Orientation,
            first if !plane.has_spacing_of(first) => Shared::PixelSpacing,
            _ => continue,
        };
        let (frame, number) = (frame + 1, file + 1);
        return Err(match images[file].frames.len() {
            1 => DicomError::Mixed { what, number, of },
            _ => DicomError::MixedFrames { what, frame, number, of },
        });
    }
    let key = |p: usize, tag: Tag| images[frames[p].0].key(frames[p].1, tag);
    let mut stack = stack(&planes, spacing, key)?;
    let n_shown = stack.magnitude_first(key);
    let in_order = || stack.order.iter().map(|&p| frames[p]);
    let planes = in_order()
        .map(|(file, f)| PlaneAt { buffer: file, offset: images[file].frames[f].offset })
        .collect();
    let mut rescale: Vec<_> = in_order().map(|(file, f)| images[file].frames[f].rescale).collect();
    if rescale.iter().all(|r| *r == rescale[0]) {
        rescale.truncate(1);
    }
    let [ni, nj] = images[0].format.matrix();
    let grid = Grid { extent: [ni, nj, stack.nk], affine: stack.affine };
    let (stored_type, order) = (images[0].format.stored_type(), images[0].byte_order());
    // Resampling makes a note of its own of what it does.
    let is_tilted = spacing == Spacing::Even && stack.tilt_degrees >= TILT_DEGREES;
    let mut notes = notes(&images, is_tilted);
    if natives.iter().any(|(file, _)| matches!(file.packing, Packing::Decoded { .. })) {
        let text = "the pixel data were compressed in a way that is read and not written: the result \
                    is uncompressed";
        notes.push(Note { text: text.to_owned(), needs_review: false });
    }
    let modality = images[0].modality();
    let limits = images[0].format.limits();
    let padding = images.iter().map(Image::padding).collect();
    let mosaics: Vec<_> = images
        .iter()
        .map(|image| image.tiles.map(|tiles| (tiles, image.format, image.pixels.clone())))
        .collect();
    let (mut files, mut buffers): (Vec<_>, Vec<_>) = natives.into_iter().unzip();
    for ((file, buffer), mosaic) in files.iter_mut().zip(&mut buffers).zip(mosaics) {
        if let Some((tiles, tile, pixels)) = mosaic {
            mosaic::to_planes(&mut buffer[pixels], tiles, tile);
            file.tiles = Some(tiles);
        }
    }
    let volume = StoredVolume::new(grid, stored_type, order, rescale, buffers, planes)?;
    let volume = volume.with_reserved(limits, padding).with_shown(n_shown);
    let scan = Scan { volume, files, layout: Layout::DicomSeries, modality, notes };
    Ok(Series { scan, along_mm: stack.along_mm })
}

/// Reads every file, and checks that they are different images of one series.
fn read_images<'a>(
    files: &'a [(SourceFile, Vec<u8>)],
    workers: Workers<'_>,
) -> Result<Vec<Image<'a>>, DicomError> {
    let of = files.len();
    let mut images: Vec<Image<'a>> = Vec::with_capacity(of);
    let mut instances = BTreeMap::new();
    let read = in_parallel(files, workers, |(_, bytes)| Image::read(bytes));
    for (number, image) in (1..).zip(read) {
        let image = image.map_err(|reason| DicomError::File { number, of, reason })?;
        if let Some(what) = images.first().and_then(|first| image.differs_from(first)) {
            return Err(DicomError::Mixed { what, number, of });
        }
        if let Some(first) = instances.insert(image.instance, number) {
            return Err(DicomError::DuplicateInstance { first, second: number, of });
        }
        images.push(image);
    }
    if images.is_empty() { Err(DicomError::NoFiles) } else { Ok(images) }
}

fn notes(images: &[Image<'_>], is_tilted: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |is_so: bool, needs_review: bool, text: &str| {
        if is_so {
            notes.push(Note { text: text.to_owned(), needs_review });
        }
    };
    note(
        images.iter().any(Image::is_burned_in),
        true,
        "the header says that text is burned into the pixels (`Burned In Annotation`)",
    );
    note(images[0].format.is_inverted, true, "grey values are inverted (`MONOCHROME1`)");
    note(
        is_tilted,
        false,
        "slices are stacked at an angle to their normal, as with a tilted gantry \
         (`--format nifti --resample` sets them upright)",
    );
    notes
}

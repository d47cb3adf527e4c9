use std::ops::Range;

use volume::{ByteOrder, Rescale};

use super::attributes::Attributes;
use super::contents::Contents;
use super::error::{FileError, Shared};
use super::geometry::Plane;
use super::mosaic;
use super::pixels::PixelFormat;
use super::syntax::ImageClass;
use super::tag::{
    Attribute, BURNED_IN, FRAME_OF_REFERENCE, MEDIA_SOP_CLASS, MODALITY, NUMBER_OF_FRAMES,
    ORIENTATION, PADDING, PADDING_LIMIT, PATIENT_ID, PATIENT_NAME, PIXEL_DATA, PIXEL_SPACING,
    POSITION, RESCALE_INTERCEPT, RESCALE_SLOPE, SERIES_INSTANCE, SOP_CLASS, SOP_INSTANCE, Tag,
};
use crate::{Modality, Tiles};

/// A file that holds one or more planes, checked by itself.
#[derive(Debug)]
pub(super) struct Image<'a> {
    contents: Contents<'a>,
    sop_class: &'a str,
    series: &'a str,
    frame_of_reference: Option<&'a str>,
    /// The SOP Instance UID.
    pub(super) instance: &'a str,
    /// The format of a plane.
    pub(super) format: PixelFormat,
    /// Where the pixel data lie in the file.
    pub(super) pixels: Range<usize>,
    /// How they are divided into planes, if the file is a mosaic.
    pub(super) tiles: Option<Tiles>,
    pub(super) frames: Vec<Frame>,
}

/// A plane of a file.
#[derive(Debug)]
pub(super) struct Frame {
    /// The first byte of its pixels in the file; of a mosaic, once its pixels are in the order of
    /// planes.
    pub(super) offset: usize,
    pub(super) plane: Plane,
    pub(super) rescale: Rescale,
}

impl<'a> Image<'a> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`FileError`] if it is not a DICOM file that can hold planes of a volume, or could show a
    /// face in something other than its pixels.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileError> {
        let contents = Contents::read(bytes)?;
        let top = &contents.top;
        if contents.has_float_pixels {
            return Err(FileError::FloatPixels);
        }
        let sop_class = match (top.uid(SOP_CLASS)?, top.uid(MEDIA_SOP_CLASS)?) {
            (Some(uid), _) => uid,
            (None, Some(of_file)) => {
                ImageClass::of(of_file)?;
                return Err(FileError::Missing { attribute: SOP_CLASS });
            }
            (None, None) => return Err(FileError::Missing { attribute: SOP_CLASS }),
        };
        let class = ImageClass::of(sop_class)?;
        let (pixels, vr) =
            contents.pixels.clone().ok_or(FileError::Missing { attribute: PIXEL_DATA })?;
        let format = PixelFormat::read(top, contents.encoding, vr)?;
        let n_frames = top.whole(NUMBER_OF_FRAMES)?.unwrap_or(1);
        format.check_length(n_frames, pixels.len())?;
        let tiles = mosaic::tiles(&contents, class)?;
        let format = tiles.map_or(format, |tiles| format.tile(tiles));
        let places = places(&contents, class, tiles)?;
        if let Some(tiles) = tiles {
            mosaic::check_unused(&bytes[pixels.clone()], tiles, format)?;
        }
        let offsets = pixels.clone().step_by(format.plane_bytes() as usize);
        let frames = places.into_iter().zip(offsets);
        let frames = frames.map(|((plane, rescale), offset)| Frame { offset, plane, rescale });
        let frames = frames.collect();
        format.check_unused_bits(&bytes[pixels.clone()])?;
        Ok(Self {
            sop_class,
            series: top.need_uid(SERIES_INSTANCE)?,
            frame_of_reference: top.uid(FRAME_OF_REFERENCE)?,
            instance: top.need_uid(SOP_INSTANCE)?,
            format,
            pixels,
            tiles,
            frames,
            contents,
        })
    }

    /// The first thing in which the files of a series agree and these two do not.
    pub(super) fn differs_from(&self, other: &Self) -> Option<Shared> {
        let patient = |image: &Self| [PATIENT_ID, PATIENT_NAME].map(|a| image.contents.top.text(a));
        let checks = [
            (Shared::Series, self.series == other.series),
            (Shared::SopClass, self.sop_class == other.sop_class),
            (Shared::Patient, patient(self) == patient(other)),
            (Shared::FrameOfReference, self.frame_of_reference == other.frame_of_reference),
            (Shared::Matrix, self.format.matrix() == other.format.matrix()),
            (Shared::PixelFormat, self.format == other.format),
            (Shared::ByteOrder, self.byte_order() == other.byte_order()),
        ];
        checks.into_iter().find(|(_, agree)| !agree).map(|(what, _)| what)
    }

    /// The stored values that mean that there is none, from first to last; `None` if there are no
    /// such values.
    pub(super) fn padding(&self) -> Option<[i64; 2]> {
        let value = |attribute: Attribute| {
            let stored = self.contents.top.need_u16(attribute, self.byte_order()).ok()?;
            let is_signed = self.format.is_signed();
            Some(if is_signed { stored.cast_signed().into() } else { i64::from(stored) })
        };
        let first = value(PADDING)?;
        let last = value(PADDING_LIMIT).unwrap_or(first);
        Some([first.min(last), first.max(last)])
    }

    pub(super) fn byte_order(&self) -> ByteOrder {
        self.contents.encoding.byte_order()
    }

    /// CT or MR, if the file says either.
    pub(super) fn modality(&self) -> Option<Modality> {
        match self.contents.top.text(MODALITY) {
            Some(b"CT") => Some(Modality::Ct),
            Some(b"MR") => Some(Modality::Mr),
            _ => None,
        }
    }

    /// Whether the file says that text is burned into its pixels.
    pub(super) fn is_burned_in(&self) -> bool {
        self.contents.top.text(BURNED_IN) == Some(b"YES")
    }

    /// What the element `tag` says of frame `frame`: in its own functional groups, else in the
    /// shared ones, else at the top level.
    pub(super) fn key(&self, frame: usize, tag: Tag) -> Option<&'a [u8]> {
        key_of(&self.contents, frame, tag)
    }
}

/// What the element `tag` says of frame `frame`: in its own functional groups, else in the shared
/// ones, else at the top level.
pub(super) fn key_of<'a>(contents: &Contents<'a>, frame: usize, tag: Tag) -> Option<&'a [u8]> {
    let Contents { top, shared, frames, .. } = contents;
    let own = frames.get(frame).and_then(|frame| frame.key(tag));
    own.or_else(|| shared.key(tag)).or_else(|| top.key(tag))
}

/// Plane and rescale of every frame, or of every slice of a mosaic.
///
/// # Errors
/// [`FileError`] if the object's geometry or rescale is absent or makes no sense.
pub(super) fn places(
    contents: &Contents<'_>,
    class: ImageClass,
    tiles: Option<Tiles>,
) -> Result<Vec<(Plane, Rescale)>, FileError> {
    let n_frames = contents.top.whole(NUMBER_OF_FRAMES)?.unwrap_or(1);
    if class == ImageClass::MultiFrame {
        return multi_frame(contents, n_frames);
    }
    let (plane, rescale) = single_frame(contents, n_frames)?;
    let planes = match tiles {
        None => vec![plane],
        Some(tiles) => mosaic::planes(contents, tiles, plane)?,
    };
    Ok(planes.into_iter().map(|plane| (plane, rescale)).collect())
}

fn single_frame(contents: &Contents<'_>, n_frames: u64) -> Result<(Plane, Rescale), FileError> {
    if n_frames != 1 {
        return Err(FileError::MultiFrame { found: n_frames });
    }
    if contents.has_modality_table {
        return Err(FileError::ModalityTable);
    }
    let top = &contents.top;
    let plane = Plane::new(
        need(top.decimals(POSITION)?, POSITION)?,
        need(top.decimals(ORIENTATION)?, ORIENTATION)?,
        need(top.decimals(PIXEL_SPACING)?, PIXEL_SPACING)?,
    )?;
    Ok((plane, rescale(top.decimals(RESCALE_SLOPE)?, top.decimals(RESCALE_INTERCEPT)?)?))
}

fn multi_frame(contents: &Contents<'_>, n_frames: u64) -> Result<Vec<(Plane, Rescale)>, FileError> {
    let groups = contents.frames.len();
    if groups as u64 != n_frames {
        return Err(FileError::FrameGroups { groups, frames: n_frames });
    }
    let shared = &contents.shared;
    let place = |own: &Attributes<'_>| {
        let plane = Plane::new(
            need(own.decimals(POSITION)?.or(shared.decimals(POSITION)?), POSITION)?,
            need(own.decimals(ORIENTATION)?.or(shared.decimals(ORIENTATION)?), ORIENTATION)?,
            need(own.decimals(PIXEL_SPACING)?.or(shared.decimals(PIXEL_SPACING)?), PIXEL_SPACING)?,
        )?;
        let rescale = rescale(
            own.decimals(RESCALE_SLOPE)?.or(shared.decimals(RESCALE_SLOPE)?),
            own.decimals(RESCALE_INTERCEPT)?.or(shared.decimals(RESCALE_INTERCEPT)?),
        )?;
        Ok((plane, rescale))
    };
    contents.frames.iter().map(place).collect()
}

fn need<T>(value: Option<T>, attribute: Attribute) -> Result<T, FileError> {
    value.ok_or(FileError::Missing { attribute })
}

/// The modality transformation (PS3.3 C.11.1); absent means that stored values are real ones.
fn rescale(slope: Option<[f64; 1]>, intercept: Option<[f64; 1]>) -> Result<Rescale, FileError> {
    let ([slope], [intercept]) = (slope.unwrap_or([1.0]), intercept.unwrap_or([0.0]));
    if slope == 0.0 {
        return Err(FileError::RescaleSlopeZero);
    }
    Ok(Rescale { slope, intercept })
}

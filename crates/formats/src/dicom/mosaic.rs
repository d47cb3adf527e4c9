//! Siemens mosaics: the slices of a volume as tiles of one image.
//!
//! ```text
//! ┌───┬───┬───┐   5 slices lie on 3 x 3 tiles: as many across as down, the fewest that
//! │ 0 │ 1 │ 2 │   hold them. The tiles behind the last slice are 0.
//! ├───┼───┼───┤
//! │ 3 │ 4 │   │   In a volume's buffer the rows of a tile follow each other, and the
//! ├───┼───┼───┤   tiles do, so that each is a plane; what was not used lies at the end.
//! │   │   │   │
//! └───┴───┴───┘
//! ```
//!
//! The header places the whole image in the patient as if it were one slice around the centre of
//! the first tile. Number and direction of the slices are in private elements only. Sources:
//! NiBabel's "Siemens mosaic format", and `nii_dicom.cpp` of dcm2niix.

use std::ops::Range;

use super::attributes::{number, trim};
use super::contents::Contents;
use super::csa;
use super::error::{FileError, MosaicFault};
use super::geometry::{COSINE_TOLERANCE, Plane, SPACINGS_MM, difference, dot, length};
use super::pixels::PixelFormat;
use super::syntax::ImageClass;
use super::tag::{COLUMNS, IMAGE_TYPE, PIXEL_DATA, ROWS, SPACING_BETWEEN_SLICES, Tag};
use crate::Tiles;

/// More slices than this have no mosaic; a list of planes is made on the word of a header.
const MOST_TILES: u64 = 1024;

/// Who reserved the block of elements that [`smallest_header`] belongs in.
pub(super) const CSA_CREATOR: &[u8] = b"SIEMENS CSA HEADER";
const COUNT: &str = "NumberOfImagesInMosaic";
const NORMAL: &str = "SliceNormalVector";

/// The private elements of a file that tell how its tiles lie (PS3.5 section 7.8).
#[derive(Debug, Default)]
pub(super) struct Private<'a> {
    /// The blocks of elements that are Siemens' in groups 0029 and 0019.
    csa_block: Option<u16>,
    header_block: Option<u16>,
    /// CSA Image Header Info.
    csa: Option<&'a [u8]>,
    /// The number of slices, in the byte order of the file.
    count: Option<&'a [u8]>,
}

impl<'a> Private<'a> {
    /// Keeps an element of the top level if it is one of these; the first of a kind stays.
    pub(super) fn add(&mut self, Tag(group, element): Tag, value: &'a [u8]) {
        let block = Some(element >> 8);
        match (group, element) {
            (0x0029, 0x10..=0xff) if trim(value) == CSA_CREATOR => {
                self.csa_block.get_or_insert(element);
            }
            (0x0019, 0x10..=0xff) if trim(value) == b"SIEMENS MR HEADER" => {
                self.header_block.get_or_insert(element);
            }
            (0x0029, _) if block == self.csa_block && element & 0xff == 0x10 => {
                self.csa.get_or_insert(value);
            }
            (0x0019, _) if block == self.header_block && element & 0xff == 0x0a => {
                self.count.get_or_insert(value);
            }
            _ => {}
        }
    }
}

/// How the image of a file is divided into tiles; `None` if it is no mosaic.
///
/// # Errors
/// [`FileError::Mosaic`] if it is one, and does not say how, or contradicts itself.
pub(super) fn tiles(
    contents: &Contents<'_>,
    class: ImageClass,
) -> Result<Option<Tiles>, FileError> {
    let image_type = contents.top.text(IMAGE_TYPE).unwrap_or_default();
    if image_type.split(|b| *b == b'\\').all(|value| value.trim_ascii() != b"MOSAIC") {
        return Ok(None);
    }
    if class == ImageClass::MultiFrame {
        return Err(MosaicFault::MultiFrame.into());
    }
    let order = contents.encoding.byte_order();
    let in_csa = csa::find(csa(contents)?, COUNT)?
        .map(|[text]| parsed(text).ok_or(MosaicFault::NoCount))
        .transpose()?;
    let in_element = match contents.private.count {
        None | Some([]) => None,
        Some(&[a, b]) => Some(u64::from(number([a, b], order))),
        Some(_) => return Err(MosaicFault::NoCount.into()),
    };
    let n_used = match (in_csa, in_element) {
        (Some(one), Some(other)) if one != other => {
            return Err(MosaicFault::Counts { found: [one, other] }.into());
        }
        (Some(n), _) | (None, Some(n)) => n,
        (None, None) => return Err(MosaicFault::NoCount.into()),
    };
    if !(1..=MOST_TILES).contains(&n_used) {
        return Err(MosaicFault::Count { found: n_used, most: MOST_TILES }.into());
    }
    let n_used = n_used as u16;
    let n_across = (1..n_used).find(|n| n * n >= n_used).unwrap_or(n_used);
    let (rows, columns) =
        (contents.top.need_u16(ROWS, order)?, contents.top.need_u16(COLUMNS, order)?);
    if rows % n_across != 0 || columns % n_across != 0 {
        return Err(MosaicFault::Matrix { columns, rows, n_across, n_used }.into());
    }
    Ok(Some(Tiles { n_across: n_across.into(), n_used: n_used.into() }))
}

/// Where the slices lie whose mosaic, taken as one image, lies at `whole`.
///
/// # Errors
/// [`FileError::Mosaic`] if direction or distance of the slices are not told or make no sense.
pub(super) fn planes(
    contents: &Contents<'_>,
    tiles: Tiles,
    whole: Plane,
) -> Result<Vec<Plane>, FileError> {
    let order = contents.encoding.byte_order();
    let found = normal(contents)?;
    let across = whole.normal();
    let unit = across.map(|v| v / length(across));
    let sign = dot(found, unit).signum();
    if length(difference(found, unit.map(|v| sign * v))) > COSINE_TOLERANCE {
        return Err(MosaicFault::Normal { found, wanted: unit }.into());
    }
    let [spacing_mm] =
        contents.top.decimals(SPACING_BETWEEN_SLICES)?.ok_or(MosaicFault::NoSpacing)?;
    if !(SPACINGS_MM[0]..=SPACINGS_MM[1]).contains(&spacing_mm) {
        return Err(MosaicFault::Spacing { found: spacing_mm }.into());
    }
    // From the first pixel of the image, as it is told, to that of the tile in its centre.
    let n_across = tiles.n_across as f64;
    let inward_mm = |pixels: u16, spacing: f64| {
        let of_image = f64::from(pixels);
        (of_image - of_image / n_across) / 2.0 * spacing
    };
    let along_row = inward_mm(contents.top.need_u16(COLUMNS, order)?, whole.spacing[1]);
    let along_column = inward_mm(contents.top.need_u16(ROWS, order)?, whole.spacing[0]);
    let plane = |k: usize| {
        let along_normal = sign * spacing_mm * k as f64;
        whole.moved_to([0, 1, 2].map(|axis| {
            whole.position[axis]
                + along_row * whole.along_row[axis]
                + along_column * whole.along_column[axis]
                + along_normal * unit[axis]
        }))
    };
    (0..tiles.n_used).map(plane).collect()
}

/// CSA Image Header Info with nothing in it but number and direction of the slices of `native`,
/// without which a mosaic cannot be read.
///
/// # Errors
/// [`FileError`] as [`tiles`] and [`planes`].
pub(super) fn smallest_header(native: &[u8], tiles: Tiles) -> Result<Vec<u8>, FileError> {
    let numbers = normal(&Contents::read(native)?)?.map(|v| v.to_string());
    Ok(csa::table(&[
        (COUNT, b"US", 10, vec![tiles.n_used.to_string()]),
        (NORMAL, b"FD", 4, numbers.to_vec()),
    ]))
}

fn csa<'a>(contents: &Contents<'a>) -> Result<&'a [u8], MosaicFault> {
    contents.private.csa.ok_or(MosaicFault::NoHeader)
}

fn normal(contents: &Contents<'_>) -> Result<[f64; 3], FileError> {
    let texts = csa::find(csa(contents)?, NORMAL)?.ok_or(MosaicFault::NoNormal)?;
    let numbers = texts.map(|text| parsed::<f64>(text).filter(|v| v.is_finite()));
    let [Some(x), Some(y), Some(z)] = numbers else {
        return Err(MosaicFault::NoNormal.into());
    };
    Ok([x, y, z])
}

fn parsed<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The bytes of each row of each tile in the pixels of a mosaic, in the order in which planes hold
/// them; `tile` is the format of a tile.
fn rows(tiles: Tiles, tile: PixelFormat) -> impl Iterator<Item = Range<usize>> {
    let n = tiles.n_across;
    let [_, n_rows] = tile.matrix();
    let row_bytes = tile.plane_bytes() as usize / n_rows;
    (0..n * n).flat_map(move |t| {
        let (down, across) = (t / n, t % n);
        (0..n_rows).map(move |row| {
            let start = ((down * n_rows + row) * n + across) * row_bytes;
            start..start + row_bytes
        })
    })
}

/// Checks that the pixels of a mosaic are 0 where no slice is: what lies there is in no volume.
///
/// # Errors
/// [`MosaicFault::UnusedTiles`] if they are not.
pub(super) fn check_unused(
    pixels: &[u8],
    tiles: Tiles,
    tile: PixelFormat,
) -> Result<(), FileError> {
    let [_, n_rows] = tile.matrix();
    let mut unused = rows(tiles, tile).skip(tiles.n_used * n_rows);
    if unused.any(|row| pixels[row].iter().any(|b| *b != 0)) {
        return Err(MosaicFault::UnusedTiles { n_used: tiles.n_used }.into());
    }
    Ok(())
}

/// Puts the `pixels` of a mosaic in the order of planes.
pub(super) fn to_planes(pixels: &mut [u8], tiles: Tiles, tile: PixelFormat) {
    let mosaic = pixels.to_vec();
    let mut rest = pixels;
    for row in rows(tiles, tile) {
        let (plane_row, after) = rest.split_at_mut(row.len());
        plane_row.copy_from_slice(&mosaic[row]);
        rest = after;
    }
}

/// The file `native`, whose pixels [`to_planes`] put in the order of planes, as a mosaic again.
///
/// # Errors
/// [`FileError`] if it is no such file.
pub(crate) fn tiled(native: &[u8], tiles: Tiles) -> Result<Vec<u8>, FileError> {
    let contents = Contents::read(native)?;
    let missing = FileError::Missing { attribute: PIXEL_DATA };
    let (pixels, vr) = contents.pixels.clone().ok_or(missing)?;
    let format = PixelFormat::read(&contents.top, contents.encoding, vr)?;
    format.check_length(1, pixels.len())?;
    let mut out = native.to_vec();
    let (mosaic, mut planes) = (&mut out[pixels.clone()], &native[pixels]);
    for row in rows(tiles, format.tile(tiles)) {
        let (plane_row, rest) = planes.split_at(row.len());
        mosaic[row].copy_from_slice(plane_row);
        planes = rest;
    }
    Ok(out)
}

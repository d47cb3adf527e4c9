use super::error::FileError;

/// Farther from the origin than this, in mm, no scanner has anything.
const FARTHEST_MM: f64 = 10_000.0;
/// Pixel spacings that scanners have, from micro CT to a coarse localizer.
pub(super) const SPACINGS_MM: [f64; 2] = [0.001, 100.0];
/// How far direction cosines may be from unit length and from 90 degrees: they are written with
/// few digits, and over half a field of view of 250 mm this is a tenth of a millimetre.
pub(super) const COSINE_TOLERANCE: f64 = 1e-3;
/// How far direction cosines of one volume may differ.
const SAME_COSINE: f64 = 5e-4;
/// How far, as a fraction, pixel spacings of one volume may differ: a tenth of a pixel at the far
/// end of 1024.
const SAME_SPACING: f64 = 1e-4;

/// Where a frame lies in the patient: millimetres, LPS as DICOM has it (PS3.3 C.7.6.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plane {
    /// The centre of the first pixel.
    pub(super) position: [f64; 3],
    /// The direction of a row, along which the column index grows.
    pub(super) along_row: [f64; 3],
    /// The direction of a column, along which the row index grows.
    pub(super) along_column: [f64; 3],
    /// Between rows, between columns.
    pub(super) spacing: [f64; 2],
}

impl Plane {
    /// Checks the values of Image Position (Patient), Image Orientation (Patient) and Pixel
    /// Spacing, all finite.
    ///
    /// # Errors
    /// [`FileError`] if they describe no plane of a scanner.
    pub(super) fn new(
        position: [f64; 3],
        orientation: [f64; 6],
        spacing: [f64; 2],
    ) -> Result<Self, FileError> {
        let [a, b, c, d, e, f] = orientation;
        let (along_row, along_column) = ([a, b, c], [d, e, f]);
        let is_unit = |v: [f64; 3]| (length(v) - 1.0).abs() <= COSINE_TOLERANCE;
        let is_square = dot(along_row, along_column).abs() <= COSINE_TOLERANCE;
        if !(is_unit(along_row) && is_unit(along_column) && is_square) {
            return Err(FileError::Orientation { found: orientation });
        }
        if spacing.iter().any(|v| !(SPACINGS_MM[0]..=SPACINGS_MM[1]).contains(v)) {
            return Err(FileError::PixelSpacing { found: spacing });
        }
        Self { position, along_row, along_column, spacing }.moved_to(position)
    }

    /// The same plane at another position.
    ///
    /// # Errors
    /// [`FileError::Position`] if no scanner reaches there.
    pub(super) fn moved_to(self, position: [f64; 3]) -> Result<Self, FileError> {
        if position.iter().any(|v| v.abs() > FARTHEST_MM) {
            return Err(FileError::Position { found: position });
        }
        Ok(Self { position, ..self })
    }

    /// The direction in which planes are stacked: row direction times column direction.
    pub(super) fn normal(&self) -> [f64; 3] {
        let ([a, b, c], [d, e, f]) = (self.along_row, self.along_column);
        [b * f - c * e, c * d - a * f, a * e - b * d]
    }

    pub(super) fn has_orientation_of(&self, other: &Self) -> bool {
        let is_near =
            |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SAME_COSINE);
        is_near(self.along_row, other.along_row) && is_near(self.along_column, other.along_column)
    }

    pub(super) fn has_spacing_of(&self, other: &Self) -> bool {
        let mut pairs = self.spacing.iter().zip(other.spacing);
        pairs.all(|(a, b)| (a - b).abs() <= SAME_SPACING * b)
    }
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn length(v: [f64; 3]) -> f64 {
    dot(v, v).sqrt()
}

pub(super) fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

use volume::{Affine, Grid};

use super::NiftiError;
use super::header::Header;
use crate::Note;

/// Corners that the two forms place further apart than this are said to disagree.
const DISAGREEMENT_MM: f64 = 1.0;

/// The grid in millimetres, and what must be said of how it was found.
///
/// The sform where its code is set, else the qform, as nibabel and FSL read them; where neither
/// is set, the voxel sizes alone ("method 1" of the standard), which tells no direction.
pub(super) fn grid(header: &Header) -> Result<(Grid, Vec<Note>), NiftiError> {
    let extent = [0, 1, 2].map(|axis| header.dim[axis] as usize);
    let usable = |affine: Option<Affine>| affine.filter(|a| a.inverse().is_some());
    let sform = usable((header.sform_code > 0).then_some(Affine(header.srow)));
    let qform = usable((header.qform_code > 0).then(|| qform(header)));
    let mut notes = Vec::new();
    if header.sform_code > 0 && sform.is_none() && qform.is_some() {
        notes.push(Note {
            text: "the sform does not span space; the qform was used".to_owned(),
            needs_review: true,
        });
    }
    let affine = match (sform, qform) {
        (Some(sform), Some(qform)) => {
            let apart = disagreement_mm(extent, &sform, &qform) * millimetres(header);
            if apart > DISAGREEMENT_MM {
                notes.push(Note {
                    text: format!(
                        "sform (code {}) and qform (code {}) disagree by up to {apart:.1} mm; \
                         the sform was used",
                        header.sform_code, header.qform_code
                    ),
                    needs_review: false,
                });
            }
            sform
        }
        (Some(affine), None) | (None, Some(affine)) => affine,
        (None, None) if header.sform_code > 0 || header.qform_code > 0 => {
            return Err(NiftiError::Affine);
        }
        (None, None) => {
            notes.push(Note {
                text: "neither qform nor sform is set: which way the patient faces is a guess"
                    .to_owned(),
                needs_review: true,
            });
            let [_, di, dj, dk] = header.pixdim.map(f64::abs);
            Affine::axis_aligned([di, dj, dk], [0.0; 3])
        }
    };
    let scale = millimetres(header);
    let affine = Affine(affine.0.map(|row| row.map(|v| v * scale)));
    if affine.inverse().is_none() {
        return Err(NiftiError::Affine);
    }
    Ok((Grid { extent, affine }, notes))
}

/// Millimetres in the header's spatial unit; files that name none mean millimetres.
fn millimetres(header: &Header) -> f64 {
    match header.xyzt_units & 0x07 {
        1 => 1000.0,
        3 => 1e-3,
        _ => 1.0,
    }
}

/// The affine of quaternion, offsets and voxel sizes (nifti1.h, "method 2").
fn qform(header: &Header) -> Affine {
    let [b, c, d] = header.quatern;
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let rotation = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ];
    let [qfac, di, dj, dk] = header.pixdim;
    let steps = [di, dj, if qfac < 0.0 { -dk } else { dk }];
    let mut rows = [[0.0; 4]; 3];
    for (row, out) in rows.iter_mut().enumerate() {
        for axis in 0..3 {
            out[axis] = rotation[row][axis] * steps[axis];
        }
        out[3] = header.qoffset[row];
    }
    Affine(rows)
}

fn disagreement_mm(extent: [usize; 3], one: &Affine, two: &Affine) -> f64 {
    let mut apart = 0.0f64;
    for corner in 0..8usize {
        let index = [0, 1, 2].map(|axis| ((corner >> axis & 1) * (extent[axis] - 1)) as f64);
        let square: f64 =
            one.apply(index).iter().zip(two.apply(index)).map(|(p, q)| (p - q) * (p - q)).sum();
        apart = apart.max(square.sqrt());
    }
    apart
}

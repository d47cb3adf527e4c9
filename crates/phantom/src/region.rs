//! The regions of the labels, drawn in the model's frame.

use volume::Tissue;

use crate::anatomy::{Anatomy, Place, ear, eye, mirrored, nose};
use crate::shape::{Point, dot, ellipsoid, minus};
use crate::traits::Traits;

/// The height of the mouth's line.
const MOUTH: f32 = -43.5;
/// The lowest point of the chin.
const MENTON: Point = [0.0, 84.0, -93.0];

/// Nasion, nose tip, subnasale, menton, right globe, right ear canal.
pub(crate) fn landmarks(traits: &Traits) -> [Point; 6] {
    [nose::NASION, nose::tip(traits), nose::SUBNASALE, MENTON, eye::CENTRE, ear::CANAL]
}

/// The tissue at `p`, which lies at `place`. Air inside the head belongs to the region around it.
pub(crate) fn tissue(anatomy: &Anatomy, p: Point, place: Place) -> Tissue {
    if place.outside() > 0.0 {
        return Tissue::Background;
    }
    let q = mirrored(p);
    let depth = -place.skin;
    let brain = anatomy.brain(p, place);
    if brain < 0.0 && depth > 5.0 {
        return Tissue::Brain;
    }
    if is_ear(q, place) {
        return Tissue::Ears;
    }
    if is_nose(p) {
        return Tissue::Nose;
    }
    if is_eye(q) {
        return Tissue::Eyes;
    }
    face(q, depth, brain)
}

/// What stands off the head, and the skin of the ear's oval 9 mm deep.
fn is_ear(q: Point, place: Place) -> bool {
    let oval = ellipsoid(q, [70.0, -11.0, -3.0], [40.0, 18.0, 31.0]) < 0.0;
    (place.ear < 0.0 && place.skin > -9.0) || (oval && place.skin > -9.0 && q[0] > 50.0)
}

/// The pyramid from nasion to subnasale, 9 mm behind the line between them.
fn is_nose(p: Point) -> bool {
    let (top, bottom) = (nose::NASION, nose::SUBNASALE);
    let [x, y, z] = p;
    if z > top[2] || z < bottom[2] - 1.0 {
        return false;
    }
    let down = (top[2] - z) / (top[2] - bottom[2]);
    let line = top[1] + (bottom[1] - top[1]) * down;
    let half = 7.0 + 12.5 * down;
    y > line - 9.0 && x.abs() < half
}

/// The ellipsoid around the globe, and forward of it to the skin.
fn is_eye(q: Point) -> bool {
    let mut from = minus(q, eye::CENTRE);
    from[1] = from[1].min(0.0);
    let unit = [from[0] / 19.0, from[1] / 20.0, from[2] / 17.0];
    dot(unit, unit) < 1.0
}

fn face(q: Point, depth: f32, brain: f32) -> Tissue {
    let [x, y, z] = q;
    // The brow line falls towards the temple.
    let brow = nose::NASION[2] + 9.0 - 0.30 * (x - 45.0).max(0.0);
    if z >= brow {
        let near = depth < 10.0 && depth < 0.55 * (depth + brain.max(0.0));
        let high = z < nose::NASION[2] + 58.0;
        return if y > 27.0 && near && high { Tissue::UpperFace } else { Tissue::Rest };
    }
    let cheek_end = MOUTH + 10.0;
    if z >= cheek_end {
        let near = y > 16.0 && depth < 24.0 && x > 8.0;
        return if near { Tissue::Cheeks } else { Tissue::Rest };
    }
    let low = MENTON[2] - 8.0 + 0.42 * (MENTON[1] - y);
    let near = y > 20.0 && depth < 28.0 && z > low;
    if near { Tissue::MouthChin } else { Tissue::Rest }
}

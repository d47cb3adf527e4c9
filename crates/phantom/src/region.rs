//! The regions of the labels, drawn in the model's frame.

use volume::Tissue;

use crate::anatomy::{Anatomy, Place, ear, eye, mirrored, nose};
use crate::material::Material;
use crate::shape::{Point, dot, ellipsoid, length, minus};
use crate::traits::Traits;

/// The height of the mouth's line.
const MOUTH: f32 = -43.5;
/// The lowest point of the chin.
const MENTON: Point = [0.0, 84.0, -93.0];
/// The height of the fold between the lower lip and the chin.
const FOLD: f32 = -60.5;
/// The height of the hairline.
const HAIRLINE: f32 = nose::NASION[2] + 58.0;
/// How deep under the skin the soft parts of the face reach where no bone bounds them.
const DEEPEST: f32 = 20.0;
/// The same on the forehead, and under the jaw, where no bone lies below the floor of the mouth.
const SHALLOW: f32 = 10.0;

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

/// The tissue at `p`, which lies at `place`, parts of the face ending at the bone.
pub(crate) fn part(anatomy: &Anatomy, p: Point, place: Place) -> Tissue {
    let tissue = tissue(anatomy, p, place);
    let material = anatomy.material(p, place);
    if tissue == Tissue::Neck {
        return tissue;
    }
    if tissue != Tissue::Brain && (material.is_hard() || material == Material::Airway) {
        return Tissue::Other;
    }
    let in_globe = matches!(material, Material::Sclera | Material::Vitreous | Material::Lens);
    match tissue {
        Tissue::Background | Tissue::Brain | Tissue::Ears => tissue,
        Tissue::Eyes if in_globe => Tissue::Eyes,
        _ if !is_superficial(anatomy, p, place) => Tissue::Other,
        Tissue::Scalp | Tissue::Other => superficial_rest(p, -place.skin),
        of_the_face => of_the_face,
    }
}

/// The part of soft tissue near the skin that no other tissue claims.
fn superficial_rest([_, y, z]: Point, depth: f32) -> Tissue {
    let (top, bottom) = (nose::NASION[2], nose::SUBNASALE[2]);
    let in_face = y > 27.0 && z < HAIRLINE;
    match z {
        // Between the brows, and what lies between the skin of the forehead and the bone.
        _ if in_face && z > top && depth < SHALLOW => Tissue::Brow,
        // The groove of the upper lip.
        _ if in_face && z < bottom && z > FOLD => Tissue::Mouth,
        _ if !in_face && z > -10.0 => Tissue::Scalp,
        _ => Tissue::Other,
    }
}

/// Whether `p` lies below the line along the underside of the jaw and on to the nape.
fn is_neck([_, y, z]: Point) -> bool {
    z < under_jaw(y) + 0.2 * (20.0 - y).max(0.0)
}

/// The height at which the underside of the jaw ends.
fn under_jaw(y: f32) -> f32 {
    MENTON[2] - 8.0 + 0.42 * (MENTON[1] - y)
}

/// Whether `p` lies near the skin with no bone in between.
fn is_superficial(anatomy: &Anatomy, p: Point, place: Place) -> bool {
    const STEP: f32 = 1.5;
    let depth = -place.skin;
    if depth > DEEPEST {
        return false;
    }
    let out = [0, 1, 2].map(|axis| {
        let mut beside = p;
        beside[axis] += STEP;
        anatomy.place(beside).skin - place.skin
    });
    let scale = STEP / length(out).max(1e-3);
    if scale * out[2] < -0.6 * STEP && depth > SHALLOW {
        return false;
    }
    let n_steps = (depth / STEP).max(0.0) as usize;
    (1..=n_steps).all(|n| {
        let at = [0, 1, 2].map(|axis| p[axis] + n as f32 * scale * out[axis]);
        !anatomy.material(at, anatomy.place(at)).is_hard()
    })
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
        let near = depth < SHALLOW && depth < 0.55 * (depth + brain.max(0.0));
        let high = z < HAIRLINE;
        return if y > 27.0 && near && high { Tissue::Brow } else { rest(q) };
    }
    let cheek_end = MOUTH + 10.0;
    if z >= cheek_end {
        let near = y > 16.0 && depth < 24.0 && x > 8.0;
        return if near { Tissue::Cheeks } else { rest(q) };
    }
    let near = y > 20.0 && depth < 28.0 && z > under_jaw(y);
    if near { lower_face(q) } else { rest(q) }
}

/// Mouth above the fold, chin below. The border rises backwards, so that no mouth lies under the
/// jaw.
fn lower_face([_, y, z]: Point) -> Tissue {
    if z > FOLD + 0.1 * (MENTON[1] - y) { Tissue::Mouth } else { Tissue::Chin }
}

fn rest(q: Point) -> Tissue {
    if is_neck(q) { Tissue::Neck } else { Tissue::Other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Person;

    #[test]
    fn parts_lie_where_the_landmarks_say() {
        for seed in 0..6 {
            let person = Person::from_seed(seed);
            let marks = person.landmarks();
            let [_, y, z] = marks.menton_mm;
            let from = |[x, y, z]: [f64; 3], forward, up| [x, y + forward, z + up];
            for (point_mm, part) in [
                (marks.globes_mm[0], Tissue::Eyes),
                (from(marks.nose_tip_mm, -2.0, 0.0), Tissue::Nose),
                (from(marks.subnasale_mm, -4.0, -8.0), Tissue::Mouth),
                (from(marks.nasion_mm, 2.0, 22.0), Tissue::Brow),
                ([0.0, 0.0, 60.0], Tissue::Brain),
                ([0.0, y - 90.0, z - 30.0], Tissue::Neck),
                ([0.0, y, z - 60.0], Tissue::Background),
            ] {
                assert_eq!(person.part_at(point_mm), part, "{seed}: {point_mm:?}");
            }
            let mut upwards =
                (0..30).map(|up| person.part_at(from(marks.menton_mm, 0.0, f64::from(up))));
            let first = upwards.find(|&part| part != Tissue::Background);
            assert_eq!(first, Some(Tissue::Chin), "{seed}: above the menton");
        }
    }
}

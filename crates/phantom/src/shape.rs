//! Signed distances of simple bodies and ways to join them.
//!
//! Distances are in millimetres, negative inside. Only `+ - * /` and square roots are used, so
//! that every platform gives the same bits.

/// A point or a direction, in millimetres.
pub(crate) type Point = [f32; 3];

pub(crate) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Point) -> f32 {
    dot(a, a).sqrt()
}

pub(crate) fn sphere(p: Point, centre: Point, radius: f32) -> f32 {
    length(minus(p, centre)) - radius
}

/// An ellipsoid with semi-axes `radii` along the axes; exact on its surface, close near it.
pub(crate) fn ellipsoid(p: Point, centre: Point, radii: Point) -> f32 {
    let q = minus(p, centre);
    let unit = [q[0] / radii[0], q[1] / radii[1], q[2] / radii[2]];
    let slope = length([unit[0] / radii[0], unit[1] / radii[1], unit[2] / radii[2]]);
    let reach = length(unit);
    if slope < 1e-6 { -radii[0].min(radii[1]).min(radii[2]) } else { reach * (reach - 1.0) / slope }
}

/// A rod from `a` to `b` whose radius runs from `radius_a` to `radius_b`.
pub(crate) fn rod(p: Point, a: Point, b: Point, radius_a: f32, radius_b: f32) -> f32 {
    let (ap, ab) = (minus(p, a), minus(b, a));
    let along = (dot(ap, ab) / dot(ab, ab)).clamp(0.0, 1.0);
    let off = [ap[0] - ab[0] * along, ap[1] - ab[1] * along, ap[2] - ab[2] * along];
    length(off) - (radius_a + (radius_b - radius_a) * along)
}

/// A box with half-widths `half` and rounded edges of radius `round`.
pub(crate) fn slab(p: Point, centre: Point, half: Point, round: f32) -> f32 {
    let q = minus(p, centre);
    let out = [0, 1, 2].map(|axis| q[axis].abs() - half[axis] + round);
    let outside = length(out.map(|o| o.max(0.0)));
    outside + out[0].max(out[1]).max(out[2]).min(0.0) - round
}

/// The union, its seam filled within `blend` mm.
pub(crate) fn join(a: f32, b: f32, blend: f32) -> f32 {
    let overlap = (blend - (a - b).abs()).max(0.0) / blend;
    a.min(b) - overlap * overlap * blend * 0.25
}

/// The common part, its edge rounded within `blend` mm.
pub(crate) fn common(a: f32, b: f32, blend: f32) -> f32 {
    -join(-a, -b, blend)
}

/// A bell of height 1 and unit deviation over the squared distance `t2`; zero past 2.45.
pub(crate) fn bell(t2: f32) -> f32 {
    let rest = (1.0 - t2 / 6.0).max(0.0);
    rest * rest * rest
}

/// [`bell`] over the plane, with a deviation for each axis.
pub(crate) fn bump(u: f32, v: f32, deviation_u: f32, deviation_v: f32) -> f32 {
    let (u, v) = (u / deviation_u, v / deviation_v);
    bell(u * u + v * v)
}

/// 0 at and before `from`, 1 at and past `to`, smooth between; `from` may be the larger.
pub(crate) fn ramp(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(crate) fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_to_round_bodies_are_those_to_their_surface() {
        let p = [4.0, 0.0, 3.0];
        assert!((sphere(p, [0.0; 3], 2.0) - 3.0).abs() < 1e-5);
        assert!((ellipsoid(p, [0.0; 3], [2.0; 3]) - 3.0).abs() < 1e-4);
        assert!((rod(p, [0.0; 3], [0.0, 9.0, 0.0], 2.0, 1.0) - 3.0).abs() < 1e-5);
        assert!((slab(p, [0.0; 3], [1.0, 5.0, 1.0], 0.5) - (13f32.sqrt())).abs() < 0.3);
    }

    #[test]
    fn a_join_fills_the_seam_and_nothing_else() {
        assert!((join(1.0, 9.0, 4.0) - 1.0).abs() < 1e-6);
        assert!((join(2.0, 2.0, 4.0) - 1.0).abs() < 1e-6);
        assert!((common(2.0, 2.0, 4.0) - 3.0).abs() < 1e-6);
    }
}

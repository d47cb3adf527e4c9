use crate::random::noise;
use crate::shape::{Point, bump, common, join, mix, ramp};
use crate::traits::Traits;

/// The distance to the inner table of the skull: negative where brain and CSF are.
///
/// The vault is the smooth head `dome` mm inwards of which `p` lies, moved inwards by scalp, bone
/// and the muscle of the temples; the floor is a height over the horizontal plane with the three
/// fossae.
pub(crate) fn cavity(traits: &Traits, p: Point, dome: f32) -> f32 {
    let [x, y, z] = p;
    let side = x.abs();
    let temple = 9.0 * bump(y - 38.0, z - 16.0, 19.0, 18.0) * ramp(28.0, 50.0, side);
    let nape = 6.0 * ramp(10.0, -15.0, z) * ramp(-30.0, -60.0, y);
    let vault = dome + traits.scalp + traits.skull + temple + nape;
    if vault > 40.0 {
        return vault;
    }
    let wave = noise(traits.noise ^ 1, [x / 25.0, y / 25.0, z / 25.0]);
    common(vault, floor(side, y) - z, 8.0) - 0.7 * wave
}

/// The height of the floor of the skull over the horizontal plane.
pub(crate) fn floor(side: f32, y: f32) -> f32 {
    let front_edge = mix(26.0, 42.0, ramp(14.0, 30.0, side));
    let front = ramp(front_edge - 4.0, front_edge + 6.0, y);
    let ridge_line = 15.0 - 0.62 * side;
    let rear = ramp(ridge_line + 4.0, ridge_line - 8.0, y);
    let forehead = 35.0 + 6.5 * bump(side - 31.0, y - 65.0, 16.0, 22.0)
        - 5.0 * bump(side, y - 60.0, 7.0, 20.0);
    let middle = mix(16.0, -1.0, ramp(12.0, 24.0, side)) + 0.004 * (side - 38.0) * (side - 38.0);
    let clivus = ramp(-22.0, 12.0, y) * ramp(24.0, 8.0, side);
    let behind = mix(-23.0, 12.0, clivus) + 0.010 * (y + 42.0) * (y + 42.0) * ramp(-42.0, -80.0, y);
    let petrous = 9.0 * bump(y - ridge_line, side - 36.0, 6.0, 16.0);
    mix(mix(middle, behind, rear), forehead, front) + petrous
}

/// The distance to the canal of the spinal cord and the foramen magnum.
pub(crate) fn canal(p: Point) -> f32 {
    super::neck::along_spine(p, 0.0, 9.5, 8.0)
}

/// The distance to brain and CSF inside the skull, foramen magnum included.
pub(crate) fn contents(traits: &Traits, p: Point, dome: f32) -> f32 {
    let inside = cavity(traits, p, dome);
    if p[2] > -10.0 {
        return inside;
    }
    join(inside, canal(p).max(-34.0 - p[2]), 3.0)
}

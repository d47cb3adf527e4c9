use crate::shape::{Point, ellipsoid, join, rod};
use crate::traits::Traits;

/// Where the nose meets the forehead, at the skin.
pub(crate) const NASION: Point = [0.0, 91.0, 25.0];
/// Where the nose meets the upper lip, at the skin.
pub(crate) const SUBNASALE: Point = [0.0, 100.0, -25.5];

/// The foremost point of the nose.
pub(crate) fn tip(traits: &Traits) -> Point {
    [0.0, 117.0 + traits.nose_tip[0], -13.0 - traits.nose_tip[1]]
}

/// Joins the nose to the distance `head`.
pub(crate) fn joined(traits: &Traits, p: Point, head: f32) -> f32 {
    let [x, y, z] = p;
    if x.abs() > 34.0 || y < 66.0 || !(-45.0..45.0).contains(&z) {
        return head;
    }
    let (side, wide) = (x.abs(), traits.nose_width);
    let tip = tip(traits);
    let q = [side, y, z];
    let (reach, low) = (traits.nose_tip[0], tip[2]);
    let bridge = [0.0, 96.0 + traits.nose_hump + 0.4 * reach, 6.0];
    let ball = [0.0, tip[1] - 7.6, low];
    let upper = rod(p, [0.0, 84.5, 27.0], bridge, 5.8, 6.6);
    let lower = rod(p, bridge, [0.0, ball[1] - 1.0, low + 1.5], 6.6, 7.0);
    let mut nose = join(upper, lower, 5.0);
    let flank = rod(q, [3.0, 83.0, 16.0], [9.5 * wide, 92.0, -13.0], 5.0, 7.5);
    nose = join(nose, flank, 10.0);
    let lobule = ellipsoid(q, [2.2 * wide, ball[1], low - 0.5], [7.6, 7.6, 7.2]);
    nose = join(nose, lobule, 7.0);
    let column = rod(p, [0.0, ball[1] + 1.0, low - 4.0], [0.0, 95.0, -20.0], 3.6, 5.0);
    nose = join(nose, column, 6.0);
    let wing = ellipsoid(q, [11.2 * wide, 98.0 + 0.4 * reach, -17.0], [5.8, 9.5, 6.6]);
    nose = join(nose, wing, 6.0);
    join(head, nose, 6.0)
}

/// The distance to the opening of the nostrils and the way up from it.
pub(crate) fn nostrils(traits: &Traits, p: Point) -> f32 {
    let [x, y, z] = p;
    let (wide, reach) = (traits.nose_width, traits.nose_tip[0]);
    let q = [x.abs(), y, z];
    let opening = ellipsoid(q, [6.4 * wide, 99.5 + 0.5 * reach, -23.2], [2.5, 4.6, 3.4]);
    let way = rod(q, [6.8 * wide, 98.5, -19.0], [6.0, 92.0, -6.0], 2.6, 2.8);
    join(opening, way, 3.0)
}

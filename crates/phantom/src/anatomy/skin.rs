use crate::curve::Curve;
use crate::random::noise;
use crate::shape::{Point, bell, bump, common, ellipsoid, join, length, ramp, rod};
use crate::traits::Traits;

use super::eye;
use super::nose;

/// The outer surface of head, neck and shoulders, without the ears.
///
/// Horizontal slices are rounded ellipses whose front, back and width follow curves over the
/// height; above [`DOME`] they close to a dome, below the jaw to its underside, which rises
/// towards the angle of the jaw. The features of the face are a relief over that.
#[derive(Debug, Clone)]
pub(crate) struct Skin {
    front: Curve,
    back: Curve,
    width: Curve,
    widest: Curve,
}

const DOME: f32 = 42.0;
const DOME_HEIGHT: f32 = 85.0;
const JAW: f32 = -69.0;
const JAW_HEIGHT: f32 = 24.0;
const JAW_RISE: f32 = 0.36;
const SQUARENESS: f32 = 0.42;

impl Skin {
    pub(crate) fn new(traits: &Traits) -> Self {
        let jaw = traits.jaw;
        Self {
            front: Curve::through(&[
                (-96.0, 80.0),
                (-90.0, 88.0),
                (-84.0, 91.5),
                (-76.0, 92.0),
                (-68.0, 90.5),
                (-60.0, 90.0),
                (-50.0, 93.0),
                (-40.0, 95.0),
                (-30.0, 94.5),
                (-20.0, 92.0),
                (-8.0, 89.5),
                (8.0, 88.5),
                (20.0, 90.0),
                (28.0, 92.5),
                (36.0, 95.0),
                (46.0, 96.5),
                (60.0, 97.0),
                (80.0, 97.0),
                (100.0, 96.0),
                (130.0, 92.0),
            ]),
            back: Curve::through(&[
                (-96.0, -58.0),
                (-60.0, -62.0),
                (-40.0, -68.0),
                (-20.0, -78.0),
                (0.0, -87.0),
                (20.0, -92.5),
                (40.0, -93.5),
                (60.0, -94.5),
                (90.0, -94.5),
                (130.0, -94.5),
            ]),
            width: Curve::through(&[
                (-96.0, 44.0 * jaw),
                (-80.0, 49.0 * jaw),
                (-60.0, 55.0 * jaw),
                (-40.0, 60.0 * jaw),
                (-20.0, 65.0),
                (0.0, 69.0),
                (20.0, 71.0),
                (40.0, 73.5),
                (60.0, 75.5),
                (80.0, 76.5),
                (130.0, 77.0),
            ]),
            widest: Curve::through(&[
                (-96.0, 14.0),
                (-50.0, 12.0),
                (0.0, 6.0),
                (20.0, 0.0),
                (40.0, -8.0),
                (60.0, -12.0),
                (130.0, -14.0),
            ]),
        }
    }

    /// The distances to the skin, where nostrils count as inside, and to the smooth head without
    /// features and neck.
    pub(crate) fn distances(&self, traits: &Traits, p: Point) -> [f32; 2] {
        let [x, y, z] = p;
        let side = x.abs();
        let dome = self.slices(p);
        let mut head = dome;
        if dome < -40.0 && z > 10.0 {
            return [dome, dome];
        }
        if head < 45.0 {
            let wave = noise(traits.noise, [x / 42.0, y / 42.0, z / 42.0]);
            head -= 1.1 * wave;
            if y > 5.0 && z < 75.0 {
                head -= ramp(5.0, 45.0, y) * relief(traits, x, z);
            }
            head += 3.5 * bump(y - 62.0, z - 34.0, 16.0, 17.0) * ramp(42.0, 60.0, side);
            head = join(head, ellipsoid([side, y, z], eye::CENTRE, [15.5, 13.3, 12.6]), 7.0);
            head = nose::joined(traits, p, head);
        }
        if z > 10.0 || y > 75.0 {
            return [head, dome];
        }
        [join(head, neck(p), 16.0), dome]
    }

    fn slices(&self, p: Point) -> f32 {
        let [x, y, z] = p;
        let (widest, widest_slope) = self.widest.at(z);
        let (width, width_slope) = self.width.at(z);
        let ahead = y > widest;
        let (edge, edge_slope) = if ahead { self.front.at(z) } else { self.back.at(z) };
        let depth = edge - widest;
        let depth_slope = edge_slope - widest_slope;
        let (u, v) = (x / width, (y - widest) / depth);
        // The vertical term: the dome above, the underside of the jaw below.
        let tilted = z - JAW_RISE * (92.0 - y);
        let (w, w_y, w_z) = if z > DOME {
            ((z - DOME) / DOME_HEIGHT, 0.0, 1.0 / DOME_HEIGHT)
        } else if tilted < JAW {
            ((tilted - JAW) / JAW_HEIGHT, JAW_RISE / JAW_HEIGHT, 1.0 / JAW_HEIGHT)
        } else {
            (0.0, 0.0, 0.0)
        };
        let (u2, v2, w2) = (u * u, v * v, w * w);
        let cross = u2 * v2 + 0.6 * (u2 + v2) * w2;
        let bent = 1.0 / (1.0 + cross);
        let reach2 = (u2 + v2 + w2 - SQUARENESS * cross * bent).max(1e-4);
        let bend = SQUARENESS * bent * bent;
        let by_u = 2.0 * u * (1.0 - bend * (v2 + 0.6 * w2));
        let by_v = 2.0 * v * (1.0 - bend * (u2 + 0.6 * w2));
        let by_w = 2.0 * w * (1.0 - bend * 0.6 * (u2 + v2));
        let gradient = [
            by_u / width,
            by_v / depth + by_w * w_y,
            -by_u * u * width_slope / width - by_v * (v * depth_slope + widest_slope) / depth
                + by_w * w_z,
        ];
        let reach = reach2.sqrt();
        let slope = length(gradient) / (2.0 * reach);
        (reach - 1.0) / slope.max(0.006)
    }
}

/// How far the face stands out in front of the slices, over the frontal plane.
fn relief(traits: &Traits, x: f32, z: f32) -> f32 {
    let side = x.abs();
    let mut out =
        traits.brow * bump(side - 21.0, z - 36.0 - 0.1 * (side - 21.0).max(0.0), 15.0, 5.5);
    out += 1.2 * bump(x, z - 38.0, 8.0, 6.0);
    out -= 5.5 * bump(side - 31.5, z - 22.0, 14.0, 9.5);
    out -= 5.0 * bump(side - 15.0, z - 22.0, 5.5, 8.0);
    out += traits.cheekbone * bump(side - 46.0, z + 2.0, 13.0, 9.0);
    out -= 1.8 * bump(side - 22.0, z - 1.0, 8.0, 6.0);
    out -= traits.hollow * bump(side - 46.0, z + 34.0, 12.0, 13.0);
    // From the wing of the nose to beside the mouth.
    let fold = side - 17.0 + 0.42 * (z + 20.0);
    out -= 0.8 * bump(fold, z + 30.0, 3.2, 8.0);
    out += 1.2 * bump(fold - 8.0, z + 28.0, 6.0, 11.0);
    out += 3.0 * bump(x, z + 37.0, 20.0, 13.0);
    out += traits.chin * bump(x, z + 77.0, 13.0, 8.0);
    out += 0.8 * bump(side - 8.0, z + 80.0, 6.0, 6.0);
    out -= 2.6 * bump(x, z + 60.5, 15.0, 4.0);
    out + mouth(traits, x, z) + lids(side, z)
}

/// Lips, the line between them, and the groove above.
fn mouth(traits: &Traits, x: f32, z: f32) -> f32 {
    if (z + 44.0).abs() > 24.0 || x.abs() > 40.0 {
        return 0.0;
    }
    let along = x / traits.mouth;
    let window = (1.0 - along * along).max(0.0);
    let bow = bell((x / 3.2) * (x / 3.2));
    let line = -43.5 - 0.8 * along * along + 0.7 * bow;
    let upper = line + 1.5 + (2.4 - 0.8 * bow) * window;
    let lower = line - 1.8 - 3.6 * window;
    let ridge = |middle: f32, width: f32| bell(((z - middle) / width) * ((z - middle) / width));
    let corner = bump(x.abs() - traits.mouth, z - line, 3.5, 3.0);
    let groove = bump(x, z + 32.0, 2.4, 4.0) - 0.4 * bump(x.abs() - 5.0, z + 32.0, 2.0, 4.5);
    traits.lips * window * (ridge(upper, 2.5) + 1.2 * ridge(lower, 3.4))
        - 2.6 * ridge(line, 1.0) * window.sqrt()
        - 1.6 * corner
        - 0.8 * groove
}

/// The slit of the closed lids and the crease above it.
fn lids(side: f32, z: f32) -> f32 {
    let along = (side - 31.5) / 14.5;
    let window = (1.0 - along * along).max(0.0);
    let slit = 19.5 - 3.5 * window + 1.0 * along;
    let crease = 26.0 + 4.0 * window;
    -2.0 * window.sqrt() * bell(((z - slit) / 1.3) * ((z - slit) / 1.3))
        - 1.5 * window.sqrt() * bell(((z - crease) / 1.4) * ((z - crease) / 1.4))
}

/// Neck, larynx, and the slope to the shoulders.
fn neck(p: Point) -> f32 {
    let [x, y, z] = p;
    let side = x.abs();
    // Rounder than it is deep: the y axis is stretched a little.
    let column = rod([side, y * 1.04, z], [0.0, -6.0, -20.0], [0.0, -20.0, -190.0], 50.5, 55.0);
    let front = common(column, y - 46.0 + 0.10 * (z + 90.0), 14.0);
    let larynx = ellipsoid(p, [0.0, 32.0, -122.0], [12.0, 9.0, 18.0]);
    let shoulders = rod([side, y, z], [20.0, -42.0, -150.0], [170.0, -42.0, -205.0], 50.0, 46.0);
    let chest = ellipsoid(p, [0.0, -30.0, -240.0], [150.0, 75.0, 75.0]);
    join(join(join(front, larynx, 10.0), shoulders, 30.0), chest, 20.0)
}

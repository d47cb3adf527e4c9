use crate::random::noise;
use crate::shape::{Point, ellipsoid, join, ramp, rod, slab};
use crate::traits::Traits;

use super::{ear, nose};

/// The distance to the right maxillary sinus.
pub(crate) fn maxillary(traits: &Traits, q: Point) -> f32 {
    let s = traits.sinus;
    if q[0] > 56.0 || q[2] > 8.0 || q[2] < -40.0 {
        return 50.0;
    }
    let body = ellipsoid(q, [28.5, 58.0, -10.0], [11.5 * s, 16.5 * s, 14.0 * s]);
    join(body, ellipsoid(q, [33.0, 64.0, -6.0], [11.0 * s, 11.0 * s, 8.5 * s]), 4.0)
}

/// The distance to the nasal cavity as a whole, septum and turbinates included.
pub(crate) fn nasal(q: Point) -> f32 {
    if q[1] < 30.0 || q[2] < -22.0 || q[2] > 32.0 || q[0] > 22.0 {
        return 50.0;
    }
    let [x, y, z] = q;
    let wide = 14.5 - 9.0 * ramp(0.0, 24.0, z) - 4.5 * ramp(78.0, 92.0, y);
    let roof = 26.0 - 0.55 * (y - 66.0).max(0.0) - 0.1 * (50.0 - y).max(0.0);
    (x - wide).max(z - roof).max(-19.5 - z).max(y - 95.0 + 0.25 * (z + 5.0).abs())
}

/// Whether `p` lies in the air of nose, sinuses, mastoid, pharynx, mouth or ear canal.
pub(crate) fn is_air(traits: &Traits, p: Point, depth: f32) -> bool {
    let [x, y, z] = p;
    let q = [x.abs(), y, z];
    if ear::canal(q) < 0.0 {
        return true;
    }
    if y > 85.0 && z < 2.0 && nose::nostrils(traits, p) < 0.0 && q[0] > 2.0 {
        return true;
    }
    if depth < 4.0 {
        return false;
    }
    is_nasal_air(traits, p, q) || is_sinus_air(traits, p, q) || is_throat_air(q)
}

fn is_nasal_air(traits: &Traits, p: Point, q: Point) -> bool {
    let inside = nasal(q);
    if inside > -1.0 {
        return false;
    }
    let [x, y, z] = p;
    let bent = 1.2 * noise(traits.noise ^ 2, [0.0, y / 22.0, z / 22.0]);
    if (x - bent).abs() < 1.3 && y > 44.0 {
        return false;
    }
    let lower = rod(q, [9.5, 86.0, -13.0], [9.0, 46.0, -12.0], 4.4, 4.2);
    let middle = rod(q, [6.8, 80.0, -1.0], [7.0, 46.0, 0.0], 3.2, 3.2);
    let upper = rod(q, [4.5, 66.0, 11.0], [5.0, 44.0, 9.0], 1.8, 1.8);
    let stem = slab(q, [13.0, 66.0, -7.5], [2.2, 20.0, 1.2], 0.5);
    lower.min(middle).min(upper).min(stem) > 0.0
}

fn is_sinus_air(traits: &Traits, p: Point, q: Point) -> bool {
    let s = traits.sinus;
    if maxillary(traits, q) < -0.8 {
        return true;
    }
    let cell = noise(traits.noise ^ 3, [p[0] / 4.6, p[1] / 5.6, p[2] / 5.2]);
    let ethmoid = slab(q, [7.0, 54.0, 17.0], [6.5, 19.0, 10.0], 3.0);
    if ethmoid < 0.0 {
        return cell.abs() > 0.12;
    }
    let sphenoid = ellipsoid(p, [0.0, 22.0, 1.5], [13.5 * s, 12.0 * s, 9.5 * s]);
    if sphenoid < 0.0 {
        return (p[0] - 1.5).abs() > 0.8;
    }
    let frontal = ellipsoid(q, [10.5, 84.5, 42.0], [9.5 * s, 4.2 * s, 11.5 * s]);
    if frontal < 0.0 {
        return q[0] > 0.9;
    }
    let mastoid = ellipsoid(q, [54.0, -17.0, -9.0], [9.0, 12.0, 15.0]);
    mastoid < 0.0 && noise(traits.noise ^ 4, [p[0] / 4.0, p[1] / 4.0, p[2] / 4.0]) > -0.05
}

fn is_throat_air(q: Point) -> bool {
    let [x, y, z] = q;
    if x > 22.0 {
        return false;
    }
    // Behind the nose, behind the soft palate and the tongue, then the trachea.
    let flat = [x * 0.75, y, z];
    let behind_nose = rod(flat, [0.0, 46.0, -4.0], [0.0, 26.0, -12.0], 8.0, 8.5);
    let down = rod(flat, [0.0, 25.0, -14.0], [0.0, 15.0, -62.0], 6.5, 4.8);
    let larynx = rod(q, [0.0, 15.0, -62.0], [0.0, 20.0, -125.0], 5.0, 5.5);
    let trachea = rod(q, [0.0, 20.0, -125.0], [0.0, 2.0, -230.0], 7.5, 8.0);
    let over_tongue = (z - (-28.0 - 0.010 * (y - 62.0) * (y - 62.0) - 0.006 * x * x)).abs() - 0.9;
    let mouth = over_tongue.max(x - 17.0).max(y - 82.0).max(36.0 - y);
    behind_nose.min(down).min(larynx).min(trachea).min(mouth) < 0.0
}

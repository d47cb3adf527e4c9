use crate::material::Material;
use crate::shape::{Point, bump, ellipsoid, rod, slab};
use crate::traits::Traits;

use super::{airway, eye};

/// The bone or tooth of the face at `q`, whose x is positive; `depth` is the depth under the skin.
pub(crate) fn material(traits: &Traits, q: Point, depth: f32) -> Option<Material> {
    if depth < 3.0 || q[1] < -10.0 {
        return None;
    }
    if let Some(found) = teeth_and_jaws(q) {
        return Some(found);
    }
    let [x, y, z] = q;
    // Walls around the sinus, the orbit and the nose.
    let sinus = airway::maxillary(traits, q);
    let orbit = eye::orbit(q);
    let open = y > 68.0 + 0.20 * (31.0 - x).max(-6.0) + 0.006 * (x - 31.0) * (x - 31.0);
    let wall = (0.0..1.8).contains(&sinus)
        || ((0.0..2.0).contains(&orbit) && !open && y > 30.0)
        || ((0.0..4.5).contains(&orbit) && y > 62.0 && y < 84.0 && depth > 4.0);
    // Frontal process and nasal bone.
    let nasal = rod(q, [3.0, 90.0, 24.0], [5.0, 97.0, 6.0], 2.2, 1.5).min(rod(
        q,
        [9.0, 84.0, 20.0],
        [15.0, 80.0, -14.0],
        3.2,
        4.5,
    ));
    let palate = slab(q, [0.0, 68.0, -22.5], [21.0, 24.0, 1.8], 1.0);
    let arch = rod(q, [50.0, 60.0, -5.0], [65.0, 32.0, -4.0], 4.2, 2.8).min(rod(
        q,
        [65.0, 32.0, -4.0],
        [63.0, 6.0, 2.0],
        2.8,
        3.6,
    ));
    let cheek = ellipsoid(q, [45.0, 62.0, -4.0], [9.0, 8.0, 9.0]);
    let lateral_rim = rod(q, [50.0, 62.0, 2.0], [50.0, 66.0, 36.0], 4.0, 4.0);
    let pterygoid = slab(q, [13.0, 34.0, -12.0], [2.0, 5.0, 14.0], 1.0);
    let solid = nasal.min(palate).min(arch).min(lateral_rim).min(pterygoid).min(cheek);
    if wall || solid < 0.0 {
        let spongy = cheek < -2.5 || arch < -2.0;
        return Some(if spongy { Material::Marrow } else { Material::Bone });
    }
    // What of the nose is not air: septum, turbinates, walls of the ethmoid cells.
    let nose = airway::nasal(q);
    if nose > 1.2 || z < -20.5 {
        return None;
    }
    Some(match nose {
        _ if z > 8.0 && y < 74.0 => Material::Bone,
        n if n < 0.0 && x < 0.8 => Material::Cartilage,
        _ => Material::Mucosa,
    })
}

/// Where along the dental arch `q` lies: distance outside the arch's middle line, and the length
/// along it from the front.
fn along_arch(x: f32, y: f32) -> (f32, f32) {
    // The arch is half an ellipse with centre (0, 50) and semi-axes 25 and 39, its ends straight.
    let (u, v) = (x / 25.0, (y - 50.0).max(0.0) / 39.0);
    let reach = (u * u + v * v).sqrt().max(1e-3);
    let slope = ((u / 25.0) * (u / 25.0) + (v / 39.0) * (v / 39.0)).sqrt();
    let outside = (reach - 1.0) * reach / slope;
    // Chord from the front, near enough the length along the arch to part the teeth.
    let along = (x * x + (89.0 - y) * (89.0 - y)).sqrt();
    (outside, along)
}

fn teeth_and_jaws(q: Point) -> Option<Material> {
    let [x, y, z] = q;
    if z > -14.0 && !(x > 36.0 && y < 45.0) {
        return None;
    }
    if (36.0..92.0).contains(&y) && z < -18.0 {
        let (outside, along) = along_arch(x, y);
        let width = if along < 26.0 { 7.2 } else { 9.6 };
        let within = (along / width - (along / width).floor() - 0.5).abs() * width;
        let thick = if along < 26.0 { 3.2 } else { 4.8 };
        let gap = within > 0.5 * width - 0.45;
        let crown = (-52.0..-35.0).contains(&z) && !(-44.3..-43.3).contains(&z) && y > 42.0;
        if crown && outside.abs() < thick - 0.04 * (z + 43.5).abs() && !gap {
            return Some(Material::Tooth);
        }
        let root_end = if z > -43.0 { z < -25.0 } else { z > -63.0 };
        if root_end && !crown && outside.abs() < 0.55 * thick && within < 0.28 * width && y > 42.0 {
            return Some(Material::Tooth);
        }
        let upper = (-35.0..-21.0).contains(&z) && outside.abs() < 6.0 && y > 40.0;
        let chin = 5.0 * bump(x, z + 74.0, 14.0, 9.0);
        let low = -82.0 + 0.20 * (88.0 - y);
        let body = z < -50.5 && z > low && outside > -5.5 && outside < 5.5 + chin;
        if upper || body {
            let rind = (outside.abs() > 4.0 && outside < 3.5 + chin)
                || z < low + 3.0
                || outside > 3.5 + chin;
            return Some(if rind { Material::Bone } else { Material::Marrow });
        }
    }
    // The ramus: a plate from the angle of the jaw to the joint and to the coronoid process.
    let plate = slab(
        q,
        [46.5 + 0.09 * (z + 60.0).max(-5.0), 20.0 - 0.16 * (z + 30.0), -36.0],
        [4.0, 15.0, 29.0],
        3.0,
    );
    let corner = rod(q, [44.0, 20.0, -56.0], [33.0, 46.0, -60.0], 6.0, 6.0);
    let joint = rod(q, [48.0, 13.0, -20.0], [51.0, 10.0, -4.0], 5.0, 6.0);
    let coronoid = rod(q, [48.0, 30.0, -20.0], [48.0, 34.0, -2.0], 4.5, 2.5);
    let ramus = plate.min(corner).min(joint).min(coronoid);
    (ramus < 0.0).then_some(if ramus < -2.2 { Material::Marrow } else { Material::Bone })
}

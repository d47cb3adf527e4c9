use crate::material::Material;
use crate::shape::{Point, ellipsoid, rod};

/// The distance to a rod that follows the spine, `ahead` mm in front of the cord.
pub(crate) fn along_spine(p: Point, ahead: f32, radius_x: f32, radius_y: f32) -> f32 {
    let squeeze = radius_y / radius_x;
    let q = [p[0] * squeeze, p[1] - ahead, p[2]];
    let upper = rod(q, [0.0, -26.0, -18.0], [0.0, -27.0, -70.0], radius_y, radius_y);
    upper.min(rod(q, [0.0, -27.0, -70.0], [0.0, -38.0, -220.0], radius_y, radius_y))
}

/// Cord, spine, vessels and glands of the neck at `q`, whose x is positive.
pub(crate) fn material(q: Point) -> Option<Material> {
    if q[2] > -14.0 {
        return None;
    }
    let canal = along_spine(q, 0.0, 9.5, 8.0);
    if canal < 0.0 {
        return Some(if along_spine(q, 0.0, 6.0, 4.6) < 0.0 {
            Material::White
        } else {
            Material::Csf
        });
    }
    if q[2] < -28.0
        && let Some(bone) = vertebra(q, canal)
    {
        return Some(bone);
    }
    let carotid = rod(q, [24.0, 8.0, -30.0], [26.0, 4.0, -110.0], 2.8, 3.4).min(rod(
        q,
        [26.0, 4.0, -110.0],
        [18.0, -2.0, -220.0],
        3.4,
        3.6,
    ));
    let jugular = rod(q, [29.0, -2.0, -24.0], [33.0, 2.0, -110.0], 4.2, 5.5).min(rod(
        q,
        [33.0, 2.0, -110.0],
        [22.0, -4.0, -220.0],
        5.5,
        6.0,
    ));
    if carotid.min(jugular) < 0.0 {
        return Some(Material::Vessel);
    }
    let parotid = ellipsoid(q, [54.0, 2.0, -32.0], [9.0, 10.0, 22.0]);
    let under_jaw = ellipsoid(q, [27.0, 36.0, -74.0], [9.0, 14.0, 8.0]);
    if parotid.min(under_jaw) < 0.0 {
        return Some(Material::Gland);
    }
    let ring = rod(q, [0.0, 20.0, -112.0], [0.0, 17.0, -135.0], 10.5, 10.5);
    (ring < 0.0).then_some(Material::Cartilage)
}

fn vertebra(q: Point, canal: f32) -> Option<Material> {
    const PITCH: f32 = 17.5;
    let body = along_spine(q, 17.0, 11.0, 8.5);
    let within = ((q[2] + 40.0) / PITCH).rem_euclid(1.0) * PITCH;
    if body < 0.0 {
        return Some(match within {
            w if w > PITCH - 4.5 => Material::Cartilage,
            w if body > -1.4 || !(1.2..PITCH - 5.7).contains(&w) => Material::Bone,
            _ => Material::Marrow,
        });
    }
    let blade = (2.0..13.0).contains(&within);
    let arch = blade && canal < 4.5 && q[1] < -14.0;
    let side = blade && (q[0] - 19.0).abs() < 7.0 && (q[1] + 18.0).abs() < 6.5;
    let spine = blade && q[0] < 2.8 && q[1] < -34.0 && q[1] > -58.0 - 0.05 * (q[2] + 40.0);
    let rind = canal < 1.2 || (q[0] - 19.0).abs() > 5.6;
    (arch || side || spine).then_some(if rind { Material::Bone } else { Material::Marrow })
}

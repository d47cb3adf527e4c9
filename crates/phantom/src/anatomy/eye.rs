use crate::material::Material;
use crate::shape::{Point, ellipsoid, length, minus, rod};

/// The centre of the right globe; the left one mirrors it.
pub(crate) const CENTRE: Point = [31.5, 71.0, 22.0];
/// The radius of the globe.
const RADIUS: f32 = 12.0;

/// What globe, optic nerve and eye muscles are made of at `q`, whose x is positive.
pub(crate) fn material(q: Point) -> Option<Material> {
    let from = minus(q, CENTRE);
    let reach = length(from);
    if reach > 50.0 {
        return None;
    }
    if reach < RADIUS {
        let lens = ellipsoid(q, [CENTRE[0], CENTRE[1] + 7.2, CENTRE[2]], [4.7, 2.1, 4.7]);
        return Some(match reach {
            _ if lens < 0.0 => Material::Lens,
            r if r > RADIUS - 1.1 => Material::Sclera,
            _ => Material::Vitreous,
        });
    }
    let apex = [11.0, 32.0, 17.0];
    let behind = [CENTRE[0] - 2.0, CENTRE[1] - 10.0, CENTRE[2]];
    if rod(q, behind, apex, 2.2, 2.0) < 0.0 {
        return Some(Material::Sclera);
    }
    let muscles = [[10.5, 0.0], [-10.0, 0.0], [0.0, 11.0], [0.0, -11.0]];
    let on_muscle = muscles.iter().any(|[u, v]| {
        let insertion = [CENTRE[0] + u, CENTRE[1] - 1.0, CENTRE[2] + v];
        let middle = [CENTRE[0] - 5.0 + 0.85 * u, CENTRE[1] - 16.0, CENTRE[2] + 0.85 * v];
        rod(q, insertion, middle, 1.3, 2.0).min(rod(q, middle, apex, 2.0, 1.2)) < 0.0
    });
    on_muscle.then_some(Material::Muscle)
}

/// The distance to the cone of the orbit: its inner wall.
pub(crate) fn orbit(q: Point) -> f32 {
    let cone = rod(q, [34.0, 73.0, 22.0], [13.0, 34.0, 18.0], 18.0, 4.0);
    ellipsoid(q, [33.0, 71.0, 22.0], [19.5, 24.0, 17.0]).min(cone)
}

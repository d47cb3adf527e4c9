use volume::Affine;

/// A turn about a centre, then a move: six numbers that map a place in RAS millimetres to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rigid {
    /// What stays in its place when the head is turned.
    pub center_mm: [f64; 3],
    /// The axis of the turn, as long as its angle in degrees.
    pub turn_degrees: [f64; 3],
    /// The move after the turn.
    pub shift_mm: [f64; 3],
}

impl Rigid {
    /// No turn and no move.
    #[must_use]
    pub fn identity(center_mm: [f64; 3]) -> Self {
        Self { center_mm, turn_degrees: [0.0; 3], shift_mm: [0.0; 3] }
    }

    /// The angle of the turn.
    #[must_use]
    pub fn degrees(&self) -> f64 {
        length(self.turn_degrees)
    }

    /// The map as a matrix (Rodrigues' formula).
    #[must_use]
    pub fn affine(&self) -> Affine {
        let angle = self.degrees();
        let [x, y, z] = self.turn_degrees.map(|v| if angle > 0.0 { v / angle } else { 0.0 });
        let (sin, cos) = angle.to_radians().sin_cos();
        let rest = 1.0 - cos;
        let turn = [
            [cos + x * x * rest, x * y * rest - z * sin, x * z * rest + y * sin],
            [y * x * rest + z * sin, cos + y * y * rest, y * z * rest - x * sin],
            [z * x * rest - y * sin, z * y * rest + x * sin, cos + z * z * rest],
        ];
        let c = self.center_mm;
        Affine([0, 1, 2].map(|a| {
            let row = turn[a];
            let turned: f64 = (0..3).map(|b| row[b] * c[b]).sum();
            [row[0], row[1], row[2], c[a] + self.shift_mm[a] - turned]
        }))
    }

    /// With the six numbers of `by`, degrees before millimetres, added.
    pub(crate) fn plus(&self, by: [f64; 6]) -> Self {
        Self {
            center_mm: self.center_mm,
            turn_degrees: [0, 1, 2].map(|a| self.turn_degrees[a] + by[a]),
            shift_mm: [0, 1, 2].map(|a| self.shift_mm[a] + by[a + 3]),
        }
    }
}

pub(crate) fn length(v: [f64; 3]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_keeps_its_centre_and_all_distances() {
        let center_mm = [10.0, -20.0, 5.0];
        let turn = Rigid { turn_degrees: [3.0, -4.0, 12.0], ..Rigid::identity(center_mm) };
        assert!((turn.degrees() - 13.0).abs() < 1e-12);
        let affine = turn.affine();
        let stays = affine.apply(center_mm);
        assert!((0..3).all(|a| (stays[a] - center_mm[a]).abs() < 1e-12), "{stays:?}");
        let far = affine.apply([110.0, -20.0, 5.0]);
        let away = [0, 1, 2].map(|a| far[a] - center_mm[a]);
        assert!((length(away) - 100.0).abs() < 1e-9);
        assert!((affine.determinant() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_quarter_turn_about_z_takes_x_to_y() {
        let turn = Rigid { turn_degrees: [0.0, 0.0, 90.0], ..Rigid::identity([0.0; 3]) };
        let place = turn.affine().apply([2.0, 0.0, 7.0]);
        let expected = [0.0, 2.0, 7.0];
        assert!((0..3).all(|a| (place[a] - expected[a]).abs() < 1e-12), "{place:?}");
    }
}

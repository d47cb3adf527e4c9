/// A smooth curve through knots, tabulated every half millimetre.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    start: f32,
    values: Vec<f32>,
}

const PER_MM: f32 = 2.0;

impl Curve {
    /// The cubic through `knots` (place, value), which ascend, with slopes from the neighbours.
    pub(crate) fn through(knots: &[(f32, f32)]) -> Self {
        let last = knots.len() - 1;
        let slope = |n: usize| {
            let (before, after) = (knots[n.saturating_sub(1)], knots[(n + 1).min(last)]);
            (after.1 - before.1) / (after.0 - before.0)
        };
        let n_values = ((knots[last].0 - knots[0].0) * PER_MM) as usize + 1;
        let mut piece = 0;
        let values = (0..n_values).map(|n| {
            let at = knots[0].0 + n as f32 / PER_MM;
            while piece + 1 < last && at > knots[piece + 1].0 {
                piece += 1;
            }
            let ((x0, y0), (x1, y1)) = (knots[piece], knots[piece + 1]);
            let (width, t) = (x1 - x0, (at - x0) / (x1 - x0));
            let (t2, t3) = (t * t, t * t * t);
            y0 * (2.0 * t3 - 3.0 * t2 + 1.0)
                + y1 * (3.0 * t2 - 2.0 * t3)
                + width * (slope(piece) * (t3 - 2.0 * t2 + t) + slope(piece + 1) * (t3 - t2))
        });
        Self { start: knots[0].0, values: values.collect() }
    }

    /// Value and slope at `place`; past the ends the last value, flat.
    pub(crate) fn at(&self, place: f32) -> (f32, f32) {
        let index = (place - self.start) * PER_MM;
        let last = self.values.len() - 1;
        if index <= 0.0 {
            return (self.values[0], 0.0);
        }
        let below = index as usize;
        if below >= last {
            return (self.values[last], 0.0);
        }
        let (a, b) = (self.values[below], self.values[below + 1]);
        (a + (b - a) * (index - below as f32), (b - a) * PER_MM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_through_its_knots_and_stays_flat_past_them() {
        let knots = [(-4.0, 1.0), (0.0, 3.0), (1.5, 2.0), (9.0, 2.5)];
        let curve = Curve::through(&knots);
        for (place, value) in knots {
            assert!((curve.at(place).0 - value).abs() < 1e-4, "at {place}");
        }
        assert_eq!(curve.at(-50.0), (1.0, 0.0));
        assert!((curve.at(50.0).0 - 2.5).abs() < 1e-4);
    }
}

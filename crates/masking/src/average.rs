use crate::sight::Sight;

/// How far the skin lies from the point behind the eyes, millimetres: the medians of 19 heads (their
/// labels' outer surface, both sides together). A row a height, from [`LOWEST_DEGREES`] upwards in steps
/// of [`STEP_DEGREES`]; within it straight ahead, then further to the side in the same steps.
const SKIN_MM: [[f32; 10]; 10] = [
    [124.0, 122.0, 116.0, 113.0, 111.0, 108.0, 105.0, 104.0, 104.0, 104.0],
    [114.0, 111.0, 107.0, 105.0, 104.0, 100.0, 98.0, 96.0, 95.0, 92.0],
    [107.0, 102.0, 96.0, 97.0, 97.0, 95.0, 92.0, 86.0, 84.0, 84.0],
    [108.0, 98.0, 88.0, 90.0, 90.0, 88.0, 86.0, 82.0, 80.0, 79.0],
    [99.0, 82.0, 78.0, 81.0, 84.0, 83.0, 80.0, 78.0, 76.0, 76.0],
    [86.0, 76.0, 80.0, 83.0, 81.0, 79.0, 78.0, 77.0, 75.0, 76.0],
    [88.0, 86.0, 86.0, 87.0, 84.0, 80.0, 78.0, 76.0, 76.0, 78.0],
    [91.0, 92.0, 90.0, 88.0, 85.0, 82.0, 80.0, 79.0, 78.0, 81.0],
    [93.0, 93.0, 92.0, 90.0, 88.0, 86.0, 85.0, 85.0, 85.0, 86.0],
    [97.0, 97.0, 96.0, 95.0, 92.0, 90.0, 89.0, 89.0, 90.0, 92.0],
];
/// See [`SKIN_MM`].
const LOWEST_DEGREES: f64 = -50.0;
/// See [`SKIN_MM`].
const STEP_DEGREES: f64 = 10.0;
/// Further to the side than this the average tells nothing.
const WIDEST_DEGREES: f64 = 95.0;

/// Whether a place in RAS millimetres lies within the average head, brought to the size of this one.
pub(crate) fn is_within_average_head(sight: &Sight, ras_mm: [f64; 3]) -> bool {
    let direction = sight.direction(ras_mm);
    let [right, front, up] = sight.coordinates(ras_mm);
    let away = right.hypot(front).hypot(up);
    direction.sideways_degrees <= WIDEST_DEGREES
        && away <= sight.size() * skin_mm(direction.sideways_degrees, direction.height_degrees)
}

/// The average head's skin in a direction, bilinear between the rows of the table.
fn skin_mm(sideways_degrees: f64, height_degrees: f64) -> f64 {
    let place = |degrees: f64| {
        let at = (degrees / STEP_DEGREES).clamp(0.0, 9.0);
        let first = (at as usize).min(8);
        (first, at - first as f64)
    };
    let (row, up) = place(height_degrees - LOWEST_DEGREES);
    let (column, aside) = place(sideways_degrees);
    let along = |row: usize| {
        let [near, far] = [SKIN_MM[row][column], SKIN_MM[row][column + 1]].map(f64::from);
        near + aside * (far - near)
    };
    along(row) + up * (along(row + 1) - along(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sideways_degrees: f64, height_degrees: f64, expected_mm: f64) {
        let found = skin_mm(sideways_degrees, height_degrees);
        assert!((found - expected_mm).abs() < 1e-4, "{found}");
    }

    #[test]
    fn the_table_is_read_between_its_rows_and_held_at_its_ends() {
        check(0.0, -20.0, 108.0);
        check(5.0, -20.0, 103.0);
        check(0.0, -15.0, 103.5);
        check(95.0, 60.0, 92.0);
        check(0.0, -80.0, 124.0);
    }
}

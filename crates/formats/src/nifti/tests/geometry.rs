use super::*;

/// Half a turn about z, 1 x 2 x 3 mm, and the origin of [`with_qform`].
const TURNED: [[f64; 4]; 3] = [[-1.0, 0.0, 0.0, 1.0], [0.0, -2.0, 0.0, 2.0], [0.0, 0.0, 3.0, 3.0]];

fn with_qform() -> Made {
    Made {
        qform_code: 1,
        sform_code: 0,
        quatern: [0.0, 0.0, 1.0],
        qoffset: [1.0, 2.0, 3.0],
        ..simple()
    }
}

fn flipped(qfac: f64) -> Made {
    Made { pixdim: [qfac, 1.0, 2.0, 3.0], ..with_qform() }
}

#[test]
fn the_qform_counts_where_the_sform_is_not_set() {
    check(&with_qform(), TURNED, &[]);
    each_layout(|version, order, is_pair| {
        let Made { vox_offset, start, .. } = made(version, order, is_pair);
        check(&Made { version, order, is_pair, vox_offset, start, ..with_qform() }, TURNED, &[]);
    });
}

#[test]
fn a_qfac_of_minus_one_turns_the_third_axis() {
    let mut turned = TURNED;
    turned[2][2] = -3.0;
    check(&flipped(-1.0), turned, &[]);
    // The standard reads 0 as 1.
    check(&flipped(0.0), TURNED, &[]);
}

#[test]
fn a_quaternion_a_little_past_length_one_is_half_a_turn() {
    check(&Made { quatern: [0.0, 0.0, 1.000_001], ..with_qform() }, TURNED, &[]);
}

#[test]
fn the_sform_is_preferred_and_a_disagreement_is_told_without_review() {
    let both = Made { sform_code: 1, ..with_qform() };
    check(&both, both.srow, &[("disagree by up to", false)]);
    let srow = TURNED.map(|row| row.map(|v| v + 0.01));
    check(&Made { srow, ..both.clone() }, srow, &[]);
    check(&Made { srow: TURNED, ..both }, TURNED, &[]);
}

#[test]
fn a_disagreement_is_measured_in_millimetres_whatever_the_unit() {
    // 0.5 of a unit apart: half a millimetre, or half a metre.
    let mut srow = TURNED;
    srow[0][3] += 0.5;
    let both = Made { sform_code: 2, srow, ..with_qform() };
    check(&both, srow, &[]);
    let metres = srow.map(|row| row.map(|v| v * 1000.0));
    check(&Made { units: 1, ..both }, metres, &[("disagree by up to 500.0 mm", false)]);
}

#[test]
fn an_sform_that_does_not_span_space_gives_way_to_the_qform_and_asks_for_review() {
    let flat = Made { sform_code: 1, srow: [[0.0; 4]; 3], ..with_qform() };
    check(&flat, TURNED, &[("the sform does not span space", true)]);
    let mut srow = TURNED;
    srow[1][1] = f64::NAN;
    check(&Made { srow, ..flat }, TURNED, &[("the sform does not span space", true)]);
}

#[test]
fn without_either_form_the_direction_is_a_guess_that_a_person_must_see() {
    let affine = [[1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]];
    let neither = Made { sform_code: 0, ..simple() };
    check(&neither, affine, &[("neither qform nor sform", true)]);
    let pixdim = [-1.0, 1.0, -2.0, 3.0];
    check(&Made { pixdim, ..neither }, affine, &[("neither qform nor sform", true)]);
}

#[test]
fn metres_and_microns_become_millimetres() {
    for (units, scale) in [(0, 1.0), (1, 1e3), (2, 1.0), (3, 1e-3), (2 | 8, 1.0), (1 | 16, 1e3)] {
        each_layout(|version, order, is_pair| {
            let file = Made { units, ..made(version, order, is_pair) };
            check(&file, file.srow.map(|row| row.map(|v| v * scale)), &[]);
        });
    }
}

#[test]
fn a_grid_that_spans_no_space_is_refused() {
    let flat = Made { srow: [[0.0; 4]; 3], ..simple() };
    refused(&flat, &NiftiError::Affine);
    let mut srow = flat.srow;
    srow[0][3] = f64::NAN;
    refused(&Made { srow, ..flat }, &NiftiError::Affine);
    for value in [0.0, f64::NAN, f64::INFINITY] {
        let pixdim = [1.0, 1.0, value, 3.0];
        refused(&Made { pixdim, ..with_qform() }, &NiftiError::Affine);
        refused(&Made { pixdim, sform_code: 0, ..simple() }, &NiftiError::Affine);
    }
    let mut srow = TURNED;
    srow[2][3] = f64::INFINITY;
    refused(&Made { srow, ..simple() }, &NiftiError::Affine);
}

//! What a phantom promises: the same head again, in any sampling, with labels that fit the image.

use phantom::{Acquisition, Contrast, Material, Person, Pose, Variant};
use volume::{Affine, Grid, Labels, Tissue};

fn head_grid(mm: f64) -> Grid {
    let (low, high) = ([-105.0, -120.0, -120.0], [105.0, 130.0, 145.0]);
    let extent = [0, 1, 2].map(|axis| ((high[axis] - low[axis]) / mm) as usize);
    Grid { extent, affine: Affine::axis_aligned([mm; 3], low) }
}

fn quiet(contrast: Contrast) -> Acquisition {
    Acquisition { noise: 0.0, bias: 0.0, ..Acquisition::usual(contrast, 1) }
}

fn whole(seed: u64, mm: f64) -> Labels {
    phantom::labels(&Person::from_seed(seed), &head_grid(mm), Variant::Whole)
}

#[test]
fn a_seed_gives_the_same_scan_again_and_another_seed_another_one() {
    let grid = head_grid(5.0);
    let scan = |seed| {
        let person = Person::from_seed(seed);
        let real = phantom::render(&person, &grid, &Acquisition::usual(Contrast::T1, 9));
        real.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(scan(3), scan(3));
    assert_ne!(scan(3), scan(4));
    let (one, other) = (whole(3, 4.0), whole(4, 4.0));
    let differ = one.tissues.iter().zip(&other.tissues).filter(|(a, b)| a != b).count();
    assert!(differ > 1000, "{differ} voxels differ");
}

#[test]
fn another_face_leaves_skull_and_brain_as_they_were() {
    let grid = head_grid(4.0);
    let (own, other) = (Person::from_seed(3), Person::from_seed(3).with_face_of(8));
    let is_kept = |tissue: Tissue, point_mm: [f64; 3]| {
        tissue == Tissue::Brain || (tissue == Tissue::Scalp && point_mm[2] > 90.0)
    };
    let tissues = |person: &Person| {
        phantom::sample(&grid, |point_mm| {
            let tissue = u8::from(is_kept(person.tissue_at(point_mm), point_mm));
            [tissue, u8::from(person.tissue_at(point_mm) != Tissue::Background)]
        })
    };
    let (one, two) = (tissues(&own), tissues(&other));
    assert_eq!(one.iter().zip(&two).filter(|(a, b)| a[0] != b[0]).count(), 0);
    let differ = one.iter().zip(&two).filter(|(a, b)| a[1] != b[1]).count();
    assert!(differ > 100, "{differ} voxels differ");
}

#[test]
fn volumes_are_those_of_adults() {
    for seed in 0..12 {
        let labels = whole(seed, 3.0);
        for (tissue, low, high) in [
            (Tissue::Brain, 1100.0, 1700.0),
            (Tissue::Eyes, 35.0, 75.0),
            (Tissue::Brow, 45.0, 130.0),
            (Tissue::Nose, 12.0, 40.0),
            (Tissue::Cheeks, 150.0, 330.0),
            (Tissue::Mouth, 60.0, 230.0),
            (Tissue::Chin, 40.0, 200.0),
            (Tissue::Ears, 25.0, 75.0),
        ] {
            let volume_ml = labels.volume_ml(tissue);
            assert!((low..high).contains(&volume_ml), "{seed}: {} {volume_ml}", tissue.name());
        }
    }
}

#[test]
fn a_globe_holds_5_to_9_ml() {
    for seed in 0..6 {
        let person = Person::from_seed(seed);
        for [x, y, z] in person.landmarks().globes_mm {
            let steps = || (-14..=14).map(f64::from);
            let inside =
                steps().flat_map(|i| steps().flat_map(move |j| steps().map(move |k| [i, j, k])));
            let n_inside = inside
                .filter(|[i, j, k]| i * i + j * j + k * k < 13.5 * 13.5)
                .filter(|[i, j, k]| {
                    let material = person.material_at([x + i, y + j, z + k]);
                    matches!(material, Material::Sclera | Material::Vitreous | Material::Lens)
                })
                .count();
            assert!((5000..9000).contains(&n_inside), "{seed}: {n_inside} mm3");
        }
    }
}

#[test]
fn landmarks_lie_where_they_say() {
    let pose = Pose {
        pitch_degrees: 11.0,
        roll_degrees: -6.0,
        yaw_degrees: 14.0,
        shift_mm: [12.0, -30.0, 8.0],
    };
    for seed in 0..6 {
        let person = Person::from_seed(seed).posed(pose);
        let marks = person.landmarks();
        for globe in marks.globes_mm {
            assert_eq!(person.material_at(globe), Material::Vitreous);
            assert_eq!(person.tissue_at(globe), Tissue::Eyes);
        }
        for canal in marks.ear_canals_mm {
            assert_eq!(person.tissue_at(canal), Tissue::Ears);
            assert_eq!(person.material_at(canal), Material::Airway);
        }
        let mm = |from: [f64; 3], to: [f64; 3]| {
            (0..3).map(|n| (from[n] - to[n]) * (from[n] - to[n])).sum::<f64>().sqrt()
        };
        let face = mm(marks.nasion_mm, marks.menton_mm);
        assert!((100.0..135.0).contains(&face), "nasion to menton {face}");
        let eyes = mm(marks.globes_mm[0], marks.globes_mm[1]);
        assert!((55.0..70.0).contains(&eyes), "between the globes {eyes}");
    }
}

#[test]
fn image_and_labels_agree() {
    let (person, grid) = (Person::from_seed(2), head_grid(3.0));
    let labels = phantom::labels(&person, &grid, Variant::Whole);
    let real = phantom::render(&person, &grid, &quiet(Contrast::Ct));
    let mean = |tissue: Tissue| {
        let of: Vec<f32> = real
            .iter()
            .zip(&labels.tissues)
            .filter(|(_, t)| **t == tissue)
            .map(|(v, _)| *v)
            .collect();
        of.iter().sum::<f32>() / of.len() as f32
    };
    assert!(mean(Tissue::Background) < -985.0, "{}", mean(Tissue::Background));
    assert!((10.0..80.0).contains(&mean(Tissue::Brain)), "{}", mean(Tissue::Brain));
    // Skin is where the image crosses half of its height: labels and threshold differ by few.
    let differ =
        real.iter().zip(&labels.tissues).filter(|(v, t)| **v > -480.0 && **t == Tissue::Background);
    let n_head = labels.tissues.iter().filter(|t| **t != Tissue::Background).count();
    assert!(differ.count() * 50 < n_head);
}

#[test]
fn both_sides_have_about_the_same() {
    for seed in 0..4 {
        let labels = whole(seed, 3.0);
        let ni = labels.grid.extent[0];
        for tissue in [Tissue::Brain, Tissue::Eyes, Tissue::Cheeks, Tissue::Ears] {
            let mut sides = [0.0, 0.0];
            for (n, _) in labels.tissues.iter().enumerate().filter(|(_, t)| **t == tissue) {
                sides[usize::from(n % ni >= ni / 2)] += 1.0;
            }
            let share = sides[0] / (sides[0] + sides[1]);
            assert!((share - 0.5f64).abs() < 0.05, "{seed}: {} {share}", tissue.name());
        }
    }
}

#[test]
fn a_point_has_one_tissue_in_whatever_grid_it_is_sampled() {
    let person = Person::from_seed(6);
    let straight = head_grid(6.0);
    let turn = Affine([[0.8, 0.6, 0.0, 0.0], [-0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
    let last = straight.extent[2] as f64 - 1.0;
    let permuted = Affine([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [-1.0, 0.0, 0.0, last]]);
    let [ni, nj, nk] = straight.extent;
    let grids = [
        Grid { extent: [nk, ni, nj], affine: straight.affine.after(&permuted) },
        Grid { extent: [50, 50, 44], affine: turn.after(&straight.affine) },
    ];
    for grid in grids {
        let labels = phantom::labels(&person, &grid, Variant::Whole);
        let [ni, nj, _] = grid.extent;
        for (n, tissue) in labels.tissues.iter().enumerate() {
            let index = [n % ni, n / ni % nj, n / ni / nj].map(|i| i as f64);
            assert_eq!(person.tissue_at(grid.affine.apply(index)), *tissue, "{index:?}");
        }
    }
    let (a, b) = (whole(6, 6.0), phantom::labels(&person, &grids[0], Variant::Whole));
    for tissue in Tissue::ALL {
        assert!((a.volume_ml(tissue) - b.volume_ml(tissue)).abs() < 1e-9);
    }
}

#[test]
fn variants_lack_what_they_say() {
    let (person, grid) = (Person::from_seed(1), head_grid(4.0));
    let defaced = phantom::labels(&person, &grid, Variant::Defaced);
    let whole = phantom::labels(&person, &grid, Variant::Whole);
    for tissue in [Tissue::Nose, Tissue::Mouth, Tissue::Chin, Tissue::Eyes] {
        assert!(defaced.volume_ml(tissue) < 0.2 * whole.volume_ml(tissue), "{}", tissue.name());
    }
    assert!((defaced.volume_ml(Tissue::Brain) - whole.volume_ml(Tissue::Brain)).abs() < 1e-9);
    let brain = phantom::labels(&person, &grid, Variant::BrainOnly);
    assert!(brain.tissues.iter().all(|t| matches!(t, Tissue::Brain | Tissue::Background)));
    let stripped = Acquisition { variant: Variant::BrainOnly, ..quiet(Contrast::T1) };
    let real = phantom::render(&person, &grid, &stripped);
    let n_bright = real.iter().filter(|v| **v > 60.0).count() as f64 * 0.064;
    assert!((1100.0..2000.0).contains(&n_bright), "{n_bright} ml");
}

#[test]
fn a_thick_slice_is_the_mean_of_thin_ones() {
    let person = Person::from_seed(5);
    let thin = Grid {
        extent: [40, 48, 40],
        affine: Affine::axis_aligned([5.0, 5.0, 1.0], [-98.0, -110.0, 0.0]),
    };
    let thick = Grid {
        extent: [40, 48, 5],
        affine: Affine::axis_aligned([5.0, 5.0, 8.0], [-98.0, -110.0, 3.5]),
    };
    let fine = phantom::render(&person, &thin, &quiet(Contrast::Ct));
    let coarse = phantom::render(&person, &thick, &quiet(Contrast::Ct));
    let in_plane = 40 * 48;
    let mut off = 0.0;
    for (n, value) in coarse.iter().enumerate() {
        let (at, k) = (n % in_plane, n / in_plane);
        let mean = (0..8).map(|s| fine[at + in_plane * (8 * k + s)]).sum::<f32>() / 8.0;
        off += (mean - value).abs() / coarse.len() as f32;
    }
    assert!(off < 8.0, "{off} HU on average");
}

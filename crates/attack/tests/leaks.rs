//! What the attack must find, and what it must not.

#![expect(clippy::expect_used, reason = "a test stops where a folder is missing")]

use attack::population::{Defacer, Group, Setting};
use attack::{Cut, Fan, Matched, Recovery};
use kernels::Workers;
use phantom::Person;

const CUTS: [Cut; 4] = [Cut::Nothing, Cut::Fixed, Cut::Hugging, Cut::TissueOnly];
const N_SCANNED: usize = 10;
const SPACING_MM: f64 = 3.0;

/// Ten heads, defaced in each way, among `people`.
fn attacked(people: &[Person], fan: &Fan) -> Group {
    let defacers = CUTS.map(Defacer::Cut);
    let workers = Workers::new(std::thread::available_parallelism().map_or(1, usize::from));
    let setting = Setting { defacers: &defacers, fan, spacing_mm: SPACING_MM, workers };
    setting.generated(people, N_SCANNED).expect("a folder to write to")
}

/// What each way to read a face made of one way to deface.
fn matched(group: &Group, cut: Cut, fan: &Fan) -> Vec<(Recovery, Matched)> {
    let defacer = CUTS.iter().position(|c| *c == cut).expect("one of them");
    let ways = Recovery::ALL.into_iter().enumerate();
    ways.map(|(n, way)| (way, Matched::of(&group.outcomes(defacer, n, fan)))).collect()
}

fn most_found(group: &Group, cut: Cut, fan: &Fan) -> usize {
    matched(group, cut, fan).iter().map(|(_, m)| m.n_first[0]).max().unwrap_or(0)
}

#[test]
fn borders_along_the_skin_and_outlines_in_the_noise_give_people_away() {
    let fan = Fan::face();
    let people: Vec<Person> = (100..160).map(Person::from_seed).collect();
    let group = attacked(&people, &fan);
    for cut in [Cut::Nothing, Cut::Hugging, Cut::TissueOnly] {
        let found = most_found(&group, cut, &fan);
        assert!(found >= N_SCANNED - 1, "{cut:?}: {found} of {N_SCANNED}");
    }
}

#[test]
fn of_faces_on_one_skull_a_surface_that_the_skull_fixes_tells_nothing() {
    let fan = Fan::face();
    let people: Vec<Person> =
        (0..60).map(|face| Person::from_seed(7).with_face_of(5000 + face)).collect();
    let group = attacked(&people, &fan);
    let found = most_found(&group, Cut::Hugging, &fan);
    assert!(found >= N_SCANNED - 1, "the same faces are found at the skin: {found}");
    for (way, matched) in matched(&group, Cut::Fixed, &fan) {
        assert!(!matched.is_above_chance(), "{way:?}: {matched:?}");
    }
}

//! The embedded model on real heads, against its reference implementation. Needs the folder that
//! `EFFACE_SHARED` names; without it a line says that nothing was tested.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::env;
use std::fs;
use std::path::PathBuf;

use inference::{Model, Runtime};
use kernels::Workers;

#[test]
fn labels_of_real_heads_agree_with_the_reference() {
    let Some(shared) = env::var_os("EFFACE_SHARED").map(PathBuf::from) else {
        eprintln!("skipped: EFFACE_SHARED names no folder");
        return;
    };
    let text = fs::read_to_string(shared.join("models/reference.json")).expect("the reference");
    let reference: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let model = Model::embedded(&Runtime::Embedded, 2).expect("the model");
    assert_eq!(reference["model_sha256"], model.card().sha256, "another model");
    let workers = Workers::new(2);
    for (name, expected) in reference["scans"].as_object().expect("scans") {
        let found = formats::discover(&shared.join("heads/native").join(name)).expect("found");
        let scan = formats::open(&found.sources[0]).expect("opens");
        let sampled = inference::sample(&scan.volume, model.card(), workers).expect("sampled");
        for axis in 0..3 {
            let origin = sampled.image.grid.affine.apply(sampled.window.map(|w| w as f64))[axis];
            let wanted = expected["origin_mm"][axis].as_f64().expect("mm");
            assert!((origin - wanted).abs() < 1e-3, "{name}: origin {origin}, not {wanted}");
        }
        let labels = inference::segment(&model, &sampled, workers).expect("labels");
        let classes = expected["class_voxels"].as_array().expect("counts");
        for (tissue, wanted) in model.card().tissues().iter().zip(classes).skip(1) {
            let wanted = wanted.as_f64().expect("a count");
            let found = labels.tissues.iter().filter(|t| *t == tissue).count() as f64;
            let apart = (found - wanted).abs();
            // Voxels of the window that lie outside the scan are background here.
            assert!(
                apart <= (0.005 * wanted).max(20.0),
                "{name}: {} has {found} voxels, not {wanted}",
                tissue.name()
            );
        }
    }
}

//! The embedded model against its reference implementation in Python (`models/train/space.py` and
//! ONNX Runtime), whose values lie in `models/reference.json`. Heads that are not in `data` are in
//! the folder that `EFFACE_SHARED` names; without it a line says which were left out.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use inference::{Model, Runtime, Sampled};
use kernels::Workers;
use serde_json::Value;

#[test]
fn labels_agree_with_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("models/reference.json")).expect("the reference");
    let reference: Value = serde_json::from_str(&text).expect("JSON");
    let model = Model::embedded(&Runtime::Embedded, 2).expect("the model");
    assert_eq!(reference["model_sha256"], model.card().sha256, "another model");
    let workers = Workers::new(2);
    let shared = env::var_os("EFFACE_SHARED").map(|s| PathBuf::from(s).join("heads/native"));
    let mut n_tested = 0;
    for (name, expected) in reference["scans"].as_object().expect("scans") {
        let folders = [Some(root.join("data")), shared.clone()];
        let mut paths = folders.into_iter().flatten().map(|folder| folder.join(name));
        let Some(path) = paths.find(|path| path.exists()) else {
            eprintln!("skipped {name}: EFFACE_SHARED names no folder");
            continue;
        };
        n_tested += 1;
        let found = formats::discover(&path).expect("found");
        let scan = formats::open(&found.sources[0]).expect("opens");
        let sampled = inference::sample(&scan.volume, model.card(), workers).expect("sampled");
        for axis in 0..3 {
            let origin = sampled.image.grid.affine.apply(sampled.window.map(|w| w as f64))[axis];
            let wanted = expected["origin_mm"][axis].as_f64().expect("mm");
            assert!((origin - wanted).abs() < 1e-3, "{name}: origin {origin}, not {wanted}");
        }
        check_values(name, expected, &model, &sampled);
        let labels = inference::label(&model, &sampled, false, workers).expect("found");
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
    assert!(n_tested > 0, "no scan to test");
}

/// Input and logits at the reference's voxels, and the sum of the input.
fn check_values(name: &str, expected: &Value, model: &Model, sampled: &Sampled) {
    let number = |value: &Value| value.as_f64().expect("a number");
    let input = inference::network_input(model.card(), sampled, Workers::ONE);
    let sum: f64 = input.iter().map(|&x| f64::from(x)).sum();
    let wanted = number(&expected["input_sum"]);
    assert!((sum - wanted).abs() <= 1e-5 * wanted, "{name}: the input sums to {sum}, not {wanted}");
    let logits = model.run(input.clone(), 2).expect("logits");
    let (blocks, [_, na, ns]) = (model.card().blocks(), model.card().extent());
    for voxel in expected["samples"].as_array().expect("samples") {
        let at = voxel["i"].as_u64().expect("a voxel") as usize;
        let apart = (f64::from(input[at]) - number(&voxel["x"])).abs();
        assert!(apart <= 1e-4, "{name}: input {} at {at}, not {}", input[at], voxel["x"]);
        for (class, wanted) in voxel["logits"].as_array().expect("logits").iter().enumerate() {
            let place = blocks.logit(class, blocks.voxel([at / (na * ns), at / ns % na, at % ns]));
            let (found, wanted) = (f64::from(logits[place]), number(wanted));
            let apart = (found - wanted).abs();
            assert!(apart <= 1e-4, "{name}: logit {found} of {class} at {at}, not {wanted}");
        }
    }
}

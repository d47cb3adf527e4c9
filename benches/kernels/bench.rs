//! Every kernel at every level, as `<kernel>/<type>/<volume>/<level>`, in memory that was used before.
//! Each level's answer in such memory is compared with the scalar level's in new memory before it is
//! timed.
//!
//! ```sh
//! cargo bench --bench bench -- median                    # on a small head made here
//! EFFACE_BENCH_VOLUMES=WORK cargo bench --bench bench    # on those that compare.py writes to WORK
//! ```

mod cases;

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use cases::{CASES, Map, Parts, VOLUMES, Volume};
use criterion::{Criterion, Throughput};
use kernels::{Level, Pool, Workers};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let volumes = match env::var_os("EFFACE_BENCH_VOLUMES") {
        Some(folder) => VOLUMES
            .iter()
            .map(|&(name, ..)| Ok((name, Volume::read(Path::new(&folder), name)?)))
            .collect::<Result<Vec<_>, Box<dyn Error>>>()?,
        None => vec![("small", Volume::of(small_head()))],
    };
    let pool = Pool::new();
    for case in CASES {
        for (name, volume) in &volumes {
            let at = |level: Level| Workers::new(1).at(level);
            let expected = (case.run)(volume, at(Level::SCALAR)).bytes(volume);
            let mut group = criterion.benchmark_group(format!("{}/{name}", case.name));
            let n_bytes = case.bytes_per_voxel * volume.stored.len() as f64;
            group.throughput(Throughput::Bytes(n_bytes as u64));
            for level in Level::available() {
                let workers = at(level).with_pool(&pool);
                let found = (case.run)(volume, workers).bytes(volume);
                assert!(found == expected, "{}/{name}/{level} has another answer", case.name);
                group.bench_function(level.name(), |bencher| {
                    bencher.iter(|| black_box((case.run)(volume, workers)).give_back(&pool));
                });
            }
            group.finish();
        }
    }
    criterion.final_summary();
    Ok(())
}

/// An MR of a ball with a thick skin, in noise; 2 mm along each axis, of which none is a multiple of a
/// vector.
fn small_head() -> Parts {
    let extent = [101, 90, 77];
    let [ni, nj, nk] = extent;
    let from_centre = |at: usize| {
        let p = [at % ni, at / ni % nj, at / ni / nj];
        [0, 1, 2].map(|a| p[a] as f64 - (extent[a] - 1) as f64 / 2.0)
    };
    let radius = |at: usize| from_centre(at).iter().map(|v| v * v).sum::<f64>().sqrt();
    let n = ni * nj * nk;
    let head: Vec<u8> = (0..n).map(|at| u8::from(radius(at) < 33.0)).collect();
    let face = (0..n).map(|at| u8::from(radius(at) < 33.0 && from_centre(at)[1] < -12.0)).collect();
    let stored = (0..n).map(|at| {
        let noise = (at.wrapping_mul(2_654_435_761) >> 8) % 120;
        let tissue = if radius(at) < 26.0 { 600 } else { 350 * usize::from(head[at]) };
        (tissue + noise) as i16
    });
    let stored: Vec<i16> = stored.collect();
    let half: Map = [0, 1, 2].map(|a| [0, 1, 2, 3].map(|b| if a == b { 0.5 } else { 0.0 }));
    let turned = [[0.48, 0.1, 0.0, 1.0], [-0.1, 0.48, 0.05, 3.0], [0.0, -0.05, 0.5, 2.0]];
    Parts {
        extent,
        spacing_mm: [2.0; 3],
        is_ct: false,
        coarse: stored.iter().map(|&v| f32::from(v)).collect(),
        coarse_head: head.clone(),
        coarse_extent: extent,
        to_coarse: half,
        to_coarse_turned: turned,
        stored,
        head,
        face,
    }
}

//! Sampling where the axes of both grids are the same, up to scale, shift and direction: along `k`
//! once a plane, along `j` once a row, along `i` once a voxel.

use super::scalar::{Between, mix};

/// Whether each output axis runs along the source axis of its number.
pub(super) fn is_aligned(to_source: &[[f64; 4]; 3]) -> bool {
    (0..3).all(|a| (0..3).all(|b| a == b || to_source[a][b].abs() < 1e-9))
}

/// How output indices map to the source, axis by axis.
pub(crate) struct Aligned {
    scale: [f64; 3],
    shift: [f64; 3],
    extent: [usize; 3],
    along_i: Vec<Between>,
}

impl Aligned {
    /// `None` if an output axis does not run along the source axis of its number.
    pub(crate) fn of(
        to_source: &[[f64; 4]; 3],
        source_extent: [usize; 3],
        ni: usize,
    ) -> Option<Self> {
        let aligned = Self {
            scale: [0, 1, 2].map(|a| to_source[a][a]),
            shift: [0, 1, 2].map(|a| to_source[a][3]),
            extent: source_extent,
            along_i: Vec::new(),
        };
        let along_i = (0..ni).map(|i| Between::of(aligned.index(0, i), source_extent[0])).collect();
        is_aligned(to_source).then_some(Self { along_i, ..aligned })
    }

    /// The source index of an output index along one axis.
    pub(crate) fn index(&self, axis: usize, at: usize) -> f64 {
        self.scale[axis] * at as f64 + self.shift[axis]
    }

    /// The plane of the source that output plane `k` samples.
    #[inline(always)]
    pub(crate) fn plane(&self, source: &[f32], k: usize, plane: &mut Vec<f32>) {
        let between = Between::of(self.index(2, k), self.extent[2]);
        mix_parts(source, self.extent[0] * self.extent[1], between, plane);
    }

    /// The row of such a plane that output row `j` samples.
    #[inline(always)]
    pub(crate) fn row(&self, plane: &[f32], j: usize, row: &mut Vec<f32>) {
        let between = Between::of(self.index(1, j), self.extent[1]);
        mix_parts(plane, self.extent[0], between, row);
    }

    /// The samples of such a row.
    #[inline(always)]
    pub(crate) fn samples(&self, row: &[f32], values: &mut [f32]) {
        for (value, at) in values.iter_mut().zip(&self.along_i) {
            *value = mix(row[at.low], row[at.low + at.step], at.weight);
        }
    }
}

/// The part between two of `values`, each `len` long.
#[inline(always)]
fn mix_parts(values: &[f32], len: usize, between: Between, mixed: &mut Vec<f32>) {
    let low = &values[between.low * len..][..len];
    let high = &values[(between.low + between.step) * len..][..len];
    mixed.clear();
    mixed.extend(low.iter().zip(high).map(|(&a, &b)| mix(a, b, between.weight)));
}

/// Values, their extent, and the map to them.
type Reordered = (Vec<f32>, [usize; 3], [[f64; 4]; 3]);

/// A source with its axes in the order of the output's, where they run along them in another
/// order.
pub(crate) fn reordered(
    source: &[f32],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
) -> Option<Reordered> {
    let along = |b: usize| (0..3).find(|&a| to_source[a][b].abs() >= 1e-9);
    let axes = [along(0)?, along(1)?, along(2)?];
    let is_other_order = axes != [0, 1, 2] && (0..3).all(|a| axes.contains(&a));
    let map = axes.map(|a| to_source[a]);
    let new_extent = axes.map(|a| extent[a]);
    if !is_other_order || Aligned::of(&map, new_extent, 0).is_none() {
        return None;
    }
    let strides = [1, extent[0], extent[0] * extent[1]];
    let [si, sj, sk] = axes.map(|a| strides[a]);
    let mut values = Vec::with_capacity(source.len());
    for k in 0..new_extent[2] {
        for j in 0..new_extent[1] {
            let start = j * sj + k * sk;
            values.extend((0..new_extent[0]).map(|i| source[start + i * si]));
        }
    }
    Some((values, new_extent, map))
}

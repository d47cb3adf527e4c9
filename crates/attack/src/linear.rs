//! Small linear problems.

/// Solves `a x = b` for a symmetric positive matrix, row after row, by Cholesky's factors; a tiny
/// ridge keeps columns that depend on each other apart.
#[must_use]
pub(crate) fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    let trace: f64 = (0..n).map(|i| a[i * n + i]).sum();
    let ridge = 1e-9 * trace / n as f64 + f64::MIN_POSITIVE;
    for i in 0..n {
        a[i * n + i] += ridge;
        for j in 0..=i {
            let products: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - products;
            a[i * n + j] = if i == j { rest.max(ridge).sqrt() } else { rest / a[j * n + j] };
        }
    }
    for i in 0..n {
        let known: f64 = (0..i).map(|k| a[i * n + k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * n + i];
    }
    b
}

/// Takes out of `map` what is best explained, in the sense of least squares, by a sum of `modes`;
/// cells where any of them is not known become unknown.
pub(crate) fn take_out<const N: usize>(map: &mut [f32], modes: &[Vec<f32>; N]) {
    let value = |n: usize, at: usize| f64::from(modes[n][at]);
    let is_known = |at: usize| modes.iter().all(|mode| mode[at].is_finite());
    let (mut a, mut b) = (vec![0.0; N * N], vec![0.0; N]);
    for at in (0..map.len()).filter(|&at| map[at].is_finite() && is_known(at)) {
        for i in 0..N {
            b[i] += value(i, at) * f64::from(map[at]);
            (0..N).for_each(|j| a[i * N + j] += value(i, at) * value(j, at));
        }
    }
    let shares = solve(a, b);
    for (at, cell) in map.iter_mut().enumerate() {
        let explained: f64 = (0..N).map(|n| shares[n] * value(n, at)).sum();
        *cell -= explained as f32;
    }
}

/// The directions in which rows vary most, and how much: principal components.
#[derive(Debug, Clone)]
pub(crate) struct Components {
    pub(crate) mean: Vec<f64>,
    /// Of length 1, and at right angles to each other.
    axes: Vec<Vec<f64>>,
    /// The deviation of the rows along each axis.
    deviations: Vec<f64>,
}

impl Components {
    /// The first `n_axes` components of rows, fewer where rows do not vary; what is no number counts
    /// as the mean of its column.
    ///
    /// By orthogonal iteration on the products of rows (Golub and Van Loan, Matrix Computations,
    /// section 8.2.4), from a fixed start.
    pub(crate) fn of(rows: &[&[f32]], n_axes: usize) -> Self {
        const N_ITERATIONS: usize = 40;
        let (n, width) = (rows.len(), rows.first().map_or(0, |row| row.len()));
        let column = |at: usize| {
            let known = rows.iter().map(|row| f64::from(row[at])).filter(|v| v.is_finite());
            let (sum, n) = known.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
            if n > 0.0 { sum / n } else { 0.0 }
        };
        let mean: Vec<f64> = (0..width).map(column).collect();
        let centred: Vec<Vec<f64>> = rows.iter().map(|row| centred(row, &mean)).collect();
        let mut products = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let product = dot(&centred[i], &centred[j]);
                products[i * n + j] = product;
                products[j * n + i] = product;
            }
        }
        let start =
            |axis: usize| (0..n).map(move |i| ((i * (axis + 3)) as f64 * 0.7).sin()).collect();
        let mut shares: Vec<Vec<f64>> = (0..n_axes.min(n)).map(start).collect();
        for _ in 0..N_ITERATIONS {
            for share in &mut shares {
                *share = (0..n).map(|i| dot(&products[i * n..][..n], share)).collect();
            }
            straighten(&mut shares);
        }
        let mut components = Self { mean, axes: Vec::new(), deviations: Vec::new() };
        for share in &shares {
            let along = |at: usize| centred.iter().zip(share).map(|(row, s)| row[at] * s).sum();
            let axis: Vec<f64> = (0..width).map(along).collect();
            let length = dot(&axis, &axis).sqrt();
            let deviation = length / (n as f64).sqrt();
            // The rest is what rounding leaves.
            let first = components.deviations.first().copied().unwrap_or(deviation);
            if deviation > 0.0 && deviation > 1e-3 * first {
                components.axes.push(axis.iter().map(|v| v / length).collect());
                components.deviations.push(deviation);
            }
        }
        components
    }

    /// Where a row lies along each axis, in deviations.
    pub(crate) fn scores(&self, row: &[f32]) -> Vec<f64> {
        let row = centred(row, &self.mean);
        self.axes.iter().zip(&self.deviations).map(|(axis, d)| dot(&row, axis) / d).collect()
    }

    /// The row that lies there.
    pub(crate) fn row(&self, scores: &[f64]) -> Vec<f64> {
        let mut row = self.mean.clone();
        for ((axis, deviation), score) in self.axes.iter().zip(&self.deviations).zip(scores) {
            row.iter_mut().zip(axis).for_each(|(v, a)| *v += a * deviation * score);
        }
        row
    }
}

/// Turns vectors at right angles to those before them and to length 1 (Gram and Schmidt), twice: what
/// the first time leaves of a vector that depends on others may be rounding.
fn straighten(vectors: &mut [Vec<f64>]) {
    for n in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(n);
        let own = &mut rest[0];
        for _ in 0..2 {
            for other in before.iter() {
                let along = dot(own, other);
                own.iter_mut().zip(other).for_each(|(v, o)| *v -= along * *o);
            }
            let length = dot(own, own).sqrt().max(f64::MIN_POSITIVE);
            own.iter_mut().for_each(|v| *v /= length);
        }
    }
}

fn centred(row: &[f32], mean: &[f64]) -> Vec<f64> {
    let rest = |(v, m): (&f32, &f64)| if v.is_finite() { f64::from(*v) - m } else { 0.0 };
    row.iter().zip(mean).map(rest).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// A linear map from scores to scores, fitted by ridge regression (Hoerl and Kennard, 1970,
/// doi:10.1080/00401706.1970.10488634).
#[derive(Debug, Clone)]
pub(crate) struct Ridge {
    /// For each output the weight of each input.
    weights: Vec<Vec<f64>>,
}

impl Ridge {
    /// Fits `outputs` to `inputs`, both of mean 0; `strength` is that of the ridge, in variances of an
    /// input.
    pub(crate) fn fit(inputs: &[Vec<f64>], outputs: &[Vec<f64>], strength: f64) -> Self {
        let (n_in, n_out) =
            (inputs.first().map_or(0, Vec::len), outputs.first().map_or(0, Vec::len));
        let mut a = vec![0.0; n_in * n_in];
        for row in inputs {
            for i in 0..n_in {
                (0..n_in).for_each(|j| a[i * n_in + j] += row[i] * row[j]);
            }
        }
        (0..n_in).for_each(|i| a[i * n_in + i] += strength * inputs.len() as f64);
        let weights = |output: usize| {
            let rows = || inputs.iter().zip(outputs);
            let along = |i: usize| rows().map(|(x, y)| x[i] * y[output]).sum();
            solve(a.clone(), (0..n_in).map(along).collect())
        };
        Self { weights: (0..n_out).map(weights).collect() }
    }

    pub(crate) fn predict(&self, input: &[f64]) -> Vec<f64> {
        self.weights.iter().map(|weights| dot(weights, input)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_solves() {
        let a = vec![4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 5.0];
        let x = solve(a.clone(), vec![1.0, -2.0, 0.5]);
        for (i, wanted) in [1.0, -2.0, 0.5].into_iter().enumerate() {
            assert!((dot(&a[3 * i..][..3], &x) - wanted).abs() < 1e-6);
        }
    }

    /// Forty rows of eight columns that vary along two directions, the first more.
    fn rows() -> Vec<Vec<f32>> {
        let row = |n: usize| {
            let (u, v) = ((n as f32 * 2.4).sin() * 5.0, (n as f32 * 1.7).cos());
            (0..8).map(|at| 3.0 + if at < 4 { u } else { v }).collect()
        };
        (0..40).map(row).collect()
    }

    #[test]
    fn components_are_where_rows_vary() {
        let rows = rows();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let components = Components::of(&rows, 5);
        assert_eq!(components.axes.len(), 2);
        assert!(
            components.deviations[0] > 3.0 * components.deviations[1],
            "{:?}",
            components.deviations
        );
        for row in rows {
            let back = components.row(&components.scores(row));
            assert!(back.iter().zip(row).all(|(b, r)| (b - f64::from(*r)).abs() < 1e-4));
        }
    }

    #[test]
    fn ridge_finds_a_linear_map_and_a_strong_one_the_mean() {
        let inputs: Vec<Vec<f64>> =
            (0..50).map(|n| vec![(f64::from(n) * 0.9).sin(), (f64::from(n) * 2.3).cos()]).collect();
        let outputs: Vec<Vec<f64>> = inputs.iter().map(|x| vec![2.0 * x[0] - x[1]]).collect();
        let found = Ridge::fit(&inputs, &outputs, 1e-6).predict(&[1.0, 1.0]);
        assert!((found[0] - 1.0).abs() < 1e-3, "{found:?}");
        let shrunk = Ridge::fit(&inputs, &outputs, 1e6).predict(&[1.0, 1.0]);
        assert!(shrunk[0].abs() < 1e-3, "{shrunk:?}");
    }
}

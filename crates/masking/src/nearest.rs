use volume::{Affine, Mask};

/// The voxels of a coarse grid that are nearest to those of a mask.
pub(crate) struct Nearest {
    extent: [usize; 3],
    to_coarse: Affine,
    /// Where rows of the mask run along an axis of the coarse grid, and all alike.
    alike: Option<Alike>,
}

impl Nearest {
    /// `to_coarse` leads from voxel indices of a mask, `n_along` voxels a row, to those of a grid of
    /// `extent`.
    pub(crate) fn new(to_coarse: Affine, extent: [usize; 3], n_along: usize) -> Self {
        Self { extent, to_coarse, alike: Alike::of(&to_coarse, extent, n_along) }
    }

    /// Calls `visit(i, n, voxel)` for voxels `[i..i + n, j, k]` of the mask that share a nearest voxel,
    /// `voxel` among those of the coarse grid, `i` fastest.
    pub(crate) fn for_each_in_row(
        &self,
        mask: &Mask,
        [j, k]: [usize; 2],
        mut visit: impl FnMut(usize, usize, usize),
    ) {
        let words = mask.row(j, k);
        if words.iter().all(|&word| word == 0) {
            return;
        }
        if let Some(alike) = &self.alike {
            let line = self.coarse_line(alike, [j, k]);
            let stride = strides(self.extent)[alike.axis];
            for_each_stretch(words, |mut i, end| {
                while i < end {
                    let (cell, end_of_cell) = alike.cells[i];
                    let n = (end_of_cell as usize).min(end) - i;
                    visit(i, n, line + cell as usize * stride);
                    i += n;
                }
            });
            return;
        }
        // Where each coordinate changes by itself, a voxel is sooner asked than how long none changes.
        let start = self.start([j, k]);
        let step = self.to_coarse.column(0);
        let strides = strides(self.extent);
        let voxel = |i: usize| {
            let along = (0..3).map(|a| cell(start[a], step[a], self.extent[a], i) * strides[a]);
            along.sum::<usize>()
        };
        for_each_stretch(words, |first, end| {
            let (mut from, mut open) = (first, voxel(first));
            for i in first + 1..end {
                let next = voxel(i);
                if next != open {
                    visit(from, i - from, open);
                    (from, open) = (i, next);
                }
            }
            visit(from, end - from, open);
        });
    }

    /// Calls `visit(n, voxel)` for plane `k` of the mask: `n` voxels of it have the nearest voxel `voxel` among
    /// those of the coarse grid. It may come to a voxel more than once.
    pub(crate) fn for_each_in_plane(
        &self,
        mask: &Mask,
        k: usize,
        mut visit: impl FnMut(usize, usize),
    ) {
        let nj = mask.grid().extent[1];
        let Some(alike) = &self.alike else {
            (0..nj).for_each(|j| self.for_each_in_row(mask, [j, k], |_, n, voxel| visit(n, voxel)));
            return;
        };
        // Rows that lie along the same line of coarse voxels are counted together.
        let mut tally = Tally::new(alike.cells.len());
        let stride = strides(self.extent)[alike.axis];
        let mut open = None;
        for j in 0..nj {
            let words = mask.row(j, k);
            if words.iter().all(|&word| word == 0) {
                continue;
            }
            let line = self.coarse_line(alike, [j, k]);
            if let Some(open) = open.replace(line).filter(|open| *open != line) {
                tally.drain(alike, |n, cell| visit(n, open + cell * stride));
            }
            for_each_stretch(words, |first, end| tally.add(alike, first, end));
        }
        if let Some(open) = open {
            tally.drain(alike, |n, cell| visit(n, open + cell * stride));
        }
    }

    /// Where the first voxel of a row of the mask lies in the coarse grid, from the border of its voxels.
    fn start(&self, [j, k]: [usize; 2]) -> [f64; 3] {
        self.to_coarse.apply([0.0, j as f64, k as f64]).map(|v| v + 0.5)
    }

    /// The voxel of the coarse grid in which the line along which a row of the mask lies begins.
    fn coarse_line(&self, alike: &Alike, [j, k]: [usize; 2]) -> usize {
        let start = self.start([j, k]);
        let step = self.to_coarse.column(0);
        let across = (0..3).filter(|a| *a != alike.axis);
        let across =
            across.map(|a| cell(start[a], step[a], self.extent[a], 0) * strides(self.extent)[a]);
        across.sum()
    }

    /// Where voxel `index` of the mask lies in the coarse grid.
    pub(crate) fn place(&self, index: [usize; 3]) -> [f64; 3] {
        self.to_coarse.apply(index.map(|v| v as f64))
    }
}

/// By how much the number of a voxel grows along each axis.
fn strides([ni, nj, _]: [usize; 3]) -> [usize; 3] {
    [1, ni, ni * nj]
}

/// Calls `work(first, end)` for the stretches of set bits of a row, ended at the latest by each word's end.
fn for_each_stretch(words: &[u64], mut work: impl FnMut(usize, usize)) {
    for (at, &word) in words.iter().enumerate() {
        let mut rest = word;
        while rest != 0 {
            let first = rest.trailing_zeros();
            let n_set = (rest >> first).trailing_ones();
            let end = first + n_set;
            rest &= u64::MAX.checked_shl(end).unwrap_or(0);
            work(at * 64 + first as usize, at * 64 + end as usize);
        }
    }
}

/// Whether a number is 0, of either sign.
pub(crate) fn is_zero(v: f64) -> bool {
    v.to_bits() << 1 == 0
}

/// What is the same for all rows of a mask.
struct Alike {
    /// The axis of the coarse grid along which they run.
    axis: usize,
    /// For each voxel along a row the voxel along that axis, and the first of this row that has
    /// another.
    cells: Vec<(u32, u32)>,
    /// For each voxel along a row the first that lies in its cell.
    starts: Vec<u32>,
}

impl Alike {
    /// `None` where rows are turned, or do not all begin at the same place.
    fn of(to_coarse: &Affine, extent: [usize; 3], n_along: usize) -> Option<Self> {
        let mut axes = (0..3).filter(|&a| !is_zero(to_coarse.0[a][0]));
        let (axis, None) = (axes.next()?, axes.next()) else { return None };
        let [step, by_j, by_k, _] = to_coarse.0[axis];
        let extent = extent[axis];
        let fits = u32::try_from(extent.max(n_along)).is_ok();
        if !(is_zero(by_j) && is_zero(by_k) && fits) {
            return None;
        }
        let start = to_coarse.apply([0.0; 3])[axis] + 0.5;
        let cell = |i: usize| cell(start, step, extent, i) as u32;
        let mut cells = vec![(0, n_along as u32); n_along];
        for i in (0..n_along).rev() {
            let next = cells.get(i + 1).copied();
            let own = cell(i);
            let end = match next {
                Some((other, end)) if other == own => end,
                _ => i as u32 + 1,
            };
            cells[i] = (own, end);
        }
        let mut starts = Vec::with_capacity(n_along);
        for i in 0..n_along {
            let before = i.checked_sub(1).filter(|&before| cells[before].1 as usize > i);
            starts.push(before.map_or(i as u32, |before| starts[before]));
        }
        Some(Self { axis, cells, starts })
    }
}

/// How many voxels of some rows of a mask lie in each cell of one line of the coarse grid. A cell is named
/// by the first voxel of a row in it.
struct Tally {
    /// Voxels of stretches that hold a part of the cell.
    parts: Vec<u32>,
    /// Stretches that hold all of it, and of all cells up to the next entry: by how many more than before.
    wholes: Vec<i32>,
}

impl Tally {
    fn new(n_along: usize) -> Self {
        Self { parts: vec![0; n_along], wholes: vec![0; n_along + 1] }
    }

    /// Adds voxels `first..end` of a row.
    fn add(&mut self, alike: &Alike, first: usize, end: usize) {
        let (first_cell, last_cell) = (alike.starts[first], alike.starts[end - 1]);
        let end_of_first = alike.cells[first].1 as usize;
        if first_cell == last_cell {
            self.parts[first_cell as usize] += (end - first) as u32;
            return;
        }
        self.parts[first_cell as usize] += (end_of_first - first) as u32;
        self.parts[last_cell as usize] += (end - last_cell as usize) as u32;
        self.wholes[end_of_first] += 1;
        self.wholes[last_cell as usize] -= 1;
    }

    /// Calls `visit(n, cell)` for each cell that has any, `cell` along the line, and forgets them.
    fn drain(&mut self, alike: &Alike, mut visit: impl FnMut(usize, usize)) {
        let mut n_wholes = 0;
        let mut first = 0;
        while let Some(&(cell, end)) = alike.cells.get(first) {
            n_wholes += std::mem::take(&mut self.wholes[first]);
            let part = std::mem::take(&mut self.parts[first]) as usize;
            let n = part + n_wholes as usize * (end as usize - first);
            if n > 0 {
                visit(n, cell as usize);
            }
            first = end as usize;
        }
    }
}

/// The coordinate of the coarse grid, of `extent` voxels, at voxel `i` of a row that begins at `start`.
fn cell(start: f64, step: f64, extent: usize, i: usize) -> usize {
    // By way of a signed number: of what cannot be negative the processor makes one at once.
    (start + i as f64 * step).clamp(0.0, extent as f64 - 1.0) as i64 as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::Grid;

    /// Every voxel of the mask is visited once, in order, with the voxel of its rounded place; in planes as many
    /// of each as in rows.
    fn check(to_coarse: Affine, extent: [usize; 3], is_set: impl Fn(usize) -> bool) {
        let grid = Grid { extent: [200, 5, 4], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let nearest = Nearest::new(to_coarse, extent, 200);
        let mut mask = Mask::empty(grid);
        (0..200).filter(|&i| is_set(i)).for_each(|i| mask.set([i, 2, 3]));
        let mut visited = Vec::new();
        nearest.for_each_in_row(&mask, [2, 3], |first, n, voxel| {
            for i in first..first + n {
                let place = nearest.place([i, 2, 3]);
                let [a, b, c] =
                    [0, 1, 2].map(|a| (place[a] + 0.5).clamp(0.0, extent[a] as f64 - 1.0) as usize);
                assert_eq!(voxel, a + extent[0] * (b + extent[1] * c), "{i} of {first} and {n}");
                visited.push(i);
            }
        });
        assert!(visited.into_iter().eq((0..200).filter(|&i| is_set(i))));
        let mut counts = [vec![0; extent.iter().product()], vec![0; extent.iter().product()]];
        (0..5).for_each(|j| {
            (0..200).filter(|&i| is_set(i + 3 * j)).for_each(|i| mask.set([i, j, 3]));
            nearest.for_each_in_row(&mask, [j, 3], |_, n, voxel| counts[0][voxel] += n);
        });
        nearest.for_each_in_plane(&mask, 3, |n, voxel| counts[1][voxel] += n);
        assert_eq!(counts[0], counts[1]);
    }

    #[test]
    fn is_the_voxel_of_the_rounded_place_and_never_outside() {
        for angle in [0.0, 0.3, 1.2, 2.5, 4.0] {
            for mm in [0.11, 0.4, 1.0, 2.7] {
                let (c, s) = (f64::cos(angle) * mm, f64::sin(angle) * mm);
                let turned =
                    Affine([[c, -s, 0.0, 3.213], [s, c, 0.1, 1.317], [0.01 * s, 0.0, mm, 0.123]]);
                check(turned, [20, 9, 2], |_| true);
                check(turned, [60, 90, 5], |i| i % 7 != 3 && !(60..70).contains(&i));
            }
        }
        let halves = Affine::axis_aligned([0.5, 0.5, 0.5], [-2.0, 0.0, 0.0]);
        check(halves, [40, 9, 9], |i| i > 2);
        for mm in [-0.7, -0.2, 0.203_125, 0.5, 1.0, 3.1] {
            let straight = Affine::axis_aligned([mm, 0.4, -1.1], [10.3, 1.0, 5.0]);
            assert!(Nearest::new(straight, [40, 9, 9], 200).alike.is_some());
            check(straight, [40, 9, 9], |i| i % 17 != 4);
            let [first, second, third] = straight.0;
            let other_order = Affine([third, first, second]);
            assert!(Nearest::new(other_order, [9, 40, 9], 200).alike.is_some());
            check(other_order, [9, 40, 9], |i| i % 17 != 4);
        }
    }
}

use std::ops::Range;

use crate::Scan;

/// Whether all that is no voxel, headers and what lies between and behind, has the same bytes in
/// both scans.
#[must_use]
pub fn same_around_voxels(one: &Scan, other: &Scan) -> bool {
    one.volume.n_planes() == other.volume.n_planes()
        && one.volume.buffers().len() == other.volume.buffers().len()
        && {
            let [of_one, of_other] = [one, other].map(|scan| scan.volume.planes_by_buffer());
            let mut planes = of_one.iter().zip(&of_other).enumerate();
            planes.all(|(n, (a, b))| {
                let whole = |scan: &Scan| 0..scan.volume.buffers()[n].len();
                around_voxels(one, n, a, whole(one)) == around_voxels(other, n, b, whole(other))
            })
        }
}

/// The stretches of a `range` of a buffer that are not under one of its planes, all of which lie in it.
pub(crate) fn around_voxels<'a>(
    scan: &'a Scan,
    buffer: usize,
    planes: &[usize],
    range: Range<usize>,
) -> Vec<&'a [u8]> {
    let bytes = &scan.volume.buffers()[buffer];
    let [ni, nj, _] = scan.volume.grid().extent;
    let plane_bytes = ni * nj * scan.volume.stored_type().n_bytes();
    let mut offsets: Vec<usize> = planes.iter().map(|&p| scan.volume.plane_at(p).offset).collect();
    offsets.sort_unstable();
    let mut around = Vec::new();
    let mut end = range.start;
    for offset in offsets {
        around.push(&bytes[end..offset.max(end)]);
        end = offset + plane_bytes;
    }
    around.push(&bytes[end..range.end.max(end)]);
    around
}

use crate::Scan;

/// Whether all that is no voxel, headers and what lies between and behind, has the same bytes in
/// both scans.
#[must_use]
pub fn same_around_voxels(one: &Scan, other: &Scan) -> bool {
    one.volume.n_planes() == other.volume.n_planes()
        && one.volume.buffers().len() == other.volume.buffers().len()
        && (0..one.volume.buffers().len()).all(|n| around_voxels(one, n) == around_voxels(other, n))
}

/// The stretches of a buffer that are not under a plane.
fn around_voxels(scan: &Scan, buffer: usize) -> Vec<&[u8]> {
    let bytes = &scan.volume.buffers()[buffer];
    let [ni, nj, _] = scan.volume.grid().extent;
    let plane_bytes = ni * nj * scan.volume.stored_type().n_bytes();
    let places = (0..scan.volume.n_planes()).map(|p| scan.volume.plane_at(p));
    let mut offsets: Vec<usize> =
        places.filter(|at| at.buffer == buffer).map(|at| at.offset).collect();
    offsets.sort_unstable();
    let mut around = Vec::new();
    let mut end = 0;
    for offset in offsets {
        around.push(&bytes[end..offset.max(end)]);
        end = offset + plane_bytes;
    }
    around.push(&bytes[end..]);
    around
}

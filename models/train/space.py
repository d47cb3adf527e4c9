"""From a scan to the network's input: the reference that the Rust program must reproduce to 1e-4.

Arrays are `[i, j, k]` of the scan or `[R, A, S]` of the network's grid; affines map voxel indices to
RAS mm.
"""
import nibabel
import numpy as np

from . import classes

LEAN = np.float32(0.7)
"""Added by the program to the logits of all that is removed, before the largest is taken."""

GRID = (96, 128, 128)
MM = 2.0


def load(path):
    """First volume of a NIfTI file as float32, without NaN, and its affine."""
    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj)
    while values.ndim > 3:
        values = values[..., 0]
    return np.nan_to_num(values.astype(np.float32)), image.affine.astype(np.float64)


def block_mean(values, affine):
    """Means over blocks of floor(2 mm / voxel size) voxels, at least 1, along each axis.

    Voxels at the end of an axis that make no whole block are dropped.
    """
    size = np.sqrt((affine[:3, :3] ** 2).sum(0))
    n = np.minimum(np.maximum(1, np.floor(MM / size + 1e-3).astype(int)), values.shape)
    k = np.array(values.shape) // n
    values = values[: k[0] * n[0], : k[1] * n[1], : k[2] * n[2]].astype(np.float32)
    values = values.reshape(k[0], n[0], k[1], n[1], k[2], n[2]).mean((1, 3, 5), dtype=np.float32)
    step = np.eye(4)
    step[:3, :3] = np.diag(n)
    step[:3, 3] = (n - 1) / 2
    return values, affine @ step


def sample(values, affine, origin, spacing_mm, shape, order=1):
    """Trilinear (order 1) or nearest (order 0) values on an upright RAS grid, and what lies inside.

    A voxel is inside if its index is within -0.5..n-0.5 along every axis.
    """
    inverse = np.linalg.inv(affine)
    at = [np.arange(n) * spacing_mm + o for n, o in zip(shape, origin)]
    index = [
        (inverse[a, 0] * at[0])[:, None, None] + (inverse[a, 1] * at[1])[None, :, None]
        + (inverse[a, 2] * at[2])[None, None, :] + inverse[a, 3]
        for a in range(3)
    ]
    inside = np.ones(shape, bool)
    for i, n in zip(index, values.shape):
        inside &= (i >= -0.5) & (i <= n - 0.5)
    index = [np.clip(i, 0, n - 1) for i, n in zip(index, values.shape)]
    if order == 0:
        return values[tuple(np.rint(i).astype(np.int64) for i in index)], inside
    low = [np.minimum(np.floor(i).astype(np.int64), max(n - 2, 0)) for i, n in zip(index, values.shape)]
    part = [(i - l).astype(np.float32) for i, l in zip(index, low)]
    out = np.zeros(shape, np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.ones(shape, np.float32)
        for c, p in zip(corner, part):
            weight = weight * (p if c else 1 - p)
        out += weight * values[tuple(np.minimum(l + c, n - 1) for l, c, n in zip(low, corner, values.shape))]
    return out, inside


def limits(values, inside):
    """Values after the CT rule, and their 1st and 99.5th percentile inside the scan.

    CT rule: if the 0.1th percentile is below -500, clip to -1000..1000 first. A percentile is the
    element floor(q (n - 1)) of the sorted values.
    """
    ordered = np.sort(values[inside])
    if len(ordered) == 0:
        return values, 0.0, 0.0

    def percentile(q):
        return ordered[int(q * (len(ordered) - 1))]

    if percentile(0.001) < -500:
        values, ordered = np.clip(values, -1000, 1000), np.clip(ordered, -1000, 1000)
    return values, float(percentile(0.01)), float(percentile(0.995))


def place(values, affine, grid=GRID):
    """RAS origin, mm, of the network's grid on a scan: centred on the head.

    The head is what is brighter than a fifth of the way between the two limits, from 0.5 to 99.5 % of
    it along each axis, on a 4 mm sampling. Taller than 230 mm, its top lies 14 mm under the grid's.
    """
    last = [n - 0.5 for n in values.shape]
    corners = np.array([[i, j, k, 1] for i in (-0.5, last[0]) for j in (-0.5, last[1]) for k in (-0.5, last[2])])
    world = (corners @ affine.T)[:, :3]
    low, high = world.min(0) + 2, world.max(0)
    shape = np.maximum(1, np.floor((high - low) / 4).astype(int) + 1)
    x, inside = sample(values, affine, low, 4.0, shape)
    x, dark, bright = limits(x, inside)
    head = (x > dark + 0.2 * (bright - dark)) & inside
    centre = np.zeros(3)
    for axis in range(3):
        count = np.cumsum(head.sum(tuple(b for b in range(3) if b != axis)))
        total = max(int(count[-1]), 1)
        first = low[axis] + 4 * int(np.argmax(count * 200 >= total))
        end = low[axis] + 4 * int(np.argmax(count * 200 >= 199 * total))
        centre[axis] = (first + end) / 2
        if axis == 2 and end - first > 230:
            centre[axis] = end + 14 - grid[2] * MM / 2
    return centre - (np.array(grid) - 1) / 2 * MM


def network_input(values, affine, grid=GRID):
    """Input `[1, 1, R, A, S]`, RAS origin of its first voxel in mm, and the voxels inside the scan."""
    values, affine = block_mean(values, affine)
    origin = place(values, affine, grid)
    x, inside = sample(values, affine, origin, MM, tuple(grid))
    x, dark, bright = limits(x, inside)
    x = np.clip((x - dark) / (bright - dark), 0, 1) if bright > dark else np.zeros_like(x)
    return np.where(inside, x, 0).astype(np.float32)[None, None], origin, inside


def logits(session, x):
    """What the network says of an input: `[classes, R, A, S]`."""
    return whole(session.run(None, {"x": x})[0])


def called(found, lean=LEAN):
    """The likeliest class of each voxel of logits `[classes, R, A, S]`, leaning so far to what is removed."""
    by = np.zeros(len(classes.NAMES), np.float32)
    by[list(classes.REMOVED)] = lean
    return (found + by[:, None, None, None]).argmax(0).astype(np.uint8)


def whole(blocks):
    """`[classes, R, A, S]` of the network's output `[R/2, 8 classes, A/2, S/2]`.

    Of each class its channels hold the eight voxels of a block, S fastest.
    """
    r, n, a, s = blocks.shape
    y = blocks.reshape(r, n // 8, 2, 2, 2, a, s).transpose(1, 0, 2, 5, 3, 6, 4)
    return y.reshape(n // 8, 2 * r, 2 * a, 2 * s)

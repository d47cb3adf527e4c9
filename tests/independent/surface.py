"""The surface of a head, ray cast: the first point of each ray where the head begins, softly lit.

Arrays are [x, y, z] in RAS mm at 1 mm, x to the right, y to the front, z upwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage as ndi

STEP_MM = 1.0
PAD_MM = 6
SPECK_MM3 = 500


@dataclass
class Volume:
    """Real values on a RAS grid of 1 mm: voxel (i, j, k) lies at `origin` + (i, j, k) mm.

    inside: 1 in the scan, 0 outside, between them over 1 mm at its borders: float32 [x, y, z].
    """

    values: np.ndarray
    inside: np.ndarray
    origin: np.ndarray


@dataclass
class Look:
    """Colours, each RGB 0..1, of the ground, the skin and the surfaces that removal opened."""

    ground: tuple[float, float, float]
    skin: tuple[float, float, float]
    opened: tuple[float, float, float]
    rim: float


LIGHT = Look((0.965, 0.969, 0.973), (0.86, 0.78, 0.72), (0.47, 0.59, 0.68), 0.10)
DARK = Look((0.055, 0.063, 0.078), (0.86, 0.78, 0.72), (0.42, 0.57, 0.68), 0.35)

@dataclass
class Surface:
    """A head ready to be drawn. field: 0 in air, 1 inside, 0.5 at the surface, [x, y, z] at 1 mm.

    wide: the field, smoothed for normals; near, far: at 2 mm, smoothed by 2.5 and 7 mm, for shade
    in hollows; clear: at 2 mm, a distance in mm that a ray may safely travel.
    """

    field: np.ndarray
    wide: np.ndarray
    near: np.ndarray
    far: np.ndarray
    clear: np.ndarray


# Camera directions, from the head to the camera, RAS.
VIEWS = {
    "front": (0.0, 1.0, 0.05),
    "left 3/4": (-0.72, 0.68, 0.10),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
}


def to_ras(path: Path, like: Volume | None = None) -> Volume:
    """The first frame of a scan, smoothed by 1 mm and sampled on a RAS grid of 1 mm (that of `like`)."""
    image = nib.load(path)
    data = image.dataobj
    while len(data.shape) > 3:
        data = data[..., 0]
    data = np.nan_to_num(np.asarray(data, np.float32))
    spacing = np.linalg.norm(image.affine[:3, :3], axis=0)
    if like is None:
        ends = np.array([[0, n - 1] for n in data.shape])
        corners = np.array(np.meshgrid(*ends)).reshape(3, -1).T
        points = nib.affines.apply_affine(image.affine, corners)
        origin = np.floor(points.min(axis=0)) - PAD_MM
        extent = (np.ceil(points.max(axis=0)) + PAD_MM - origin + 1).astype(int)
    else:
        origin, extent = like.origin, np.array(like.values.shape)
    to_index = np.linalg.inv(image.affine)
    shift = to_index[:3, :3] @ origin + to_index[:3, 3]
    smooth = ndi.gaussian_filter(data, 0.8 / spacing)
    values = ndi.affine_transform(smooth, to_index[:3, :3], shift, tuple(extent), order=1, mode="nearest")
    inside = np.ones(extent, np.float32)
    x, y, z = (np.arange(n, dtype=np.float32) for n in extent)
    for axis, (turn, n) in enumerate(zip(to_index[:3, :3], data.shape)):
        index = (turn[0] * x)[:, None, None] + (turn[1] * y)[:, None] + turn[2] * z + np.float32(shift[axis])
        depth_mm = np.minimum(index + 0.5, n - 0.5 - index) * np.float32(spacing[axis])
        np.minimum(inside, np.clip(depth_mm + 0.5, 0, 1), out=inside)
    return Volume(values, inside, origin)


def crop(volume: Volume, low: np.ndarray, high: np.ndarray) -> Volume:
    """The part of a volume between two indices, the higher one not included."""
    part = tuple(slice(a, b) for a, b in zip(low, high))
    return Volume(volume.values[part], volume.inside[part], volume.origin + low)


def threshold(volume: Volume) -> tuple[np.ndarray | float, float]:
    """The value between air and skin, and air's own.

    CT: -400 and -1000 HU. Else 0.35 of the way from air to Otsu's threshold, lowered where the coil
    sees less: to 0.45 of the mean tissue within some 20 mm, but not into the noise; float32 [x, y, z].
    """
    part = volume.values[::2, ::2, ::2]
    values = part[volume.inside[::2, ::2, ::2] > 0.5]
    low, high = np.percentile(values, [1, 99.5])
    if low < -500:
        return -400.0, -1000.0
    counts, edges = np.histogram(np.clip(values, low, high), 256)
    middle = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (sums[-1] * below / below[-1] - sums) ** 2 / (below * (below[-1] - below))
    reach = middle[np.nanargmax(between)] - low
    dark = values[values < low + 0.35 * reach]
    noise = 1.48 * np.median(np.abs(dark - np.median(dark)))
    floor = min(max(0.12 * reach, np.median(dark) - low + 6 * noise), 0.35 * reach)
    few = np.maximum(volume.values[::4, ::4, ::4] - low, 0)
    tissue = (few > floor).astype(np.float32)
    mean = ndi.gaussian_filter(few * tissue, 5) / (ndi.gaussian_filter(tissue, 5) + 1e-3)
    level = np.clip(0.45 * mean, floor, 0.35 * reach) + max(low, 1e-6)
    zoom = np.array(volume.values.shape) / np.array(level.shape)
    return ndi.zoom(level, zoom, order=1, grid_mode=True, mode="nearest"), float(low)


def head_of(volume: Volume, level: np.ndarray | float, air: float) -> np.ndarray:
    """A smooth field, 0 in air, 1 inside the head, 0.5 at its surface: float32 [x, y, z]."""
    solid = ndi.binary_opening((volume.values > level) & (volume.inside > 0.5))
    labels, n = ndi.label(solid)
    if n == 0:
        return np.zeros(volume.values.shape, np.float32)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    solid = (sizes >= max(SPECK_MM3, 0.02 * sizes.max()))[labels]
    filled = fill_cavities(solid)
    field = np.clip((volume.values - air) / (2 * (level - air)), 0, 1)
    field[~ndi.binary_dilation(solid, iterations=2)] = 0
    field[ndi.binary_erosion(filled, iterations=2)] = 1
    return ndi.gaussian_filter((field * volume.inside).astype(np.float32), 1.0)


def box_of(volume: Volume, level: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest index of the largest piece above the level, to 4 mm."""
    level = level if np.isscalar(level) else level[::4, ::4, ::4]
    solid = (volume.values[::4, ::4, ::4] > level) & (volume.inside[::4, ::4, ::4] > 0.5)
    labels, n = ndi.label(ndi.binary_opening(solid))
    if n == 0:
        return np.zeros(3, int), np.array(volume.values.shape) - 1
    found = np.argwhere(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])) * 4
    return found.min(axis=0), found.max(axis=0) + 3


def fill_cavities(solid: np.ndarray) -> np.ndarray:
    """The solid with dark bone and brain inside filled: closed over 4 mm, then its holes filled."""
    small = ndi.zoom(solid, 0.5, order=0)
    small = np.pad(small, 3)
    closed = ndi.distance_transform_edt(~small) <= 2
    closed = ndi.binary_fill_holes(closed)
    closed = ndi.distance_transform_edt(closed) > 2
    closed = closed[3:-3, 3:-3, 3:-3]
    zoom = np.array(solid.shape) / np.array(closed.shape)
    return solid | ndi.zoom(closed, zoom, order=0, grid_mode=True, mode="nearest")


def surface_of(field: np.ndarray) -> Surface:
    """All that drawing needs of a field, computed once."""
    padded = np.pad(field, [(0, n % 2) for n in field.shape])
    small = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, -1, 2).mean(axis=(1, 3, 5))
    clear = ndi.distance_transform_edt(small < 0.1).astype(np.float32) * 2 - 2.5
    near, far = (ndi.gaussian_filter(small, sigma_mm / 2) for sigma_mm in (2.5, 7.0))
    return Surface(field, ndi.gaussian_filter(field, 1.0), near, far, clear)


def sample(values: np.ndarray, points: np.ndarray, mm: float = 1.0) -> np.ndarray:
    """Trilinear values at points [n, 3] in mm from the middle of voxel 0 of the 1 mm grid."""
    at = points if mm == 1.0 else (points - (mm - 1) / 2) / mm
    return ndi.map_coordinates(values, at.T, order=1, mode="nearest")


def render(
    surface: Surface, view: tuple[float, float, float], centre: np.ndarray, look: Look,
    size: tuple[int, int], mm: float, original: Surface | None = None,
) -> np.ndarray:
    """A picture [rows, columns, RGB] of floats 0..1, of `size` (columns, rows), `mm` a pixel.

    centre: index of the point in the middle of the picture.
    original: the head before removal; what lies deeper than its surface is painted as opened.
    """
    toward = np.array(view) / np.linalg.norm(view)
    right = np.cross((0, 0, 1), toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward, right)
    shown = (size[1], size[0])
    depth = first_hits(surface, eyes(centre, right, up, toward, shown, mm), -toward).reshape(shown)
    nearest = np.repeat(np.repeat(ndi.minimum_filter(depth, 5), 2, axis=0), 2, axis=1).ravel()
    starts = eyes(centre, right, up, toward, (2 * size[1], 2 * size[0]), mm / 2)
    rays = np.flatnonzero(np.isfinite(nearest))
    begin = nearest[rays] - 3
    depth = begin + first_hits(surface, starts[rays] - begin[:, None] * toward, -toward)
    hit = np.isfinite(depth)
    points = starts[rays[hit]] - depth[hit, None] * toward
    picture = np.tile(np.array(look.ground, np.float32), (len(starts), 1))
    picture[rays[hit]] = shade(surface, points, (right, up, toward), look, original)
    return picture.reshape(size[1], 2, size[0], 2, 3).mean(axis=(1, 3))


def eyes(
    centre: np.ndarray, right: np.ndarray, up: np.ndarray, toward: np.ndarray, shown: tuple[int, int], mm: float,
) -> np.ndarray:
    """Where rays start, 400 mm in front of `centre`: [rows * columns, 3], `shown` rows and columns."""
    rows, columns = shown
    u = (np.arange(columns) - (columns - 1) / 2) * mm
    v = ((rows - 1) / 2 - np.arange(rows)) * mm
    return (centre + u[None, :, None] * right + v[:, None, None] * up + 400 * toward).reshape(-1, 3)


def first_hits(surface: Surface, starts: np.ndarray, along: np.ndarray) -> np.ndarray:
    """How far each ray travels until it first meets 0.5, in mm: float [n], infinite where it does not."""
    field, clear = surface.field, surface.clear
    flat = clear.ravel()
    box = np.array(field.shape)
    enter, leave = np.zeros(len(starts)), np.full(len(starts), np.inf)
    for axis in range(3):
        step = along[axis] if abs(along[axis]) > 1e-9 else 1e-9
        walls = np.stack([-starts[:, axis] / step, (box[axis] - 1 - starts[:, axis]) / step])
        enter, leave = np.maximum(enter, walls.min(axis=0) + 0.01), np.minimum(leave, walls.max(axis=0) - 0.01)
    travelled, hit = enter, np.zeros(len(starts), bool)
    active = np.flatnonzero(enter < leave)
    while len(active):
        at = starts[active] + travelled[active, None] * along
        cell = (at / 2).astype(np.int32)
        gap = flat[(cell[:, 0] * clear.shape[1] + cell[:, 1]) * clear.shape[2] + cell[:, 2]]
        near = np.flatnonzero(gap < STEP_MM)
        met = np.zeros(len(active), bool)
        met[near] = sample(field, at[near]) >= 0.5
        hit[active[met]] = True
        active, gap = active[~met], gap[~met]
        travelled[active] += np.maximum(gap, STEP_MM)
        active = active[travelled[active] < leave[active]]
    found = np.flatnonzero(hit)
    low, high = travelled[found] - STEP_MM, travelled[found]
    for _ in range(4):
        middle = (low + high) / 2
        met = sample(field, starts[found] + middle[:, None] * along) >= 0.5
        low, high = np.where(met, low, middle), np.where(met, middle, high)
    depth = np.full(len(starts), np.inf)
    depth[found] = high
    return depth


def shade(
    surface: Surface, points: np.ndarray, frame: tuple[np.ndarray, np.ndarray, np.ndarray],
    look: Look, original: Surface | None,
) -> np.ndarray:
    """Colours [n, RGB] of surface points: soft key light, head light, rim, and shade in hollows."""
    steps = np.eye(3, dtype=np.float32)
    slopes = [sample(surface.wide, points - step) - sample(surface.wide, points + step) for step in steps]
    normals = np.stack(slopes, axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    right, up, toward = frame
    key = 0.55 * toward - 0.55 * right + 0.65 * up
    fill = 0.75 * toward + 0.65 * right + 0.05 * up
    lights = [(key, 0.62), (fill, 0.20), (toward, 0.20)]
    light = np.full(len(points), 0.07, np.float32)
    for direction, strength in lights:
        cosine = normals @ (direction / np.linalg.norm(direction))
        light += strength * np.clip((cosine + 0.25) / 1.25, 0, 1) ** 1.4
    near = sample(surface.near, points + 2.5 * normals, 2.0)
    far = sample(surface.far, points + 7.0 * normals, 2.0)
    light *= np.clip(1.30 - 0.75 * near, 0.35, 1.08) * np.clip(1.28 - 0.8 * far, 0.4, 1.08)
    colour = np.tile(np.array(look.skin, np.float32), (len(points), 1))
    if original is not None:
        depth = np.clip((sample(original.near, points, 2.0) - 0.72) / 0.2, 0, 1)[:, None]
        colour = colour * (1 - depth) + np.array(look.opened, np.float32) * depth
    facing = np.clip(normals @ toward, 0, 1)
    half = key / np.linalg.norm(key) + toward
    gloss = np.clip(normals @ (half / np.linalg.norm(half)), 0, 1) ** 24 * 0.08
    edge = look.rim * (1 - facing) ** 3
    lit = colour * light[:, None] + (gloss + edge)[:, None]
    return np.clip(lit, 0, 1) ** (1 / 1.25)

"""Label maps of nine or twelve classes to the classes of `classes.py`.

The maps that heads come with (`LABELS.md` beside them) have nine: 0 background, 1 brain, 2 eyes,
3 upper face, 4 nose, 5 cheeks, 6 mouth with chin, 7 ears, 8 rest. Mouth and chin, and scalp, neck
and the remainder, are told apart by `twelve`, by position in a head frame that the eyes and ears fix.

Where a face ends towards the hair and the ears, and how deep it reaches, no image shows: that is a
convention, and drawn by hand it differs by 3 to 5 mm from head to head. So `bounded` draws it anew on
every head, generated ones too, from what is well seen: the eyes, the middle of the brain and the skin. It
ends the ears at their depth as well.
Volumes are `[R, A, S]` at `MM`; positions are in mm.
"""
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from . import classes

MM = 1.5
"""Spacing of the heads trained on, along every axis."""

# The line from the ear canal to the globe rises above the Frankfurt horizontal by about this angle.
EAR_TO_EYE_DEGREES = 14.0
# Mouth ends at the labiomental fold, about this share of the way from subnasale to menton.
FOLD_SHARE = 0.55
# Subnasale to menton, as a multiple of nasion to subnasale, where the chin is not in the scan.
LOWER_FACE_TO_NOSE = 1.3
# The nine-class maps go on below the menton by this much.
BELOW_MENTON_MM = 8.0
SCALP_MM = 8.0

# The line from the middle of the brain to that between the eyes falls by about this angle below the
# Frankfurt horizontal.
BRAIN_TO_EYE_DEGREES = 20.5
# A brain of which more than this share lies at the end of the scan is cut, and its middle not known.
MOST_BRAIN_AT_END = 0.007
# From infant to adult: between the middles of the eyes, between the ears, and from the middle of the brain
# or the line between the ears forward to the eyes.
EYES_APART_MM, EARS_APART_MM, EYES_FORWARD_MM = (35.0, 90.0), (90.0, 210.0), (45.0, 125.0)
# The outline of a face, in degrees, seen from this far behind the middle of the eyes: its upper end, and
# half its width as a function of height, the mean of the heads drawn by hand, smoothed and made symmetric.
BEHIND_EYES_MM = 60.0
# That is for a grown head, whose eyes lie so far apart, or so far in front of the middle of the brain or of the
# line between the ears; a smaller one is seen from as much nearer as the larger of the two shares says.
GROWN_APART_MM, GROWN_FROM_BRAIN_MM, GROWN_FROM_EARS_MM = 58.0, 85.0, 67.0
HIGHEST_DEGREES = 39.0
HALF_WIDTH_DEGREES = ((-12.0, 90.0), (10.0, 74.0))
# Skin in MR is brighter than this share of the way from the least value to Otsu's threshold.
SKIN_SHARE = 0.35
# Bright voxels up to the first from a labelled head belong to it; labelled ones deeper than the second
# do however dark; nostrils, mouth and ear canals are closed by the third, mm.
NEAR_MM, SURE_MM, CLOSED_MM = 4.0, 3.0, 6.0
# Below this height a face ends where it was drawn, under the chin.
LOWEST_DEGREES = -45.0
# Skin within the outline that was not drawn as face is brow above this height, else cheek.
BROW_DEGREES = 5.0
# How deep behind the skin each soft part reaches; the brow, besides, no more than this share of the way
# to the brain.
DEPTH_MM = {classes.BROW: 10.0, classes.CHEEKS: 20.0, classes.MOUTH: 20.0, classes.CHIN: 20.0}
BROW_SHARE = 0.55
# And no soft part within this of it, but for skin up to as deep: a face beside what is wrongly called brain is
# still to be seen.
FACE_TO_BRAIN_MM = 4.0
# How deep behind the skin the ears reach.
EAR_DEPTH_MM = 9.0


@dataclass
class Frame:
    """Coordinates of every voxel in the head's own frame, mm: right, front, up; origin between the ears."""

    right: np.ndarray
    front: np.ndarray
    up: np.ndarray


def frame(nine):
    """The head's frame, from the middles of the eyes and the ears; ears out of view are guessed.

    `None` where the map has no two eyes.
    """
    eyes, ears = _pair(nine == 2, MM), _pair(nine == 7, MM)
    if eyes is None:
        return None
    middle = (eyes[0] + eyes[1]) / 2
    origin = middle + np.array([0.0, -78.0, -20.0]) if ears is None else (ears[0] + ears[1]) / 2
    axes = _axes(eyes, ears, middle - origin, -EAR_TO_EYE_DEGREES)
    return Frame(*_coordinates(nine.shape, MM, origin, axes))


def within(limits, vector):
    """Whether a vector's length lies within two limits."""
    return limits[0] <= np.linalg.norm(vector) <= limits[1]


def _axes(eyes, ears, ahead, raised_degrees):
    """Right, front and up of a head whose front lies that much above a direction `ahead`, about the axis of eyes and ears."""
    right = eyes[1] - eyes[0]
    if ears is not None:
        right = right + (ears[1] - ears[0])
    right = right / np.linalg.norm(right)
    ahead = ahead - right * (ahead @ right)
    ahead /= np.linalg.norm(ahead)
    above = np.cross(right, ahead)
    angle = np.radians(raised_degrees)
    front = np.cos(angle) * ahead + np.sin(angle) * above
    return right, front, np.cross(right, front)


def _coordinates(shape, mm, origin, axes):
    points = np.stack(np.meshgrid(*(np.arange(n) * mm for n in shape), indexing="ij"))
    points -= origin[:, None, None, None]
    return [np.tensordot(axis, points, 1).astype(np.float32) for axis in axes]


def _pair(mask, mm):
    """Middles of the left and the right half of a mask, mm; `None` if it has no two halves."""
    at = np.argwhere(mask).astype(float) * mm
    if len(at) * mm**3 < 135:
        return None
    split = at[:, 0].mean()
    left, right = at[at[:, 0] < split], at[at[:, 0] >= split]
    if min(len(left), len(right)) * mm**3 < 50 or split - left[:, 0].mean() < 15:
        return None
    return left.mean(0), right.mean(0)


def twelve(nine, extent):
    """The classes of `classes.py` for a nine-class map; `extent` is true where the scan has data."""
    out = np.full(nine.shape, classes.OTHER, np.uint8)
    for old, new in ((0, classes.BACKGROUND), (1, classes.BRAIN), (2, classes.EYES), (3, classes.BROW),
                     (4, classes.NOSE), (5, classes.CHEEKS), (6, classes.MOUTH), (7, classes.EARS)):
        out[nine == old] = new
    at = frame(nine)
    if at is None:
        return out
    out[(out == classes.MOUTH) & (at.up < _fold(nine, extent, at))] = classes.CHIN
    rest = nine == 8
    # From 15 mm below the menton to the nape below the occiput.
    neck = rest & (at.up < -42.0 - 0.42 * at.front)
    out[neck] = classes.NECK
    depth = ndimage.distance_transform_edt((nine > 0) | ~extent) * MM
    skin = rest & ~neck & (depth <= SCALP_MM)
    out[skin] = classes.SCALP
    return out


def on_skin(found, values, inside, mm=MM):
    """A map of classes whose head ends where the image's skin is, near where the map has it.

    The skin is where a CT has -400 HU, and other scans 0.35 of the way from their least value to Otsu's
    threshold, as in the maps that heads come with. `values` are real, `inside` is true in the scan.
    """
    labelled = found > 0
    near = ndimage.distance_transform_edt(~labelled) * mm <= NEAR_MM
    sure = ndimage.distance_transform_edt(labelled) * mm > SURE_MM
    head = largest((values > _skin_level(values[inside])) & near | sure)
    grown = ndimage.distance_transform_edt(~np.pad(head, 8)) * mm <= CLOSED_MM
    head |= (ndimage.distance_transform_edt(grown) * mm > CLOSED_MM)[8:-8, 8:-8, 8:-8]
    # Plane by plane, for an airway that the scan cuts open.
    head = np.stack([ndimage.binary_fill_holes(plane) for plane in np.moveaxis(head, 2, 0)], 2) & inside
    nearest = ndimage.distance_transform_edt(~labelled, return_distances=False, return_indices=True)
    return np.where(head, found[tuple(nearest)], classes.BACKGROUND).astype(np.uint8)


def largest(mask):
    """The largest part of a mask, over faces."""
    numbers, n = ndimage.label(mask)
    return numbers == 1 + np.argmax(np.bincount(numbers.ravel())[1:]) if n else mask


def _skin_level(values, bins=256):
    if np.quantile(values, 0.001) < -500:
        return -400.0
    counts, edges = np.histogram(values, bins)
    middle = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middle)[:-1]
    total, whole = counts.sum(), (counts * middle).sum()
    between = (whole * below / total - sums) ** 2 / np.maximum(below * (total - below), 1)
    return edges[0] + SKIN_SHARE * (edges[1 + np.argmax(between)] - edges[0])


def drawn(found, values, inside, mm=MM):
    """What the program draws of classes that were found in an image: `on_skin`, then `bounded`."""
    return bounded(on_skin(found, values, inside, mm), inside, mm)


def bounded(found, extent, mm=MM):
    """A map of twelve classes with the soft parts of its face drawn anew, from `DEPTH_MM` on, and ears cut to their depth.

    What the face is made of stays as it was drawn: brain, eyes, nose and the outline of the ears, and which part
    of the face each place of the skin belongs to. A map without two eyes is given back as it is.
    """
    at = _sight(found, extent, mm)
    if at is None:
        return found
    sideways, height = at
    outline = (sideways <= np.interp(height, *zip(*HALF_WIDTH_DEGREES))) & (height <= HIGHEST_DEGREES)
    low, head, soft = height < LOWEST_DEGREES, found > 0, np.isin(found, list(DEPTH_MM))
    # A face in which the scan ends in front has its skin there.
    air = np.where(extent, ~head, outline & ~low & np.maximum.accumulate(extent, 1))
    behind = found[tuple(ndimage.distance_transform_edt(~head, return_distances=False, return_indices=True))]
    # Behind eyes, nose and ears nothing is added; what was no face becomes brow or cheek.
    part = np.where(np.isin(behind, classes.REMOVED), behind, np.where(height >= BROW_DEGREES, classes.BROW, classes.CHEEKS))
    part = np.where(outline & (~low | np.isin(behind, classes.REMOVED)), part, classes.BACKGROUND)
    depth = ndimage.distance_transform_edt(~air) * mm
    brain = found == classes.BRAIN
    to_brain = ndimage.distance_transform_edt(~brain) * mm if brain.any() else np.full(found.shape, np.inf)
    out = np.where(soft, np.where(depth <= SCALP_MM, classes.SCALP, classes.OTHER), found).astype(np.uint8)
    # Behind the end of a scan that cuts an ear as behind its skin.
    ends = extent & ~ndimage.binary_erosion(extent)
    out[(out == classes.EARS) & (ndimage.distance_transform_edt(~(air | ends)) * mm > EAR_DEPTH_MM)] = classes.OTHER
    can_be = np.isin(out, (classes.SCALP, classes.OTHER, classes.NECK))
    can_be &= (to_brain >= FACE_TO_BRAIN_MM) | (depth <= FACE_TO_BRAIN_MM)
    for name, most in DEPTH_MM.items():
        skin = air & (part == name)
        if skin.any():
            is_part = can_be & (ndimage.distance_transform_edt(~skin) * mm <= np.minimum(depth + 1e-3, most))
            if name == classes.BROW:
                is_part &= depth <= BROW_SHARE * (depth + to_brain)
            out[is_part] = name
    return out


def level(found, extent, mm):
    """The middle between the eyes, mm, unit vectors to the right, to the front and up, and the head's size beside a
    grown one, at most 1; `None` without eyes.

    A head stands level when its front lies `BRAIN_TO_EYE_DEGREES` above the line from the middle of the brain to
    the eyes, or, where the scan cuts the brain, `EAR_TO_EYE_DEGREES` below that from the ears.
    """
    eyes, ears = _pair(found == classes.EYES, mm), _pair(found == classes.EARS, mm)
    brain = found == classes.BRAIN
    if eyes is None or not within(EYES_APART_MM, eyes[1] - eyes[0]):
        return None
    if ears is not None and not within(EARS_APART_MM, ears[1] - ears[0]):
        ears = None
    middle = (eyes[0] + eyes[1]) / 2
    at_end = (brain & (ndimage.binary_dilation(~extent) | _border(extent.shape))).sum()
    if brain.any() and at_end <= MOST_BRAIN_AT_END * brain.sum():
        ahead, raised, grown = middle - np.argwhere(brain).mean(0) * mm, BRAIN_TO_EYE_DEGREES, GROWN_FROM_BRAIN_MM
    elif ears is not None:
        ahead, raised, grown = middle - (ears[0] + ears[1]) / 2, -EAR_TO_EYE_DEGREES, GROWN_FROM_EARS_MM
    else:
        return None
    axes = _axes(eyes, ears, ahead, raised)
    forward = ahead @ axes[1] / np.cos(np.radians(raised))
    if not EYES_FORWARD_MM[0] <= forward <= EYES_FORWARD_MM[1]:
        return None
    return middle, axes, min(1.0, max(np.linalg.norm(eyes[1] - eyes[0]) / GROWN_APART_MM, forward / grown))


def _sight(found, extent, mm):
    """How far to a side and how high each voxel lies, in degrees, seen from behind the eyes; `None` without eyes."""
    found_level = level(found, extent, mm)
    if found_level is None:
        return None
    middle, axes, size = found_level
    right, front, up = _coordinates(found.shape, mm, middle - size * BEHIND_EYES_MM * axes[1], axes)
    return np.degrees(np.abs(np.arctan2(right, front))), np.degrees(np.arctan2(up, np.hypot(right, front)))


def _fold(nine, extent, at):
    """Height of the labiomental fold in the head frame, mm."""
    nose, mouth = at.up[nine == 4], at.up[nine == 6]
    if len(mouth) == 0:
        return -np.inf
    top = np.quantile(nose, 0.02) if len(nose) else mouth.max()
    bottom = np.quantile(mouth, 0.01)
    low = (nine == 6) & (at.up < bottom + 6)
    cut = (low & ndimage.binary_dilation(~extent | _border(extent.shape), iterations=2)).sum() > 40
    height = top - bottom - BELOW_MENTON_MM
    if cut:
        nose_height = np.ptp(np.quantile(nose, (0.02, 0.98))) if len(nose) else 45.0
        height = LOWER_FACE_TO_NOSE * nose_height
    return top - FOLD_SHARE * height


def _border(shape):
    edge = np.ones(shape, bool)
    edge[1:-1, 1:-1, 1:-1] = False
    return edge

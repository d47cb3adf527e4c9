"""Label maps of nine or twelve classes to the classes of `classes.py`.

The maps that heads come with (`LABELS.md` beside them) have nine: 0 background, 1 brain, 2 eyes,
3 upper face, 4 nose, 5 cheeks, 6 mouth with chin, 7 ears, 8 rest. Mouth and chin, and scalp, neck
and the remainder, are told apart here, by position in a head frame that the eyes and ears fix.
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
# Mouth, cheeks and chin that lie deeper than this behind the skin are no soft tissue of the face.
DEPTH_MM = 22.0
SCALP_MM = 8.0


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
    eyes, ears = _pair(nine == 2), _pair(nine == 7)
    if eyes is None:
        return None
    middle = (eyes[0] + eyes[1]) / 2
    right = eyes[1] - eyes[0]
    if ears is not None:
        right = right + (ears[1] - ears[0])
        origin = (ears[0] + ears[1]) / 2
    else:
        origin = middle + np.array([0.0, -78.0, -20.0])
    right /= np.linalg.norm(right)
    ahead = middle - origin
    ahead -= right * (ahead @ right)
    ahead /= np.linalg.norm(ahead)
    above = np.cross(right, ahead)
    angle = np.radians(EAR_TO_EYE_DEGREES)
    front = np.cos(angle) * ahead - np.sin(angle) * above
    up = np.cross(right, front)
    points = np.stack(np.meshgrid(*(np.arange(n) * MM for n in nine.shape), indexing="ij"))
    points -= origin[:, None, None, None]
    return Frame(*(np.tensordot(axis, points, 1).astype(np.float32) for axis in (right, front, up)))


def _pair(mask):
    """Middles of the left and the right half of a mask, mm; `None` if it has no two halves."""
    at = np.argwhere(mask).astype(float) * MM
    if len(at) < 40:
        return None
    split = (at[:, 0].min() + at[:, 0].max()) / 2
    left, right = at[at[:, 0] < split], at[at[:, 0] >= split]
    if min(len(left), len(right)) < 15 or split - left[:, 0].mean() < 15:
        return None
    return left.mean(0), right.mean(0)


def twelve(nine, extent):
    """The classes of `classes.py` for a nine-class map; `extent` is true where the scan has data."""
    out = np.full(nine.shape, classes.OTHER, np.uint8)
    for old, new in ((0, classes.BACKGROUND), (1, classes.BRAIN), (2, classes.EYES), (3, classes.BROW),
                     (4, classes.NOSE), (5, classes.CHEEKS), (6, classes.MOUTH), (7, classes.EARS)):
        out[nine == old] = new
    at = frame(nine)
    head = nine > 0
    depth = ndimage.distance_transform_edt(head | ~extent) * MM
    deep = np.isin(out, (classes.MOUTH, classes.CHEEKS)) & (depth > DEPTH_MM)
    out[deep] = classes.OTHER
    if at is None:
        return out
    out[(out == classes.MOUTH) & (at.up < _fold(nine, extent, at))] = classes.CHIN
    rest = nine == 8
    # From 15 mm below the menton to the nape below the occiput.
    neck = rest & (at.up < -42.0 - 0.42 * at.front)
    out[neck] = classes.NECK
    skin = rest & ~neck & (depth <= SCALP_MM)
    out[skin] = classes.SCALP
    return out


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

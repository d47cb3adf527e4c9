"""Pictures of label maps: three slices and two rendered views a head, one row each."""
import numpy as np
from PIL import Image, ImageDraw

from . import classes

TILE = 200


def row(image, labels, text):
    """One head as a row of five tiles. `image` in 0..1 and `labels`, both `[R, A, S]` of equal spacing."""
    found = np.argwhere(labels > 0)
    middle = ((found.min(0) + found.max(0)) // 2) if len(found) else np.array(labels.shape) // 2
    colours = np.array(classes.COLOURS, np.float32)
    tiles = []
    for axis in (0, 1, 2):
        at = middle[axis] if axis < 2 else middle[2] - labels.shape[2] // 10
        grey, marks = (np.take(v, at, axis) for v in (image, labels))
        flat = 255 * np.repeat(grey[..., None], 3, -1)
        over = np.where(marks[..., None] > 0, 0.55 * flat + 0.45 * colours[marks], flat)
        tiles.append(np.flip(over.swapaxes(0, 1), 0))
    tiles += [_surface(labels, colours, axis) for axis in (1, 0)]
    out = Image.new("RGB", (TILE * len(tiles), TILE + 14))
    for i, tile in enumerate(tiles):
        picture = Image.fromarray(np.clip(tile, 0, 255).astype(np.uint8))
        picture.thumbnail((TILE, TILE))
        out.paste(picture, (i * TILE, 14))
    ImageDraw.Draw(out).text((4, 1), text, fill=(255, 255, 255))
    return out


def _surface(labels, colours, axis):
    """First labelled voxel seen from the front (axis 1) or from the right (axis 0), shaded by its slope."""
    seen = np.flip(labels, axis)
    hit = (seen > 0).argmax(axis)
    label = np.take_along_axis(seen, np.expand_dims(hit, axis), axis).squeeze(axis)
    slope = np.gradient(hit.astype(np.float32))
    light = 1 / np.sqrt(1 + 0.5 * (slope[0] ** 2 + slope[1] ** 2))
    view = colours[label] * (0.25 + 0.75 * light[..., None]) * (label > 0)[..., None]
    return np.flip(view.swapaxes(0, 1), 0)


def sheet(rows):
    """Rows below each other."""
    out = Image.new("RGB", (rows[0].width, sum(r.height for r in rows)))
    top = 0
    for r in rows:
        out.paste(r, (0, top))
        top += r.height
    return out

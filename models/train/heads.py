"""Heads as training needs them: image, classes, tissue clusters and extent, cached as one file each.

A folder `NAME` holds `image`, `labels` and `extent` (`.nii.gz`, one RAS grid of 1.5 mm). With a
`tissue` beside them it is a generated head, whose labels are the twelve classes already.
"""
import hashlib
import sys
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

from . import classes, labels, space

# Tissue clusters of brain, eyes and the rest of the head.
CLUSTERS = (((classes.BRAIN,), 3), ((classes.EYES,), 3), (tuple(range(3, 12)), 6))


def prepare(config, folders, work):
    """Caches every head and negative of the configuration; returns their files by name.

    What was cached by other rules lies in another folder.
    """
    rules = b"".join(Path(module.__file__).read_bytes() for module in (labels, space, sys.modules[__name__]))
    cache = Path(work) / f"heads-{hashlib.sha256(rules).hexdigest()[:8]}"
    files = {}
    for head in config.heads:
        source = _find(folders, f"{head.name}/labels.nii.gz").parent
        files[head.name] = _once(cache / f"{head.name}.npz", lambda: _head(source))
    for name in config.negatives:
        source = _find(folders, f"{name}.nii.gz")
        files[name] = _once(cache / f"{name}.npz", lambda: _negative(source))
    return files


def _find(folders, name):
    for folder in folders:
        path = Path(folder) / name
        if path.exists():
            return path
    raise SystemExit(f"{name} is in none of: {', '.join(map(str, folders))}")


def _once(path, make):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **make())
        part.rename(path)
    return path


def _read(path):
    return np.asanyarray(nibabel.load(path).dataobj)


def _head(folder):
    image = _read(folder / "image.nii.gz").astype(np.float32)
    found = _read(folder / "labels.nii.gz").astype(np.uint8)
    extent = _read(folder / "extent.nii.gz") > 0
    drawn = folder / "tissue.nii.gz"
    if not drawn.exists():
        found = labels.twelve(found, extent)
    found = labels.bounded(found, extent)
    image, dark, bright = space.limits(image, extent)
    image = np.clip((image - dark) / (bright - dark), 0, 1) * extent
    return {
        "image": np.round(image * 255).astype(np.uint8),
        "classes": found,
        "tissue": _read(drawn).astype(np.uint8) if drawn.exists() else _tissue(image, found),
        "extent": extent,
    }


def _tissue(image, found):
    """Clusters of the image's own intensities within brain, eyes and the rest; 0 in the air around."""
    smooth = ndimage.gaussian_filter(image, 0.5)
    out = np.zeros(found.shape, np.uint8)
    first = 1
    for members, n in CLUSTERS:
        mask = np.isin(found, members)
        if mask.sum() > 100:
            values = smooth[mask]
            some = np.random.default_rng(0).choice(values, min(len(values), 40000), replace=False)
            out[mask] = first + np.abs(values[:, None] - _k_means(some, n)[None]).argmin(1)
        first += n
    return out


def _k_means(values, n, rounds=25):
    centres = np.quantile(values, (np.arange(n) + 0.5) / n) + np.arange(n) * 1e-3
    for _ in range(rounds):
        nearest = np.abs(values[:, None] - centres[None]).argmin(1)
        centres = np.array([values[nearest == i].mean() if (nearest == i).any() else centres[i] for i in range(n)])
    return np.sort(centres)


def _negative(path):
    """A scan without a face on the heads' grid, centred as the program would centre it."""
    values, affine = space.block_mean(*space.load(path))
    shape = (128, 160, 168)
    middle = space.place(values, affine) + (np.array(space.GRID) - 1) / 2 * space.MM
    origin = middle - (np.array(shape) - 1) / 2 * labels.MM
    x, inside = space.sample(values, affine, origin, labels.MM, shape)
    x, dark, bright = space.limits(x, inside)
    x = np.clip((x - dark) / max(bright - dark, 1e-6), 0, 1) * inside
    return {"image": np.round(x * 255).astype(np.uint8), "extent": inside}

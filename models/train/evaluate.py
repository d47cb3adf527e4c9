"""Figures and pictures of a model on heads that it was not trained on, and on scans without a face.

Everything runs as in the program: from the scan, through the reference of `space.py`, on the
network's grid.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import onnxruntime
from scipy import ndimage

from . import classes, labels, sheet, space

NEAR_MM = 4.0
"""A skin voxel counts as found if a predicted face voxel lies within this distance."""
GUARD_MM = 3.0


def evaluate(config, folders, model, work):
    """Scores every held-out head and every negative; writes `figures.json` and `heads.png` to `work`."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    figures, rows = {}, []
    for head in held_out(config):
        seen = run(session, *read(head, folders), config.grid)
        truth = seen.known_on_skin()
        figures[head.name] = {"role": head.role, **score(seen.drawn, truth, seen.extent)}
        figures[head.name]["face_of_network"] = score(seen.found, truth, seen.extent)["dice"]["face"]
        as_given = score(seen.drawn, seen.known, seen.extent)["dice"]
        figures[head.name]["as_given"] = {part: as_given.get(part) for part in ("face", "brain", "ears")}
        face = figures[head.name]["dice"]["face"]
        rows.append((face, sheet.row(seen.x, seen.drawn, f"{head.name}  face {face}")))
    for path in negatives(folders):
        name = path.name.removesuffix(".nii.gz")
        role = "train" if name in config.negatives else "test"
        figures[name] = {"role": role, "face_ml": false_face_ml(session, path, config.grid)}
    (Path(work) / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    if rows:
        sheet.sheet([row for _, row in sorted(rows, key=lambda r: r[0])]).save(Path(work) / "heads.png")
    return figures


def held_out(config):
    """The heads that are not trained on."""
    return [head for head in config.heads if head.role != "train"]


def negatives(folders):
    """Files of the scans without a face."""
    return sorted({p for f in folders for p in Path(f).glob("neg_*.nii.gz")})


def false_face_ml(session, path, grid):
    """How much face the network finds in a scan without one."""
    x, _, inside = space.network_input(*space.load(path), grid)
    found = space.logits(session, x).argmax(0) * inside
    return round(float(np.isin(found, classes.FACE).sum() * space.MM**3 / 1000), 1)


def read(head, folders):
    """Values of a head's image, its classes and extent, and the affine of all three.

    All are cut to the box that the scan fills, as it was before it was laid on the heads' grid.
    """
    folder = next(Path(f) / head.name for f in folders if (Path(f) / head.name).is_dir())
    values, affine = space.load(folder / "image.nii.gz")
    extent = np.asanyarray(nibabel.load(folder / "extent.nii.gz").dataobj) > 0
    known = np.asanyarray(nibabel.load(folder / "labels.nii.gz").dataobj).astype(np.uint8)
    if not (folder / "tissue.nii.gz").exists():
        known = labels.twelve(known, extent)
    known = labels.bounded(known, extent)
    first = [int(np.argmax(extent.any(tuple({0, 1, 2} - {a})))) for a in range(3)]
    last = [n - int(np.argmax(extent.any(tuple({0, 1, 2} - {a}))[::-1])) for a, n in enumerate(extent.shape)]
    box = tuple(map(slice, first, last))
    step = np.eye(4)
    step[:3, 3] = first
    return values[box], known[box], extent[box], affine @ step


@dataclass
class Seen:
    """A head as the network sees it and as it is known, all `[R, A, S]` on its grid."""

    x: np.ndarray
    """The network's input."""
    values: np.ndarray
    """The image, real."""
    found: np.ndarray
    """The network's likeliest classes."""
    drawn: np.ndarray
    """What the program draws, which leans to what is removed."""
    known: np.ndarray
    """Those of the labels, drawn by the same rule at `labels.MM`: their nearest voxel at each place."""
    extent: np.ndarray
    """Where the scan has data; all classes are background elsewhere."""

    def known_on_skin(self):
        """The labels' anatomy with skin, outline and depth of its face drawn on this grid, as `drawn` is.

        Nearest voxels of another grid are up to 1 mm off that rule at every border. For images as they were
        labelled: noise and thick slices move the skin, so that heads which are changed are compared with `known`.
        """
        return labels.drawn(self.known, self.values, self.extent, space.MM)


def run(session, values, known, extent, affine, grid, labels_affine=None):
    """A head as `Seen`. `labels_affine` is that of `known` and `extent`, where the image was cut or thinned."""
    labels_affine = affine if labels_affine is None else labels_affine
    x, origin, inside = space.network_input(values, affine, grid)
    real, _ = space.sample(*space.block_mean(values, affine), origin, space.MM, grid)
    known = space.sample(known, labels_affine, origin, space.MM, grid, order=0)[0]
    extent = inside & space.sample(extent, labels_affine, origin, space.MM, grid, order=0)[0]
    logits = space.logits(session, x)
    found, leaning = (space.called(logits, lean) * extent for lean in (0, space.LEAN))
    drawn = labels.drawn(leaning, real, extent, space.MM)
    return Seen(x[0, 0], real, found, drawn, known * extent, extent)


def score(found, known, extent):
    """Dice of each class, and what the two sides of a mistake cost.

    `surface_recall`: share of the face's skin voxels within 4 mm of a predicted face voxel.
    `near_brain`: predicted face voxels closer than 3 mm to the brain that are no face in truth.
    """
    dice = {}
    for i, name in enumerate(classes.NAMES[1:], 1):
        if (known == i).sum() >= 60:
            dice[name] = _dice(found == i, known == i)
    face, truth = np.isin(found, classes.FACE), np.isin(known, classes.FACE)
    dice["face"] = _dice(face, truth)
    air = (known == classes.BACKGROUND) & extent
    skin = truth & ndimage.binary_dilation(air, ndimage.generate_binary_structure(3, 1))
    away = ndimage.distance_transform_edt(~face) * space.MM if face.any() else np.full(face.shape, np.inf)
    to_brain = ndimage.distance_transform_edt(known != classes.BRAIN) * space.MM
    recall = float((away[skin] <= NEAR_MM).mean()) if skin.any() else None
    return {
        "dice": dice,
        "surface_recall": None if recall is None else round(recall, 4),
        "near_brain": int((face & ~truth & (to_brain < GUARD_MM)).sum()),
        "brain_as_face": int((face & (known == classes.BRAIN)).sum()),
    }


def _dice(a, b):
    return round(float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1)), 3)

"""What was removed from a head and what is left of its face, measured against a label map.

Label maps: 1 brain, 2 eyes, 3 upper face, 4 nose, 5 cheeks, 6 mouth and chin, 7 ears, 8 the rest of the
head. Arrays are [i, j, k] on the scan's own grid; spacings are in mm. Shares are 0..1.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from scipy.ndimage import affine_transform, binary_opening, distance_transform_edt, label

BRAIN, EARS, REST = 1, 7, 8
FACE = {"eyes": 2, "forehead": 3, "nose": 4, "cheeks": 5, "mouth_chin": 6}
CLOSED_MM = 6.0
SPECK_MM3 = 500


def first_frame(image: nib.Nifti1Image) -> np.ndarray:
    """Real values of the first frame."""
    data = image.dataobj
    while len(data.shape) > 3:
        data = data[..., 0]
    return np.nan_to_num(np.asarray(data, np.float32))


def labels_on(labels: Path, scan: nib.Nifti1Image) -> np.ndarray:
    """The label map at the scan's voxels, nearest neighbour in patient space: uint8."""
    image = nib.load(labels)
    turn = np.linalg.inv(image.affine) @ scan.affine
    codes = np.asarray(image.dataobj).astype(np.uint8)
    return affine_transform(codes, turn[:3, :3], turn[:3, 3], output_shape=scan.shape[:3], order=0)


def head_mask(values: np.ndarray) -> tuple[np.ndarray, float]:
    """The largest piece above 0.35 of Otsu's threshold (CT: -400 HU), and that threshold."""
    low, high = np.percentile(values, [1, 99.5])
    if low < -500:
        level = -400.0
    else:
        counts, edges = np.histogram(np.clip(values, low, high), 256)
        middle = (edges[:-1] + edges[1:]) / 2
        below, sums = np.cumsum(counts), np.cumsum(counts * middle)
        with np.errstate(divide="ignore", invalid="ignore"):
            between = (sums[-1] * below / below[-1] - sums) ** 2 / (below * (below[-1] - below))
        level = max(low + 0.35 * (middle[np.nanargmax(between)] - low), low + 1e-6)
    return largest(binary_opening(values > level)), float(level)


def largest(pieces: np.ndarray) -> np.ndarray:
    """The largest connected piece."""
    numbers, n = label(pieces)
    return numbers == 1 + np.argmax(np.bincount(numbers.ravel())[1:]) if n else pieces


def open_air(head: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Air around the head: nostrils, mouth and ear canals are closed, the largest rest of air is kept."""
    pad = [int(np.ceil(CLOSED_MM / s)) + 2 for s in spacing]
    wide = np.pad(head, [(n, n) for n in pad])
    grown = distance_transform_edt(~wide, sampling=spacing) < CLOSED_MM
    closed = distance_transform_edt(grown, sampling=spacing) > CLOSED_MM
    air = largest(~(closed | wide))
    return air[tuple(slice(n, -n) for n in pad)]


def facial_skin(head: np.ndarray, labels: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Voxels of the head in or within 3 mm of the face, at the air around the head."""
    away, nearest = distance_transform_edt(labels == 0, sampling=spacing, return_indices=True)
    region = labels[tuple(nearest)]
    to_face = distance_transform_edt(~np.isin(labels, list(FACE.values())), sampling=spacing)
    skin = head & np.isin(region, list(FACE.values())) & (to_face < 3)
    to_air = distance_transform_edt(~open_air(head, spacing), sampling=spacing)
    return skin & (to_air <= max(2.0, 1.01 * spacing.max()))


def measure(scan: Path, result: Path, mask: Path, labels: Path) -> dict[str, float | int | None]:
    """All figures of one head; None where the head has nothing to measure."""
    image = nib.load(scan)
    before, after = first_frame(image), first_frame(nib.load(result))
    removed = np.asarray(nib.load(mask).dataobj) != 0
    codes = labels_on(labels, image)
    spacing = np.linalg.norm(image.affine[:3, :3], axis=0)
    head, level = head_mask(before)

    def share(region: np.ndarray) -> float | None:
        region = region & head
        return float(removed[region].mean()) if region.any() else None

    brain = codes == BRAIN
    figures: dict[str, float | int | None] = {"face": share(np.isin(codes, list(FACE.values())))}
    lower = [code for name, code in FACE.items() if name != "forehead"]
    figures["face_below_forehead"] = share(np.isin(codes, lower))
    figures |= {name: share(codes == code) for name, code in FACE.items()}
    figures |= {"ears": share(codes == EARS), "rest": share(codes == REST)}
    figures["brain_voxels"] = int((removed & brain).sum())
    figures |= {"brain_mm": None, "brain_deep_mm": 0.0}
    if figures["brain_voxels"]:
        figures["brain_deep_mm"] = float(distance_transform_edt(brain, sampling=spacing)[removed].max())
    if brain.any() and removed.any():
        figures["brain_mm"] = float(distance_transform_edt(~brain, sampling=spacing)[removed].min())

    skin = facial_skin(head, codes, spacing)
    numbers, _ = label(after > level)
    sizes = np.bincount(numbers.ravel()) * np.prod(spacing)
    sizes[0] = 0
    left = (sizes >= SPECK_MM3)[numbers]
    to_left = distance_transform_edt(~left, sampling=spacing) if left.any() else np.full(left.shape, np.inf)
    for limit in (3, 5):
        figures[f"skin_left_{limit}mm"] = float((to_left[skin] < limit).mean()) if skin.any() else None
    return figures

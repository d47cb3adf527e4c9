"""Compares a record with the files it is about."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nibabel as nib
import numpy as np

KEYS = (
    "verdict", "reasons", "regions", "brain", "proof", "output", "model", "runtime", "options", "version",
    "seconds", "peak_memory_bytes", "remaining", "header",
)


def sha256_of(files: list[Path]) -> str:
    """SHA-256 of the bytes of all files, one after another in the order of their names."""
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(file.read_bytes())
    return total.hexdigest()


def check_record(record: dict, files: list[Path], extent: tuple[int, ...], affine: np.ndarray, mask: Path | None) -> list[str]:
    """What the record says wrongly, each a sentence.

    files: the output's files. extent: voxels along the scan's three axes.
    affine: 4x4, voxel index to RAS mm. mask: uint8 NIfTI, 1 = removed.
    """
    problems = [f"record: no {key}" for key in KEYS if key not in record]
    if problems:
        return problems
    problems += check_output(record["output"], files, extent, affine)
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    n_removed = None if mask is None else int(np.count_nonzero(nib.load(mask).dataobj[:]))
    problems += check_regions(record["regions"], voxel_mm3, n_removed)
    if record["verdict"] not in ("pass", "review"):
        problems.append(f"record: verdict {record['verdict']!r} and yet there is an image")
    if record["verdict"] != "pass" and not record["reasons"]:
        problems.append(f"record: verdict {record['verdict']!r} without a reason")
    proof = record["proof"] or {}
    if proof.get("voxels_changed_outside_the_mask") != 0:
        problems.append("record: proof does not say that nothing changed outside the mask")
    if n_removed is not None and proof.get("voxels_removed") != n_removed:
        problems.append(f"record: {proof.get('voxels_removed')} voxels removed, the mask has {n_removed}")
    if record["verdict"] == "pass" and (record["brain"] or {}).get("voxels_changed") != 0:
        problems.append("record: passed although brain voxels were changed")
    problems += check_space(record.get("space"))
    return problems


def check_space(said: dict | None) -> list[str]:
    """A face that was carried from another scan of the space, and the offset it was carried by."""
    if said is None or said["face_located"] != "in another scan":
        return []
    problems = []
    offset = said["offset"] or {}
    if said["scans"] < 2 or said["from"] is None:
        problems.append("record: the face was located in another scan, and there is none")
    if not 0 <= offset.get("largest_mm", -1) <= 30 or not 0 <= offset.get("degrees", -1) <= 15:
        problems.append(f"record: the face was carried by {offset}, which is no offset of one space")
    elif offset["taken_as_none"] != (offset["largest_mm"] < 2):
        problems.append(f"record: {offset['largest_mm']} mm are taken as none: {offset['taken_as_none']}")
    return problems


def check_output(said: dict, files: list[Path], extent: tuple[int, ...], affine: np.ndarray) -> list[str]:
    """Hash, extent, spacing and orientation against the output's files."""
    problems = []
    if said.get("sha256") != sha256_of(files):
        problems.append("record: sha256 is not that of the output")
    if tuple(said.get("extent", ())) != tuple(extent):
        problems.append(f"record: extent {said.get('extent')}, the output has {list(extent)}")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    told = np.asarray(said.get("spacing_mm", []), float)
    if told.shape != (3,) or not np.allclose(told, spacing, rtol=0, atol=1e-3):
        problems.append(f"record: spacing {said.get('spacing_mm')} mm, the output has {spacing.round(4).tolist()}")
    orientation = "".join(nib.aff2axcodes(affine))
    if said.get("orientation") != orientation:
        problems.append(f"record: orientation {said.get('orientation')}, the output has {orientation}")
    return problems


def check_regions(regions: dict, voxel_mm3: float, n_removed: int | None) -> list[str]:
    """Counts of the regions against each other, the voxel's volume and the mask."""
    problems = []
    total = 0
    for name, said in regions.items():
        if "absent" in said:
            continue
        total += said["voxels"]
        if not np.isclose(said["mm3"], said["voxels"] * voxel_mm3, rtol=1e-3, atol=1.0):
            problems.append(f"record: {name} is {said['voxels']} voxels, which are not {said['mm3']} mm3")
        if n_removed is not None and said["voxels"] > n_removed:
            problems.append(f"record: {name} has {said['voxels']} voxels, the mask only {n_removed}")
    if n_removed and total == 0:
        problems.append(f"record: no region removed, the mask has {n_removed} voxels")
    return problems

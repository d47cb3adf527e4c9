#!/usr/bin/env python3
"""Compares a NIfTI file that was made from DICOM, and defaced, with what dcm2niix makes of the same.

usage: check_converted.py ORIGINAL OUTPUT MASK [--resampled]
  ORIGINAL   a folder of DICOM files, one volume
  OUTPUT     the NIfTI file
  MASK       uint8 NIfTI on its grid, 1 = removed
With --resampled the output is compared with what dcm2niix resamples, a tilted gantry or unequal distances.
Both are brought to the order of axes nearest to RAS first: which one a program chooses means nothing.
Exit code 0 if affines agree within 1e-3 mm and all stored values outside the mask are equal. What is
resampled may be rounded otherwise, and reach half a voxel farther beside the slices.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np

from check_dicom import tool_beside_python

AFFINE_MM = 1e-3
BESIDE = 0.02  # share of values where dcm2niix has nothing and efface the border of a slice
ORIGIN_MM = 0.02  # dcm2niix measures the spacing between two slices, efface between all


def check_converted(original: Path, output: Path, mask: Path, resampled: bool = False) -> list[str]:
    """What differs, each a sentence."""
    tool = tool_beside_python("dcm2niix")
    if tool is None:
        print("note: dcm2niix is not installed: nothing compared")
        return []
    with tempfile.TemporaryDirectory() as folder:
        command = [tool, "-b", "n", "-z", "n", "-f", "scan", "-o", folder, str(original)]
        subprocess.run(command, capture_output=True, check=False)
        made = sorted(Path(folder).glob("scan_[ET]*_1.nii" if resampled else "scan*.nii"))
        if len(made) != 1:
            return [f"dcm2niix makes {len(made)} files"]
        wanted, voxels = canonical(made[0])
    (found, stored), (_, removed) = canonical(output), canonical(mask)
    if found.shape != wanted.shape:
        return [f"shape {found.shape} instead of {wanted.shape}"]
    apart = np.abs(found.affine - wanted.affine)
    problems = []
    if apart[:3, :3].max() > AFFINE_MM or apart[:3, 3].max() > ORIGIN_MM:
        problems.append(f"affine: {apart[:3, :3].max():.5f} mm a voxel, {apart[:3, 3].max():.5f} mm at the origin")
    differs = (stored != voxels)[removed == 0]
    if resampled:
        apart = np.abs(stored.astype(float) - voxels)[removed == 0]
        beside = (voxels == voxels.min())[removed == 0] & differs
        if beside.mean() > BESIDE:
            problems.append(f"{beside.mean():.1%} of the values lie beside the slices")
        differs = (apart > 1) & ~beside
    if differs.any():
        problems.append(f"{differs.sum()} values outside the mask differ")
    return problems


def canonical(path: Path) -> tuple[nib.Nifti1Image, np.ndarray]:
    """An image in the order of axes nearest to RAS, and its stored values in the same order."""
    image = nib.load(path)
    stored = np.array(image.dataobj.get_unscaled())
    turned = nib.orientations.apply_orientation(stored, nib.io_orientation(image.affine))
    return nib.as_closest_canonical(image), turned


def main() -> int:
    """Reads the arguments, prints what was found, returns the exit code."""
    paths = [arg for arg in sys.argv[1:] if arg != "--resampled"]
    if len(paths) != 3:
        print(__doc__)
        return 2
    problems = check_converted(*map(Path, paths), resampled=len(paths) < len(sys.argv) - 1)
    for text in problems:
        print(f"error: {text}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

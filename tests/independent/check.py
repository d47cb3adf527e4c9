#!/usr/bin/env python3
"""Independent check of a defaced scan: nothing but the voxels under the mask may have changed.

usage: check.py ORIGINAL OUTPUT [--mask MASK] [--record RECORD]
  ORIGINAL, OUTPUT   a NIfTI file, either file of a NIfTI pair, a DICOM file or a folder of them
  MASK               uint8 NIfTI on the scan's grid, 1 = removed
  RECORD             the record that efface wrote beside OUTPUT
Exit code 0 if nothing is wrong, 1 if something is; each finding is a line.
It shares no code with efface: files are read by nibabel, pydicom and byte by byte.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import nibabel as nib

from check_dicom import check_dicom, files_of
from check_nifti import check_nifti
from check_record import check_record
from nifti_bytes import read


def is_nifti(path: Path) -> bool:
    """Whether the name is that of a NIfTI file."""
    name = path.name.removesuffix(".gz")
    return path.is_file() and name.endswith((".nii", ".hdr", ".img"))


def check(original: Path, output: Path, mask: Path | None = None, record: Path | None = None) -> tuple[list[str], list[str]]:
    """Problems and remarks, each a sentence; without problems the output is what it should be."""
    told = None if record is None else json.loads(record.read_text())
    if is_nifti(original):
        problems, remarks = check_nifti(original, output, mask, told), []
        result = read(output)
        extent, affine, files = result.shape[:3], result.affine, result.paths
    else:
        has_passed = told is None or told["verdict"] == "pass"
        problems, remarks = check_dicom(original, output, mask, has_passed)
        extent, affine, files = None, None, files_of(output)
        if mask is not None:
            image = nib.load(mask)
            extent, affine = image.shape, image.affine
    if told is not None and extent is None:
        remarks.append("no mask: the record of a DICOM series was not compared")
    elif told is not None:
        problems += check_record(told, files, extent, affine, mask)
    if mask is not None:
        problems += check_sidecar(mask)
    return problems, remarks


def check_sidecar(mask: Path) -> list[str]:
    """The mask has a JSON object of the same name beside it."""
    sidecar = mask.with_name(mask.name.removesuffix(".gz").removesuffix(".nii") + ".json")
    if not sidecar.is_file():
        return [f"mask: no {sidecar.name} beside it"]
    try:
        is_object = isinstance(json.loads(sidecar.read_text()), dict)
    except ValueError:
        is_object = False
    return [] if is_object else [f"mask: {sidecar.name} is not a JSON object"]


def main() -> int:
    """Reads the arguments, prints what was found, returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--mask", type=Path)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    try:
        problems, remarks = check(options.original, options.output, options.mask, options.record)
    except (OSError, ValueError, nib.filebasedimages.ImageFileError) as error:
        problems, remarks = [f"unreadable: {error}"], []
    for text in remarks:
        print(f"note: {text}")
    for text in problems:
        print(f"error: {text}")
    if not problems:
        print(f"{options.output}: equal outside the mask")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

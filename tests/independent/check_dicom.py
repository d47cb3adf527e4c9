"""Compares a DICOM series with its defaced copy: bytes, elements, pixels, place in the patient."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset

PIXEL_DATA = 0x7FE00010
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
STEP_MM = 1e-3  # per voxel
CORNER_MM = 0.02  # over the whole grid: dcm2niix measures the spacing between two slices, efface between all
ON_GRID = 0.02  # of a voxel


def files_of(path: Path) -> list[Path]:
    """The DICOM files of a folder, by name, or the one file."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.iterdir() if p.is_file() and pydicom.misc.is_dicom(p))


def check_dicom(original: Path, output: Path, mask: Path | None = None) -> tuple[list[str], list[str]]:
    """Differences that a defaced series must not have, and remarks on what could not be compared."""
    before, after = files_of(original), files_of(output)
    names = [p.name for p in before]
    if original.is_dir() and names != [p.name for p in after]:
        return [f"files: {len(before)} became {len(after)}, or their names differ"], []
    if not before or len(before) != len(after):
        return ["files: no DICOM file, or not as many as before"], []
    image = None if mask is None else nib.load(mask)
    problems, fills = [], {}
    for source, result in zip(before, after):
        found, fill = check_file(source, result, image)
        problems += [f"{result.name}: {text}" for text in found]
        for rescale, code in fill.items():
            fills.setdefault(rescale, set()).add(code)
    for rescale, codes in fills.items():
        if len(codes) > 1:
            problems.append(f"pixels: {len(codes)} fill values in files of the same rescale {rescale}")
    if image is None:
        return problems, ["no mask: geometry not compared with dcm2niix"]
    found, remarks = check_geometry(original, image)
    return problems + found, remarks


def check_file(source: Path, result: Path, mask: nib.Nifti1Image | None) -> tuple[list[str], dict]:
    """One file against its copy: problems, and the stored fill code by (slope, intercept)."""
    a, b = pydicom.dcmread(source), pydicom.dcmread(result)
    problems = check_elements(a, b) + check_bytes(a, b, source.read_bytes(), result.read_bytes())
    if "PixelData" not in a or "PixelData" not in b:
        return problems + ["no pixel data"], {}
    before, after = stored_frames(a), stored_frames(b)
    if before.shape != after.shape:
        return problems + [f"pixels: {before.shape} became {after.shape}"], {}
    changed, fills = before != after, {}
    for frame in range(len(before)):
        under = changed[frame]
        if mask is not None:
            try:
                under = mask_of_frame(mask, a, frame, before.shape[1:])
            except ValueError as problem:
                return problems + [f"frame {frame}: {problem}"], {}
            outside = int((changed[frame] & ~under).sum())
            if outside:
                problems.append(f"frame {frame}: {outside} pixels changed outside the mask")
        codes = np.unique(after[frame][under])
        if len(codes) > 1:
            problems.append(f"frame {frame}: {len(codes)} values where one fill value is wanted")
        if len(codes) == 1:
            fills[rescale_of(a, frame)] = int(codes[0])
    return problems, fills


def check_elements(a: FileDataset, b: FileDataset) -> list[str]:
    """Every element but the pixel data, file meta information included, equal as pydicom reads it."""
    problems = []
    for was, now in ((a.file_meta, b.file_meta), (a, b)):
        for tag in sorted(set(was.keys()) | set(now.keys())):
            if tag == PIXEL_DATA:
                continue
            if tag not in was or tag not in now:
                problems.append(f"element {tag} came or went")
            elif was[tag] != now[tag] and repr(was[tag]) != repr(now[tag]):
                problems.append(f"element {tag} differs")
    return problems


def check_bytes(a: FileDataset, b: FileDataset, before: bytes, after: bytes) -> list[str]:
    """All bytes of the file outside the pixel data's value; deflated and compressed data cannot be compared so."""
    syntax = a.file_meta.TransferSyntaxUID
    if syntax.is_deflated or syntax.is_compressed or "PixelData" not in a:
        return []
    start, end = pixel_bytes(a)
    if pixel_bytes(b) != (start, end) or len(before) != len(after):
        return ["the pixel data moved or changed length"]
    if before[:start] != after[:start] or before[end:] != after[end:]:
        return ["bytes outside the pixel data changed"]
    return []


def pixel_bytes(dataset: FileDataset) -> tuple[int, int]:
    """First byte of the pixel data's value in the file, and the byte behind it."""
    element = dataset.get_item(PIXEL_DATA)
    start = getattr(element, "value_tell", None) or element.file_tell
    return start, start + len(element.value)


def stored_frames(dataset: FileDataset) -> np.ndarray:
    """Stored words with all their bits, unsigned, [frames, rows, columns]."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        return dataset.pixel_array.reshape(-1, rows, columns)
    order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
    kind = np.dtype(f"{order}u{int(dataset.BitsAllocated) // 8}")
    n_frames = int(dataset.get("NumberOfFrames", 1) or 1)
    words = np.frombuffer(dataset.PixelData, kind, count=n_frames * rows * columns)
    return words.reshape(n_frames, rows, columns)


def functional_group(dataset: Dataset, frame: int, sequence: str) -> Dataset | None:
    """The item of a functional group that holds for a frame: its own, else the shared one."""
    for groups, n in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        items = dataset.get(groups)
        if items and items[n].get(sequence):
            return items[n].get(sequence)[0]
    return None


def rescale_of(dataset: Dataset, frame: int) -> tuple[float, float]:
    """Slope and intercept of a frame."""
    group = functional_group(dataset, frame, "PixelValueTransformationSequence") or dataset
    return float(group.get("RescaleSlope", 1) or 1), float(group.get("RescaleIntercept", 0) or 0)


def affine_of_frame(dataset: Dataset, frame: int) -> np.ndarray:
    """4x4: (column, row, 0, 1) of a frame to RAS mm (PS3.3 C.7.6.2.1.1)."""
    place = functional_group(dataset, frame, "PlanePositionSequence") or dataset
    turn = functional_group(dataset, frame, "PlaneOrientationSequence") or dataset
    measures = functional_group(dataset, frame, "PixelMeasuresSequence") or dataset
    along_row, along_column = np.array(turn.ImageOrientationPatient, float).reshape(2, 3)
    between_rows, between_columns = (float(v) for v in measures.PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0] = LPS_TO_RAS @ along_row * between_columns
    affine[:3, 1] = LPS_TO_RAS @ along_column * between_rows
    affine[:3, 3] = LPS_TO_RAS @ np.array(place.ImagePositionPatient, float)
    return affine


def mask_of_frame(mask: nib.Nifti1Image, dataset: Dataset, frame: int, shape: tuple[int, int]) -> np.ndarray:
    """The mask's values at a frame's pixels, found in patient space: bool [rows, columns]."""
    rows, columns = np.indices(shape)
    pixels = np.stack([columns, rows, np.zeros_like(rows), np.ones_like(rows)], axis=-1)
    index = pixels @ (np.linalg.inv(mask.affine) @ affine_of_frame(dataset, frame)).T
    nearest = np.rint(index[..., :3]).astype(int)
    if np.abs(index[..., :3] - nearest).max() > ON_GRID:
        raise ValueError("its pixels do not lie on the mask's grid")
    if (nearest < 0).any() or (nearest >= mask.shape[:3]).any():
        raise ValueError("its pixels lie outside the mask's grid")
    return np.asarray(mask.dataobj)[tuple(np.moveaxis(nearest, -1, 0))] != 0


def check_geometry(original: Path, mask: nib.Nifti1Image) -> tuple[list[str], list[str]]:
    """The mask's grid against that of dcm2niix: the same eight corners, whatever the order of axes."""
    if shutil.which("dcm2niix") is None:
        return [], ["dcm2niix is not installed: geometry not compared with it"]
    with tempfile.TemporaryDirectory() as folder:
        source = original
        if original.is_file():
            source = Path(folder, "source")
            source.mkdir()
            shutil.copy(original, source)
        command = ["dcm2niix", "-b", "n", "-z", "n", "-f", "scan", "-o", folder, str(source)]
        subprocess.run(command, capture_output=True, check=False)
        images = [nib.load(p) for p in sorted(Path(folder).glob("scan*.nii"))]
        if len(images) != 1 or images[0].ndim != 3:
            return [], [f"dcm2niix makes {len(images)} images: geometry not compared with it"]
        apart = np.linalg.norm(corners(images[0])[:, None] - corners(mask)[None], axis=2)
        far = max(apart.min(axis=0).max(), apart.min(axis=1).max())
        step = step_difference(images[0].affine, mask.affine)
    if step > STEP_MM or far > CORNER_MM:
        return [f"geometry: {step:.4f} mm a voxel, {far:.4f} mm at a corner from dcm2niix's grid"], []
    return [], [f"geometry: within {step:.5f} mm a voxel, {far:.5f} mm at the corners of dcm2niix's grid"]


def step_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest distance in mm between the steps of two affines, whatever the order and sign of axes."""
    steps, others = one[:3, :3].T, np.vstack([other[:3, :3].T, -other[:3, :3].T])
    return float(np.linalg.norm(steps[:, None] - others[None], axis=2).min(axis=1).max())


def corners(image: nib.Nifti1Image) -> np.ndarray:
    """Centres of the eight corner voxels in RAS mm: [8, 3]."""
    ends = [(0, n - 1) for n in image.shape[:3]]
    return nib.affines.apply_affine(image.affine, np.array(list(product(*ends))))

"""Compares a DICOM series with its defaced copy: bytes, elements, pixels, place in the patient."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileDataset

PIXEL_DATA = 0x7FE00010
# What a release sets, checked one by one; and the length and writer of the file meta group.
RELEASED = {
    0x00020000, 0x00020003, 0x00020010, 0x00020012, 0x00020013, 0x00080008, 0x00080018, 0x00082111, 0x0020000E, 0x00120063,
    0x00120064, 0x00280106, 0x00280107, 0x00280108, 0x00280109, 0x00280302,
}
# What it may take away: icons, signatures, original attributes, padding. Overlays and curves are groups.
DROPPED = {0x00880200, 0xFFFAFFFA, 0x4FFE0001, 0x04000561, 0xFFFCFFFC}
# What it replaces within sequences: references, and the types of frames.
REPLACED = {0x00080018, 0x00081155, 0x0020000E, 0x00089007}
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])
STEP_MM = 1e-3  # per voxel
CORNER_MM = 0.02  # over the whole grid: dcm2niix measures the spacing between two slices, efface between all
ON_GRID = 0.02  # of a voxel


def files_of(path: Path) -> list[Path]:
    """The DICOM files of a folder, by name, or the one file."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.iterdir() if p.is_file() and pydicom.misc.is_dicom(p))


def check_dicom(
    original: Path, output: Path, mask: Path | None = None, has_passed: bool = True
) -> tuple[list[str], list[str]]:
    """Differences that a defaced series must not have, and remarks on what could not be compared.

    has_passed: whether the result says of itself that no face is recognizable.
    """
    before, after = files_of(original), files_of(output)
    names = [p.name for p in before]
    if original.is_dir() and names != [p.name for p in after]:
        return [f"files: {len(before)} became {len(after)}, or their names differ"], []
    if not before or len(before) != len(after):
        return ["files: no DICOM file, or not as many as before"], []
    image = None if mask is None else nib.load(mask)
    problems, fills = [], {}
    for source, result in zip(before, after):
        found, fill = check_file(source, result, image, has_passed)
        problems += [f"{result.name}: {text}" for text in found]
        for rescale, code in fill.items():
            fills.setdefault(rescale, set()).add(code)
    for rescale, codes in fills.items():
        if len(codes) > 1:
            problems.append(f"pixels: {len(codes)} fill values in files of the same rescale {rescale}")
    if image is None:
        return problems, ["no mask: geometry not compared with dcm2niix"]
    remarks: list[str] = []
    for found, remarked in (check_geometry(original, image), check_valid(original, output)):
        problems += found
        remarks += remarked
    return problems, remarks


def check_file(
    source: Path, result: Path, mask: nib.Nifti1Image | None, has_passed: bool
) -> tuple[list[str], dict]:
    """One file against its copy: problems, and the stored fill code by (slope, intercept)."""
    a, b = pydicom.dcmread(source), pydicom.dcmread(result)
    problems = check_elements(a, b) + check_released(a, b, has_passed) + check_group_length(result.read_bytes())
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
    """Elements as their bytes stand in the file: equal, or changed as a release wants them."""
    problems = []
    for was, now in ((a.file_meta, b.file_meta), (a, b)):
        for tag in sorted(set(was.keys()) | set(now.keys())):
            if tag in RELEASED or tag == PIXEL_DATA:
                continue
            if tag not in now:
                if tag not in DROPPED and tag.group & 0xFF00 not in (0x5000, 0x6000):
                    problems.append(f"element {tag} went")
            elif tag not in was:
                problems.append(f"element {tag} came")
            elif not is_equal(was, now, tag):
                problems.append(f"element {tag} differs")
    return problems


def is_equal(was: Dataset, now: Dataset, tag: pydicom.tag.BaseTag) -> bool:
    """Whether an element is the same: its raw bytes, or in sequences all but UIDs and frame types."""
    element, other = was.get_item(tag), now.get_item(tag)
    vr = element.VR or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
    if vr != "SQ":
        return value_of(element) == value_of(other)
    if len(was[tag].value) != len(now[tag].value):
        return False
    for one, other in zip(was[tag].value, now[tag].value):
        gone = set(one.keys()) - set(other.keys())
        if set(other.keys()) - set(one.keys()) or any(t not in DROPPED for t in gone):
            return False
        kept = [t for t in other.keys() if t not in REPLACED]
        if not all(is_equal(one, other, t) for t in kept):
            return False
    return True


def value_of(element: pydicom.dataelem.RawDataElement | pydicom.DataElement) -> object:
    """The bytes of a value where nothing was made of them yet."""
    return element.value if element.is_raw else str(element.value).encode()


def check_released(a: FileDataset, b: FileDataset, has_passed: bool) -> list[str]:
    """What PS3.3 and PS3.15 want of an image from which the face was removed."""
    problems = []

    def need(is_so: bool, text: str) -> None:
        if not is_so:
            problems.append(f"release: {text}")

    need(b.preamble == bytes(128), "the preamble is not empty")
    features = b.get("RecognizableVisualFeatures")
    need(features == ("NO" if has_passed else None), f"Recognizable Visual Features is {features}")
    need(list(b.ImageType)[0] == "DERIVED", "Image Type does not start with DERIVED")
    others = list(a.get("ImageType") or [None, "PRIMARY"])[1:]
    need(list(b.ImageType)[1:] == others, "Image Type changed behind its first value")
    need(b.get("PatientIdentityRemoved") == a.get("PatientIdentityRemoved"), "Patient Identity Removed changed")
    codes = [(c.CodeValue, c.CodingSchemeDesignator) for c in b.get("DeidentificationMethodCodeSequence", [])]
    need(codes.count(("113102", "DCM")) == int(has_passed), f"methods are {codes}")
    need("efface" in str(b.get("DeidentificationMethod")), "efface is no De-identification Method")
    need("Face removed" in str(b.get("DerivationDescription")), "Derivation Description does not tell")
    for name in ("SOPInstanceUID", "SeriesInstanceUID"):
        new = b.get(name, "")
        need(new != a.get(name) and new.is_valid and new.startswith("2.25."), f"{name} is {new}")
    need(b.file_meta.MediaStorageSOPInstanceUID == b.SOPInstanceUID, "the file meta group names another instance")
    words = stored_frames(b).astype("i8") if "PixelData" in b else None
    if words is not None and b.PixelRepresentation:
        words -= (words >= 1 << (b.BitsAllocated - 1)).astype("i8") << b.BitsAllocated
    for name, wanted in (("SmallestImagePixelValue", np.min), ("LargestImagePixelValue", np.max)):
        if name in b and words is not None:
            need(b[name].value == wanted(words), f"{name} is {b[name].value}")
    return problems


def check_group_length(content: bytes) -> list[str]:
    """The file meta group ends where its length says: the next element is of another group."""
    length = int.from_bytes(content[140:144], "little")
    ends = content[144 + length : 146 + length] != b"\2\0" and content[132:136] == b"\2\0\0\0"
    return [] if ends else ["release: wrong length of the file meta group"]


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


def check_valid(original: Path, output: Path) -> tuple[list[str], list[str]]:
    """Errors that dciodvfy finds in the first file of the output and not in that of the original."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        return [], ["dciodvfy is not installed: not compared with it"]

    def errors(path: Path) -> set[str]:
        said = subprocess.run([tool, str(path)], capture_output=True, text=True, errors="replace", check=False)
        return {line for line in said.stderr.splitlines() if line.startswith("Error")}

    new = errors(files_of(output)[0]) - errors(files_of(original)[0])
    # A derived enhanced image keeps what tells how its voxels were acquired.
    kept = {e for e in new if "Attribute present when condition unsatisfied" in e and "Module=<MR" in e}
    remarks = [f"dciodvfy: {len(kept)} attributes of the acquisition in a derived image"] if kept else ["dciodvfy: no new error"]
    return [f"dciodvfy: {text}" for text in sorted(new - kept)], remarks


def tool_beside_python(name: str) -> str | None:
    """A program of this Python's environment, else one on the path."""
    own = Path(sys.executable).with_name(name)
    return str(own) if own.is_file() else shutil.which(name)


def check_geometry(original: Path, mask: nib.Nifti1Image) -> tuple[list[str], list[str]]:
    """The mask's grid against that of dcm2niix: the same eight corners, whatever the order of axes."""
    tool = tool_beside_python("dcm2niix")
    if tool is None:
        return [], ["dcm2niix is not installed: geometry not compared with it"]
    with tempfile.TemporaryDirectory() as folder:
        source = original
        if original.is_file():
            source = Path(folder, "source")
            source.mkdir()
            shutil.copy(original, source)
        command = [tool, "-b", "n", "-z", "n", "-f", "scan", "-o", folder, str(source)]
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

"""Small scans and their rightly defaced copies, written by hand: what test_check.py spoils."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from check_record import sha256_of
from nifti_bytes import FREE_TEXT, NiftiBytes, read

EXTENT = (7, 6, 5)
FILL = -1000
VERSION = "0.1.0"


def scan_header(kind: str = "<i2", frames: int = 1, nifti2: bool = False) -> nib.Nifti1Header:
    """A header with an oblique affine, a slope and every free-text field filled."""
    header = (nib.Nifti2Header if nifti2 else nib.Nifti1Header)(endianness=kind[0].replace("|", "<"))
    header.set_data_dtype(np.dtype(kind))
    header.set_data_shape(EXTENT if frames == 1 else (*EXTENT, frames))
    turn, _ = np.linalg.qr(np.array([[1, 0.1, 0], [-0.1, 1, 0.2], [0, -0.2, 1]]))
    affine = np.eye(4)
    affine[:3, :3] = turn * [1.0, 1.5, -2.0]
    affine[:3, 3] = [-30, 12, 7]
    header.set_qform(affine, 1)
    header.set_sform(affine, 2)
    header["scl_slope"], header["scl_inter"] = 2.5, -1024
    for name in FREE_TEXT[348 if not nifti2 else 540]:
        if name != "unused_str":
            header[name] = b"Doe Jane"
    return header


def write_nifti(path: Path, header: nib.Nifti1Header, data: bytes, name_in_gzip: str = "", descrip: bytes = b"") -> None:
    """Writes header, an extension block of 32 bytes, voxels and 3 bytes behind them, or, with `descrip`, their cleared form."""
    header = header.copy()
    size = header.sizeof_hdr
    offset = size + 4 + 32
    header["vox_offset"], header["magic"] = offset, header.single_magic
    block = struct.pack(header.endianness + "ii", 32, 6) + b"Doe Jane".ljust(24, b".")
    between, after = b"\1\0\0\0" + block, b"Doe"
    if descrip:
        for name in FREE_TEXT[size]:
            header[name] = b""
        header["descrip"] = descrip
        between, after = bytes(36), b""
    content = header.binaryblock + between + data + after
    if path.name.endswith(".gz"):
        with path.open("wb") as file, gzip.GzipFile(name_in_gzip, "wb", fileobj=file, mtime=0) as packed:
            packed.write(content)
    else:
        path.write_bytes(content)


def removed_voxels() -> np.ndarray:
    """The mask of the samples: bool [ni, nj, nk]."""
    mask = np.zeros(EXTENT, bool)
    mask[2:5, 3:6, 1:4] = True
    return mask


def stored_codes(kind: str, frames: int) -> np.ndarray:
    """Codes [ni, nj, nk, frames], none of them FILL except one under the mask."""
    codes = np.random.default_rng(1).integers(1, 100, (*EXTENT, frames)).astype(kind)
    codes[3, 4, 2] = fill_code(kind)
    return codes


def fill_code(kind: str) -> int:
    """The fill value that a type can hold."""
    return 0 if np.dtype(kind).kind == "u" else FILL


def write_mask(path: Path, affine: np.ndarray, mask: np.ndarray) -> None:
    """A mask file and its sidecar."""
    nib.save(nib.Nifti1Image(mask.astype(np.uint8), affine), path)
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text('{"Type": "Face"}')


def write_record(path: Path, files: list[Path], extent: tuple[int, ...], affine: np.ndarray, n_removed: int, cleared: list[str]) -> None:
    """A record that is right about the files."""
    record = {key: None for key in ("model", "runtime", "options", "remaining")}
    mm3 = n_removed * abs(np.linalg.det(affine[:3, :3]))
    record |= {
        "verdict": "pass", "reasons": [], "version": VERSION, "seconds": {"open": 1.0}, "peak_memory_bytes": 1,
        "regions": {"nose": {"voxels": n_removed, "mm3": mm3}, "ears": {"absent": "outside the scan"}},
        "brain": {"voxels_changed": 0, "smallest_distance_mm": 9.0},
        "proof": {"voxels_removed": n_removed, "voxels_changed_outside_the_mask": 0},
        "header": {"cleared": cleared, "kept": []},
        "output": {
            "sha256": sha256_of(files), "extent": list(extent), "modality": "MR",
            "spacing_mm": np.linalg.norm(affine[:3, :3], axis=0).tolist(),
            "orientation": "".join(nib.aff2axcodes(affine)),
        },
    }
    path.write_text(json.dumps(record))


def cleared_in(image: NiftiBytes) -> list[str]:
    """Names of all places of a file that hold text."""
    return [n for n in FREE_TEXT[image.size] if image.field(n).strip(b"\0")] + ["extensions", "bytes after the data"]


def nifti_case(folder: Path, kind: str = "<i2", frames: int = 1, nifti2: bool = False, ending: str = ".nii.gz") -> dict[str, Path]:
    """A scan, its rightly defaced copy, mask and record; the paths by the names of check()'s arguments."""
    header, codes = scan_header(kind, frames, nifti2), stored_codes(kind, frames)
    paths = {n: folder / f"{n}{ending}" for n in ("original", "output")}
    paths |= {"mask": folder / "scan_defacemask.nii.gz", "record": folder / "scan.efface.json"}
    write_nifti(paths["original"], header, codes.tobytes("F"))
    codes[removed_voxels()] = fill_code(kind)
    write_nifti(paths["output"], header, codes.tobytes("F"), descrip=f"efface {VERSION}: face removed".encode())
    affine = header.get_best_affine()
    write_mask(paths["mask"], affine, removed_voxels())
    write_record(paths["record"], [paths["output"]], EXTENT, affine, 27, cleared_in(read(paths["original"])))
    return paths


def dicom_case(folder: Path) -> dict[str, Path]:
    """A CT series of 4 files, 8 rows and 6 columns, its defaced copy and mask."""
    paths = {n: folder / n for n in ("original", "output")} | {"mask": folder / "series_defacemask.nii.gz"}
    words = np.random.default_rng(2).integers(1, 100, (4, 8, 6)).astype("<i2")
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for name in ("original", "output"):
        paths[name].mkdir()
        if name == "output":
            words[1:3, 2:5, 1:4] = FILL
        for k in range(4):
            write_slice(paths[name] / f"{k}.dcm", words[k], k, (study, series, frame), name == "output")
    mask = np.zeros((6, 8, 4), np.uint8)
    mask[1:4, 2:5, 1:3] = 1
    affine = np.diag([-0.5, -0.75, 2.0, 1.0])
    affine[:3, 3] = [40, 50, -60]
    write_mask(paths["mask"], affine, mask)
    return paths


def write_slice(path: Path, words: np.ndarray, k: int, uids: tuple[str, str, str], is_released: bool) -> None:
    """One axial CT image [rows, columns] at z = 2 k - 60 mm."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.3.{k + 1}"
    image = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, f"1.2.3.{k + 1}"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = uids
    image.Modality, image.PatientName, image.SeriesNumber, image.InstanceNumber = "CT", "Doe^Jane", 1, k + 1
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.ImagePositionPatient, image.ImageOrientationPatient = [-40, -50, 2 * k - 60], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [0.75, 0.5], 2
    image.Rows, image.Columns = words.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.RescaleSlope, image.RescaleIntercept = 1, 0
    image.PixelData = words.tobytes()
    image.add(DataElement(0x00280106, "SS", int(words.min())))
    if is_released:
        release(image, k, uids[1])
    pydicom.dcmwrite(path, image, enforce_file_format=True)


def release(image: FileDataset, k: int, series: str) -> None:
    """What an image says from which the face was removed."""
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.{k + 1}")
    image.SeriesInstanceUID = UID(f"2.25.{abs(hash(series))}")
    image.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    image.DerivationDescription, image.DeidentificationMethod = f"Face removed by efface {VERSION}", f"efface {VERSION}"
    image.RecognizableVisualFeatures = "NO"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113102", "DCM"
    code.CodeMeaning = "Clean Recognizable Visual Features Option"
    image.DeidentificationMethodCodeSequence = [code]

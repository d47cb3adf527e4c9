"""check.py finds each planted defect, and nothing where there is none.

Run in this folder: python -m unittest
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Callable

import nibabel as nib
import numpy as np

import samples
from check import check

HERE = Path(__file__).parent


class Case(unittest.TestCase):
    """Gives each test a folder of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def finds(self, words: str, paths: dict[str, Path]) -> None:
        """Some problem of the case says `words`."""
        problems, _ = check(**paths)
        self.assertTrue(any(words in p for p in problems), f"{words!r} is not in {problems}")


def rewrite(path: Path, change: Callable[[bytearray], None], name: str = "", time: int = 0) -> None:
    """Changes a gzip file's content and the name and time in its header."""
    content = bytearray(gzip.decompress(path.read_bytes()))
    change(content)
    with path.open("wb") as file, gzip.GzipFile(name, "wb", fileobj=file, mtime=time) as packed:
        packed.write(content)


def put(offset: int, value: bytes) -> Callable[[bytearray], None]:
    """A change: `value` at a byte offset of the decompressed file."""

    def change(content: bytearray) -> None:
        assert content[offset : offset + len(value)] != value, "a defect that changes nothing"
        content[offset : offset + len(value)] = value

    return change


class RightCopies(Case):
    """A rightly defaced copy has no problem."""

    def test_every_kind_of_nifti(self) -> None:
        cases = [
            ("|u1", 1, False, ".nii.gz"), ("<i2", 1, False, ".nii.gz"), (">i2", 1, False, ".nii"),
            (">f4", 3, False, ".nii.gz"), ("<f8", 1, True, ".nii.gz"), (">u2", 2, True, ".nii"),
        ]
        for n, (kind, frames, nifti2, ending) in enumerate(cases):
            with self.subTest(kind=kind, frames=frames, nifti2=nifti2):
                folder = self.folder / str(n)
                folder.mkdir()
                self.assertEqual(check(**samples.nifti_case(folder, kind, frames, nifti2, ending))[0], [])

    def test_without_mask_and_record(self) -> None:
        paths = samples.nifti_case(self.folder)
        self.assertEqual(check(paths["original"], paths["output"])[0], [])

    def test_pair(self) -> None:
        self.assertEqual(check(**pair_case(self.folder))[0], [])

    def test_exit_codes(self) -> None:
        paths = samples.nifti_case(self.folder)
        command = [sys.executable, str(HERE / "check.py"), paths["original"], paths["output"], "--mask", paths["mask"]]
        self.assertEqual(subprocess.run(command, capture_output=True).returncode, 0)
        command[2:4] = [paths["original"], paths["original"]]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("descrip", result.stdout)


def pair_case(folder: Path) -> dict[str, Path]:
    """The NIfTI sample as a pair of header and image."""
    paths = samples.nifti_case(folder, ending=".nii")
    for name in ("original", "output"):
        content = bytearray(paths[name].read_bytes())
        header, data = content[:348], content[384 : 384 + 2 * int(np.prod(samples.EXTENT))]
        header[344:348], header[108:112] = b"ni1\0", bytes(4)
        paths[name].with_suffix(".hdr").write_bytes(header)
        paths[name].with_suffix(".img").write_bytes(data)
        paths[name] = paths[name].with_suffix(".hdr")
    del paths["record"]
    return paths


class NiftiDefects(Case):
    """Each test spoils one thing in the right copy. Offsets are those of nifti1.h."""

    def setUp(self) -> None:
        super().setUp()
        self.paths = samples.nifti_case(self.folder)
        self.output = self.paths["output"]

    def spoil(self, words: str, offset: int, value: bytes) -> None:
        rewrite(self.output, put(offset, value))
        self.finds(words, self.paths)

    def test_voxel_outside_the_mask(self) -> None:
        self.spoil("1 changed outside the mask", 384, b"\x00\x70")

    def test_voxel_outside_the_mask_of_a_later_frame(self) -> None:
        paths = samples.nifti_case(self.folder, ">f4", 3)
        rewrite(paths["output"], put(384 + 4 * 210 * 2, b"\x7f\xc0\0\0"))
        self.finds("frame 2", paths)

    def test_second_fill_value(self) -> None:
        voxel = 3 + 7 * (4 + 6 * 1)
        self.spoil("2 values where one fill value", 384 + 2 * voxel, b"\x05\x00")

    def test_second_fill_value_without_mask(self) -> None:
        rewrite(self.output, put(384 + 2 * (3 + 7 * (4 + 6 * 1)), b"\xf0\x70"))
        problems, _ = check(self.paths["original"], self.output)
        self.assertTrue(any("2 values where one" in p for p in problems), problems)

    def test_slope(self) -> None:
        self.spoil("scl_slope", 112, np.float32(1).tobytes())

    def test_intercept(self) -> None:
        self.spoil("scl_inter", 116, np.float32(0).tobytes())

    def test_srow(self) -> None:
        self.spoil("srow_y", 296, np.float32(0.25).tobytes())

    def test_shifted_affine(self) -> None:
        self.spoil("affine", 292, np.float32(-29).tobytes())

    def test_qoffset(self) -> None:
        self.spoil("qoffset_x", 268, np.float32(-29).tobytes())

    def test_form_code(self) -> None:
        self.spoil("sform_code", 254, b"\x04\x00")

    def test_pixdim(self) -> None:
        self.spoil("pixdim", 80, np.float32(1.25).tobytes())

    def test_data_type_code(self) -> None:
        self.spoil("datatype", 70, np.int16(512).tobytes())

    def test_unused_byte(self) -> None:
        self.spoil("glmax", 140, b"\x07")

    def test_extent(self) -> None:
        self.spoil("extent: (7, 6, 5) became (6, 6, 5)", 42, np.int16(6).tobytes())

    def test_descrip_kept(self) -> None:
        self.spoil("descrip is 'Doe Jane'", 148, b"Doe Jane".ljust(80, b"\0"))

    def test_free_text_kept(self) -> None:
        for name, offset in (("data_type", 4), ("db_name", 14), ("aux_file", 228), ("intent_name", 328)):
            with self.subTest(name=name):
                self.spoil(f"{name} still holds", offset, b"Doe")

    def test_extension_kept(self) -> None:
        self.spoil("extensions still holds", 360, b"Doe")

    def test_bytes_after_the_data(self) -> None:
        rewrite(self.output, lambda content: content.extend(b"Doe"))
        self.finds("3 bytes follow the voxels", self.paths)

    def test_name_in_the_gzip_header(self) -> None:
        rewrite(self.output, lambda content: None, name="DoeJane.nii")
        self.finds("gzip header holds a file name", self.paths)

    def test_time_in_the_gzip_header(self) -> None:
        rewrite(self.output, lambda content: None, time=1234)
        self.finds("holds the time 1234", self.paths)

    def test_comment_in_the_gzip_header(self) -> None:
        content = bytearray(self.output.read_bytes())
        content[3] |= 16
        self.output.write_bytes(content[:10] + b"Doe\0" + content[10:])
        self.finds("comment or extra field", self.paths)

    def test_compression_dropped(self) -> None:
        self.output.write_bytes(gzip.decompress(self.output.read_bytes()))
        self.finds("compressed False, the original True", self.paths)

    def test_padding_before_the_voxels(self) -> None:
        def pad(content: bytearray) -> None:
            content[384:384] = bytes(16)
            content[108:112] = np.float32(400).tobytes()

        rewrite(self.output, pad)
        self.finds("36 bytes before the voxels became 52", self.paths)

    def test_pair_made_one_file(self) -> None:
        single = samples.nifti_case(self.folder, ending=".nii")["output"].rename(self.folder / "single.nii")
        paths = pair_case(self.folder)
        paths["output"] = single
        self.finds("a pair became a single file", paths)

    def test_byte_order(self) -> None:
        other = self.folder / "big"
        other.mkdir()
        self.paths["output"] = samples.nifti_case(other, ">i2")["output"]
        self.finds("byte order", self.paths)

    def test_pair_voxel(self) -> None:
        paths = pair_case(self.folder)
        image = paths["output"].with_suffix(".img")
        image.write_bytes(b"\x00\x70" + image.read_bytes()[2:])
        self.finds("1 changed outside the mask", paths)


class MaskDefects(Case):
    """The mask tells what was removed, where it was removed."""

    def setUp(self) -> None:
        super().setUp()
        self.paths = samples.nifti_case(self.folder)
        self.affine = nib.load(self.paths["mask"]).affine

    def spoil(self, words: str, mask: np.ndarray, affine: np.ndarray | None = None) -> None:
        samples.write_mask(self.paths["mask"], self.affine if affine is None else affine, mask)
        self.finds(words, self.paths)

    def test_too_small(self) -> None:
        mask = samples.removed_voxels()
        mask[2, 3, 1] = False
        self.spoil("1 changed outside the mask", mask)

    def test_too_large(self) -> None:
        mask = samples.removed_voxels()
        mask[0, 0, 0] = True
        self.spoil("2 values where one fill value", mask)

    def test_flipped(self) -> None:
        self.spoil("changed outside the mask", samples.removed_voxels()[:, ::-1])

    def test_shifted(self) -> None:
        affine = self.affine.copy()
        affine[0, 3] += 0.01
        self.spoil("mask: lies elsewhere", samples.removed_voxels(), affine)

    def test_extent(self) -> None:
        self.spoil("mask: extent", samples.removed_voxels()[:-1])

    def test_values(self) -> None:
        self.spoil("values other than 0 and 1", samples.removed_voxels() * 2)

    def test_data_type(self) -> None:
        nib.save(nib.Nifti1Image(samples.removed_voxels().astype(np.int16), self.affine), self.paths["mask"])
        self.finds("not uint8", self.paths)

    def test_sidecar(self) -> None:
        (self.folder / "scan_defacemask.json").unlink()
        self.finds("no scan_defacemask.json", self.paths)

    def test_content_of_the_sidecar(self) -> None:
        (self.folder / "scan_defacemask.json").write_text("[]")
        self.finds("is not a JSON object", self.paths)


if __name__ == "__main__":
    unittest.main()

"""check.py finds each planted defect in a DICOM series.

Run in this folder: python -m unittest
"""

from __future__ import annotations

import unittest

import nibabel as nib
import numpy as np
import pydicom

import samples
from check import check
from check_dicom import tool_beside_python
from test_check import Case


class DicomDefects(Case):
    """Each test spoils one thing in the right copy of a series."""

    def setUp(self) -> None:
        super().setUp()
        self.paths = samples.dicom_case(self.folder)
        self.file = self.paths["output"] / "2.dcm"

    def change(self, **elements: object) -> None:
        image = pydicom.dcmread(self.file)
        for name, value in elements.items():
            setattr(image, name, value)
        image.save_as(self.file)

    def spoil_pixel(self, row: int, column: int) -> None:
        image = pydicom.dcmread(self.file)
        words = np.frombuffer(image.PixelData, "<i2").reshape(8, 6).copy()
        words[row, column] += 1
        self.change(PixelData=words.tobytes())

    def test_right_copy(self) -> None:
        self.assertEqual(check(**self.paths)[0], [])

    def test_pixel_outside_the_mask(self) -> None:
        self.spoil_pixel(0, 5)
        self.finds("2.dcm: frame 0: 1 pixels changed outside the mask", self.paths)

    def test_second_fill_value(self) -> None:
        self.spoil_pixel(2, 1)
        self.finds("2 values where one fill value", self.paths)

    def test_other_fill_value_in_one_file(self) -> None:
        image = pydicom.dcmread(self.file)
        words = np.frombuffer(image.PixelData, "<i2").copy()
        words[words == samples.FILL] += 7
        self.change(PixelData=words.tobytes())
        self.finds("2 fill values in files of the same rescale", self.paths)

    def test_element(self) -> None:
        self.change(PatientName="Doe^Joan")
        self.finds("element (0010,0010) differs", self.paths)

    def test_added_element(self) -> None:
        self.change(PatientComments="x")
        self.finds("element (0010,4000) came", self.paths)

    def test_removed_element(self) -> None:
        image = pydicom.dcmread(self.file)
        del image.PatientName
        image.save_as(self.file)
        self.finds("element (0010,0010) went", self.paths)

    def test_face_still_said_to_be_there(self) -> None:
        self.change(RecognizableVisualFeatures="YES")
        self.finds("Recognizable Visual Features is YES", self.paths)

    def test_old_uid(self) -> None:
        old = pydicom.dcmread(self.paths["original"] / "2.dcm")
        self.change(SOPInstanceUID=old.SOPInstanceUID)
        self.finds("SOPInstanceUID is 1.2.3.3", self.paths)

    def test_original_image_type(self) -> None:
        self.change(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
        self.finds("Image Type does not start with DERIVED", self.paths)

    def test_header_said_to_be_clean(self) -> None:
        self.change(PatientIdentityRemoved="YES")
        self.finds("Patient Identity Removed changed", self.paths)

    def test_no_method_code(self) -> None:
        self.change(DeidentificationMethodCodeSequence=[])
        self.finds("methods are []", self.paths)

    def test_smallest_value(self) -> None:
        self.change(SmallestImagePixelValue=3)
        self.finds("SmallestImagePixelValue is 3", self.paths)

    def test_byte_no_reader_shows(self) -> None:
        content = bytearray(self.file.read_bytes())
        content[5] = 1
        self.file.write_bytes(content)
        self.finds("the preamble is not empty", self.paths)

    def test_other_length(self) -> None:
        self.change(PatientName="Doe^Janet B")
        self.finds("element (0010,0010) differs", self.paths)

    def test_other_extent(self) -> None:
        self.change(Rows=6, Columns=8)
        self.finds("pixels: (1, 8, 6) became (1, 6, 8)", self.paths)

    def test_missing_file(self) -> None:
        self.file.unlink()
        self.finds("4 became 3", self.paths)

    def test_flipped_mask(self) -> None:
        mask = nib.load(self.paths["mask"])
        samples.write_mask(self.paths["mask"], mask.affine, np.asarray(mask.dataobj)[:, ::-1])
        self.finds("changed outside the mask", self.paths)

    def test_shifted_mask(self) -> None:
        mask = nib.load(self.paths["mask"])
        affine = mask.affine.copy()
        affine[2, 3] += 1
        samples.write_mask(self.paths["mask"], affine, np.asarray(mask.dataobj))
        self.finds("do not lie on the mask's grid", self.paths)

    def test_mask_of_a_wider_grid(self) -> None:
        """Each pixel lies on the mask's grid, which reaches further than the series."""
        mask = nib.load(self.paths["mask"])
        wide = np.pad(np.asarray(mask.dataobj), [(0, 1), (0, 0), (0, 0)])
        samples.write_mask(self.paths["mask"], mask.affine, wide)
        if tool_beside_python("dcm2niix"):
            self.finds("from dcm2niix's grid", self.paths)
        else:
            self.assertIn("dcm2niix is not installed", " ".join(check(**self.paths)[1]))


if __name__ == "__main__":
    unittest.main()

"""check.py finds each wrong statement of a record.

Run in this folder: python -m unittest
"""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Callable

import samples
from test_check import Case


def rewrite_json(path: Path, change: Callable[[dict], None]) -> None:
    """Changes a record."""
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def carried(**changes: object) -> dict:
    """What a record says of a face that was located in another scan, some of its offset changed."""
    offset = {"largest_mm": 12.0, "degrees": 4.0, "taken_as_none": False} | changes
    return {"scans": 2, "face_located": "in another scan", "from": {"modality": "MR"}, "offset": offset}


class RecordDefects(Case):
    """The record is right about the output."""

    def test_each_statement(self) -> None:
        changes: list[tuple[str, Callable[[dict], None]]] = [
            ("sha256", lambda r: r["output"].update(sha256="0" * 64)),
            ("extent", lambda r: r["output"].update(extent=[7, 6, 4])),
            ("spacing", lambda r: r["output"].update(spacing_mm=[1, 1.5, 2.1])),
            ("orientation", lambda r: r["output"].update(orientation="RAS")),
            ("not 9 mm3", lambda r: r["regions"]["nose"].update(mm3=9)),
            ("the mask only 27", lambda r: r["regions"]["nose"].update(voxels=28, mm3=84)),
            ("no region removed", lambda r: r.update(regions={})),
            ("brain voxels", lambda r: r["brain"].update(voxels_changed=3)),
            ("without a reason", lambda r: r.update(verdict="review")),
            ("yet there is an image", lambda r: r.update(verdict="fail")),
            ("no remaining", lambda r: r.pop("remaining")),
            ("26 voxels removed, the mask has 27", lambda r: r["proof"].update(voxels_removed=26)),
            ("nothing changed outside", lambda r: r["proof"].update(voxels_changed_outside_the_mask=1)),
            ("wrong about db_name", lambda r: r["header"]["cleared"].remove("db_name")),
            ("no offset of one space", lambda r: r.update(space=carried(largest_mm=44.0))),
            ("taken as none", lambda r: r.update(space=carried(taken_as_none=True))),
            ("and there is none", lambda r: r.update(space=carried() | {"from": None})),
            ("descrip is", lambda r: r.update(version="9.9.9")),
            ("aux_file was to be kept", lambda r: r.update(options={"keep_header_text": True})),
        ]
        for n, (words, change) in enumerate(changes):
            with self.subTest(words=words):
                folder = self.folder / str(n)
                folder.mkdir()
                paths = samples.nifti_case(folder)
                rewrite_json(paths["record"], change)
                self.finds(words, paths)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Runs efface on every head of a shared folder and writes a table, the worst head first.

usage: evaluate.py --shared DIR --efface BINARY --out DIR [--only NAME,NAME] [--model FACE.toml]
  DIR/heads/NAME/{image,labels}.nii.gz    labelled heads at 1.5 mm, also below heads/evaluation_only/labelled
  DIR/heads/native/NAME.nii.gz            scans as users have them, also in heads/evaluation_only
  FACE.toml                               model card: names the heads it was trained on
                                          (default DIR/models/face.toml)
OUT gets evaluation.tsv, evaluation.md, peers.md (scans as users have them, beside other tools) and the results. Columns: the share removed of each part of the head;
brain_voxels: brain voxels removed; brain_deep_mm: how far the deepest of them lies under the brain's
surface; brain_mm: least distance of a removed voxel to the brain;
skin_left: share of the facial skin where a surface of the result still lies within 3 (5) mm.
`trained`: yes; same person (another scan of that person was); no. Scans without labels have no figures.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

import peers
from check import check
from measure import measure

PERCENT = [
    "face", "face_below_forehead", "eyes", "forehead", "nose", "cheeks", "mouth_chin", "ears", "rest", "skin_left_3mm", "skin_left_5mm",
]
COLUMNS = [
    "head", "set", "trained", "verdict", "skin_left_3mm", "skin_left_5mm", "face", "face_below_forehead", "eyes", "forehead", "nose",
    "cheeks", "mouth_chin", "ears", "rest", "brain_voxels",
    "brain_deep_mm", "brain_mm", "removed_ml", "seconds", "check", "reasons",
]


@dataclass
class Head:
    """One scan to be defaced; `labels` is None where nobody drew any."""

    name: str
    kind: str
    scan: Path
    labels: Path | None


def heads_of(shared: Path) -> list[Head]:
    """All heads, first those at 1.5 mm, then those as users have them."""
    places = [shared / "heads", shared / "heads/evaluation_only/labelled"]
    labelled = {p.parent.name: p for place in places for p in sorted(place.glob("*/labels.nii.gz"))}
    heads = [Head(name, "1.5 mm", p.with_name("image.nii.gz"), p) for name, p in labelled.items()]
    for folder in (shared / "heads/native", shared / "heads/evaluation_only"):
        for scan in sorted(folder.glob("*.nii.gz")):
            name = scan.name.removesuffix(".nii.gz")
            heads.append(Head(name, "native", scan, labelled.get(name)))
    return heads


def trained_on(card: Path, table: Path) -> dict[str, str]:
    """For each head of the table: whether the model was trained on it, or on the same person."""
    names = {row["name"] for row in tomllib.loads(card.read_text()).get("training", [])}
    rows = list(csv.DictReader(table.open(), delimiter="\t"))
    people = {row["person"].split()[0] for row in rows if row["name"] in names} - {"average", "none"}
    told = {row["name"]: "same person" if row["person"].split()[0] in people else "no" for row in rows}
    return told | {name: "yes" for name in names}


def run(head: Head, efface: Path, out: Path) -> dict[str, object]:
    """Defaces one head and measures the result: a row of the table."""
    folder = out / head.kind.replace(" ", "")
    scan = folder / "in" / f"{head.name}.nii.gz"
    scan.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(head.scan, scan)
    command = [str(efface), "deface", str(scan), "-o", str(folder / "out"), "--mask", "--overwrite"]
    begin = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    row: dict[str, object] = {"head": head.name, "set": head.kind, "seconds": time.perf_counter() - begin}
    result = next((f for f in (folder / "out", folder / "out/review") if (f / scan.name).exists()), None)
    record = (result or folder / "out") / f"{head.name}.efface.json"
    if not record.exists():
        lines = ran.stderr.strip().splitlines() or [""]
        return row | {"verdict": "no record", "reasons": f"exit code {ran.returncode}: {lines[-1]}"}
    told = json.loads(record.read_text())
    row |= {"verdict": told["verdict"], "reasons": "; ".join(map(str, told["reasons"]))}
    if result is None:
        return row
    image, mask = result / scan.name, result / f"{head.name}_defacemask.nii.gz"
    problems, _ = check(scan, image, mask, record)
    row["check"] = "equal" if not problems else "; ".join(problems)
    drawn = nib.load(mask)
    row["removed_ml"] = np.count_nonzero(drawn.dataobj[:]) * abs(np.linalg.det(drawn.affine[:3, :3])) / 1000
    if head.labels is not None:
        row |= measure(scan, image, mask, head.labels)
    return row


def badness(row: dict[str, object]) -> tuple[float, float]:
    """Larger is worse: faults first, then brain lost or face left, then heads without a result."""
    left = max(float(row.get("skin_left_3mm") or 0), 1 - float(row.get("face") or 1))
    if row["verdict"] == "no record" or row.get("check", "equal") != "equal":
        return 4, left
    if row["verdict"] == "pass" and str(row["head"]).startswith("neg_"):
        return 3, left
    if "face" in row:
        return (2 if row.get("brain_voxels") else 1), left
    return 0, float(row["verdict"] != "pass")


def cell(name: str, value: object) -> str:
    """A value as text: shares in percent, one digit after the point."""
    if value is None:
        return ""
    if name in PERCENT:
        return f"{100 * float(value):.1f}"
    return f"{value:.1f}" if isinstance(value, float) else str(value).replace("\t", " ").replace("\n", " ")


def write(rows: list[dict[str, object]], out: Path) -> None:
    """Writes the table as TSV and as markdown, shares in percent."""
    titles = [f"{c} %" if c in PERCENT else c for c in COLUMNS]
    lines = [[cell(c, row.get(c)) for c in COLUMNS] for row in rows]
    (out / "evaluation.tsv").write_text("".join("\t".join(line) + "\n" for line in [titles, *lines]))
    table = [titles, ["---"] * len(titles), *lines]
    text = "".join("| " + " | ".join(c.replace("|", "/") for c in line) + " |\n" for line in table)
    (out / "evaluation.md").write_text(text)
    (out / "peers.md").write_text(peers.table([row for row in rows if row["set"] == "native"]))


def main() -> None:
    """Reads the arguments, runs all heads, writes the tables after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--efface", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", help="names, separated by commas")
    parser.add_argument("--model", type=Path, help="model card")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    card = options.model or options.shared / "models/face.toml"
    trained = trained_on(card, options.shared / "heads/heads.tsv")
    heads = heads_of(options.shared)
    if options.only:
        heads = [head for head in heads if head.name in options.only.split(",")]
    rows: list[dict[str, object]] = []
    for head in heads:
        row = run(head, options.efface.resolve(), options.out)
        rows.append(row | {"trained": trained.get(head.name, "unknown")})
        print(*(cell(c, rows[-1].get(c)) for c in ("head", "set", "verdict", "face", "skin_left_3mm", "check")), sep="\t", flush=True)
        write(sorted(rows, key=badness, reverse=True), options.out)


if __name__ == "__main__":
    main()

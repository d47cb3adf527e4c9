#!/usr/bin/env python3
"""Measures 300 DICOM slices of 512 x 512 through efface beside pydicom doing the least of the same.

    dicom_series.py [--slices 300] [--repeat 3] [--efface PATH] [--threads 2]

efface: read, deface, write, read again and prove; the seconds of its own stages are given apart, so
that the model's can be left out. pydicom: read every file, write one value under a mask that it is
given, write every file; nothing is proven. Both on the same files in the same run, in turns.
Figures are printed, not kept: a record is for an idle machine. Needs pydicom and numpy.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pydicom

ROOT = Path(__file__).resolve().parent.parent
SIZE = 512
MODEL_STAGES = ["infer"]


def main():
    options = arguments()
    efface = options.efface or ROOT / "target/release/efface"
    with tempfile.TemporaryDirectory(prefix="dicom_series.") as folder:
        work = Path(folder)
        make_series(work / "series", options.slices)
        volume_mib = options.slices * SIZE * SIZE * 2 / 2**20
        runs = {"efface": [], "pydicom": []}
        for n in range(options.repeat):
            runs["efface"].append(run_efface(efface, work, n, options.threads))
            runs["pydicom"].append(run_pydicom(work, n))
    model = statistics.median(sum(r["stages"].get(s, 0) for s in MODEL_STAGES) for r in runs["efface"])
    whole = statistics.median(r["seconds"] for r in runs["efface"])
    other = statistics.median(r["seconds"] for r in runs["pydicom"])
    print(f"{options.slices} slices of {SIZE} x {SIZE}, {volume_mib:.0f} MiB; load {os.getloadavg()[0]:.1f}")
    print(f"efface   {whole:.2f} s, {whole - model:.2f} s without {', '.join(MODEL_STAGES)}")
    print(f"pydicom  {other:.2f} s: {other / (whole - model):.1f} times as long")
    for name, all_runs in runs.items():
        peak = max(r["peak_mib"] for r in all_runs)
        print(f"{name} peak memory {peak:.0f} MiB, {peak / volume_mib:.1f} times the volume")
    for stage in runs["efface"][0]["stages"]:
        seconds = statistics.median(r["stages"][stage] for r in runs["efface"])
        print(f"  {stage:8} {seconds:.3f} s")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--efface", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def make_series(folder, n_slices):
    """The CT head of the repository, its slices stretched to 512 x 512 and to `n_slices`."""
    folder.mkdir()
    sources = sorted((ROOT / "data/head_ct").glob("*.dcm"))
    first = pydicom.dcmread(sources[0])
    step = (len(sources) - 1) * 3.3 / (n_slices - 1)
    rows = np.arange(SIZE) * first.Rows // SIZE
    columns = np.arange(SIZE) * first.Columns // SIZE
    for k in range(n_slices):
        image = pydicom.dcmread(sources[k * len(sources) // n_slices])
        pixels = image.pixel_array[np.ix_(rows, columns)]
        x, y, z = (float(v) for v in first.ImagePositionPatient)
        image.ImagePositionPatient = [x, y, round(z + k * step, 4)]
        image.PixelSpacing = [round(1.3 * first.Rows / SIZE, 6), round(1.3 * first.Columns / SIZE, 6)]
        image.Rows = image.Columns = SIZE
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"2.25.{1000 + k}"
        image.PixelData = pixels.astype("<u2").tobytes()
        image.save_as(folder / f"{k:04}.dcm")


def timed(command):
    """Wall seconds and peak memory of a program."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    return said, os.waitstatus_to_exitcode(status), {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024}


def run_efface(efface, work, n, threads):
    out = work / f"out{n}"
    said, code, run = timed([efface, "deface", work / "series", "-o", out, "--threads", str(threads)])
    if code not in (0, 1):
        raise SystemExit(said)
    records = list(out.glob("**/*.efface.json"))
    run["stages"] = json.loads(records[0].read_text())["seconds"]
    return run


def run_pydicom(work, n):
    """A process of its own, so that its memory can be told."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import dicom_series as d; " \
           f"d.mask_with_pydicom({str(work / 'series')!r}, {str(work / f'py{n}')!r})"
    said, status, run = timed([sys.executable, "-c", code])
    if status:
        raise SystemExit(said)
    return run


def mask_with_pydicom(source, target):
    """Reads every file, writes air into a quarter of its pixels, and writes it."""
    os.mkdir(target)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[: SIZE // 2, SIZE // 4 : 3 * SIZE // 4] = True
    for path in sorted(Path(source).iterdir()):
        image = pydicom.dcmread(path)
        pixels = image.pixel_array.copy()
        pixels[mask] = 24
        image.PixelData = pixels.tobytes()
        image.save_as(Path(target) / path.name)


if __name__ == "__main__":
    main()

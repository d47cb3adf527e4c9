#!/usr/bin/env python3
"""Measures 300 DICOM slices of 512 x 512 through efface beside pydicom doing the least of the same.

    dicom_series.py [--slices 300] [--repeat 3] [--efface PATH] [--threads 2] [--before PATH] [--record]

efface: read, deface, write, read again and prove; the seconds of its own stages are given apart, so
that the model's can be left out, of its first look and of that at the result, and those of the proof:
keeping a copy of what was read, reading again what was written, comparing both, and the hashes for
record and log. pydicom: read every file, write one value under a mask that it is given, write every
file; nothing is proven. All on the
same files in the same run, in turns, after a round that is not counted; `--before` is an earlier
efface to be measured beside this one. The memory of the program, its model and its engine is that of
a run on the small head of the repository, less the three volumes of that.

`--record` writes `records/DATE-CPU-dicom_series.md`. Needs pydicom and numpy.
"""

import argparse
import datetime
import json
import os
import re
import shutil
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
MODEL_STAGES = ["infer", "look_again"]
PROOF_STAGES = ["keep", "reopen", "verify", "hash"]
SMALL = ROOT / "data/head_ct"


def main():
    options = arguments()
    programs = {"efface": options.efface or ROOT / "target/release/efface"}
    if options.before:
        programs["efface before"] = options.before
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="dicom_series.") as folder:
        work = Path(folder)
        make_series(work / "series", options.slices)
        runs = {name: [] for name in [*programs, "pydicom"]}
        for n in range(options.repeat + 1):
            for name, path in programs.items():
                runs[name].append(run_efface(path, work / "series", work / f"{name}{n}", options.threads))
            runs["pydicom"].append(run_pydicom(work, n))
        runs = {name: of[1:] for name, of in runs.items()}
        small = run_efface(programs["efface"], SMALL, work / "small", options.threads)
    said = report(options, runs, small, load)
    print(said)
    if options.record:
        name = f"{datetime.date.today()}-{cpu_slug()}-dicom_series.md"
        (ROOT / "benches/records" / name).write_text(said + "\n")


def report(options, runs, small, load):
    volume_mib = options.slices * SIZE * SIZE * 2 / 2**20
    median = lambda of, value: statistics.median(value(run) for run in of)  # noqa: E731
    spent = lambda run, of: sum(run.get("stages", {}).get(stage, 0) for stage in of)  # noqa: E731
    own = lambda run: run["seconds"] - spent(run, MODEL_STAGES)  # noqa: E731
    alone = lambda run: own(run) - spent(run, PROOF_STAGES)  # noqa: E731
    small_mib = sum(f.stat().st_size for f in SMALL.glob("*.dcm")) / 2**20
    runtime_mib = small["peak_mib"] - 3 * small_mib
    other = median(runs["pydicom"], lambda run: run["seconds"])
    lines = [
        "# A DICOM series", "",
        f"- processor: {cpu_name()}, {len(os.sched_getaffinity(0))} processors",
        f"- load before the first run: {load:.2f}; after the last: {os.getloadavg()[0]:.2f}",
        f"- date: {datetime.date.today()}; commit: {commit()}; {said_by('rustc', '--version')}",
        f"- pydicom {pydicom.__version__}, numpy {np.__version__}, Python {sys.version.split()[0]}",
        *(f"- {note}" for note in options.note), "",
        f"{options.slices} slices of {SIZE} x {SIZE}, {volume_mib:.0f} MiB; {options.threads} threads; "
        f"{options.repeat} interleaved repetitions, after one that is not counted. Medians, in brackets the least.",
        "",
        "| program | wall s | without the model | and without the proof | processor s | peak MiB | times the volume "
        "| beside the runtime's |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, of in runs.items():
        values = (lambda run: run["seconds"], own, alone, lambda run: run["cpu_s"])
        figures = [f"{median(of, value):.2f} ({min(map(value, of)):.2f})" for value in values]
        peak = max(run["peak_mib"] for run in of)
        beside = "" if name == "pydicom" else f"{(peak - runtime_mib) / volume_mib:.2f}"
        lines.append(f"| {name} | {' | '.join(figures)} | {peak:.0f} | {peak / volume_mib:.2f} | {beside} |")
    lines += ["", f"The runtime: {runtime_mib:.0f} MiB.", ""]
    for name in (name for name in runs if name != "pydicom"):
        lines.append(
            f"pydicom takes {other / median(runs[name], alone):.2f} times as long as {name} reading, defacing and "
            f"writing, and {other / median(runs[name], own):.2f} times as long as that with the proof.")
    lines += ["", "## Stages of efface, median seconds", ""]
    for name in (name for name in runs if name != "pydicom"):
        stages = runs[name][0]["stages"]
        lines += [f"{name}: " + ", ".join(
            f"{stage} {median(runs[name], lambda run: run['stages'][stage]):.3f}" for stage in stages)]
    return "\n".join(lines)


def commit():
    changed = "" if not said_by("git", "status", "--porcelain", "crates", "models", "Cargo.lock") else ", and changes"
    return said_by("git", "rev-parse", "--short=12", "HEAD") + changed


def said_by(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def cpu_name():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else "unknown"


def cpu_slug():
    return re.sub(r"[^a-z0-9]+", "-", cpu_name().lower()).strip("-")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--efface", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--note", action="append", default=[], help="a line for the record")
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
    figures = {"seconds": seconds, "peak_mib": usage.ru_maxrss / 1024, "cpu_s": usage.ru_utime + usage.ru_stime}
    return said, os.waitstatus_to_exitcode(status), figures


def run_efface(efface, series, out, threads):
    said, code, run = timed([efface, "deface", series, "-o", out, "--threads", str(threads)])
    if code not in (0, 1):
        raise SystemExit(said)
    records = list(out.glob("**/*.efface.json"))
    run["stages"] = json.loads(records[0].read_text())["seconds"]
    shutil.rmtree(out)
    return run


def run_pydicom(work, n):
    """A process of its own, so that its memory can be told."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import dicom_series as d; " \
           f"d.mask_with_pydicom({str(work / 'series')!r}, {str(work / f'py{n}')!r})"
    said, status, run = timed([sys.executable, "-c", code])
    if status:
        raise SystemExit(said)
    shutil.rmtree(work / f"py{n}")
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

#!/usr/bin/env python3
"""Runs on whole datasets, with the built command.

    dataset.py killed      [--scans 200] [--broken 5] [--kills 20]
    dataset.py throughput  [--scans 8] [--peer 'NAME=COMMAND {in} {out}'] [--record]

`killed`: a dataset of small heads, some of them broken, in a run that is killed (SIGKILL) at random moments and
gone on with; afterwards every result must be there once, with the bytes of an undisturbed run, proven by its
record, and nothing else. Exit code 1 if not.

`throughput`: scans an hour with one and with two jobs, one thread a job, in turns, with peak memory; for 1 mm T1
heads and for CT of 300 slices. A peer takes the T1 heads, a process a head and as many at once as there are
jobs. `--record` writes `records/DATE-CPU-throughput.md`.

Heads are those of `data`, stretched and made brighter one by one. Needs numpy, nibabel and pydicom.
"""

import argparse
import datetime
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benches"))
import dicom_series
import whole_run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["killed", "throughput"])
    parser.add_argument("--scans", type=int)
    parser.add_argument("--broken", type=int, default=5)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", type=whole_run.peer)
    parser.add_argument("--note", action="append", default=[], help="a line for the record")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--efface", type=Path, default=ROOT / "target/release/efface")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dataset.") as folder:
        work = Path(folder)
        if options.what == "killed":
            sys.exit(killed(options, work))
        throughput(options, work)


def killed(options, work):
    n_scans = options.scans or 200
    source, rng = work / "in", random.Random(options.seed)
    broken = set(rng.sample(range(n_scans), options.broken))
    make_heads(source, n_scans, 4, broken)
    command = [options.efface, "deface", source, "-o"]
    start = time.perf_counter()
    run([*command, work / "whole", "--jobs", "2"])
    whole = time.perf_counter() - start
    expected = images(work / "whole")
    print(f"undisturbed: {len(expected)} results of {n_scans} scans, {whole:.0f} s", flush=True)
    n_kills, start = 0, time.perf_counter()
    for n in range(options.kills):
        process = subprocess.Popen([*command, work / "out", "--jobs", "2", "--resume"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Well into the dataset with the last of them, and at no moment in particular.
        try:
            process.wait(rng.uniform(0, 1.4 * whole / options.kills))
        except subprocess.TimeoutExpired:
            n_kills += 1
        process.kill()
        process.wait()
        found = images(work / "out")
        if any(expected.get(name) != digest for name, digest in found.items()):
            print(f"after kill {n + 1}: a result that differs")
            return 1
    at_kills = len(images(work / "out"))
    said = run([*command, work / "out", "--jobs", "2", "--resume"])
    found = images(work / "out")
    left = [path.name for path in work.iterdir() if path.name.startswith(".efface")]
    records = {path.name: json.loads(path.read_text()) for path in (work / "out").rglob("*.efface.json")}
    wrong = [name for name, digest in found.items()
             if records[Path(name).name.replace(".nii.gz", ".efface.json")]["output"]["sha256"] != digest]
    print(f"{n_kills} of {options.kills} runs killed, {at_kills} results there then; "
          f"{time.perf_counter() - start:.0f} s with the last run")
    print(said.splitlines()[-1] if not said.endswith("\n\n") else said)
    sound = found == expected and not left and not wrong and len(records) == n_scans
    print(f"same bytes: {found == expected}; left over: {left}; records: {len(records)}; wrong records: {wrong}")
    return 0 if sound else 1


def throughput(options, work):
    n_scans = options.scans or 8
    make_heads(work / "t1", n_scans, 1, set())
    for n in range(max(n_scans // 2, 2)):
        if n == 0:
            (work / "ct").mkdir()
            dicom_series.make_series(work / "ct" / "0", 300)
            continue
        shutil.copytree(work / "ct" / "0", work / "ct" / str(n))
        for path in (work / "ct" / str(n)).iterdir():
            # Another series: a UID of the same length.
            path.write_bytes(re_uid(path.read_bytes(), n))
    load = os.getloadavg()[0]
    lines = ["# Scans an hour", "", *whole_run.machine(load), f"- date: {datetime.date.today()}",
             *(f"- {note}" for note in options.note), "",
             "One and two jobs in turns, three times; medians. A job has one thread; memory is that of a process.", "",
             "| heads | program | one job, scans an hour | two jobs | times as many | peak MiB, one job | two jobs |",
             "|---|---|---|---|---|---|---|"]
    for name in ["t1", "ct"]:
        folders = sorted((work / name).iterdir())
        programs = {"efface": lambda jobs, out, name=name: run_efface(options.efface, work / name, out, jobs)}
        if name == "t1":
            heads = sorted((work / name).rglob("*.nii.gz"))
            programs |= {peer.name: lambda jobs, out, peer=peer, heads=heads: run_peer(peer, heads, out, jobs)
                         for peer in options.peer}
        runs = {(program, jobs): [] for program in programs for jobs in [1, 2]}
        for _ in range(3):
            for program, jobs in runs:
                runs[program, jobs].append(programs[program](jobs, work / "out"))
                shutil.rmtree(work / "out")
        for program in programs:
            seconds = [statistics.median(s for s, _ in runs[program, jobs]) for jobs in [1, 2]]
            peaks = [max(mib for _, mib in runs[program, jobs]) for jobs in [1, 2]]
            an_hour = " | ".join(f"{len(folders) * 3600 / s:.0f}" for s in seconds)
            lines.append(f"| {name} | {program} | {an_hour} | {seconds[0] / seconds[1]:.2f} "
                         f"| {peaks[0]:.0f} | {peaks[1]:.0f} |")
    lines += ["", f"Load after the last: {os.getloadavg()[0]:.2f}."]
    print("\n".join(lines))
    if options.record:
        path = ROOT / "benches/records" / f"{datetime.date.today()}-{whole_run.cpu_slug()}-throughput.md"
        path.write_text("\n".join(lines) + "\n")


def run_efface(efface, source, out, jobs):
    """Wall seconds and peak MiB of a run on all scans of a folder."""
    # Copies of one head stand for many persons here.
    command = [efface, "deface", source, "-o", out, "--jobs", str(jobs), "--threads", str(jobs), "--each-alone"]
    said, code, timed = dicom_series.timed(command)
    if code not in (0, 1):
        raise SystemExit(said)
    return timed["seconds"], timed["peak_mib"]


def run_peer(peer, heads, out, jobs):
    """As `run_efface`, of a program that takes one head."""
    out.mkdir()

    def on(head):
        words = {"{in}": head, "{out}": out / head.name, "{threads}": "1"}
        said, code, timed = dicom_series.timed([str(words.get(word, word)) for word in peer.words])
        if code != 0 or not (out / head.name).exists():
            raise SystemExit(f"{peer.name}: {said}")
        return timed["peak_mib"]

    os.environ["OMP_NUM_THREADS"] = "1"
    start = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        peaks = list(pool.map(on, heads))
    return time.perf_counter() - start, max(peaks)


def re_uid(image, n):
    """The bytes of a file whose series and instance UIDs end in another digit."""
    import io

    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(image))
    dataset.SeriesInstanceUID = f"2.25.{7000 + n}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{dataset.SOPInstanceUID}.{n}"
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()


def make_heads(folder, n, mm, broken):
    """Heads of about `mm` millimetres, the `n`th a little brighter than the one before."""
    head = nibabel.load(ROOT / "data/head_t1.nii.gz")
    values = np.asanyarray(head.dataobj)
    step = [max(round(mm / s), 1) for s in head.header.get_zooms()]
    if mm > 1:
        values = values[:: step[0], :: step[1], :: step[2]]
        affine = head.affine @ np.diag([*step, 1])
    else:
        zooms = head.header.get_zooms()
        index = [np.arange(int(extent * z / mm)) * mm / z for extent, z in zip(values.shape, zooms)]
        values = values[np.ix_(*[np.minimum(i.astype(int), e - 1) for i, e in zip(index, values.shape)])]
        affine = head.affine @ np.diag([mm / z for z in zooms] + [1])
    for number in range(n):
        path = folder / f"sub-{number:03}" / "anat" / f"sub-{number:03}_T1w.nii.gz"
        path.parent.mkdir(parents=True)
        bright = (values * (1 + number / (4 * n))).astype(np.int16)
        nibabel.Nifti1Image(bright, affine).to_filename(path)
        if number in broken:
            path.write_bytes(path.read_bytes()[: 2000 + number])


def images(folder):
    """SHA-256 of every image below a folder, by its path."""
    paths = sorted(folder.rglob("*.nii.gz")) if folder.exists() else []
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def run(command):
    """What a command that is not refused says at its end."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return "\n".join(line for line in done.stderr.splitlines() if " passed, " in line)


if __name__ == "__main__":
    main()

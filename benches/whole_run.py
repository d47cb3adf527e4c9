#!/usr/bin/env python3
"""Measures the whole command, from file to proven file, beside other defacers in the same run.

    whole_run.py                                   256 x 256 x 256 phantom head, 1 and 2 threads
    whole_run.py --heads FOLDER                    the .nii and .nii.gz files of a folder instead
    whole_run.py --peer 'NAME=COMMAND {in} {out}'  another program on the same heads; repeatable

Each repetition runs every program once on every head, so that all see the same machine. The
figures are wall seconds, processor seconds (user and system, all threads) and the largest memory
of the process, as the system counts them; efface adds the seconds of its stages. A program is held
to as many processors as it is given threads. Nothing but figures is kept of a head.

A record goes to benches/records only from an idle machine; otherwise the figures are printed.
Python 3.9 or later, Linux.
"""

import argparse
import datetime
import gzip
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED, SPACING_MM, EXTENT = 3, 1, 256
# One-minute load above which other programs take part in the figures.
IDLE_LOAD = 0.3
THREAD_VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"]
STAGES = [
    "open", "sample", "infer", "refine", "keep", "remove", "write", "reopen", "verify", "hash", "look_again",
]


@dataclass(frozen=True)
class Program:
    """One command line; `{in}`, `{out}`, `{threads}` and, for efface, `{log}` are filled in."""
    name: str
    words: tuple
    is_efface: bool = False


@dataclass
class Series:
    """The repetitions of one program on one head with one number of threads."""
    runs: list = field(default_factory=list)

    def of(self, figure):
        return [run[figure] for run in self.runs if figure in run]

    def median(self, figure):
        values = self.of(figure)
        return statistics.median(values) if values else None

    def outcome(self):
        return ", ".join(sorted({run["outcome"] for run in self.runs}))


def main():
    options = arguments()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="whole_run.") as folder:
        work = Path(folder)
        efface = options.efface or built(["--bin", "efface"])
        programs = [efface_program("efface", efface, [])]
        if options.onnxruntime:
            extra = ["--onnxruntime", str(options.onnxruntime.resolve())]
            programs.append(efface_program("efface with ONNX Runtime", efface, extra))
        programs += [peer(text) for text in options.peer]
        heads = real_heads(options.heads, options.only) if options.heads else [phantom_head(work)]
        measured, facts = measure(options, programs, heads, work)
    tsv = table(measured)
    text = report(options, programs, heads, measured, facts, load)
    print(text)
    if options.no_record:
        return
    if load > IDLE_LOAD:
        sys.exit(f"no record: the load was {load:.2f} before the first run, above {IDLE_LOAD}")
    options.records.mkdir(parents=True, exist_ok=True)
    stem = f"{datetime.date.today()}-{cpu_slug()}-whole_run" + ("-heads" if options.heads else "")
    (options.records / f"{stem}.tsv").write_text(tsv)
    (options.records / f"{stem}.md").write_text(text + "\n")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--repetitions", type=int, default=7, metavar="N")
    add("--threads", default="1,2", metavar="N,N")
    add("--peer", action="append", default=[], metavar="NAME=COMMAND")
    add("--note", action="append", default=[], help="a line for the record: a peer's version")
    add("--onnxruntime", type=Path, metavar="FILE", help="also run efface with this library")
    add("--heads", type=Path, metavar="FOLDER")
    add("--only", metavar="NAME,NAME", help="of --heads, these files alone, without their ending")
    add("--efface", type=Path, metavar="FILE", help="a binary instead of the one cargo builds")
    add("--records", type=Path, default=ROOT / "benches" / "records", metavar="FOLDER")
    add("--no-record", action="store_true", help="print only")
    options = parser.parse_args()
    options.threads = [int(n) for n in options.threads.split(",")]
    if options.repetitions < 1 or min(options.threads) < 1:
        parser.error("repetitions and threads are at least 1")
    if max(options.threads) > len(os.sched_getaffinity(0)):
        parser.error(f"this machine has {len(os.sched_getaffinity(0))} processors")
    return options


def efface_program(name, binary, extra):
    words = [str(binary), "deface", "{in}", "--out", "{out}", "--log", "{log}",
             "--threads", "{threads}", *extra]
    return Program(name, tuple(words), is_efface=True)


def peer(text):
    name, _, command = text.partition("=")
    words = tuple(shlex.split(command))
    if not name or "{in}" not in words or "{out}" not in words:
        sys.exit(f"--peer `{text}`: NAME=COMMAND with {{in}} and {{out}} is expected")
    return Program(name, words)


def built(what):
    """Builds a release binary or example and returns where it lies."""
    command = ["cargo", "build", "--release", "--message-format=json-render-diagnostics", *what]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in lines.splitlines()]
    made = [m["executable"] for m in messages if m.get("executable")]
    return Path(made[-1])


def phantom_head(work):
    generator = built(["-p", "efface-phantom", "--example", "make_head"])
    plain, packed = work / "head.nii", work / f"phantom_{SEED}_t1_{EXTENT}.nii.gz"
    subprocess.run([generator, plain, str(SEED), str(SPACING_MM), str(EXTENT)], check=True)
    packed.write_bytes(gzip.compress(plain.read_bytes(), 6, mtime=0))
    plain.unlink()
    return packed


def real_heads(folder, only):
    heads = sorted(p for p in folder.iterdir() if p.name.endswith((".nii", ".nii.gz")))
    if only:
        heads = [p for p in heads if head_name(p) in only.split(",")]
    return heads or sys.exit(f"no .nii or .nii.gz in {folder}")


def head_name(path):
    return re.sub(r"\.nii(\.gz)?$", "", path.name)


def measure(options, programs, heads, work):
    """All runs, interleaved; the first round only warms the disk's cache and checks answers."""
    measured, facts, answers = {}, {}, {}
    for repetition in range(options.repetitions + 1):
        for head in heads:
            for n_threads in options.threads:
                for program in programs:
                    run, record = run_once(program, head, n_threads, work)
                    if record:
                        facts[program.name] = record
                        check_answer(answers, program, head, record)
                    if repetition > 0:
                        key = (head_name(head), program.name, n_threads)
                        measured.setdefault(key, Series()).runs.append(run)
        print(f"round {repetition} of {options.repetitions} done", file=sys.stderr)
    return measured, facts


def check_answer(answers, program, head, record):
    """The bytes of a result depend on neither the repetition nor the number of threads."""
    digest = (record.get("output") or {}).get("sha256")
    first = answers.setdefault((program.name, head), digest)
    if digest != first:
        sys.exit(f"{program.name} gave two different results for {head_name(head)}")


def run_once(program, head, n_threads, work):
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    result, log = out / "head.nii.gz", work / "log.jsonl"
    filled = {"{in}": str(head.resolve()), "{out}": str(result), "{log}": str(log),
              "{threads}": str(n_threads)}
    words = [filled.get(word, word) for word in program.words]
    processors = set(sorted(os.sched_getaffinity(0))[-n_threads:])
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(n_threads))}
    environment.pop("ORT_DYLIB_PATH", None)
    with open(work / "said", "w") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            preexec_fn=lambda: os.sched_setaffinity(0, processors))
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    run = {"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime,
           "peak_mib": usage.ru_maxrss / 1024}
    record = efface_record(out) if program.is_efface else None
    if record:
        run["outcome"] = record["verdict"]
        run.update({f"{name}_s": seconds for name, seconds in record["seconds"].items()})
    elif process.returncode != 0:
        run["outcome"] = f"status {process.returncode}"
    else:
        run["outcome"] = "done" if result.exists() else "no file"
    if process.returncode != 0 and run["outcome"] not in ("review", "fail"):
        said = (work / "said").read_text(errors="replace").strip().splitlines()
        print(f"{program.name}, {head_name(head)}: {said[-1] if said else ''}", file=sys.stderr)
    return run, record


def efface_record(out):
    """The record beside the result, or in `review`; none is left of a scan that could not be read."""
    found = sorted(out.rglob("*.efface.json"))
    return json.loads(found[0].read_text()) if found else None


def figures(series):
    stages = [f"{stage}_s" for stage in STAGES]
    return [f for f in ["wall_s", "cpu_s", "peak_mib", *stages] if series.of(f)]


def table(measured):
    lines = ["head\tprogram\tthreads\tfigure\tmin\tmedian\tmax\trepetitions\toutcome"]
    for (head, program, n_threads), series in measured.items():
        for figure in figures(series):
            values = series.of(figure)
            numbers = [min(values), statistics.median(values), max(values)]
            lines.append("\t".join([head, program, str(n_threads), figure,
                                    *(f"{n:.4f}" for n in numbers),
                                    str(len(values)), series.outcome()]))
    return "\n".join(lines) + "\n"


def report(options, programs, heads, measured, facts, load):
    names = [p.name for p in programs]
    peers = [p.name for p in programs if not p.is_efface]
    by_head = [(head_name(h), n) for h in heads for n in options.threads]
    lines = ["# Whole run", "", *machine(load), *versions(options, programs, facts), ""]
    if not options.heads:
        lines += [f"Head: phantom, seed {SEED}, T1, int16, {EXTENT} x {EXTENT} x {EXTENT} voxels of "
                  f"{SPACING_MM} mm, .nii.gz.", ""]
    lines += [f"Interleaved repetitions: {options.repetitions}, after one that is not counted. "
              "Seconds are min / median.", ""]

    rows = []
    for head, n in by_head:
        for name in names:
            s = measured[head, name, n]
            rows.append([head, name, n, pair(s, "wall_s"), pair(s, "cpu_s"),
                         f"{s.median('peak_mib'):.0f}", s.outcome()])
    lines += grid(["head", "program", "threads", "wall s", "processor s", "MiB", "outcome"], rows)

    if peers:
        lines += ["## Ratio to the peers", "",
                  "Median of the peer divided by the median of efface: above 1, efface takes less. "
                  "Only where both had a result.", ""]
        rows = []
        for head, n in by_head:
            for ours in (p.name for p in programs if p.is_efface):
                for theirs in peers:
                    a, b = measured[head, ours, n], measured[head, theirs, n]
                    if a.outcome() in ("pass", "review") and b.outcome() == "done":
                        ratio = [f"{b.median(f) / a.median(f):.2f}"
                                 for f in ("wall_s", "cpu_s", "peak_mib")]
                        rows.append([head, f"{theirs} / {ours}", n, *ratio])
        lines += grid(["head", "ratio", "threads", "wall", "processor", "memory"], rows)

    lines += ["## Stages of efface, median seconds", ""]
    rows = []
    for head, n in by_head:
        for ours in (p.name for p in programs if p.is_efface):
            s = measured[head, ours, n]
            stages = [s.median(f"{stage}_s") for stage in STAGES]
            rows.append([head, ours, n, *("" if v is None else f"{v:.3f}" for v in stages)])
    lines += grid(["head", "program", "threads", *STAGES], rows)
    return "\n".join(lines).rstrip()


def pair(series, figure):
    return f"{min(series.of(figure)):.2f} / {series.median(figure):.2f}"


def grid(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows] + [""]


def machine(load):
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    return [f"- processor: {cpu_name()}, {len(os.sched_getaffinity(0))} processors",
            f"- memory: {memory:.0f} GiB",
            f"- system: {platform.system()} {platform.release()}",
            f"- load before the first run: {load:.2f}"]


def versions(options, programs, facts):
    said = lambda *words: subprocess.run(  # noqa: E731
        words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    changed = said("git", "status", "--porcelain", "--", "Cargo.toml", "Cargo.lock", "crates", "models")
    commit = said("git", "rev-parse", "--short=12", "HEAD") + (" with changes" if changed else "")
    lines = [f"- date: {datetime.date.today()}", f"- commit: {commit}",
             f"- compiler: {', '.join(said('rustc', '-Vv').splitlines())}"]
    for program in programs:
        # Only the last part of a path: where things lie on this machine is nobody's concern.
        words = [word.rpartition("/")[2] if "/" in word else word for word in program.words]
        record = facts.get(program.name)
        engine = f"; efface {record['version']}, engine {record['runtime']}, " \
                 f"model {record['model']['name']}" if record else ""
        lines.append(f"- {program.name}: `{shlex.join(words)}`{engine}".replace("'", ""))
    return lines + [f"- {note}" for note in options.note]


def cpu_name():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    family = re.search(r"cpu family\s*: (\d+)", Path("/proc/cpuinfo").read_text())
    return (found[1] if found else platform.machine()) + (f" (family {family[1]})" if family else "")


def cpu_slug():
    return re.sub(r"[^a-z0-9]+", "-", cpu_name().lower()).strip("-")


if __name__ == "__main__":
    main()

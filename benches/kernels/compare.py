"""Times efface's kernels beside the libraries that a Python user would pick, in turn, on the same volumes.

    cargo bench --no-run --bench serve          # prints the path of the server
    python benches/kernels/compare.py SERVER WORK [--out benches/records] [--only dilate] [--pairs 5]

Peer and kernel run alternately, one thread each; each answer is compared before its time counts. The
table holds the least and the median time of both and the ratio of the least ones. `WORK` keeps the
volumes: a parametric head as MR of 1 mm and as CT of 0.45 x 0.45 x 0.8 mm. Axes are (k, j, i) here.
"""
import argparse
import datetime
import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
import numpy as np

VOLUMES = {"mr256": ((256, 256, 256), (1.0, 1.0, 1.0)), "ct512": ((300, 512, 512), (0.8, 0.45, 0.45))}
LOW = {"mr256": 150, "ct512": -300}
HIGH = {"mr256": 900, "ct512": 200}
NOISE = {"mr256": 50, "ct512": -300}
STREAM = 20e9
"""Bytes a second that stand for memory in the last column: about what one core reads here."""


def make(name, seed=20261123):
    """A head of ellipsoids with skin, fat, skull, jaw, brain, ventricles, sinuses, eyes and airway."""
    shape, spacing = VOLUMES[name]
    is_ct = name.startswith("ct")
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape)]
    z, y, x = ((a - (n - 1) / 2) * s for a, n, s in zip((z, y, x), shape, spacing))
    z, y, x = (a.astype(np.float32) for a in (z, y, x))

    def ball(centre, radii, grow=0.0):
        parts = zip((x, y, z), centre, radii)
        return sum(((a - c) / (r + grow)) ** 2 for a, c, r in parts) <= 1.0

    cranium = (0, 8, 30), (74, 92, 80)
    head = ball(*cranium) | ball((0, -38, -25), (56, 48, 62)) | ball((0, -88, -18), (13, 18, 22))
    head |= ball((0, -66, -62), (34, 22, 22)) | ball((77, 10, 0), (9, 16, 28)) | ball((-77, 10, 0), (9, 16, 28))
    head |= ((x / 55) ** 2 + ((y - 10) / 58) ** 2 <= 1) & (z < -20)
    bone = (ball(*cranium, -7) & ~ball(*cranium, -14)) | (ball((0, -60, -60), (30, 20, 16)) & ~ball((0, -52, -56), (24, 18, 14)))
    brain = ball(*cranium, -16) & (z > -28)
    eyes = ball((31, -66, 6), (12, 12, 12)) | ball((-31, -66, 6), (12, 12, 12))
    hollow = ball((24, -62, -24), (13, 13, 15)) | ball((-24, -62, -24), (13, 13, 15)) | ball((0, -72, 14), (17, 7, 9))
    hollow |= ball((0, -48, -26), (8, 26, 22)) | (((x / 9) ** 2 + ((y + 22) / 8) ** 2 <= 1) & (z < -30))
    values = dict(air=-1000, skin=40, fat=-90, bone=1100, brain=34, gray=40, vent=8, eyes=15, table=180) if is_ct else \
        dict(air=0, skin=420, fat=780, bone=60, brain=640, gray=480, vent=120, eyes=150, table=0)
    v = np.full(shape, values["air"], np.float32)
    v[head] = values["skin"]
    v[head & ball(*cranium, -2) & ~ball(*cranium, -6)] = values["fat"]
    v[bone] = values["bone"]
    v[brain] = values["brain"]
    v[brain & ~ball(*cranium, -24)] = values["gray"]
    v[ball((12, 10, 36), (7, 28, 11)) | ball((-12, 10, 36), (7, 28, 11))] = values["vent"]
    v[eyes] = values["eyes"]
    v[hollow & ~eyes & ~brain] = values["air"] if is_ct else 20
    if is_ct:
        v[np.broadcast_to(np.abs(y - 112 - (x / 60) ** 2) < 2.0, shape)] = values["table"]
    random = np.random.default_rng(seed)
    for plane in v:
        noise = random.standard_normal(shape[1:], dtype=np.float32)
        if is_ct:
            plane += 9.0 * noise
        else:
            other = random.standard_normal(shape[1:], dtype=np.float32)
            plane[...] = np.sqrt((plane * (1 + 0.0015 * y[0]) + 22 * noise) ** 2 + (22 * other) ** 2)
    return np.clip(np.rint(v), -1024, 3071).astype("<i2"), head.astype(np.uint8)


class Volume:
    def __init__(self, work, name):
        self.name, (self.shape, self.spacing) = name, VOLUMES[name]
        folder = work / name
        if not (folder / "head.raw").exists():
            folder.mkdir(parents=True, exist_ok=True)
            stored, head = make(name)
            stored.tofile(folder / "stored.raw")
            head.tofile(folder / "head.raw")
        self.stored = np.fromfile(folder / "stored.raw", "<i2").reshape(self.shape)
        self.head = np.fromfile(folder / "head.raw", np.uint8).reshape(self.shape)
        self.rough = (self.stored > NOISE[name]).astype(np.uint8)
        self.low, self.high = LOW[name], HIGH[name]

    def bits(self, raw):
        """One bool a voxel of rows of words."""
        words = np.frombuffer(raw, np.uint8).reshape(*self.shape[:2], -1)
        return np.unpackbits(words, axis=2, bitorder="little")[:, :, : self.shape[2]].astype(bool)

    def shorts(self, raw):
        return np.frombuffer(raw, "<i2").reshape(self.shape)

    def bytes(self, raw):
        return np.frombuffer(raw, np.uint8).reshape(self.shape)

    def numbers(self, raw):
        return np.frombuffer(raw, "<u4").reshape(self.shape)

    def reals(self, raw):
        return np.frombuffer(raw, "<f4").reshape(self.shape)


def flat(v):
    return v.reshape(v.shape[0], -1)


def threshold_numpy(v):
    return lambda: v.stored > v.low


def window_opencv(v):
    import cv2

    cv2.setNumThreads(1)
    return lambda: cv2.inRange(flat(v.stored), v.low, v.high).reshape(v.shape)


def ball(steps, radius):
    import edt

    limit = radius * radius * (1 + 1e-6)

    def far(mask, spacing):
        return edt.edtsq(mask, anisotropy=spacing, parallel=1)

    def make_peer(v):
        def run():
            mask = v.head
            for step in steps:
                mask = far(mask == 0, v.spacing) <= limit if step == "dilate" else far(mask, v.spacing) > limit
            return mask

        return run

    return make_peer


def fastmorph(name, radius):
    def make_peer(v):
        import fastmorph

        mask = v.head.astype(bool)
        kernel = getattr(fastmorph, f"spherical_{name}")
        return lambda: kernel(mask, radius=float(radius), parallel=1, anisotropy=v.spacing)

    return make_peer


def gaussian_opencv(v):
    """Each slice by OpenCV, then across slices by OpenCV on the volume as a table: put together by hand."""
    import cv2

    cv2.setNumThreads(1)
    kernels = []
    for spacing in v.spacing:
        sigma = 1.5 / spacing
        reach = int(4 * sigma + 0.5)
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        kernels.append((kernel / kernel.sum()).astype(np.float32))
    one = np.ones(1, np.float32)

    def run():
        out = np.empty(v.shape, np.float32)
        for before, after in zip(v.stored, out):
            cv2.sepFilter2D(before, cv2.CV_32F, kernels[2], kernels[1], dst=after, borderType=cv2.BORDER_REPLICATE)
        return cv2.sepFilter2D(flat(out), cv2.CV_32F, one, kernels[0], borderType=cv2.BORDER_REPLICATE).reshape(v.shape)

    return run


def median_sitk(v):
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = SimpleITK.GetImageFromArray(v.stored)
    return lambda: SimpleITK.GetArrayFromImage(SimpleITK.Median(image, [1, 1, 1]))


def unpack_numpy(v):
    packed = np.packbits(v.rough, axis=2, bitorder="little")
    return lambda: np.unpackbits(packed, axis=2, count=v.shape[2], bitorder="little")


def label_cc3d(connectivity):
    def make_peer(v):
        import cc3d

        mask = v.rough.astype(bool)
        return lambda: cc3d.connected_components(mask, connectivity=connectivity, binary_image=True)

    return make_peer


def label_sitk(connectivity):
    def make_peer(v):
        import SimpleITK

        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        image = SimpleITK.GetImageFromArray(v.rough)
        return lambda: SimpleITK.ConnectedComponent(image, connectivity == 26)

    return make_peer


def largest_diplib(connectivity):
    def make_peer(v):
        import diplib

        diplib.SetNumberOfThreads(1)
        image = diplib.Image(v.rough.astype(bool))
        return lambda: np.asarray(diplib.Label(image, connectivity=connectivity, mode="largest"))

    return make_peer


def largest_cc3d(connectivity):
    def make_peer(v):
        import cc3d

        mask = v.rough.astype(bool)
        return lambda: cc3d.largest_k(mask, k=1, connectivity=connectivity, binary_image=True)

    return make_peer


def holes_diplib(v):
    import diplib

    diplib.SetNumberOfThreads(1)
    image = diplib.Image(v.rough.astype(bool))
    return lambda: np.asarray(diplib.FillHoles(image, 1))


def holes_fill_voids(v):
    import fill_voids

    mask = v.rough.astype(bool)
    return lambda: fill_voids.fill(mask)


def distance_edt(v):
    import edt

    return lambda: edt.edt(v.head, anisotropy=v.spacing, parallel=1)


def signed_edt(v):
    import edt

    return lambda: -edt.sdf(v.head, anisotropy=v.spacing, parallel=1)


CASES = {
    "threshold/i16": ("bits", [("numpy", threshold_numpy)]),
    "window/i16": ("bits", [("opencv-python-headless", window_opencv)]),
    "dilate_3mm/bits": ("bits", [("edt", ball(["dilate"], 3)), ("fastmorph", fastmorph("dilate", 3))]),
    "dilate_5mm/bits": ("bits", [("edt", ball(["dilate"], 5)), ("fastmorph", fastmorph("dilate", 5))]),
    "dilate_10mm/bits": ("bits", [("edt", ball(["dilate"], 10)), ("fastmorph", fastmorph("dilate", 10))]),
    "dilate_20mm/bits": ("bits", [("edt", ball(["dilate"], 20)), ("fastmorph", fastmorph("dilate", 20))]),
    "erode_5mm/bits": ("bits", [("edt", ball(["erode"], 5))]),
    "open_5mm/bits": ("bits", [("edt", ball(["erode", "dilate"], 5))]),
    "close_10mm/bits": ("bits", [("edt", ball(["dilate", "erode"], 10))]),
    "gaussian_1.5mm/i16": ("reals", [("opencv-python-headless", gaussian_opencv)]),
    "median/i16": ("shorts", [("SimpleITK", median_sitk)]),
    "bytes_of/bits": ("bytes", [("numpy", unpack_numpy)]),
    "label_6/bits": ("numbers", [("connected-components-3d", label_cc3d(6)), ("SimpleITK", label_sitk(6))]),
    "label_26/bits": ("numbers", [("connected-components-3d", label_cc3d(26)), ("SimpleITK", label_sitk(26))]),
    "keep_largest_6/bits": ("bits", [("diplib", largest_diplib(1)), ("connected-components-3d", largest_cc3d(6))]),
    "keep_largest_26/bits": ("bits", [("diplib", largest_diplib(3)), ("connected-components-3d", largest_cc3d(26))]),
    "fill_holes/bits": ("bits", [("diplib", holes_diplib), ("fill-voids", holes_fill_voids)]),
    "distance/bits": ("reals", [("edt", distance_edt)]),
    "signed_distance/bits": ("reals", [("edt", signed_edt)]),
}
"""Each kernel with the kind of its answer and its peers."""


class Server:
    def __init__(self, program, work):
        self.process = subprocess.Popen([program, str(work)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline().strip()
        if not reply or reply.startswith("error"):
            raise RuntimeError(f"{line}: {reply}")
        return reply


def differs(kind, ours, theirs):
    """How an answer differs from the peer's, or nothing."""
    if kind == "bits":
        n = int(np.count_nonzero(ours != (np.asarray(theirs) != 0)))
        return f"{n} voxels differ" if n else ""
    if kind == "numbers":
        # The same components, whatever their numbers: as many, and as many pairs of numbers.
        theirs = theirs if isinstance(theirs, np.ndarray) else numbers_of(theirs)
        pairs = np.unique(ours.astype(np.uint64) << 32 | theirs.astype(np.uint64)).size
        same = pairs == np.unique(ours).size == np.unique(theirs).size
        return "" if same else "other components"
    worst = float(np.abs(ours.astype(np.float32) - np.asarray(theirs)).max())
    return f"differs by {worst:.3g}" if worst > 5e-3 else ""


def numbers_of(image):
    import SimpleITK

    return SimpleITK.GetArrayFromImage(image)


def timed(call):
    start = time.perf_counter()
    answer = call()
    return (time.perf_counter() - start) * 1e3, answer


def measure(server, volume, case, pairs, levels, work):
    kind, peers = CASES[case]
    name = f"{case}/{volume.name}"
    server.ask(f"save {name}/{levels[-1]} {work / 'answer.raw'}")
    ours = getattr(volume, kind)((work / "answer.raw").read_bytes())
    calls = []
    for package, prepare in peers:
        call = prepare(volume)
        calls.append((package, call, differs(kind, ours, call())))
    times = {package: [] for package, *_ in calls}
    own = {level: [] for level in levels}
    two = []
    for _ in range(pairs):
        for package, call, _ in calls:
            times[package].append(timed(call)[0])
        for level in levels:
            ms, n_bytes = server.ask(f"run {name}/{level} 1").split()
            own[level].append(float(ms))
        two.append(float(server.ask(f"run {name}/{levels[-1]} 2").split()[0]))
    best, _, check = min(calls, key=lambda c: min(times[c[0]]))
    floor = float(n_bytes) / STREAM * 1e3
    for level in levels:
        least = min(own[level])
        yield [
            f"{name}/{level}", least, statistics.median(own[level]), best, min(times[best]),
            statistics.median(times[best]), min(times[best]) / least,
            least / min(two) if level == levels[-1] else "", least / floor, check or "equal",
        ]


HEADER = "kernel ms_min ms_median peer peer_ms_min peer_ms_median ratio two_threads over_memory answer".split()


def text(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--out", type=Path, help="folder for the record; without it the table is only printed")
    parser.add_argument("--only", default="", help="kernels whose name holds this")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    server = Server(options.server, options.work)
    volumes = [Volume(options.work, name) for name in VOLUMES]
    levels = list(dict.fromkeys(name.rsplit("/", 1)[1] for name in server.ask("list").split()))
    rows = []
    print("\t".join(HEADER))
    for case in CASES:
        for volume in volumes:
            if options.only in case:
                for row in measure(server, volume, case, options.pairs, levels, options.work):
                    rows.append(row)
                    print("\t".join(map(text, row)), flush=True)
    if options.out:
        write(options.out, rows)


def write(folder, rows):
    versions = {}
    for _, peers in CASES.values():
        for package, _ in peers:
            try:
                versions[package] = version(package)
            except PackageNotFoundError:
                pass
    cpu = processor()
    slug = "".join(c if c.isalnum() else "-" for c in cpu.lower()).strip("-")
    stem = f"{datetime.date.today()}-{'-'.join(filter(None, slug.split('-')))[:40]}-kernels"
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    about = [
        f"{cpu}, {os.cpu_count()} cores, {platform.system()}; {rustc}; Python {platform.python_version()}",
        "peers: " + ", ".join(f"{k} {v}" for k, v in sorted(versions.items())),
        "one thread; least and median of runs in turn; ratio: the peer's least time over ours; two_threads: gain of a second; "
        f"over_memory: our time over that of the bytes at {STREAM / 1e9:.0f} GB/s",
    ]
    with open(folder / f"{stem}.tsv", "w") as out:
        out.writelines(f"# {line}\n" for line in about)
        out.writelines("\t".join(map(text, row)) + "\n" for row in [HEADER, *rows])
    with open(folder / f"{stem}.md", "w") as out:
        out.write("# Kernels beside their peers\n\n" + "\n\n".join(about) + "\n\n")
        out.write("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER) + "\n")
        out.writelines("| " + " | ".join(map(text, row)) + " |\n" for row in rows)


if __name__ == "__main__":
    main()

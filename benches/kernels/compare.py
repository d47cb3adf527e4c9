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
        self.coarse_shape = tuple(round(n * s / 2) for n, s in zip(self.shape, self.spacing))
        if not (folder / "maps.raw").exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._write(folder)
        self.stored = np.fromfile(folder / "stored.raw", "<i2").reshape(self.shape)
        self.head = np.fromfile(folder / "head.raw", np.uint8).reshape(self.shape)
        self.face = np.fromfile(folder / "face.raw", np.uint8).reshape(self.shape)
        self.coarse = np.fromfile(folder / "coarse.raw", "<f4").reshape(self.coarse_shape)
        self.coarse_head = np.fromfile(folder / "coarse_head.raw", np.uint8).reshape(self.coarse_shape)
        self.logits = (self.stored.reshape(-1)[: self.stored.size // 12 * 12] / np.float32(100)).reshape(12, -1)
        self.weights = self.stored / np.float32(3071)
        self.rough = (self.stored > NOISE[name]).astype(np.uint8)
        self.low, self.high = LOW[name], HIGH[name]

    def _write(self, folder):
        """The volume, its head and the front of that; both at 2 mm; and the maps from voxel to voxel."""
        from scipy.ndimage import affine_transform

        stored, head = make(self.name)
        face = head * (np.arange(self.shape[1]) < 0.3 * self.shape[1])[:, None].astype(np.uint8)
        matrix, offset = self._to_coarse(reverse=True)
        for file, values, order, kind in (("coarse", stored, 1, np.float32), ("coarse_head", head, 0, np.uint8)):
            coarse = affine_transform(values, matrix, offset, self.coarse_shape, kind, order, mode="nearest")
            coarse.tofile(folder / f"{file}.raw")
        for file, values in (("stored", stored), ("head", head), ("face", face)):
            values.tofile(folder / f"{file}.raw")
        # Rows and columns by i, j, k, as the kernels have them.
        maps = [np.c_[m[::-1, ::-1], b[::-1]] for m, b in (self._to_coarse(), self._to_coarse((10, 7)))]
        np.array(maps).tofile(folder / "maps.raw")

    def _to_coarse(self, turn=(0, 0), reverse=False):
        """Matrix and offset from voxels to those of 2 mm, or back; turned about x and z, centres kept."""
        a, b = np.deg2rad(turn)
        about_x = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        about_z = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        spacing, coarse = np.array(self.spacing), np.full(3, 2.0)
        shape, coarse_shape = np.array(self.shape), np.array(self.coarse_shape)
        if reverse:
            spacing, coarse, shape, coarse_shape = coarse, spacing, coarse_shape, shape
        matrix = np.diag(1 / coarse) @ about_x @ about_z @ np.diag(spacing)
        return matrix, (coarse_shape - 1) / 2 - matrix @ ((shape - 1) / 2)

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

    def coarse_reals(self, raw):
        return np.frombuffer(raw, "<f4").reshape(self.coarse_shape)

    def some_reals(self, raw):
        return np.frombuffer(raw, "<f4")

    threshold = some_reals

    def probabilities(self, raw):
        return np.frombuffer(raw, "<f4").reshape(12, -1)

    def some_bytes(self, raw):
        return np.frombuffer(raw, np.uint8)

    def counts(self, raw):
        return np.frombuffer(raw, "<u8")

    def pixels(self, raw):
        return np.frombuffer(raw, "<u4").reshape(512, 512)


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


def histogram_opencv(v):
    """Of 16-bit integers OpenCV counts only those without a sign."""
    import cv2

    cv2.setNumThreads(1)
    shifted = flat((v.stored + 1024).astype(np.uint16))
    return lambda: cv2.calcHist([shifted], [0], None, [4096], [0, 4096]).ravel()


def otsu_skimage(v):
    from skimage.filters import threshold_otsu

    return lambda: np.array([threshold_otsu(v.stored)], np.float32)


def fill_numpy(v):
    mask, out = v.face.astype(bool), v.stored.copy()

    def run():
        out[mask] = -7
        return out

    return run


def blend_numpy(v):
    return lambda: np.rint(v.stored + (np.float32(100) - v.stored) * np.clip(v.weights, 0, 1)).astype(np.int16)


def downsample_scipy(v):
    from scipy.ndimage import affine_transform, gaussian_filter

    sigma = [max(0.0, (2 / s - 1) / 2) for s in v.spacing]
    matrix, offset = v._to_coarse(reverse=True)

    def run():
        smooth = gaussian_filter(v.stored, sigma, output=np.float32, mode="nearest")
        return affine_transform(smooth, np.diag(matrix), offset, v.coarse_shape, np.float32, 1, mode="nearest")

    return run


def resample_opencv(v):
    """Slices by OpenCV, then between slices: put together by hand."""
    import cv2

    cv2.setNumThreads(1)
    matrix, offset = v._to_coarse()
    z, y, x = (matrix[a, a] * np.arange(v.shape[a]) + offset[a] for a in range(3))
    x, y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))

    def run():
        slices = [cv2.remap(a, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for a in v.coarse]
        out = np.empty(v.shape, np.float32)
        for plane, at in zip(out, np.clip(z, 0, len(slices) - 1)):
            low = min(int(at), len(slices) - 2)
            cv2.addWeighted(slices[low], 1 - (at - low), slices[low + 1], at - low, 0, dst=plane)
        return out

    return run


def resample_sitk(source, turn, nearest=False):
    def make_peer(v):
        import SimpleITK

        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
        image = SimpleITK.GetImageFromArray(getattr(v, source))
        matrix, offset = v._to_coarse(turn)
        transform = SimpleITK.AffineTransform(3)
        transform.SetMatrix(matrix[::-1, ::-1].ravel().tolist())
        transform.SetTranslation(offset[::-1].tolist())
        resampler = SimpleITK.ResampleImageFilter()
        resampler.SetSize([int(n) for n in v.shape[::-1]])
        resampler.SetTransform(transform)
        resampler.SetInterpolator(SimpleITK.sitkNearestNeighbor if nearest else SimpleITK.sitkLinear)
        return lambda: SimpleITK.GetArrayFromImage(resampler.Execute(image))

    return make_peer


def nearest_scipy(turn):
    def make_peer(v):
        from scipy.ndimage import affine_transform

        matrix, offset = v._to_coarse(turn)
        matrix = matrix if any(turn) else np.diag(matrix)
        mode = "grid-constant" if any(turn) else "nearest"
        return lambda: affine_transform(v.coarse_head, matrix, offset, v.shape, np.uint8, 0, mode=mode)

    return make_peer


def nearest_torch(v):
    """Of floats: torch has no bytes here."""
    import torch

    torch.set_num_threads(1)
    source = torch.from_numpy(v.coarse_head.astype(np.float32))[None, None]
    return lambda: torch.nn.functional.interpolate(source, size=v.shape, mode="nearest-exact")[0, 0].numpy()


def softmax_torch(v):
    import torch

    torch.set_num_threads(1)
    logits = torch.from_numpy(v.logits)
    return lambda: torch.softmax(logits, 0).numpy()


def argmax_torch(v):
    import torch

    torch.set_num_threads(1)
    logits = torch.from_numpy(v.logits)
    return lambda: torch.argmax(logits, 0).numpy()


def render_vtk(v):
    """An image in shades: VTK gives no depth, so that there is nothing to compare."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    vtk.vtkMultiThreader.SetGlobalMaximumNumberOfThreads(1)
    image = vtk.vtkImageData()
    image.SetDimensions(*v.shape[::-1])
    image.SetSpacing(*[float(s) for s in v.spacing[::-1]])
    image.GetPointData().SetScalars(numpy_to_vtk(v.stored.ravel(), deep=False))
    mapper = vtk.vtkFixedPointVolumeRayCastMapper()
    mapper.SetNumberOfThreads(1)
    mapper.SetInputData(image)
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetSampleDistance(0.5)
    mapper.SetImageSampleDistance(1.0)
    opacity = vtk.vtkPiecewiseFunction()
    opacity.AddPoint(v.low - 1, 0)
    opacity.AddPoint(v.low + 1, 1.0)
    look = vtk.vtkVolumeProperty()
    look.SetScalarOpacity(opacity)
    look.SetInterpolationTypeToLinear()
    look.ShadeOn()
    volume = vtk.vtkVolume()
    volume.SetMapper(mapper)
    volume.SetProperty(look)
    renderer = vtk.vtkRenderer()
    renderer.AddVolume(volume)
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(512, 512)
    window.AddRenderer(renderer)
    renderer.ResetCamera()
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetParallelScale(128)
    x, y, z = camera.GetFocalPoint()
    camera.SetPosition(x, y - 400, z)
    camera.SetViewUp(0, 0, 1)
    renderer.ResetCameraClippingRange()
    window.Render()

    def run():
        camera.Azimuth(0.01)
        window.Render()

    return run


def depth_numpy(v):
    """The first sample above the threshold of 512 x 512 rays over 256 mm, 0.5 mm apart."""
    u, turn = (np.arange(512) - 255.5) * 0.5, np.deg2rad(25.0)
    step, right = np.array([0.0, np.cos(turn), np.sin(turn)]), np.array([0.0, -np.sin(turn), np.cos(turn)])
    start = u[::-1, None, None] * np.array([1.0, 0, 0]) + u[None, :, None] * right - 180.0 * step
    shape, spacing = np.array(v.shape), np.array(v.spacing)
    start, step = (start / spacing + (shape - 1) / 2).reshape(-1, 3), step * 0.5 / spacing
    found, left = np.full(len(start), 720, np.uint32), np.arange(len(start))
    for n in range(720):
        voxel = np.floor(start[left] + step * n + 0.5).astype(int)
        inside = ((voxel >= 0) & (voxel < shape)).all(1)
        hit = np.zeros(len(left), bool)
        hit[inside] = v.stored[tuple(voxel[inside].T)] > v.low
        found[left[hit]] = n
        left = left[~hit]
    return found.reshape(512, 512)


def surface_of(mask):
    inner = np.zeros_like(mask)
    middle = mask[1:-1, 1:-1, 1:-1]
    around = (mask[2:, 1:-1, 1:-1], mask[:-2, 1:-1, 1:-1], mask[1:-1, 2:, 1:-1],
              mask[1:-1, :-2, 1:-1], mask[1:-1, 1:-1, 2:], mask[1:-1, 1:-1, :-2])
    inner[1:-1, 1:-1, 1:-1] = middle & np.logical_and.reduce(around)
    return mask & ~inner


def surfaces_edt(v):
    import edt

    one, other = v.head.astype(bool), (v.head & ~v.face).astype(bool)
    return lambda: edt.edt(~surface_of(other), anisotropy=v.spacing, parallel=1)[surface_of(one)]


def planes_fill_voids(v):
    import fill_voids

    mask = v.rough.astype(bool)
    return lambda: np.stack([fill_voids.fill(plane) for plane in mask])


CASES = {
    "threshold/i16": ("bits", [("numpy", threshold_numpy)]),
    "window/i16": ("bits", [("opencv-python-headless", window_opencv)]),
    "histogram/i16": ("counts", [("opencv-python-headless", histogram_opencv)]),
    "otsu/i16": ("threshold", [("scikit-image", otsu_skimage)]),
    "fill_masked/i16": ("shorts", [("numpy", fill_numpy)]),
    "blend/i16": ("shorts", [("numpy", blend_numpy)]),
    "downsample_2mm/i16": ("coarse_reals", [("scipy", downsample_scipy)]),
    "resample/f32": ("reals", [("opencv-python-headless", resample_opencv)]),
    "resample_turned/f32": ("reals", [("SimpleITK", resample_sitk("coarse", (10, 7)))]),
    "resample_nearest/u8": ("bytes", [("scipy", nearest_scipy((0, 0))), ("torch", nearest_torch)]),
    "resample_nearest_turned/u8": (
        "bytes", [("scipy", nearest_scipy((10, 7))), ("SimpleITK", resample_sitk("coarse_head", (10, 7), True))]),
    "softmax_12/f32": ("probabilities", [("torch", softmax_torch)]),
    "argmax_12/f32": ("some_bytes", [("torch", argmax_torch)]),
    "ray_cast_512/i16": ("pixels", [("vtk", render_vtk)]),
    "surface_distances/bits": ("some_reals", [("edt", surfaces_edt)]),
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
    "fill_holes_in_planes/bits": ("bits", [("fill-voids", planes_fill_voids)]),
    "distance/bits": ("reals", [("edt", distance_edt)]),
    "signed_distance/bits": ("reals", [("edt", signed_edt)]),
}
"""Each kernel with the kind of its answer and its peers."""
REFERENCES = {"ray_cast_512/i16": depth_numpy}
"""Answers for kernels whose peers give another thing."""


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


def differs(volume, kind, ours, theirs):
    """How an answer differs from the peer's, or nothing."""
    if kind == "threshold":
        # Between two values that occur any threshold parts alike.
        ours, theirs = (np.count_nonzero(volume.stored > t[0]) for t in (ours, theirs))
        return "" if ours == theirs else f"{ours} above against {theirs}"
    if kind == "bits":
        n = int(np.count_nonzero(ours != (np.asarray(theirs) != 0)))
        return f"{n} voxels differ" if n else ""
    if kind == "numbers":
        # The same components, whatever their numbers: as many, and as many pairs of numbers.
        theirs = theirs if isinstance(theirs, np.ndarray) else numbers_of(theirs)
        pairs = np.unique(ours.astype(np.uint64) << 32 | theirs.astype(np.uint64)).size
        same = pairs == np.unique(ours).size == np.unique(theirs).size
        return "" if same else "other components"
    if kind in ("bytes", "shorts", "counts", "pixels", "some_bytes"):
        n = int(np.count_nonzero(ours != theirs))
        return f"{n} differ" if n else ""
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
        theirs = call()
        # What a peer does not give is worked out once, slowly.
        calls.append((package, call, differs(volume, kind, ours, REFERENCES[case](volume) if theirs is None else theirs)))
    times = {package: [] for package, *_ in calls}
    own = {level: [] for level in levels}
    two, again = [], []
    for _ in range(4):
        # What grows takes a few runs until it is large enough.
        server.ask(f"again {name}/{levels[-1]}")
    for _ in range(pairs):
        for package, call, _ in calls:
            times[package].append(timed(call)[0])
        for level in levels:
            ms, n_bytes = server.ask(f"run {name}/{level} 1").split()
            own[level].append(float(ms))
        two.append(float(server.ask(f"run {name}/{levels[-1]} 2").split()[0]))
        again.append(float(server.ask(f"again {name}/{levels[-1]}")))
    # The fastest of those that give the same answer, if any does.
    best, _, check = min(calls, key=lambda c: (c[2] != "", min(times[c[0]])))
    floor = float(n_bytes) / STREAM * 1e3
    for level in levels:
        least = min(own[level])
        yield [
            f"{name}/{level}", least, statistics.median(own[level]), best, min(times[best]),
            statistics.median(times[best]), min(times[best]) / least,
            least / min(two) if level == levels[-1] else "", min(again) if level == levels[-1] else "",
            least / floor, check or "equal",
        ]


HEADER = "kernel ms_min ms_median peer peer_ms_min peer_ms_median ratio two_threads ms_again over_memory answer".split()


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
        "ms_again: least time in memory of earlier runs, where a peer takes new; "
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

"""Training samples: heads bent, turned and cut as no head given is, in contrasts that no scanner made.

A sample is drawn on the network's grid (2 mm) from a cached head (1.5 mm). Its anatomy is moved by
one affine and smooth warps of two scales; its intensities are random ones for each tissue cluster, in
the manner of SynthSeg (Billot et al., 2023), or the head's own under heavy changes. Then come things
beside the head, cuts, removed faces, and the errors of scanners.
"""
import math
import random

import numpy as np
import torch
import torch.nn.functional as F

from . import anatomy, beside, classes, labels, shape, space
from .anatomy import NOTHING
from .fields import between, blurred, direction, index, pick, point, smooth_noise, widened


class Generator:
    """An endless stream of `(image [1, R, A, S], classes [R, A, S])`, another one for each seed."""

    def __init__(self, config, files, seed):
        random.seed(seed)
        torch.manual_seed(seed)
        self.grid = tuple(config.grid)
        self.chances = config.chances
        self.hard = 0.0
        """0..1: how far from the plain head a sample may go."""
        kept = [h for h in config.heads if h.role == "train"]
        self.weights = [h.weight for h in kept]
        names = ("image", "classes", "tissue", "extent")
        self.heads = [tuple(torch.from_numpy(np.load(files[h.name])[n]) for n in names) for h in kept]
        self.faces = [shape.face(known.numpy(), extent.numpy()) for _, known, _, extent in self.heads]
        self.empty = [tuple(torch.from_numpy(np.load(files[n])[k]) for k in names[::3]) for n in config.negatives]

    def draw(self):
        """One sample."""
        chances, chance = self.chances, random.random()
        if chance < chances.shapes:
            x, inside = self._shapes(), torch.ones(self.grid, dtype=torch.bool)
            found = torch.zeros(self.grid, dtype=torch.uint8)
        elif chance < chances.shapes + chances.no_head and self.empty:
            image, extent = random.choice(self.empty)
            at = self._positions(image.shape)
            inside = pick(extent[None].float(), at, "nearest")[0] > 0
            x = self._recoloured(pick(image[None].float() / 255, at, "bilinear")[0])
            found = torch.zeros(self.grid, dtype=torch.uint8)
        else:
            x, found, inside = self._head()
        if random.random() < chances.wrapped:
            x, found, inside = wrapped(x, found, inside)
        if random.random() < chances.errors:
            x = self._errors(x)
        x, found, inside = self._cut(x, found, inside)
        if random.random() < 0.3:  # padding that counts as scan
            inside = torch.ones_like(inside)
        return normalise(x, inside)[None], found

    def _head(self):
        chances = self.chances
        n = random.choices(range(len(self.heads)), self.weights)[0]
        (image, known, tissue, extent), face = self.heads[n], self.faces[n]
        bend = None if face is None else shape.bend(chances, face)
        at = self._positions(known.shape, size=bend.size if bend else None)
        if bend:
            at, place = bend(at)
        near = pick(torch.stack([known, tissue, extent]).float(), at, "nearest")
        found, tissue, inside = near[0].to(torch.uint8), near[1].long(), near[2] > 0
        if random.random() < chances.painted:
            x = self._painted(tissue)
        else:
            x = self._recoloured(pick(image[None].float() / 255, at, "bilinear")[0])
        if bend:
            x, found = bend.painted(x, found, place)
        if random.random() < chances.lesion:
            x = anatomy.lesion(x, found)
        if random.random() < chances.open_skull:
            x = anatomy.open_skull(x, found)
        if random.random() < chances.no_ear:
            x, found = anatomy.no_ear(x, found)
        if random.random() < chances.beard:
            x = anatomy.beard(x, found)
        if random.random() < chances.hardware * self.hard:
            x = beside.things(x, found)
        chance = random.random()
        if chance < chances.defaced:
            x, found = self._defaced(x, found)
        elif chance < chances.defaced + chances.brain_alone:
            brain = found == classes.BRAIN
            x, found = x * brain, found * brain
        return x, found, inside

    def _positions(self, extent, size=None):
        """Where each voxel of the grid lies in the head, in voxels of the head: `[3, R, A, S]`.

        `size` is that of the sample beside the head, a random one if not given.
        """
        hard = self.hard
        wide = random.random() < 0.15 * hard
        turn = [between(-45, 45) if wide else random.gauss(0, 4 + 5 * hard) for _ in range(3)]
        if size is None:
            size = between(0.95 - 0.27 * hard, 1.05 + 0.12 * hard)
        scale = np.array([size * between(0.93, 1.07) for _ in range(3)])
        step = rotation(turn) @ np.diag(1 / scale) * (space.MM / labels.MM)
        if random.random() < 0.5:
            step[:, 0] *= -1
        if random.random() < 0.02 * hard:  # a wrong header must not hide a face
            step = step @ np.diag(random.choice([(1, -1, -1), (-1, -1, 1), (-1, 1, -1)]))
        reach = np.array([12, 22, 28]) * (0.4 + 0.6 * hard) / space.MM
        axes = [torch.arange(n) - (n - 1) / 2 + between(-r, r) for n, r in zip(self.grid, reach)]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij")).float()
        at = torch.einsum("ij,jxyz->ixyz", torch.tensor(step, dtype=torch.float32), grid)
        at += point([(n - 1) / 2 for n in extent])
        if random.random() < self.chances.warped:
            self._warp(at)
        return at

    def _warp(self, at):
        """Moves positions smoothly, in place, by warps of about 50 and 20 mm."""
        broad, fine = between(0, 2 + 5 * self.hard), between(0, 1 + 2 * self.hard)
        for i in range(3):
            coarse = torch.randn(1, 1, *(max(2, round(n / 24)) for n in self.grid)) * broad
            warp = F.interpolate(coarse, size=[max(2, round(n / 10)) for n in self.grid], mode="trilinear", align_corners=True)
            warp = warp + torch.randn_like(warp) * fine * 0.6
            at[i] += F.interpolate(warp, size=self.grid, mode="trilinear", align_corners=True)[0, 0] / labels.MM

    def _painted(self, tissue):
        """Random intensities for each tissue cluster; air mostly dark."""
        n = int(tissue.max()) + 1
        mean = torch.rand(n) * 0.9 + 0.08
        chance = random.random()
        if chance < 0.35:  # natural relations, or their reverse, now and then
            mean = mean.sort(descending=chance < 0.15).values
        if random.random() < 0.3:  # as CT: soft tissue alike, bone bright, inner air dark
            mean = 0.45 + 0.1 * torch.rand(n)
            mean[torch.randint(1, n, (max(1, n // 5),))] = between(0.8, 1.3)
            mean[torch.randint(1, n, (max(1, n // 6),))] = between(0, 0.2)
        mean[0] = between(0, 0.06) if random.random() < 0.85 else between(0, 0.6)
        spread = torch.rand(n) * between(0.01, 0.12)
        spread[0] = between(0, 0.03)
        x = mean[tissue] + spread[tissue] * torch.randn(tissue.shape)
        x = blurred(x, [between(0.3, 0.8)] * 3)
        if random.random() < 0.5:  # texture shared by neighbours
            x = x + smooth_noise(self.grid, between(2, 6), between(0, 0.06)) * (tissue > 0)
        return x

    def _recoloured(self, x):
        """The head's own intensities, windowed, inverted or bent by a random curve."""
        chance = random.random()
        if chance < 0.15:
            x = torch.where(x > 0.03, 1.02 - x, x)
        elif chance < 0.35:
            levels = torch.rand(6)
            if random.random() < 0.5:
                levels = levels.sort().values
            levels[0] = 0
            at = x.clamp(0, 1) * 5
            low = at.clamp(max=4.999).floor().long()
            x = levels[low] + (levels[low + 1] - levels[low]) * (at - low)
        elif chance < 0.45:
            low, high = between(0, 0.3), between(0.45, 1)
            x = ((x - low) / (high - low)).clamp(0, 1)
        return x.clamp(min=0) ** math.exp(random.gauss(0, 0.4))

    def _defaced(self, x, found):
        """The face taken away, wholly or in part, as other programs do; what is gone is air."""
        gone = torch.zeros_like(found, dtype=torch.bool)
        if random.random() < 0.3:  # everything in front of and below a plane
            head = torch.isin(found, torch.tensor(classes.FACE, dtype=torch.uint8)).nonzero().float()
            if len(head):
                normal = F.normalize(torch.tensor([random.gauss(0, 0.1), 1.0, -between(0, 1.2)]), dim=0)
                cut = (head @ normal).quantile(between(0.02, 0.5))
                gone = (index(self.grid) * point(normal)).sum(0) > cut
        else:
            parts = classes.FACE if random.random() < 0.5 else random.sample(classes.FACE, random.randint(1, 5))
            for part in parts:
                gone |= found == part
            if random.random() < 0.3:
                gone |= found == classes.EARS
            if random.random() < 0.5:
                gone = widened(gone, 1)
        gone &= found != classes.BRAIN
        chance = random.random()
        if chance < 0.7:
            fill = torch.zeros(())
        elif chance < 0.85:
            fill = x.mean() * between(0, 1.5)
        else:
            fill = torch.rand(x.shape) * between(0.05, 0.3)
        return torch.where(gone, fill, x), torch.where(gone, NOTHING, found)

    def _shapes(self):
        """No head at all: noise, boxes, blobs."""
        if random.random() < 0.25:
            return torch.rand(self.grid) if random.random() < 0.5 else torch.randn(self.grid).abs()
        x, at = torch.zeros(self.grid), index(self.grid)
        for _ in range(random.randint(1, 12)):
            centre = point([between(0.2, 0.8) * n for n in self.grid])
            d = (at - centre) / point([between(6, 60) for _ in range(3)])
            inside = (d.abs().amax(0) if random.random() < 0.4 else d.square().sum(0)) < 1
            x = torch.where(inside, torch.tensor(between(0.05, 1)), x)
        return x + smooth_noise(self.grid, between(2, 20), between(0, 0.15)) * (x > 0)

    def _errors(self, x):
        """What scanners add: bias, coil shading, blur, thick slices, ghosts, streaks, noise."""
        if random.random() < 0.6:
            x = x * torch.exp(smooth_noise(self.grid, between(30, 70), between(0.1, 0.5)))
        if random.random() < 0.15:
            axes = torch.meshgrid(*[torch.linspace(-1, 1, n) for n in self.grid], indexing="ij")
            away = direction()
            x = x * torch.exp((torch.stack(axes) * away).sum(0) * between(0.5, 1.6))
        if random.random() < 0.45:
            x = blurred(x, [between(0, 1.0) for _ in range(3)])
        if random.random() < 0.35:
            x = self._thick(x)
        if random.random() < 0.12:
            x = x + between(0.03, 0.15) * x.roll(random.randint(10, 60), random.randrange(3))
        if random.random() < 0.08:
            x = x + self._streaks()
        if random.random() < 0.6:
            sd = between(0, 0.08)
            a = x + sd * torch.randn(self.grid)
            x = torch.hypot(a, sd * torch.randn(self.grid)) if random.random() < 0.7 else a
        return x

    def _thick(self, x):
        axis, n = random.randrange(3), random.choice([2, 2, 3, 3, 4])
        sigma = [0.0, 0.0, 0.0]
        sigma[axis] = n * between(0.15, 0.4)
        size = list(x.shape)
        size[axis] = max(4, round(size[axis] / n))
        slices = F.interpolate(blurred(x, sigma)[None, None], size=size, mode="nearest")
        return F.interpolate(slices, size=x.shape, mode=random.choice(["nearest", "trilinear"]))[0, 0]

    def _streaks(self):
        centre = [random.randint(n // 5, 4 * n // 5) for n in self.grid]
        r, a = (torch.arange(n, dtype=torch.float32) - c for n, c in zip(self.grid[:2], centre))
        angle, far = torch.atan2(a.view(1, -1), r.view(-1, 1)), torch.hypot(r.view(-1, 1), a.view(1, -1))
        plane = torch.sin(angle * random.randint(6, 20)) / (1 + 0.05 * far)
        height = torch.exp(-0.5 * ((torch.arange(self.grid[2]) - centre[2]) / between(2, 8)) ** 2)
        return between(0.1, 0.5) * plane[:, :, None] * height

    def _cut(self, x, found, inside):
        """The end of the field of view, straight or oblique."""
        if random.random() < 0.08 + 0.22 * self.hard:
            at = index(self.grid) - point(self.grid) / 2
            for _ in range(random.choice([1, 1, 2, 3])):
                axis = random.choice([0, 1, 2, 2])
                away = torch.zeros(3)
                away[axis] = random.choice([-1.0, 1.0])
                away += torch.randn(3) * random.choice([0, 0, 0.1])
                inside = inside & ((at * point(away)).sum(0) < self.grid[axis] / 2 * between(0.25, 0.95))
        return x * inside, torch.where(inside, found, NOTHING), inside


def wrapped(x, found, inside):
    """Wrap-around: what lies outside of a field of view too short for the head comes in at its other end.

    Mostly the nose, behind the head. What comes in has no class of its own, and outside is no scan.
    """
    axis = random.choice([0, 1, 1, 1, 2])
    head = (found > 0).any(2).any(1 - axis) if axis < 2 else (found > 0).any(0).any(0)
    if not head.any():
        return x, found, inside
    first, last = int(head.nonzero()[0]), int(head.nonzero()[-1])
    over, room = random.randint(2, 14), random.randint(0, 8)
    low, high = (first - room, last + 1 - over) if random.random() < 0.7 else (first + over, last + 1 + room)
    low, high, n = max(low, 0), min(high, x.shape[axis]), x.shape[axis]
    length, strength = high - low, between(0.3, 1)
    if length < n // 4:
        return x, found, inside
    within, out = torch.zeros_like(inside), x.clone()
    within.narrow(axis, low, length).fill_(True)
    before, after = min(low, length), min(n - high, length)
    out.narrow(axis, high - before, before).add_(x.narrow(axis, low - before, before), alpha=strength)
    out.narrow(axis, low, after).add_(x.narrow(axis, high, after), alpha=strength)
    return out * within, torch.where(within, found, NOTHING), inside & within


def rotation(degrees):
    """Rotation about R, then A, then S."""
    a, b, c = (math.radians(d) for d in degrees)
    about_r = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    about_a = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    about_s = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return about_r @ about_a @ about_s


def normalise(x, inside):
    """The card's rule, with the percentiles of at most 200,000 of the voxels inside."""
    values = x[inside]
    if values.numel() < 100:
        return torch.zeros_like(x)
    if values.numel() > 200_000:
        values = values[torch.randint(0, values.numel(), (200_000,))]
    last = values.numel() - 1
    low, high = (values.kthvalue(int(q * last) + 1).values for q in (0.01, 0.995))
    return ((x - low) / (high - low + 1e-6)).clamp(0, 1) * inside


def plain(file, grid):
    """A head as the program gives it to the network, near enough: centred, unchanged."""
    image, known, extent = (torch.from_numpy(np.load(file)[n]) for n in ("image", "classes", "extent"))
    axes = [torch.arange(n) - (n - 1) / 2 for n in grid]
    at = torch.stack(torch.meshgrid(*axes, indexing="ij")).float() * (space.MM / labels.MM)
    for i in range(3):
        at[i] += (known.shape[i] - 1) / 2
    near = pick(torch.stack([known, extent]).float(), at, "nearest")
    x = pick(image[None].float() / 255, at, "bilinear")[0]
    return normalise(x, near[1] > 0), near[0].long()

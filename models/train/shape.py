"""Heads of other proportions: infants, jaws without teeth, open mouths.

A bend maps places of a sample to places of the head it is drawn from. Both are coordinates in the
head's own frame: right, front and up of the middle between its eyes, mm of that head.
"""
import random
from dataclasses import dataclass

import numpy as np
import torch

from . import classes, labels
from .fields import between, widened

INFANT_SIZES = (0.61, 0.9)
"""From a newborn's head to a child's of five beside an adult's: median circumferences of 34 and 50 cm (WHO Child
Growth Standards, 2007) and 56 cm."""


@dataclass(frozen=True)
class Face:
    """Where a head's face is: its frame, and heights in it."""

    origin: np.ndarray
    """Middle between the eyes, in voxels of the head."""
    axes: np.ndarray
    """Unit vectors to the right, to the front and up, one a row."""
    under_nose: float
    """Height of subnasale, mm; as in the mean face where the head shows no nose."""
    lips: float
    """Height of the line between the lips, mm."""
    lips_front: float
    """How far they lie in front of the eyes, mm."""
    has_mouth: bool


def face(found, extent):
    """The `Face` of a head's twelve classes at `labels.MM`; `None` without eyes."""
    level = labels.level(found, extent, labels.MM)
    if level is None:
        return None
    middle, axes = level[0] / labels.MM, np.stack(level[1])

    def places(part):
        return (np.argwhere(found == part) - middle) @ axes.T * labels.MM

    nose, mouth = places(classes.NOSE), places(classes.MOUTH)
    has_mouth = len(mouth) * labels.MM**3 > 3000
    under_nose = np.quantile(nose[:, 2], 0.05) if len(nose) else -45.0
    # The mouth reaches from subnasale to the labiomental fold, and the lips meet in its upper half.
    lips = np.quantile(mouth[:, 2], 0.55) if has_mouth else under_nose - 22.0
    lips_front = np.quantile(mouth[:, 1], 0.98) if has_mouth else 15.0
    return Face(middle, axes, float(under_nose), float(lips), float(lips_front), has_mouth)


def bend(chances, face):
    """At most one of the bends, drawn by its chance; a head without a mouth can only be an infant's."""
    chance = random.random()
    if chance < chances.infant:
        return Infant(face)
    if face.has_mouth and chance < chances.infant + chances.toothless:
        return Toothless(face)
    if face.has_mouth and chance < chances.infant + chances.toothless + chances.open_mouth:
        return OpenMouth(face)
    return None


class Bend:
    """A change of proportions, and what it paints.

    Called with positions `[3, R, A, S]` in voxels of the head, it gives the bent ones, and the coordinates
    of the former in the head's frame.
    """

    size = None
    """Size of the sample beside the head, where the bend fixes it."""

    def __init__(self, face):
        self.face = face

    def __call__(self, at):
        axes = torch.tensor(self.face.axes, dtype=torch.float32)
        origin = torch.tensor(self.face.origin, dtype=torch.float32).view(3, 1, 1, 1)
        place = torch.einsum("ij,jxyz->ixyz", axes * labels.MM, at - origin)
        moved = torch.stack(self.bent(*place)) - place
        return at + torch.einsum("ji,jxyz->ixyz", axes / labels.MM, moved), place

    def bent(self, right, front, up):
        """Where in the head the three coordinates of each place come from."""
        raise NotImplementedError

    def painted(self, x, found, place):
        """Intensities and classes after the bend, both `[R, A, S]`; `place` as the call gave it."""
        return x, found


class Infant(Bend):
    """A small face with a short jaw, flat nose and full forehead under a large, thin skull.

    From six years on the middle third of a face grows by 13 to 18 % and the lower by 17 to 23 % (Ferrario et al., 1998,
    J Craniofac Genet Dev Biol 18:138), the head by some 10 %: beside the head, the face of a child of about five is 0.91
    as high as an adult's. That a newborn's is 0.64 as high, and all widths and depths, are guesses that look right.
    """

    def __init__(self, face):
        super().__init__(face)
        self.size = between(*INFANT_SIZES)
        age = (self.size - INFANT_SIZES[0]) / (INFANT_SIZES[1] - INFANT_SIZES[0])
        self.height = 0.64 + 0.27 * age + between(-0.05, 0.05)
        self.width = 0.82 + 0.12 * age + between(-0.04, 0.04)
        self.depth = 0.85 + 0.1 * age + between(-0.04, 0.04)
        self.forehead_mm = between(0, 8)
        self.rim = random.randint(0, 2)
        """Voxels by which the brain reaches into what was skull."""
        self.csf = between(0.7, 1.3)

    def bent(self, right, front, up):
        in_face = smooth(front, -75, -25)
        lower = in_face * smooth(-up, 0, 30)
        bulge = in_face * torch.exp(-((up - 45) ** 2 + right**2) / (2 * 35**2))
        return (
            right * (1 + lower * (1 / self.width - 1)),
            front + (front + 60) * lower * (1 / self.depth - 1) - self.forehead_mm * bulge,
            up + up.clamp(max=0) * in_face * (1 / self.height - 1),
        )

    def painted(self, x, found, place):
        """The thin skull: CSF and brain where its inner part was."""
        _, front, up = place
        brain = found == classes.BRAIN
        if self.rim == 0 or not brain.any():
            return x, found
        kept = (found == classes.BACKGROUND) | torch.isin(found, torch.tensor(classes.REMOVED, dtype=torch.uint8))
        rim = widened(brain, self.rim) & ~brain & ~widened(kept, 2) & (up > 0.4 * (front + 30).clamp(max=0))
        at_edge = x[brain & widened(~brain, 1)]
        like = self.csf * at_edge.mean() + at_edge.std() * 0.5 * torch.randn(x.shape)
        return torch.where(rim, like, x), torch.where(rim, torch.tensor(classes.BRAIN, dtype=torch.uint8), found)


class Toothless(Bend):
    """A jaw without teeth: a lower face that is shorter, lips that fall in, a chin that comes forward."""

    def __init__(self, face):
        super().__init__(face)
        self.height = between(0.7, 0.95)
        self.sunken_mm, self.chin_mm = between(1, 7), between(0, 4)
        self.air = random.random() < 0.3

    def bent(self, right, front, up):
        in_face = smooth(front, -60, -20)
        lips = torch.exp(-(right**2 / (2 * 22**2) + (up - self.face.lips) ** 2 / (2 * 12**2)))
        chin = torch.exp(-(right**2 / (2 * 25**2) + (up - self.face.lips + 32) ** 2 / (2 * 12**2)))
        return (
            right,
            front + in_face * (self.sunken_mm * lips - self.chin_mm * chin),
            up + (up - self.face.under_nose).clamp(max=0) * in_face * (1 / self.height - 1),
        )

    def painted(self, x, found, place):
        """What stands out of the soft tissue behind the lips, as teeth do, is gum or air."""
        mouth, air = found == classes.MOUTH, found == classes.BACKGROUND
        if not mouth.any():
            return x, found
        soft = x[mouth].median()
        bared = widened(mouth, 2) & (found != classes.BACKGROUND) & (found != classes.BRAIN) & ~widened(air, 4)
        teeth = bared & ((x - soft).abs() > 0.7 * x[mouth].std())
        level = x[air].median() if self.air and air.any() else soft
        return torch.where(teeth, level + 0.03 * torch.randn(x.shape), x), found


class OpenMouth(Bend):
    """A jaw let down, with air between the lips and behind them.

    The gap counts as mouth: labels close what is narrower than twice `labels.CLOSED_MM`.
    """

    def __init__(self, face):
        super().__init__(face)
        self.gap_mm = between(3, 2 * labels.CLOSED_MM - 1)
        self.depth_mm, self.half_width_mm = between(12, 45), between(14, 24)

    def bent(self, right, front, up):
        return right, front, up + smooth(front, -60, 0) * (self.face.lips - up).clamp(0, self.gap_mm)

    def painted(self, x, found, place):
        right, front, up = place
        air = found == classes.BACKGROUND
        if not air.any():
            return x, found
        # An ellipse seen from in front.
        middle = self.face.lips - self.gap_mm / 2
        gap = (right / self.half_width_mm) ** 2 + ((up - middle) / (self.gap_mm / 2)) ** 2 < 1
        gap &= (front > self.face.lips_front - self.depth_mm) & ~air & (found != classes.BRAIN)
        return torch.where(gap, x[air].median() + 0.02 * torch.rand(x.shape), x), found


def smooth(values, low, high):
    """0 up to `low`, 1 from `high`, and between them a cubic without corners."""
    t = ((values - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)

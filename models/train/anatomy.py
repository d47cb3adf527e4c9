"""What makes a sample another patient: changes of `x`, its intensities, and of `found`, its classes.

Both are `[R, A, S]` at 2 mm. Each function gives back what it may change.
"""
import random

import torch

from . import classes
from .fields import between, index, point, smooth_noise, widened

NOTHING = torch.zeros((), dtype=torch.uint8)


def lesion(x, found):
    """Tumours, bleedings or resections: one to three blobs inside the brain, some with a rim of another intensity.

    One in four is a bleeding under the skull, between the brain's edge and a ball. All count as brain.
    """
    brain = found == classes.BRAIN
    inside = brain.nonzero()
    if len(inside) == 0:
        return x
    at = index(x.shape)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        centre = point(inside[random.randrange(len(inside))])
        if random.random() < 0.25:
            blob = brain & widened(~brain, random.randint(1, 5)) & ((at - centre).square().sum(0) < between(10, 35) ** 2)
            rim = torch.zeros_like(blob)
        else:
            away = ((at - centre) / point([between(3, 16) for _ in range(3)])).square().sum(0)
            away = away * torch.exp(smooth_noise(x.shape, between(4, 10), between(0, 0.8)))
            blob, rim = brain & (away < 1), brain & (away < 1) & (away > between(0.4, 1.6))
        level = between(0, 1.2) + between(0, 0.06) * torch.randn(x.shape)
        x = torch.where(blob, level, x)
        x = torch.where(rim, torch.tensor(between(0, 1.2)), x)
    return x


def open_skull(x, found):
    """Craniectomy: within a ball at the edge of the brain, what is not brain looks as the brain does."""
    brain = found == classes.BRAIN
    edge = (brain & widened(~brain, 1)).nonzero()
    if len(edge) == 0:
        return x
    centre = point(edge[random.randrange(len(edge))])
    ball = (index(x.shape) - centre).square().sum(0) < between(6, 22) ** 2
    bone = ball & widened(brain, random.randint(1, 5)) & ~brain
    like = x[brain].mean() * between(0.6, 1.2)
    return torch.where(bone, like + between(0, 0.06) * torch.randn(x.shape), x)


def no_ear(x, found):
    """One ear taken away, or both."""
    ears = found == classes.EARS
    if not ears.any():
        return x, found
    middle = (found > 0).nonzero()[:, 0].float().mean()
    side = random.choice([-1, 0, 1])
    gone = ears & ((index(x.shape)[0] - middle) * side >= 0)
    return torch.where(gone, x[found == 0].median(), x), torch.where(gone, NOTHING, found)


def beard(x, found):
    """Hair in the air before mouth, chin and cheeks: faint, and of no even thickness."""
    bearded = torch.isin(found, torch.tensor(classes.BEARDED, dtype=torch.uint8))
    uneven = smooth_noise(x.shape, between(3, 10), 1.0) > between(-1, 0.5)
    hair = widened(bearded, random.randint(1, 6)) & (found == 0) & uneven
    return torch.where(hair, between(0.03, 0.6) * torch.rand(x.shape), x)

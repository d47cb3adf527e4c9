"""What a training run is told: a TOML file read into a frozen record."""
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Head:
    """A head of the data folder, and what it may be used for."""

    name: str
    person: str
    role: str
    """`train`, `watch` (looked at during training), or `test` (scored after it alone)."""
    weight: float = 1.0
    """How often it is drawn, beside the others."""
    origin: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Chances:
    """How often a sample is of a kind, or a head has something: 0 never, 1 always."""

    shapes: float = 0.04
    """Boxes, balls and noise alone."""
    no_head: float = 0.1
    """A scan without a face, if any is given."""
    painted: float = 0.5
    """A head in random intensities rather than its own."""
    warped: float = 1.0
    """Smooth warps of two scales."""
    errors: float = 1.0
    """What scanners add. Each error has a chance of its own besides."""
    infant: float = 0.08
    toothless: float = 0.06
    open_mouth: float = 0.05
    lesion: float = 0.1
    open_skull: float = 0.06
    no_ear: float = 0.06
    beard: float = 0.1
    hardware: float = 0.25
    """Things beside the head. Times how hard samples are."""
    defaced: float = 0.13
    brain_alone: float = 0.07
    wrapped: float = 0.06


@dataclass(frozen=True)
class Config:
    """A training run."""

    heads: tuple
    negatives: tuple
    """Scans without a face, by the name of their file without `.nii.gz`."""
    version: str = "0.0.0"
    seed: int = 1
    steps: int = 20000
    batch: int = 2
    """Samples of each process in each step."""
    processes: int = 2
    """On the CPU: one for each core. On a GPU: 1, with `loaders` making the samples."""
    loaders: int = 0
    threads: int = 1
    """Threads of each process."""
    rate: float = 1.6e-3
    warm_up: int = 100
    """Steps over which the learning rate rises."""
    decay_from: float = 0.6
    """Share of the steps after which the learning rate falls, as a cosine, to a fiftieth."""
    ramp: int = 1500
    """Steps over which the samples become as hard as they will be."""
    keep: float = 0.998
    """Share of the averaged weights that stays at each step; they are what is exported."""
    save_every: int = 100
    watch_every: int = 300
    channels: tuple = (24, 48, 96, 128)
    down: tuple = (1, 2, 2, 3)
    up: tuple = (1, 1, 2)
    grid: tuple = (96, 128, 128)
    chances: Chances = Chances()


def read(path):
    """The configuration in a TOML file. Unknown keys are errors."""
    found = tomllib.loads(Path(path).read_text())
    chances = found.get("chances", {})
    for given, record in ((found, Config), (chances, Chances)):
        unknown = sorted(set(given) - {f.name for f in fields(record)})
        if unknown:
            raise SystemExit(f"{path}: unknown setting `{unknown[0]}`")
    for name, chance in chances.items():
        if not 0 <= chance <= 1:
            raise SystemExit(f"{path}: chance `{name}` is {chance}, not within 0 and 1")
    found["chances"] = Chances(**chances)
    found["heads"] = tuple(Head(**h) for h in found.get("heads", []))
    for head in found["heads"]:
        if head.role not in ("train", "watch", "test"):
            raise SystemExit(f"{path}: head `{head.name}` has role `{head.role}`, not train, watch or test")
    people = {r: {h.person for h in found["heads"] if h.role == r} for r in ("train", "watch", "test")}
    both = people["train"] & (people["watch"] | people["test"])
    if both:
        raise SystemExit(f"{path}: `{min(both)}` is trained on and held out")
    found["negatives"] = tuple(found.get("negatives", ()))
    return Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in found.items()})

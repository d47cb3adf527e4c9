"""The classes of the network's output, in the order of its channels."""

NAMES = (
    "background", "brain", "eyes", "brow", "nose", "cheeks", "mouth", "chin", "ears", "scalp",
    "other", "neck",
)
BACKGROUND, BRAIN, EYES, BROW, NOSE, CHEEKS, MOUTH, CHIN, EARS, SCALP, OTHER, NECK = range(12)
FACE = (EYES, BROW, NOSE, CHEEKS, MOUTH, CHIN)
"""What a person is recognised by, the ears apart."""
BEARDED = (CHEEKS, MOUTH, CHIN)
"""Where a beard may grow."""
REMOVED = (*FACE, EARS)
"""What the program removes, and leans to."""

COLOURS = (
    (0, 0, 0), (120, 120, 200), (80, 220, 255), (255, 170, 60), (255, 90, 90), (120, 220, 90),
    (230, 90, 220), (250, 230, 80), (60, 190, 160), (170, 130, 90), (110, 110, 110), (190, 190, 190),
)
"""Red, green, blue of each class in the pictures."""

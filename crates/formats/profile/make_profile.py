#!/usr/bin/env python3
"""Writes profile.txt: every standard data element, its VR, and what the basic profile does to it.

usage: make_profile.py > profile.txt

Needs pydicom 3.0.2 (PS3.6's dictionary) and dicom-anonymizer 2.1.0, which carries table E.1-1 of
PS3.15, edition 2026c. Each line is TAG VR ACTION, 14 bytes, in the order of tags. Actions are those
of the standard; of several the first that keeps the object valid:

  X remove   Z empty   D dummy value   U other UID   - not in the table
"""

import sys

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import DicomDictionary

ACTIONS = {
    "X": table.X_TAGS,
    "Z": table.Z_TAGS + table.X_Z_TAGS,
    "D": table.D_TAGS + table.X_D_TAGS + table.X_Z_D_TAGS + table.Z_D_TAGS,
    # Sequences of references stay, with other UIDs in them (X/Z/U*).
    "U": table.U_TAGS,
    "-": table.X_Z_U_STAR_TAGS,
}


def main() -> None:
    """Writes the lines."""
    actions = {}
    for action, tags in ACTIONS.items():
        for tag in tags:
            # Tags of repeating groups have a mask behind them; those groups are removed whole.
            if len(tag) == 2:
                actions[tag[0] << 16 | tag[1]] = action
    vrs = {tag: entry[0] for tag, entry in DicomDictionary.items()}
    for tag in sorted(vrs.keys() | actions.keys()):
        vr = vrs.get(tag, "UN").split(" ")[0].replace("NONE", "UN")
        sys.stdout.write(f"{tag:08x} {vr} {actions.get(tag, '-')}\n")


if __name__ == "__main__":
    main()

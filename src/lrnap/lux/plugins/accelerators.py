"""Accelerator: every accelerator plugin with its parameters. They shape speed, never the picture."""

from __future__ import annotations

from lrnap.lux.plugins.rows import real, whole
from lrnap.lux.plugins.spec import Parameter, Plugin

KDTREE: tuple[Parameter, ...] = (
    whole("intersectcost", 80),
    whole("traversalcost", 1),
    real("emptybonus", 0.5),
    whole("maxprims", 1),
    whole("maxdepth", -1),
)
QBVH: tuple[Parameter, ...] = (
    whole("maxprimsperleaf", 4),
    whole("fullsweepthreshold", None, note="4 * maxprimsperleaf"),
    whole("skipfactor", 1),
)
BVH_COSTS: tuple[Parameter, ...] = (
    whole("costsamples", 0),
    whole("intersectcost", 80),
    whole("traversalcost", 10),
    real("emptybonus", 0.5),
)

PLUGINS: tuple[Plugin, ...] = (
    Plugin("accelerator", "kdtree", KDTREE, aliases=("tabreckdtree",)),
    Plugin("accelerator", "unsafekdtree", KDTREE),
    Plugin("accelerator", "qbvh", QBVH),
    Plugin("accelerator", "sqbvh", (*QBVH, real("alpha", 1e-5))),
    Plugin("accelerator", "bvh", (whole("treetype", 4, note="2, 4 or 8"), *BVH_COSTS)),
    Plugin(
        "accelerator",
        "mbvh",
        (
            whole("costsamples", 8),
            whole("intersectcost", 80),
            whole("traversalcost", 1),
            real("emptybonus", 0.0),
            whole("maxleafprims", None),
        ),
        note="version 1.9",
    ),
    Plugin("accelerator", "embree", (), note="version 1.9"),
    Plugin("accelerator", "bruteforce", (), aliases=("none",)),
    Plugin("accelerator", "grid", (), obsolete=True, note="of older versions"),
)

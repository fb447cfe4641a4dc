"""Seeds of runs. Two runs of a job with one seed would be the same samples twice, so each seed is used once."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Container

from lrnap.lux.call import Call
from lrnap.lux.scene import Scene

MAX_SEED = 2**31 - 1  # engines keep it in 32 bits; the sign stays free
FIXED = 1001  # the first of a scene with DisableRandomMode, as in classic Lux


def fresh(used: Container[int]) -> int:
    """A seed that is not in `used`; nor, as far as chance allows, in use anywhere else."""
    while (seed := 1 + secrets.randbelow(MAX_SEED)) in used:
        pass
    return seed


def of_scene(scene: Scene, used: Container[int]) -> int:
    """The next seed of a scene: a fresh one, or with DisableRandomMode the same whenever the scene is rendered."""
    if any(call.name == "DisableRandomMode" for call in itertools.takewhile(_is_option, scene.calls)):
        return next(seed for seed in itertools.count(FIXED) if seed not in used)
    return fresh(used)


def _is_option(call: Call) -> bool:
    return call.name != "WorldBegin"

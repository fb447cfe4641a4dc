"""When a run is done: what a scene's Film says of it, and what becomes of that when somebody asks for another end.

`PARAMETERS` is the one list of halt conditions, by the names that scenes and CTL_SET have for them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

from lrnap.engine.protocol import Halt
from lrnap.lux.params import ParamSet

NEVER = Halt(math.inf, math.inf, math.inf)
PARAMETERS: Mapping[str, str] = {"haltspp": "spp", "halttime": "seconds", "haltthreshold": "noise"}  # -> field of Halt


def of_film(film: ParamSet) -> Halt:
    """The halt condition of a scene; 0, as classic Lux has it, is never."""
    spp, seconds, noise = film.int("haltspp"), film.int("halttime"), film.float("haltthreshold")
    return Halt(
        spp=float(spp) if spp > 0 else None,
        seconds=float(seconds) if seconds > 0 else None,
        noise=float(f"{noise:.7g}") if noise > 0 else None,  # it came as float32
    )


def first_of(asked: Halt, scene: Halt) -> Halt:
    """What is asked for, condition by condition, before what the scene says."""
    return Halt(**{name: value if value is not None else getattr(scene, name) for name, value in asdict(asked).items()})


def without_never(halt: Halt) -> Halt:
    """`math.inf` as None: an engine that takes a limit on noise would call infinite noise good enough."""
    return Halt(**{name: None if value == math.inf else value for name, value in asdict(halt).items()})

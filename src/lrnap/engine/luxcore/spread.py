"""How a lamp spreads its light: "mapname", an image of how bright each direction is, times "iesname", a measured lamp.

Only the shape counts, as in classic Lux: how bright the lamp is as a whole, `L`, `gain` and `power` say. The engine
takes one image for it all, and has its own unit: a lamp that is the same in all directions is 4 pi darker with an image
than without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrnap.engine.luxcore import photometry
from lrnap.engine.luxcore.draft import Image, Inputs, entity_error, named_by
from lrnap.engine.luxcore.images import pixels
from lrnap.engine.luxcore.sphere_maps import looked_up

UNIT = 1 / (4 * math.pi)  # brightness of an engine's lamp with an image that is one everywhere


@dataclass(frozen=True, slots=True)
class Spread:
    """`image`: the engine's name of how bright each direction is (see `sphere_maps`), first row ahead."""

    image: str
    behind: float  # the share of the light that goes backwards


def mean(image: Image) -> float:
    """Of a function of the direction, over the sphere and its colours."""
    weights = np.sin((np.arange(image.shape[0]) + 0.5) * math.pi / image.shape[0])
    return float((image.mean(axis=(1, 2), dtype=np.float64) * weights).sum() / weights.sum())


def spread(inputs: Inputs) -> Spread | None:
    """What a light's parameters say of it; None for one that shines the same everywhere."""
    p = inputs.params
    path, ies, flipped = inputs.image("mapname"), inputs.file("iesname"), p.bool("flipz")
    if not path and not ies:
        return None
    key = ("spread", path, ies, flipped)
    if key not in inputs.draft.made:
        drawn = _drawn(inputs, path, ies, flipped)
        back = drawn.copy()
        back[: len(back) // 2] = 0.0
        inputs.draft.made[key] = Spread(inputs.draft.image("lamp", drawn), mean(back) / mean(drawn))
    made: Spread = inputs.draft.made[key]
    return made


def _drawn(inputs: Inputs, path: str | None, ies: str | None, flipped: bool) -> Image:
    found: Image | None = None
    if ies:
        with named_by(inputs.entity):
            found = photometry.image(photometry.read(ies, inputs.params.string("iesname")), flipped=flipped)
    if path:
        drawn = pixels(path)
        found = drawn if found is None else found * _resized(drawn, (found.shape[0], found.shape[1]))
    if found is None or not mean(found) > 0:
        raise entity_error(inputs.entity, "its light goes nowhere: mapname and iesname are black, or their product is")
    return found


def _resized(image: Image, size: tuple[int, int]) -> Image:
    t, s = ((np.arange(count) + 0.5) / count for count in size)
    return looked_up(image, *np.broadcast_arrays(s[None, :], t[:, None]))

"""How a lamp spreads its light: "mapname", an image of how bright each direction is, times "iesname", a measured lamp.

Only the shape counts, as in classic Lux: how bright the lamp is as a whole, `L`, `gain` and `power` say. The engine
takes one image for it all, and has its own unit: a lamp that is the same in all directions is 4 pi darker with an image
than without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from lrnap.engine.luxcore import photometry
from lrnap.engine.luxcore.draft import Draft, Image, Inputs, entity_error
from lrnap.engine.luxcore.images import pixels
from lrnap.engine.luxcore.sphere_maps import directions, looked_up

UNIT = 1 / (4 * math.pi)  # brightness of an engine's lamp with an image that is one everywhere
GRAZING = 0.02  # cosine below which an area light's surface is taken to be seen no flatter


@dataclass(slots=True)
class Spread:
    """`image`: how bright each direction is, see `sphere_maps`; straight ahead is the first row."""

    image: Image
    behind: float = 0.0  # the share of the light that goes backwards
    surface_factor: float = 1.0  # what an engine's surface with the image `of_surface` must be multiplied by
    names: dict[bool, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        back = self.image.copy()
        back[: len(back) // 2] = 0.0
        self.behind = mean(back) / mean(self.image)
        self.surface_factor = math.pi * mean(self.of_surface()) / mean(self.image)

    def of_surface(self) -> Image:
        """The same for a surface: the engine's shine with the cosine of the direction, classic Lux's as this says."""
        ahead = directions(self.image.shape[0], self.image.shape[1])[..., 2:]
        return np.where(ahead > 0, self.image / np.maximum(ahead, GRAZING), 0.0).astype(np.float32)

    def name(self, draft: Draft, *, surface: bool) -> str:
        """The engine's name of the image, for a surface or for a point."""
        if surface not in self.names:
            self.names[surface] = draft.image("lamp", self.of_surface() if surface else self.image)
        return self.names[surface]


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
        inputs.draft.made[key] = Spread(_drawn(inputs, path, ies, flipped))
    made: Spread = inputs.draft.made[key]
    return made


def _drawn(inputs: Inputs, path: str | None, ies: str | None, flipped: bool) -> Image:
    found: Image | None = None
    if ies:
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

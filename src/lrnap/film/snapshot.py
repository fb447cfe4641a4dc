"""The film of one run at one moment: one contiguous float32 block with named views into it.

Conventions, for the whole project: row 0 is the top of the picture; colours are linear RGB with the primaries of
sRGB, as LuxCore renders; sums are *weighted sums*, never averages, so that merging is adding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrnap.film.channels import CHANNELS, in_order

Block = npt.NDArray[np.float32]


class Planes(NamedTuple):
    """Views into a block; writing to them writes the block.

    weight (H, W)        sum of the weights of the camera samples that fell on the pixel
    alpha  (H, W)        sum of weight x coverage
    pixel  (G, H, W, 3)  per light group: sum of weight x radiance, normalised per pixel by `weight`
    screen (G, H, W, 3)  per light group: sums of light-traced contributions, normalised per screen: the radiance is
                         `screen * (W * H) / screen_samples`. None for engines that trace from the camera only.
    channels             what else the film holds, by name: (H, W, floats) each, see channels.py
    """

    weight: Block
    alpha: Block
    pixel: Block
    screen: Block | None
    channels: Mapping[str, Block] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FilmLayout:
    """What a block holds. Two films can be merged exactly if their layouts are equal.

    `names`: of channels of ids, what the scene calls the things with the ids 1, 2, 3 ... A film may not know them, or
    only the first of them; it is the same film.
    """

    width: int
    height: int
    groups: tuple[str, ...] = ("default",)  # light group names; the position is the engine's group id
    screen: bool = False
    channels: tuple[str, ...] = ()  # auxiliary ones, in the order of channels.CHANNELS
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if self.channels and self.channels != in_order(self.channels):
            raise ValueError(f"channels must be {in_order(self.channels)}, in this order, not {self.channels}")

    @property
    def floats(self) -> int:
        """Length of a block: 2 planes, 3 (6 with `screen`) per light group, and the channels."""
        return self.light + self.width * self.height * sum(CHANNELS[name].floats for name in self.channels)

    @property
    def light(self) -> int:
        """Length of the part of a block that is there without any channel."""
        per_group = 6 if self.screen else 3
        return self.width * self.height * (2 + per_group * len(self.groups))

    @property
    def summed(self) -> int:
        """Length of the first part of a block, all of which merges by adding."""
        added = sum(CHANNELS[name].floats for name in self.channels if CHANNELS[name].summed)
        return self.light + self.width * self.height * added

    def new_block(self) -> Block:
        return np.zeros(self.floats, np.float32)

    def planes(self, block: Block) -> Planes:
        """Views of a block of exactly `floats` float32 values (in the order weight, alpha, pixel, screen, channels)."""
        if block.shape != (self.floats,) or block.dtype != np.float32:
            raise ValueError(f"a film block of {self.floats} float32 values is needed, not {block.shape} {block.dtype}")
        h, w, g = self.height, self.width, len(self.groups)
        n = h * w
        colour = 3 * n * g
        return Planes(
            weight=block[:n].reshape(h, w),
            alpha=block[n : 2 * n].reshape(h, w),
            pixel=block[2 * n : 2 * n + colour].reshape(g, h, w, 3),
            screen=block[2 * n + colour : 2 * n + 2 * colour].reshape(g, h, w, 3) if self.screen else None,
            channels=self._channels(block),
        )

    def _channels(self, block: Block) -> Mapping[str, Block]:
        views, start = {}, self.light
        for name in self.channels:
            end = start + self.width * self.height * CHANNELS[name].floats
            views[name] = block[start:end].reshape(self.height, self.width, CHANNELS[name].floats)
            start = end
        return views


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An immutable film of one run. `number` grows with every snapshot of the run: the newest replaces the older.

    `epoch` grows when the scene is edited while it renders; films of different epochs show different scenes.
    """

    run: str
    seed: int
    number: int
    layout: FilmLayout
    block: Block
    samples: float  # samples taken by the run, from the camera; sum(weight) where weights are counts
    screen_samples: float = 0.0  # light paths traced by the run; 0 without `layout.screen`
    seconds: float = 0.0  # time the run has been rendering
    epoch: int = 0

    @property
    def planes(self) -> Planes:
        return self.layout.planes(self.block)

    @property
    def spp(self) -> float:
        """Samples per pixel."""
        return self.samples / (self.layout.width * self.layout.height)


def with_channels(film: Snapshot, channels: Iterable[str]) -> Snapshot:
    """A film with these channels, in any order; what it lacks stays empty, which adds nothing."""
    layout = replace(film.layout, channels=in_order(channels))
    if layout == film.layout:
        return film
    block = layout.new_block()
    block[: layout.light] = film.block[: layout.light]
    planes = layout.planes(block)
    for name, values in film.planes.channels.items():
        if name in planes.channels:
            planes.channels[name][:] = values
    return replace(film, layout=layout, block=block)

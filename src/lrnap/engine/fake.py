"""A renderer without an engine: the film of n samples per pixel is what n independent random samples would give.

For tests of everything around an engine, and as the second implementation that keeps the interface honest. The film
depends on the film's size, the light groups, the seed and n alone; it costs the same for any n. After k edits it is
k + 1 times as bright, so that a film of before shows. A pixel's mean is a
smooth pattern, its samples are exponentially distributed, so their sum over n is a gamma distribution: means of
merged films converge with 1/sqrt(n), as those of an engine do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.engine.devices import Hardware
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.engine.renderer import Built, FilmCounts, Log, Stats, check_layout, wanted_channels
from lrnap.errors import Code, SceneError
from lrnap.film.channels import CHANNELS, Kind
from lrnap.film.names import Names
from lrnap.film.snapshot import Block, FilmLayout, Planes
from lrnap.lux.description import SceneDescription
from lrnap.lux.params import ParamSet

_SPP_PER_SECOND = 400.0  # what a small film gets from an engine on a desktop machine
SEEN = ("left", "right")  # what its two materials and objects are called


def pattern(layout: FilmLayout) -> npt.NDArray[np.float32]:
    """The means (G, H, W, 3) that films of the layout converge to: red to the right, green down, blue by group."""
    y, x = np.mgrid[0 : layout.height, 0 : layout.width].astype(np.float32)
    red = 0.2 + 0.8 * (x + 0.5) / layout.width
    green = 0.2 + 0.8 * (y + 0.5) / layout.height
    groups = len(layout.groups)
    return np.stack([np.stack([red, green, np.full_like(x, (g + 1) / groups)], axis=-1) for g in range(groups)])


class FakeRenderer:
    """See `Renderer`. `threads` and the machine's speed change nothing: it counts by the clock."""

    def __init__(self, log: Log, hardware: Hardware = Hardware()) -> None:  # noqa: ARG002, B008  # a constant
        self._log = log
        self._passes = 0.0
        self._since: float | None = None  # when it last began to count
        self._halt = Halt()
        self._edits = 0

    def build(self, description: SceneDescription, files: Mapping[str, str], options: RunOptions) -> Built:  # noqa: ARG002
        film = ParamSet(description.film)
        groups = tuple(description.light_groups) or ("default",)
        channels = wanted_channels(options, description)
        names = {name: SEEN for name in channels if CHANNELS[name].kind is Kind.VOTES}
        self._layout = FilmLayout(
            film.int("xresolution"), film.int("yresolution"), groups, channels=channels, names=names
        )
        check_layout(self._layout, description.film.at)
        self._seed = options.seed
        self._log(f"fake film of {self._layout.width} x {self._layout.height} pixels, seed {options.seed}")
        spp, seconds = film.int("haltspp"), film.int("halttime")
        return Built(
            engine="fake",
            layout=self._layout,
            triangles=len(description.shapes),
            halt=Halt(spp=spp if spp > 0 else None, seconds=seconds if seconds > 0 else None),
        )

    def start(self) -> None:
        self._since = time.monotonic()

    def stats(self) -> Stats:
        return Stats(float(self._count() * self._layout.width * self._layout.height))

    def read_film(self, block: Block, scratch: Path) -> FilmCounts:  # noqa: ARG002
        passes = self._count()
        planes = self._layout.planes(block)
        planes.weight[:] = passes
        planes.alpha[:] = passes
        if passes:
            random = np.random.default_rng([self._seed, passes])
            planes.pixel[:] = (
                (1 + self._edits) * pattern(self._layout) * random.standard_gamma(passes, planes.pixel.shape)
            )
            self._see(planes)
        return FilmCounts(float(passes * self._layout.width * self._layout.height))

    def _see(self, planes: Planes) -> None:
        """A plane that leans away to the right, of two materials and objects; nothing in the top row of pixels."""
        height, width = planes.weight.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        right = x >= width // 2
        means = {
            "albedo": (0.25 + 0.5 * right, np.full_like(x, 0.5), np.zeros_like(x)),
            "normal": (np.zeros_like(x), np.zeros_like(x), np.ones_like(x)),
            "geometry_normal": (np.zeros_like(x), np.zeros_like(x), np.ones_like(x)),
            "position": (x, height - y, np.zeros_like(x)),
            "uv": ((x + 0.5) / width, 1 - (y + 0.5) / height),
        }
        for name, target in planes.channels.items():
            if name in means:
                target[..., -1] = planes.weight
                target[..., :-1] = np.stack(means[name], axis=-1) * planes.weight[..., None]
            else:
                target[..., 0] = 1 + x if name == "depth" else 1 + right
                if CHANNELS[name].kind is Kind.VOTES:
                    target[..., 1] = planes.weight
            target[0] = 0

    def pause(self) -> None:
        self._passes, self._since = self._elapsed(), None

    def resume(self) -> None:
        self._since = time.monotonic()

    def set_halt(self, halt: Halt) -> None:
        self._halt = halt

    def edit(self, description: SceneDescription, files: Mapping[str, str]) -> tuple[str, ...]:
        for light in description.lights:
            image = ParamSet(light.entity).string("mapname", "")
            if image and image not in files:
                raise SceneError(f"the file '{image}' was not found", at=light.entity.at, code=Code.NOT_FOUND)
        self._edits += 1
        self._passes = 0.0
        self._since = None if self._since is None else time.monotonic()
        return (f"edit {self._edits} shows in brightness alone",)

    @property
    def names(self) -> Names:
        return self._layout.names

    def stop(self) -> None:
        self.pause()

    def _elapsed(self) -> float:
        counting = 0.0 if self._since is None else time.monotonic() - self._since
        return self._passes + counting * _SPP_PER_SECOND

    def _count(self) -> int:
        spp = self._halt.spp
        return int(self._elapsed() if spp is None else min(self._elapsed(), math.ceil(min(spp, 1e12))))

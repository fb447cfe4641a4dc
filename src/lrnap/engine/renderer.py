"""What a renderer is inside the child process: LuxCore or the fake, driven by `child.py`.

Rules for this file: the interface and the checks that every renderer makes before it starts; no native code, no I/O.
`child.py` keeps the clock, evaluates halt conditions (but noise, which the parent does), and calls in one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from lrnap.engine.protocol import Halt, RunOptions
from lrnap.engine.seeds import MAX_SEED
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.film.channels import in_order
from lrnap.film.names import Names
from lrnap.film.snapshot import Block, FilmLayout
from lrnap.limits import MAX_FILM_PIXELS, MAX_FILM_SIDE
from lrnap.lux.description import SceneDescription
from lrnap.lux.params import ParamSet

DEPTH_WRITERS = ("write_exr_ZBuf", "write_png_ZBuf", "write_tga_ZBuf")  # parameters of Film that need the depth

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """What is known once a scene is built. `engine` names program, integrator and sampler for people."""

    engine: str
    layout: FilmLayout
    triangles: int = 0
    halt: Halt = field(default_factory=Halt)  # the scene's own
    warnings: tuple[str, ...] = ()


class Stats(NamedTuple):
    """`samples` as the engine counts them: camera samples, or light paths where it traces from the lights only."""

    samples: float


class FilmCounts(NamedTuple):
    """The numbers that belong to one reading of the film, as `Snapshot` has them."""

    samples: float
    screen_samples: float = 0.0


class Renderer(Protocol):
    """One scene, rendered once. Calls come in this order: build, start, then any of the others, stop last but film."""

    def build(self, description: SceneDescription, files: Mapping[str, str], options: RunOptions) -> Built:
        """Gets everything ready, with `options.threads` (never 0) threads.

        Raises SceneError, or EngineError with what the engine said.
        """

    def start(self) -> None: ...
    def stats(self) -> Stats:
        """Asks the engine; cheap enough for 20 times a second."""

    def read_film(self, block: Block, scratch: Path) -> FilmCounts:
        """Fills a block of the layout (zeroed) with the film now; also after stop. `scratch`: an empty folder."""

    def pause(self) -> None:
        """When it returns, no more samples are counted until `resume`."""

    def resume(self) -> None: ...
    def set_halt(self, halt: Halt) -> None:
        """Called before `start`, too. Only a hint, to be exact: the child and its parent end the run."""

    def edit(self, description: SceneDescription, files: Mapping[str, str]) -> tuple[str, ...]:
        """Renders another scene of the same film from now on, which becomes empty; paused if it was. Returns warnings.

        Raises SceneError or EngineError, and then renders the scene on that it had, perhaps with an empty film.
        """

    @property
    def names(self) -> Names:
        """What the scene, as it is now, calls the things whose ids are in the film."""

    def stop(self) -> None:
        """Ends rendering and keeps the film."""


def check_options(options: RunOptions, cores: int) -> None:
    """Raises LrnapError (ARGS) for options that no renderer can take."""
    if not 1 <= options.seed <= MAX_SEED:
        raise LrnapError(Code.ARGS, f"the seed must be 1 to {MAX_SEED}, not {options.seed}")
    check_threads(options.threads, cores, least=0)
    check_halt(options.halt)
    in_order(options.channels)


def check_threads(threads: int, cores: int, *, least: int = 1) -> None:
    if not least <= threads <= cores:
        raise LrnapError(Code.ARGS, f"{threads} threads cannot be used: ask for 1 to {cores}, the processors there are")


def check_halt(halt: Halt) -> None:
    for name in ("spp", "seconds", "noise"):
        value = getattr(halt, name)
        if value is not None and (math.isnan(value) or value <= 0):
            raise LrnapError(Code.ARGS, f"a halt condition must be above zero, but {name} is {value}")


def wanted_channels(options: RunOptions, description: SceneDescription) -> tuple[str, ...]:
    """The channels that the caller asks for, and those that the scene's Film writes."""
    film = ParamSet(description.film)
    depth = any(film.bool(name) for name in DEPTH_WRITERS)
    return in_order((*options.channels, *(("depth",) if depth else ())))


def check_layout(layout: FilmLayout, at: object) -> None:
    """Raises SceneError for film sizes that make native code hang or crash."""
    width, height = layout.width, layout.height
    if width < 1 or height < 1:
        raise SceneError(f"a film of {width} x {height} pixels is empty", at=at)
    if max(width, height) > MAX_FILM_SIDE or width * height > MAX_FILM_PIXELS:
        raise SceneError(
            f"a film of {width} x {height} pixels is too large:"
            f" at most {MAX_FILM_SIDE} on a side and {MAX_FILM_PIXELS} in all",
            at=at,
        )

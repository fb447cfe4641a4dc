"""What an engine is to the rest of lrnap: something that starts runs, each in a process of its own.

Rules for this file: types only. `process.py` implements it with a child process around a `Renderer`; the renderers
are LuxCore (`luxcore/`) and a deterministic fake (`fake.py`). The same contract tests run on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from lrnap.errors import LrnapError
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene


class RunState(Enum):
    """BUILDING -> RENDERING <-> PAUSED -> STOPPED (film kept) | DONE (halt condition met) | FAILED (see `error`)."""

    BUILDING = "BUILDING"
    RENDERING = "RENDERING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    DONE = "DONE"
    FAILED = "FAILED"

    @property
    def over(self) -> bool:
        return self in (RunState.STOPPED, RunState.DONE, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Halt:
    """When a run is done; whichever comes first. Times in seconds of rendering: pauses do not count.

    `noise`: the error of the picture in which 1 is white, as `film.noise` estimates it from the film; of a job on
    several engines from the merged one.
    None: never, but in `RunOptions` None is what the scene says, and `math.inf` is never.
    """

    spp: float | None = None
    seconds: float | None = None
    noise: float | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    run: str  # unique name of the run
    seed: int  # >= 1; never reused for the same job
    threads: int = 0  # 0: all cores
    halt: Halt = field(default_factory=Halt)
    channels: tuple[str, ...] = ()  # auxiliary ones of the film, beside those that the scene asks for
    epoch: int = 0  # that the film begins with: of the job, which may have been edited before


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One cheap look at a run; made of what the child last reported, so asking never blocks."""

    state: RunState
    samples: float = 0.0
    spp: float = 0.0
    samples_per_second: float = 0.0
    seconds: float = 0.0
    threads: int = 0  # processors in use
    triangles: int = 0
    engine: str = ""  # e.g. "LuxCore 2.11.2 PATHCPU SOBOL"
    noise: float | None = None  # of the run's own film, where a halt condition asks for it
    epoch: int = 0  # of the film that the samples are in
    error: LrnapError | None = None  # of a FAILED run: SceneError with its place, or EngineError with the log's end


class Run(Protocol):
    """One engine process rendering one scene with one seed."""

    @property
    def name(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def layout(self) -> FilmLayout | None:
        """Known once the scene is built."""

    def status(self) -> RunStatus: ...
    def log(self, lines: int = 100) -> Sequence[str]: ...
    def warnings(self) -> Sequence[str]:
        """What the engine does not honour exactly: one sentence each, naming place, plugin and parameter."""

    async def snapshot(self) -> Snapshot:
        """The film now; after the run is over, its last film, and after a crash the last one that was taken.

        Readers that ask while a film is being read share it. Raises LrnapError if there is no film: EngineError with
        code STATE before the scene is built and after `close`, otherwise what made the run fail.
        """

    async def pause(self) -> None: ...
    async def resume(self) -> None: ...
    async def stop(self) -> None:
        """Ends rendering; the film stays readable until `close`. Before the scene is built there is no film to keep."""

    async def set_threads(self, threads: int) -> None:
        """Processors that the run uses at once, 1 to those of the machine. UNSUPPORTED where a system cannot do it."""

    async def set_halt(self, halt: Halt) -> None:
        """Replaces every halt condition, the scene's own too; absent ones no longer hold."""

    async def edit(
        self, calls: Sequence[Call], files: Mapping[str, str] | None = None, epoch: int | None = None
    ) -> int:
        """Changes the scene while it renders, and begins the film anew, as that of the next epoch, which is returned.

        `calls` have passed `lux.editing.EditChecker`; `files`: what the names in them mean; `epoch`: of the new film,
        if it is not to be the next. All or nothing: if it raises (SceneError for what cannot be rendered so), the scene
        is as before, and goes on to be rendered. Seconds and samples, and so the halt conditions, count from here on.
        """

    def events(self) -> AsyncIterator[RunStatus]:
        """The status now and after each change (coalesced: latest wins), ending when the run is over."""

    async def close(self) -> None:
        """Ends the process, however it is, and frees its memory; idempotent."""


class Engine(Protocol):
    """Starts runs. `start` returns as soon as the process is up; building shows in the status."""

    @property
    def name(self) -> str: ...
    async def start(self, scene: Scene, options: RunOptions) -> Run: ...

"""What the contract is tested with: a scene of one quad and two lights, runs that get closed, bounded waiting."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from lrnap.engine.process import ProcessEngine, ProcessRun
from lrnap.engine.protocol import Run, RunOptions, RunState, RunStatus
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

HERE = Path(__file__).parent
RENDERING, PAUSED, DONE, STOPPED, FAILED = (
    RunState.RENDERING,
    RunState.PAUSED,
    RunState.DONE,
    RunState.STOPPED,
    RunState.FAILED,
)
PATIENCE = 120  # seconds until a test that waits for something has failed

QUAD = """
LookAt 3 -3 2.5  0 0 0.5  0 0 1
Camera "perspective" "float fov" [45]
Film "fleximage" "integer xresolution" [64] "integer yresolution" [48] {film}
Sampler "{sampler}"
SurfaceIntegrator "{integrator}"
WorldBegin
LightGroup "key"
LightSource "point" "point from" [1 1 1.5] "color L" [3 2 1]
AttributeBegin
  LightGroup "fill"
  AreaLightSource "area" "color L" [5 5 5]
  Shape "trianglemesh" "integer indices" [0 2 1 0 3 2] "point P" [-.4 -.4 2  .4 -.4 2  .4 .4 2  -.4 .4 2]
AttributeEnd
Material "matte" "color Kd" [0.7 0.5 0.3]
Shape "trianglemesh" "integer indices" [0 1 2 0 2 3] "point P" [-1 -1 0  1 -1 0  1 1 0  -1 1 0]
{world}
WorldEnd
"""


def quad(film: str = "", sampler: str = "lowdiscrepancy", integrator: str = "path", world: str = "") -> Scene:
    """A floor under a point light ("key") and a lamp ("fill"), 64 x 48 pixels."""
    text = QUAD.format(film=film, sampler=sampler, integrator=integrator, world=world)
    return Scene("quad", tuple(read_bytes(text.encode(), "quad.lxs")))


@dataclass
class Bench:
    """An engine, the processes it has started, and the folder where its films may lie."""

    engine: ProcessEngine
    folder: Path
    pids: list[int] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self, scene: Scene | None = None, **options: object) -> AsyncIterator[ProcessRun]:
        """A run that is closed in the end."""
        run = await self.engine.start(scene or quad(), RunOptions(**{"run": "r1", "seed": 1} | options))
        self.pids.append(run.pid)
        try:
            yield run
        finally:
            await run.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()  # an orphan that nobody has waited for yet
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test to its end, or fails it when patience is over."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE))

    return run


async def until(run: ProcessRun, condition: Callable[[RunStatus], bool]) -> RunStatus:
    """The first status that meets the condition. Fails if the run is over before."""
    async for status in run.events():
        if condition(status):
            return status
    raise AssertionError(f"the run ended before: {run.status()}")


async def the_end(run: Run) -> RunState:
    async for status in run.events():
        state = status.state
    return state


def some_samples(status: RunStatus) -> bool:
    return status.state is RENDERING and status.samples > 0

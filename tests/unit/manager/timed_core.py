"""A core of the manager with a clock, and words for what people and nodes say to it."""

from __future__ import annotations

import itertools
from typing import TypeVar

from lrnap.engine.protocol import Halt
from lrnap.engine.protocol import RunState as Reported
from lrnap.manager import effects as fx
from lrnap.manager import events as ev
from lrnap.manager.core import Core
from lrnap.manager.jobs import JobState
from lrnap.manager.turn import History
from lrnap.manager.validate import validate
from lrnap.manager.waiting import why_job

E = TypeVar("E", bound=fx.Effect)
SCENE = "5" * 64


class Manager:
    """A core with a clock, and the words of its history."""

    def __init__(self, nodes: int = 0) -> None:
        seeds, keys = itertools.count(1), itertools.count(1)
        self.core = Core(fresh=lambda _: next(seeds), key=lambda: f"k{next(keys)}")
        self.now = 0.0
        self.effects: list[fx.Effect] = []
        self.story: list[History] = []
        for n in range(1, nodes + 1):
            self.tell(ev.AddNode(url=f"lrnap://n{n}"))
            self.tell(ev.NodeHere(node=n, generation=1, cores=2))

    def tell(self, *events: ev.Event, seconds: float = 1.0) -> object:
        """The answer to the last of the events; effects are those of all of them."""
        self.now += seconds
        step = self.core.handle(events, now=self.now, wall=self.now)
        validate(self.core.world)
        self.effects = [*step.effects]
        self.story += step.history
        return step.answers[-1]

    def did(self, kind: type[E]) -> list[E]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def submit(self, name: str = "ball", spp: float | None = 10, frames: int = 1, **more: object) -> int:
        specs = tuple(ev.FrameSpec(number=n) for n in range(1, frames + 1))
        answer = self.tell(ev.Submit(name=name, scene=SCENE, halt=Halt(spp=spp), frames=specs, **more))  # type: ignore[arg-type]
        assert isinstance(answer, int), answer
        return answer

    def state(self, job: int) -> JobState:
        return self.core.world.jobs[job].state

    def run_on(self, node: int) -> str:
        return self.core.world.run_on[node]

    def report(self, run: str, spp: float, state: Reported = Reported.RENDERING, generation: int = 1) -> None:
        self.tell(ev.RunReport(run=run, generation=generation, state=state, spp=spp, samples=spp * 100))

    def count(self, run: str, spp: float, number: int = 1) -> None:
        self.tell(ev.Counted(run=run, number=number, spp=spp, samples=spp * 100, seconds=spp))

    def end(self, run: str, state: Reported, error: str = "", *, scene: bool = False, generation: int = 1) -> None:
        code = "E_ENGINE" if error else ""
        self.tell(ev.RunEnded(run=run, generation=generation, state=state, code=code, error=error, blames_scene=scene))

    def finish(self, run: str, spp: float) -> None:
        self.count(run, spp)
        self.end(run, Reported.STOPPED)

    def why(self, job: int) -> str:
        return why_job(self.core, self.core.world.jobs[job])


def render_out(farm: Manager, job: int, crash: set[int], *, scene: bool = False) -> list[int]:
    """Until the job has no runs any more; runs of frames in `crash` fail. The frames in the order of their ends."""
    ended = []
    while live := farm.core.world.live_of(job):
        run = live[0]
        ended.append(run.frame)
        if run.frame in crash:
            farm.end(run.name, Reported.FAILED, "boom", scene=scene)
        else:
            farm.report(run.name, 10)
            farm.finish(run.name, 10)
    return ended


def frame_states(farm: Manager, job: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in sorted(farm.core.world.frames_of[job]):
        found.setdefault(farm.core.world.frames[job, number].state.name, []).append(number)
    return found

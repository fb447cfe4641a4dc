"""One step of the manager: what the handlers of events change the world with.

Every change of a state goes through `job`, `frame`, `run`, `presence` or `standing`: they ask the table, write the row
and add to the history. What concerns a frame is not decided where it happens, but once for the step, in `settle.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.limits import ManagerLimits
from lrnap.manager import effects as fx
from lrnap.manager import frames, jobs, nodes, runs
from lrnap.manager.frames import Frame, FrameStep
from lrnap.manager.jobs import Job, JobState, JobStep
from lrnap.manager.nodes import Node, NodeStep, Presence, Standing
from lrnap.manager.runs import Run, RunState, RunStep
from lrnap.manager.world import FrameKey, World


@dataclass(frozen=True, slots=True)
class History:
    """What happened, for good: a row of the table that only grows. `wall`: seconds since 1970."""

    wall: float
    kind: str  # job, frame, run, node
    subject: str  # name of the run, URL of the node, number of the frame, name of the job
    job: int  # 0: of no job
    step: str
    state: str
    reason: str
    who: str = ""  # wanted it; empty: nobody did, it happened


@dataclass(slots=True)
class Turn:
    world: World
    now: float  # a clock that never jumps
    wall: float  # a clock for people
    limits: ManagerLimits
    fresh: Callable[[Container[int]], int]  # a seed that is not among these
    effects: list[fx.Effect] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    touched: dict[FrameKey, None] = field(default_factory=dict)  # frames to settle
    plan_again: bool = False
    by: str = ""  # who wants what is handled now

    def do(self, effect: fx.Effect) -> None:
        self.effects.append(effect)

    # --- rows that must be there

    def the_job(self, job: int) -> Job:
        try:
            return self.world.jobs[job]
        except KeyError:
            raise LrnapError(Code.NOT_FOUND, f"there is no job {job}; CTL_JOBS lists the jobs") from None

    def the_node(self, node: int) -> Node:
        try:
            return self.world.nodes[node]
        except KeyError:
            raise LrnapError(Code.NOT_FOUND, f"there is no node {node}; CTL_NODES lists the nodes") from None

    def find(self, name: str, node: int = 0, generation: int = 0) -> Run | None:
        """The run of that name; one that only its node or the disk remembers is put down again, because then the store
        is of yesterday."""
        world = self.world
        if name in world.runs:
            return world.runs[name]
        parsed = parse_run_name(name)
        if parsed is None:
            return None
        key, frame, epoch, seed = parsed
        job = world.jobs.get(world.keys.get(key, 0))
        if job is None or (job.id, frame) not in world.frames or epoch > job.epoch or seed in world.seeds[job.id]:
            return None
        run = Run(
            name=name,
            job=job.id,
            frame=frame,
            node=node,
            generation=generation,
            seed=seed,
            epoch=epoch,
            round=world.frames[job.id, frame].round,
            state=RunState.LOST,
            started=self.wall,
        )
        world.put(run)
        self.note("run", name, job.id, "find", run.state.value, "it exists, and the store did not know it")
        return run

    # --- states

    def job(self, job: int, step: JobStep, reason: str = "", **changes: Any) -> Job:
        before = self.the_job(job)
        after = jobs.TABLE.after(before.state, step, before.who)
        if after in jobs.OVER:
            changes = {"ended": self.wall, **changes}
        elif before.state in jobs.OVER:
            changes = {"ended": None, **changes}
        row = replace(before, state=after, **changes)
        self._put("job", before.name, job, step.value, before, row, reason)
        return row

    def frame(self, key: FrameKey, step: FrameStep, reason: str = "", **changes: Any) -> Frame:
        before = self.world.frames[key]
        row = replace(before, state=frames.TABLE.after(before.state, step, f"frame {before.number}"), **changes)
        self._put("frame", str(before.number), before.job, step.value, before, row, reason)
        return row

    def run(self, name: str, step: RunStep, reason: str = "", **changes: Any) -> Run:
        before = self.world.runs[name]
        after = runs.TABLE.after(before.state, step, f"run {name}")
        if after in runs.OVER:
            changes = {"ended": self.wall, **changes}
        row = replace(before, state=after, **changes)
        self._put("run", name, before.job, step.value, before, row, reason)
        self.touched[before.job, before.frame] = None
        return row

    def presence(self, node: int, step: NodeStep, reason: str = "", **changes: Any) -> Node:
        before = self.the_node(node)
        after = nodes.PRESENCE.after(before.presence, step, before.who)
        trouble = "" if after is Presence.HERE else reason or before.trouble
        row = replace(before, presence=after, trouble=trouble, **changes)
        if after is not before.presence:
            row = replace(row, since=self.wall)
        self.world.put(row)
        if after is not before.presence:
            self.note("node", before.url, 0, _did(step), row.presence.value, reason)
        return row

    def standing(self, node: int, step: NodeStep, reason: str = "", note: str | None = None) -> Node:
        """`note`: what is shown beside it from now on; the reason, if not given."""
        before = self.the_node(node)
        row = replace(
            before,
            standing=nodes.STANDING.after(before.standing, step, before.who),
            note=reason if note is None else note,
        )
        self._put("node", before.url, 0, _did(step), before, row, reason, state=row.standing.value)
        return row

    def note(self, kind: str, subject: str, job: int, step: str, state: str, reason: str) -> None:
        """What somebody wants of a job or node is his; what follows from it for frames and runs is nobody's."""
        who = "" if kind in ("frame", "run") else self.by
        self.history.append(History(self.wall, kind, subject, job, step, state, reason, who))
        self.do(fx.Tell(kind=kind, subject=subject, job=job, step=step, state=state, reason=reason))
        self.plan_again = True

    def _put(
        self, kind: str, subject: str, job: int, step: str, before: Any, row: Any, reason: str, state: str = ""
    ) -> None:
        self.world.put(row)
        now = state or row.state.value
        was = before.standing.value if state else before.state.value
        if now != was:
            self.note(kind, subject, job, step, now, reason)

    # --- runs

    def start(self, job: Job, number: int, node: Node) -> Run:
        """A run with a seed that the job never had; it is stored before the node hears of it."""
        frame = self.world.frames[job.id, number]
        seed = self.fresh(self.world.seeds[job.id])
        run = Run(
            name=run_name(job, number, seed),
            job=job.id,
            frame=number,
            node=node.id,
            generation=node.generation,
            seed=seed,
            epoch=job.epoch,
            round=frame.round,
            started=self.wall,
            since=self.now,
        )
        self.world.put(run)
        self.world.put(replace(node, last_job=job.id))
        self.note("run", run.name, job.id, "claim", run.state.value, f"{node.url} renders frame {number}")
        self.touched[frame.key] = None
        self.do(
            fx.StartRun(
                **_order(run),
                job=job.id,
                frame=number,
                seed=seed,
                epoch=job.epoch,
                scene=frame.scene or job.scene,
                changes=frame.changes,
                threads=node.threads,
                halt=job.halt,
            )
        )
        return run

    def stop(self, run: Run, reason: str) -> None:
        """Tells a live run to stop; its last film will still come."""
        if run.state in runs.STEADY:
            self.run(run.name, RunStep.STOP, reason, asked=self.now)
            self.do(fx.StopRun(**_order(run)))

    def lose(self, run: Run, reason: str) -> None:
        self.run(run.name, RunStep.LOSE, reason, rate=0.0)

    def follow(self, run: Run) -> None:
        order = _order(run)
        self.do(fx.FollowRun(**order, job=run.job, frame=run.frame, seed=run.seed, epoch=run.epoch))

    def drop(self, run: Run) -> None:
        self.do(fx.DropRun(**_order(run)))

    def tune(self, run: Run) -> None:
        """Pauses or resumes a run, if it is not as its job and its node want it."""
        job, node = self.world.jobs.get(run.job), self.world.nodes.get(run.node)
        if job is None or node is None:
            return
        pause = node.yields or job.state is JobState.PAUSED
        if pause and run.state is RunState.RENDERING:
            self.do(fx.PauseRun(**_order(run)))
        elif not pause and run.state is RunState.PAUSED:
            self.do(fx.ResumeRun(**_order(run)))

    def set_halt(self, run: Run, job: Job) -> None:
        self.do(fx.SetHalt(**_order(run), halt=job.halt))

    def set_threads(self, run: Run, threads: int) -> None:
        self.do(fx.SetThreads(**_order(run), threads=threads))

    # --- nodes

    def claim(self, node: Node, reason: str, *, take: bool = False) -> Node:
        """Under a new generation: whatever comes under an older one is of the past. `take`: see `effects.Claim`."""
        row = self.presence(node.id, NodeStep.CLAIM, reason, generation=node.generation + 1, foreign="")
        self.do(fx.Claim(node=row.id, url=row.url, generation=row.generation, take=take))
        return row

    def lose_node(self, node: Node, reason: str) -> None:
        """Its run is lost, and its newest snapshot stays counted; the work goes elsewhere."""
        self.presence(node.id, NodeStep.LOSE, reason)
        name = self.world.run_on.get(node.id)
        if name is not None:
            self.lose(self.world.runs[name], f"{node.url} is lost: {reason}")


def usable(node: Node) -> bool:
    """Whether a node may begin a run now."""
    return node.presence is Presence.HERE and node.standing is Standing.ENABLED and not node.yields and not node.foreign


def _did(step: NodeStep) -> str:
    """In the history: its values are for sentences about what cannot be done to a node."""
    return step.name.lower().replace("_", " ")


def said(value: object) -> str:
    """A new value, in the history."""
    return (",".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def run_name(job: Job, frame: int, seed: int) -> str:
    return f"{job.key}.{frame}.{job.epoch}.{seed}"


def parse_run_name(name: str) -> tuple[str, int, int, int] | None:
    """Key of the job, frame, epoch and seed; None for what is no name of ours."""
    key, *numbers = name.split(".")
    if len(numbers) != 3 or not all(n.isascii() and n.isdigit() and len(n) < 12 for n in numbers):
        return None
    frame, epoch, seed = map(int, numbers)
    return key, frame, epoch, seed


def _order(run: Run) -> dict[str, Any]:
    return {"node": run.node, "generation": run.generation, "run": run.name}

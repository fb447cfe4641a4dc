"""What the scheduling policy is asked: nodes that may be used, and jobs that want them, made of the rows of the world.

The policy looks at all jobs that render, and at the heads of the queues, more than there are nodes for. What it is told
of a job without runs is made once for its row, so that a long queue costs what is new in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lrnap.limits import ManagerLimits
from lrnap.manager import jobs
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Presence
from lrnap.manager.policy import Demand, Seat
from lrnap.manager.runs import STEADY, Run, RunState
from lrnap.manager.settle import film_of
from lrnap.manager.turn import usable
from lrnap.manager.world import World

LOOK = 16  # jobs of a queue that are looked at, at the least
ABUNDANCE = 2  # jobs that are looked at for each node, over the queues of one priority
PICTURED = 16  # frames that are looked at for a film


def seats(world: World, now: float) -> list[Seat]:
    """The nodes that may be used."""
    return [_seat(world, node.id, now) for node in world.nodes.values() if usable(node)]


def some_free(world: World) -> bool:
    """Whether a node could begin a run now."""
    return any(node.id not in world.run_on and usable(node) for node in world.nodes.values())


def _seat(world: World, number: int, now: float) -> Seat:
    node = world.nodes[number]
    run = world.runs.get(world.run_on.get(number, ""))
    if run is None:
        return Seat(number, frozenset(node.tags), warm=node.last_job)
    return Seat(
        number,
        frozenset(node.tags),
        run.name,
        run.job,
        run.frame,
        ending=run.state is RunState.STOPPING,
        age=now - run.since,
        shown=run.number >= 0,
        warm=node.last_job,
    )


class Demands:
    """Made anew for each plan by `of`; keeps what it said of jobs that have no runs."""

    def __init__(self, world: World, limits: ManagerLimits) -> None:
        self._world = world
        self._limits = limits
        self._known: dict[int, tuple[Job, Demand]] = {}

    def of(self, nodes: int) -> list[Demand]:
        """`nodes`: how many may be used."""
        found, before, self._known = [], self._known, {}
        for number in self._looked_at(nodes):
            job = self._world.jobs[number]
            if number not in self._world.seeds:
                known = before.get(number)
                demand = known[1] if known is not None and known[0] is job else self._demand(job)
                self._known[number] = job, demand
            elif job.state not in jobs.ACTIVE or job.state is JobState.PAUSED or not self._lacks(job):
                continue
            else:
                demand = self._demand(job)
            found.append(demand)
        return found

    def _looked_at(self, nodes: int) -> dict[int, None]:
        world = self._world
        wanted = dict.fromkeys(job for job in world.live if job in world.queues)
        queues = [*world.queues]
        of_priority = Counter(key[0] for key, _ in queues)
        for key, queue in queues:
            left = LOOK + ABUNDANCE * nodes // of_priority[key[0]]
            for number in queue:
                if number not in world.live:
                    if left <= 0:
                        break
                    left -= 1
                wanted[number] = None
        return wanted

    def _demand(self, job: Job) -> Demand:
        world, failed = self._world, self._world.excluded.get(job.id, ())
        bound = self._limits.run_failures
        return Demand(
            job.id,
            job.owner,
            job.priority,
            job.nodes_min,
            job.nodes_max,
            frozenset(job.tags),
            pictured=self._pictured(job),
            bereft=self._bereft(job),
            excluded=frozenset(n for n in failed if world.failures(job.id, n) >= bound),
            avoided=frozenset(failed),
            frames=_Lacking(world, job),
        )

    def _lacks(self, job: Job) -> bool:
        return next(iter(_Lacking(self._world, job)), None) is not None

    def _pictured(self, job: Job) -> bool:
        """Whether it has shown anything in this epoch: a frame that is over, or a film."""
        world = self._world
        if job.id not in world.seeds:
            return False
        if len(world.open_frames[job.id]) < len(world.frames_of[job.id]):
            return True
        return any(run.number >= 0 and run.epoch == job.epoch for run in self._open_runs(job))

    def _bereft(self, job: Job) -> bool:
        """Whether nobody renders it, because nodes were lost."""
        world = self._world
        return (
            job.id in world.seeds
            and job.id not in world.live
            and any(run.state is RunState.LOST for run in self._open_runs(job))
        )

    def _open_runs(self, job: Job) -> Iterator[Run]:
        """Of the first open frames."""
        for number, _ in zip(self._world.open_frames[job.id], range(PICTURED), strict=False):
            yield from self._world.runs_in((job.id, number))


class _Lacking:
    """The frames of a job that another run would help, and how many help each: first those that nobody renders."""

    def __init__(self, world: World, job: Job) -> None:
        self._world, self._job = world, job

    def __iter__(self) -> Iterator[tuple[int, int]]:
        world, job = self._world, self._job
        for number in world.waiting_frames.get(job.id, ()):
            yield number, 0
        for number in world.open_frames.get(job.id, ()):
            key = (job.id, number)
            if key in world.live_runs and not film_of(world, world.frames[key], hoped=True).reaches(job.halt):
                yield number, sum(run.state in STEADY and _at_work(world, run.node) for run in world.live_in(key))


def _at_work(world: World, node: int) -> bool:
    """Runs on nodes that yield add nothing now."""
    known = world.nodes.get(node)
    return known is not None and known.presence is not Presence.LOST and not known.yields

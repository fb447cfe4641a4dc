"""The manager's mind: events in, effects out. No socket, no file, no clock, no thread.

    step = core.handle([event, ...], now=..., wall=...)      decides, and changes the rows in memory
    store.write(step)                                        they are stored; if that fails: core.undo(step)
    perform(step.effects)                                    only then does the world change

`now` is a clock that never jumps (`time.monotonic`), `wall` one for people. Several events in one step are one
transaction and one look at the schedule, which is how a manager of a thousand nodes keeps up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lrnap.engine import seeds
from lrnap.errors import LrnapError
from lrnap.limits import ManagerLimits
from lrnap.manager import events, jobs, on_jobs, on_nodes, on_runs, policy
from lrnap.manager.effects import Effect
from lrnap.manager.events import Event
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Presence
from lrnap.manager.runs import STEADY, RunState
from lrnap.manager.settle import film_of, settle
from lrnap.manager.turn import History, Turn, usable
from lrnap.manager.world import Key, Row, World, key_of

HANDLERS: Mapping[type, Callable[[Turn, Any], object]] = {
    **on_jobs.HANDLERS,
    **on_nodes.HANDLERS,
    **on_runs.HANDLERS,
}
LOOK_AHEAD = 64  # jobs of one priority and owner, beyond the number of nodes, that the policy looks at


@dataclass(frozen=True, slots=True)
class Step:
    """What events made of the world. `answers`: of each event, in order, what it returned or why it was refused."""

    written: Sequence[Row]
    deleted: Sequence[Row]
    history: Sequence[History]
    effects: Sequence[Effect]
    answers: Sequence[object]
    journal: Sequence[tuple[Row | None, Row | None]] = field(repr=False, default=())

    @property
    def stores(self) -> bool:
        """Whether there is anything to be stored."""
        return bool(self.written or self.deleted or self.history)


class Core:
    """`world`: what the store holds of jobs that are not over. `fresh` and `key` make seeds and names of jobs."""

    def __init__(
        self,
        world: World | None = None,
        limits: ManagerLimits | None = None,
        *,
        fresh: Callable[[Container[int]], int] = seeds.fresh,
        key: Callable[[], str] = lambda: secrets.token_hex(6),
    ) -> None:
        self.world = world or World()
        self.limits = limits or ManagerLimits()
        self.shares: Mapping[int, int] = {}  # job -> nodes that it was entitled to when last planned
        self._fresh = fresh
        self._key = key
        self._now = 0.0
        self._ticked: float | None = None

    def handle(self, happened: Iterable[Event], *, now: float, wall: float) -> Step:
        """Never raises for what an event says: a refusal is its answer, and changes nothing."""
        self._now = max(self._now, now)
        turn = Turn(self.world, self._now, wall, self.limits, self._fresh)
        answers = [self._one(turn, event) for event in happened]
        while turn.touched or turn.plan_again:
            settle(turn)
            turn.plan_again = False
            self._plan(turn)
        return self._step(turn, answers)

    def undo(self, step: Step) -> None:
        """The newest step was not stored: the world is as it was before."""
        self.world.journal.extend(step.journal)
        self.world.undo()

    def evict(self) -> list[int]:
        """Jobs that are over, and whose runs are, leave the memory. To be called between steps."""
        gone = [self.world.jobs[job] for job in self.world.idle if not self.world.live.get(job)]
        for job in gone:
            self.world.evict(job)
        return [job.id for job in gone]

    # --- inside

    def _one(self, turn: Turn, event: Event) -> object:
        """A refused event leaves no trace, whatever its handler had begun."""
        mark, effects, history, touched = (
            len(self.world.journal),
            len(turn.effects),
            len(turn.history),
            {**turn.touched},
        )
        again = turn.plan_again
        try:
            return self._answer(turn, event)
        except LrnapError as error:
            self.world.undo(mark)
            del turn.effects[effects:], turn.history[history:]
            turn.touched, turn.plan_again = touched, again
            return error

    def _answer(self, turn: Turn, event: Event) -> object:
        match event:
            case events.Tick():
                self._tick(turn)
                return None
            case events.Submit():
                return on_jobs.submit(turn, event, self._key())
            case _:
                return HANDLERS[type(event)](turn, event)

    def _tick(self, turn: Turn) -> None:
        if self._ticked is not None and self._now - self._ticked > self.limits.asleep_seconds:
            on_nodes.slept(turn, self._now - self._ticked)
        self._ticked = self._now
        on_nodes.tick(turn, self._now)
        turn.plan_again = True

    def _plan(self, turn: Turn) -> None:
        seats = self._seats()
        plan = policy.plan(self._demands(len(seats)), seats) if seats else policy.Plan()
        self.shares = plan.shares
        world = self.world
        for release in plan.releases:
            turn.stop(world.runs[release.run], f"{world.jobs[release.job].who} needs the node")
        for start in plan.starts:
            turn.start(world.jobs[start.job], start.frame, world.nodes[start.node])
        if plan.starts or plan.releases:
            settle(turn)
            turn.plan_again = False

    def _seats(self) -> list[policy.Seat]:
        world, seats = self.world, []
        for node in world.nodes.values():
            if not usable(node):
                continue
            run = world.runs.get(world.run_on.get(node.id, ""))
            if run is None:
                seats.append(policy.Seat(node.id, frozenset(node.tags), warm=node.last_job))
                continue
            seats.append(
                policy.Seat(
                    node.id,
                    frozenset(node.tags),
                    run.name,
                    run.job,
                    run.frame,
                    ending=run.state is RunState.STOPPING,
                    age=self._now - run.since,
                    shown=run.number >= 0,
                    warm=node.last_job,
                )
            )
        return seats

    def _demands(self, seats: int) -> list[policy.Demand]:
        """Of all jobs that render, and of the first of each queue, which are more than there are nodes for."""
        world, wanted = self.world, dict.fromkeys(self.world.live)
        for _, queue in world.in_order():
            waiting = 0
            for number in queue:
                waiting += number not in world.live and not world.waits_for(world.jobs[number])
                wanted[number] = None
                if waiting > seats + LOOK_AHEAD:
                    break
        found = []
        for job in (world.jobs[number] for number in wanted):
            if job.state not in jobs.ACTIVE or job.state is JobState.PAUSED or world.waits_for(job):
                continue
            if numbers := list(islice(self._lacking(job), seats + 1)):
                found.append(self._demand(job, numbers))
        return found

    def _lacking(self, job: Job) -> Iterator[int]:
        """Frames that another run would help."""
        world = self.world
        for number in world.open_frames.get(job.id, ()):
            live = world.live_runs.get((job.id, number))
            if not live or not film_of(world, world.frames[job.id, number], hoped=True).reaches(job.halt):
                yield number

    def _demand(self, job: Job, numbers: Sequence[int]) -> policy.Demand:
        world, failed = self.world, self.world.excluded.get(job.id, ())
        return policy.Demand(
            job.id,
            job.owner,
            job.priority,
            job.nodes_min,
            job.nodes_max,
            frozenset(job.tags),
            pictured=self._pictured(job),
            excluded=frozenset(n for n in failed if world.failures(job.id, n) >= self.limits.run_failures),
            avoided=frozenset(failed),
            frames=tuple((n, self._helpers(job.id, n)) for n in numbers),
        )

    def _helpers(self, job: int, frame: int) -> int:
        """Runs that add to a frame now; those on nodes that yield do not."""
        return sum(run.state in STEADY and self._at_work(run.node) for run in self.world.live_in((job, frame)))

    def _at_work(self, node: int) -> bool:
        known = self.world.nodes.get(node)
        return known is not None and known.presence is not Presence.LOST and not known.yields

    def _pictured(self, job: Job) -> bool:
        """Whether it has shown anything in this epoch: a frame that is over, or a film."""
        world = self.world
        if len(world.open_frames[job.id]) < len(world.frames_of[job.id]):
            return True
        return any(
            run.number >= 0 and run.epoch == job.epoch
            for n in islice(world.open_frames[job.id], 16)
            for run in world.runs_in((job.id, n))
        )

    def _step(self, turn: Turn, answers: list[object]) -> Step:
        journal, self.world.journal = self.world.journal, []
        first: dict[tuple[type, Key], Row | None] = {}
        last: dict[tuple[type, Key], Row | None] = {}
        for before, after in journal:
            row = after or before
            assert row is not None
            place = (type(row), key_of(row))
            first.setdefault(place, before)
            last[place] = after
        return Step(
            written=[row for place, row in last.items() if row is not None and row != first[place]],
            deleted=[row for place, after in last.items() if after is None and (row := first[place]) is not None],
            history=turn.history,
            effects=turn.effects,
            answers=answers,
            journal=journal,
        )

"""The manager's mind: events in, effects out. No socket, no file, no clock, no thread.

    step = core.handle([event, ...], now=..., wall=...)      decides, and changes the rows in memory
    store.write(step)                                        they are stored; if that fails: core.undo(step)
    perform(step.effects)                                    only then does the world change

`now` is a clock that never jumps (`time.monotonic`), `wall` one for people. Several events in one step are one
transaction and one look at the schedule, which is how a manager of a thousand nodes keeps up.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lrnap.engine import seeds
from lrnap.errors import LrnapError
from lrnap.limits import ManagerLimits
from lrnap.manager import demands, events, on_jobs, on_nodes, on_runs, policy
from lrnap.manager.demands import Demands
from lrnap.manager.effects import Effect
from lrnap.manager.events import Event
from lrnap.manager.settle import settle
from lrnap.manager.turn import History, Turn
from lrnap.manager.world import Key, Row, World, key_of

HANDLERS: Mapping[type, Callable[[Turn, Any], object]] = {
    **on_jobs.HANDLERS,
    **on_nodes.HANDLERS,
    **on_runs.HANDLERS,
}
AT_ONCE = 500  # nodes and jobs of which a plan is made as often as something happens: it takes some 10 ms
PAUSE = 1e-4  # seconds between two plans for each of them beyond, so that planning leaves nine tenths of the time


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
        self.memo: dict[tuple[str, ...], Counter[str]] = {}  # what is counted of nodes by tags; until the next step
        self._fresh = fresh
        self._key = key
        self._now = 0.0
        self._ticked: float | None = None
        self._ticking = False  # in this step
        self._due, self._not_before = False, 0.0  # a plan that had to wait, and until when
        self._demands = Demands(self.world, self.limits)

    def handle(self, happened: Iterable[Event], *, now: float, wall: float) -> Step:
        """Never raises for what an event says: a refusal is its answer, and changes nothing."""
        self._now = max(self._now, now)
        self._ticking = False
        self.memo.clear()
        turn = Turn(self.world, self._now, wall, self.limits, self._fresh)
        turn.plan_again = self._due
        answers = [self._one(turn, event) for event in happened]
        while turn.touched or turn.plan_again:
            settle(turn)
            if turn.plan_again:
                turn.plan_again = False
                self._plan(turn)
        return self._step(turn, answers)

    def undo(self, step: Step) -> None:
        """The newest step was not stored: the world is as it was before."""
        self.world.journal.extend(step.journal)
        self.world.undo()

    def evict(self) -> list[int]:
        """Jobs that are over, and whose runs are, leave the memory. To be called between steps."""
        gone = [self.world.jobs[job] for job in self.world.idle if job not in self.world.live]
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
            len(turn.touched),
        )
        again = turn.plan_again
        turn.by = getattr(event, "by", "") if isinstance(event, events.Wanted) else ""
        try:
            return self._answer(turn, event)
        except LrnapError as error:
            self.world.undo(mark)
            del turn.effects[effects:], turn.history[history:]
            turn.touched, turn.plan_again = dict.fromkeys(islice(turn.touched, touched)), again
            return error
        finally:
            turn.by = ""

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
        turn.plan_again = self._ticking = True

    def _plan(self, turn: Turn) -> None:
        """Where no node is free, only the next tick looks whether one is to be freed."""
        self._due = not self._ticking and self._now < self._not_before
        if self._due or not (self._ticking or demands.some_free(self.world)):
            return
        world, seats = self.world, demands.seats(self.world, self._now)
        wanted = self._demands.of(len(seats)) if seats else []
        self._not_before = self._now + max(0, len(seats) + len(wanted) - AT_ONCE) * PAUSE
        plan = policy.plan(wanted, seats)
        self.shares = plan.shares
        for release in plan.releases:
            turn.stop(world.runs[release.run], f"{world.jobs[release.job].who} needs the node")
        for start in plan.starts:
            turn.start(world.jobs[start.job], start.frame, world.nodes[start.node])
        if plan.starts or plan.releases:
            settle(turn)
            turn.plan_again = False

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

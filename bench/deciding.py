"""deciding_*: what the manager's mind takes to decide, by itself: without sockets, store or films.

Microseconds of processor time for one event, of a small farm and of one of 1,000 nodes with 100,000 jobs that wait. The
value is that of the large one; a look at the schedule (`tick`, `turnover`) grows with the nodes, an event does not.

    report     a node says how far its run is
    heard      a node has answered
    counted    a film is on the disk
    turnover   a run has ended, and the next begins on its node
    tick       the look of every second
    submit     a job comes while all nodes are busy
    line       a job in a list of jobs, with why it waits
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import process_time

from bench.row import Row
from lrnap.engine.protocol import Halt, RunState
from lrnap.manager import events, reports
from lrnap.manager.core import Core
from lrnap.manager.runs import Run

SIZES = ((64, 100), (1000, 100_000))  # nodes, jobs
OWNERS = 20
BATCH = 50  # events of one step, as a moment has them on a large farm
TIMES = 20  # runs that are followed by others
MOMENT = 0.05
SCENE = "5" * 64


class Farm:
    def __init__(self, nodes: int, jobs: int) -> None:
        self.core = Core()
        self.now = 0.0
        self.tell(*(events.AddNode(url=f"lrnap://n{n}:1978") for n in range(nodes)))
        self.tell(*(events.NodeHere(node=n, generation=1, cores=8) for n in range(1, nodes + 1)))
        for first in range(0, jobs, 1000):
            self.tell(*(_submission(n) for n in range(first, min(jobs, first + 1000))))
        self.tell(events.Tick(), seconds=1.0)
        self.runs: Sequence[Run] = [self.core.world.runs[name] for name in self.core.world.run_on.values()]
        if len(self.runs) != nodes:
            raise RuntimeError("not all nodes are busy")

    def tell(self, *happened: events.Event, seconds: float = MOMENT) -> None:
        self.now += seconds
        self.core.handle(happened, now=self.now, wall=self.now)

    def tell_all(self, happened: Sequence[events.Event]) -> int:
        for first in range(0, len(happened), BATCH):
            self.tell(*happened[first : first + BATCH])
        return len(happened)

    # --- what happens; each returns how often

    def report(self) -> int:
        state = RunState.RENDERING
        return self.tell_all(
            [events.RunReport(run=r.name, generation=1, state=state, samples=1e6, spp=1.0, rate=1e6) for r in self.runs]
        )

    def heard(self) -> int:
        return self.tell_all([events.NodeHeard(node=run.node, generation=1, foreign="") for run in self.runs])

    def counted(self) -> int:
        return self.tell_all(
            [events.Counted(run=run.name, number=1, samples=1e6, spp=1.0, seconds=1.0) for run in self.runs]
        )

    def turnover(self) -> int:
        for run in self.runs[:TIMES]:
            self.tell(
                events.Counted(run=run.name, number=2, samples=1e9, spp=64.0, seconds=2.0),
                events.RunEnded(run=run.name, generation=1, state=RunState.DONE),
            )
        return TIMES

    def tick(self) -> int:
        for _ in range(5):
            self.tell(events.Tick(), seconds=1.0)
        return 5

    def submit(self) -> int:
        for n in range(TIMES):
            self.tell(_submission(10**6 + n))
        return TIMES

    def line(self) -> int:
        newest = sorted(self.core.world.jobs)[-100:]
        for number in newest:
            reports.live_of(self.core, number)
        return len(newest)


WORK: Sequence[Callable[[Farm], int]] = (
    Farm.report,
    Farm.heard,
    Farm.counted,
    Farm.tick,
    Farm.submit,
    Farm.line,
    Farm.turnover,
)


def rows() -> list[Row]:
    found = [_cost_of_all(nodes, jobs) for nodes, jobs in SIZES]
    texts = [f"{nodes:,} nodes and {jobs:,} jobs" for nodes, jobs in SIZES]
    return [
        Row(
            f"deciding_{work.__name__}",
            found[-1][work.__name__],
            None,
            "us; " + ", ".join(f"{text}: {costs[work.__name__]:.3g}" for text, costs in zip(texts, found, strict=True)),
        )
        for work in WORK
    ]


def _cost_of_all(nodes: int, jobs: int) -> dict[str, float]:
    farm, costs = Farm(nodes, jobs), {}
    for work in WORK:
        began = process_time()
        times = work(farm)
        costs[work.__name__] = (process_time() - began) / times * 1e6
    return costs


def _submission(number: int) -> events.Submit:
    return events.Submit(name=f"job {number}", owner=f"user{number % OWNERS}", scene=SCENE, halt=Halt(spp=64))

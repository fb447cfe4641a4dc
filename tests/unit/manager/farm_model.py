"""A farm without network: nodes that render at a word, wires that delay, repeat and reorder, a manager that is killed.

It stands where the service will: it performs effects, keeps snapshots on a disk, and says what happened. Orders to one
node, and what is said of one run, keep their order, as on a connection; everything else may come in any.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lrnap.engine.protocol import RunState as Reported
from lrnap.errors import Code, LrnapError
from lrnap.manager import effects as fx
from lrnap.manager.desk import Desk
from lrnap.manager.events import (
    AddNode,
    Counted,
    Event,
    FilmLost,
    HeldRun,
    NodeFenced,
    NodeGone,
    NodeHeard,
    NodeHere,
    RunEnded,
    RunReport,
    Started,
    Tick,
)
from lrnap.manager.jobs import Job
from lrnap.manager.runs import Run
from lrnap.manager.store import Store
from lrnap.manager.validate import validate
from lrnap.manager.world import World

PIXELS = 100


@dataclass
class SimRun:
    name: str
    seed: int
    epoch: int
    goal: float | None
    state: Reported = Reported.BUILDING
    spp: float = 0.0
    number: int = 0


@dataclass
class SimNode:
    id: int
    url: str
    lease: int = 0
    alive: bool = True
    connected: bool = False
    runs: dict[str, SimRun] = field(default_factory=dict)
    orders: deque[fx.Effect] = field(default_factory=deque)

    @property
    def busy(self) -> SimRun | None:
        return next((run for run in self.runs.values() if not run.state.over), None)


class Farm:
    def __init__(self, folder: Path, open_store: Callable[[], Store], rng: random.Random) -> None:
        self.folder = folder
        self.open_store = open_store
        self.rng = rng
        self.now = 1000.0
        self.nodes: dict[int, SimNode] = {}
        self.disk: dict[str, Counted] = {}
        self.said: defaultdict[str, deque[Event]] = defaultdict(deque)  # channel -> what is under way to the manager
        self.past: deque[Event] = deque(maxlen=30)  # may be said once more
        self.seeds: dict[tuple[str, int], str] = {}  # (key of the job, seed) -> run
        self.acknowledged: dict[int, str] = {}  # job -> key
        self.forgotten: set[str] = set()  # runs whose films were thrown away on purpose
        self.refuse_writes = 0
        self.dies = False  # the manager, between the next step that is stored and its effects
        self.desk: Desk
        self.start()

    # --- the manager

    def start(self) -> None:
        self.said.clear()
        for node in self.nodes.values():
            node.orders.clear()
            node.connected = False
        self.desk = Desk(self.open_store(), fresh=self._fresh, key=lambda: f"{self.rng.getrandbits(48):012x}")
        self.tell(Started())
        known = {node.id for node in self.desk.core.world.nodes.values()}
        self.nodes = {n: node for n, node in self.nodes.items() if n in known}
        lost = [run.name for run in self.world.runs.values() if run.number >= 0 and run.name not in self.disk]
        self.tell(*(FilmLost(run=name) for name in lost))
        self.tell(*self.disk.values())

    def kill(self) -> None:
        self.desk.store.close()

    def _fresh(self, used: object) -> int:
        while (seed := self.rng.randrange(1, 2**31)) in used:  # type: ignore[operator]
            pass
        return seed

    @property
    def world(self) -> World:
        return self.desk.core.world

    def tell(self, *events: Event) -> list[object]:
        """To the manager; what it then does is under way to the nodes."""
        store, write = self.desk.store, self.desk.store.write
        if self.refuse_writes:
            store.write = self._refuse  # type: ignore[method-assign]
        try:
            step = self.desk.handle(events, now=self.now, wall=self.now)
        finally:
            store.write = write  # type: ignore[method-assign]
        validate(self.world)
        if self.dies and step.stores:
            self.dies = False
            self.kill()
            self.start()
        else:
            for effect in step.effects:
                self.perform(effect)
        return list(step.answers)  # also of one who died: it is stored

    def _refuse(self, step: object) -> None:
        self.refuse_writes -= 1
        raise LrnapError(Code.UNAVAILABLE, "the store is away")

    def perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.StartRun():
                place = (effect.run.split(".")[0], effect.seed)
                assert self.seeds.setdefault(place, effect.run) == effect.run, "a seed was used twice"
                stored = {row.name for row in self.desk.store.load_job(effect.job) if isinstance(row, Run)}
                assert effect.run in stored, "a run was started before it was stored"
                self.nodes[effect.node].orders.append(effect)
            case fx.ForgetFilm():
                of_job = [name for name in self.disk if name.startswith(effect.key + ".")]
                gone = {n for n in of_job if effect.epoch is None or int(n.split(".")[2]) < effect.epoch}
                self.forgotten |= gone
                self.disk = {name: film for name, film in self.disk.items() if name not in gone}
            case fx.Claim():
                node = self.nodes.setdefault(effect.node, SimNode(effect.node, effect.url))
                node.connected = False
                node.orders.append(effect)
            case fx.Release():
                self.nodes.pop(effect.node, None)
            case fx.RunEffect():
                if effect.node in self.nodes:
                    self.nodes[effect.node].orders.append(effect)
            case _:
                pass

    # --- the wires

    def say(self, channel: str, event: Event) -> None:
        self.said[channel].append(event)

    def deliver(self, *, everything: bool = False) -> None:
        """One event that is under way arrives, or all of them; a store that refuses has them come again."""
        while channels := sorted(name for name, queue in self.said.items() if queue):
            queue = self.said[self.rng.choice(channels)]
            try:
                self.tell(queue[0])
            except LrnapError:
                if not everything:
                    return
                continue
            self.past.append(queue.popleft())
            if not everything:
                return

    def repeat(self) -> None:
        """Something old arrives once more."""
        if self.past:
            self.tell(self.rng.choice(self.past))

    # --- the nodes

    def obey(self, node: SimNode, *, everything: bool = False) -> None:
        """A node does the next thing that it was told."""
        while node.orders and node.alive:
            effect = node.orders.popleft()
            if isinstance(effect, fx.Claim):
                self._claimed(node, effect)
            elif isinstance(effect, fx.RunEffect) and effect.generation == node.lease:
                self._do(node, effect)
            if not everything:
                return

    def _claimed(self, node: SimNode, effect: fx.Claim) -> None:
        if effect.generation <= node.lease:
            newest = node.lease
            self.say(
                f"node {node.id}", NodeFenced(node=node.id, generation=effect.generation, newest=newest, ours=True)
            )
            return
        node.lease, node.connected = effect.generation, True
        held = tuple(HeldRun(name=r.name, state=r.state, spp=r.spp, samples=r.spp * PIXELS) for r in node.runs.values())
        self.say(f"node {node.id}", NodeHere(node=node.id, generation=node.lease, cores=2, runs=held))

    def _do(self, node: SimNode, effect: fx.RunEffect) -> None:
        run = node.runs.get(effect.run)
        match effect:
            case fx.StartRun():
                if node.busy:
                    self._end(node, SimRun(effect.run, effect.seed, effect.epoch, None), Reported.STOPPED, "E_BUSY")
                else:
                    node.runs[effect.run] = SimRun(effect.run, effect.seed, effect.epoch, effect.halt.spp)
            case fx.FollowRun() if run is not None and run.state.over:
                self._end(node, run, run.state)
            case fx.DropRun():
                node.runs.pop(effect.run, None)
            case fx.StopRun() if run is not None:
                self._end(node, run, Reported.STOPPED if not run.state.over else run.state)
            case fx.PauseRun() if run is not None and run.state is Reported.RENDERING:
                run.state = Reported.PAUSED
                self.report(node, run)
            case fx.ResumeRun() if run is not None and run.state is Reported.PAUSED:
                run.state = Reported.RENDERING
                self.report(node, run)
            case _:
                pass

    def work(self, node: SimNode, spp: float) -> None:
        """Its run renders for a while."""
        run = node.busy
        if not node.alive or run is None:
            return
        if run.state is Reported.BUILDING:
            run.state = Reported.RENDERING
        if run.state is Reported.RENDERING:
            run.spp += spp
        if run.goal is not None and run.spp >= run.goal:
            self._end(node, run, Reported.DONE)
        else:
            self.report(node, run)

    def report(self, node: SimNode, run: SimRun) -> None:
        if node.connected:
            said = RunReport(
                run=run.name, generation=node.lease, state=run.state, spp=run.spp, samples=run.spp * PIXELS
            )
            self.say(run.name, said)

    def send_film(self, node: SimNode, run: SimRun | None = None) -> None:
        """The manager fetches a snapshot and keeps it."""
        run = run or node.busy
        if not node.connected or not node.alive or run is None or not run.spp:
            return
        run.number += 1
        film = Counted(
            run=run.name, number=run.number, samples=run.spp * PIXELS, spp=run.spp, seconds=run.spp, epoch=run.epoch
        )
        self.disk[run.name] = film
        self.say(run.name, film)

    def fail(self, node: SimNode, *, scene: bool) -> None:
        run = node.busy
        if run is not None and node.alive:
            self._end(node, run, Reported.FAILED, error="out of memory", scene=scene)

    def _end(
        self, node: SimNode, run: SimRun, state: Reported, code: str = "", error: str = "", scene: bool = False
    ) -> None:
        run.state = state
        self.send_film(node, run)
        if node.connected:
            ended = RunEnded(
                run=run.name, generation=node.lease, state=state, code=code, error=error, blames_scene=scene
            )
            self.say(run.name, ended)

    def cut(self, node: SimNode) -> None:
        """The connection breaks: what was under way is gone, in both directions, and the run goes on."""
        if not node.connected:
            return
        node.connected = False
        node.orders.clear()
        for name in [f"node {node.id}", *node.runs]:
            self.said[name] = deque(event for event in self.said[name] if isinstance(event, Counted))
        self.tell(NodeGone(node=node.id, generation=node.lease, why="cut"))

    def die(self, node: SimNode) -> None:
        """Process and runs are gone. A node that dies has its claims wait until it is there again."""
        self.cut(node)
        node.alive = False
        node.runs.clear()

    # --- time

    def tick(self, seconds: float) -> None:
        self.now += seconds
        for node in self.nodes.values():
            if node.alive and node.connected:
                foreign = None if node.busy else ""
                self.say(f"node {node.id}", NodeHeard(node=node.id, generation=node.lease, foreign=foreign))
        self.tell(Tick())

    def heal(self, steps: int = 400) -> None:
        """Everything works from now on, until nothing is left to do."""
        self.refuse_writes = 0
        for node in self.nodes.values():
            node.alive = True
        for _ in range(steps):
            for node in [*self.nodes.values()]:
                self.obey(node, everything=True)
                self.work(node, 2.0)
                self.send_film(node)
            self.deliver(everything=True)
            self.tick(1.0)
            if not any(self._goes_on(job) for job in self.world.jobs.values()):
                return

    def _goes_on(self, job: Job) -> bool:
        return job.state.value in ("QUEUED", "RENDERING") and not self.world.waits_for(job)

    # --- the truth

    def counted(self) -> Counter[str]:
        """Samples per pixel of every run that the store knows, of jobs that are not removed."""
        rows = [row for job in self.desk.store.jobs(limit=10_000) for row in self.desk.store.load_job(job.id)]
        return Counter({row.name: row.spp for row in rows if isinstance(row, Run) and row.number >= 0})

    def add_node(self, tags: tuple[str, ...] = ()) -> SimNode:
        (number,) = self.tell(AddNode(url=f"lrnap://n{self.rng.getrandbits(40)}", tags=tags))
        assert isinstance(number, int)
        return self.nodes[number]

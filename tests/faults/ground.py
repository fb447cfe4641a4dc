"""A farm of processes that faults are tried on: its wires can be spoilt, it remembers what was acknowledged to it, and
what its manager has said."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, sleep

import postgres
from faults.namespaces import DISKS, Bare, Network, network, small_disk
from managers import Program, manager_program, node_program
from nodes import SCENE
from proxies import Proxy, proxy

import lrnap
from lrnap.errors import LrnapError

PATIENCE = 240  # seconds until something that must happen has not happened
OWNER = "ana"
MOVING = 30.0  # seconds that a node stays away, if nobody does its work before
AT_WORK = ("CLAIMED", "BUILDING", "RENDERING")  # runs


@dataclass(frozen=True)
class Wish:
    """A job as it was submitted, and acknowledged."""

    name: str
    spp: int
    frames: int = 1
    output: str = ""
    nodes: int = 0  # at most so many at once; 0: any


class Never(AssertionError):
    """What was waited for has not happened."""


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits; a server that is away, or refuses for now, is asked again."""
    for _ in range(PATIENCE * 5):
        with contextlib.suppress(OSError, AssertionError, LrnapError, IndexError, ValueError):
            if holds():
                return
        sleep(0.2)
    raise Never(f"never: {what}")


@dataclass
class Ground:
    """`wires`: from the manager to its nodes. `rng` decides what is left to chance."""

    folder: Path
    rng: Random
    nodes: list[Program]
    wires: list[Proxy | Bare]
    manager: Program
    db: str | None = None  # URL of its store, if that is not where it would put it
    server: postgres.Server | None = None  # that has the store
    net: Network | None = None  # of the first node
    acknowledged: list[Wish] = field(default_factory=list)
    engine: str = "fake"
    light: float = 0.0  # of a sample of the first film, for engines whose films are not known beforehand
    noticed: list[float] = field(default_factory=list)  # seconds until a node that said nothing was given up
    moved: list[float] = field(default_factory=list)  # seconds until what a node alone did was done by another
    watching: list[threading.Thread] = field(default_factory=list)  # for that
    forgotten: set[str] = field(default_factory=set)  # jobs that a store of yesterday knows nothing of
    _submitting: threading.Thread | None = None
    _count: int = 0

    @property
    def data(self) -> Path:
        return self.manager.root / "data"

    @property
    def database(self) -> Path:
        return self.data / "store" / "manager.sqlite" if self.db is not None else self.data / "manager.sqlite"

    # --- jobs

    def begin(
        self, spp: int, *, frames: int = 1, output: bool = False, jobs: int = 1, alone: bool = False
    ) -> list[Wish]:
        """Submits jobs, one after the other, as a user does who tries again until they are acknowledged. `alone`: the
        first is for one node at a time."""
        wishes = []
        for _ in range(jobs):
            self._count += 1
            name = f"job{self._count}"
            one = int(alone and not wishes)
            wishes.append(Wish(name, spp, frames, f"{name}.###.png" if output else "", one))
        self._submitting = threading.Thread(target=self._submit_all, args=(wishes,), name="submitting")
        self._submitting.start()
        return wishes

    def _submit_all(self, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            until(lambda wish=wish: self._submit(wish), f"{wish.name} is acknowledged")  # type: ignore[misc]
            self.acknowledged.append(wish)

    def _submit(self, wish: Wish) -> bool:
        with lrnap.connect(self.manager.url) as farm:
            farm.submit(
                self.folder / "scene.lxs",
                name=wish.name,
                spp=wish.spp,
                frames=None if wish.frames == 1 else range(1, wish.frames + 1),
                changes=None if wish.frames == 1 else lambda lux, number: None,
                nodes=wish.nodes or None,
                output=wish.output or None,
                owner=OWNER,
                token=wish.name,
            )
        return True

    def submitted(self) -> None:
        """Waits until all that was begun is acknowledged."""
        assert self._submitting is not None
        self._submitting.join(PATIENCE)
        assert not self._submitting.is_alive()

    def over(self, wish: Wish) -> bool:
        return self.manager.facts(wish.name)["state"] in ("DONE", "STOPPED", "ERROR")

    def rendering(self, wish: Wish, nodes: int = 1) -> bool:
        """Whether so many nodes have sent films of it, or it is over."""
        lines = self.manager.lines(f'CTL_JOB "{wish.name}" show=runs')
        sent = sum(line.args[1] == "RENDERING" and line.fields["spp"] > 0 for line in lines)
        return sent >= nodes or self.over(wish)

    def run_of(self, wish: Wish) -> tuple[str, Program]:
        """The newest run of a job that renders, with its node."""
        for line in reversed(self.manager.lines(f'CTL_JOB "{wish.name}" show=runs')):
            if line.args[1] in AT_WORK:
                return str(line.args[0]), self.node_at(str(line.fields["node"]))
        raise LookupError(wish.name)

    # --- nodes

    def node_at(self, url: str) -> Program:
        return self.nodes[[wire.url for wire in self.wires].index(url)]

    def url(self, node: Program) -> str:
        """How the manager knows a node."""
        return self.wires[self.nodes.index(node)].url

    def presence(self, node: Program, manager: Program | None = None) -> str:
        lines = (manager or self.manager).lines("CTL_NODES")
        return next((str(line.args[1]) for line in lines if line.args[0] == self.url(node)), "")

    def all_here(self) -> bool:
        return all(self.presence(node) == "HERE" for node in self.nodes)

    # --- what is said

    def said(self, since: int = 0) -> str:
        """By the manager, in all its lives."""
        return self.manager.log()[since:]

    def hears(self, pattern: str, since: int) -> None:
        """Waits until the manager has said it."""
        until(lambda: re.search(pattern, self.said(since)) is not None, f"the manager says {pattern}")


@contextlib.contextmanager
def silent(ground: Ground, url: str) -> Iterator[None]:
    """What is done inside makes a node say nothing more; afterwards it is given up, and its work is done elsewhere."""
    since = len(ground.said())
    with moving(ground, url):
        yield
    began = monotonic()
    ground.hears(f"node {re.escape(url)} is LOST", since)
    ground.noticed.append(monotonic() - began)
    for watching in ground.watching:
        watching.join(MOVING)


@contextlib.contextmanager
def moving(ground: Ground, url: str) -> Iterator[None]:
    """What is done inside takes a node away. Work that nobody else does then is timed until somebody does it."""
    left = [*_left_by(ground, url)]
    began = monotonic()
    yield
    for wish, known in left:
        watching = threading.Thread(target=_watch, args=(ground, wish, known, began), name=f"watching {wish.name}")
        ground.watching.append(watching)
        watching.start()


def _left_by(ground: Ground, url: str) -> Iterator[tuple[Wish, set[str]]]:
    """Jobs that nobody but a node renders, with the names of their runs; none if the manager cannot be asked."""
    for wish in ground.acknowledged[-3:]:
        with contextlib.suppress(OSError, AssertionError):
            runs = ground.manager.lines(f'CTL_JOB "{wish.name}" show=runs')
            if {run.fields["node"] for run in runs if run.args[1] in AT_WORK} == {url}:
                yield wish, {str(run.args[0]) for run in runs}


def _watch(ground: Ground, wish: Wish, known: set[str], began: float) -> None:
    """Until another run of it has samples, or it is over without."""
    over = False
    while not over and monotonic() - began < PATIENCE:
        with contextlib.suppress(OSError, AssertionError):
            over = ground.over(wish)
            for run in ground.manager.lines(f'CTL_JOB "{wish.name}" show=runs'):
                if run.args[0] not in known and run.fields["spp"] > 0:
                    ground.moved.append(monotonic() - began)
                    return
        sleep(0.1)


def busy_node(ground: Ground, wish: Wish) -> Program:
    """A node that renders the job, if there is one."""
    with contextlib.suppress(LookupError, OSError, AssertionError):
        return ground.run_of(wish)[1]
    return ground.rng.choice(ground.nodes)


PLACES = ("here", "apart", "postgres")
"""Where a farm can be. `apart`: with small disks, and a node behind a network of its own, for which the whole process
must run as `IN_NAMESPACES` says; `postgres`: its store is on a server of its own."""

ENGINES = ("fake", "luxcore")

IN_NAMESPACES = ("unshare", "--map-root-user", "--mount", "--net")


@contextlib.contextmanager
def ground(folder: Path, rng: Random, *, place: str = "here", nodes: int = 3, engine: str = "fake") -> Iterator[Ground]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scene.lxs").write_text(SCENE)
    manager_folder, db, server, net = folder / "manager", None, None, None
    with contextlib.ExitStack() as stack:
        if place == "postgres":
            server = stack.enter_context(postgres.running())
            db = server.url
        if place == "apart":
            for name in DISKS:
                stack.enter_context(small_disk(manager_folder / "root" / "data" / name))
            db = f"sqlite:///{manager_folder / 'root' / 'data' / 'store' / 'manager.sqlite'}"
            net = stack.enter_context(network())
        started, wires = [], list[Proxy | Bare]()
        for i in range(nodes):
            far = net if i == 0 and net is not None else None
            inside, host = (far.inside, far.host) if far is not None else ((), "127.0.0.1")
            started.append(node_program(folder / f"node{i}", engine=engine, threads=1, inside=inside, host=host))
            stack.callback(started[-1].end)
            address = started[-1].address
            wires.append(Bare(address.url) if far is not None else stack.enter_context(proxy(address)))
        manager = manager_program(manager_folder, [wire.url for wire in wires], db=db)
        stack.callback(manager.end)
        made = Ground(folder, rng, started, wires, manager, db, server, net, engine=engine)
        until(made.all_here, "all nodes are here")
        yield made

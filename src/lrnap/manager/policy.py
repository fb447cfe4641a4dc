"""Who renders what: the scheduling policy, a pure function from what is wanted and what is there to a plan.

Each job is entitled to a number of nodes:

1. A quarter of the nodes shows first pictures: one node for each job that has none yet, by priority and age.
2. The rest goes by priority; among jobs of one priority to the owner who has fewest nodes; among the jobs of one owner
   to the one that has fewest; then to the oldest. So each gets one before any gets two, until all nodes are busy.
   A job never gets more than its maximum, and less than its minimum it does not get at all.

Then the present is moved towards that. Free nodes start runs, where possible on a node that has the scene already; in a
job with several frames on the frame with fewest runs, so that nodes gang up once all frames have one. Where a job lacks
a node that another has too many of, a run is released: it stops, its film stays counted. Not before it has rendered for
a while and sent a film, or nothing would be gained; for a job whose nodes were lost the film is enough. A free node
that nobody is entitled to helps whoever can use it.

Rules for this file: values in, values out; no clock, no world, no store.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

SHIFT_SECONDS = 20.0  # a run is not released for another job before; building a scene takes as long as that
FIRST_PICTURES = 4  # one node of so many is for jobs without a picture


@dataclass(frozen=True, slots=True)
class Demand:
    """A job that can be rendered now. `frames`: the numbers of its open frames, and how many runs each has; looked at
    only if it is given a node."""

    job: int
    owner: str = ""
    priority: int = 0
    least: int = 1
    most: int = 0  # 0: no bound
    tags: frozenset[str] = frozenset()
    pictured: bool = False  # it has shown something
    bereft: bool = False  # it was rendered, and its nodes were lost
    excluded: frozenset[int] = frozenset()  # nodes that failed on it too often
    avoided: frozenset[int] = frozenset()  # nodes that failed on it: others are tried first
    frames: Iterable[tuple[int, int]] = ((1, 0),)

    @property
    def place(self) -> tuple[int, int]:
        """Before whom it comes, else being equal."""
        return (-self.priority, self.job)


@dataclass(frozen=True, slots=True)
class Seat:
    """A node that may be used, and what it does now."""

    node: int
    tags: frozenset[str] = frozenset()
    run: str = ""  # empty: it is free
    job: int = 0
    frame: int = 0
    ending: bool = False  # the run has been told to stop
    age: float = 0.0  # seconds since the run was started
    shown: bool = False  # the run has sent a film
    warm: int = 0  # job whose scene it has in memory

    @property
    def ripe(self) -> bool:
        return self.age >= SHIFT_SECONDS

    def suits(self, demand: Demand) -> bool:
        return demand.tags <= self.tags and self.node not in demand.excluded


@dataclass(frozen=True, slots=True)
class Start:
    job: int
    frame: int
    node: int


@dataclass(frozen=True, slots=True)
class Release:
    run: str
    job: int  # for which one


@dataclass(slots=True)
class Plan:
    starts: list[Start] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    shares: dict[int, int] = field(default_factory=dict)  # job -> nodes that it is entitled to


def plan(demands: Sequence[Demand], seats: Sequence[Seat]) -> Plan:
    result = Plan(shares=entitle(demands, seats))
    _Move(demands, seats, result).all()
    return result


# --- who is entitled to how many


class _Stock:
    """How many nodes of each combination of tags are left to give away."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self.left: Counter[frozenset[str]] = Counter(seat.tags for seat in seats)
        self._total = dict(self.left)
        self._tags_of = {seat.node: seat.tags for seat in seats}
        self._suitable: dict[frozenset[str], list[frozenset[str]]] = {}

    def suitable(self, demand: Demand) -> list[frozenset[str]]:
        """Those with the fewest other tags first, so that special nodes stay for who needs them."""
        known = self._suitable.get(demand.tags)
        if known is None:
            known = self._suitable[demand.tags] = sorted((t for t in self._total if demand.tags <= t), key=len)
        return known

    def usable(self, demand: Demand) -> int:
        """How many there are that suit, given away or not."""
        excluded = sum(demand.tags <= self._tags_of[node] for node in demand.excluded if node in self._tags_of)
        return sum(self._total[tags] for tags in self.suitable(demand)) - excluded

    def take(self, demand: Demand, count: int) -> bool:
        suitable = self.suitable(demand)
        if sum(self.left[tags] for tags in suitable) < count:
            return False
        for tags in suitable:
            taken = min(count, self.left[tags])
            self.left[tags] -= taken
            count -= taken
        return True


def entitle(demands: Iterable[Demand], seats: Sequence[Seat]) -> dict[int, int]:
    """How many nodes each job is entitled to; jobs without any are left out."""
    stock = _Stock(seats)
    shares: Counter[int] = Counter()
    owners: Counter[str] = Counter()
    bound = {d.job: min(d.most or len(seats), stock.usable(d)) for d in demands}

    def give(demand: Demand) -> bool:
        count = demand.least if not shares[demand.job] else 1
        if shares[demand.job] + count > bound[demand.job] or not stock.take(demand, count):
            return False
        shares[demand.job] += count
        owners[demand.owner] += count
        return True

    quota = len(seats) // FIRST_PICTURES
    unseen = [(d.place, d) for d in demands if not d.pictured and d.least == 1] if quota else []
    heapq.heapify(unseen)
    while quota > 0 and unseen:
        quota -= give(heapq.heappop(unseen)[1])

    queues: dict[tuple[int, str], list[tuple[int, int, Demand]]] = defaultdict(list)
    for demand in demands:
        queues[-demand.priority, demand.owner].append((shares[demand.job], demand.job, demand))
    for queue in queues.values():
        heapq.heapify(queue)

    def rank(place: tuple[int, str]) -> tuple[int, int, int, int]:
        share, job, _ = queues[place][0]
        return (place[0], owners[place[1]], share, job)

    waiting = [(rank(place), place) for place in queues]
    heapq.heapify(waiting)
    while waiting and stock.left.total():
        known, place = waiting[0]
        now, queue = rank(place), queues[place]
        if known != now:  # ranks only grow, so the first whose rank is still true is the first of all
            heapq.heapreplace(waiting, (now, place))
            continue
        _, job, demand = queue[0]
        if give(demand):
            heapq.heapreplace(queue, (shares[job], job, demand))
        else:
            heapq.heappop(queue)
            if not queue:
                heapq.heappop(waiting)
    return {job: share for job, share in shares.items() if share}


# --- from what is to what should be


class _Move:
    def __init__(self, demands: Sequence[Demand], seats: Sequence[Seat], result: Plan) -> None:
        self.result = result
        self.shares = result.shares
        self.demands = {d.job: d for d in sorted(demands, key=lambda d: d.place)}
        self.free = {seat.node: seat for seat in seats if not seat.run}
        self.warm: dict[int, list[int]] = defaultdict(list)
        self.tagged: dict[frozenset[str], dict[int, Seat]] = defaultdict(dict)  # free ones; without a scene first
        for seat in sorted(self.free.values(), key=lambda seat: (seat.warm != 0, seat.node)):
            self.warm[seat.warm].append(seat.node)
            self.tagged[seat.tags][seat.node] = seat
        self.ending = [seat for seat in seats if seat.run and seat.ending]
        self.has: dict[int, list[Seat]] = defaultdict(list)
        for seat in seats:
            if seat.run and not seat.ending:
                self.has[seat.job].append(seat)
        self.count = Counter({job: len(held) for job, held in self.has.items()})
        self.frames: dict[int, list[tuple[int, int]]] = {}

    def all(self) -> None:
        lacking: list[tuple[Demand, int]] = []
        for job, demand in self.demands.items():
            lack = self.shares.get(job, 0) - self.count[job]
            while lack > 0 and self.start(demand):
                lack -= 1
            if lack > 0:
                lacking.append((demand, lack))
        self.release(lacking)
        self.fill()

    def start(self, demand: Demand) -> bool:
        """On a free node that suits: one that has not failed on it, has its scene, has few tags."""
        frames = self.frames_of(demand) if self.free else []
        seat = self.pick(demand) if frames else None
        if seat is None:
            return False
        del self.free[seat.node], self.tagged[seat.tags][seat.node]
        runs, number = frames[0]
        heapq.heapreplace(frames, (runs + 1, number))
        self.count[demand.job] += 1
        self.result.starts.append(Start(demand.job, number, seat.node))
        return True

    def frames_of(self, demand: Demand) -> list[tuple[int, int]]:
        """A heap of those that it may get nodes for: of frames without a run, no more than there are free nodes."""
        known = self.frames.get(demand.job)
        if known is None:
            known = self.frames[demand.job] = []
            bare = len(self.free)
            for number, runs in demand.frames:
                known.append((runs, number))
                bare -= not runs
                if not bare:
                    break
            heapq.heapify(known)
        return known

    def pick(self, demand: Demand) -> Seat | None:
        for node in self.warm.get(demand.job, ()):
            seat = self.free.get(node)
            if seat is not None and seat.suits(demand) and node not in demand.avoided:
                return seat
        last = None
        for tags in sorted((tags for tags in self.tagged if demand.tags <= tags), key=len):
            for seat in self.tagged[tags].values():
                if seat.node in demand.avoided:
                    last = last or (seat if seat.suits(demand) else None)
                elif seat.suits(demand):
                    return seat
        return last

    def release(self, lacking: list[tuple[Demand, int]]) -> None:
        """Runs that their jobs have too many of make room; nodes that are being freed already count first."""
        found = [seat for job, held in self.has.items() for seat in self.surplus(job, held)] if lacking else []
        surplus = {seat.node: seat for seat in found}
        ripe = {seat.node: seat for seat in found if seat.ripe}
        for demand, lack in lacking:
            freed = [*islice((seat for seat in self.ending if seat.suits(demand)), lack)]
            self.ending = [seat for seat in self.ending if seat not in freed] if freed else self.ending
            spare = surplus if demand.bereft else ripe
            for seat in [*islice((seat for seat in spare.values() if seat.suits(demand)), lack - len(freed))]:
                del surplus[seat.node]
                ripe.pop(seat.node, None)
                self.result.releases.append(Release(seat.run, demand.job))

    def surplus(self, job: int, held: list[Seat]) -> list[Seat]:
        """Ripe ones first, of those such that leave others on their frame, then the youngest. All of a job that wants
        none are."""
        if job not in self.demands:
            return held
        spare = len(held) - self.shares.get(job, 0)
        if spare <= 0:
            return []
        on = Counter(seat.frame for seat in held)
        shown = [seat for seat in held if seat.shown]
        return sorted(shown, key=lambda seat: (not seat.ripe, -on[seat.frame], seat.age))[:spare]

    def fill(self) -> None:
        """What is still free helps whoever can use it, entitled or not, in the order of the queue."""
        reserved = {job for job, share in self.shares.items() if share > self.count[job]}
        for demand in self.demands.values():
            if not self.free:
                return
            begun = self.count[demand.job] > 0 or demand.least == 1
            while begun and demand.job not in reserved and self.room(demand) and self.start(demand):
                pass

    def room(self, demand: Demand) -> bool:
        return not demand.most or self.count[demand.job] < demand.most

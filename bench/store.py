"""store_*: what the manager's store does with 100,000 jobs in it, on SQLite and on PostgreSQL (durable, on this disk).

`submit`: jobs a second, each decided, stored and acknowledged by itself. `list`: the newest hundred jobs of all.
`restart`: until a manager has all jobs that wait in its memory. `needed`: a look at which scenes and assets they name.
`prune`: the history of all of them leaves. Plain figures: there is nothing to compare with. Behind each is what it
takes of this program's processor time, which says more on a busy machine.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from bench.row import Row
from lrnap.engine.protocol import Halt
from lrnap.manager.desk import Desk
from lrnap.manager.events import Submit
from lrnap.manager.store import Store

JOBS = 100_000
BATCH = 1000
ALONE = 300  # submissions that are timed
LOOKS = 15

sys.path.append(str(Path(__file__).parents[1] / "tests"))


def rows() -> list[Row]:
    found = []
    for kind, database in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with database() as url:
            found += _measure(kind, url)
    return found


def _measure(kind: str, url: str) -> list[Row]:
    desk = Desk(Store(url))
    number = iter(range(10 * JOBS))
    with _Timed() as filled:
        for _ in range(JOBS // BATCH):
            desk.handle([_submission(next(number)) for _ in range(BATCH)], now=0, wall=0)
    with _Timed() as alone:
        for _ in range(ALONE):
            desk.handle([_submission(next(number))], now=0, wall=0)
    looks = []
    for _ in range(LOOKS):
        began = perf_counter()
        if len(desk.store.jobs(limit=100)) != 100:
            raise RuntimeError("the list is not a hundred jobs long")
        looks.append(perf_counter() - began)
    desk.store.close()
    del desk
    before = _resident()
    with _Timed() as restart:
        again = Desk(Store(url))
    grown = _resident() - before
    if len(again.core.world.jobs) != JOBS + ALONE:
        raise RuntimeError("jobs were lost")
    with _Timed() as needed:
        again.store.needed()
    with _Timed() as prune:
        gone = again.store.prune(1.0, 1.0)
    again.store.close()
    batched = f"{JOBS / filled.seconds:.0f}/s in transactions of {BATCH}"
    return [
        Row(f"store_submit_{kind}", ALONE / alone.seconds, None, f"jobs/s one by one, {alone}; {batched}, {filled}"),
        Row(f"store_list_{kind}", median(looks) * 1e3, None, f"ms for the newest 100 of {JOBS:,}; median of {LOOKS}"),
        Row(
            f"store_restart_{kind}",
            restart.seconds,
            None,
            f"s until {JOBS:,} waiting jobs are in memory, {restart}; they take {grown:.0f} MiB",
        ),
        Row(f"store_needed_{kind}", needed.seconds, None, f"s for a look at what {JOBS:,} jobs name, {needed}"),
        Row(f"store_prune_{kind}", prune.seconds, None, f"s until {gone:,} entries have left the history, {prune}"),
    ]


class _Timed:
    """How long it takes, on the clock and of this program's processor time."""

    def __enter__(self) -> _Timed:
        self.seconds, self.busy = perf_counter(), process_time()
        return self

    def __exit__(self, *exc: object) -> None:
        self.seconds, self.busy = perf_counter() - self.seconds, process_time() - self.busy

    def __str__(self) -> str:
        return f"{self.busy:.2g} s of the processor"


def _resident() -> float:
    gc.collect()
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def _submission(number: int) -> Submit:
    owner = f"user{number % 20}"
    return Submit(name=f"job {number}", owner=owner, scene="5" * 64, halt=Halt(spp=64), token=f"t{number}")


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lrnap-bench-") as folder:
        yield f"sqlite:///{folder}/store.db"


@contextmanager
def _postgresql() -> Iterator[str]:
    from postgres import server

    with server({"fsync": "on"}) as url:
        yield url

"""store_*: what the manager's store does with 100,000 jobs in it, on SQLite and on PostgreSQL (durable, on this disk).

`submit`: jobs a second, each decided, stored and acknowledged by itself. `list`: the newest hundred jobs of all.
`restart`: until a manager has all jobs that wait in its memory. Plain figures: there is nothing to compare with.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

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
    began = perf_counter()
    for _ in range(JOBS // BATCH):
        desk.handle([_submission(next(number)) for _ in range(BATCH)], now=0, wall=0)
    filled = perf_counter() - began
    began = perf_counter()
    for _ in range(ALONE):
        desk.handle([_submission(next(number))], now=0, wall=0)
    alone = ALONE / (perf_counter() - began)
    looks = []
    for _ in range(LOOKS):
        began = perf_counter()
        if len(desk.store.jobs(limit=100)) != 100:
            raise RuntimeError("the list is not a hundred jobs long")
        looks.append(perf_counter() - began)
    desk.store.close()
    began = perf_counter()
    again = Desk(Store(url))
    restart = perf_counter() - began
    if len(again.core.world.jobs) != JOBS + ALONE:
        raise RuntimeError("jobs were lost")
    again.store.close()
    return [
        Row(
            f"store_submit_{kind}", alone, None, f"jobs/s one by one; {JOBS / filled:.0f}/s in transactions of {BATCH}"
        ),
        Row(f"store_list_{kind}", median(looks) * 1e3, None, f"ms for the newest 100 of {JOBS:,}; median of {LOOKS}"),
        Row(f"store_restart_{kind}", restart, None, f"s until a manager has {JOBS:,} waiting jobs in memory"),
    ]


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

"""Faults of databases: locked, gone, of yesterday, and PostgreSQL servers that end."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import sleep

from faults.ground import Ground, Wish
from nodes import PATIENCE


def store_locked(ground: Ground, wish: Wish) -> None:
    with _locked(ground):
        sleep(ground.rng.uniform(0.5, 5))


def store_locked_long(ground: Ground, wish: Wish) -> None:
    """Longer than the manager tries it for one step, and until it has said so."""
    ground.submitted()
    since = len(ground.said())
    with _locked(ground):
        ground.begin(400)
        ground.hears("cannot be used: .*locked", since)
    ground.submitted()


@contextmanager
def _locked(ground: Ground) -> Iterator[None]:
    with closing(sqlite3.connect(ground.database, timeout=PATIENCE)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


def store_vanishes(ground: Ground, wish: Wish) -> None:
    """The file is elsewhere for a while."""
    away = ground.database.with_name("away.sqlite")
    ground.database.rename(away)
    try:
        ground.hears("is gone or was replaced", len(ground.said()))
    finally:
        away.rename(ground.database)


def store_deleted(ground: Ground, wish: Wish) -> None:
    """For good; what the manager has saved of it takes its place."""
    since = len(ground.said())
    ground.database.unlink()
    ground.hears(r"is gone or was replaced .* is in .*\.rescued", since)
    ground.manager.kill()
    for path in ground.data.glob("manager.sqlite-*"):
        path.unlink()
    ground.database.with_name("manager.sqlite.rescued").rename(ground.database)
    ground.manager.again()
    assert ground.manager.address


def store_of_yesterday(ground: Ground, wish: Wish) -> None:
    """What was submitted since is not known any more; what is known goes on, without a seed twice."""
    ground.submitted()
    copy = ground.folder / "yesterday.sqlite"
    with closing(sqlite3.connect(ground.database)) as live, closing(sqlite3.connect(copy)) as kept:
        live.backup(kept)
    (later,) = ground.begin(400)
    ground.submitted()
    ground.forgotten.add(later.name)
    sleep(ground.rng.uniform(0, 4))
    ground.manager.kill()
    for path in ground.data.glob("manager.sqlite*"):
        path.unlink()
    shutil.copy(copy, ground.database)
    ground.manager.again()
    assert ground.manager.address


def server_restarts(ground: Ground, wish: Wish) -> None:
    """PostgreSQL ends in order, or as if it were killed, and is back soon."""
    assert ground.server is not None
    for _ in range(ground.rng.randint(1, 3)):
        ground.server.stop(ground.rng.choice(("fast", "immediate")))
        sleep(ground.rng.choice((0, 1, 4)))
        ground.server.start()
        sleep(ground.rng.uniform(0, 2))


def server_away(ground: Ground, wish: Wish) -> None:
    """For longer than the manager tries a step, and until it has said so."""
    assert ground.server is not None
    ground.submitted()
    since = len(ground.said())
    ground.server.stop("fast")
    more = ground.begin(400)
    try:
        ground.hears("cannot be used", since)
    finally:
        ground.server.start()
    ground.submitted()
    assert more[0] in ground.acknowledged

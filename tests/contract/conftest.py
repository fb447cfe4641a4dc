"""All engines, one after the other, for the tests of the contract; and all stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import Bench, alive
from node_bench import NOT_OF_A_NODE, NodeBench
from postgres import server
from sqlalchemy import create_engine, text
from store_bench import opened

from lrnap.engine import blocks
from lrnap.engine.process import ProcessEngine
from lrnap.manager.desk import Desk


@pytest.fixture(params=["fake", "luxcore", "remote"])
def bench(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    """Afterwards, no process and no file of it may be left."""
    monkeypatch.setattr(blocks, "MEMORY", tmp_path)
    if request.param == "remote":
        if request.function.__name__ in NOT_OF_A_NODE:
            pytest.skip(NOT_OF_A_NODE[request.function.__name__])
        bench: Bench = NodeBench(ProcessEngine("fake"), tmp_path, data=tmp_path_factory.mktemp("node"))
    else:
        bench = Bench(ProcessEngine(request.param), tmp_path)
    yield bench
    assert [pid for pid in bench.pids if alive(pid)] == []
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    there = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(there.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return there.replace("/postgres?", f"/{name}?")


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    desk = opened(url)
    yield desk
    desk.store.close()

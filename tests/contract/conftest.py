"""All engines, one after the other, for the tests of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import Bench, alive
from node_bench import NOT_OF_A_NODE, NodeBench

from lrnap.engine import blocks
from lrnap.engine.process import ProcessEngine


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

"""A node that is served, and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import Served, Talk, serving


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        served.write("scene.lxs")
        served.write("other.lxs")
        yield served


@pytest.fixture
def talk(node: Served) -> Iterator[Talk]:
    with node.talk() as talking:
        yield talking

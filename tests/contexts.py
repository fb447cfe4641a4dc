"""Contexts that render with the fake engine: here, on a node, or on both together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodes import serving

import lrnap
from lrnap.engine.process import ProcessEngine

PLACES = ("local", "node", "farm")


@contextmanager
def context_at(place: str, folder: Path) -> Iterator[lrnap.Context]:
    engine = ProcessEngine("fake")
    if place == "local":
        with lrnap.Context(engine) as context:
            yield context
        return
    with serving(folder, engine) as node:
        url = node.address.url
        with lrnap.Context([url] if place == "node" else [url, engine]) as context:
            yield context

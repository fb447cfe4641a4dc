"""Where a context renders: here, on a node, in an engine of the caller's; or the scene file that it writes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from lrnap.engine.protocol import Engine
from lrnap.errors import Code, LrnapError

Place: TypeAlias = str | os.PathLike[str] | Engine | None


def scene_file(places: Sequence[Place]) -> Path | None:
    if len(places) == 1 and isinstance(places[0], str | os.PathLike) and Path(places[0]).suffix.lower() == ".lxs":
        return Path(places[0])
    return None


def check_places(places: Sequence[Place]) -> None:
    from lrnap.net.address import Address

    if not places:
        raise LrnapError(Code.ARGS, "an empty list of nodes; give None to render here, or the URL of a node")
    for place in places:
        if isinstance(place, str) and "://" in place:
            Address.parse(place)
        elif isinstance(place, str | os.PathLike):
            raise LrnapError(
                Code.ARGS,
                f"{os.fspath(place)!r} is neither the URL of a node (lrnap://HOST:PORT) nor the path of an .lxs file",
            )


def engine_of(place: Place) -> Engine:
    if place is None:
        from lrnap.engine.process import ProcessEngine

        return ProcessEngine()
    if isinstance(place, str):
        from lrnap.client.remote import RemoteEngine

        return RemoteEngine(place)
    assert not isinstance(place, os.PathLike)
    return place

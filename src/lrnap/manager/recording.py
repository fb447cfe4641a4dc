"""A scene as bytes, as a connection would have received it: what the manager stores, and describes to nodes again.

    ASSET_BIND "wood.png" sha256=...        which file each name means, by content
    API_Camera "perspective" ...            its calls, with small arrays as payloads behind their lines ...
    API_Shape "trianglemesh" ...            ... and large ones by content: {36000;dtype=<f4;shape=3000,3;asset=...}
    API_EditBegin                           if it was edited: the calls of its one edit
    API_Render channels=depth,normal        if its film is to have more than light

The same scene gives the same bytes, so that it is kept once. Pure, but for the paths that `find` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.net.arrays import NONE, Arrays, Find
from lrnap.net.calls import call_from_request, request_from_call
from lrnap.wire import Request, Word
from lrnap.wire.messages import format_request, parse_request
from lrnap.wire.payload import follows

_ARGUMENTS = 1 << 24  # of one line: what was taken once is taken again
END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What bytes say. `assets`: SHA-256 by name."""

    scene: Scene
    channels: tuple[str, ...]
    assets: Mapping[str, str]


def record(scene: Scene, assets: Mapping[str, str], channels: tuple[str, ...] = (), arrays: Arrays = NONE) -> bytes:
    """`assets`: the SHA-256 of each file that the scene names, by its name there. `arrays`: those that are assets."""
    requests = [Request("ASSET_BIND", (name,), {"sha256": Word(sha256)}) for name, sha256 in sorted(assets.items())]
    requests += [request_from_call(call, arrays=arrays) for call in scene.calls]
    if scene.edits:
        requests.append(Request("API_EditBegin"))
        requests += [request_from_call(call, arrays=arrays) for call in scene.edits]
    if channels:
        requests.append(Request("API_Render", (), {"channels": ",".join(channels)}))
    pieces: list[Any] = []
    for request in requests:
        pieces.append(format_request(request))
        for payload in request.payloads:
            pieces += (payload.data or b"", END)
    return b"".join(pieces)


def replay(data: bytes, name: str, find: Callable[[str, str], str], array: Find | None = None) -> Recorded:
    """The scene of a job of that name. `find(sha256, name)`: the path of an asset; `array`: the bytes of one. Raises
    LrnapError (HASH) for bytes that are no recording, and what `find` and `array` raise."""
    calls: list[Call] = []
    edits: list[Call] = []
    assets: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    target = calls
    for request in _requests(data):
        match request.verb:
            case "ASSET_BIND":
                assets[str(request.args[0])] = str(request.options["sha256"])
            case "API_EditBegin":
                target = edits
            case "API_Render":
                channels = tuple(str(request.options["channels"]).split(","))
            case _:
                target.append(call_from_request(request, find=array))
    files = {spelled: find(sha256, spelled) for spelled, sha256 in assets.items()}
    return Recorded(Scene(name, tuple(calls), files, tuple(edits)), channels, assets)


def _requests(data: bytes) -> list[Request]:
    view, place, found = memoryview(data), 0, []
    while place < len(data):
        end = data.find(END, place)
        if end < 0:
            raise LrnapError(Code.HASH, "a stored scene is not whole: its file was changed")
        request = parse_request(data[place:end].decode(), limit=_ARGUMENTS)
        place = end + len(END)
        args = []
        for arg in request.args:
            if follows(arg):
                arg = replace(arg, data=view[place : place + arg.length])
                place += arg.length + len(END)
            args.append(arg)
        found.append(replace(request, args=tuple(args)))
    return found

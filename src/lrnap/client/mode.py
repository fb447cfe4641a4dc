"""The three modes by their original names: where a Context goes that is made without a target of its own.

    LuxApiMode(API_LOCAL)                                      # render on this machine, as from the start
    LuxApiMode(TCP_LRNAP), LuxApiLRNAPHost("host.network")     # ... on that node
    LuxApiMode(LXS_OUTPUT), LuxApiLxsOutputFile("scene.lxs")   # ... or write that file

Mode, host and file are of the process, as in the C API, and may come in any order. They are read when a Context is
made; one that is there already stays what it is. Each call returns what was before, so that it can be put back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from lrnap.errors import Code, LrnapError


class ApiMode(Enum):
    API_LOCAL = "API_LOCAL"
    TCP_LRNAP = "TCP_LRNAP"
    LXS_OUTPUT = "LXS_OUTPUT"


API_LOCAL: Final = ApiMode.API_LOCAL
TCP_LRNAP: Final = ApiMode.TCP_LRNAP
LXS_OUTPUT: Final = ApiMode.LXS_OUTPUT


class ByMode:
    """In the place of a target: what the mode says. There is one, BY_MODE."""

    def __repr__(self) -> str:
        return "as LuxApiMode says"


BY_MODE: Final = ByMode()


@dataclass(slots=True)
class _Settings:
    mode: ApiMode = API_LOCAL
    host: str | None = None  # as a URL
    file: Path | None = None


_now = _Settings()


def LuxApiMode(mode: ApiMode | str) -> ApiMode:  # its original name, as those below
    """Sets the mode: API_LOCAL, TCP_LRNAP or LXS_OUTPUT; the mode before."""
    name = mode.name if isinstance(mode, ApiMode) else mode
    if name not in ApiMode.__members__:
        raise LrnapError(Code.ARGS, f"LuxApiMode takes {', '.join(ApiMode.__members__)}, not {mode!r}")
    before, _now.mode = _now.mode, ApiMode[name]
    return before


def LuxApiLRNAPHost(host: str | None) -> str | None:
    """Sets the node of TCP_LRNAP: HOST, HOST:PORT or a URL, `lrnaps://HOST` for an encrypted one; the URL before."""
    from lrnap.net.address import Address

    if host is not None and not isinstance(host, str):
        raise LrnapError(Code.ARGS, f'LuxApiLRNAPHost takes the name of a node, "host" or "host:1978", not {host!r}')
    before, _now.host = _now.host, None if host is None else Address.parse(host).url
    return before


def LuxApiLxsOutputFile(path: str | os.PathLike[str] | None) -> Path | None:
    """Sets the scene file of LXS_OUTPUT, whose name ends in .lxs; the file before."""
    if path is not None and (not isinstance(path, str | os.PathLike) or Path(path).suffix.lower() != ".lxs"):
        raise LrnapError(Code.ARGS, f"LuxApiLxsOutputFile takes the path of a scene file, SCENE.lxs, not {path!r}")
    before, _now.file = _now.file, None if path is None else Path(path)
    return before


def target() -> str | Path | None:
    """What the mode says now, as the target of a Context. Raises LrnapError (STATE) if it lacks its host or file."""
    if _now.mode is TCP_LRNAP:
        if _now.host is None:
            raise _lacking("no node is named", 'LuxApiLRNAPHost("host.network")')
        return _now.host
    if _now.mode is LXS_OUTPUT:
        if _now.file is None:
            raise _lacking("no scene file is named", 'LuxApiLxsOutputFile("scene.lxs")')
        return _now.file
    return None


def _lacking(what: str, call: str) -> LrnapError:
    message = f"the mode of the Lux API is {_now.mode.name}, but {what}: call {call} before a Context is made"
    return LrnapError(Code.STATE, message)

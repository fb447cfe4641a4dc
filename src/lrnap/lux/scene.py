"""A scene: a finished sequence of calls, and where each file that the calls name is found on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrnap.lux.call import Call


@dataclass(frozen=True, slots=True)
class Scene:
    """`files` maps each file name exactly as a call spells it to an absolute path that may be read here."""

    name: str
    calls: tuple[Call, ...]
    files: Mapping[str, str] = field(default_factory=dict)

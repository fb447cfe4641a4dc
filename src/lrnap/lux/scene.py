"""A scene: a finished sequence of calls, and where each file that the calls name is found on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lrnap.lux.call import Call
from lrnap.lux.description import Entity
from lrnap.lux.entities import entity

DEFAULT_FILM = "fleximage"


@dataclass(frozen=True, slots=True)
class Scene:
    """`files` maps each file name exactly as a call spells it to an absolute path that may be read here."""

    name: str
    calls: tuple[Call, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def film(self) -> Entity:
        """The film, as the last Film statement describes it; classic Lux's without one."""
        return next(
            (entity(call) for call in reversed(self.calls) if call.name == "Film"), Entity("film", DEFAULT_FILM)
        )

"""A scene: a finished sequence of calls, how it was edited since, and where each file is that the calls name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lrnap.lux.call import Call, Param
from lrnap.lux.description import Entity
from lrnap.lux.entities import entity

DEFAULT_FILM = "fleximage"


@dataclass(frozen=True, slots=True)
class Scene:
    """`files` maps each file name exactly as a call spells it to an absolute path that may be read here.

    `edits`: one edit that says all that was changed after the scene was complete (`lux.editing`).
    """

    name: str
    calls: tuple[Call, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Call, ...] = ()

    @property
    def film(self) -> Entity:
        """The film, as the last Film statement describes it; classic Lux's without one."""
        found = next(
            (entity(call) for call in reversed(self.calls) if call.name == "Film"), Entity("film", DEFAULT_FILM)
        )
        edits = [param for call in self.edits if call.name == "Film" for param in call.params]
        return replace(found, params=merged_params(found.params, edits)) if edits else found


def merged_params(before: Iterable[Param], after: Iterable[Param]) -> tuple[Param, ...]:
    """The parameters of both; where they have the same name, the later ones."""
    later = {param.name: param for param in after}
    return (*(param for param in before if param.name not in later), *later.values())

"""Film parameters that count whatever a scene's Film says: those of OverrideFilename and its like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lrnap.lux.call import Call, Param
from lrnap.lux.description import Entity
from lrnap.lux.entities import entity
from lrnap.lux.scene import DEFAULT_FILM


class FilmOverrides:
    """Put before whatever records a scene: `calls(call)` are the calls to take in the place of one.

    A Film gets the overrides as it comes. Those that came behind it are made good at WorldBegin, with one Film more;
    behind that they are for the next scene.
    """

    def __init__(self) -> None:
        self._params: dict[str, Param] = {}
        self.restart()

    @property
    def late(self) -> bool:
        """Behind WorldBegin: too late for this scene."""
        return self._late

    @property
    def film(self) -> Entity:
        """The Film of the scene that is described, as far as it is known."""
        return entity(self._film) if self._film is not None else Entity("film", DEFAULT_FILM)

    def restart(self) -> None:
        """A new scene begins; the overrides stay."""
        self._film: Call | None = None
        self._late = False

    def add(self, params: Iterable[Param]) -> None:
        self._params |= {param.name: param for param in params}

    def clear(self) -> None:
        self._params.clear()

    def calls(self, call: Call) -> tuple[Call, ...]:
        if call.name == "Film":
            self._film = self._with_overrides(call)
            return (self._film,)
        if call.name == "WorldBegin" and not self._late:
            self._late = True
            before = self._film or Call("Film", (DEFAULT_FILM,), (), call.at)
            film = self._film = self._with_overrides(before)
            return (film, call) if film != before else (call,)
        return (call,)

    def _with_overrides(self, film: Call) -> Call:
        kept = tuple(param for param in film.params if self._params.get(param.name, param) == param)
        known = {param.name for param in kept}
        return replace(film, params=(*kept, *(p for name, p in self._params.items() if name not in known)))

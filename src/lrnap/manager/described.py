"""What is described of a job of many frames before it is rendered: a scene for each, or one with changes for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lrnap.errors import Code, LrnapError
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene


@dataclass(frozen=True, slots=True)
class Changes:
    """An edit: `files` says what the names in its calls mean."""

    calls: tuple[Call, ...]
    files: Mapping[str, str]

    @property
    def scene(self) -> Scene:
        """The edit alone, as a scene without calls."""
        return Scene("changes", (), self.files, self.calls)


@dataclass(slots=True)
class Described:
    """By number of the frame."""

    scenes: dict[int, Scene] = field(default_factory=dict)
    changes: dict[int, Changes] = field(default_factory=dict)

    def frames(self, asked: Iterable[int]) -> tuple[int, ...]:
        """Those of the job: what is asked for, else all that were described. Raises LrnapError (ARGS) for one without
        a scene."""
        wanted = tuple(asked) or tuple(sorted({*self.scenes, *self.changes})) or (1,)
        lacking = [number for number in wanted if self.scenes and number not in self.scenes]
        if lacking:
            raise LrnapError(
                Code.ARGS,
                f"frame {lacking[0]} has no scene: describe it with API_LuxInit frame={lacking[0]}, or leave it out",
            )
        return wanted


def both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    """What gives back the belongings of two."""

    def give_back() -> None:
        first()
        second()

    return give_back

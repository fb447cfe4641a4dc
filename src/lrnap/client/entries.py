"""What a server says of its jobs, frames, runs and nodes, as Python has it: a name, a state, and fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from lrnap.wire import Scalar
from lrnap.wire.listing import read_facts, read_line

OVER = frozenset({"STOPPED", "DONE", "ERROR"})


@dataclass(frozen=True, slots=True)
class Entry:
    """`fields`: all that was said, by the names of the protocol; what was not is not known, or as it always is."""

    name: str
    state: str
    fields: Mapping[str, Scalar] = field(default_factory=dict)

    @classmethod
    def of_line(cls, line: str) -> Self:
        listed = read_line(line)
        name, state = (*map(str, listed.args), "", "")[:2]
        return cls(name, state, listed.fields)

    @classmethod
    def of_facts(cls, lines: Iterable[str], name: str = "name", state: str = "state") -> Self:
        found = read_facts(lines)
        return cls(str(found.pop(name, "")), str(found.pop(state, "")), found)

    def number(self, name: str, otherwise: float = 0.0) -> float:
        value = self.fields.get(name, otherwise)
        return float(value) if isinstance(value, int | float) else otherwise

    def text(self, name: str) -> str:
        return str(self.fields.get(name, ""))

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state, **self.fields}


class JobStatus(Entry):
    """A job at one moment. States: READY, QUEUED, RENDERING, PAUSED, STOPPED, DONE, ERROR."""

    __slots__ = ()

    @property
    def id(self) -> int:
        return int(self.number("id"))

    @property
    def owner(self) -> str:
        return self.text("owner")

    @property
    def priority(self) -> int:
        return int(self.number("priority"))

    @property
    def why(self) -> str:
        """Why it is not being rendered, although it is to be; empty if it is, or is over."""
        return self.text("why")

    @property
    def error(self) -> str:
        """What it failed for; empty if it did not."""
        return self.text("error")

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def frames(self) -> int:
        return int(self.number("frames", 1))

    @property
    def done(self) -> int:
        """Frames that are done."""
        return int(self.number("done", float(self.frames if self.state == "DONE" else 0)))

    @property
    def nodes(self) -> int:
        """How many render it now."""
        return int(self.number("rendering"))

    @property
    def spp(self) -> float:
        """Samples per pixel of its film; of several frames, that of the frame that has most."""
        return self.number("spp")

    @property
    def samples(self) -> float:
        return self.number("samples")

    @property
    def rate(self) -> float:
        """Samples a second, of all its nodes."""
        return self.number("rate")

    @property
    def at_work(self) -> dict[int, float]:
        """Of many frames, those that are being rendered now, with the samples per pixel that each has."""
        pairs = (part.split(":") for part in self.text("now").split())
        return {int(number): float(spp) for number, spp in pairs}

    @property
    def fraction(self) -> float | None:
        """How much of it is done, from 0 to 1; None where nobody can know. Of several frames, those that are done, and
        as much of the others as can be known."""
        if self.state == "DONE":
            return 1.0
        goal = self.number("haltspp")
        if self.frames > 1:
            begun = sum(min(1.0, spp / goal) for spp in self.at_work.values()) if goal else 0.0
            return min(1.0, (self.done + begun) / self.frames)
        return min(1.0, self.spp / goal) if goal else None


class FrameStatus(Entry):
    """A frame. States: WAITING, RENDERING, DONE, STOPPED, FAILED."""

    __slots__ = ()

    @property
    def frame(self) -> int:
        return int(self.name)

    @property
    def spp(self) -> float:
        return self.number("spp")

    @property
    def why(self) -> str:
        return self.text("why")


class NodeStatus(Entry):
    """A node; its name is its URL. States: CLAIMING, HERE, LOST, FENCED."""

    __slots__ = ()

    @property
    def standing(self) -> str:
        """ENABLED, DRAINING, DISABLED or ASIDE."""
        return self.text("standing")

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for tag in self.text("tags").split(",") if tag)

    @property
    def job(self) -> str:
        """Whose frame it renders now; empty if none."""
        return self.text("job")

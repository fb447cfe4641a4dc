"""One line of the table of figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure. `aim` is the least value that is good enough, or a (least, most) pair; None for plain figures."""

    name: str
    value: float
    aim: float | tuple[float, float] | None
    detail: str

    @property
    def holds(self) -> bool | None:
        match self.aim:
            case None:
                return None
            case (low, high):
                return low <= self.value <= high
            case least:
                return self.value >= least

    @property
    def aim_text(self) -> str:
        match self.aim:
            case None:
                return ""
            case (low, high):
                return f"{low:g} to {high:g}"
            case least:
                return f">= {least:g}"

    def as_dict(self) -> dict[str, object]:
        aim = list(self.aim) if isinstance(self.aim, tuple) else self.aim
        return {"name": self.name, "value": self.value, "aim": aim, "holds": self.holds, "detail": self.detail}

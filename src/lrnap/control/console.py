"""A console: where somebody steers a job, with what belongs to him and not to the job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrnap.control.errors import Errors
from lrnap.control.job import Array, Floats, Result, Steered
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Settings
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Argument, Call
from lrnap.lux.call_spec import Arg
from lrnap.lux.calls import CALLS, CallSpec

WINDOW = 5  # measurements over which the rates of the window are averaged


@dataclass(slots=True)
class Window:
    """Rates over the last few calls of UpdateStatisticsWindow."""

    at: tuple[float, float] = (0.0, 0.0)  # seconds and samples of the last call
    rates: list[float] = field(default_factory=list)

    def close(self, seconds: float, samples: float) -> None:
        before, counted = self.at
        if seconds > before:
            self.rates = [*self.rates, max(0.0, samples - counted) / (seconds - before)][-WINDOW:]
        elif seconds < before:
            self.rates = []  # another job
        self.at = (seconds, samples)

    @property
    def rate(self) -> float:
        return sum(self.rates) / len(self.rates) if self.rates else 0.0


@dataclass(slots=True)
class Picture:
    """A film developed: what the framebuffer calls show until UpdateFramebuffer."""

    display: Array  # (H, W, 3) uint8
    linear: Floats  # (H, W, 3) float32
    alpha: Floats  # (H, W) float32
    depth: Floats  # (H, W) float32, or of no pixels
    film: Snapshot | None = None  # what it was made of, and how
    settings: Settings | None = None


class Console:
    """`do` makes a control call; its result, or LrnapError."""

    def __init__(self, job: Steered, errors: Errors) -> None:
        self.job = job
        self.errors = errors
        self.window = Window()
        self.picture: Picture | None = None
        self.sampling_map: Array | None = None
        self.starts = False  # a scene that is complete renders at once
        self.told = 0  # lines of the nodes' logs that have been told

    async def do(self, call: Call) -> Result:
        from lrnap.control.meanings import MEANINGS  # the table names everything that a console can do

        spec = CALLS[call.name]
        meaning = MEANINGS.get(spec.name)
        if meaning is None:
            raise LrnapError(Code.UNSUPPORTED, f"{spec.name} ({spec.doc}) steers nothing")
        result: Result = await meaning(self, *_values(spec, call.args))
        return result


def _values(spec: CallSpec, args: Sequence[Argument]) -> Iterator[Any]:
    for arg, value in zip(spec.args, args, strict=False):
        yield _value(spec, arg, value)


def _value(spec: CallSpec, arg: Arg, value: Argument) -> Any:
    if arg.kind == "bytes" and isinstance(value, np.ndarray):
        return value.tobytes()
    if arg.kind in ("integer", "bool") and isinstance(value, int | float):
        number = float(value)
        if not np.isfinite(number) or number != int(number) or abs(number) > 2**53:
            raise LrnapError(Code.TYPE, f"{spec.name}: {arg.name} must be a whole number, not {number!r}")
        return bool(number) if arg.kind == "bool" else int(number)
    return value

"""The current transform as it is built up call by call: matrices, their stack, motions and coordinate systems."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lrnap.lux import transforms
from lrnap.lux.call import Call
from lrnap.lux.description import Matrix, Transform

IDENTITY = Transform((transforms.identity(),))


def at_time(transform: Transform, time: float) -> Matrix:
    """The matrix at a time; between two times linearly, before the first and after the last constant."""
    if not transform.moving:
        return transform.matrix
    times = transform.times
    after = int(np.searchsorted(times, time))
    if after == 0:
        return transform.matrices[0]
    if after == len(times):
        return transform.matrices[-1]
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    before = transform.matrices[after - 1]
    return before + (transform.matrices[after] - before) * share


def multiply(left: Transform, right: Transform) -> Transform:
    """`left @ right`, at the times of both."""
    if not left.moving and not right.moving:
        return Transform((left.matrix @ right.matrix,))
    moving = [t.times for t in (left, right) if t.moving]
    times = tuple(sorted({time for times in moving for time in times}))
    return Transform(tuple(at_time(left, t) @ at_time(right, t) for t in times), times)


def inverse(transform: Transform) -> Transform:
    return Transform(tuple(transforms.inverse(m) for m in transform.matrices), transform.times)


@dataclass(slots=True)
class Place:
    """The current transform. `call` takes the transform calls; the rest is for blocks and coordinate systems."""

    current: Transform = IDENTITY
    systems: dict[str, Transform] = field(default_factory=dict)
    _stack: list[Transform] = field(default_factory=list)
    _times: tuple[float, ...] | None = None  # of the motion that is open
    _motion: list[Matrix] = field(default_factory=list)

    def push(self) -> None:
        self._stack.append(self.current)

    def pop(self) -> None:
        self.current = self._stack.pop()

    def call(self, call: Call) -> None:
        if call.name == "MotionBegin":
            self._times, self._motion = tuple(np.asarray(call.args[0]).tolist()), []
        elif call.name == "MotionEnd":
            motion = Transform(tuple(self._motion), self._times or (0.0,))
            self._times = None
            self.current = multiply(self.current, motion)
        elif call.name == "CoordinateSystem":
            self.systems[str(call.args[0])] = self.current
        elif call.name == "CoordSysTransform":
            self._apply(self.systems[str(call.args[0])], replaces=True)
        else:
            self._apply(Transform((transforms.of_call(call),)), call.name in ("Identity", "Transform"))

    def _apply(self, transform: Transform, replaces: bool) -> None:
        if self._times is not None:
            self._motion.append(transform.matrix)
        else:
            self.current = transform if replaces else multiply(self.current, transform)

"""The current transform as it is built up call by call: matrices, their stack, motions and coordinate systems."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from lrnap.errors import SceneError
from lrnap.lux import transforms
from lrnap.lux.call import Call
from lrnap.lux.description import Matrix, Transform

IDENTITY = Transform((transforms.identity(),))


def at_time(transform: Transform, time: float) -> Matrix:
    """The matrix at a time; before the first and after the last constant.

    Between two times the place moves on a straight line, the rotation turns evenly, and scale and shear change evenly.
    """
    if not transform.moving:
        return transform.matrix
    times = transform.times
    after = int(np.searchsorted(times, time))
    if after == 0:
        return transform.matrices[0]
    if after == len(times):
        return transform.matrices[-1]
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return _between(transform.matrices[after - 1], transform.matrices[after], share)


def _between(first: Matrix, last: Matrix, share: float) -> Matrix:
    turned, stretched = _taken_apart(first[:3, :3])
    turned_last, stretched_last = _taken_apart(last[:3, :3])
    result = np.eye(4)
    result[:3, :3] = turned @ _part_of(turned.T @ turned_last, share)
    result[:3, :3] = result[:3, :3] @ (stretched + (stretched_last - stretched) * share)
    result[:3, 3] = first[:3, 3] + (last[:3, 3] - first[:3, 3]) * share
    return result


def _taken_apart(linear: Matrix) -> tuple[Matrix, Matrix]:
    """A rotation, and what is done before it: scale and shear, mirrored if need be."""
    u, sizes, vt = np.linalg.svd(linear)
    sign = 1.0 if np.linalg.det(u @ vt) > 0 else -1.0
    return sign * (u @ vt), sign * (vt.T @ np.diag(sizes) @ vt)


def _part_of(rotation: Matrix, share: float) -> Matrix:
    """The rotation by a share of the angle about the same axis."""
    axis = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    sine, cosine = float(np.linalg.norm(axis)) / 2, (float(np.trace(rotation)) - 1) / 2
    angle = math.degrees(math.atan2(sine, cosine))
    if sine < 1e-9:  # no turn at all, or half a one, whose axis is what stays
        values, vectors = np.linalg.eigh(rotation + rotation.T)
        axis = vectors[:, int(values.argmax())]
    return transforms.rotate(angle * share, *(float(x) for x in axis))[:3, :3]


STEPS = 8  # in which two movements at once are cut


def multiply(left: Transform, right: Transform) -> Transform:
    """`left @ right`, at the times of both."""
    if not left.moving and not right.moving:
        return Transform((left.matrix @ right.matrix,))
    moving = [t.times for t in (left, right) if t.moving]
    times = tuple(sorted({time for times in moving for time in times}))
    if len(moving) == 2:  # one within the other is neither a straight line nor an even turn
        times = _between_times(times)
    return Transform(tuple(at_time(left, t) @ at_time(right, t) for t in times), times)


def check(place: Transform, what: str, at: object = None) -> None:
    """Raises SceneError for a place or movement that cannot be told to an engine. `what`: who puts something there."""
    for matrix in place.matrices:
        transforms.check_place(matrix, what, at)
    if place.moving and len({np.linalg.det(matrix[:3, :3]) > 0 for matrix in place.matrices}) > 1:
        raise SceneError(
            f"{what}: the movement turns space inside out on its way, from a mirrored place to one that is not: "
            "mirror at all times or at none",
            at=at,
        )


def finely(transform: Transform) -> Transform:
    """The same movement with more moments, for those who interpolate otherwise."""
    times = _between_times(transform.times) if transform.moving else transform.times
    return Transform(tuple(at_time(transform, time) for time in times), times)


def _between_times(times: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(np.unique(np.linspace(times[:-1], times[1:], STEPS + 1)).tolist())


def inverse(transform: Transform) -> Transform:
    return Transform(tuple(transforms.inverse(m) for m in transform.matrices), transform.times)


@dataclass(slots=True)
class Place:
    """The current transform. `call` takes the transform calls; the rest is for blocks and coordinate systems.

    Raises SceneError for a place that cannot be told to an engine.
    """

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
        if self._times is None:
            check(self.current, call.name, call.at)

    def _apply(self, transform: Transform, replaces: bool) -> None:
        if self._times is not None:
            self._motion.append(transform.matrix)
        else:
            self.current = transform if replaces else multiply(self.current, transform)

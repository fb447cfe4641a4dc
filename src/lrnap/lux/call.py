"""A call of the Lux API as a value: what the reader yields, the wire carries, and every target consumes.

Rules for this file: values only, no behaviour that depends on a verb's meaning (that is `calls.py`), no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
ByteArray = npt.NDArray[np.uint8]

# Shape and dtype of a parameter's value, by its LXS type:
#   float          float32, (n,)              integer   int32, (n,)
#   point, vector, normal, color              float32, (n, 3)
#   bool           tuple of bool              string, texture   tuple of str
Value = FloatArray | IntArray | tuple[bool, ...] | tuple[str, ...]

# Positional arguments: names are str, numbers float, number lists (Transform, MotionBegin) a (n,) float32 array. Only
# calls that steer an engine take bytes, as a (n,) uint8 array.
Argument = str | float | FloatArray | ByteArray


@dataclass(frozen=True, slots=True)
class Location:
    """Where a call stands: the file as the user would open it, and 1-based line and column of its first character."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    """One typed parameter. `Param("float", "fov", np.array([35], np.float32))` is `"float fov" [35]`."""

    type: str
    name: str
    value: Value
    content: str = field(default="", repr=False)  # SHA-256 of the bytes of an array, where that is known

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Param):
            return NotImplemented
        return (self.type, self.name) == (other.type, other.name) and _same(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.type, self.name))


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One Lux API call. Equality ignores where it came from: the same call read from a file or a socket is equal."""

    name: str  # the canonical API name, without the C prefix: "Shape", "WorldBegin"
    args: tuple[Argument, ...] = ()
    params: tuple[Param, ...] = ()
    at: Location | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Call):
            return NotImplemented
        return (
            self.name == other.name
            and len(self.args) == len(other.args)
            and all(_same(a, b) for a, b in zip(self.args, other.args, strict=True))
            and self.params == other.params
        )

    def __hash__(self) -> int:
        return hash((self.name, len(self.args), self.params))


class Target(Protocol):
    """Whatever consumes calls: the engine, a connection, an .lxs file, a recorder, a tee.

    `call` raises SceneError (or a sibling) for a call that cannot be; the target is then as it was before the call.
    """

    def call(self, call: Call, /) -> None: ...


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and a.shape == b.shape
            and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    return type(a) is type(b) and a == b

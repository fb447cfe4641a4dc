"""Large arrays of calls by content: a mesh that many scenes have, frames of an animation for example, travels once.

An array whose bytes are an asset is named by their SHA-256, as files are. Its bytes are little-endian, as on the wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from lrnap.lux.call import ByteArray, Call, Param

SHARED_BYTES = 4096  # of an array that is worth an asset: its hash, asked for and told, takes 180 bytes of lines

Find = Callable[[str, int], ByteArray]
"""The asset of a SHA-256, which must have so many bytes. Raises LrnapError if there is none."""


class Arrays:
    """Those of these calls. `data`: their bytes by SHA-256. Blocking: what has no known hash is hashed."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self.data: dict[str, memoryview] = {}
        self._hashes: dict[int, str] = {}
        self._params: list[Param] = []  # they live as long as their ids stand for them
        for call in calls:
            for param in call.params:
                if isinstance(param.value, np.ndarray) and param.value.nbytes >= SHARED_BYTES:
                    self._add(param, little(param.value).data.cast("B"))

    def _add(self, param: Param, data: memoryview) -> None:
        sha256 = param.content or hashlib.sha256(data).hexdigest()
        self.data[sha256] = data
        self._hashes[id(param)] = sha256
        self._params.append(param)

    def hash_of(self, param: Param) -> str | None:
        """None: it is not among them."""
        return self._hashes.get(id(param))


NONE = Arrays()


def little(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """As arrays travel; the array itself on all usual machines."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))

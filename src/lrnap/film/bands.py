"""Work on long arrays in bands, spread over a few threads.

Numpy lets go of the interpreter lock inside its loops, so threads help although this is Python: if there are few loops,
and long ones, because two threads that want the lock at once wait for longer than a short loop takes. A band is as long
as that needs, and as short as a processor's cache wants it. Results never depend on the number of threads: bands are
fixed by length alone, and what they return comes back in their order.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

BAND = 1 << 17  # items of a band: four planes of float32 are 2 MiB
SHORT = 1 << 15  # of work that makes many arrays of each band, or has loops enough as it is
LONG = 1 << 19  # of work that only reads
WORKERS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


class Room(threading.local):
    """Memory for what is made of a band: a thread finds the same again for its next one, because the first touch of new
    memory takes longer than most work on it."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray[np.uint8]] = {}

    def __call__(self, name: str, *shape: int) -> npt.NDArray[np.float32]:
        """An array that holds anything; it is another's as soon as this thread asks for that name again."""
        size = 4 * int(np.prod(shape))
        if name not in self._kept or self._kept[name].size < size:
            self._kept[name] = np.empty(size, np.uint8)
        return self._kept[name][:size].view(np.float32).reshape(shape)


def spans(length: int, size: int = BAND) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def each(work: Callable[[slice], T], length: int, size: int = BAND) -> list[T]:
    """`[work(span) for span in spans(length, size)]`, on several threads where that pays: this one, and others."""
    parts = spans(length, size)
    workers = min(WORKERS, len(parts) // 2)
    if workers < 2:
        return [work(part) for part in parts]

    def share(place: int) -> list[T]:
        return [work(part) for part in parts[place * len(parts) // workers : (place + 1) * len(parts) // workers]]

    with ThreadPoolExecutor(workers - 1) as others:
        waiting = [others.submit(share, place) for place in range(1, workers)]
        first = share(0)
        return [*first, *(result for one in waiting for result in one.result())]

"""Work on long arrays in bands: small enough for the processor's cache, spread over a few threads.

Numpy lets go of the interpreter lock inside its loops, so threads help although this is Python. Results never depend
on the number of threads: bands are fixed by length alone, and what they return comes back in their order.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

BAND = 1 << 15  # items of a band: three colour planes of float32 are 384 KiB, about one core's second-level cache
WORKERS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def spans(length: int, size: int = BAND) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def each(work: Callable[[slice], T], length: int, size: int = BAND) -> list[T]:
    """`[work(span) for span in spans(length, size)]`, on several threads where that pays."""
    parts = spans(length, size)
    workers = min(WORKERS, len(parts) // 4)  # starting a thread costs about as much as one band
    if workers < 2:
        return [work(part) for part in parts]
    shares = [parts[i * len(parts) // workers : (i + 1) * len(parts) // workers] for i in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        return [result for share in pool.map(lambda share: [work(part) for part in share], shares) for result in share]

"""The jobs that can be rendered, in the order in which their turn comes. A part of the world.

Jobs of one priority and owner that want the same tags are in one queue, so that what no node can do stands in nobody's
way. Looking at the heads, counting who comes before, and changing a job take about as long with 100,000 jobs as with
ten.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import TypeVar

from lrnap.manager.jobs import Job

K = TypeVar("K")
QueueKey = tuple[int, str, tuple[str, ...]]  # -priority, owner, tags


class Queues:
    """Ids of jobs, the oldest first."""

    def __init__(self) -> None:
        self._queue_of: dict[int, QueueKey] = {}
        self._queues: dict[QueueKey, list[int]] = {}
        self._of_priority: dict[int, list[int]] = {}

    def __iter__(self) -> Iterator[tuple[QueueKey, list[int]]]:
        """Higher priorities first. What comes must not be changed."""
        for key in sorted(self._queues):
            yield key, self._queues[key]

    def __len__(self) -> int:
        return len(self._queue_of)

    def __contains__(self, job: int) -> bool:
        return job in self._queue_of

    def put(self, job: Job) -> None:
        """In its place, wherever it was before."""
        key = (-job.priority, job.owner, job.tags)
        if self._queue_of.get(job.id) == key:
            return
        self.drop(job.id)
        self._queue_of[job.id] = key
        for queue in (self._queues.setdefault(key, []), self._of_priority.setdefault(key[0], [])):
            insort(queue, job.id)

    def drop(self, job: int) -> None:
        key = self._queue_of.pop(job, None)
        if key is None:
            return
        _drop(self._queues, key, job)
        _drop(self._of_priority, key[0], job)

    def before(self, job: Job) -> int:
        """How many come before it by priority and age."""
        higher = sum(len(queue) for place, queue in self._of_priority.items() if place < -job.priority)
        return higher + bisect_left(self._of_priority.get(-job.priority, []), job.id)


def _drop(queues: dict[K, list[int]], key: K, job: int) -> None:
    queue = queues[key]
    del queue[bisect_left(queue, job)]
    if not queue:
        del queues[key]

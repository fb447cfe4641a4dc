"""How many processors this process may use, changed while it renders.

The engine fixes its number of threads when a run starts, and ending a run to change it would need a new seed. So on
Linux a run always starts a thread per processor, and the processors they may run on are what is added and taken:
`threads` of a run is the number of processors it uses at once. The film goes on undisturbed.

Several runs on one machine must not crowd onto the same processors. A run that does not use all of them claims its
own by locking their entries in sysfs; the kernel releases the claims of a process however it ends.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
from pathlib import Path

from lrnap.errors import Code, LrnapError

_PROCESSORS = Path("/sys/devices/system/cpu")
_TASKS = Path("/proc/self/task")

RENDER_NICE = 10
"""How much threads that render give way to the one that reads the film, which would else get a third of two processors.
A run has a session of its own, and most Linux systems weigh sessions alike, so other programs do not see it."""


def available() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Cores:
    """The processors of the process that makes it, taken as they are then."""

    def __init__(self) -> None:
        self._all = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(available()))
        self._claims: dict[int, int] = {}  # processor -> open file that holds the lock
        self.used = len(self._all)

    def engine_threads(self, asked: int) -> int:
        """Threads that the engine is to start for `asked` (0: all) threads."""
        return len(self._all) if sys.platform == "linux" else asked or len(self._all)

    def use(self, threads: int) -> None:
        """Uses that many processors from now on (0: all). Raises UNSUPPORTED where the system cannot do it."""
        count = threads or len(self._all)
        if count == self.used:
            return
        if sys.platform != "linux":
            raise LrnapError(Code.UNSUPPORTED, "threads of a running engine can be changed on Linux only")
        _pin(self._choose(count))
        self.used = count

    def _choose(self, count: int) -> set[int]:
        """Its own ones as far as there are any left to claim, then any others. All of them need no claim."""
        if count == len(self._all):
            self._release(set(self._claims))
            return set(self._all)
        self._release(set(sorted(self._claims)[count:]))
        for processor in self._all:
            if len(self._claims) == count:
                break
            self._claim(processor)
        others = [p for p in self._all if p not in self._claims]
        return set(self._claims) | set(random.sample(others, count - len(self._claims)))

    def _claim(self, processor: int) -> None:
        import fcntl

        if processor in self._claims:
            return
        with contextlib.suppress(OSError):  # claimed by another run, or no sysfs: then runs may share it
            entry = os.open(_PROCESSORS / f"cpu{processor}", os.O_RDONLY)
            try:
                fcntl.flock(entry, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(entry)
                raise
            self._claims[processor] = entry

    def _release(self, processors: set[int]) -> None:
        for processor in processors:
            os.close(self._claims.pop(processor))


def threads() -> set[int]:
    """The system's numbers of this process's threads; none where it does not say."""
    return {int(task.name) for task in _TASKS.iterdir()} if sys.platform == "linux" else set()


def at_rest() -> bool:
    """Whether no thread of this process but the one that asks runs, or waits for a processor; True where the system
    does not say."""
    for thread in threads() - {threading.get_native_id()}:
        with contextlib.suppress(OSError):  # it has ended by itself
            if (_TASKS / str(thread) / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                return False
    return True


def give_way(rendering: set[int]) -> None:
    """Lets these threads render only where no other thread of the run wants to work."""
    for thread in rendering:
        with contextlib.suppress(OSError):  # it has ended by itself
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, 0) + RENDER_NICE)


def _pin(processors: set[int]) -> None:
    """Moves every thread of the process; repeated until no new one has appeared meanwhile."""
    moved: set[int] = set()
    while fresh := threads() - moved:
        for task in fresh:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                os.sched_setaffinity(task, processors)
        moved |= fresh

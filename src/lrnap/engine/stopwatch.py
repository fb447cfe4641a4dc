"""How long a run has rendered and how fast: seconds without pauses, samples, and how soon it is worth a look. Pure but
for the clock that it is given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SOONEST = 0.05  # seconds between looks at an engine that has just begun, which grow with the time of rendering ...
SELDOMEST = 0.25  # ... to this: each look wakes three processes, which render threads pay for
GROWTH = 0.05
FIRST = 0.005  # seconds to the first look, if samples are counted: a small film takes no longer
WINDOW = 2.0  # seconds over which samples per second are measured


class Stopwatch:
    """Stands still until `go`. `clock`: seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._before = 0.0  # seconds of rendering up to `_since`
        self._since: float | None = None
        self._past: deque[tuple[float, float]] = deque()  # (seconds, samples), the newest last
        self.samples = 0.0

    def go(self) -> None:
        self._since = self._clock()

    def hold(self) -> None:
        self._before, self._since = self.seconds, None

    def reset(self) -> None:
        """Nothing is rendered yet; what runs goes on."""
        self.samples = self._before = 0.0
        self._past.clear()
        self._since = None if self._since is None else self._clock()

    def note(self, samples: float) -> None:
        """So many there are now."""
        now = self.seconds
        self.samples = samples
        self._past.append((now, samples))
        while self._past[0][0] < now - WINDOW:
            self._past.popleft()

    @property
    def seconds(self) -> float:
        return self._before + (0.0 if self._since is None else self._clock() - self._since)

    @property
    def rate(self) -> float:
        """Samples per second, of late."""
        if not self._past:
            return 0.0
        (t0, n0), (t1, n1) = self._past[0], self._past[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else n1 / t1 if t1 > 0 else 0.0

    def patience(self, seconds: float | None, samples: float | None) -> float:
        """Seconds until the engine should be looked at, which is done at so many seconds or samples; None: never."""
        waits = [min(max(SOONEST, self.seconds * GROWTH), SELDOMEST)]
        if seconds is not None:
            waits.append(seconds - self.seconds)
        if samples is not None:
            waits.append((samples - self.samples) / self.rate if self.rate else FIRST)
        return max(min(waits), 0.001)

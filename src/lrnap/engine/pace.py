"""How often a film that grows is worth fetching: soon at first, then ever more seldom, because noise falls with the
root of time; and never so often that fetching takes much of the time."""

from __future__ import annotations

TRANSFER_SHARE = 0.1  # of the time may go into fetching films
FIRST_PAUSE = 1.0  # seconds between the first two snapshots of a run ...
LONGEST_PAUSE = 10.0  # ... and at most, later
GROWTH = 0.3  # the next snapshot after 30 % more rendering ...
SHOWN_GROWTH = 0.5  # ... and after 50 % where films are only kept and shown, and nobody waits for the noise to fall


def pause(rendered: float, took: float, growth: float = GROWTH) -> float:
    """Seconds until the next fetch, of a run that has rendered for so long and whose last fetch took so long."""
    return max(min(LONGEST_PAUSE, max(FIRST_PAUSE, rendered * growth)), took * (1 / TRANSFER_SHARE - 1))

"""Seeds of runs. Two runs of a job with one seed would be the same samples twice, so each seed is used once."""

from __future__ import annotations

import secrets
from collections.abc import Container

MAX_SEED = 2**31 - 1  # engines keep it in 32 bits; the sign stays free


def fresh(used: Container[int]) -> int:
    """A seed that is not in `used`; nor, as far as chance allows, in use anywhere else."""
    while (seed := 1 + secrets.randbelow(MAX_SEED)) in used:
        pass
    return seed

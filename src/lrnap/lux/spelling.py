"""What was probably meant by a name that nobody knows; every error about one says it in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

LONGEST = 64  # characters of a name that are compared: no name of ours is longer, and comparing is quadratic


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'Shape'?`, or nothing if no known name is like it. To be put behind "unknown ..."."""
    meant = suggest(name[:LONGEST], known)
    return f", did you mean '{meant}'?" if meant else ""


def suggest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `name` (the first of equals), or None if none is alike."""
    best, likeness = None, 0.6
    matcher = SequenceMatcher(b=name.lower())
    for candidate in candidates:
        matcher.set_seq1(candidate.lower())
        if matcher.quick_ratio() > likeness and (ratio := matcher.ratio()) > likeness:
            best, likeness = candidate, ratio
    return best

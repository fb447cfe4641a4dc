"""A state table, and what it says of a step that it does not have. The tables stand beside their rows.

    TABLE.after(state, step, 'job "ball"')    the state after a step; LrnapError (STATE) with cause and cure without one

Fields of a row with `compare=False` are known in memory only: what a node tells anew when it is asked. The others are
stored, and two rows are equal if those are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import lru_cache
from typing import Any, Generic, TypeVar

from lrnap.errors import Code, LrnapError

S = TypeVar("S", bound=Enum)
T = TypeVar("T", bound=Enum)


@dataclass(frozen=True, slots=True)
class Table(Generic[S, T]):
    """`rows`: (state, step) -> state. `cure`: what would help, by the state in which a step was refused."""

    rows: Mapping[tuple[S, T], S]
    cure: Mapping[S, str]

    def after(self, state: S, step: T, who: str) -> S:
        try:
            return self.rows[state, step]
        except KeyError:
            raise LrnapError(
                Code.STATE, f"{who} is {state.value}, so it cannot {step.value}: {self.cure[state]}"
            ) from None


@lru_cache
def stored_fields(row: Any) -> tuple[str, ...]:
    """The names of those fields of a row class that are stored."""
    return tuple(f.name for f in fields(row) if f.compare)

"""What the rows of the translation are made of: how a plugin reaches the engine, and how faithfully, as data.

The tables of the plugins (`lrnap.lux.plugins`) say what there is; the rows here say what becomes of it, for a plugin as
a whole and for each of its parameters. Warnings, the pages of documentation and the tests that render every parameter
read the same rows, so none of them can say what the others do not.

Rules for a row: a parameter without a note is honoured as faithfully as the plugin as a whole. One that is IGNORED has
no effect on a finished picture, and its note says why. One that has an effect but cannot be honoured fully is
APPROXIMATED, and a scene that sets it is told how.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

F = TypeVar("F")


class Fidelity(Enum):
    """How near the engine comes to classic Lux."""

    EXACT = "exact"  # the same model, but for RGB in place of spectra
    EQUIVALENT = "equivalent"  # another way to the same picture
    APPROXIMATED = "approximated"  # looks alike; the row says how
    IGNORED = "ignored"  # left out; the row says why
    SUBSTITUTED = "substituted"  # cannot be rendered, and something visible stands in; of plugins without a row


@dataclass(frozen=True, slots=True)
class Note:
    """What becomes of one parameter."""

    fidelity: Fidelity
    how: str = ""


Notes = dict[str, Note]  # by the parameter's name, whatever its type


@dataclass(frozen=True, slots=True)
class Row(Generic[F]):
    """One plugin: how it is translated and how faithfully; `parameters`: those of which there is more to say."""

    build: F
    fidelity: Fidelity
    how: str = ""
    parameters: Notes = field(default_factory=dict)

    def note(self, name: str) -> Note:
        """What becomes of the parameter of that name."""
        own = self.parameters.get(name)
        return own if own is not None else Note(self.fidelity, self.how)


def ignored(why: str, *names: str) -> Notes:
    """Notes on parameters that do not change the finished picture."""
    return dict.fromkeys(names, Note(Fidelity.IGNORED, why))


def approximated(how: str, *names: str) -> Notes:
    """Notes on parameters that are not honoured as classic Lux does."""
    return dict.fromkeys(names, Note(Fidelity.APPROXIMATED, how))


def equivalent(how: str, *names: str) -> Notes:
    """Notes on parameters that reach the same picture in another way than the rest of their plugin."""
    return dict.fromkeys(names, Note(Fidelity.EQUIVALENT, how))

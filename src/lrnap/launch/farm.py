"""What launching needs of a manager: to be told of nodes, and to be asked what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that a manager may use: its address and, if it is encrypted, how to know it and what to show it."""

    url: str
    fingerprint: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return f"Candidate({self.url}, {self.fingerprint})"  # a token is in no log


class Farm(Protocol):
    """A manager. All raise LrnapError: UNAVAILABLE while it cannot be reached."""

    async def check(self) -> None:
        """Whether it is there, and lets us in."""

    async def add(self, node: Candidate) -> None:
        """It renders on that node, too; one that it has already stays as it is."""

    async def drain(self, url: str) -> None:
        """The node finishes what it renders, and begins nothing."""

    async def remove(self, url: str) -> None:
        """The manager forgets the node; nothing happens if it does not have it."""

    async def urls(self) -> set[str]:
        """The nodes that it has."""

    async def busy(self, url: str) -> bool:
        """Whether the node renders something of this manager."""

    async def open_frames(self) -> int:
        """How many frames are to be rendered or being rendered, of all jobs."""

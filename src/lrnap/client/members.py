"""The engines of a job, each with its part in it, looked at as one. Starts nothing: `farm.py` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from lrnap.client.member import Member
from lrnap.engine.protocol import Run, RunState
from lrnap.errors import Code, LrnapError


class Members:
    """In the order in which they joined; whoever is lost or removed stays, for what it has rendered."""

    def __init__(self) -> None:
        self._members: list[Member] = []

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def join(self, member: Member) -> None:
        self._members.append(member)

    @property
    def seeds(self) -> list[int]:
        return [m.options.seed for m in self._members]

    @property
    def over(self) -> bool:
        return all(m.task is not None and m.task.done() for m in self._members)

    @property
    def kept(self) -> bool:
        """Whether one of them has rendered to its end."""
        return any(m.status.state is RunState.DONE and not m.lost for m in self._members)

    @property
    def state(self) -> RunState:
        """That of the one that is furthest, as long as they are not over."""
        states = {m.status.state for m in self._members if not m.lost}
        for state in (RunState.RENDERING, RunState.PAUSED, RunState.BUILDING):
            if state in states:
                return state
        return RunState.RENDERING  # the last films are on their way

    @property
    def error(self) -> LrnapError | None:
        """The first that one of them had. A wrong scene is said before all else."""
        errors = [m.error for m in self._members if m.error is not None]
        return next((e for e in errors if e.code is Code.SCENE), errors[0] if errors else None)

    @property
    def runs(self) -> list[Run]:
        """All that were started."""
        return [m.run for m in self._members if m.run is not None]

    @property
    def live(self) -> list[tuple[Member, Run]]:
        """Those whose runs can take orders."""
        return [(m, m.run) for m in self._members if m.run is not None and not m.lost and not m.status.state.over]

    def serving(self, name: str) -> Member | None:
        """The one on the engine of that name, if it renders."""
        return next((m for m in self._members if m.engine.name == name and not m.removed and not m.lost), None)

    def alone(self, member: Member) -> bool:
        """Whether no other renders."""
        return all(m is member or m.removed or m.lost for m in self._members)

    async def wait(self) -> None:
        while not self.over:  # some may join meanwhile
            await asyncio.wait([m.task for m in self._members if m.task])

    async def each(self, order: Callable[[Run], Coroutine[Any, Any, None]]) -> None:
        """Gives an order to all runs that can take it. One that cannot be reached shows in its own events."""
        results = await asyncio.gather(*(order(run) for _, run in self.live), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, LrnapError):
                raise result

"""The back of the manager: effects of stored steps become orders to nodes, and work on films, as they come."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from lrnap.manager import effects, events
from lrnap.manager.disk_work import DiskWork
from lrnap.manager.drive import Around, Drive
from lrnap.manager.link import Link
from lrnap.manager.merging import Films
from lrnap.manager.scenes import Scenes
from lrnap.manager.upkeep import Upkeep

log = logging.getLogger("lrnap.manager")


class Back:
    """`manager`: its name, for leases; `post`: for what happens on the nodes; `say`: the history, to people; `spawn`:
    work that goes on by itself."""

    def __init__(
        self,
        manager: str,
        films: Films,
        scenes: Scenes,
        disk: DiskWork,
        upkeep: Upkeep,
        *,
        post: Callable[[events.Event], None],
        say: Callable[[effects.Tell], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._manager, self._films, self._disk, self._upkeep = manager, films, disk, upkeep
        self._say, self._spawn = say, spawn
        self._links: dict[int, Link] = {}
        self._around = Around(post, films, scenes.stored, lambda: len(self._links))

    def drives(self, job: int) -> list[Drive]:
        """The runs of a job that nodes are at now."""
        return [drive for link in self._links.values() for drive in link.drives.values() if drive.job == job]

    async def close(self) -> None:
        """Nodes go on with what they render."""
        await asyncio.gather(*(link.close() for link in self._links.values()), return_exceptions=True)

    def perform(self, wanted: Iterable[effects.Effect]) -> None:
        for effect in wanted:
            try:
                self._do(effect)
            except Exception:
                log.exception("defect while performing %r", effect)

    def _do(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Claim():
                link = self._links.get(effect.node)
                if link is None:
                    link = self._links[effect.node] = Link(effect.node, effect.url, self._manager, self._around)
                link.claim(effect.generation, take=effect.take)
            case effects.Release():
                link = self._links.pop(effect.node, None)
                if link is not None:
                    self._spawn(link.close(release=True))
            case effects.RunEffect():
                if effect.node in self._links:
                    self._links[effect.node].order(effect)
            case effects.ForgetFilm():
                self._disk.do(functools.partial(self._films.forget, effect.key, effect.epoch))
                self._upkeep.a_job_was_removed()
            case effects.RunsOver():
                self._disk.do(functools.partial(self._films.over, effect.key, effect.frame, effect.epoch, effect.runs))
            case effects.FrameOver():
                self._disk.do(functools.partial(self._disk.finish, effect.job, effect.frame))
            case effects.Tell():
                self._say(effect)
            case _:
                raise NotImplementedError(f"an effect without a performer: {effect!r}")

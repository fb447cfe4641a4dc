"""What runs on a machine of a Ray cluster: one server of ours, a node or a manager, for as long as its actor lives.

Ray places the actor, and starts it again elsewhere if its machine dies; the server itself is kept running by a Keeper.
`lrnap` must be installed on the cluster's machines in the version of whoever places nodes there.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from lrnap.engine.scratch import Scratch
from lrnap.launch.farm import Candidate
from lrnap.launch.keeper import Keeper, Program
from lrnap.launch.local_nodes import listen_on
from lrnap.net import identity
from lrnap.net.address import Address
from lrnap.wire import Role


class Placed:
    """An actor of Ray. `word`: node or manager. It makes its own key and tokens, which only its manager is told."""

    def __init__(self, word: str, arguments: list[str]) -> None:
        import ray

        self._host = str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]
        self._folder = Scratch()
        words = ["--data", self._folder.name, "--root", self._folder.name, *arguments]
        self._keeper = Keeper(Program(word, word, [listen_on(self._host, 0, True)], words), self._say)
        self._keeping: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def where(self) -> Candidate:
        """Where it can be reached, once it can."""
        async with self._starting:
            if self._keeping is None:
                await self._keeper.start()
                self._keeping = asyncio.create_task(self._keeper.keep())
        known = identity.load_or_make(Path(self._folder.name) / "identity")
        address = replace(Address.parse(self._keeper.urls[0]), host=self._host)
        return Candidate(address.url, known.fingerprint, known.token(Role.ADMIN))

    async def end(self) -> None:
        async with self._starting:
            if self._keeping is not None:
                self._keeping.cancel()
            await self._keeper.end()
        self._folder.cleanup()

    @staticmethod
    def _say(line: str) -> None:
        print(line, flush=True)  # into the actor's log, where Ray's tools find it

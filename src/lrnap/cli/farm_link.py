"""A manager as launching sees it (`lrnap.launch.farm.Farm`): one short connection for each thing to say or ask."""

from __future__ import annotations

from lrnap.client.connection import Connection
from lrnap.errors import Code, LrnapError
from lrnap.launch.farm import Candidate
from lrnap.net.address import Address
from lrnap.wire import Reply, Scalar, Word
from lrnap.wire.listing import Listed, read_line


class ManagerLink:
    """See `Farm`."""

    def __init__(self, address: Address) -> None:
        self.address = address

    async def check(self) -> None:
        await self._ask("CTL_PING")

    async def add(self, node: Candidate) -> None:
        options: dict[str, Scalar] = {}
        if node.fingerprint:
            options = {"fingerprint": node.fingerprint, "token": node.token}
        await self._ask("CTL_ADDNODE", node.url, **options)

    async def drain(self, url: str) -> None:
        await self._ask("CTL_NODE", url, step=Word("drain"))

    async def remove(self, url: str) -> None:
        try:
            await self._ask("CTL_NODE", url, step=Word("remove"))
        except LrnapError as error:
            if error.code is not Code.NOT_FOUND:
                raise

    async def urls(self) -> set[str]:
        return {str(node.args[0]) for node in await self.nodes()}

    async def busy(self, url: str) -> bool:
        return any(node.args[0] == url and "job" in node.fields for node in await self.nodes())

    async def open_frames(self) -> int:
        jobs = await self._list("CTL_JOBS", state="QUEUED,RENDERING")
        return sum(int(job.fields.get("frames", 1)) - int(job.fields.get("frames_done", 0)) for job in jobs)

    async def nodes(self) -> list[Listed]:
        return await self._list("CTL_NODES")

    async def _list(self, verb: str, **options: Scalar) -> list[Listed]:
        reply = await self._ask(verb, **options)
        return [read_line(line) for line in reply.text or ()]

    async def _ask(self, verb: str, *args: Scalar, **options: Scalar) -> Reply:
        async with Connection(self.address) as connection:
            await connection.open()
            return await connection.request(verb, *args, options=options)

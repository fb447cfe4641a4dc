"""commands_per_second: requests of one connection that a node answers, one at a time and pipelined.

Plain figures of this machine. `CTL_PING` is the smallest request; `API_Translate` is a scene call, checked, recorded
and answered in order.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from bench.row import Row
from lrnap.client.connection import Connection, connect
from lrnap.launch.local import local_node
from lrnap.wire import Request

ONE_BY_ONE = 2000
PIPELINED = 20000
WINDOW = 500  # requests under way at once


def rows() -> list[Row]:
    with local_node() as node:
        return asyncio.run(_measure(node.url))


async def _measure(url: str) -> list[Row]:
    connection = await connect(url)
    try:
        await _one_by_one(connection, 200)
        single = await _one_by_one(connection, ONE_BY_ONE)
        ping = await _pipelined(connection, Request("CTL_PING"), PIPELINED)
        call = await _pipelined(connection, Request("API_Translate", (0.0, 0.0, 1.0)), PIPELINED)
    finally:
        await connection.close()
    return [
        Row("commands_per_second", single, None, f"{ONE_BY_ONE} times CTL_PING, each after the reply to the last"),
        Row("commands_per_second_pipelined", ping, None, f"{PIPELINED} times CTL_PING, {WINDOW} under way"),
        Row("scene_calls_per_second_pipelined", call, None, f"{PIPELINED} times API_Translate, {WINDOW} under way"),
    ]


async def _one_by_one(connection: Connection, count: int) -> float:
    begin = perf_counter()
    for _ in range(count):
        await connection.request("CTL_PING")
    return count / (perf_counter() - begin)


async def _pipelined(connection: Connection, request: Request, count: int) -> float:
    begin = perf_counter()
    for _ in range(count // WINDOW):
        for reply in await asyncio.gather(*(connection.post(request) for _ in range(WINDOW))):
            reply.check()
    return count / (perf_counter() - begin)

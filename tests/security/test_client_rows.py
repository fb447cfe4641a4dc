"""What clients of such protocols have been broken by, and what servers have told without being asked: row by row."""

from __future__ import annotations

import asyncio
import hmac
import re
from pathlib import Path

import pytest

import lrnap
from lrnap.client.connection import connect
from lrnap.errors import Code, LrnapError
from lrnap.net.gate import Gate
from lrnap.wire import Role

PACKAGE = Path(lrnap.__file__).parent
PATIENCE = 120


def test_11_an_answer_to_who_has_gone_reaches_nobody_else() -> None:
    """A server that answers late: the one who asked first has given up, the second asks the same thing."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"R_OK LRNAP/1.0 caps=tags\r\n")
        first, second = [(await reader.readline()).split()[0].decode() for _ in range(2)]
        writer.write(f"R_OK {first} secret\r\nR_OK #nobody secret\r\nR_OK {second} public\r\n".encode())
        await reader.read()
        writer.close()

    async def ask_and_give_up() -> None:
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        async with server, asyncio.timeout(PATIENCE), await connect(f"lrnap://{host}:{port}") as connection:
            gone = asyncio.create_task(connection.request("CTL_GET", "threads"))
            await asyncio.sleep(0)
            gone.cancel()
            assert (await connection.request("CTL_GET", "threads")).args == ("public",)
            assert gone.cancelled()
            assert connection.lost is None

    asyncio.run(ask_and_give_up())


def test_20_what_is_wrong_with_a_token_is_not_told_and_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = {f"{role.name.lower()}-{'x' * 24}": role for role in (Role.READ, Role.SUBMIT, Role.ADMIN)}
    gate = Gate(tokens)
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    told = set()
    for guess in ("", "read", "read-" + "x" * 23, "admin-" + "x" * 25, "ADMIN-" + "x" * 24, "é"):
        with pytest.raises(LrnapError) as refused:
            gate.authenticate(guess)
        assert refused.value.code is Code.AUTH_FAILED
        told.add(str(refused.value))
    assert len(told) == 1
    for token in tokens:
        assert gate.authenticate(token) is not None
    assert len(compared) == 9 * len(tokens)  # all of them each time, a right one among them or not


def test_22_nothing_of_ours_answers_datagrams() -> None:
    """Nodes are found by multicast DNS, which its own library speaks; who answers datagrams can be made to flood."""
    for path in PACKAGE.rglob("*.py"):
        assert not re.search("create_datagram_endpoint|recvfrom|recvmsg", path.read_text()), path

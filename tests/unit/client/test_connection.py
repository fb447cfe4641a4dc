"""The asynchronous connection: tags, cancellation, loss."""

from __future__ import annotations

import asyncio
import socket

import pytest
from serving import in_loop, serving

from lrnap.client import connection as connection_module
from lrnap.client.connection import connect
from lrnap.errors import Code, LrnapError, RemoteError
from lrnap.wire import Request


@in_loop
async def test_hello_unlocks_level_1(tmp_path):
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        assert connection.server.args[0].startswith("LRNAP/1")
        assert (await connection.request("CTL_PING", 42)).args == (42,)


@in_loop
async def test_an_error_is_raised_with_its_code_and_the_server(tmp_path):
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        with pytest.raises(RemoteError, match="no job") as caught:
            await connection.request("CTL_PAUSE", "nobody")
        assert caught.value.code is Code.NOT_FOUND
        assert caught.value.at == url


@in_loop
async def test_replies_find_their_requests_among_a_thousand(tmp_path):
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        replies = await asyncio.gather(*(connection.request("CTL_PING", i) for i in range(1000)))
        assert [reply.args[0] for reply in replies] == list(range(1000))


@in_loop
async def test_a_cancelled_request_leaves_the_connection_usable(tmp_path):
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        for i in range(20):
            task = asyncio.create_task(connection.request("CTL_PING", i))
            await asyncio.sleep(0)
            task.cancel()
            assert (await connection.request("CTL_PING", -i)).args == (-i,)


@in_loop
async def test_a_lost_connection_is_told_to_all_who_wait(tmp_path):
    async with serving(tmp_path) as (_, url, server), await connect(url) as connection:
        subscription = await connection.subscribe("state")
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0)
        await server.close()
        with pytest.raises(RemoteError) as caught:
            await waiting
        assert caught.value.code is Code.UNAVAILABLE
        assert url in str(caught.value)
        with pytest.raises(RemoteError, match=url):
            await connection.request("CTL_PING")


@in_loop
async def test_nothing_listens_there():
    with pytest.raises(RemoteError, match=r"nothing listens at lrnap://127\.0\.0\.1:1: start `lrnap node` there"):
        await connect("lrnap://127.0.0.1:1")


@in_loop
async def test_there_is_no_such_host(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # a machine without a network may look for long
    with pytest.raises(RemoteError, match="no host"):
        await connect("lrnap://no-such-host.invalid")


@in_loop
async def test_another_program_answers():
    async def web_server(reader, writer):
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(web_server, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RemoteError, match="does not speak LRNAP/1"):
            await connect(f"lrnap://127.0.0.1:{port}")


@in_loop
async def test_a_program_that_says_nothing(monkeypatch):
    monkeypatch.setattr(connection_module, "HELLO_SECONDS", 0.05)
    closed = asyncio.Event()

    async def mute(reader, writer):
        await reader.read()
        writer.close()
        closed.set()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RemoteError, match="does not answer"):
            await connect(f"lrnap://127.0.0.1:{port}")
        await closed.wait()


@in_loop
async def test_a_server_that_falls_silent_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(connection_module, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(connection_module, "SILENT_SECONDS", 0.2)
    closed = asyncio.Event()

    async def falls_silent(reader, writer):
        await reader.readline()
        writer.write(b"R_OK LRNAP/1.0\r\n")
        await reader.read()
        writer.close()
        closed.set()

    async with await asyncio.start_server(falls_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with await connect(f"lrnap://127.0.0.1:{port}") as connection:
            with pytest.raises(RemoteError, match="silent"):
                await connection.request("CTL_STATUS")
        await closed.wait()


@in_loop
async def test_a_quiet_server_that_lives_is_not_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(connection_module, "IDLE_SECONDS", 0.02)
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        heard = set()
        while len(heard) < 10:  # it is asked now and then, and answers
            heard.add(connection._transport.progress)
            await asyncio.sleep(0.01)
        assert connection.lost is None
        await connection.request("CTL_PING")


@in_loop
async def test_pipelined_requests_can_be_refused_one_by_one(tmp_path):
    async with serving(tmp_path) as (_, url, _server), await connect(url) as connection:
        futures = [connection.post(Request("CTL_GET", (name,))) for name in ("threads", "nonsense", "threads")]
        codes = [(await future).code for future in futures]
        assert codes == [None, Code.ARGS, None]


@pytest.mark.parametrize("url", ["", "http://host", "lrnap://host:99999", "lrnap://a b"])
def test_what_is_no_url(url):
    with pytest.raises(LrnapError) as caught:
        asyncio.run(connect(url))
    assert caught.value.code is Code.ARGS

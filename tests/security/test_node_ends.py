"""A server that ends while clients come, go and vanish: it always ends, and soon."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from nodes import SCENE, serving

from lrnap.net.address import Address
from lrnap.net.gate import Gate
from lrnap.net.server import Server

CLIENTS = 4
ROUNDS = 5
WORDS = (
    b"CTL_STATUS\r\n" * 200,
    b"ASSET_PUT {1000000} sha256=" + b"a" * 64 + b"\r\nxxxx",
    b"CTL_HELLO LRNAP/1\r\n",
    b'API_LuxParse "scene.lxs"\r\nAPI_Render\r\nAPI_Wait\r\n',
    b"API_DumpFilmBuffer\r\n" * 20,
    b"CTL_HELP\r\n" * 1000,
    b"",
)


def come_and_go(address: Address, seed: int, enough: threading.Event) -> None:
    chance = random.Random(seed)
    while not enough.is_set():
        try:
            with socket.create_connection((address.host, address.port), timeout=5) as sock:
                sock.sendall(chance.choice(WORDS))
                if chance.random() < 0.5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # vanishes
                enough.wait(chance.random() * 0.02)
        except OSError:
            pass


def uvloop_or_skip() -> asyncio.AbstractEventLoop:
    return pytest.importorskip("uvloop").new_event_loop()


# Until 3.12 asyncio drops, unclosed, what it has accepted in the turn in which its server was closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop_or_skip])
def test_a_server_ends_while_clients_come_and_go(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    for seed in range(ROUNDS):
        enough = threading.Event()
        with serving(tmp_path / str(seed), loop_factory=loop) as node:
            node.write("scene.lxs")
            clients = [
                threading.Thread(target=come_and_go, args=(node.address, CLIENTS * seed + i, enough))
                for i in range(CLIENTS)
            ]
            for client in clients:
                client.start()
            enough.wait(random.Random(seed).random() * 0.2)
        enough.set()  # and only now, when the node has ended
        for client in clients:
            client.join()
    gc.collect()


def test_a_connection_that_was_accepted_too_late_is_not_waited_for(tmp_path: Path) -> None:
    """Accepted, but not yet heard of, when the others are closed: nobody else would close it."""
    with serving(tmp_path) as node:
        late: list[Server] = [node.server]
        node.run(node.server.close())
        link = node.do(lambda: late[0]._link(Gate()))
        assert link._refusal is not None and "ending" in link._refusal.message


def test_a_node_ends_while_it_reads_a_scene_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def for_ever(*_: object, **__: object) -> object:
        try:
            while True:
                yield from calls
        finally:
            ended.set()

    from lrnap.lux import reader

    calls = [call for call in reader.read_bytes(SCENE.encode()) if call.name == "LookAt"]
    monkeypatch.setattr(reader, "read", for_ever)
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        talk.send('API_LuxParse "scene.lxs"')
        with node.talk() as other:
            other.until("CTL_STATUS", "R_STATUS PARSING|R_STATUS IDLE")
    assert ended.is_set()

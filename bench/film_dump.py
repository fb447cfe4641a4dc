"""film_dump_4k: how fast a node sends a 3840x2160 float RGBA film over loopback / a plain socket copy of as many bytes.

Both come from another process into the same waiting memory, and they take turns. What is timed is the sending of a
snapshot that exists; the detail says what the first reader waits for besides (reading it out of the engine, dividing),
and how fast the same snapshot goes in level-1 frames with SHA-256, as our own client fetches it.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.row import Row
from lrnap.client.connection import connect
from lrnap.launch.local import local_node
from lrnap.net.address import Address

SIZE = (3840, 2160)
ROUNDS = 9

SCENE = f"""
LookAt 0 -4 1  0 0 1  0 0 1
Camera "perspective" "float fov" [35]
Film "fleximage" "integer xresolution" [{SIZE[0]}] "integer yresolution" [{SIZE[1]}]
WorldBegin
LightSource "infinite" "color L" [0.4 0.5 0.7]
Material "matte" "color Kd" [.7 .7 .7]
Shape "sphere" "float radius" [1]
WorldEnd
"""

SENDER = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
data = bytes({size})
while peer.recv(1):
    peer.sendall(data)
"""


def rows() -> list[Row]:
    size = SIZE[0] * SIZE[1] * 16
    memory = memoryview(bytearray(size))
    with tempfile.TemporaryDirectory() as folder, _plain_sender(size) as plain:
        Path(folder, "film.lxs").write_text(SCENE)
        with local_node(root=folder) as node:
            address = Address.parse(node.url)
            with socket.create_connection((address.host, address.port)) as sock:
                talk = _Talk(sock)
                talk.start()
                first = talk.timed("API_DumpFilmBuffer", memory)
                plain_seconds, dump_seconds = [], []
                for _ in range(ROUNDS):
                    plain_seconds.append(_timed_plain(plain, memory))
                    dump_seconds.append(talk.timed("API_DumpFilmBuffer", memory))
                level_1 = asyncio.run(_level_1(node.url, memory))
    ratio = median(p / d for p, d in zip(plain_seconds, dump_seconds, strict=True))
    mb = size / 1e6
    detail = (
        f"{mb:.0f} MB: plain {mb / median(plain_seconds):.0f} MB/s, node {mb / median(dump_seconds):.0f} MB/s, "
        f"level 1 {mb / level_1:.0f} MB/s; the first reader {first:.2f} s"
    )
    return [Row("film_dump_4k", ratio, 0.8, detail)]


class _Talk:
    """A level-0 client that is nothing but a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def start(self) -> None:
        for line in ('API_LuxParse "film.lxs" "film"', "API_LuxCleanup", "API_Render"):
            reply = self._ask(line)
            if not reply.startswith("R_OK"):
                raise RuntimeError(f"{line}: {reply}")
        while "SAMPLES 0 " in (reply := self._ask("CTL_STATUS")) or "RENDERING" not in reply:
            pass
        self._ask("CTL_STOP")

    def timed(self, line: str, memory: memoryview) -> float:
        begin = perf_counter()
        reply = self._ask(line)
        _fill(self._sock, memory)
        seconds = perf_counter() - begin
        if f"LENGTH = {len(memory)}" not in reply:
            raise RuntimeError(f"not the film that was asked for: {reply}")
        return seconds

    def _ask(self, line: str) -> str:
        self._sock.sendall(f"{line}\r\n".encode())
        reply = b""
        while not reply.endswith(b"\n"):
            reply += self._sock.recv(1)
        return reply.decode().strip()


class _plain_sender:
    """A process that sends as many bytes for each byte it gets."""

    def __init__(self, size: int) -> None:
        code = SENDER.format(size=size)
        self._process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> socket.socket:
        assert self._process.stdout
        self._sock = socket.create_connection(("127.0.0.1", int(self._process.stdout.readline())))
        return self._sock

    def __exit__(self, *exc: object) -> None:
        self._sock.close()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()


def _timed_plain(sock: socket.socket, memory: memoryview) -> float:
    begin = perf_counter()
    sock.sendall(b".")
    _fill(sock, memory)
    return perf_counter() - begin


def _fill(sock: socket.socket, memory: memoryview) -> None:
    done = 0
    while done < len(memory):
        count = sock.recv_into(memory[done:])
        if not count:
            raise RuntimeError("the sender is gone")
        done += count


async def _level_1(url: str, memory: memoryview) -> float:
    async with await connect(url) as connection:
        seconds = []
        for _ in range(3):
            begin = perf_counter()
            await connection.request("API_DumpFilmBuffer", "film", into=memory)
            seconds.append(perf_counter() - begin)
        return median(seconds)

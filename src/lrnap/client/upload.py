"""A scene on its way to a node: first what it lacks of files and large arrays, by content, then the calls."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from lrnap.client.connection import Connection
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.net.arrays import NONE, Arrays
from lrnap.net.calls import request_from_call
from lrnap.wire import Payload, Reply, Request, Scalar, Word
from lrnap.wire.payload import MAX_NOWAIT

T = TypeVar("T")
Piece = str | memoryview  # the path of a file, or bytes in memory

WINDOW = 256  # requests that wait for their answers: enough to fill any pipe, few enough to notice an error soon
ASKED_AT_ONCE = 500  # hashes in one ASSET_HAVE: 32 KB of its line
PART = 8 << 20  # bytes of an asset in one ASSET_PUT: what a broken connection can lose
BY_CONTENT = "arrays"  # the capability of servers that take an asset for an array
_NOT_KEPT = frozenset({Code.QUOTA, Code.NOT_FOUND})  # what does not fit, and what had to go before it was asked for


async def send_scene(connection: Connection, scene: Scene, job: str, epoch: int = 0, frame: int | None = None) -> None:
    """Describes `scene` as `job`, which is then ready to render; `epoch`: of its film, if the scene was edited before;
    `frame`: only that one of the job is this scene. Raises SceneError or RemoteError for the first call that the node
    refuses."""
    begin, end = Request("API_LuxInit", (job,), _of(frame)), Request("API_LuxCleanup")
    await _send_calls(connection, begin, scene.calls, scene.files, end)
    if scene.edits or epoch:
        await send_edit(connection, job, scene.edits, {}, max(epoch, 1), frame)


def _of(frame: int | None) -> dict[str, Scalar]:
    return {} if frame is None else {"frame": frame}


async def send_edit(
    connection: Connection,
    job: str,
    calls: Sequence[Call],
    files: Mapping[str, str],
    epoch: int,
    frame: int | None = None,
) -> None:
    """Changes the scene of `job`, whose film is then of that epoch, or of one of its frames. Raises SceneError or
    RemoteError, and has changed nothing, if the node refuses."""
    end = Request("API_EditEnd", (), {} if frame is not None else {"epoch": epoch})
    await _send_calls(connection, Request("API_EditBegin", (job,), _of(frame)), calls, files, end)


async def _send_calls(
    connection: Connection, begin: Request, calls: Sequence[Call], files: Mapping[str, str], end: Request
) -> None:
    """Large arrays by content; with their calls, as they are, where there is no room to keep them."""

    async def send(arrays: Arrays) -> None:
        requests = [begin, *await _bound(connection, files, arrays)]
        requests += [request_from_call(call, arrays=arrays) for call in calls]
        await _send(connection, [*requests, end])

    arrays = await _arrays(connection, calls)
    try:
        await send(arrays)
    except LrnapError as error:
        if not arrays.data or error.code not in _NOT_KEPT:
            raise
        await send(NONE)


async def _arrays(connection: Connection, calls: Sequence[Call]) -> Arrays:
    """Those that travel by content; a server of before does not know that, and gets them with their calls."""
    known = str(connection.server.fields.get("caps", "")) if connection.server is not None else ""
    return await asyncio.to_thread(Arrays, calls) if BY_CONTENT in known.split(",") else NONE


async def _bound(connection: Connection, files: Mapping[str, str], arrays: Arrays) -> list[Request]:
    """What says which asset each name means, once the node has them all."""
    hashes = await send_assets(connection, files.values(), arrays)
    return [Request("ASSET_BIND", (name,), {"sha256": Word(hashes[path])}) for name, path in sorted(files.items())]


async def _send(connection: Connection, requests: Iterable[Request]) -> None:
    """All of them, in their order; raises for the first that is refused."""
    waiting: deque[asyncio.Future[Reply]] = deque()
    try:
        for request in requests:
            if len(waiting) >= WINDOW:
                _check(connection, await waiting.popleft())
            waiting.append(connection.post(request))
        while waiting:
            _check(connection, await waiting.popleft())
    finally:
        for future in waiting:
            future.cancel()


async def send_assets(connection: Connection, paths: Iterable[str], arrays: Arrays = NONE) -> Mapping[str, str]:
    """Sends what the node lacks of these files and arrays; the SHA-256 of the files by path."""
    hashes = {path: await asyncio.to_thread(_hash_now, path) for path in dict.fromkeys(paths)}
    pieces: dict[str, Piece] = {**{sha256: path for path, sha256 in hashes.items()}, **arrays.data}
    for some in _batches(sorted(pieces), ASKED_AT_ONCE):
        reply = await connection.request("ASSET_HAVE", *map(Word, some))
        small: list[Request] = []
        for line in reply.text or ():
            sha256, _, here = line.partition(" ")
            piece = pieces.get(sha256)
            if isinstance(piece, memoryview) and len(piece) <= MAX_NOWAIT:
                small.append(Request("ASSET_PUT", (Payload.of(piece),), {"sha256": Word(sha256)}))
            elif piece is not None:
                await _put(connection, sha256, piece, int(here or 0))
        await _send(connection, small)
    return hashes


async def _put(connection: Connection, sha256: str, piece: Piece, offset: int) -> None:
    """Sends a piece from `offset` on. Bytes that turn out to be wrong on the other side are sent once more."""
    size = Path(piece).stat().st_size if isinstance(piece, str) else len(piece)
    try:
        await _put_from(connection, sha256, piece, size, offset)
    except LrnapError as error:
        if error.code is not Code.HASH or not offset:
            raise
        await _put_from(connection, sha256, piece, size, 0)


async def _put_from(connection: Connection, sha256: str, piece: Piece, size: int, offset: int) -> None:
    while True:
        data = await asyncio.to_thread(_read, piece, offset)
        where: dict[str, Scalar] = {"sha256": Word(sha256), "offset": offset, "size": size}
        await connection.request("ASSET_PUT", Payload.of(data), options=where)
        offset += len(data)
        if offset >= size:
            return
        if not data:
            raise LrnapError(Code.HASH, "the file became shorter while it was sent", at=str(piece))


def _read(piece: Piece, offset: int) -> bytes | memoryview:
    if isinstance(piece, memoryview):
        return piece[offset : offset + PART]
    with Path(piece).open("rb") as file:
        file.seek(offset)
        return file.read(PART)


def _hash_now(path: str) -> str:
    try:
        state = Path(path).stat()
        return _hash(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise SceneError(
            f"a file of the scene cannot be read: {error.strerror}", at=path, code=Code.NOT_FOUND
        ) from None


@lru_cache(maxsize=4096)
def _hash(path: str, size: int, mtime: int) -> str:  # noqa: ARG001  # what makes the cache right
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(connection: Connection, reply: Reply) -> None:
    """Raises SceneError for a call that the node refuses because of what it says."""
    if reply.code is Code.SCENE:
        at = reply.fields.get("at")
        raise SceneError(str(reply.fields.get("desc", "")), at=None if at is None else str(at))
    connection.checked(reply)


def _batches(items: list[T], size: int) -> Iterable[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

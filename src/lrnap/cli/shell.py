"""`lrnap shell`: type LRNAP with a line editor, history and completion; what telnet would show is what it shows.

A line may end in `> FILE`: the bytes that a reply carries (a film) go there. `HELP` is `CTL_HELP`, `exit` or Ctrl-D
ends. Without a terminal it reads lines from standard input, and its exit code is 2 if any of them was an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from lrnap.cli import report
from lrnap.errors import Code, LrnapError, RemoteError, WireError
from lrnap.net.address import Address
from lrnap.net.transport import ClientTransport
from lrnap.wire import Reply, Request, error_of
from lrnap.wire.messages import format_reply, parse_request

_REDIRECT = re.compile(r"(.*\S)\s+>\s*(\S+)\s*")
_LEAVE = ("exit", "quit", "bye")


def run(url: str) -> int:
    return asyncio.run(_run(Address.parse(url)))


async def _run(address: Address) -> int:
    talk = Talk(address)
    await talk.connect()
    errors = 0
    try:
        async for line in _typed(address) if sys.stdin.isatty() else _piped():
            words = line.split()
            if not words:
                continue
            if words[0].lower() in _LEAVE:
                break
            errors += not await _one(talk, line)
    finally:
        await talk.close()
    return report.OK if sys.stdin.isatty() or not errors else report.BAD


async def _one(talk: Talk, line: str) -> bool:
    """Whether the line was carried out."""
    redirected = _REDIRECT.fullmatch(line)
    command, file = (redirected[1], redirected[2]) if redirected else (line, None)
    try:
        reply = await talk.ask(_spelled_out(command))
    except RemoteError as error:
        report.say_error(error)
        return False
    except LrnapError as error:
        reply = error_of(error)
    sys.stdout.write(format_reply(reply, 0).decode())
    if reply.data is not None:
        _show_data(memoryview(reply.data), file)
    sys.stdout.flush()
    return reply.code is None


def _spelled_out(command: str) -> str:
    word, _, rest = command.strip().partition(" ")
    return f"CTL_HELP {rest}".strip() if word.lower() in ("help", "?") else command


def _show_data(data: memoryview, file: str | None) -> None:
    if file is None:
        print(f"({data.nbytes} bytes, not shown; end the line with > FILE to keep them)")
        return
    try:
        Path(file).write_bytes(data)
        print(f"({data.nbytes} bytes written to {file})")
    except OSError as error:
        report.say_error(f"cannot write {file}: {error.strerror}")


class Talk:
    """A level-0 connection that asks one thing at a time, and connects again when it was lost."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._transport: ClientTransport | None = None
        self._answer: asyncio.Future[Reply] | None = None

    async def connect(self) -> None:
        self._transport = await ClientTransport.open(self._address, self._on_reply, self._on_lost)
        if self._transport.token is not None:
            (await self._send(Request("CTL_AUTH", (self._transport.token,)))).check()

    async def ask(self, line: str) -> Reply:
        request = parse_request(line)
        _ = request.spec  # raises for a verb that nobody knows
        if request.payloads:
            raise WireError(
                Code.UNSUPPORTED, "payloads cannot be typed; write the values in [ ], or use the Python API"
            )
        if self._transport is None or self._transport.closed:
            await self.connect()
        return await self._send(request)

    async def _send(self, request: Request) -> Reply:
        assert self._transport is not None
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._transport.send(request)
        return await answer

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    def _on_reply(self, reply: Reply) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(reply)

    def _on_lost(self, error: RemoteError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


async def _piped() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.removeprefix("\ufeff").rstrip("\r\n")


async def _typed(address: Address) -> AsyncIterator[str]:
    """Lines from a person."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    from lrnap.cli.completion import complete

    class Words(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
            for word, start, meaning in complete(document.text_before_cursor):
                yield Completion(word, start_position=start, display_meta=meaning)

    history: History = InMemoryHistory()
    with contextlib.suppress(OSError):
        history = FileHistory(str(_history_file()))
    session: PromptSession[str] = PromptSession(
        history=history, completer=Words(), auto_suggest=AutoSuggestFromHistory()
    )
    print(f"connected to {address.url}; HELP lists the verbs, Tab completes, Ctrl-D leaves")
    while True:
        try:
            typed = await session.prompt_async(f"{address} > ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        for line in typed.splitlines():  # what is pasted may be many
            yield line


def _history_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(state, "lrnap")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "history"

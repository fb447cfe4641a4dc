"""A server as a process: listens, says so on its first lines, serves until it is asked to end.

Standard output is for what others read (`node ready at lrnap://HOST:PORT`), standard error for the log: lines for
people, or with `json` one object a line, with the job and the run it is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrnap.errors import LrnapError
from lrnap.net import locks
from lrnap.net.address import Address
from lrnap.net.gate import listen_address
from lrnap.net.identity import Identity, load_or_make
from lrnap.net.metrics import MetricsServer, Page
from lrnap.net.server import Granted, Server
from lrnap.net.service import Service

FENCED = 4  # the exit code of a server whose place another one has taken: whoever keeps it running lets it rest
START_AGAIN = 5  # of one that can go on only from its beginning: whoever keeps it running starts it again


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a server can be reached. `identity`: the folder of its key and tokens, used where it encrypts."""

    listen: Sequence[Address]
    identity: Path
    metrics: Address | None = None

    @classmethod
    def parse(
        cls,
        listen: Sequence[str],
        identity: Path,
        *,
        default: Address,
        insecure: bool = False,
        metrics: str | None = None,
    ) -> Doors:
        """Raises LrnapError for what is no address, or one that nothing protects."""
        addresses = [listen_address(text, insecure=insecure) for text in listen] or [default]
        figures = None if metrics is None else listen_address(metrics, insecure=True)
        return cls(addresses, identity, figures)


async def serve(
    word: str,
    service: Service,
    doors: Doors,
    *,
    page: Page,
    connections: int,
    granted: Granted | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM. `word`: what the server calls itself on its first line; `granted`: as of
    `Server`. Raises LrnapError for what keeps it from starting."""
    asked = asked_to_end()
    identity = load_or_make(doors.identity) if any(address.tls for address in doors.listen) else None
    async with contextlib.AsyncExitStack() as opened:
        if doors.metrics is not None:
            figures = MetricsServer(doors.metrics, [page])
            opened.callback(figures.close)
        server = Server(service, identity=identity, connections=connections, granted=granted)
        opened.push_async_callback(server.close)
        bound = await server.listen(doors.listen)
        for address in bound:
            print(f"{word} ready at {address.url}", flush=True)
        if doors.metrics is not None:
            print(f"metrics at {figures.url}", flush=True)
        _say_login(identity, bound)
        await asked.wait()


def asked_to_end() -> asyncio.Event:
    """Set by SIGINT and SIGTERM, from now on; where a loop cannot take signals, they end the process as ever."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked


def _say_login(identity: Identity | None, bound: Sequence[Address]) -> None:
    """Once, because a token is no news for a log."""
    if identity is not None and identity.new:
        for address in bound:
            if address.tls:
                print(f"to use it from another machine, type there: {identity.login(address)}", flush=True)


def set_up_log(*, json: bool) -> None:
    """Of this process. Fields come from `extra={"job": ..., "run": ...}` of a logging call."""
    if not json:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
        return
    import structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def run(work: Coroutine[Any, Any, None]) -> None:
    """With uvloop where it is installed: it moves films faster. Raises LrnapError on a system that has not what
    servers need."""
    try:
        locks.needed()
    except LrnapError:
        work.close()
        raise
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)

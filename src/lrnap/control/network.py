"""The calls about nodes that render along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrnap.control.errors import Classic, Severity
from lrnap.errors import Code, LrnapError

if TYPE_CHECKING:
    from lrnap.control.console import Console

STATUS = (
    "{index} {name} port={port} sid={run} state={state} samples={samples:.0f} rate={rate:.0f} contact={contact:.0f}"
)


async def add_server(console: Console, server: str) -> None:
    await console.job.add_server(server)


async def remove_server(console: Console, server: str) -> None:
    await console.job.remove_server(server)


async def reset_server(console: Console, server: str, password: str) -> None:
    await console.job.reset_server(server, password)


async def get_server_count(console: Console) -> int:
    return len(console.job.figures().servers)


async def update_film_from_network(console: Console) -> None:
    """Nothing to do without a film: it is on its way as soon as there is one."""
    if console.job.figures().film:
        await console.job.film()


async def update_log_from_network(console: Console) -> None:
    """The new lines go to the error handler, as information."""
    lines = console.job.log()
    for line in lines[console.told :] if console.told <= len(lines) else lines:
        console.errors.report(Classic.NOERROR, Severity.INFO, line)
    console.told = len(lines)


async def set_interval(console: Console, seconds: int) -> None:
    if seconds < 1:
        raise LrnapError(Code.ARGS, f"films are fetched every 1 second or more, not every {seconds}")
    console.job.set_interval(float(seconds))


async def get_interval(console: Console) -> int:
    return round(console.job.figures().interval)


async def get_rendering_servers_status(console: Console) -> str:
    """One line for each node."""
    return "\n".join(
        STATUS.format(
            index=index,
            name=server.name,
            port=server.port,
            run=server.run,
            state=server.state.value,
            samples=server.samples,
            rate=server.samples_per_second,
            contact=server.since_contact,
        )
        + (f" problem={server.problem}" if server.problem else "")
        for index, server in enumerate(console.job.figures().servers)
    )

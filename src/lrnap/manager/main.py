"""A manager as a process: see `lrnap.net.process`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from lrnap.engine import scratch
from lrnap.errors import Code, LrnapError
from lrnap.manager.metrics import FIGURES
from lrnap.manager.notices import SMTP_PORT, Mail, Notices, Webhook
from lrnap.manager.service import Manager
from lrnap.manager.store import Store
from lrnap.manager.upkeep import Keep
from lrnap.net.address import DEFAULT_PORT, Address
from lrnap.net.metrics import Page
from lrnap.net.process import FENCED, START_AGAIN, Doors, run, serve, set_up_log

DATABASE = "manager.sqlite"


def default_data() -> Path:
    """Where a manager keeps everything if it is not told."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "lrnap", "manager")


def run_manager(
    listen: Sequence[str] = (),
    roots: Sequence[Path | str] = (),
    db: str | None = None,
    data: Path | None = None,
    nodes: Sequence[str] = (),
    insecure: bool = False,
    metrics: str | None = None,
    log_json: bool = False,
    webhooks: Sequence[str] = (),
    mail: Sequence[str] = (),
    smtp: str | None = None,
    take_over: bool = False,
    keep_history: float = Keep().happened,
    keep_wishes: float = Keep().wanted,
) -> int:
    """Serves until SIGINT or SIGTERM; the exit code, 0 for those, `FENCED` if another manager has taken the store over,
    `START_AGAIN` if the store has to be read anew. Raises LrnapError for what keeps it from starting, such as a manager
    that runs on the store, unless `take_over`.

    The first lines on standard output are `manager ready at lrnap://HOST:PORT`, one for each address. `db`: URL of the
    store, by default SQLite in `data`; `nodes`: URLs, beside those that the store knows; `webhooks`, `mail`: who is
    told of jobs that are over; `smtp`: HOST:PORT of the mail server; `keep_history`, `keep_wishes`: days for which the
    history keeps what happened by itself, and what somebody wanted; the others as of `run_node`.
    """
    folder = data or default_data()
    doors = Doors.parse(
        listen, folder / "identity", default=Address("127.0.0.1", DEFAULT_PORT), insecure=insecure, metrics=metrics
    )
    urls = [Address.parse(url).url for url in nodes]
    server = Address("127.0.0.1", SMTP_PORT) if smtp is None else Address.parse(smtp)
    notices = Notices([Webhook.parse(url) for url in webhooks], Mail(tuple(mail), server))
    keep = Keep(keep_history, keep_wishes)
    if not 0 < keep.happened <= keep.wanted:
        raise LrnapError(
            Code.ARGS,
            f"--keep-history {keep.happened:g} and --keep-wishes {keep.wanted:g} are days: both above 0, and what "
            "people wanted is kept for no less than what happened by itself",
        )
    scratch.sweep()
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(db or f"sqlite:///{(folder / DATABASE).absolute()}", alone=True, take_over=take_over)
    manager = Manager(store, roots or [Path.cwd()], folder, notices=notices, keep=keep)
    set_up_log(json=log_json)
    run(_serve(manager, doors, urls))
    if not manager.office.fenced.is_set():
        return 0
    return START_AGAIN if store.outrun else FENCED


async def _serve(manager: Manager, doors: Doors, nodes: Sequence[str]) -> None:
    page = Page("lrnap_manager", FIGURES, manager)
    connections = manager.limits.connections
    serving = asyncio.create_task(
        serve("manager", manager, doors, page=page, connections=connections, granted=manager.granted)
    )
    try:
        await manager.open(nodes)
        fenced = asyncio.create_task(manager.office.fenced.wait())
        await asyncio.wait([serving, fenced], return_when=asyncio.FIRST_COMPLETED)
        fenced.cancel()
        if not serving.done():
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        else:
            await serving
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await manager.close()

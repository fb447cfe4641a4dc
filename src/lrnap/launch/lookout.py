"""Looking out for nodes that announce themselves in the local network; a manager is offered those that are its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from lrnap.errors import LrnapError
from lrnap.launch.farm import Candidate, Farm
from lrnap.launch.keeper import Say
from lrnap.net import discovery
from lrnap.net.discovery import Announcement
from lrnap.net.keyring import Keyring
from lrnap.wire import Role


@contextlib.asynccontextmanager
async def announced(candidates: Sequence[Candidate], say: Say) -> AsyncIterator[None]:
    """These nodes can be found as long as it lasts; where that is not possible, it is said and all else goes on."""
    announcements = [Announcement.make(c.url, c.fingerprint, c.token) for c in candidates if c.token]
    async with contextlib.AsyncExitStack() as opened:
        if announcements and discovery.wanted():
            try:
                await opened.enter_async_context(discovery.announced(announcements))
            except LrnapError as error:
                say(f"these nodes cannot announce themselves: {error}")
        yield


async def look_out(farm: Farm, url: str, keys: Keyring, say: Say, *, adopt: bool) -> None:
    """Until it is cancelled: each node that holds one of the farm's tokens for nodes, and is not in it, is offered, or
    with `adopt` used. Others are left alone, whatever they say."""
    seen: asyncio.Queue[Announcement] = asyncio.Queue()
    watching = asyncio.ensure_future(discovery.browse(seen.put_nowait))
    offered: set[str] = set()
    try:
        while True:
            getting = asyncio.ensure_future(seen.get())
            await asyncio.wait((getting, watching), return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                watching.result()
                return
            one = getting.result()
            with contextlib.suppress(OSError, ValueError):  # being written: what was read counts
                keys.refresh()
            token = next(filter(one.holds, keys.all_of(Role.NODE)), "")
            if token and one.url not in offered:
                with contextlib.suppress(LrnapError):  # the manager is being started again: the next time it is seen
                    await _offer(farm, url, one, token, say, adopt)
                    offered.add(one.url)
    except LrnapError as error:
        say(f"nodes in the network cannot be found: {error}")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _offer(farm: Farm, url: str, one: Announcement, token: str, say: Say, adopt: bool) -> None:
    if one.url in await farm.urls():
        return
    found = f"{one.name} was found at {one.url} and holds this farm's token"
    if adopt:
        await farm.add(Candidate(one.url, one.fingerprint, token))
        say(f"{found}: it takes part")
    else:
        say(f"{found}; to use it: lrnap nodes found --use --to {url}")

"""`lrnap nodes found`: the nodes that announce themselves in the local network, and using those that are yours."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from lrnap.cli import report
from lrnap.cli.farm_link import ManagerLink
from lrnap.errors import Code, LrnapError
from lrnap.launch.farm import Candidate
from lrnap.net import discovery, identity, known
from lrnap.net.address import Address
from lrnap.net.discovery import Announcement
from lrnap.node.main import identity_folder
from lrnap.wire import Role

SECONDS = 3.0  # for nodes to answer; those that are there do within one


def run(url: str, *, use: bool, data: Path | None, as_json: bool, seconds: float = SECONDS) -> int:
    """Lists them; with `use` those that hold a token of ours take part in the farm at `url`."""
    if not discovery.wanted():
        raise LrnapError(Code.UNAVAILABLE, "LRNAP_MDNS=off: name each node by its address")
    tokens = _tokens(Address.parse(url), data)
    heard = asyncio.run(discovery.search(seconds))
    ours = {one: next(token for token in tokens if one.holds(token)) for one in heard if any(map(one.holds, tokens))}
    if use:
        asyncio.run(_use(url, ours))
    for one in sorted(heard, key=lambda one: one.url):
        whose = "holds your token" if one in ours else "not yours"
        if as_json:
            print(json.dumps({**asdict(one), "yours": one in ours}))
        else:
            print(f"{one.url}  {one.name}  {'takes part from now on' if use and one in ours else whose}")
    if not heard:
        report.say("no node has answered: where multicast does not get through, name each node by its address")
    return report.OK


async def _use(url: str, ours: dict[Announcement, str]) -> None:
    farm = ManagerLink(Address.parse(url))
    for one, token in ours.items():
        await farm.add(Candidate(one.url, one.fingerprint, token))


def _tokens(manager: Address, data: Path | None) -> list[str]:
    """Those for nodes of the farm of this machine, and ours at the manager if we are logged in there."""
    farm = (data or identity_folder(None).parent) / "manager" / "identity"
    tokens = identity.load_or_make(farm).keyring.all_of(Role.NODE) if (farm / "tokens.json").exists() else []
    credentials = known.find(manager)
    return [*tokens, *([credentials.token] if credentials is not None else [])]

"""`lrnap up`: a farm in one command. A manager and the nodes of this machine, or only nodes that join a manager.

Everything runs in processes of its own, which this one keeps running and ends with itself. What it keeps lies under
one folder: `manager/`, and `node-0/`, `node-1/` ... for each node.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lrnap.engine.devices import AUTO
from lrnap.errors import Code, LrnapError
from lrnap.launch import places
from lrnap.launch.farm import Candidate, Farm
from lrnap.launch.keeper import Keeper, Program, Say
from lrnap.launch.local_nodes import LocalNodes, NodeOptions, own_address
from lrnap.launch.lookout import announced, look_out
from lrnap.net import discovery, identity, locks
from lrnap.net.address import DEFAULT_PORT, Address
from lrnap.net.gate import listen_address
from lrnap.net.process import asked_to_end

ANYWHERE = Address("192.0.2.1", 9)  # of no machine (RFC 5737): where a packet to the world outside would go

NEAR = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what means all addresses of a machine, and the one that is only its own


@dataclass(frozen=True, slots=True)
class Wishes:
    """`nodes`: of this machine, None for as many as it has places; `join`: the manager that they join, instead of one
    here; `alone`: no manager at all; `host`: by which name or address the manager reaches this machine."""

    data: Path
    listen: Sequence[str] = ()
    roots: Sequence[Path] = ()
    nodes: int | None = None
    threads: int = 0
    engine: str = AUTO
    join: str = ""
    alone: bool = False
    host: str = ""
    node_port: int = 0
    database: str = ""
    insecure: bool = False
    token: str = ""  # of the farm that nodes are for, if there is no manager here
    adopt: bool = False  # nodes that are found and hold the farm's token are used without asking
    metrics: str = ""  # where the manager shows figures; its nodes do at the ports behind
    manager_words: Sequence[str] = ()  # more options of the manager
    node_words: Sequence[str] = ()  # and of each node
    log_json: bool = False

    @property
    def log_words(self) -> list[str]:
        return ["--log-json"] if self.log_json else []


Helper = Callable[[Farm, str], Coroutine[Any, Any, None]]
"""Brings more nodes to a farm, whose URL it is given, until it is cancelled: by SSH, from a cluster, what is found."""


async def up(
    wishes: Wishes, reach: Callable[[Address], Farm], say: Say, show: Say, helpers: Sequence[Helper] = ()
) -> None:
    """Until SIGINT or SIGTERM. `reach`: how to talk to a manager; `say`: what happens, `show`: results, line by line.

    Raises LrnapError for what keeps it from starting; then nothing runs.
    """
    asked = asked_to_end()
    async with contextlib.AsyncExitStack() as opened:
        _claim(opened, wishes.data)
        starting = asyncio.ensure_future(_start(opened, wishes, reach, say, show))
        await _first(starting, asked)
        if asked.is_set():
            return
        farm, url, kept = starting.result()
        jobs = [*kept, *(helper(farm, url) for helper in helpers if farm is not None)]
        working = [asyncio.ensure_future(job) for job in jobs]
        try:
            await _first(asyncio.gather(*working), asked)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            say("ending")


async def _start(
    opened: contextlib.AsyncExitStack, wishes: Wishes, reach: Callable[[Address], Farm], say: Say, show: Say
) -> tuple[Farm | None, str, list[Coroutine[Any, Any, None]]]:
    """The farm with its URL, and what keeps it running."""
    options = NodeOptions(
        wishes.data,
        wishes.roots,
        port=wishes.node_port,
        threads=wishes.threads,
        engine=wishes.engine,
        insecure=wishes.insecure,
        metrics=_behind(wishes),
        words=[*wishes.node_words, *wishes.log_words],
    )
    if wishes.alone:
        if wishes.token:
            options = replace(options, host=wishes.host or own_address(ANYWHERE), token=wishes.token)
        nodes, candidates = await _nodes(opened, wishes, options, say)
        await opened.enter_async_context(announced(candidates, say))
        for candidate in candidates:
            show(f"node ready at {candidate.url}")
        return None, "", [nodes.keep()]
    if wishes.join:
        address = Address.parse(wishes.join)
        farm = reach(address)
        await farm.check()
        nodes, candidates = await _nodes(opened, wishes, _joining(address, wishes, options), say)
        for candidate in candidates:
            await farm.add(candidate)
        show(f"{_count(len(candidates))} of this machine joined {address.url}")
        return farm, address.url, [nodes.keep()]
    async with contextlib.AsyncExitStack() as both:  # so that the manager ends first, while its nodes can still answer
        nodes, candidates = await _nodes(both, wishes, options, say)
        keeper = Keeper(_manager(wishes), say)
        new = _join_line(wishes)
        both.push_async_callback(keeper.end)
        urls = await keeper.start()
        near = next(filter(None, (_near(Address.parse(url)) for url in urls)))
        farm = reach(near)
        opened.push_async_exit(both.pop_all())
    for candidate in candidates:
        await farm.add(candidate)
    show(f"farm ready at {near.url} with {_count(len(candidates))}")
    show(f"render on it: lrnap submit SCENE.lxs --to {near.url}")
    for url in urls:
        if new is not None and Address.parse(url).tls:
            show(f"add another machine, type there: {new(Address.parse(url))}")
    return farm, near.url, [keeper.keep(), nodes.keep(), *_looking(wishes, farm, near.url, say)]


def _looking(wishes: Wishes, farm: Farm, url: str, say: Say) -> list[Coroutine[Any, Any, None]]:
    """Only a manager that others can reach has a token that a node elsewhere can hold."""
    if not discovery.wanted() or not _encrypts(wishes):
        return []
    keys = identity.load_or_make(wishes.data / "manager" / "identity").keyring
    return [look_out(farm, url, keys, say, adopt=wishes.adopt)]


async def _nodes(
    opened: contextlib.AsyncExitStack, wishes: Wishes, options: NodeOptions, say: Say
) -> tuple[LocalNodes, list[Candidate]]:
    found = places.here(wishes.nodes or 0, wishes.engine) if wishes.nodes != 0 else []
    nodes = LocalNodes(found, options, say)
    nodes.prepare()
    candidates = await nodes.start()
    opened.push_async_callback(nodes.end)
    for place, candidate in zip(found, candidates, strict=True):
        say(f"a node renders on {place.what} at {candidate.url}")
    return nodes, candidates


def _manager(wishes: Wishes) -> Program:
    listen = [*wishes.listen]
    if not any(_near(listen_address(text, insecure=wishes.insecure)) for text in listen):
        listen.insert(0, Address("127.0.0.1", DEFAULT_PORT).url)  # for who works at this machine
    words = ["--data", str(wishes.data / "manager")]
    for root in wishes.roots:
        words += ["--root", str(root)]
    if wishes.database:
        words += ["--db", wishes.database]
    if wishes.metrics:
        words += ["--metrics", wishes.metrics]
    words += [*wishes.manager_words, *wishes.log_words]
    if wishes.insecure:
        words.append("--insecure")
    return Program("manager", "manager", listen, words)


def _behind(wishes: Wishes) -> Address | None:
    """Where the first node shows its figures: behind the manager, if there is one here."""
    if not wishes.metrics:
        return None
    first = Address.parse(wishes.metrics)
    taken = not first.port or wishes.join or wishes.alone
    return first if taken else replace(first, port=first.port + 1)


def _near(address: Address) -> Address | None:
    """How this machine itself reaches a server that listens there, without a token; None if it does not."""
    if address.tls:
        return None
    near = replace(address, host=NEAR.get(address.host, address.host))
    return near if near.loopback else None


def _join_line(wishes: Wishes) -> Callable[[Address], str] | None:
    """How another machine joins; None if it was said at an earlier start: a token is no news."""
    if not _encrypts(wishes):
        return None
    made = identity.load_or_make(wishes.data / "manager" / "identity")
    return made.join if made.new else None


def _encrypts(wishes: Wishes) -> bool:
    return any(listen_address(text, insecure=wishes.insecure).tls for text in wishes.listen)


def _joining(manager: Address, wishes: Wishes, options: NodeOptions) -> NodeOptions:
    """Nodes that join a manager elsewhere can be reached from there, by that manager alone: it is told their tokens."""
    return replace(options, host=wishes.host or own_address(manager), encrypted=manager.tls)


def _count(nodes: int) -> str:
    return "1 node" if nodes == 1 else f"{nodes} nodes"


async def _first(work: asyncio.Future[Any], asked: asyncio.Event) -> None:
    """Waits for the work or, if that comes first, for being asked to end; then the work is cancelled."""
    asking = asyncio.ensure_future(asked.wait())
    try:
        await asyncio.wait((work, asking), return_when=asyncio.FIRST_COMPLETED)
        if work.done() and not work.cancelled():
            work.result()
    finally:
        asking.cancel()
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def _claim(opened: contextlib.ExitStack | contextlib.AsyncExitStack, data: Path) -> None:
    """Two farms in one folder would take each other's ports, keys and jobs."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = opened.enter_context((data / "up.lock").open("w"))
    except OSError as error:
        raise LrnapError(Code.UNAVAILABLE, f"{error.filename or data}: {error.strerror or error}") from None
    fcntl = locks.needed()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise LrnapError(
            Code.UNAVAILABLE, f"another `lrnap up` runs in {data}: end it, or choose another folder with --data"
        ) from None

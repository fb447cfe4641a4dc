"""`lrnap nodes`: the nodes of a manager, listed and changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lrnap.cli import report, tables
from lrnap.client.entries import Entry
from lrnap.client.queue import Queue, connect
from lrnap.errors import Code, LrnapError
from lrnap.lux.spelling import did_you_mean

NODES: tuple[tables.Column, ...] = (
    ("id", lambda e: e.text("id")),
    ("node", lambda e: e.name),
    ("presence", lambda e: e.state),
    ("standing", lambda e: e.text("standing")),
    ("tags", lambda e: e.text("tags")),
    ("threads", lambda e: e.text("threads")),
    ("cores", lambda e: e.text("cores")),
    ("job", lambda e: e.text("job") or e.text("foreign")),
    ("frame", lambda e: e.text("frame")),
    ("spp", lambda e: tables.number(e, "spp")),
    ("samples/s", lambda e: tables.short_number(e, "rate")),
    ("strikes", lambda e: e.text("strikes")),
    ("note", lambda e: _note(e)),
)


def _note(node: Entry) -> str:
    """Why it is not here, else why it stands as it does."""
    if node.text("yields") == "true":
        return "its machine is in use"
    if node.text("why"):
        return f"since {tables.when(node, 'since')}: {node.text('why')}"
    return node.text("note")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line, as typed."""

    action: str = "list"
    nodes: tuple[str, ...] = ()
    to: str = ""
    tags: str | None = None
    threads: int | None = None
    why: str = ""
    json: bool = False


def run(wishes: Wishes) -> int:
    if wishes.action not in ACTIONS:
        hint = did_you_mean(wishes.action, ACTIONS)
        raise LrnapError(Code.ARGS, f"nobody can {wishes.action!r} a node{hint}; there are {', '.join(ACTIONS)}")
    if wishes.action == "list" and wishes.nodes:
        raise LrnapError(Code.ARGS, "list takes no node: show is about one")
    if wishes.action != "list" and not wishes.nodes:
        raise LrnapError(Code.ARGS, f"which node? As in `lrnap nodes {wishes.action} lrnap://n7:1978`")
    for needed in ("tags", "threads"):
        if wishes.action == needed and getattr(wishes, needed) is None:
            raise LrnapError(Code.ARGS, f"which {needed}? Say --{needed}")
        if wishes.action not in (needed, "add") and getattr(wishes, needed) is not None:
            raise LrnapError(Code.ARGS, f"--{needed} is for `add` and `{needed}`")
    with connect(wishes.to) as farm:
        for node in wishes.nodes or ("",):
            ACTIONS[wishes.action](farm, node, wishes)
    return report.OK


def _list(farm: Queue, node: str, wishes: Wishes) -> None:  # noqa: ARG001
    none = "there are no nodes; `lrnap nodes add URL` or `lrnap up --join URL` brings some"
    tables.show(farm.nodes(), NODES, as_json=wishes.json, none=none)


def _show(farm: Queue, node: str, wishes: Wishes) -> None:
    status = farm.node(node).status
    shown = status.as_json() if wishes.json else {"presence": status.state, **status.fields}
    tables.show_facts(status.name, shown, as_json=wishes.json)


def _add(farm: Queue, node: str, wishes: Wishes) -> None:
    farm.add_node(node, tags=wishes.tags, threads=wishes.threads)
    _told(farm, node, wishes)


def _step(name: str) -> Action:
    def action(farm: Queue, node: str, wishes: Wishes) -> None:
        found = farm.node(node)
        if name in ("disable", "drain"):
            getattr(found, name)(wishes.why)
        else:
            getattr(found, name)()
        if name == "remove":
            report.say(f"{found.url} is removed")
        else:
            _told(farm, found.url, wishes)

    return action


def _tags(farm: Queue, node: str, wishes: Wishes) -> None:
    farm.node(node).set_tags(wishes.tags or "")
    _told(farm, node, wishes)


def _threads(farm: Queue, node: str, wishes: Wishes) -> None:
    farm.node(node).set_threads(wishes.threads or 0)
    _told(farm, node, wishes)


def _told(farm: Queue, node: str, wishes: Wishes) -> None:
    if wishes.json:
        _show(farm, node, wishes)
        return
    status = farm.node(node).status
    report.say(f"{status.name} is {status.state}, {status.standing}")


Action = Callable[[Queue, str, Wishes], None]

ACTIONS: Mapping[str, Action] = {
    "list": _list,
    "show": _show,
    "add": _add,
    **{name: _step(name) for name in ("enable", "disable", "drain", "forgive", "remove")},
    "tags": _tags,
    "threads": _threads,
}

"""`lrnap content`: the scenes and assets that a manager keeps, what of them no job needs, and removing that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from lrnap.cli import report, tables
from lrnap.cli.progress import short
from lrnap.client.entries import Entry
from lrnap.client.queue import Queue, connect
from lrnap.errors import Code, LrnapError
from lrnap.lux.spelling import did_you_mean

UNNEEDED: tuple[tables.Column, ...] = (
    ("bytes", lambda e: f"{short(e.number('bytes'))}B"),
    ("sha256", lambda e: e.name),
)
NONE = "there is nothing that no job needs and nobody has asked for within ten minutes"


def run(to: str, action: str, limit: int, as_json: bool) -> int:
    if action not in ACTIONS:
        hint = did_you_mean(action, ACTIONS)
        raise LrnapError(
            Code.ARGS, f"nobody can {action[:40]!r} what a manager keeps{hint}; there are {', '.join(ACTIONS)}"
        )
    with connect(to) as farm:
        ACTIONS[action](farm, limit, as_json)
    return report.OK


def _show(farm: Queue, limit: int, as_json: bool) -> None:  # noqa: ARG001
    found = farm.content()
    if as_json:
        print(json.dumps(found.fields), flush=True)
        return
    print(f"{_amount(found)}, of at most {short(found.number('bound'))}B")
    unneeded = Entry("", "", {name: found.fields.get(f"unneeded_{name}", 0) for name in ("files", "bytes")})
    if unneeded.number("files"):
        print(f"no job needs {_amount(unneeded)}: `lrnap content unneeded` lists, `lrnap content collect` removes them")
    else:
        print(NONE)


def _unneeded(farm: Queue, limit: int, as_json: bool) -> None:
    found = farm.unneeded(limit)
    if as_json:
        for one in found:
            print(json.dumps({"sha256": one.name, **one.fields}), flush=True)
        return
    tables.show(found, UNNEEDED, as_json=False, none=NONE)


def _collect(farm: Queue, limit: int, as_json: bool) -> None:  # noqa: ARG001
    removed = farm.collect()
    if as_json:
        print(json.dumps(removed.fields), flush=True)
    else:
        report.say(f"removed: {_amount(removed)}")


def _amount(of: Entry) -> str:
    files = int(of.number("files"))
    return f"{files} {'file' if files == 1 else 'files'}, {short(of.number('bytes'))}B"


ACTIONS: Mapping[str, Callable[[Queue, int, bool], None]] = {
    "show": _show,
    "unneeded": _unneeded,
    "collect": _collect,
}

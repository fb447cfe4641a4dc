"""`lrnap audit`: who did what on a manager."""

from __future__ import annotations

from lrnap.cli import report, tables
from lrnap.client.queue import connect
from lrnap.errors import Code, LrnapError
from lrnap.lux.spelling import did_you_mean
from lrnap.wire.control_verbs import AUDITED

AUDIT: tuple[tables.Column, ...] = (
    ("at", lambda e: tables.when(e, "at")),
    ("who", lambda e: e.text("by")),
    ("did", lambda e: e.text("step")),
    ("what", lambda e: f"{e.text('kind')} {e.text('subject')}" + (f" (#{e.text('job')})" if e.text("job") else "")),
    ("state", lambda e: e.state),
    ("more", lambda e: e.text("why")),
)


def run(to: str, by: str | None, kind: str | None, limit: int, as_json: bool) -> int:
    if kind is not None and kind not in AUDITED:
        raise LrnapError(
            Code.ARGS, f"nothing is done to {kind[:40]!r}{did_you_mean(kind, AUDITED)}: {', '.join(AUDITED)}"
        )
    with connect(to) as farm:
        found = farm.audit(by=by, kind=kind, limit=limit)
    tables.show(found, AUDIT, as_json=as_json, none="nobody has done anything yet")
    return report.OK

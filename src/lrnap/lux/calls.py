"""The call table: every statement of a scene file and every call of the Lux API, each exactly once.

Reader, writer, checker, builder, Context, wire dispatch, HELP and the reference pages derive from `CALLS`. A new call
is a new row in `call_table_scene.py` (what describes a scene) or `call_table_control.py` (what steers an engine).

Rules for this file: look-ups only; what a call *does* is the business of its targets.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.lux import call_table_control, call_table_scene
from lrnap.lux.call_spec import Arg, CallSpec, Group, Kind, Where

__all__ = ["CALLS", "STATEMENTS", "Arg", "CallSpec", "Group", "Kind", "Where", "find"]

CALLS: Mapping[str, CallSpec] = {row.name: row for row in (*call_table_scene.ROWS, *call_table_control.ROWS)}
"""By canonical name: the C API's without `lux` ("Shape", "SaveEXR"); pylux's, capitalised, where C has none."""

STATEMENTS: Mapping[str, CallSpec] = {row.lxs: row for row in CALLS.values() if row.lxs}
"""By the statement's spelling in scene files. Statements are case-sensitive there."""


def _spellings() -> dict[str, CallSpec]:
    known: dict[str, CallSpec] = {}
    for row in CALLS.values():
        for name in (row.name, row.c, row.pylux):
            if name:
                known[name.lower()] = row
        if row.c and row.takes_params:
            known[f"{row.c}V".lower()] = known[f"{row.name}V".lower()] = row  # the array form of the C API
    return known


_BY_SPELLING = _spellings()


def find(name: str) -> CallSpec | None:
    """The row of a name in any case, with or without the prefix `lux`: "shape", "luxShape" and "luxShapeV" are one."""
    lower = name.lower()
    return _BY_SPELLING.get(lower) or _BY_SPELLING.get(lower.removeprefix("lux"))

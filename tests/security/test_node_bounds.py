"""What a node keeps and does is bounded, whatever a scene, a client or a dead process makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodes import StillEngine, StillRun, serving

from lrnap.engine.child import bounded
from lrnap.limits import MAX_WARNING, MAX_WARNINGS


def test_a_scene_of_many_warnings_is_told_some_and_counts_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a look through all warnings for each of them, this test would not end."""
    many = tuple(f"no. {i}" for i in range(200_000))
    monkeypatch.setattr(StillRun, "warnings", lambda _run: many)
    with serving(tmp_path, StillEngine()) as node, node.talk() as talk:
        node.write("scene.lxs")
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render", "CTL_STOP") == ["R_OK"] * 3
        assert f" WARNINGS {len(many)} " in talk.ask("CTL_STATUS")
        lines = talk.text('CTL_LOG 100000 "job"')
        assert sum("warning: no. " in line for line in lines) == MAX_WARNINGS
        assert any("no more warnings are shown" in line for line in lines)


def test_a_process_that_builds_tells_a_bounded_number_of_bounded_warnings() -> None:
    told = bounded(["same", "same", "x" * 10_000_000, *(f"no. {i}" for i in range(5000))])
    assert told[0] == "same" and told[1] == "x" * MAX_WARNING
    assert told[MAX_WARNINGS:] == (f"{5002 - MAX_WARNINGS} more warnings are not shown",)
    assert bounded(["one"]) == ("one",)

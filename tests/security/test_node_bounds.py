"""What a node keeps and does is bounded, whatever a scene, a client or a dead process makes of it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from nodes import StillEngine, StillRun, serving

from lrnap.engine.child import bounded
from lrnap.engine.protocol import RunState
from lrnap.errors import LrnapError, SceneError
from lrnap.limits import MAX_WARNING, MAX_WARNINGS, NodeLimits
from lrnap.node.assets import AssetStore


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


def test_unfinished_uploads_are_bounded_in_number_and_bytes(tmp_path: Path) -> None:
    store = AssetStore(tmp_path, NodeLimits(asset_bytes=100, partials=5, partial_seconds=1e12))
    for i in range(20):
        store.put(f"{i:064x}", 0, b"x" * 10, 50)
        os.utime(tmp_path / "partial" / f"{i:064x}", (1000 + i, 1000 + i))
    assert sorted(path.name for path in (tmp_path / "partial").iterdir()) == [f"{i:064x}" for i in range(15, 20)]
    store.put(f"{19:064x}", 10, b"x" * 40, 60)
    store.put(f"{18:064x}", 10, b"x" * 40, 60)
    left = sum(path.stat().st_size for path in (tmp_path / "partial").iterdir())
    assert left <= 100
    assert store.have(f"{18:064x}") == 50
    assert store._uploads == {}


def test_a_disk_that_is_full_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = AssetStore(tmp_path, NodeLimits())
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(LrnapError, match="cannot be kept: No space left on device"):
        store.put("a" * 64, 0, b"x", 2)


def test_19_nothing_a_scene_says_can_steer_the_terminal_of_who_runs_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    evil = "\x1b[2J\x07moon\r\n00:00:00 job is DONE\u2028"
    monkeypatch.setattr(StillRun, "warnings", lambda _run: (evil,))
    with caplog.at_level(logging.INFO, "lrnap.node"), serving(tmp_path, StillEngine()) as node, node.talk() as talk:
        node.write("scene.lxs")
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render", "CTL_STOP") == ["R_OK"] * 3
        assert any("moon 00:00:00 job" in line for line in talk.text("CTL_LOG 50"))
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_19_an_engines_words_of_several_lines_are_told_and_end_no_connection(tmp_path: Path) -> None:
    wrong = SceneError("broken:\nREAD\x1b[2J error\r\nR_OK", at="a.lxs:1:1")
    with serving(tmp_path, StillEngine()) as node, node.talk() as talk, node.talk() as program:
        node.write("scene.lxs")
        program.ask("CTL_HELLO LRNAP/1")
        program.ask("#1 CTL_SUBSCRIBE state log")
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render") == ["R_OK"] * 2
        node.do(lambda: node.engine.runs[0].enter(RunState.FAILED, wrong))
        assert 'DESC "a.lxs:1:1: broken: READ [2J error R_OK"' in talk.until("CTL_STATUS", "R_STATUS ERROR")
        while "state=ERROR" not in (event := program.line()):
            assert event.startswith("R_EVENT")
        assert "READ [2J error R_OK" in event

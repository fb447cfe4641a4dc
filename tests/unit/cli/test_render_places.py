"""Where `lrnap render` writes: what is wrong with a place is said before anything is rendered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done, commands_in

SCENE = """Film "fleximage" "integer xresolution" [16] "integer yresolution" [12] "string filename" ["own"]
WorldBegin
LightSource "infinite"
WorldEnd
"""

Render = Callable[..., Done]


@pytest.fixture
def render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Render:
    (tmp_path / "sky.lxs").write_text(SCENE)
    return commands_in(tmp_path, monkeypatch, capsys, "render", "sky.lxs")


@pytest.mark.parametrize("output", [["-o", "a.png"], []])
def test_a_folder_that_may_not_be_written_to(
    render: Render, output: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    done = render(*output)  # without an end: if it began, it would never be over
    assert done.returncode == 2
    assert done.stderr.endswith(f".png: you may not write to the folder {tmp_path}: choose another one\n")


def test_a_name_that_a_folder_has(render: Render, tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    done = render("-o", "a.png")
    assert done.returncode == 2
    assert done.stderr == "error: a.png: this is a folder: give the name of a file\n"


def test_a_file_that_is_named_twice_is_written_once(render: Render) -> None:
    done = render("-o", "a.png", "-o", "./a.png", "--spp", "1", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert {tuple(event["pictures"]) for event in events if event["event"] == "picture"} == {("a.png",)}

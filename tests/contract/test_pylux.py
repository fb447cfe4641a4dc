"""An exporter that was written for pylux, through all three modes: on the fake engine, and once in LuxCore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from nodes import serving
from pylux_exporter import Exporter

import lrnap
from lrnap import API_LOCAL, LXS_OUTPUT, TCP_LRNAP, LuxApiLRNAPHost, LuxApiLxsOutputFile, LuxApiMode
from lrnap.engine.process import ProcessEngine
from lrnap.film import images
from lrnap.pylux import reporting

WIDTH, HEIGHT = 64, 48


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Modes, handler and filter are of the process."""
    mode, host, file = LuxApiMode(API_LOCAL), LuxApiLRNAPHost(None), LuxApiLxsOutputFile(None)
    handler, filter = reporting._now.handler, reporting._now.filter
    yield
    LuxApiMode(mode)
    LuxApiLRNAPHost(host)
    LuxApiLxsOutputFile(file)
    reporting._now.handler, reporting._now.filter = handler, filter


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine renders with the fake engine, whose pictures are redder to the right and greener down."""
    monkeypatch.setattr("lrnap.pylux.session.ProcessEngine", lambda: ProcessEngine("fake"))


def run(exporter: Exporter) -> Exporter:
    exporter.export()
    exporter.render()
    return exporter


def colours(exporter: Exporter) -> np.ndarray:
    return np.array(exporter.pixels(), float)


def redder_to_the_right_and_greener_down(picture: np.ndarray) -> bool:
    left, right = picture[:, :16].mean(axis=(0, 1)), picture[:, -16:].mean(axis=(0, 1))
    top, bottom = picture[:12].mean(axis=(0, 1)), picture[-12:].mean(axis=(0, 1))
    return bool(right[0] > left[0] * 1.2 and bottom[1] > top[1] * 1.2)


@pytest.mark.usefixtures("fake")
def test_on_this_machine(tmp_path: Path) -> None:
    exporter = run(Exporter(tmp_path / "picture", WIDTH, HEIGHT))
    assert exporter.log == []
    picture = colours(exporter)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert redder_to_the_right_and_greener_down(picture)
    saved = images.read(tmp_path / "picture.png")
    assert np.abs(saved[..., :3] * 255 - picture).max() < 1.5
    exporter.close()
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]


def test_on_a_node(tmp_path: Path) -> None:
    with serving(tmp_path / "node", ProcessEngine("fake")) as node:
        LuxApiMode(TCP_LRNAP)
        LuxApiLRNAPHost(str(node.address))
        exporter = run(Exporter(tmp_path / "picture", WIDTH, HEIGHT))
        assert exporter.log == []
        assert redder_to_the_right_and_greener_down(colours(exporter))
        exporter.close()
    assert (tmp_path / "picture.png").is_file()


def test_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "scene.lxs"
    LuxApiMode(LXS_OUTPUT)
    LuxApiLxsOutputFile(file)
    exporter = run(Exporter("picture", WIDTH, HEIGHT))
    assert not any(colours(exporter).flat)  # nothing renders, and of the right size it is nevertheless
    assert colours(exporter).shape == (HEIGHT, WIDTH, 3)
    exporter.close()
    with lrnap.Context(None) as lux:
        lux.parse(file)
        names = [call.name for call in lux.scene.calls]
    assert names.count("Shape") == 4
    assert names[-1] == "WorldEnd"
    assert {path.name for path in tmp_path.iterdir()} == {"scene.lxs"}


def test_all_three_describe_the_same_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lrnap.pylux.session import Session

    scenes = []
    monkeypatch.setattr(Session, "_begin", lambda self, **_: scenes.append(self.lux.scene.calls))
    monkeypatch.setattr(Session, "_start", lambda self, begin: None)
    LuxApiLRNAPHost("127.0.0.1:1")
    LuxApiLxsOutputFile(tmp_path / "scene.lxs")
    for mode in (API_LOCAL, TCP_LRNAP, LXS_OUTPUT):
        LuxApiMode(mode)
        exporter = Exporter("picture")
        exporter.export()
        exporter.ctx.worldEnd()
        if mode is LXS_OUTPUT:
            scenes.append(exporter.ctx._pylux_session.lux.scene.calls)
        exporter.ctx.cleanup()
    assert scenes[0] == scenes[1] == scenes[2]
    assert len(scenes[0]) > 30


@pytest.mark.xdist_group("luxcore")
def test_luxcore_renders_what_was_described(tmp_path: Path) -> None:
    exporter = run(Exporter(tmp_path / "picture", WIDTH, HEIGHT, spp=40))
    assert [text for severity, text in exporter.log if severity >= 2] == []
    assert exporter.progress
    picture = colours(exporter)
    ball, wall = picture[22:28, 29:35].mean(axis=(0, 1)), picture[8:14, 6:14].mean(axis=(0, 1))
    assert ball[0] > 2 * ball[2]
    assert wall[2] > 1.3 * wall[0]
    _, depth = exporter.ctx.blenderCombinedDepthRects()
    distance = np.array(depth).reshape(HEIGHT, WIDTH)
    assert 4 < distance[HEIGHT - 25, 32] < distance[HEIGHT - 10, 8]  # bottom row first: ball, wall
    exporter.close()
    saved = images.read(tmp_path / "picture.png")
    assert np.abs(saved[..., :3] * 255 - picture).max() < 1.5

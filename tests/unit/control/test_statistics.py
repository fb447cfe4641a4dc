"""Statistics by their classic names and in classic words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lrnap.control import statistics
from lrnap.control.job import Figures, Server
from lrnap.control.statistics import BY_NAME, Look
from lrnap.engine.protocol import Halt, RunState

ALONE = Figures(
    state=RunState.RENDERING,
    ready=True,
    film=True,
    samples=768_000.0,
    spp=10.0,
    samples_per_second=12_800.0,
    seconds=60.0,
    threads=2,
    halt=Halt(spp=40.0, seconds=120.0),
    size=(320, 240),
)
NODE = Server("far:1978", 1978, "r1", RunState.RENDERING, samples=192_000.0, samples_per_second=3200.0)


def test_a_render_in_words() -> None:
    look = Look(ALONE, window=0.0)
    text = statistics.filled(statistics.template(look), look)
    assert text == "00:01:00 [00:01:00] (50% Time) - 2 Threads: 10.00 S/p (25% S/p) 12.80 kS/s"
    short = statistics.filled("%threadCount% %percentHaltTimeComplete% %samplesPerSecondWindow%", look, short=True)
    assert short == "2 T 50% T 12.80 kS/s"


def test_nodes_are_counted_by_themselves() -> None:
    figures = replace(ALONE, servers=(NODE,))
    look = Look(figures, window=0.0)
    assert statistics.statistic("samplesPerPixel", look) == 7.5
    assert statistics.statistic("netSamplesPerPixel", look) == 2.5
    assert statistics.statistic("totalSamplesPerPixel", look) == 10
    text = statistics.filled(statistics.template(look), look)
    assert " 1 Node: 7.50 S/p" in text
    assert text.endswith("| Net: ~2.50 S/p ~3.20 kS/s | Tot: ~10.00 S/p ~12.80 kS/s")
    assert "Tot" not in statistics.template(look, total=False)


@pytest.mark.parametrize(
    ("number", "reduced", "prefix"),
    [
        (999.0, 999.0, ""),
        (1500.0, 1.5, "k"),
        (2e6, 2.0, "M"),
        (3e9, 3.0, "G"),
        (4e15, 4000.0, "T"),
        (math.inf, math.inf, ""),
    ],
)
def test_magnitudes(number: float, reduced: float, prefix: str) -> None:
    assert statistics.magnitude(number) == (reduced, prefix)


def test_flags_old_names_and_unknown_ones() -> None:
    look = Look(ALONE, window=100.0)
    assert statistics.statistic("sceneIsReady", look) == 1
    assert statistics.statistic("terminated", look) == 0
    assert statistics.statistic("secElapsed", look) == 60
    assert statistics.statistic("samplesPx", look) == 10
    assert statistics.statistic("anythingElse", look) == 0
    assert BY_NAME["samplesPerSecondWindow"].get(look) == 100


@pytest.mark.parametrize(
    ("figures", "scene", "film"),
    [
        (Figures(), 0, 0),
        (Figures(ready=True), 1, 0),
        (Figures(ready=True, state=RunState.BUILDING), 0, 0),  # the engine is not done with it
        (Figures(ready=True, film=True, state=RunState.RENDERING), 1, 0),
        (Figures(film=True, only_film=True, state=RunState.STOPPED), 0, 1),
    ],
)
def test_a_film_is_ready_where_there_is_no_scene(figures: Figures, scene: int, film: int) -> None:
    look = Look(figures, window=0.0)
    assert statistics.statistic("sceneIsReady", look) == scene
    assert statistics.statistic("filmIsReady", look) == film


def test_without_a_render_all_is_zero_and_halts_are_infinite() -> None:
    look = Look(Figures(), window=0.0)
    for row in statistics.NUMBERS:
        value = row.get(look)
        assert value == 0 or (value == math.inf and ("halt" in row.name or "remaining" in row.name)), row.name
        assert statistics.worded(row, look)
    assert statistics.filled("100%% %nosuch% %elapsedTime%", look) == "100% %nosuch% 00:00:00"


def test_noise_counts_as_its_samples_do() -> None:
    look = Look(replace(ALONE, halt=Halt(noise=0.01), noise=0.02), window=0.0)
    assert BY_NAME["percentHaltThresholdComplete"].get(look) == pytest.approx(25)
    assert BY_NAME["percentConvergence"].get(look) == pytest.approx(98)
    assert "(25% Threshold) 98% Convergence" in statistics.filled(statistics.template(look), look)

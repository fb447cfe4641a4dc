"""The engine's process is killed: the job says so, the node goes on, the next job renders."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from node_processes import NodeProcess, lives, node_process
from nodes import PATIENCE, film_of


@pytest.fixture(params=["fake", "luxcore"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NodeProcess]:
    with node_process(tmp_path, engine=request.param) as started:
        started.write("scene.lxs")
        yield started


def kill_engine(node: NodeProcess) -> None:
    engines = node.engines()
    assert len(engines) == 1
    os.kill(engines[0], signal.SIGKILL)


def test_killed_while_building(node: NodeProcess) -> None:
    with node.talk() as talk:
        status = "while rendering"
        while "while rendering" in status:  # it was built before we came: once more
            talk.ask("CTL_RESET")
            assert talk.all('API_LuxParse "scene.lxs" "first"', "API_Render") == ["R_OK", "R_OK"]
            kill_engine(node)
            status = talk.until("CTL_STATUS", "R_STATUS ERROR")
        assert 'JOBNAME "first"' in status and "CODE E_ENGINE" in status and "SIGKILL" in status
        assert any("SIGKILL" in line for line in talk.text("CTL_LOG"))
        assert talk.ask("API_DumpFilmBuffer").startswith("R_ERROR CODE = E_STATE")
        next_job_renders(node)


def test_killed_while_rendering_keeps_the_last_film(node: NodeProcess) -> None:
    with node.talk() as talk:
        assert talk.all('API_LuxParse "scene.lxs" "first"', "API_Render") == ["R_OK", "R_OK"]
        talk.until("CTL_STATUS", r"R_STATUS RENDERING.* SAMPLES [1-9]")
        film = film_of(talk.data("API_DumpFilmBuffer"))
        assert film.shape == (24, 32, 4) and film[..., :3].max() > 0
        kill_engine(node)
        status = talk.until("CTL_STATUS", "R_STATUS ERROR")
        assert "SIGKILL" in status
        assert film_of(talk.data("API_DumpFilmBuffer")).max() > 0
        next_job_renders(node)


def test_killed_and_rendered_again_goes_on_with_another_seed(node: NodeProcess) -> None:
    with node.talk() as talk:
        assert talk.all('API_LuxParse "scene.lxs" "first"', "API_Render seed=7") == ["R_OK", "R_OK"]
        kill_engine(node)
        talk.until("CTL_STATUS", "R_STATUS ERROR")
        assert talk.ask("API_Render seed=7").startswith("R_ERROR CODE = E_ARGS DESC = ")
        assert talk.ask("API_Render spp=2") == "R_OK"
        assert " SEED 7 " not in talk.until("CTL_STATUS", "R_STATUS DONE")


def next_job_renders(node: NodeProcess) -> None:
    with node.talk() as other:
        assert other.all('API_LuxParse "scene.lxs" "second"', "API_Render spp=2") == ["R_OK", "R_OK"]
        assert 'JOBNAME "second"' in other.until("CTL_STATUS", "R_STATUS DONE")
        assert len(other.data("API_DumpFilmBuffer")) == 32 * 24 * 16
        assert [line.split()[:2] for line in other.text("CTL_JOBS")] == [['"first"', "ERROR"], ['"second"', "DONE"]]


def test_ending_the_node_ends_its_engine_and_exits_with_0(tmp_path: Path) -> None:
    with node_process(tmp_path, addresses=2) as node:
        node.write("scene.lxs")
        with node.talk(0) as one, node.talk(1) as other:
            assert one.all('API_LuxParse "scene.lxs"', "API_Render") == ["R_OK", "R_OK"]
            other.until("CTL_STATUS", "R_STATUS RENDERING")
        [engine] = node.engines()
        node.process.send_signal(signal.SIGINT)
        assert node.process.wait(PATIENCE) == 0
        assert not lives(engine)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_what_waits_for_the_next_job_ends_with_the_node(end: signal.Signals, tmp_path: Path) -> None:
    with node_process(tmp_path) as node:
        node.write("scene.lxs")
        with node.talk() as talk:
            for name in ("first", "second"):
                assert talk.all(f'API_LuxParse "scene.lxs" "{name}"', "API_Render spp=2") == ["R_OK", "R_OK"]
                talk.until("CTL_STATUS", f'R_STATUS DONE JOBNAME "{name}"')
        wait(lambda: len(node.engines()) == 1)  # of no job: the next one's
        [spare] = node.engines()
        with node.talk() as talk:
            assert talk.all('API_LuxParse "scene.lxs" "third"', "API_Render") == ["R_OK", "R_OK"]
            talk.until("CTL_STATUS", r"R_STATUS RENDERING.* SAMPLES [1-9]")
        wait(lambda: len(node.engines()) == 2)
        engines = node.engines()
        assert spare in engines
        node.process.send_signal(end)
        node.process.wait(PATIENCE)
        wait(lambda: not any(map(lives, engines)))
        if end is signal.SIGKILL:
            node.process.returncode = 0  # as we wished


def wait(holds: Callable[[], object]) -> None:
    for _ in range(PATIENCE * 50):
        if holds():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never came to be")

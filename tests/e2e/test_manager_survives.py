"""A farm of processes of which some are killed, frozen, started again: nothing is lost, and nothing counted twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from managers import FarmOfPrograms, Program, farm, manager_program, node_program
from nodes import PATIENCE, SIZE, Talk, number

from lrnap.manager.films import FilmStore
from lrnap.manager.store import Store

PIXELS = SIZE[0] * SIZE[1]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarmOfPrograms]:
    """For tests that leave it whole."""
    with farm(tmp_path_factory.mktemp("four"), nodes=4) as started:
        started.manager.write("scene.lxs")
        yield started


def until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(PATIENCE * 10):
        if holds():
            return
        sleep(0.1)
    raise AssertionError(f"never: {what}")


def submit(manager: Program, name: str, wishes: str) -> None:
    with manager.talk() as talk:
        assert talk.ask(f'API_LuxParse "scene.lxs" "{name}"') == "R_OK"
        assert talk.ask(f'API_Render "{name}" {wishes}') == "R_OK"


def enough(manager: Program, name: str, spp: int) -> None:
    """A job that would render for ever is done with so much: however slow this machine is, not before it is told."""
    with manager.talk() as talk:
        assert talk.ask(f'CTL_CHANGE "{name}" spp={spp}') == "R_OK"


def rendering(manager: Program, name: str) -> int:
    """Nodes that have sent a film of a job."""
    lines = manager.lines(f'CTL_JOB "{name}" show=runs')
    return sum(listed.args[1] == "RENDERING" and listed.fields["spp"] > 0 for listed in lines)


def finished(manager: Program, name: str) -> dict[str, object]:
    """The facts of a job that is DONE."""

    def done() -> bool:
        state = manager.facts(name)["state"]
        assert state in ("QUEUED", "RENDERING", "DONE"), manager.facts(name)
        return state == "DONE"

    until(done, f"{name} is DONE")
    return dict(manager.facts(name))


def presence(manager: Program) -> list[object]:
    """Of its nodes."""
    return [listed.args[1] for listed in manager.lines("CTL_NODES")]


def picture(talk: Talk, name: str) -> bytes:
    """As developed: the pixels of a TGA file, without what it says about itself."""
    return talk.data(f'API_DumpFilmBuffer "{name}" format=tga')[: 18 + 3 * PIXELS]


def check_film(manager: Program, name: str, spp: float) -> None:
    """The film has the samples of its runs, each once: those that the store counts, and the file has in its header."""
    with manager.talk() as talk:
        reply = talk.ask(f'API_DumpFilmBuffer "{name}" format=accum')
        data = np.frombuffer(talk.bytes(number(reply, "LENGTH")), "<f4")
    samples = float(re.search(r"SAMPLES = \"?([0-9.e+]+)", reply)[1])  # type: ignore[index]
    runs = manager.lines(f'CTL_JOB "{name}" show=runs')
    assert samples == sum(listed.fields["samples"] for listed in runs)
    weights = data[:PIXELS]
    assert weights.min() == weights.max() == pytest.approx(samples / PIXELS)
    assert samples >= spp * PIXELS
    seeds = [listed.fields["seed"] for listed in runs]
    assert len(set(seeds)) == len(seeds)


def test_a_node_and_the_manager_are_killed_in_the_middle(four: FarmOfPrograms) -> None:
    manager = four.manager
    submit(manager, "long", "spp=0")
    until(lambda: rendering(manager, "long") == 4, "all four nodes render")

    four.nodes[0].kill()
    manager.kill()
    before = Store(f"sqlite:///{manager.root / 'data' / 'manager.sqlite'}")
    counted = sum(run.samples for run in before.load().runs.values())
    before.close()
    assert counted > 0

    manager.again()
    wanted = int(counted / PIXELS) + 2000
    enough(manager, "long", wanted)
    facts = finished(manager, "long")
    assert facts["spp"] >= wanted
    check_film(manager, "long", wanted)
    runs = manager.lines('CTL_JOB "long" show=runs')
    assert [listed.args[1] for listed in runs].count("LOST") == 1

    four.nodes[0].again()
    manager.kill()  # once more: what is done stays done
    manager.again()
    check_film(manager, "long", wanted)
    assert manager.facts("long")["state"] == "DONE"
    assert FilmStore(manager.root / "data" / "films").keys()


def test_a_node_that_keeps_its_socket_and_says_nothing_is_replaced(four: FarmOfPrograms) -> None:
    manager = four.manager
    submit(manager, "patient", "spp=0 nodes=1-1")
    until(lambda: rendering(manager, "patient") == 1, "a node renders")
    url = str(manager.lines('CTL_JOB "patient" show=runs')[0].fields["node"])
    frozen = next(node for node in four.nodes if node.url == url)
    frozen.freeze()

    def moved() -> bool:
        runs = manager.lines('CTL_JOB "patient" show=runs')
        return [listed.args[1] for listed in runs] == ["LOST", "RENDERING"]

    until(moved, "another node renders")
    frozen.thaw()  # what it says now comes late
    enough(manager, "patient", 8000)
    finished(manager, "patient")
    check_film(manager, "patient", 8000)


def test_jobs_wait_for_each_other_and_do_what_they_are_told(tmp_path: Path) -> None:
    with farm(tmp_path) as small, small.manager.talk() as talk:
        manager = small.manager
        manager.write("scene.lxs")
        submit(manager, "first", "spp=0")  # until the others are there, too
        submit(manager, "low", "spp=50")
        submit(manager, "urgent", "spp=50 priority=5")
        submit(manager, "later", 'spp=50 priority=9 after="urgent"')
        assert "comes after, is" in str(manager.facts("later")["why"])
        enough(manager, "first", 600)
        ended = [finished(manager, name)["ended"] for name in ("first", "urgent", "later", "low")]
        assert ended == sorted(ended)  # type: ignore[type-var]

        submit(manager, "endless", "spp=0")
        until(lambda: rendering(manager, "endless") == 1, "it renders")
        assert talk.ask('CTL_PAUSE "endless"') == "R_OK"
        talk.until('CTL_STATUS "endless"', "R_STATUS PAUSED")
        assert talk.ask('CTL_RESUME "endless"') == "R_OK"
        talk.until('CTL_STATUS "endless"', "R_STATUS RENDERING")
        assert talk.ask('CTL_STOP "endless"') == "R_OK"
        stopped = manager.facts("endless")
        assert stopped["state"] == "STOPPED"
        assert talk.ask('CTL_RETRY "endless"') == "R_OK"
        until(lambda: manager.facts("endless")["samples"] > stopped["samples"], "it goes on")
        assert talk.ask('CTL_RESET "endless"') == "R_OK"
        assert [listed.args[0] for listed in manager.lines("CTL_JOBS")] == ["first", "low", "urgent", "later"]
        assert talk.ask('CTL_STATUS "endless"').startswith("R_ERROR CODE = E_NOT_FOUND")


def test_frames_are_rendered_side_by_side_and_their_pictures_written(four: FarmOfPrograms) -> None:
    manager = four.manager
    with manager.talk() as talk:
        assert talk.ask('API_LuxParse "scene.lxs" "turn"') == "R_OK"
        for number_of_frame, brightness in ((1, 10), (2, 1000)):
            assert talk.ask(f'API_EditBegin "turn" frame={number_of_frame}') == "R_OK"
            assert talk.ask(f'API_LightSource "point" "color L" [{brightness} 1 1]') == "R_OK"
            assert talk.ask("API_EditEnd").startswith("R_OK")
        assert talk.ask('API_Render "turn" spp=40 output="films/turn.###.png"') == "R_OK"
        finished(manager, "turn")
        frames = manager.lines('CTL_JOB "turn" show=frames')
        assert [(listed.args[0], listed.args[1]) for listed in frames] == [(1, "DONE"), (2, "DONE")]
        one, two = (talk.data(f'API_DumpFilmBuffer "turn" frame={n}') for n in (1, 2))
        assert one != two
        assert "no frame 3" in talk.ask('API_DumpFilmBuffer "turn" frame=3')
        pictures = manager.root / "data" / "pictures" / "films"
        until(lambda: (pictures / "turn.002.png").exists() and (pictures / "turn.001.png").exists(), "both pictures")

        for name_of_frame in (5, 6):
            assert talk.ask(f'API_LuxInit "cut" frame={name_of_frame}') == "R_OK"
            assert talk.ask('API_Include "scene.lxs"').startswith("R_OK")
        assert "frame 7 has no scene" in talk.ask('API_Render "cut" frames=5-7')
        assert "without .." in talk.ask('API_Render "cut" spp=4 output="../../etc/passwd.png"')
        assert talk.ask('API_Render "cut" spp=4') == "R_OK"
        finished(manager, "cut")
        assert [listed.args[0] for listed in manager.lines('CTL_JOB "cut" show=frames')] == [5, 6]


def test_what_is_changed_of_a_job_outlives_the_manager(four: FarmOfPrograms) -> None:
    manager = four.manager
    submit(manager, "look", "spp=30")
    finished(manager, "look")
    with manager.talk() as talk:
        assert talk.ask("CTL_SET gamma 1.5 job=look") == "R_OK"
        assert talk.ask("CTL_SET lightgroup.default.rgb [1 0.5 0.25] job=look") == "R_OK"
        before = picture(talk, "look")
    manager.kill()
    manager.again()
    with manager.talk() as talk:
        assert talk.ask("CTL_GET gamma job=look") == "R_OK GAMMA = 1.5"
        assert picture(talk, "look") == before

        assert talk.ask('API_EditBegin "look"') == "R_OK"
        assert talk.ask('API_LightSource "point" "color L" [500 1 1]') == "R_OK"
        assert talk.ask("API_EditEnd") == "R_OK EPOCH = 1"
        assert talk.ask('API_Render "look" spp=20') == "R_OK"
        assert finished(manager, "look")["spp"] >= 20
        assert picture(talk, "look") != before


def test_a_node_comes_back_by_itself_once_nobody_has_it(tmp_path: Path) -> None:
    """Its other manager hangs, and keeps its sockets; when it goes on, it is told."""
    silent = "from lrnap.node import lease, service; service.Lease = lambda: lease.Lease(silence=6)"
    soon = "from lrnap.manager import link; link.LOOK, link.FREE = 0.2, 1"
    programs = [node_program(tmp_path / "node", first=silent)]
    url = programs[0].url
    try:
        other = manager_program(tmp_path / "other", [url])
        programs.append(other)
        until(lambda: presence(other) == ["HERE"], "it has another manager")
        ours = manager_program(tmp_path / "ours", [url], first=soon)
        programs.append(ours)
        until(lambda: "is FENCED" in ours.log(), "ours is refused")
        other.freeze()
        until(lambda: presence(ours) == ["HERE"], "ours has it")
        assert re.search(r"is CLAIMING: the other manager \w+ is gone", ours.log())
        other.thaw()
        until(lambda: presence(other) == ["FENCED"], "the other one is told")
        assert presence(ours) == ["HERE"]
    finally:
        for program in reversed(programs):
            program.end()


def test_two_managers_do_not_share_a_node(tmp_path: Path) -> None:
    with farm(tmp_path) as small:
        first = small.manager
        first.write("scene.lxs")
        submit(first, "mine", "spp=0")
        until(lambda: rendering(first, "mine") == 1, "it renders")
        second = manager_program(tmp_path / "second", [small.nodes[0].url])
        try:
            until(lambda: presence(second) == ["FENCED"], "the second one is refused")
            assert rendering(first, "mine") == 1
            with second.talk() as talk:
                assert talk.ask(f"CTL_NODE {small.nodes[0].url} step=enable") == "R_OK"
            until(lambda: presence(second) == ["HERE"], "the second one has taken it")
            until(lambda: presence(first) == ["FENCED"], "the first one knows")
            why = "1 taken by another manager"
            until(lambda: why in str(first.facts("mine").get("why")), "and says so")
        finally:
            second.end()

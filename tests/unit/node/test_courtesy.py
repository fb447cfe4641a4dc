"""A node on somebody's machine waits while the machine is wanted, and goes on when it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from nodes import serving

from lrnap.errors import LrnapError
from lrnap.node.courtesy import QUIET_SECONDS, Courtesy, Manners, OtherPrograms, _Times, attend

NOON = 12 * 60


def test_a_node_without_manners_never_yields() -> None:
    assert Manners().none
    assert Manners().why(NOON, others=1.0) == ""


def test_by_load() -> None:
    manners = Manners.parse(0.5, None)
    assert manners.why(NOON, others=0.4) == ""
    assert manners.why(NOON, others=0.9) == "other programs use 90% of the processors"


@pytest.mark.parametrize(
    ("hours", "yields", "renders"),
    [
        ("09:00-18:00", (540, 1079), (539, 1080)),
        ("22:00-6:30", (1320, 0, 389), (390, NOON)),
        ("0:00-24:00", (0, 1439), ()),
    ],
)
def test_by_the_time_of_day(hours: str, yields: tuple[int, ...], renders: tuple[int, ...]) -> None:
    manners = Manners.parse(None, hours)
    assert all(manners.why(minute, 0.0) for minute in yields)
    assert not any(manners.why(minute, 0.0) for minute in renders)


@pytest.mark.parametrize(
    ("load", "hours"),
    [(0.0, None), (1.5, None), (None, "9-18"), (None, "25:00-26:00"), (None, "09:00-09:00"), (None, "")],
)
def test_what_is_no_share_and_no_hours(load: float | None, hours: str | None) -> None:
    with pytest.raises(LrnapError, match="--yield-"):
        Manners.parse(load, hours)


def test_it_comes_back_only_after_a_while_of_quiet() -> None:
    courtesy = Courtesy(Manners(load=0.5))
    courtesy.look(NOON, 0.9, now=0.0)
    assert courtesy.why
    courtesy.look(NOON, 0.1, now=10.0)
    courtesy.look(NOON, 0.8, now=10.0 + QUIET_SECONDS)
    courtesy.look(NOON, 0.1, now=20.0 + QUIET_SECONDS)
    assert courtesy.why  # a burst began it anew
    courtesy.look(NOON, 0.1, now=20.0 + 2 * QUIET_SECONDS)
    assert not courtesy.why


def test_a_word_is_stronger_than_load_and_hours() -> None:
    courtesy = Courtesy(Manners(load=0.5))
    courtesy.say("ON")
    courtesy.look(NOON, 0.0, now=0.0)
    assert courtesy.why == "somebody said so"
    courtesy.say("off")
    courtesy.look(NOON, 1.0, now=1.0)
    assert not courtesy.why
    with pytest.raises(LrnapError, match="on, off or auto"):
        courtesy.say("maybe")


def test_what_renders_is_paused_and_goes_on_and_what_somebody_paused_stays(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        watching = node.do(lambda: node.loop.create_task(attend(node.node, pause=0.01)))
        talk.all('API_LuxParse "scene.lxs" "one"', "API_Render")
        talk.until("CTL_STATUS", "R_STATUS RENDERING")
        assert talk.ask("CTL_SET yield on") == "R_OK"
        assert 'YIELDS "somebody said so"' in talk.until("CTL_STATUS", "R_STATUS PAUSED")
        assert talk.ask("CTL_GET yield") == "R_OK YIELD = on"
        assert talk.ask("CTL_RESUME") == "R_OK"
        talk.until("CTL_STATUS", "R_STATUS RENDERING")  # its user insists
        assert talk.ask("CTL_SET yield off") == "R_OK"
        talk.until("CTL_STATUS", "R_STATUS RENDERING(?!.*YIELDS)")
        assert talk.ask("CTL_SET yield on") == "R_OK"
        talk.until("CTL_STATUS", "R_STATUS PAUSED")
        assert talk.ask("CTL_SET yield auto") == "R_OK"
        talk.until("CTL_STATUS", "R_STATUS RENDERING")
        assert talk.ask("CTL_PAUSE") == "R_OK"
        talk.all("CTL_SET yield on", "CTL_SET yield off")
        assert talk.ask("CTL_STATUS").startswith("R_STATUS PAUSED")
        assert talk.ask("CTL_SET yield never").startswith("R_ERROR CODE = E_ARGS")
        node.do(watching.cancel)


def test_the_time_of_engines_is_not_that_of_others() -> None:
    before = _Times(busy=100.0, total=1000.0, engines={1: 50.0, 2: 20.0})
    now = _Times(busy=108.0, total=1010.0, engines={1: 53.0, 3: 1.0})  # 2 is over, 3 is new
    assert now.others_since(before) == pytest.approx(0.4)
    assert before.others_since(before) == 0.0


def test_engines_are_found_among_the_processes_of_the_machine() -> None:
    busy = "import time\nprint('here', flush=True)\nwhile True: time.sleep(0)"
    engine = subprocess.Popen([sys.executable, "-c", busy, "lrnap.engine.child"], stdout=subprocess.PIPE)
    try:
        assert engine.stdout is not None
        engine.stdout.readline()
        known = _Times.now()
        assert engine.pid in known.engines
        assert known.total > known.busy > 0
        assert 0 <= OtherPrograms().share() <= 1
    finally:
        engine.kill()
        engine.communicate()

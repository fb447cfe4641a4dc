"""What LuxCore renders on: choices, what there is, and what cannot be. No graphics processor is needed."""

from __future__ import annotations

import asyncio
import sys

import pytest

from lrnap.engine import devices
from lrnap.engine.devices import CHOICES, Device, Hardware, ask, check_choice, here
from lrnap.engine.luxcore.choice import chosen
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions, RunState, RunStatus
from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

CARD = Device("Some Card", "CUDA_GPU")
SLOW = Device("Some Processor", "OPENCL_CPU")
PATHS = {"renderengine.type": ["PATHCPU"], "path.pathdepth.total": [7], "path.pathdepth.diffuse": [7]}
BOTH_ENDS = {"renderengine.type": ["BIDIRCPU"], "path.maxdepth": [5], "light.maxdepth": [6]}


@pytest.mark.parametrize(
    ("choice", "there", "paths", "both_ends"),
    [
        ("auto", (), "PATHCPU", "BIDIRCPU"),
        ("auto", (SLOW,), "PATHCPU", "BIDIRCPU"),
        ("auto", (SLOW, CARD), "PATHOCL", "BIDIRCPU"),
        ("AUTO", (CARD,), "PATHOCL", "BIDIRCPU"),
        ("cpu", (CARD,), "PATHCPU", "BIDIRCPU"),
        ("gpu", (CARD,), "PATHOCL", "graphics processors trace paths only"),
        ("pathcpu", (CARD,), "PATHCPU", "PATHCPU"),
        ("pathocl", (CARD,), "PATHOCL", "PATHOCL"),
        ("bidircpu", (), "BIDIRCPU", "BIDIRCPU"),
    ],
)
def test_the_scene_chooses_the_integrator_and_the_choice_the_device(choice, there, paths, both_ends):
    hardware = Hardware(choice, there)
    assert chosen(PATHS, hardware)["renderengine.type"] == [paths]
    if both_ends.isupper():
        assert chosen(BOTH_ENDS, hardware)["renderengine.type"] == [both_ends]
    else:
        with pytest.raises(SceneError, match=both_ends):
            chosen(BOTH_ENDS, hardware)


def test_another_engine_keeps_the_depths_of_the_scene():
    bidirectional = chosen(PATHS, Hardware("bidircpu"))
    assert (bidirectional["path.maxdepth"], bidirectional["light.maxdepth"]) == ([7], [7])
    paths = chosen(BOTH_ENDS, Hardware("pathcpu"))
    assert {paths[f"path.pathdepth.{kind}"][0] for kind in ("total", "diffuse", "glossy", "specular")} == {5}
    assert paths["path.russianroulette.depth"][0] > bidirectional["path.russianroulette.depth"][0]


@pytest.mark.parametrize(
    ("choice", "message"), [("pathopencl", "did you mean 'pathocl'"), ("", "choose auto, cpu, gpu, pathcpu")]
)
def test_an_unknown_engine_is_refused_with_what_there_is(choice, message):
    with pytest.raises(LrnapError, match=message) as error:
        check_choice(choice)
    assert error.value.code is Code.ARGS


@pytest.mark.parametrize("choice", ["gpu", "pathocl"])
def test_a_graphics_processor_that_is_not_there_is_refused(choice, monkeypatch):
    monkeypatch.setattr(devices, "found", lambda: (SLOW,))
    with pytest.raises(LrnapError, match=r"needs a graphics processor .* `lrnap doctor` lists devices") as error:
        here(choice)
    assert error.value.code is Code.UNSUPPORTED
    monkeypatch.setattr(devices, "found", lambda: (CARD,))
    assert here(choice).device == "Some Card"


def test_who_wants_the_processor_asks_no_driver(monkeypatch):
    monkeypatch.setattr(devices, "found", lambda: pytest.fail("asked"))
    assert {here(choice).device for choice in ("cpu", "pathcpu", "bidircpu")} == {"CPU"}


def test_the_machine_is_asked_once_and_only_where_there_is_a_sign_of_a_device(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(devices, "ask", lambda: asked.append(1) or (CARD,))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "_SIGNS", (str(tmp_path), str(tmp_path / "gone")))
    devices.found.cache_clear()
    assert devices.found() == ()  # an empty folder is no sign
    (tmp_path / "nvidia.icd").touch()
    devices.found.cache_clear()
    assert (devices.found(), devices.found(), asked) == ((CARD,), (CARD,), [1])
    devices.found.cache_clear()


@pytest.mark.parametrize(
    "program",
    ["import os; os.abort()", "while True: pass", "print('no json')", "print('[]')", "raise ImportError"],
)
def test_drivers_that_crash_hang_or_talk_nonsense_leave_the_processor(program, monkeypatch):
    monkeypatch.setattr(devices, "_ASK", program)
    assert ask(seconds=1.0) == ()


def test_the_engine_says_what_devices_there_are():
    assert all(isinstance(device, Device) for device in ask())


SCENE = """Film "fleximage" "integer xresolution" [16] "integer yresolution" [12] "integer haltspp" [4]
SurfaceIntegrator "{}" WorldBegin LightSource "infinite" Shape "sphere" WorldEnd"""


async def rendered(integrator: str, hardware: Hardware) -> tuple[RunStatus, str]:
    """How a run ends, and what it warns of."""
    scene = Scene("s", tuple(read_bytes(SCENE.format(integrator).encode())))
    run = await ProcessEngine("luxcore", hardware).start(scene, RunOptions("r", 1, halt=Halt(spp=4)))
    try:
        async for status in run.events():
            last = status
        return last, " ".join(run.warnings())
    finally:
        await run.close()


def test_a_graphics_processor_that_fails_to_start_leaves_the_work_to_the_processor_with_a_warning():
    """There is none, whatever the list says: LuxCore cannot start on it."""
    status, warnings = asyncio.run(rendered("path", Hardware("auto", (CARD,))))
    assert status.state is RunState.DONE
    assert "PATHCPU" in status.engine
    assert "Some Card cannot be used, and the processor renders" in warnings


def test_one_that_was_asked_for_by_name_fails_instead():
    status, _ = asyncio.run(rendered("path", Hardware("pathocl", (CARD,))))
    assert status.state is RunState.FAILED
    assert "LuxCore" in status.error.message


def test_the_scene_says_path_and_the_choice_says_bidirectional():
    status, _ = asyncio.run(rendered("path", Hardware("bidircpu")))
    assert status.state is RunState.DONE
    assert "BIDIRCPU" in status.engine


def test_every_choice_is_known():
    assert [check_choice(choice, (CARD,)) for choice in CHOICES] == [*CHOICES]

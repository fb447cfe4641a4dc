"""Every control call of the Lux API, in every mode and typed: whatever the call table lists means something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nodes import PATIENCE, SCENE, SIZE, Served, StillEngine, StillRun, Talk, serving

import lrnap
from lrnap.client.arguments import name_of
from lrnap.client.context import Context
from lrnap.control.meanings import DESCRIBING, MEANINGS
from lrnap.engine.protocol import RunOptions
from lrnap.errors import Code, LrnapError
from lrnap.film import output
from lrnap.film.snapshot import FilmLayout, Snapshot
from lrnap.lux import call_table_control
from lrnap.lux.calls import CALLS
from lrnap.lux.scene import Scene

PIXELS = SIZE[0] * SIZE[1]
LAYOUT = FilmLayout(*SIZE)
FLM = output.encode("flm", Snapshot("saved", 1, 1, LAYOUT, np.ones(LAYOUT.floats, np.float32), samples=PIXELS))
FILE = "saved.flm"

# Arguments with which each call can be made while something renders. A call without any needs no row.
ARGS: dict[str, tuple[Any, ...]] = {
    "StartRenderingAfterParse": (True,),
    "SetHaltSamplesPerPixel": (100, False, False),
    "GetHistogramImage": (100, 50, 1),
    "SetUserSamplingMap": ([1.0] * PIXELS,),
    "SaveEXR": ("picture.exr", True, False, 2, False),
    "LoadFLM": (FILE,),
    "SaveFLM": ("film.flm",),
    "LoadFLMFromStream": (FLM, "film"),
    "UpdateFLMFromStream": (FLM,),
    "OverrideResumeFLM": ("old.flm",),
    "OverrideFilename": ("new.png",),
    "SetParameterValue": ("LUX_FILM", "LUX_FILM_TORGB_GAMMA", 1.8),
    "GetParameterValue": ("LUX_FILM", "TM_TONEMAPKERNEL"),
    "GetDefaultParameterValue": ("0", "54"),
    "SetStringParameterValue": ("LUX_FILM", "CAMERA_RESPONSE_FILE", ""),
    "GetStringParameterValue": ("LUX_FILM", "CAMERA_RESPONSE_FILE"),
    "GetDefaultStringParameterValue": ("LUX_FILM", "GLARE_PUPIL"),
    "HasObject": ("film",),
    "SetAttribute": ("film", "haltTime", "600"),
    "SetStringAttribute": ("film", "filename", "better"),
    "SetFloatAttribute": ("film", "LinearGamma", 1.5),
    "SetDoubleAttribute": ("film", "ReinhardBurn", 5.0),
    "SetIntAttribute": ("film", "TonemapKernel", 1),
    "SetBoolAttribute": ("film", "write_PNG", False),
    "GetStringAttribute": ("film", "filename"),
    "GetStringAttributeDefault": ("film", "filename"),
    "GetBoolAttribute": ("film", "enoughSamples"),
    "GetBoolAttributeDefault": ("film", "write_PNG"),
    "Statistics": ("sceneIsReady",),
    "PrintableStatistics": (True,),
    "MagnitudeReduce": (1500.0,),
    "MagnitudePrefix": (1500.0,),
    "AddServer": ("127.0.0.1:1",),
    "RemoveServer": ("127.0.0.1:1",),
    "ResetServer": ("127.0.0.1:1", ""),
    "SetNetworkServerUpdateInterval": (30,),
    "ErrorFilter": (1,),
    "ErrorHandler": ("ignore",),
    "ErrorAbort": (0, 0, "no more than information"),
    "ErrorIgnore": (23, 2, "ignored"),
    "ErrorPrint": (23, 1, "printed"),
}
ATTRIBUTE = ("film", "haltSamplesPerPixel")  # for the calls that ask about one

ROWS = [spec for spec in call_table_control.ROWS if spec.name in MEANINGS]
REFUSED = {  # in a mode, and what says why
    "local": {"LoadFLM": Code.STATE, "LoadFLMFromStream": Code.STATE, "RemoveServer": Code.NOT_FOUND},
    "file": dict.fromkeys(
        ("SaveEXR", "LoadFLM", "SaveFLM", "SaveFLMToStream", "LoadFLMFromStream", "UpdateFLMFromStream"), Code.STATE
    )
    | {"SetUserSamplingMap": Code.STATE},
}
REFUSED["local"]["ResetServer"] = Code.UNAVAILABLE
REFUSED["remote"] = REFUSED["local"]
ON_A_NODE = dict.fromkeys(
    ("AddServer", "RemoveServer", "ResetServer", "SetNetworkServerUpdateInterval"), Code.UNSUPPORTED
)


class SeenRun(StillRun):
    """It says that it has samples, so that its film is fetched."""

    def __init__(self, options: RunOptions, size: tuple[int, int], groups: tuple[str, ...]) -> None:
        super().__init__(options, size, groups)
        self._status = replace(self._status, samples=float(PIXELS), spp=1.0, seconds=2.0, samples_per_second=384.0)


class SeenEngine(StillEngine):
    async def start(self, scene: Scene, options: RunOptions) -> StillRun:
        self.scenes.append(scene)
        self.runs.append(SeenRun(options, self.size, self.groups))
        return self.runs[-1]


def args_of(name: str) -> tuple[Any, ...]:
    spec = CALLS[name]
    if name in ARGS:
        return ARGS[name]
    return ATTRIBUTE if "Attribute" in name and len(spec.args) == 2 else ()


def until(happened: Callable[[], Any]) -> None:
    for _ in range(PATIENCE * 100):
        if happened():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never happened")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, SeenEngine()) as served:
        served.write("scene.lxs")
        (served.root / FILE).write_bytes(FLM)
        yield served


@pytest.fixture
def context(mode: str, node: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """One that renders, or has written its scene."""
    monkeypatch.chdir(node.root)
    targets: dict[str, Any] = {"local": SeenEngine(), "remote": node.address.url, "file": str(tmp_path / "out.lxs")}
    with lrnap.Context(targets[mode], on_warning=lambda _: None) as lux:
        lux.parse(node.root / "scene.lxs")
        if mode != "file":
            lux.render()
            until(lambda: lux.statistics("samplesPx") and lux.getParameterValue("LUX_FILM", "LG_COUNT"))
        yield lux


def test_every_control_call_has_a_meaning() -> None:
    of_scenes = {"SetEpsilon", "EnableDebugMode", "DisableRandomMode"}
    assert {row.name for row in call_table_control.ROWS} == set(MEANINGS) | DESCRIBING | of_scenes
    assert ARGS.keys() <= set(MEANINGS)


@pytest.mark.parametrize("mode", ["local", "remote", "file"])
@pytest.mark.parametrize("name", [spec.name for spec in ROWS])
def test_every_call_answers_in_every_mode(context: Context, mode: str, name: str) -> None:
    if name == "Wait" and mode != "file":
        context.exit()  # nothing else would end it
    method = getattr(context, name_of(CALLS[name]))
    refusal = REFUSED[mode].get(name)
    if refusal is not None:
        with pytest.raises(LrnapError) as caught:
            method(*args_of(name))
        assert caught.value.code is refusal, caught.value
    else:
        result = method(*args_of(name))
        assert (result is None) is (CALLS[name].returns == ""), (name, result)


@pytest.mark.parametrize("name", [spec.name for spec in ROWS])
def test_every_call_answers_when_it_is_typed(node: Served, name: str) -> None:
    with node.talk() as talk:
        assert talk.all('API_LuxParse "scene.lxs" "job"', "API_Render") == ["R_OK", "R_OK"]
        talk.data("API_DumpFilmBuffer")
        if name == "Wait":
            talk.ask("CTL_STOP")
        reply = typed(talk, name, args_of(name))
        refusal = ON_A_NODE.get(name)
        if refusal is not None:
            assert reply.startswith(f"R_ERROR CODE = {refusal.wire_name} "), reply
        else:
            assert reply.startswith("R_OK"), reply
            read_what_follows(talk, reply)
            expected = CALLS[name].returns
            assert (" VALUE = " in reply or " LENGTH = " in reply or " LINES = " in reply) or not expected
        assert talk.ask("CTL_PING 7") == "R_OK 7"


def typed(talk: Talk, name: str, args: tuple[Any, ...]) -> str:
    words, payloads = [], []
    for arg in args:
        if isinstance(arg, bytes):
            words.append(f"{{{len(arg)}}}")
            payloads.append(arg)
        elif isinstance(arg, list):
            words.append("[" + " ".join(map(str, arg)) + "]")
        else:
            words.append(f'"{arg}"' if isinstance(arg, str) else str(arg).lower())
    reply = talk.ask(" ".join([f"API_Lux{name}", *words]))
    for payload in payloads:
        assert reply == "R_CONT"
        talk.raw(payload + b"\r\n")
        reply = talk.line()
    return reply


def read_what_follows(talk: Talk, reply: str) -> None:
    for key, read in (("LINES", talk.lines), ("LENGTH", talk.bytes)):
        if f" {key} = " in reply:
            count = int(reply.split(f" {key} = ")[1].split()[0])
            assert len(read(count)) == count


# --- what they answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["local", "remote"])
def test_framebuffers_have_the_films_size(context: Context) -> None:
    width, height = SIZE
    context.updateFramebuffer()
    assert context.framebuffer().shape == (height, width, 3)
    assert context.framebuffer().dtype == np.uint8
    assert context.floatFramebuffer().shape == (height, width, 3)
    assert context.alphaBuffer().shape == (height, width)
    assert context.zBuffer().size == 0  # the scene does not ask for it
    assert context.blenderCombinedDepthBuffers()[0].shape == (height, width, 4)


@pytest.mark.parametrize("mode", ["file"])
def test_a_scene_file_answers_so_that_loops_end(context: Context) -> None:
    assert context.statistics("sceneIsReady") == context.statistics("terminated") == 1
    assert context.statistics("enoughSamples") == 1
    assert context.framebuffer().size == context.floatFramebuffer().size == 0
    assert context.statistics("samplesPx") == 0
    context.wait()


def test_what_belongs_into_a_scene_is_written_into_it(tmp_path: Path) -> None:
    scenes = []
    for target in (str(tmp_path / "out.lxs"), SeenEngine()):
        with lrnap.Context(target, on_warning=lambda _: None) as lux:
            lux.overrideFilename("folder/mine.png")
            lux.film("fleximage", {"integer xresolution": 32, "string filename": "theirs"})
            lux.setHaltSamplesPerPixel(64, False, False)
            lux.setAttribute("film", "write_EXR", True)
            lux.worldBegin()
            lux.worldEnd()
            scenes.append(lux.scene.calls)
    assert scenes[0] == scenes[1]
    text = (tmp_path / "out.lxs").read_text()
    last = text[text.rindex("Film") :]
    assert '"string filename" ["folder/mine"]' in last
    assert '"integer haltspp" [64]' in last
    assert '"bool write_exr" ["true"]' in last
    assert '"integer xresolution" [32]' in last


def test_what_cannot_stand_in_a_scene_file_is_warned_of(tmp_path: Path) -> None:
    told: list[str] = []
    with lrnap.Context(str(tmp_path / "out.lxs"), on_warning=told.append) as lux:
        lux.setEpsilon(1e-4, 1e-1)
        lux.worldBegin()
        lux.worldEnd()
        lux.setHaltSamplesPerPixel(64, False, False)
        lux.addThread()
    assert [text for text in told if "SetEpsilon has no statement" in text]
    assert [text for text in told if "a halt condition" in text]
    assert [text for text in told if "a number of threads" in text]


@pytest.mark.parametrize("mode", ["local", "remote"])
def test_parameters_by_name_and_number_are_the_same(context: Context) -> None:
    context.setParameterValue("LUX_FILM", "LUX_FILM_TORGB_GAMMA", 1.5)
    assert context.getParameterValue("0", "17") == 1.5
    assert context.getAttribute("film", "Gamma") == 1.5
    assert context.getDefaultParameterValue("LUX_FILM", "TORGB_GAMMA") == 2.2
    context.setParameterValue("LUX_FILM", "TM_TONEMAPKERNEL", 1)
    assert context.getAttribute("film", "TonemapKernel") == 1
    context.setParameterValue("LUX_FILM", "LG_SCALE_BLUE", 0.25, 0)
    assert context.getParameterValue("LUX_FILM", "55", 0) == 0.25
    assert context.getParameterValue("LUX_FILM", "LG_SCALE_GREEN", 0) == 1
    assert context.getStringParameterValue("LUX_FILM", "LG_NAME", 0) == "default"


@pytest.mark.parametrize("mode", ["local"])
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda lux: lux.setParameterValue("LUX_FILM", "TORGB_GAMA", 1.0), "TORGB_GAMMA"),
        (lambda lux: lux.setParameterValue("LUX_FILM", "TORGB_GAMMA", -1.0), "gamma"),
        (lambda lux: lux.setParameterValue("LUX_FILM", "NOISE_CHIU_ENABLED", 1.0), "not available"),
        (lambda lux: lux.setParameterValue("LUX_FILM", "LG_SCALE", 1.0, 7), "no light group 7"),
        (lambda lux: lux.setParameterValue("LUX_CAMERA", "0", 1.0), "only one"),
        (lambda lux: lux.setParameterValue("LUX_FILM", "TM_TONEMAPKERNEL", 17.0), "0 reinhard"),
        (lambda lux: lux.getParameterValue("LUX_FILM", "LG_NAME", 0), "is a text"),
        (lambda lux: lux.getAttribute("film", "haltSamplesPerPixl"), "haltSamplesPerPixel"),
        (lambda lux: lux.getAttribute("flim", "EV"), "film"),
        (lambda lux: lux.setAttribute("film", "EV", "3"), "only be read"),
        (lambda lux: lux.setAttribute("film", "haltTime", "soon"), "whole number"),
        (lambda lux: lux.getHistogramImage(10, 10, 1), "50 to"),
        (lambda lux: lux.saveEXR("a.exr", True, False, 9, False), "no compression 9"),
        (lambda lux: lux.setUserSamplingMap([1.0, 2.0]), "a number for each pixel"),
        (lambda lux: lux.updateFLMFromStream(b"nothing of the kind"), "film"),
        (lambda lux: lux.errorFilter(7), "no severity 7"),
        (lambda lux: lux.addServer("::not an address::"), "no address"),
        (lambda lux: lux.setHaltSamplesPerPixel("many", False, False), "spp cannot be"),
    ],
)
def test_what_can_be_said_wrongly(context: Context, wrong: Callable[[Any], object], says: str) -> None:
    with pytest.raises(LrnapError, match=says):
        wrong(context)
    assert context.statistics("terminated") == 0


@pytest.mark.parametrize("mode", ["local"])
def test_a_handler_is_told_of_errors_with_their_classic_numbers(context: Context) -> None:
    told: list[tuple[int, int, str]] = []
    context.errorHandler(lambda *what: told.append(what))
    with pytest.raises(LrnapError):
        context.getAttribute("film", "nothing")
    with pytest.raises(LrnapError):
        context.worldBegin()
    assert [what[:2] for what in told] == [(3, 2), (43, 2)]
    assert context.lastError() == 43
    context.errorFilter(3)
    with pytest.raises(LrnapError):
        context.getAttribute("film", "nothing")
    assert len(told) == 2


@pytest.mark.parametrize("mode", ["local", "remote"])
def test_suspending_pauses_and_a_higher_halt_goes_on(context: Context) -> None:
    context.setHaltSamplesPerPixel(1, False, True)
    until(lambda: context.statistics("enoughSamples"))
    assert context.statistics("terminated") == 0
    context.setHaltSamplesPerPixel(1, True, True)
    context.setHaltSamplesPerPixel(0, False, False)
    context.exit()
    context.wait()
    assert context.statistics("terminated") == 1


@pytest.mark.parametrize("mode", ["local", "remote"])
def test_a_film_that_is_saved_is_loaded_again(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "kept.flm"
    context.saveFLM(str(path))
    context.exit()
    context.loadFLM(str(path))
    assert context.statistics("filmIsReady") == 1
    assert context.framebuffer().shape == (SIZE[1], SIZE[0], 3)
    context.cleanup()
    assert context.framebuffer().size == 0


def test_a_node_joins_a_render_and_leaves_it(node: Served, tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SCENE)
    with lrnap.Context(SeenEngine()) as lux:
        lux.parse(tmp_path / "scene.lxs")
        job = lux.render()
        assert lux.getServerCount() == 0
        lux.addServer(str(node.address))
        until(lambda: len(job._job.film.runs if job._job.film else ()) == 2)
        assert lux.getServerCount() == 1
        assert str(node.address) in lux.getRenderingServersStatus()
        with pytest.raises(LrnapError, match="already"):
            lux.addServer(str(node.address))
        lux.updateFilmFromNetwork()
        lux.removeServer(str(node.address))
        assert lux.getServerCount() == 0
        assert len(job.film.run) and len(job._job.film.runs) == 2  # what it has rendered stays counted
        assert lux.statistics("terminated") == 0
        with pytest.raises(LrnapError, match="does not render"):
            lux.removeServer(str(node.address))
        lux.exit()

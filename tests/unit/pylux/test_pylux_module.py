"""The module as exporters know it: names, forms of calls, who is told what, pictures as lists."""

from __future__ import annotations

import gc
import inspect
import pydoc
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lrnap
import lrnap.pylux as pylux
from lrnap.client.arguments import name_of
from lrnap.engine.process import ProcessEngine
from lrnap.lux.calls import CALLS
from lrnap.pylux import reporting
from lrnap.pylux.buffers import Frame

Told = list[tuple[int, int, str]]


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an exporter leaves what its Film does not name."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """What the error handler of this test is told; this machine renders with the fake engine."""
    monkeypatch.setattr("lrnap.pylux.session.ProcessEngine", lambda: ProcessEngine("fake"))
    found: Told = []
    handler, filter = reporting._now.handler, reporting._now.filter
    pylux.errorHandler(lambda code, severity, message: found.append((code, severity, message)))
    yield found
    reporting._now.handler, reporting._now.filter = handler, filter


def small(ctx: pylux.Context, **film: object) -> None:
    given = [("integer xresolution", 32), ("integer yresolution", 24), ("bool write_png", False), *film.items()]
    ctx.film("fleximage", [(name.replace("__", " "), value) for name, value in given])
    ctx.worldBegin()
    ctx.lightSource("point", [("color L", (5, 5, 5))])


def calls(ctx: pylux.Context) -> list[str]:
    return [call.name for call in ctx._pylux_session.lux.scene.calls]


# --- names --------------------------------------------------------------------------------------------------------


def test_every_call_of_pylux_is_a_method() -> None:
    for spec in CALLS.values():
        if spec.pylux and spec.name not in (
            "Version",
            "ErrorHandler",
            "ErrorFilter",
            "MagnitudeReduce",
            "MagnitudePrefix",
        ):
            assert getattr(pylux.Context, name_of(spec)).__doc__, spec.name
    assert "shape(self, /, type, ParamSet=()" in pydoc.plain(pydoc.render_doc(pylux.Context.shape))


def test_the_enumerations_are_numbers_with_names() -> None:
    assert pylux.ComponentParameters.LUX_FILM_TM_TONEMAPKERNEL == 0
    assert pylux.ComponentParameters.LUX_FILM_LG_SCALE_GREEN == pylux.LUX_FILM_LG_SCALE_GREEN == 56
    assert (pylux.ErrorSeverity.LUX_DEBUG, pylux.ErrorSeverity.LUX_SEVERE) == (-1, 3)
    assert pylux.Component.LUX_FILM == pylux.LUX_FILM == 0
    assert pylux.FlexImageFilm.TonemapKernels.MaxWhite == 3
    assert pylux.version() > "0.8"  # exporters compare texts


def test_plugins_can_be_listed() -> None:
    assert {"matte", "glass2", "cloth"} <= set(pylux.Dynload.registeredMaterials())
    assert "checkerboard" in pylux.Dynload.registeredFloatTextures()
    assert "sopra" in pylux.Dynload.registeredFresnelTextures()
    assert "sopra" not in pylux.Dynload.registeredFloatTextures()
    lists = [member for name, member in vars(pylux.Dynload).items() if name.startswith("registered")]
    assert len(lists) == 19
    assert all(isinstance(listed(), list) for listed in lists)


# --- calls --------------------------------------------------------------------------------------------------------


def test_calls_may_have_names_for_their_arguments(told: Told) -> None:
    ctx = pylux.Context("named")
    ctx.rotate(degrees=90, x=0, y=0, z=1)
    ctx.camera(type="perspective", ParamSet=[("float fov", 40)])
    ctx.worldBegin()
    ctx.texture(name="t", variant="float", type="constant", ParamSet=[])
    ctx.shape("sphere")
    assert told == []
    assert repr(ctx) == "<pylux.Context named>"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ctx: ctx.translate(1, 2),
        lambda ctx: ctx.identity(1),
        lambda ctx: ctx.translate("a", 0, 0),
        lambda ctx: ctx.shape(7, []),
        lambda ctx: ctx.shape("sphere", 7),
        lambda ctx: ctx.transform([1.0, 2.0]),
        lambda ctx: ctx.statistics(stat="sceneIsReady"),
    ],
)
def test_a_call_of_the_wrong_form_raises(told: Told, wrong) -> None:
    with pytest.raises(TypeError):
        wrong(pylux.Context("wrong"))
    assert told == []


def test_what_is_wrong_is_told_with_its_line_and_changes_nothing(told: Told) -> None:
    ctx = pylux.Context("mistakes")
    ctx.worldBegin()
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    assert ctx.shape("shpere", []) is None
    assert ctx.attributeEnd() is None
    assert [(code, severity) for code, severity, _ in told] == [(43, 2), (43, 2)]
    assert told[0][2].startswith(f"{__file__}:{line}:")
    assert "did you mean 'sphere'" in told[0][2]
    ctx.shape("sphere", [])
    ctx._pylux_session.lux.worldEnd()
    assert calls(ctx) == ["WorldBegin", "Shape", "WorldEnd"]


def test_a_wrong_parameter_is_told_and_left_out(told: Told) -> None:
    ctx = pylux.Context("mistakes")
    ctx.worldBegin()
    ctx.shape(
        "sphere", [("flaot zmin", 1), ("float radius", 2.0), ("float zmax", "high"), "float zmin", ("float phimax",)]
    )
    assert len(told) == 4
    ctx._pylux_session.lux.worldEnd()
    [_, sphere, _] = ctx._pylux_session.lux.scene.calls
    assert [param.name for param in sphere.params] == ["radius"]


def test_lengths_of_lists_mean_nothing_and_numbers_are_truth_values(told: Told) -> None:
    ctx = pylux.Context("c")
    ctx.film("fleximage", [("bool write_exr", 1), ("bool write_png", False)])
    ctx.worldBegin()
    mesh = [
        ("integer nvertices", 3),
        ("integer ntris", 3),
        ("point P", [0, 0, 0, 1, 0, 0, 0, 1, 0]),
        ("integer indices", [0, 1, 2]),
    ]
    ctx.shape("trianglemesh", mesh)
    assert told == []


def test_the_filter_keeps_what_is_less_severe_from_the_handler(told: Told) -> None:
    pylux.errorFilter(pylux.ErrorSeverity.LUX_ERROR)
    ctx = pylux.Context("filtered")
    ctx.worldBegin()
    ctx.shape("sphere", [("float radios", 1.0)])  # a warning
    assert told == []
    pylux.errorFilter(pylux.LUX_INFO)
    ctx.shape("sphere", [("float radios", 1.0)])
    assert [severity for _, severity, _ in told] == [1]
    with pytest.raises(TypeError):
        pylux.errorHandler("print")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        pylux.errorFilter(9)


def test_without_a_handler_errors_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    reporting.to_stderr(43, 2, "there is no such thing")
    assert capsys.readouterr().err.endswith(" ERROR : 43] there is no such thing\n")


def test_a_mode_without_its_host_is_said_where_the_context_is_made() -> None:
    before = lrnap.LuxApiMode(lrnap.TCP_LRNAP)
    host = lrnap.LuxApiLRNAPHost(None)
    try:
        with pytest.raises(lrnap.LrnapError, match="LuxApiLRNAPHost"):
            pylux.Context("nowhere")
    finally:
        lrnap.LuxApiMode(before)
        lrnap.LuxApiLRNAPHost(host)


# --- rendering ----------------------------------------------------------------------------------------------------


def test_nothing_is_asked_of_a_context_that_is_new(told: Told) -> None:
    ctx = pylux.Context("new")
    ctx.exit()
    ctx.wait()
    ctx.updateFramebuffer()
    assert (ctx.framebuffer(), ctx.zBuffer(), ctx.getRenderingServersStatus()) == ([], [], ())
    assert (ctx.statistics("sceneIsReady"), ctx.statistics("terminated")) == (0.0, 0.0)
    assert ctx.getAttribute("film", "nosuch") is ctx.getAttribute("nosuch", "film") is None
    ctx.cleanup()
    assert told == []
    ctx.pause()
    assert [code for code, *_ in told] == [28]


def test_a_file_that_is_parsed_renders_and_cleanup_makes_room_for_another(
    told: Told, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film = '"integer xresolution" [32] "integer yresolution" [24] "integer haltspp" [4]'
    Path("scene.lxs").write_text(f'Film "fleximage" {film} "string filename" ["out"] WorldBegin WorldEnd')
    ctx = pylux.Context("parsed")
    assert ctx.parse("scene.lxs", False) is True
    assert ctx.statistics("terminated") == 1.0
    assert Path("out.png").is_file()
    Path("out.png").unlink()
    ctx.cleanup()
    assert ctx.parse("scene.lxs", True) is True
    ctx.wait()
    assert Path("out.png").is_file()
    assert ctx.parse("nosuch.lxs", False) is False
    assert ctx.parseSuccessful() is False
    assert [severity for _, severity, _ in told] == [2]


def test_a_film_is_kept_when_rendering_ends_and_its_files_are_written(told: Told, tmp_path: Path) -> None:
    ctx = pylux.Context("ended")
    small(ctx, string__filename=str(tmp_path / "kept"), bool__write_exr=True, bool__write_resume_flm=True)
    ctx.worldEnd()
    while not ctx.statistics("samplesPx"):
        threading.Event().wait(0.01)
    ctx.worldEnd()
    assert "a scene is rendering" in told.pop()[2]
    ctx.exit()
    ctx.wait()
    assert {path.name for path in tmp_path.iterdir()} == {"kept.exr", "kept.flm"}
    assert sum(ctx.framebuffer()) > 0
    ctx.saveEXR(str(tmp_path / "more.exr"), True, False, False)
    assert (tmp_path / "more.exr").is_file()
    ctx.cleanup()
    assert told == []


def test_a_film_that_is_loaded_has_its_own_size(told: Told, tmp_path: Path) -> None:
    ctx = pylux.Context("film")
    small(ctx, integer__haltspp=2)
    ctx.worldEnd()
    ctx.wait()
    ctx.saveFLM(str(tmp_path / "film.flm"))
    ctx.cleanup()
    ctx.loadFLM(str(tmp_path / "film.flm"))
    assert (ctx.statistics("filmIsReady"), ctx.statistics("sceneIsReady")) == (1.0, 0.0)
    assert (ctx.getAttribute("film", "xResolution"), ctx.getAttribute("film", "yResolution")) == (32, 24)
    assert len(ctx.framebuffer()) == 32 * 24 * 3
    ctx.cleanup()


def test_a_context_that_is_forgotten_ends_what_renders(told: Told) -> None:
    ctx = pylux.Context("forgotten")
    small(ctx)
    ctx.worldEnd()
    rendering = ctx._pylux_session._rendering
    del ctx
    gc.collect()
    assert rendering is not None
    rendering.join(60)
    assert not rendering.is_alive()


def test_programs_of_this_machine_may_render_on_a_server() -> None:
    server = pylux.RenderServer(1, "secret", 0)
    assert server.getServerState() == pylux.RenderServerState.UNSTARTED
    server.start()
    try:
        assert server.getServerState() == pylux.RenderServerState.READY
        assert server.getServerPass() == "secret"
        assert server.getServerPort() > 0
    finally:
        server.stop()
    server.join()
    assert server.getServerState() == pylux.RenderServerState.STOPPED


# --- pictures -----------------------------------------------------------------------------------------------------


def test_a_part_of_the_picture_stands_where_its_crop_window_is() -> None:
    part = np.arange(1, 5, dtype=np.uint8).reshape(2, 2, 1)
    whole = Frame(4, 4, (0.5, 1.0, 0.25, 0.75)).whole(part, 1)[..., 0]
    assert whole.tolist() == [[0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 3, 4], [0, 0, 0, 0]]
    upwards = Frame(4, 4, (0.5, 1.0, 0.0, 0.5)).whole(part, 1, upwards=True)[..., 0]
    assert upwards.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 3, 4]]


def test_before_there_is_a_film_it_is_black_and_far() -> None:
    none = np.zeros((0, 0), np.float32)
    assert Frame(2, 1).whole(none, 1, float("inf")).tolist() == [[[np.inf], [np.inf]]]
    assert Frame(1, 1).whole(np.zeros((0, 0, 3), np.uint8), 3).tolist() == [[[0, 0, 0]]]

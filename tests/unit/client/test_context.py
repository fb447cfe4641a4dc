"""Context: the same calls in three modes, checked at once."""

from __future__ import annotations

import gc
import pydoc
import subprocess
import sys
import threading

import numpy as np
import pytest

import lrnap
from lrnap.client.arguments import name_of
from lrnap.client.context import Context
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import RunState
from lrnap.errors import LrnapError, SceneError
from lrnap.lux import reader
from lrnap.lux.call import Call, Param
from lrnap.lux.calls import CALLS

MATRIX = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 2, 3, 4, 1]


def describe(lux, picture):
    """Some of everything, in every form that parameters may have."""
    lux.lookAt(0, -4, 1, 0, 0, 0, 0, 0, 1)
    lux.camera("perspective", [("float fov", 40)])
    lux.film("fleximage", {"integer xresolution": 32, "integer yresolution": 24, "string filename": "ball"})
    lux.worldBegin()
    lux.texture("wood", "color", "imagemap", [("string filename", str(picture))])
    lux.makeNamedMaterial("skin", {"string type": "matte", "texture Kd": "wood"})
    lux.attributeBegin()
    lux.lightSource("point", [("color L", (5, 5, 5)), ("point from", [0, -2, 2])])
    lux.attributeEnd()
    lux.transform(MATRIX)
    lux.concatTransform(*MATRIX)
    lux.namedMaterial("skin")
    lux.shape(
        "trianglemesh",
        [
            Param("integer", "indices", np.array([0, 1, 2], np.int32)),
            ("point P", np.array([[-1, 0, -1], [1, 0, -1], [0, 0, 1]], np.float64)),
        ],
    )
    lux.worldEnd()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "wood.png"
    path.write_bytes(b"not looked at here")
    return path


def test_the_three_modes_record_the_same_scene(tmp_path, picture):
    file = tmp_path / "out.lxs"
    scenes = []
    for target in (None, "lrnap://127.0.0.1:1", str(file)):
        with lrnap.Context(target) as lux:
            describe(lux, picture)
            scenes.append(lux.scene)
    assert scenes[0].calls == scenes[1].calls == scenes[2].calls
    with lrnap.Context() as lux:
        lux.parse(file)
        again = lux.scene
    assert [c.name for c in again.calls] == [c.name for c in scenes[0].calls]
    assert again.files == {"wood.png": str(picture)}
    named = [c for c in again.calls if c.name != "Texture"]
    assert named == [c for c in scenes[0].calls if c.name != "Texture"]


def test_a_wrong_call_raises_at_its_line_and_changes_nothing():
    with lrnap.Context() as lux:
        lux.worldBegin()
        with pytest.raises(lrnap.SceneError, match="sphere") as caught:
            lux.shape("shpere", [])
        assert caught.value.at.startswith(f"{__file__}:")
        with pytest.raises(lrnap.SceneError, match="AttributeEnd"):
            lux.attributeEnd()
        lux.shape("sphere", [("float radius", 1)])
        lux.worldEnd()
        assert [c.name for c in lux.scene.calls] == ["WorldBegin", "Shape", "WorldEnd"]


@pytest.mark.parametrize(
    "wrong, says",
    [
        (lambda lux: lux.lookAt(1, 2, 3), "LookAt <ex>"),
        (lambda lux: lux.translate("a", 0, 0), "dx cannot be 'a'"),
        (lambda lux: lux.camera(7), "plugin cannot be 7"),
        (lambda lux: lux.camera("perspective", [("fov", 3)]), "parameter type"),
        (lambda lux: lux.camera("perspective", [("float fov", "wide")]), "needs numbers"),
        (lambda lux: lux.camera("perspective", ["float fov"]), "a pair"),
        (lambda lux: lux.identity(1), "Identity"),
        (lambda lux: lux.transform([1, 2, 3]), "matrix cannot be"),
    ],
)
def test_what_python_can_get_wrong(wrong, says):
    with lrnap.Context() as lux, pytest.raises(lrnap.SceneError, match=says):
        wrong(lux)


def test_every_call_is_a_method_with_the_name_that_it_has_in_pylux():
    only_files_have = {"Include", "SearchPath"}
    for spec in CALLS.values():
        if spec.name not in only_files_have:
            assert getattr(Context, name_of(spec)).__doc__, spec.name
    named = {spec.pylux for spec in CALLS.values() if spec.pylux}
    assert {"worldBegin", "lookAt", "makeNamedMaterial", "setHaltSamplesPerPixel", "framebuffer"} <= named


def test_pylux_parameter_objects_work():
    class Item:
        type_name = "float fov"
        value = 33.0

    with lrnap.Context() as lux:
        lux.camera("perspective", [Item()])
        lux.worldBegin()
        lux.worldEnd()
        assert lux.scene.calls[0] == Call(
            "Camera", ("perspective",), (Param("float", "fov", np.array([33], np.float32)),)
        )


def test_parse_reads_a_file_with_its_assets(tmp_path, picture):
    scene = tmp_path / "a.lxs"
    (tmp_path / "part.lxm").write_text('Texture "w" "color" "imagemap" "string filename" ["wood.png"]\n')
    scene.write_text('WorldBegin\nInclude "part.lxm"\nWorldEnd\n')
    with lrnap.Context() as lux:
        lux.parse(scene)
        assert lux.scene.files == {"wood.png": str(picture)}
        assert lux.scene.name == "a"


def test_names_that_mean_two_files_are_told_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.png").write_bytes(folder.encode())
        part = tmp_path / folder / "part.lxm"
        part.write_text(f'Texture "{folder}" "color" "imagemap" "string filename" ["t.png"]\n')
    with lrnap.Context() as lux:
        lux.worldBegin()
        lux.parse(tmp_path / "a" / "part.lxm")
        lux.parse(tmp_path / "b" / "part.lxm")
        lux.worldEnd()
        scene = lux.scene
    meant = [scene.files[str(c.params[0].value[0])] for c in scene.calls if c.name == "Texture"]
    assert meant == [str(tmp_path / "a" / "t.png"), str(tmp_path / "b" / "t.png")]


def test_a_missing_file_is_said_at_the_call_that_names_it():
    with lrnap.Context() as lux:
        lux.worldBegin()
        with pytest.raises(lrnap.SceneError, match=r"no-such\.png") as caught:
            lux.texture("t", "color", "imagemap", [("string filename", "no-such.png")])
        assert caught.value.at.startswith(f"{__file__}:")


def test_a_converted_file_finds_its_assets_from_another_folder(tmp_path, picture):
    (tmp_path / "a.lxs").write_text(
        'WorldBegin\nTexture "w" "color" "imagemap" "string filename" ["wood.png"]\nWorldEnd\n'
    )
    elsewhere = tmp_path / "deep" / "out.lxs"
    elsewhere.parent.mkdir()
    with lrnap.Context(elsewhere) as lux:
        lux.parse(tmp_path / "a.lxs")
    with lrnap.Context() as lux:
        lux.parse(elsewhere)
        assert list(lux.scene.files.values()) == [str(picture)]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "out.lxs"
    file.write_text("# what was here\n")
    with pytest.raises(ZeroDivisionError), lrnap.Context(str(file)) as lux:
        lux.worldBegin()
        raise ZeroDivisionError
    assert file.read_text() == "# what was here\n"
    assert list(tmp_path.iterdir()) == [file]
    with lrnap.Context(str(file)) as lux:
        lux.worldBegin()
        lux.worldEnd()
        assert [c.name for c in reader.read(file)] == ["WorldBegin", "WorldEnd"]  # also before the context ends


def test_a_file_context_cannot_render(tmp_path):
    with lrnap.Context(str(tmp_path / "out.lxs")) as lux:
        lux.worldBegin()
        lux.worldEnd()
        with pytest.raises(lrnap.LrnapError, match="cannot render"):
            lux.render(spp=1)


def test_an_unfinished_scene_cannot_render():
    with lrnap.Context() as lux:
        lux.worldBegin()
        with pytest.raises(lrnap.SceneError, match="WorldEnd is missing"):
            lux.render(spp=1)


@pytest.mark.parametrize("target", ["nonsense", "scene.txt", "http://host", []])
def test_what_is_no_target(target):
    with pytest.raises(lrnap.LrnapError) as caught:
        lrnap.Context(target)
    assert caught.value.code is lrnap.Code.ARGS


def small(lux):
    lux.film("fleximage", {"integer xresolution": 32, "integer yresolution": 24, "string tonemapkernel": "linear"})
    lux.worldBegin()
    lux.lightSource("point", [("color L", (5, 5, 5))])
    lux.worldEnd()


def test_render_gives_a_job_that_can_be_waited_for(tmp_path):
    with lrnap.Context([ProcessEngine("fake"), ProcessEngine("fake")]) as lux:
        small(lux)
        job = lux.render(spp=20, name="twice")
        assert job.wait(60)
        assert job.state is RunState.DONE
        assert job.spp >= 20
        assert job.name == "twice"
        assert job.picture().shape == (24, 32, 4)
        job.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0
    assert job.film.spp >= 20  # also when the context is closed
    assert [p.state for p in job] == [RunState.DONE]
    assert job.wait()


def test_a_job_can_be_steered_from_outside_the_loop():
    with lrnap.Context(ProcessEngine("fake")) as lux:
        small(lux)
        job = lux.render()
        assert not job.wait(0.01)
        for progress in job:
            if progress.samples:
                break
        job.pause()
        job.resume()
        assert job.snapshot().spp > 0
        job.stop()
        assert job.state is RunState.STOPPED
        assert job.wait()


def test_a_job_that_fails_raises_where_it_is_waited_for():
    with lrnap.Context("lrnap://127.0.0.1:1") as lux:
        small(lux)
        job = lux.render(spp=1)
        with pytest.raises(lrnap.RemoteError, match="nothing listens"):
            job.wait(60)
        with pytest.raises(lrnap.RemoteError, match="nothing listens"):
            list(job)
        with pytest.raises(lrnap.RemoteError, match="nothing listens"):
            _ = job.film


def test_no_thread_is_left_behind():
    before = set(threading.enumerate())
    for _ in range(3):
        with lrnap.Context(ProcessEngine("fake")) as lux:
            small(lux)
            lux.render(spp=1e9)
    lux = lrnap.Context(ProcessEngine("fake"))
    small(lux)
    lux.render(spp=1e9)
    del lux
    gc.collect()
    assert {t for t in threading.enumerate() if t.name == "lrnap"} <= before


def test_a_script_that_forgets_to_close_ends_all_the_same():
    script = (
        "import lrnap\n"
        "from lrnap.engine.process import ProcessEngine\n"
        "lux = lrnap.Context(ProcessEngine('fake'))\n"
        "lux.worldBegin(); lux.worldEnd()\n"
        "job = lux.render()\n"
        "next(iter(job))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_lrnap_loads_neither_numpy_nor_the_engine():
    script = "import sys, lrnap; print([m for m in ('numpy', 'pyluxcore', 'asyncio', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"spp": -1}, "spp must be"), ({"spp": "a"}, "spp must be"), ({"seconds": float("nan")}, "seconds must be"),
     ({"threads": -3}, "threads must be"), ({"threads": 1.5}, "threads must be")],
)  # fmt: skip
def test_what_cannot_be_rendered_so_is_refused_at_once(wrong, says):
    with Context() as lux:
        lux.worldBegin()
        lux.worldEnd()
        with pytest.raises(LrnapError, match=says):
            lux.render(**wrong)


def test_parameters_that_are_no_list_are_named():
    with Context() as lux:
        lux.worldBegin()
        with pytest.raises(SceneError, match="a dict or a list of pairs"):
            lux.shape("sphere", 3)


def test_a_misspelt_parameter_is_said_even_if_nobody_listens(caplog):
    with Context() as lux:
        lux.worldBegin()
        lux.shape("sphere", {"float radios": 3})
    assert "did you mean 'radius'" in caplog.text
    assert "test_context.py:" in caplog.text


def test_help_shows_what_a_call_takes():
    text = pydoc.plain(pydoc.render_doc(Context.shape))
    assert "shape(self, plugin, parameters=()" in text
    assert "sphere, " in text

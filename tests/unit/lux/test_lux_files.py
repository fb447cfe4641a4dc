"""Files that calls name, and the targets that keep and pass on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lux_scenes import calls_of, world

from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux import files
from lrnap.lux.checker import Checker
from lrnap.lux.recorder import Recorder, Tee
from lrnap.lux.scene import Scene


def names_of(text: str) -> list[str]:
    return [name for call in calls_of(text) for name in files.file_names(call)]


def test_which_parameters_are_files():
    assert names_of('Shape "plymesh" "string filename" "a.ply"') == ["a.ply"]
    assert names_of('Texture "t" "color" "imagemap" "string filename" "a.png" "string wrap" "repeat"') == ["a.png"]
    assert names_of('LightSource "infinite" "string mapname" "sky.exr"') == ["sky.exr"]
    assert names_of('Film "fleximage" "string filename" "out"') == []  # what it writes is not what it needs
    assert names_of('Shape "plymesh" "string filename" ""') == []
    assert names_of('Shape "teapot" "string filename" "a.ply"') == []  # nobody knows what that is
    assert names_of("Identity") == []


@pytest.mark.parametrize(
    "text",
    [
        'Renderer "slg" "string localconfigfile" "slg.cfg"',
        'Renderer "luxcore" "string configfile" "luxcore.cfg"',
        'Renderer "hybrid" "string configfile" "hybrid.cfg"',
        'SurfaceIntegrator "exphotonmap" "string photonmapsfile" "maps.pm"',  # classic Lux itself may write it
    ],
)
def test_files_that_nobody_reads_need_not_be_there(text):
    assert names_of(text) == []


def test_a_name_without_an_extension_may_be_something_built_in():
    assert names_of('Film "fleximage" "string cameraresponse" "Gold_100CD"') == []
    assert names_of('Film "fleximage" "string cameraresponse" "my.films/Gold_100CD"') == []
    assert names_of('Film "fleximage" "string cameraresponse" "films/my.crf"') == ["films/my.crf"]
    assert names_of('Shape "plymesh" "string filename" "mesh"') == ["mesh"], "no mesh is built in"


def test_files_are_found_under_all_spellings(tmp_path):
    (tmp_path / "textures").mkdir()
    file = tmp_path / "textures" / "wood.png"
    file.write_text("png")
    for name in ("textures/wood.png", "textures\\wood.png", str(file)):
        assert files.locate(name, [tmp_path]) == file.resolve()
    assert files.locate("C:\\far\\away\\wood.png", [tmp_path]) is None
    assert files.locate("C:\\far\\away\\wood.png", [tmp_path, tmp_path / "textures"]) == file.resolve()
    assert files.locate("/far/away/wood.png", [tmp_path / "textures"]) == file.resolve()
    assert files.locate("textures", [tmp_path]) is None
    assert files.locate("a\0b", [tmp_path]) is None


def test_files_are_found_whose_names_differ_only_by_capitals_or_encoding(tmp_path):
    (tmp_path / "Textures").mkdir()
    file = tmp_path / "Textures" / "Wood Gru\u0308n.PNG"  # as Macs spell it
    file.write_text("png")
    for name in ("textures/wood gr\xfcn.png", "TEXTURES\\Wood Gr\xfcn.PNG", "c:\\away\\textures/../Wood GRÜN.png"):
        assert files.locate(name, [tmp_path, tmp_path / "Textures"]) == file, name
    old = tmp_path / os.fsdecode(b"b\xe4r.png")  # as older systems do
    old.write_text("png")
    assert files.locate("bär.png", [tmp_path]) == old
    exact = tmp_path / "bär.png"
    exact.write_text("png")
    assert files.locate("bär.png", [tmp_path]) == exact
    assert files.locate("Textures/no such.png", [tmp_path]) is None


def recorder_in(folder: Path) -> Recorder:
    def find(name: str) -> Path:
        path = files.locate(name, [folder])
        if path is None:
            raise LrnapError(Code.NOT_FOUND, f"{name} is not here")
        return path

    return Recorder(find, lambda: folder)


def recorded(text: str, folder: Path) -> Scene:
    recorder = recorder_in(folder)
    for call in world(text):
        recorder.call(call)
    return recorder.scene("job")


def test_a_recorded_scene_knows_its_files(tmp_path):
    (tmp_path / "a.ply").write_text("ply")
    scene = recorded('Shape "plymesh" "string filename" "a.ply" Shape "plymesh" "string filename" "a.ply"', tmp_path)
    assert (scene.name, len(scene.calls)) == ("job", 4)
    assert scene.files == {"a.ply": str((tmp_path / "a.ply").resolve())}


def test_a_missing_file_is_named_with_its_place(tmp_path):
    with pytest.raises(SceneError, match=r"^scene\.lxs:2:1: Shape: gone\.ply is not here$") as caught:
        recorded('Shape "plymesh" "string filename" "gone.ply"', tmp_path)
    assert caught.value.code is Code.NOT_FOUND


def test_a_call_without_its_file_is_as_if_it_had_not_come(tmp_path):
    recorder = recorder_in(tmp_path)
    begin, texture, end = world('Texture "t" "color" "imagemap" "string filename" "a.png"')
    recorder.call(begin)
    with pytest.raises(SceneError):
        recorder.call(texture)
    (tmp_path / "a.png").write_text("png")
    recorder.call(texture)
    recorder.call(end)
    assert recorder.warnings == []  # of a texture that is defined twice, for example
    assert [call.name for call in recorder.scene("job").calls] == ["WorldBegin", "Texture", "WorldEnd"]


def test_an_embedded_file_needs_no_file(tmp_path):
    text = 'Texture "t" "color" "imagemap" "string filename" "a.png" "string filename_data" "eJxLBAAAYgBi"'
    scene = recorded(text, tmp_path)
    (path,) = scene.files.values()
    assert Path(path).read_bytes() == b"a"
    assert [param.name for param in scene.calls[1].params] == ["filename"]


def test_beside_an_embedded_file_others_are_found_as_ever(tmp_path):
    text = (
        'LightSource "point" "string mapname" "a.png" "string mapname_data" "eJxLBAAAYgBi" '
        '"string iesname" "/etc/hostname"'
    )
    asked: list[str] = []
    recorder = Recorder(lambda name: asked.append(name) or name, lambda: tmp_path)
    for call in world(text):
        recorder.call(call)
    assert asked == ["/etc/hostname"]


def test_of_several_calls_all_stay_or_none(tmp_path):
    recorder = recorder_in(tmp_path)
    begin, good, bad, end = world('MakeNamedMaterial "red" Shape "nothing"')
    recorder.call(begin)
    with pytest.raises(SceneError), recorder.all_or_nothing():
        recorder.call(good)
        recorder.call(bad)
    recorder.call(end)
    assert [call.name for call in recorder.scene("job").calls] == ["WorldBegin", "WorldEnd"]


def test_renaming_touches_files_only():
    (call,) = calls_of('Texture "a.png" "color" "imagemap" "string filename" "a.png" "string wrap" "black"')
    renamed = files.rename(call, {"a.png": "b.png", "black": "white"})
    assert renamed.args == call.args
    assert [param.value for param in renamed.params] == [("b.png",), ("black",)]


def test_a_tee_stops_at_the_first_refusal(tmp_path):
    checker, recorder = Checker(), recorder_in(tmp_path)
    tee = Tee(checker, recorder)
    for call in world("")[:1]:
        tee.call(call)
    with pytest.raises(SceneError):
        tee.call(calls_of('Shape "x"')[0])
    assert [call.name for call in recorder.calls] == ["WorldBegin"]

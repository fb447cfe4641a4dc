"""Scenes of more than one file: includes, and files inside of files."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import pytest
from lux_scenes import calls_of

from lrnap import limits
from lrnap.errors import Code, SceneError
from lrnap.lux import files
from lrnap.lux.call import Call
from lrnap.lux.reader import read


def test_include_stands_anywhere(tmp_path):
    (tmp_path / "params.inc").write_text('"float fov" [35]')
    (tmp_path / "numbers.inc").write_text("1 2 3")
    calls = calls_of('Camera "perspective" Include "params.inc" Film "f" "float c" [0 Include "numbers.inc"]', tmp_path)
    assert [call.name for call in calls] == ["Camera", "Film"]
    assert calls[0].params[0].value.tolist() == [35]
    assert calls[1].params[0].value.tolist() == [0, 1, 2, 3]


def test_include_is_looked_for_beside_the_main_scene_first(tmp_path):
    folder = tmp_path / "sub"
    folder.mkdir()
    (tmp_path / "main.lxs").write_text('Include "sub/one.lxo"')
    (folder / "one.lxo").write_text('Include "both.lxo" Include "only.lxo"')
    (tmp_path / "both.lxo").write_text("WorldBegin")
    (folder / "both.lxo").write_text("WorldEnd")
    (folder / "only.lxo").write_text("\n Identity")
    calls = list(read(tmp_path / "main.lxs"))
    assert [call.name for call in calls] == ["WorldBegin", "Identity"]
    assert str(calls[1].at) == f"{folder / 'only.lxo'}:2:2"


def test_include_with_backslashes(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.lxo").write_text("Identity")
    assert calls_of(r'Include "sub\\a.lxo"', tmp_path) == [Call("Identity")]


def test_files_found_only_beside_the_included_file_are_renamed(tmp_path):
    folder = tmp_path / "sub"
    folder.mkdir()
    for path in (folder / "near.ply", folder / "both.ply", tmp_path / "both.ply"):
        path.write_text("ply")
    (folder / "geo.lxo").write_text(
        "\n".join(f'Shape "plymesh" "string filename" "{n}.ply"' for n in ("near", "both", "none"))
    )
    (tmp_path / "main.lxs").write_text('Include "sub/geo.lxo"')
    names = [call.params[0].value[0] for call in read(tmp_path / "main.lxs")]
    assert names == ["sub/near.ply", "both.ply", "none.ply"]


def test_a_missing_include_says_where_it_was_looked_for(tmp_path):
    (tmp_path / "main.lxs").write_text('WorldBegin\nInclude "gone.lxo"')
    with pytest.raises(SceneError, match=r'File not found: "gone.lxo"') as caught:
        list(read(tmp_path / "main.lxs"))
    assert caught.value.code is Code.NOT_FOUND
    assert caught.value.at == f"{tmp_path / 'main.lxs'}:2:1"


def test_a_file_that_includes_itself_by_way_of_another(tmp_path):
    (tmp_path / "a.lxs").write_text('Include "b.lxs"')
    (tmp_path / "b.lxs").write_text('\nInclude "a.lxs"')
    with pytest.raises(SceneError, match="includes itself") as caught:
        list(read(tmp_path / "a.lxs"))
    assert caught.value.at == f"{tmp_path / 'b.lxs'}:2:1"


def test_a_few_small_files_cannot_include_each_other_for_years(tmp_path):
    """Nine files that include the next ten times are 10^9 files."""
    for i in range(9):
        (tmp_path / f"{i}.lxs").write_text(f'Include "{i + 1}.lxs"\n' * 10)
    (tmp_path / "9.lxs").write_text("")
    with pytest.raises(SceneError, match="includes files more than 10000 times") as caught:
        list(read(tmp_path / "0.lxs"))
    assert str(caught.value.at).startswith(str(tmp_path))


def test_includes_that_are_too_deep(tmp_path):
    for number in range(limits.MAX_INCLUDE_DEPTH + 2):
        (tmp_path / f"{number}.lxs").write_text(f'Include "{number + 1}.lxs"')
    with pytest.raises(SceneError, match="deep"):
        list(read(tmp_path / "0.lxs"))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SceneError, match="File not found"):
        read(tmp_path / "none.lxs")
    with pytest.raises(SceneError, match="not a file"):
        read(tmp_path)
    with pytest.raises(SceneError, match="File not found"):
        list(calls_of('Include "a\\000b"', tmp_path))


def test_only_allowed_files_are_read(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.lxo").write_text("Identity")
    (inside / "main.lxs").write_text('Include "../secret.lxo"')
    with pytest.raises(SceneError) as caught:
        list(read(inside / "main.lxs", allow=lambda path: path.is_relative_to(inside.resolve())))
    assert caught.value.code is Code.DENIED


# Files inside scenes.


def embedded(content: bytes, name: str = "textures/wood.png", wrap: str = "\n") -> str:
    text = base64.b64encode(zlib.compress(content)).decode()
    lines = wrap.join(text[i : i + 76] for i in range(0, len(text), 76))
    return f'Texture "t" "color" "imagemap" "string filename" ["{name}"] "string filename_data" ["{lines}"]'


@pytest.mark.parametrize("wrap", ["\n", "\r\n", '" "', ""])
def test_an_embedded_file_is_unpacked(tmp_path, wrap):
    content = bytes(range(256)) * 20
    (call,) = calls_of(embedded(content, wrap=wrap))
    assert files.has_embedded(call)
    unpacked = files.unpack(call, tmp_path)
    (param,) = unpacked.params
    path = Path(param.value[0])
    assert path.is_relative_to(tmp_path) and path.name == "wood.png"
    assert path.read_bytes() == content


def test_an_embedded_file_cannot_leave_its_folder(tmp_path):
    (call,) = calls_of(embedded(b"x", name="..\\\\..\\\\.."))
    path = Path(files.unpack(call, tmp_path / "assets").params[0].value[0])
    assert path.is_relative_to(tmp_path / "assets")


def test_a_broken_embedded_file(tmp_path, monkeypatch):
    good = base64.b64encode(zlib.compress(b"x" * 1000)).decode()
    for data, message in (("????", "no embedded file"), ("QUJD", "no embedded file"), (good[:12], "cut off")):
        (call,) = calls_of(f'Texture "t" "color" "imagemap" "string filename" ["a"] "string filename_data" ["{data}"]')
        with pytest.raises(SceneError, match=message) as caught:
            files.unpack(call, tmp_path)
        assert caught.value.at == "scene.lxs:1:1"
    monkeypatch.setattr(limits, "MAX_EMBEDDED_FILE", 100)
    (call,) = calls_of(embedded(b"x" * 1000))
    with pytest.raises(SceneError, match="larger than 100"):
        files.unpack(call, tmp_path)

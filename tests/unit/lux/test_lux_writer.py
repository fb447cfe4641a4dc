"""Scene files written: what is read back is what was written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lux_scenes import calls_of

from lrnap.errors import Code, SceneError
from lrnap.lux import params
from lrnap.lux.call import Call
from lrnap.lux.calls import CALLS
from lrnap.lux.reader import read, read_bytes
from lrnap.lux.writer import Writer, quote

# Any text that UTF-8 can hold.
TEXT = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from('"\\\n\r\t\b\f\0\x7f #[]ä☃'), max_size=10),
)
NAME = TEXT.map(str.lstrip).filter(bool)
FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
DOUBLE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def some_params(draw):
    kind, name = draw(st.sampled_from(params.TYPES)), draw(NAME)
    values = {
        "integer": st.lists(INT32, max_size=40),
        "bool": st.lists(st.booleans(), max_size=3),
        "string": st.lists(TEXT, max_size=3),
        "texture": TEXT,
        "float": st.lists(FLOAT32, max_size=40),
    }.get(kind, st.lists(st.tuples(FLOAT32, FLOAT32, FLOAT32), max_size=9))
    return params.make(kind, name, draw(values))


def arguments(arg):
    if arg.kind == "string":
        return TEXT
    if arg.kind == "number":
        return DOUBLE
    size = {"min_size": arg.count, "max_size": arg.count} if arg.count else {"min_size": 1, "max_size": 5}
    return st.lists(FLOAT32, **size).map(lambda numbers: np.array(numbers, np.float32))


@st.composite
def some_calls(draw):
    spec = draw(st.sampled_from([s for s in CALLS.values() if s.lxs and s.name not in ("Include", "SearchPath")]))
    args = tuple(draw(arguments(arg)) for arg in spec.args)
    given_params = draw(st.lists(some_params(), max_size=3)) if spec.takes_params else []
    return Call(spec.name, args, tuple(given_params))


def written(calls) -> str:
    out = io.StringIO()
    with Writer(out) as writer:
        for call in calls:
            writer.call(call)
    return out.getvalue()


def read_back(text: str):
    return list(read_bytes(text.encode(), "copy.lxs"))


@given(st.lists(some_calls(), max_size=6))
@settings(max_examples=300, deadline=None)
def test_read_gives_back_what_was_written(calls):
    assert read_back(written(calls)) == calls


@given(arrays(np.float32, st.integers(100, 300), elements=FLOAT32))
@settings(max_examples=30, deadline=None)
def test_long_lists_come_back_bit_by_bit(numbers):
    call = Call("Shape", ("mesh",), (params.make("float", "uv", numbers),))
    (again,) = read_back(written([call]))
    np.testing.assert_array_equal(again.params[0].value.view(np.int32), call.params[0].value.view(np.int32))


def test_numbers_are_short():
    text = written(calls_of('Translate 0.1 1 1e-7 Camera "c" "float f" [0.1 1 100000 .5 1e-7]'))
    assert text == 'Translate 0.1 1 1e-07\nCamera "c"\n\t"float f" [0.1 1 100000 0.5 1e-07]\n'


def test_blocks_are_indented_and_bools_bracketed():
    text = written(calls_of('WorldBegin AttributeBegin Shape "s" "bool b" ["true"] AttributeEnd WorldEnd'))
    assert text == 'WorldBegin\nAttributeBegin\n\tShape "s"\n\t\t"bool b" ["true"]\nAttributeEnd\nWorldEnd\n'


def test_meshes_have_one_vertex_a_line():
    points = params.make("point", "P", np.arange(15))
    text = written([Call("Shape", ("mesh",), (points,))])
    assert '"point P" [\n0 1 2\n3 4 5\n6 7 8\n9 10 11\n12 13 14\n]' in text


def test_quotes():
    assert quote('a"b\\c\nd\x01') == r'"a\"b\\c\nd\001"'


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("Pause"), "has no statement"),
        (Call("SetEpsilon", (0.0, 1.0)), "has no statement"),
        (Call("Translate", (1.0, float("nan"), 0.0)), "finite"),
        (Call("Shape", ("s",), (params.make("float", "x", float("inf")),)), "finite"),
        (Call("Shape", ("s",), (params.make("float", " x", 1),)), "cannot be named"),
        (Call("NamedMaterial", ("\ud800",)), "not Unicode"),
    ],
)
def test_what_cannot_be_written(tmp_path, call, message):
    path = tmp_path / "out.lxs"
    with Writer(path) as writer:
        writer.call(Call("Identity"))
        with pytest.raises(SceneError, match=message):
            writer.call(call)
    assert path.read_text() == "Identity\n"


def test_a_scene_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "out.lxs"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half-way"), Writer(path, split=True) as writer:
        for call in calls_of('WorldBegin Texture "t" "color" "imagemap"'):
            writer.call(call)
        raise RuntimeError("half-way")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.lxs"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SceneError, match="cannot write") as caught:
        Writer(tmp_path / "none" / "out.lxs")
    assert caught.value.code is Code.DENIED


def test_split_keeps_the_order(tmp_path):
    calls = calls_of(
        """
        Film "fleximage" WorldBegin
        Texture "t" "color" "imagemap" MakeNamedMaterial "m"
        AttributeBegin NamedMaterial "m" Shape "sphere" AttributeEnd
        MakeNamedMaterial "late" LightSource "sky" WorldEnd
        """
    )
    path = tmp_path / "room.lxs"
    with Writer(path, split=True) as writer:
        for call in calls:
            writer.call(call)
    assert path.read_text().split("\n")[2:] == ['Include "room-mat.lxm"', 'Include "room-geom.lxo"', "WorldEnd", ""]
    assert "MakeNamedMaterial" in (tmp_path / "room-mat.lxm").read_text()
    assert list(read(path)) == calls


def test_a_stream_cannot_be_split():
    with pytest.raises(ValueError, match="needs a path"):
        Writer(io.StringIO(), split=True)


def test_file_names_follow_the_output(tmp_path):
    scene, out = tmp_path / "scene", tmp_path / "out"
    scene.mkdir()
    out.mkdir()
    (scene / "a.ply").write_text("ply")
    near = Call("Shape", ("plymesh",), (params.make("string", "filename", "a.ply"),))
    gone = Call("Shape", ("plymesh",), (params.make("string", "filename", "gone.ply"),))
    for folder, names in ((out, ["../scene/a.ply", "gone.ply"]), (scene, ["a.ply", "gone.ply"])):
        with Writer(folder / "copy.lxs", folder=scene) as writer:
            writer.call(near)
            writer.call(gone)
        assert [call.params[0].value[0] for call in read(folder / "copy.lxs")] == names


def test_shared_scenes_come_back(shared_scenes, tmp_path):
    for scene in sorted(shared_scenes.rglob("*.lxs")):
        calls = list(read(scene))
        for split in (False, True):
            copy = Path(tmp_path, f"{scene.stem}-{split}.lxs")
            with Writer(copy, split=split) as writer:
                for call in calls:
                    writer.call(call)
            assert list(read(copy)) == calls

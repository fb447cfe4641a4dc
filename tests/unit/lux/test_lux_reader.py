"""Scene files to calls: the classic grammar, places of errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lux_scenes import calls_of

from lrnap import limits
from lrnap.errors import SceneError
from lrnap.lux.call import Call, Param
from lrnap.lux.calls import STATEMENTS
from lrnap.lux.reader import read, read_bytes


def error_of(text: str | bytes) -> SceneError:
    with pytest.raises(SceneError) as caught:
        calls_of(text)
    return caught.value


def one_param(text: str) -> Param:
    (call,) = calls_of(f'Shape "x" {text}')
    (param,) = call.params
    return param


# What stands in a file.


def test_a_small_scene():
    calls = calls_of(
        """
        # a comment
        LookAt 0 1 2  3 4 5  0 0 1
        Camera "perspective" "float fov" [35]   # another
        WorldBegin
        Shape "trianglemesh" "integer indices" [0 1 2] "point P" [0 0 0  1 0 0  0 1 0]
        WorldEnd
        """
    )
    assert [call.name for call in calls] == ["LookAt", "Camera", "WorldBegin", "Shape", "WorldEnd"]
    assert calls[0].args == (0, 1, 2, 3, 4, 5, 0, 0, 1)
    assert calls[1] == Call("Camera", ("perspective",), (Param("float", "fov", np.array([35], np.float32)),))
    indices, points = calls[3].params
    assert (indices.value.dtype, indices.value.tolist()) == (np.int32, [0, 1, 2])
    assert (points.value.dtype, points.value.shape) == (np.float32, (3, 3))


def test_every_call_knows_its_place():
    calls = calls_of('WorldBegin\n\n  AttributeBegin Identity # x\n\tShape "sphere"')
    assert [str(call.at) for call in calls] == [
        "scene.lxs:1:1",
        "scene.lxs:3:3",
        "scene.lxs:3:18",
        "scene.lxs:4:2",
    ]


def test_columns_count_characters_not_bytes():
    calls = calls_of('NamedMaterial "Größe" Identity')
    assert str(calls[1].at) == "scene.lxs:1:23"


def test_windows_line_ends_and_form_feeds_are_white_space():
    assert [call.name for call in calls_of("WorldBegin\r\nIdentity\f\r\nWorldEnd")] == [
        "WorldBegin",
        "Identity",
        "WorldEnd",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\nb\tc", "a\nb\tc"),
        (r"\r\b\f", "\r\b\f"),
        (r"say \"hi\" \\ there", 'say "hi" \\ there'),
        (r"\065\010", "A\n"),  # decimal, not octal
        (r"\q", "q"),
        ("one \\\ntwo", "one two"),
        ("one \\\r\ntwo", "one two"),
        ("# no comment", "# no comment"),
        ("ünï ☃", "ünï ☃"),
    ],
)
def test_strings(written, meant):
    assert calls_of(f'NamedMaterial "{written}"') == [Call("NamedMaterial", (meant,))]


def test_text_of_older_windows_programs_is_read_as_what_it_says():
    (call,) = calls_of(b'NamedMaterial "gr\xfcn \x80"')
    assert call.args[0] == "grün €"
    (call,) = calls_of(b'NamedMaterial "\xfc\x81"')  # which that code page does not have
    assert call.args[0] == "ü\x81"
    (param,) = calls_of(b'Texture "t" "color" "imagemap" "string filename" ["b\xe4r.png"]')[0].params
    assert param.value == ("bär.png",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_that_editors_put_before_a_text_are_no_part_of_it(encoding, tmp_path):
    (tmp_path / "part.lxm").write_text('NamedMaterial "grün"', encoding=encoding)
    calls = calls_of('Identity\r\nInclude "part.lxm"'.encode(encoding), tmp_path)
    assert [call.name for call in calls] == ["Identity", "NamedMaterial"]
    assert calls[1].args == ("grün",)
    assert str(calls[0].at) == "scene.lxs:1:1"


@pytest.mark.parametrize(
    "text",
    [
        'Identity\n Material "matte\nShape "sphere"',
        'Identity\n NamedMaterial "wood\nTranslate 1 2 3\nNamedMaterial "stone"',
        'Identity\n Shape "sphere\n"float radius" [1]',
    ],
)
def test_a_quote_that_is_not_closed_is_told_where_it_is_opened(text):
    error = error_of(text)
    assert "a quote is opened here and not closed on its line" in error.message
    assert str(error.at) in ("scene.lxs:2:11", "scene.lxs:2:16", "scene.lxs:2:8")


def warnings_of(text: str) -> list[str]:
    warnings: list[str] = []
    list(read_bytes(text.encode(), "scene.lxs", on_warning=warnings.append))
    return warnings


def test_backslashes_that_were_not_written_twice_are_told():
    (warning,) = warnings_of('Shape "plymesh"\n "string filename" ["D:\\meshes\\new\\wall.ply"]')
    assert warning == 'scene.lxs:2:21: the backslash before "m" is dropped; write "\\\\" for each one'
    assert warnings_of(r'Shape "plymesh" "string filename" ["D:\\meshes\"new\".ply\065\n"]') == []


def test_colour_types_of_other_programs_are_read_and_told_once():
    text = 'Material "matte"\n"rgb Kd" [1 2 3]\nMaterial "matte" "rgb Kd" [3 2 1] Material "x" "spectrum Ks" [1 1 1]'
    first, second, third = (call.params[0] for call in calls_of(text))
    assert [p.type for p in (first, second, third)] == ["color"] * 3
    assert second.value.tolist() == [[3, 2, 1]]
    told = warnings_of(text)
    assert told[0].startswith("scene.lxs:2:") and '"rgb Kd", which classic Lux skips, is read as "color Kd"' in told[0]
    assert len(told) == 2
    with pytest.raises(SceneError, match=r'"color Kd" needs numbers, not "gold\.spd"'):
        calls_of('Material "matte" "spectrum Kd" ["gold.spd"]')


@pytest.mark.parametrize(
    ("text", "kind", "name", "value"),
    [
        ('"float fov" [35]', "float", "fov", [35]),
        ('"float fov" 35', "float", "fov", [35]),
        ('"floatfov" [35]', "float", "fov", [35]),
        ('"  float   fov" [35]', "float", "fov", [35]),
        ('"integer n" [7.0]', "integer", "n", [7]),
        ('"integer n" [16777217]', "integer", "n", [16777217]),
        ('"color Kd" [.1 .2 .3]', "color", "Kd", [[0.1, 0.2, 0.3]]),
        ('"vector v" [1 2 3 4 5 6]', "vector", "v", [[1, 2, 3], [4, 5, 6]]),
        ('"float f" [1-2 3.5.5]', "float", "f", [1, -2, 3.5, 0.5]),  # the classic lexer needs no space
        ('"float f" [1 # one\n 2 # two ] \n 3]', "float", "f", [1, 2, 3]),
        ('"float f" []', "float", "f", []),
        ('"float f" [1e39]', "float", "f", [np.inf]),
    ],
)
def test_numbers(text, kind, name, value):
    param = one_param(text)
    assert (param.type, param.name) == (kind, name)
    np.testing.assert_array_equal(param.value, np.array(value, param.value.dtype).reshape(param.value.shape))


@pytest.mark.parametrize(
    ("text", "param"),
    [
        ('"string s" ["a"]', Param("string", "s", ("a",))),
        ('"string s" "a"', Param("string", "s", ("a",))),
        ('"string s" ["a" "b"]', Param("string", "s", ("a", "b"))),
        ('"texture Kd" ["t"]', Param("texture", "Kd", ("t",))),
        ('"color Kd" "t"', Param("texture", "Kd", ("t",))),  # old scenes
        ('"bool b" ["true"]', Param("bool", "b", (True,))),
        ('"bool b" ["true" "false"]', Param("bool", "b", (True, False))),
        ('"bool b" "false"', Param("bool", "b", (False,))),
    ],
)
def test_texts(text, param):
    assert one_param(text) == param


def test_long_lists_are_read_like_short_ones():
    many = "7.125 " * 100
    assert one_param(f'"float f" [{many}1.2.34-5 {many}]').value[100:103].tolist() == pytest.approx([1.2, 0.34, -5])
    error = error_of(f'Shape "s" "float f" [{many}\n{many} 1.5 oops {many}]')
    assert error.at == "scene.lxs:2:606"


def test_what_is_hardly_meant_is_warned_of():
    warnings: list[str] = []
    list(read_bytes(b'SearchPath "x"\nShape "s" "color Kd" "t" "bool b" "true"', "s.lxs", on_warning=warnings.append))
    assert [warning.split(" ", 1)[0] for warning in warnings] == ["s.lxs:1:1:", "s.lxs:2:11:", "s.lxs:2:26:"]


def test_search_path_is_no_call():
    assert calls_of('SearchPath "x" Identity') == [Call("Identity")]


@pytest.mark.parametrize("statement", ["Transform", "ConcatTransform"])
def test_both_forms_of_a_matrix(statement):
    numbers = " ".join(map(str, range(16)))
    assert calls_of(f"{statement} [{numbers}]") == calls_of(f"{statement} {numbers}")
    assert calls_of(f"{statement} [{numbers}]")[0].args[0].tolist() == list(range(16))


def test_motion_times_of_any_number():
    assert calls_of("MotionBegin [0 .5 1]")[0].args[0].tolist() == [0, 0.5, 1]
    assert calls_of("MotionBegin 0 1 Identity")[0].args[0].tolist() == [0, 1]


def test_texture_and_motion_instance_have_their_own_arguments():
    assert calls_of('Texture "n" "color" "imagemap"')[0].args == ("n", "color", "imagemap")
    assert calls_of('MotionInstance "o" 0 1 "there"')[0].args == ("o", 0, 1, "there")


# What is wrong.


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('WorldBegin\n  Shap "sphere"', "2:3", "unknown statement 'Shap', did you mean 'Shape'?"),
        ('Shape "s" "float x" [1 2 oops 4]', "1:26", "a number or ']' was expected in this list, not oops"),
        ('Shape "s" "float x" [1\n 2', "1:22", "a ']' missing"),
        ('Shape "s" "float x" [1 2 Film "x" "float y" [1]', "1:26", "not Film"),
        ('Shape "s" "string x" ["a" 1]', "1:27", "text in quotes or ']'"),
        ('Shape "s" "float x" ["a"]', "1:11", "needs numbers"),
        ('Shape "s" "string x" [1]', "1:11", "needs text in quotes"),
        ('Shape "s" "bool x" [1]', "1:11", '["true"] or ["false"]'),
        ('Shape "s" "bool x" ["maybe"]', "1:11", '["true"] or ["false"]'),
        ('Shape "s" "point P" [1 2 3 4]', "1:11", "not a multiple of 3"),
        ('Shape "s" "integer n" [1.5]', "1:11", "whole numbers"),
        ('Shape "s" "integer n" [3000000000]', "1:11", "32 bits"),
        ('Shape "s" "texture t" ["a" "b"]', "1:11", "exactly one texture"),
        ('Shape "s" "flaot x" [1]', "1:11", "did you mean 'float'?"),
        ('Shape "s" "float" [1]', "1:11", "has no name"),
        ('Shape "s" "" [1]', "1:11", "unknown parameter type"),
        ('Shape "s" "float x" Identity', "1:21", "needs a value here, not Identity"),
        ('Shape "s" "float x" [nan]', "1:22", "not nan"),
        ("Shape sphere", "1:7", "needs plugin in quotes here, not sphere"),
        ("Rotate 1 2 x 4", "1:12", "needs the number ay here, not x"),
        ("Rotate 1 2 3", "1:13", "not the end of the scene"),
        ("Rotate 1 2 + 4", "1:12", "not a number: +"),
        ("Transform [1 2 3]", "1:11", "needs 16 numbers, not 3"),
        ('Transform "x"', "1:11", "needs a list of numbers"),
        ('NamedMaterial "open\nIdentity', "1:15", "a quote is opened here"),
        ("WorldBegin\n\x01", "2:1", "a statement was expected here, not '\\x01'"),
        ("[1]", "1:1", "a statement was expected"),
        ("Include geometry.lxo", "1:1", "Include needs the name of a file in quotes"),
        ("x" * (limits.MAX_TOKEN + 1), "1:1", "longer than"),
        ('NamedMaterial "' + "ä" * limits.MAX_TOKEN + '"', "1:15", "longer than"),
    ],
)
def test_errors_name_place_and_cause(text, place, message):
    error = error_of(text)
    assert error.at == f"scene.lxs:{place}"
    assert message in error.message


def test_calls_before_an_error_are_given():
    calls = read_bytes(b"WorldBegin Oops", "s.lxs")
    assert next(calls).name == "WorldBegin"
    with pytest.raises(SceneError):
        next(calls)


SNIPPETS = st.sampled_from(
    [*STATEMENTS, '"', "[", "]", "#", "\n", " ", "\\", '"float x"', "[1 2 3]", "1.5", "-", "Include", "]]"]
)


@given(st.one_of(st.binary(max_size=200), st.lists(SNIPPETS, max_size=30).map(lambda words: " ".join(words).encode())))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_calls_or_a_scene_error(data):
    try:
        for call in read_bytes(data, "fuzz"):
            assert call.name in STATEMENTS
    except SceneError as error:
        assert error.message


# The real world.


def test_all_shared_scenes_are_read(shared_scenes):
    scenes = sorted(shared_scenes.rglob("*.lxs"))
    assert scenes
    for scene in scenes:
        names = [call.name for call in read(scene)]
        assert names[-1] == "WorldEnd"
        assert names.count("WorldBegin") == 1

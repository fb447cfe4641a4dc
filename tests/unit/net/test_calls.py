"""Calls on the wire: what one end writes, the other reads, as text and as payloads."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lrnap.errors import Code, LrnapError, SceneError
from lrnap.lux.call import Call, Location, Param
from lrnap.net.arrays import Arrays
from lrnap.net.calls import call_from_request, request_from_call
from lrnap.wire import Payload, Request
from lrnap.wire.messages import format_request, parse_request

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1)
TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=20)


def through_the_wire(call: Call, *, binary: bool) -> Call:
    """The call as the other end gets it: its line parsed anew, its payloads put back in their places."""
    request = request_from_call(call, binary=binary, tag="7")
    line = format_request(request).decode().removesuffix("\r\n")
    received = parse_request(line, limit=1 << 20)
    data = iter(request.payloads)
    args = tuple(
        replace(arg, data=bytes(next(data).data or b"")) if isinstance(arg, Payload) else arg for arg in received.args
    )
    return call_from_request(replace(received, args=args))


def params() -> st.SearchStrategy[Param]:
    floats = arrays.arrays(np.float32, st.integers(0, 40), elements=FLOATS)
    points = arrays.arrays(np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=FLOATS)
    whole = arrays.arrays(np.int32, st.integers(1, 40), elements=st.integers(-(2**31), 2**31 - 1))
    values = {
        "float": floats,
        "integer": whole,
        "point": points,
        "color": points,
        "bool": st.lists(st.booleans(), min_size=1, max_size=3).map(tuple),
        "string": st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
        "texture": TEXTS.map(lambda text: (text,)),
    }
    return st.sampled_from(sorted(values)).flatmap(lambda kind: st.builds(Param, st.just(kind), NAMES, values[kind]))


@settings(max_examples=150, deadline=None)
@given(given=st.lists(params(), max_size=4).map(tuple), binary=st.booleans())
def test_a_call_arrives_as_it_was_sent(given: tuple[Param, ...], binary: bool) -> None:
    call = Call("Shape", ("sphere",), given)
    assert through_the_wire(call, binary=binary) == call


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    "call",
    [
        Call("WorldBegin"),
        Call("Translate", (0.1, -2.0, 1e-7)),
        Call("LookAt", tuple(float(i) for i in range(9))),
        Call("Transform", (np.eye(4, dtype=np.float32).ravel(),)),
        Call("MotionBegin", (np.linspace(0, 1, 30, dtype=np.float32),)),
        Call("Texture", ("a name", "color", "imagemap"), (Param("string", "filename", ('x:\\a "b".png',)),)),
        Call("CoordinateSystem", ("42",), at=Location("my scene.lxs", 41, 7)),
    ],
    ids=lambda value: value.name if isinstance(value, Call) else str(value),
)
def test_arguments_of_every_kind(call: Call, binary: bool) -> None:
    arrived = through_the_wire(call, binary=binary)
    assert arrived == call
    assert arrived.at == call.at


def test_a_mesh_travels_as_bytes_and_is_not_copied() -> None:
    points = np.arange(300, dtype=np.float32).reshape(100, 3)
    request = request_from_call(Call("Shape", ("trianglemesh",), (Param("point", "P", points),)))
    [sent] = request.payloads
    assert (sent.dtype, sent.shape, sent.length) == ("<f4", (100, 3), 1200)
    assert np.shares_memory(np.frombuffer(sent.data or b"", np.float32), points)
    arrived = call_from_request(request).params[0].value
    assert isinstance(arrived, np.ndarray) and np.shares_memory(arrived, points)


def test_a_large_array_is_named_by_its_content() -> None:
    """It must be an asset then; both ends look at the bytes where they are."""
    points = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    call = Call(
        "Shape",
        ("trianglemesh",),
        (Param("integer", "indices", np.array([0, 1, 2], np.int32)), Param("point", "P", points)),
    )
    meshes = Arrays([call, call])
    [(sha256, data)] = meshes.data.items()
    assert sha256 == hashlib.sha256(points.tobytes()).hexdigest() and np.shares_memory(np.asarray(data), points)

    request = request_from_call(call, arrays=meshes)
    assert not request.payloads and [sent.asset for sent in request.assets] == [sha256]
    line = format_request(request).decode().strip()
    assert line.endswith(f'"point P" {{12000;dtype=<f4;shape=1000,3;asset={sha256}}}')

    asset = np.frombuffer(points.tobytes(), np.uint8)
    arrived = call_from_request(parse_request(line), find=lambda name, size: {(sha256, 12000): asset}[name, size])
    assert arrived == call
    [_, again] = arrived.params
    assert again.content == sha256 and np.shares_memory(np.asarray(again.value), asset)


def test_what_the_array_of_an_asset_holds_is_checked_like_any_other() -> None:
    """And its hash is that of other bytes than those that the call has, if it had to be made another array."""
    asset = np.frombuffer(np.arange(9, dtype="<f8").tobytes(), np.uint8)
    call = call_from_request(
        parse_request(f'API_Shape "trianglemesh" "point P" {{72;dtype=<f8;shape=3,3;asset={"0" * 64}}}'),
        find=lambda *_: asset,
    )
    assert np.array_equal(np.asarray(call.params[0].value).ravel(), np.arange(9)) and not call.params[0].content
    with pytest.raises(LrnapError, match="multiple of 3"):
        call_from_request(
            parse_request(f'API_Shape "trianglemesh" "point P" {{32;dtype=<f4;asset={"0" * 64}}}'),
            find=lambda *_: asset[:32],
        )


def test_an_asset_is_for_arrays_of_scenes_only() -> None:
    with pytest.raises(LrnapError, match="arrays of a scene"):
        call_from_request(parse_request(f"API_UpdateFLMFromStream {{3;asset={'0' * 64}}}"))


def test_numbers_that_text_cannot_hold_travel_as_bytes() -> None:
    call = Call("Shape", ("sphere",), (Param("float", "radius", np.array([np.inf], np.float32)),))
    assert through_the_wire(call, binary=True) == call


def typed(line: str) -> Call:
    return call_from_request(parse_request(line))


@pytest.mark.parametrize(
    "call",
    [
        Call("NamedMaterial", ("a\nb",), at=Location("scene.lxs", 4, 2)),
        Call("Shape", ("mesh",), (Param("string", "name", ("a\x1b[2J",)),), Location("scene.lxs", 4, 2)),
        Call("Shape", ("mesh",), (Param("string", "a\x00", ("b",)),), Location("scene.lxs", 4, 2)),
        Call("NamedMaterial", ("a\udcfc",), at=Location("scene.lxs", 4, 2)),
    ],
)
def test_what_no_line_can_hold_is_refused_with_its_place(call: Call) -> None:
    with pytest.raises(SceneError, match=r"^scene\.lxs:4:2: .* cannot be sent to a node: .*; write it without"):
        request_from_call(call)
    fine = Call("NamedMaterial", ("tab\tumlaut ü \u2603 \u00a0",))
    assert request_from_call(fine).args == fine.args


def test_as_a_person_types_it() -> None:
    assert typed("api_luxtranslate 1 2 3") == Call("Translate", (1.0, 2.0, 3.0))
    assert typed('API_ShapeV "sphere" "float radius" 2') == typed('API_Shape "sphere" "float radius" [2]')
    identity = "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"
    assert typed(f"API_Transform {identity}") == typed(f"API_Transform [{identity}]")


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("API_Shpe", Code.UNKNOWN_VERB, "Shape"),
        ("API_Shape", Code.ARGS, "lacks its plugin"),
        ("API_Translate 1 2", Code.ARGS, "lacks its dz"),
        ("API_Translate 1 2 3 4", Code.ARGS, "too many"),
        ("API_Translate 1 2 x", Code.TYPE, "dz"),
        ("API_Transform [1 2 3]", Code.TYPE, "16 numbers"),
        ("API_Transform 1 2 3", Code.TYPE, "16 numbers"),
        ("API_Shape 7", Code.TYPE, "plugin"),
        ('API_Shape "sphere" "float radius"', Code.ARGS, "has no value"),
        ('API_Shape "sphere" 1 2', Code.ARGS, "parameter 1"),
        ('API_Shape "sphere" "radius" 2', Code.SCENE, "unknown parameter type"),
        ('API_Shape "sphere" "float radius" "x"', Code.SCENE, "needs numbers"),
        ('API_Shape "sphere" at=here', Code.ARGS, "file:line:column"),
    ],
)
def test_what_does_not_fit_is_named(line: str, code: Code, says: str) -> None:
    with pytest.raises(LrnapError, match=says) as caught:
        typed(line)
    assert caught.value.code is code


def test_a_payload_must_say_what_it_holds() -> None:
    request = Request("API_Shape", ("trianglemesh", "point P", Payload.of(b"x" * 36)))
    with pytest.raises(LrnapError, match="dtype"):
        call_from_request(request)

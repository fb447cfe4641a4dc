"""Any legal sequence of scene calls gives the same recorded scene in all three modes: recorded here, sent to a node,
and written to a file that is read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodes import Served, StillEngine, serving

import lrnap
from lrnap.client.arguments import name_of
from lrnap.lux.call import Call
from lrnap.lux.calls import CALLS

Made = tuple[str, tuple[Any, ...]]  # a call by its name in the table, with its arguments as Python gives them

SMALL = st.floats(-8, 8, width=32)
ABOVE_ZERO = st.floats(0.125, 8, width=32)
SHARE = st.floats(0, 1, width=32)
COLOUR = st.tuples(SHARE, SHARE, SHARE)
NAME = st.sampled_from(["a", "a b", 'qu"ote', "back\\slash", "ä ☃", "[x]"])
MATRIX = st.tuples(ABOVE_ZERO, ABOVE_ZERO, ABOVE_ZERO, SMALL, SMALL, SMALL).map(
    lambda n: [n[0], 0, 0, 0, 0, n[1], 0, 0, 0, 0, n[2], 0, n[3], n[4], n[5], 1]
)


def one(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Made]]:
    return st.tuples(*arguments).map(lambda given: [(name, given)])


def params(**rows: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Some of these parameters, `type__name` each."""
    found = {key.replace("__", " "): values for key, values in rows.items()}
    return st.fixed_dictionaries({}, optional=found).map(lambda given: list(given.items()))


def block(begin: str, end: str, inside: st.SearchStrategy[list[Made]]) -> st.SearchStrategy[list[Made]]:
    return inside.map(lambda calls: [(begin, ()), *calls, (end, ())])


def in_order(some: st.SearchStrategy[list[Made]], most: int) -> st.SearchStrategy[list[Made]]:
    return st.lists(some, max_size=most).map(lambda lists: [made for calls in lists for made in calls])


TRANSFORMS = st.one_of(
    one("Identity"),
    one("Translate", SMALL, SMALL, SMALL),
    one("Rotate", SMALL, ABOVE_ZERO, SMALL, SMALL),
    one("Scale", ABOVE_ZERO, ABOVE_ZERO, ABOVE_ZERO),
    one("Transform", MATRIX),
    one("ConcatTransform", MATRIX),
    NAME.map(lambda name: [("CoordinateSystem", (name,)), ("CoordSysTransform", (name,))]),
    st.tuples(SMALL, SMALL).map(
        lambda n: [
            ("MotionBegin", ([0, 1],)),
            ("Translate", (n[0], 0, 0)),
            ("Translate", (n[1], 0, 0)),
            ("MotionEnd", ()),
        ]
    ),
)
OPTIONS = st.one_of(
    TRANSFORMS,
    block("TransformBegin", "TransformEnd", TRANSFORMS),
    one(
        "Camera", st.just("perspective"), params(float__fov=st.floats(1, 170, width=32), bool__autofocus=st.booleans())
    ),
    one("Film", st.just("fleximage"), params(integer__haltspp=st.integers(1, 99), string__filename=NAME)),
    one("Sampler", st.sampled_from(["random", "metropolis", "lowdiscrepancy"]), st.just([])),
    one("SurfaceIntegrator", st.just("path"), params(integer__maxdepth=st.integers(1, 32))),
    one("PixelFilter", st.just("gaussian"), params(float__xwidth=ABOVE_ZERO, float__ywidth=ABOVE_ZERO)),
)
SHAPES = st.one_of(
    one("Shape", st.just("sphere"), params(float__radius=ABOVE_ZERO, string__name=NAME)),
    one(
        "Shape",
        st.just("mesh"),
        st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=3, max_size=12).map(
            lambda points: [("point P", np.array(points, np.float32)), ("integer triindices", [0, 1, 2])]
        ),
    ),
)
THINGS = st.one_of(
    TRANSFORMS,
    SHAPES,
    one("ReverseOrientation"),
    one("Material", st.sampled_from(["matte", "mirror", "glass"]), st.just([])),
    one("Exterior", st.just("")),
    st.tuples(NAME, COLOUR).map(
        lambda m: [
            ("MakeNamedMaterial", (m[0], [("string type", "matte"), ("color Kd", m[1])])),
            ("NamedMaterial", (m[0],)),
        ]
    ),
    st.tuples(NAME, SHARE).map(
        lambda t: [
            ("Texture", (t[0], "float", "constant", [("float value", t[1])])),
            ("Material", ("matte", [("texture sigma", t[0])])),
        ]
    ),
    one("LightSource", st.just("point"), params(color__L=COLOUR, point__from=COLOUR, float__gain=ABOVE_ZERO)),
    NAME.map(lambda name: [("LightGroup", (name, [])), ("AreaLightSource", ("area", []))]),
    st.tuples(NAME, SHAPES).map(
        lambda o: [("ObjectBegin", (o[0],)), *o[1], ("ObjectEnd", ()), ("ObjectInstance", (o[0],))]
    ),
)
WORLD = st.one_of(
    THINGS,
    block("AttributeBegin", "AttributeEnd", in_order(THINGS, 4)),
    block("TransformBegin", "TransformEnd", in_order(THINGS, 2)),
)
SCENES = st.tuples(in_order(OPTIONS, 4), in_order(WORLD, 8)).map(
    lambda parts: [*parts[0], ("WorldBegin", ()), *parts[1], ("WorldEnd", ())]
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("node"), StillEngine()) as served:
        yield served


def described(lux: lrnap.Context, scene: Sequence[Made]) -> tuple[Call, ...]:
    for name, arguments in scene:
        getattr(lux, name_of(CALLS[name]))(*arguments)
    return lux.scene.calls


@given(SCENES)
@settings(max_examples=25)
def test_the_three_modes_record_the_same_scene(node: Served, tmp_path_factory: pytest.TempPathFactory, scene) -> None:
    file = tmp_path_factory.getbasetemp() / "written.lxs"
    with lrnap.Context(None, on_warning=str) as lux:
        here = described(lux, scene)
    assert [call.name for call in here if call.name != "Film"] == [name for name, _ in scene if name != "Film"]
    assert there(node, scene) == here
    with lrnap.Context(file, on_warning=str) as lux:
        assert described(lux, scene) == here
    with lrnap.Context(None, on_warning=str) as lux:
        lux.parse(file)
        assert lux.scene.calls == here


def there(node: Served, scene: Sequence[Made]) -> tuple[Call, ...]:
    """What arrives at the node's engine."""
    with lrnap.Context(node.address.url, on_warning=str) as lux:
        described(lux, scene)
        job = lux.render(spp=None)
        for _ in job:
            if node.engine.scenes:
                break
        job.close()
    return node.do(lambda: tuple(node.engine.scenes.pop().calls))

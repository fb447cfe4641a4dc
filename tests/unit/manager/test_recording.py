"""A scene that was put down as bytes comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.errors import Code, LrnapError
from lrnap.lux.call import Call, Location, Param
from lrnap.lux.params import make
from lrnap.lux.scene import Scene
from lrnap.manager.recording import record, replay
from lrnap.net.arrays import Arrays

WOOD = "ab" * 32
CALLS = (
    Call("LookAt", (0.0, -4.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0), (), Location("a b.lxs", 3, 1)),
    Call("WorldBegin", ()),
    Call("Texture", ("t", "color", "imagemap"), (make("string", "filename", ['x:\\wood "1".png']),)),
    Call("Shape", ("trianglemesh",), (make("point", "P", np.linspace(-1e-7, 1e9, 300, dtype=np.float32)),)),
    Call("WorldEnd", ()),
)
EDITS = (Call("Film", ("fleximage",), (make("float", "gamma", [1.5]),)),)
SCENE = Scene("ball", CALLS, {'x:\\wood "1".png': "/somewhere/wood.png"}, EDITS)


def test_what_was_recorded_is_replayed() -> None:
    data = record(SCENE, {'x:\\wood "1".png': WOOD}, ("depth", "normal"))
    again = replay(data, "ball", lambda sha256, name: f"/assets/{sha256}{name[-4:]}")
    assert [repr(call) for call in again.scene.calls] == [repr(call) for call in CALLS]
    assert [repr(call) for call in again.scene.edits] == [repr(call) for call in EDITS]
    assert again.scene.files == {'x:\\wood "1".png': f"/assets/{WOOD}.png"}
    assert (again.channels, again.assets) == (("depth", "normal"), {'x:\\wood "1".png': WOOD})
    assert record(again.scene, again.assets, again.channels) == data  # so the same scene is kept once


def test_large_arrays_are_recorded_by_content() -> None:
    """So frames that have the same mesh are some lines each."""
    points = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    scene = Scene("ball", (Call("Shape", ("trianglemesh",), (Param("point", "P", points),)),))
    arrays = Arrays(scene.calls)
    data = record(scene, {}, (), arrays)
    assert len(data) < 200 < 12_000 == sum(map(len, arrays.data.values()))

    def find(sha256: str, size: int) -> np.ndarray:
        found = np.frombuffer(arrays.data[sha256], np.uint8)
        assert len(found) == size
        return found

    again = replay(data, "ball", lambda sha256, _: sha256, find).scene
    assert again.calls == scene.calls
    assert record(again, {}, (), Arrays(again.calls)) == data


def test_a_recording_that_was_cut_is_refused() -> None:
    data = record(SCENE, {}, ())
    with pytest.raises(LrnapError) as refused:
        replay(data[:-4], "ball", lambda sha256, _: sha256)
    assert refused.value.code is Code.HASH

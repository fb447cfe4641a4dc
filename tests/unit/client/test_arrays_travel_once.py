"""A mesh that many scenes have, as frames of an animation do, travels once, and a node has it once."""

from __future__ import annotations

import numpy as np
import pytest
from serving import in_loop, scene, serving

from lrnap.client.connection import connect
from lrnap.client.upload import send_edit, send_scene
from lrnap.limits import NodeLimits
from lrnap.lux.call import Call, Param
from lrnap.lux.params import make
from lrnap.lux.scene import Scene
from lrnap.wire import Reply, Word

POINTS = np.random.default_rng(3).random((60_000, 3)).astype(np.float32)
LARGE, SMALL = slice(0, 60_000), slice(0, 2_000)  # more than a line may carry at once, and less

LAMP = Call(
    "Texture",
    ("lamp", "color", "irregulardata"),
    (make("float", "wavelengths", range(3000)), make("float", "data", np.linspace(0, 1, 3000))),
)


def frame(number: int, *meshes: slice) -> Scene:
    """One whose meshes are like those of all others, turned."""
    *before, end = scene().calls
    calls = [*before, Call("Rotate", (10.0 * number, 0.0, 0.0, 1.0))]
    for part in meshes:
        points = POINTS[part].copy()
        indices = np.arange(len(points) // 3 * 3, dtype=np.int32)
        params = (Param("integer", "indices", indices), Param("point", "P", points))
        calls.append(Call("Shape", ("trianglemesh",), params))
    return Scene(f"frame{number}", (*calls, end), {})


def counted(connection) -> list[int]:
    """Bytes of the payloads of each request that is sent from now on."""
    sent, send = [], connection._send

    def count(request, into):
        sent.append(sum(payload.length for payload in request.payloads))
        return send(request, into)

    connection._send = count
    return sent


def arrays(scene: Scene) -> list[np.ndarray]:
    return [
        p.value for call in scene.calls for p in call.params if isinstance(p.value, np.ndarray) and p.value.size > 99
    ]


@in_loop
async def test_the_second_frame_brings_no_mesh(tmp_path):
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        sent = counted(connection)
        await send_scene(connection, frame(1, LARGE, SMALL), "one")
        assert sum(sent) == sum(array.nbytes for array in arrays(frame(1, LARGE, SMALL)))
        sent.clear()
        await send_scene(connection, frame(2, LARGE, SMALL), "two")
        assert sum(sent) == 0
        one, two = node.jobs.find("one").scene, node.jobs.find("two").scene
        assert two.calls == frame(2, LARGE, SMALL).calls
        assert all(np.shares_memory(a, b) for a, b in zip(arrays(one), arrays(two), strict=True))


@in_loop
async def test_a_call_has_arrays_of_both_kinds(tmp_path):
    """A small one that comes with it, and a large one that does not."""
    few = Scene("few", scene().calls[:-1], {})
    small, large = Param("integer", "indices", np.arange(300, dtype=np.int32)), Param("point", "P", POINTS[:2000])
    shapes = [Call("Shape", ("trianglemesh",), params) for params in ((small, large), (large, small))]
    both = Scene("both", (*few.calls, *shapes, Call("WorldEnd")), {})
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        for name in ("one", "two"):
            await send_scene(connection, both, name)
            assert node.jobs.find(name).scene.calls == both.calls


@in_loop
async def test_a_mesh_comes_back_after_the_node_has_dropped_it(tmp_path):
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        await send_scene(connection, frame(1, LARGE), "one")
        for path in node.assets.folder.glob("??/*"):
            path.unlink()
        await send_scene(connection, frame(2, LARGE), "two")
        assert node.jobs.find("two").scene.calls == frame(2, LARGE).calls


@pytest.mark.parametrize("bound", [1000, 30_000], ids=["no array fits", "only one fits"])
@in_loop
async def test_where_there_is_no_room_to_keep_arrays_they_come_with_their_calls(tmp_path, bound):
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        node.assets._limits = NodeLimits(asset_bytes=bound)
        await send_scene(connection, frame(1, SMALL), "one")
        assert node.jobs.find("one").scene.calls == frame(1, SMALL).calls
        await send_edit(connection, "one", [LAMP], {}, 1)
        assert [*node.jobs.find("one").scene.edits] == [LAMP]


@in_loop
async def test_an_edit_sends_its_large_arrays_by_content_too(tmp_path):
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        await send_scene(connection, frame(1, SMALL), "one")
        sent = counted(connection)
        for epoch in (1, 2):
            await send_edit(connection, "one", [LAMP], {}, epoch)
        assert sum(sent) == 2 * 3000 * 4
        assert [*node.jobs.find("one").scene.edits] == [LAMP]


@in_loop
async def test_a_server_that_does_not_know_that_gets_arrays_with_their_calls(tmp_path):
    async with serving(tmp_path) as (node, url, _), await connect(url) as connection:
        connection.server = Reply("R_OK", (), {"caps": Word("tags,events,assets,zstd")})
        sent = counted(connection)
        for number in (1, 2):
            await send_scene(connection, frame(number, SMALL), f"frame{number}")
        assert sum(sent) == 2 * sum(array.nbytes for array in arrays(frame(1, SMALL)))
        assert node.jobs.find("frame2").scene.calls == frame(2, SMALL).calls

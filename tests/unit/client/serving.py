"""A real node with the fake engine, in this process, on a free port."""

from __future__ import annotations

import asyncio
import contextlib
import functools

from lrnap.engine.process import ProcessEngine
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene
from lrnap.net.address import Address
from lrnap.net.server import Server
from lrnap.node.service import Node

PATIENCE = 120

SCENE = b"""
LookAt 0 -4 1  0 0 0  0 0 1
Camera "perspective" "float fov" [40]
Film "fleximage" "integer xresolution" [32] "integer yresolution" [24]
WorldBegin
LightSource "point" "color L" [5 5 5] "point from" [0 -2 2]
Material "matte" "color Kd" [0.7 0.7 0.7]
Shape "sphere" "float radius" [1]
WorldEnd
"""


def scene(text=SCENE, name="ball", files=None):
    return Scene(name, tuple(read_bytes(text, "ball.lxs")), files or {})


@contextlib.asynccontextmanager
async def serving(folder, *, engine="fake", port=0):
    """The node and its URL."""
    node = Node(ProcessEngine(engine), [folder], folder / "data")
    server = Server(node)
    try:
        [address] = await server.listen([Address("127.0.0.1", port)])
        yield node, address.url, server
        while server.open_links:  # clients that have just gone
            await asyncio.sleep(0.005)
    finally:
        await server.close()
        await node.close()


def in_loop(test):
    @functools.wraps(test)
    def run(*args, **kwargs):
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE))

    return run

"""animation_*: what the frames of an animation cost after the first, each a scene file with the same mesh, turned.

    submitted   bytes from the submitter to the manager for each frame behind the first / for the first
    to_node     bytes from the manager to the node, likewise: its questions about the film are among them
    changed     bytes to the node, likewise, of one scene with a file of changes for each frame
    next        seconds from the end of a frame to the first sample of the next on the node

A torus of half a million triangles lies in the text of every frame, beside a texture. What is counted is what the wires
carry, with everything around it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np

import lrnap
from bench.counted import counted
from bench.manager import PATIENCE, _manager
from bench.row import Row
from lrnap.client.connection import connect
from lrnap.launch.local import local_node

SIDE = 500  # quads of the torus each way
FRAMES = 5
LOOK = 0.01  # seconds between two looks at the node

SCENE = """
LookAt 0 -4 2  0 0 0  0 0 1
Camera "perspective" "float fov" [40]
Film "fleximage" "integer xresolution" [320] "integer yresolution" [240] "integer haltspp" [4]
WorldBegin
LightSource "infinite" "color L" [.5 .6 .8]
Rotate {} 1 0 1
Texture "wood" "color" "imagemap" "string filename" ["wood.tga"]
Material "matte" "texture Kd" ["wood"]
{}
WorldEnd
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="lrnap-bench-") as made:
        folder = Path(made)
        _write(folder)
        one, many, changed = (_rendered(folder, **job) for job in JOBS)
    found = []
    ways = ("submitter to manager", one[0], many[0]), ("manager to node", one[1], many[1])
    for name, (way, first, all_of_them) in zip(("submitted", "to_node"), ways, strict=True):
        found.append(_row(name, way, first, all_of_them))
    found.append(_row("changed", "manager to node, changes of the camera", one[1], changed[1]))
    gaps = [*many[2], *changed[2]]
    detail = (
        f"s from the end of a frame to a sample of the next, median of {len(gaps)}; {4 * SIDE * SIDE // 2} triangles"
    )
    return [*found, Row("animation_next", median(gaps), None, detail)]


JOBS: tuple[dict[str, str], ...] = (
    {"scene": "turn.####.lxs", "frames": "1"},
    {"scene": "turn.####.lxs", "frames": f"1-{FRAMES}"},
    {"scene": "turn.0001.lxs", "frames": f"1-{FRAMES}", "changes": "move.####.lxs"},
)


def _row(name: str, way: str, first: int, all_of_them: int) -> Row:
    each = (all_of_them - first) / (FRAMES - 1)
    return Row(
        f"animation_{name}", each / first, (0.0, 0.05), f"{way}: frame 1 {first:,} bytes, others {each:,.0f} each"
    )


def _rendered(folder: Path, scene: str, frames: str, changes: str | None = None) -> tuple[int, int, list[float]]:
    """Bytes to the manager and to the node, and the seconds between frames, of a farm that knows nothing yet."""
    with ExitStack() as stack:
        node = stack.enter_context(local_node(threads=os.cpu_count() or 1)).url
        to_node = stack.enter_context(counted(node))
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lrnap-bench-")))
        farm, _ = stack.enter_context(_manager(data, [to_node.url]))
        to_manager = stack.enter_context(counted(farm.url))
        looks = stack.enter_context(_watched(node))
        with lrnap.connect(to_manager.url) as queue:
            job = queue.submit(folder / scene, frames=frames, changes=None if changes is None else folder / changes)
            submitted = to_manager.there
            if not job.wait(PATIENCE):
                raise RuntimeError("the frames take too long")
        return submitted, to_node.there, _gaps(looks)


@contextmanager
def _watched(url: str) -> Iterator[list[tuple[float, str, bool, bool]]]:
    """When the node began to show something else: its job, whether that is over, whether it has samples."""
    looks: list[tuple[float, str, bool, bool]] = []
    over = threading.Event()

    async def look() -> None:
        async with await connect(url) as connection:
            while not over.is_set():
                fields = (status := await connection.request("CTL_STATUS")).fields
                state = str(status.args[0])
                shown = (
                    str(fields.get("jobname", "")),
                    state in ("IDLE", "DONE", "STOPPED"),
                    bool(fields.get("samples")),
                )
                if not looks or looks[-1][1:] != shown:
                    looks.append((time.perf_counter(), *shown))
                await asyncio.sleep(LOOK)

    thread = threading.Thread(target=lambda: asyncio.run(look()))
    thread.start()
    try:
        yield looks
    finally:
        over.set()
        thread.join()


def _gaps(looks: list[tuple[float, str, bool, bool]]) -> list[float]:
    found, ended, known = [], 0.0, ""
    for when, job, over, sampled in looks:
        if over and job in ("", known):
            ended = ended or when
        elif sampled and job != known:
            if known:
                found.append(when - ended)
            ended, known = 0.0, job
    return found


def _write(folder: Path) -> None:
    u, v = np.meshgrid(*[np.arange(SIDE) * (2 * np.pi / SIDE)] * 2, indexing="ij")
    radius = 0.4 + 0.03 * np.sin(12 * u) * np.sin(9 * v)
    points = np.stack(
        [(1 + radius * np.cos(v)) * np.cos(u), (1 + radius * np.cos(v)) * np.sin(u), radius * np.sin(v)], -1
    )
    corner, across, up, both = (
        ((np.arange(SIDE) + i)[:, None] % SIDE * SIDE + (np.arange(SIDE) + j) % SIDE) for i in (0, 1) for j in (0, 1)
    )
    indices = np.stack([corner, up, both, corner, both, across], -1)
    mesh = f'Shape "trianglemesh" "integer indices" [{_text(indices, "d")}]\n"point P" [{_text(points, ".6g")}]'
    uv = np.stack([u, v], -1) / (2 * np.pi)
    mesh += f'\n"float uv" [{_text(uv, ".6g")}]'
    for number in range(1, FRAMES + 1):
        (folder / f"turn.{number:04d}.lxs").write_text(SCENE.format(10 * number, mesh))
        (folder / f"move.{number:04d}.lxs").write_text(f"LookAt 0 -4 {1 + number / 10}  0 0 0  0 0 1\n")
    pixels = np.random.default_rng(1).integers(0, 255, (512, 512, 3), np.uint8)
    header = bytes((0, 0, 2, *bytes(9), 0, 2, 0, 2, 24, 0))  # an uncompressed TGA of 512 x 512
    (folder / "wood.tga").write_bytes(header + pixels.tobytes())


def _text(numbers: np.ndarray, form: str) -> str:
    return " ".join(format(number, form) for number in numbers.ravel().tolist())

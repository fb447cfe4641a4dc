"""channels: samples with auxiliary channels beside without, on LuxCore; reading, merging and size as detail.

Samples are counted by the processor time of the engine's process, so that what else the machine does hardly matters,
and runs with and without channels take turns.
"""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import replace
from statistics import median

from bench.row import Row
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.film.channels import CHANNELS
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

WIDTH, HEIGHT = 1280, 720
SECONDS = 8.0  # of rendering a turn
TURNS = 3
VARIANTS = {"none": (), "albedo,normal": ("albedo", "normal"), "depth": ("depth",), "all": tuple(CHANNELS)}
SCENE = """
LookAt 3 -3 2.5  0 0 0.5  0 0 1
Camera "perspective" "float fov" [45]
Film "fleximage" "integer xresolution" [{width}] "integer yresolution" [{height}]
WorldBegin
LightSource "infinite" "color L" [.5 .6 .7]
Material "matte" "color Kd" [0.7 0.5 0.3]
Shape "trianglemesh" "integer indices" [0 1 2 0 2 3] "point P" [-2 -2 0  2 -2 0  2 2 0  -2 2 0]
Shape "sphere" "float radius" [.8]
WorldEnd
"""


async def measure(scene: Scene, channels: tuple[str, ...], seconds: float, seed: int) -> tuple[float, float, Snapshot]:
    """Samples a second of one processor, seconds to read the film, and the film."""
    before = _used()
    options = RunOptions(f"r{seed}", seed, halt=Halt(seconds=seconds), channels=channels)
    run = await ProcessEngine().start(scene, options)
    try:
        async for status in run.events():
            last = status
        began = time.perf_counter()
        film = await run.snapshot()
        read = time.perf_counter() - began
    finally:
        await run.close()
    return last.samples / (_used() - before), read, film


def _used() -> float:
    """Processor time of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def merging(film: Snapshot) -> float:
    """Seconds to merge two films."""
    took = []
    for _ in range(3):
        both = Film(film.layout)
        both.add(film)
        both.add(replace(film, run="other"))
        began = time.perf_counter()
        both.merged()
        took.append(time.perf_counter() - began)
    return min(took)


def rows() -> list[Row]:
    scene = Scene("bench", tuple(read_bytes(SCENE.format(width=WIDTH, height=HEIGHT).encode(), "bench.lxs")))
    results: dict[str, list[tuple[float, float, Snapshot]]] = {name: [] for name in VARIANTS}
    seed = 0
    for _ in range(TURNS):
        for name, channels in VARIANTS.items():
            seed += 1
            results[name].append(asyncio.run(measure(scene, channels, SECONDS, seed)))
    plain = median(rate for rate, _, _ in results["none"])
    made = []
    for name, several in results.items():
        rate, read = median(rate for rate, _, _ in several), median(read for _, read, _ in several)
        film = several[0][2]
        detail = (
            f"{rate / 1e6:.2f} M samples a processor second, {WIDTH}x{HEIGHT}, {film.block.nbytes / 1e6:.0f} MB "
            f"read in {read * 1e3:.0f} ms, two merged in {merging(film) * 1e3:.0f} ms"
        )
        made.append(Row(f"channels {name}", rate / plain, None, detail))
    return made

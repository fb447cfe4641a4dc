"""Renders the quad in this process and compares our film with what LuxCore itself makes of its own: prints JSON.

A program of its own, because LuxCore must not be loaded into the process of the tests. Arguments: sampler, integrator.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from engine_bench import quad

from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.renderer import LuxCoreRenderer
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.film.snapshot import FilmLayout, Planes
from lrnap.lux.builder import describe

SPP = 20


def main(sampler: str, integrator: str) -> None:
    renderer = LuxCoreRenderer(log=lambda text: None)
    scene = quad(sampler=sampler, integrator=integrator)
    layout = renderer.build(describe(scene.calls), {}, RunOptions("r1", seed=1, threads=2)).layout
    renderer.set_halt(Halt())
    renderer.start()
    while renderer.stats().samples < SPP * layout.width * layout.height:
        time.sleep(0.005)
    renderer.stop()
    block = layout.new_block()
    with tempfile.TemporaryDirectory() as folder:
        counts = renderer.read_film(block, Path(folder))
    planes = layout.planes(block)
    theirs = engine_picture(renderer, layout)
    ours = picture(layout, planes, counts.screen_samples)
    result = {
        "rgb": float(np.abs(ours - theirs).max() / theirs.max()),
        "samples": counts.samples,
        "engine_samples": renderer.stats().samples,
        "weight": float(planes.weight.sum(dtype=np.float64)),
        "groups": [float(group.sum()) for group in planes.pixel],
        "screen": None if planes.screen is None else float(planes.screen.sum()),
    }
    print(json.dumps(result), flush=True)
    os._exit(0)


def picture(layout: FilmLayout, planes: Planes, screen_samples: float) -> np.ndarray:
    """What the sums mean, straight from the definition of `Planes`."""
    rgb = (planes.pixel / np.maximum(planes.weight, 1e-20)[..., None]).sum(axis=0)
    if planes.screen is not None:
        rgb += planes.screen.sum(axis=0) * (layout.width * layout.height / screen_samples)
    return rgb


def engine_picture(renderer: LuxCoreRenderer, layout: FilmLayout) -> np.ndarray:
    rgb = np.empty(layout.height * layout.width * 3, np.float32)
    renderer._session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB, rgb, 0, False)
    return rgb.reshape(layout.height, layout.width, 3)[::-1]


if __name__ == "__main__":
    main(*sys.argv[1:])

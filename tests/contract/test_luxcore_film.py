"""LuxCore's films as ours: the sums are the engine's own, and runs with different seeds are independent."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from engine_bench import HERE, in_loop, quad

from lrnap.engine.luxcore.spectra import L_UNIT
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.lux.reader import read_bytes
from lrnap.lux.scene import Scene

SAMPLERS = ["lowdiscrepancy", "random", "metropolis"]


@pytest.mark.parametrize(
    ("sampler", "integrator"),
    [*((sampler, "path") for sampler in SAMPLERS), *((sampler, "bidirectional") for sampler in SAMPLERS)],
)
def test_our_sums_develop_to_the_engines_own_picture(sampler: str, integrator: str) -> None:
    program = [sys.executable, "luxcore_sums.py", sampler, integrator]
    done = subprocess.run(program, cwd=HERE, capture_output=True, text=True, timeout=120, check=True)
    film = json.loads(done.stdout.splitlines()[-1])
    assert film["rgb"] < 1e-5
    assert film["samples"] == film["engine_samples"]
    assert all(group > 0 for group in film["groups"])
    if integrator == "bidirectional":
        assert film["screen"] > 0
    elif sampler != "metropolis":
        assert film["weight"] == film["samples"]


@pytest.mark.parametrize("integrator", ["path", "bidirectional"])
@in_loop
async def test_two_merged_runs_have_the_noise_of_one_with_twice_the_samples(integrator: str) -> None:
    async def render(seed: int, spp: float) -> Snapshot:
        scene = quad(sampler="random", integrator=integrator)
        run = await ProcessEngine("luxcore").start(scene, RunOptions(f"r{seed}", seed, halt=Halt(spp=spp)))
        try:
            async for _ in run.events():
                pass
            return await run.snapshot()
        finally:
            await run.close()

    truth = await render(99, 2000)
    a, b, double = await render(1, 32), await render(2, 32), await render(3, 64)
    film = Film(a.layout)
    film.add(a)
    film.add(b)
    merged = film.merged()
    assert merged.samples == a.samples + b.samples
    errors = [floor(run, truth) - floor(truth, truth) for run in (a, b)]
    assert abs(np.corrcoef(errors)[0, 1]) < 0.35  # 1 if both runs were the same
    assert 0.75 < noise(merged, truth) / noise(double, truth) < 1.25  # 1.41 if both runs were the same


@pytest.mark.parametrize(
    "options",
    ['Sampler "sobol"', 'Sampler "metropolis"', 'Sampler "random" SurfaceIntegrator "bidirectional"'],
)
@in_loop
async def test_a_crop_of_the_environment_camera_is_that_part_of_what_is_all_around(options: str) -> None:
    """A glowing belt from 60 to 120 degrees below the zenith, ten degrees a row: the lower right of it."""
    text = f"""
    Film "fleximage" "integer xresolution" [32] "integer yresolution" [18] "float cropwindow" [0.5 1 0.25 1]
    {options} PixelFilter "box" LookAt 0 0 0  0 1 0  0 0 1 Camera "environment" WorldBegin ReverseOrientation
    AreaLightSource "area" "float power" [0] Material "matte" "color Kd" [0 0 0]
    Shape "sphere" "float radius" [5] "float zmin" [-2.5] "float zmax" [2.5] WorldEnd"""
    scene = Scene("around", tuple(read_bytes(text.encode(), "around.lxs")), {})
    run = await ProcessEngine("luxcore").start(scene, RunOptions("r1", 1, halt=Halt(spp=200), channels=("depth",)))
    try:
        async for _ in run.events():
            pass
        film = await run.snapshot()
    finally:
        await run.close()
    assert (film.layout.width, film.layout.height) == (16, 13)
    planes = film.planes
    light = planes.pixel[0] / np.maximum(planes.weight, 1e-20)[..., None]
    if planes.screen is not None:
        light = light + planes.screen[0] * (planes.weight.size / film.screen_samples)
    belt = np.repeat([0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], 16).reshape(13, 16)
    # Bidirectional samples are spread over the pixels beside them, too.
    assert light.mean(axis=2) / L_UNIT == pytest.approx(belt, abs=0.35 if planes.screen is not None else 0.03)
    assert light.mean() / L_UNIT == pytest.approx(belt.mean(), rel=0.03)
    depth = planes.channels["depth"][..., 0]
    assert (depth[2:6] > 4).all() and not depth[9:].any()
    assert film.spp >= 200
    assert planes.weight.min() > 0


def floor(snapshot: Snapshot, truth: Snapshot) -> np.ndarray:
    """The light of the lamp on the floor, where noise is much the same everywhere: not the bright lamp, not edges."""

    def lamp_light(film: Snapshot) -> np.ndarray:
        planes, group = film.planes, film.layout.groups.index("fill")
        rgb = planes.pixel[group] / np.maximum(planes.weight, 1e-20)[..., None]
        if planes.screen is not None:
            rgb = rgb + planes.screen[group] * (planes.weight.size / film.screen_samples)
        return rgb.sum(axis=-1)

    true = lamp_light(truth)
    return lamp_light(snapshot)[np.abs(true / np.median(true[true > 0]) - 1) < 0.5]


def noise(snapshot: Snapshot, truth: Snapshot) -> float:
    """RMS error of one sample per pixel: the same for all films if samples are independent.

    An engine overshoots its halt by some samples, and the truth has noise too.
    """
    rms = np.sqrt(np.square(floor(snapshot, truth) - floor(truth, truth)).mean())
    return float(rms / np.sqrt(1 / snapshot.spp + 1 / truth.spp))

"""The noise that is predicted of LuxCore's films is the error that they have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine_bench import in_loop, quad

from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.film.noise import Display, Noise, estimate
from lrnap.film.snapshot import Snapshot


async def render(sampler: str, seed: int, spp: float) -> Snapshot:
    run = await ProcessEngine("luxcore").start(
        quad(sampler=sampler, integrator="path"), RunOptions(f"r{seed}", seed, halt=Halt(spp=spp))
    )
    try:
        async for status in run.events():
            assert status.error is None
        return await run.snapshot()
    finally:
        await run.close()


def error(picture: np.ndarray, truth: Snapshot) -> float:
    """Of radiance (n, 3), in the picture in which 1 is white."""
    true = Noise(truth.layout, None).resolve(truth).radiance
    shown = Display(true)
    return float(np.sqrt(np.mean(np.square(shown(picture) - shown(true)))))


@pytest.mark.parametrize("sampler", ["random", "lowdiscrepancy"])
@in_loop
async def test_the_error_of_a_merged_film_is_what_its_runs_say(sampler: str) -> None:
    """The scenes of bench/noise_calibration.py are larger, and the bounds there narrower."""
    truth = await render(sampler, 99, 800)
    runs = [await render(sampler, seed, 16) for seed in (1, 2, 3, 4)]
    found = estimate(runs)
    assert found is not None
    assert found.runs == 4
    true = error(found.radiance, truth) / math.sqrt(1 + found.spp / truth.spp)
    assert 0.75 < found.value / true < 1.33

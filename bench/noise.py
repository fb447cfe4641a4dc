"""noise_two_nodes: the error of two nodes' merged film / that of one engine with twice the samples.

Error is the root mean square difference from a long render with another seed. Pairs with seeds of their own are
averaged, because the error of one picture is itself a random number (of some percent at this size).

The aim is for independent samples, where theory says 1. A low-discrepancy sequence gains from its own length, which two
half as long sequences do not have; its figure is given beside it, and so is how much better it is than random samples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.row import Row
from bench.scenes import room
from lrnap.client.remote import RemoteEngine
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Engine, Halt, RunOptions
from lrnap.film.merge import Film
from lrnap.film.radiance import resolve
from lrnap.film.snapshot import Snapshot
from lrnap.launch.local import local_node
from lrnap.lux.scene import Scene

SIZE = (96, 72)
SPP = 32  # of each node; the one engine takes twice as many
REFERENCE_SPP = 2000
PAIRS = 6

Picture = npt.NDArray[np.float64]


def rows() -> list[Row]:
    with local_node() as a, local_node() as b:
        return asyncio.run(_measure(a.url, b.url))


async def _measure(url_a: str, url_b: str) -> list[Row]:
    here, nodes = ProcessEngine(), (RemoteEngine(url_a), RemoteEngine(url_b))
    reference = _picture(await _render(here, room(*SIZE, "lowdiscrepancy"), 999_983, REFERENCE_SPP, threads=0))
    random = await _errors(here, nodes, room(*SIZE, "random"), reference)
    sobol = await _errors(here, nodes, room(*SIZE, "lowdiscrepancy"), reference)
    what = f"{PAIRS} pairs at {SIZE[0]}x{SIZE[1]}, 2 x {SPP} spp against {2 * SPP} spp"
    return [
        Row("noise_two_nodes", random.ratio, (0.95, 1.05), f"random samples, {what}"),
        Row(
            "noise_two_nodes_lowdiscrepancy",
            sobol.ratio,
            None,
            f"the same with Sobol's sequence; merged, it has {sobol.merged / random.merged:.2f} of random's error",
        ),
    ]


@dataclass(frozen=True)
class Errors:
    """RMSE x sqrt(spp): halting is exact to a pass or so, and error falls with the root of the samples."""

    merged: float
    single: float

    @property
    def ratio(self) -> float:
        return self.merged / self.single


async def _errors(here: Engine, nodes: Sequence[Engine], scene: Scene, reference: Picture) -> Errors:
    merged, single = [], []
    for pair in range(PAIRS):
        seeds = (3 * pair + 1, 3 * pair + 2, 3 * pair + 3)
        parts = await asyncio.gather(*(_render(n, scene, s, SPP) for n, s in zip(nodes, seeds[:2], strict=True)))
        film = Film(parts[0].layout)
        for part in parts:
            film.add(part)
        one = await _render(here, scene, seeds[2], 2 * SPP)
        merged.append(_error(film.merged(), reference) * film.spp**0.5)
        single.append(_error(one, reference) * one.spp**0.5)
    return Errors(*(float(np.sqrt(np.mean(np.square(e)))) for e in (merged, single)))


async def _render(engine: Engine, scene: Scene, seed: int, spp: float, threads: int = 1) -> Snapshot:
    run = await engine.start(scene, RunOptions(f"bench-{seed}-{spp}", seed, threads, Halt(spp=spp)))
    try:
        async for status in run.events():
            if status.error is not None:
                raise status.error
        return await run.snapshot()
    finally:
        await run.close()


def _picture(snapshot: Snapshot) -> Picture:
    groups, _ = resolve(snapshot)
    return np.asarray(groups, np.float64).sum(axis=0)


def _error(snapshot: Snapshot, reference: Picture) -> float:
    return float(np.sqrt(np.mean((_picture(snapshot) - reference) ** 2)))

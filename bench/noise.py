"""noise_two_nodes: the error of two nodes' merged film / that of one engine with twice the samples.

Error is the root mean square difference from a long render with another seed. Pairs with seeds of their own are
averaged, because the error of one picture is itself a random number (of some percent at this size).
"""

from __future__ import annotations

import asyncio

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

SIZE = (160, 120)
SPP = 32  # of each node; the one engine takes twice as many
REFERENCE_SPP = 3000
PAIRS = 6

Picture = npt.NDArray[np.float64]


def rows() -> list[Row]:
    with local_node() as a, local_node() as b:
        return [asyncio.run(_measure(a.url, b.url))]


async def _measure(url_a: str, url_b: str) -> Row:
    scene = room(*SIZE)
    here, nodes = ProcessEngine(), (RemoteEngine(url_a), RemoteEngine(url_b))
    reference = _picture(await _render(here, scene, 999_983, REFERENCE_SPP, threads=0))
    merged_errors, single_errors, spp = [], [], [0.0, 0.0]
    for pair in range(PAIRS):
        seeds = (3 * pair + 1, 3 * pair + 2, 3 * pair + 3)
        parts = await asyncio.gather(*(_render(n, scene, s, SPP) for n, s in zip(nodes, seeds[:2], strict=True)))
        film = Film(parts[0].layout)
        for part in parts:
            film.add(part)
        single = await _render(here, scene, seeds[2], 2 * SPP)
        # Halting is exact to a pass or so; error falls with the root of the samples, so compare at equal counts.
        spp = [spp[0] + film.spp / PAIRS, spp[1] + single.spp / PAIRS]
        merged_errors.append(_error(film.merged(), reference) * film.spp**0.5)
        single_errors.append(_error(single, reference) * single.spp**0.5)
    merged, one = (float(np.sqrt(np.mean(np.square(e)))) for e in (merged_errors, single_errors))
    detail = (
        f"{PAIRS} pairs at {SIZE[0]}x{SIZE[1]}: RMSE x sqrt(spp) {merged:.4f} merged (mean {spp[0]:.1f} spp), "
        f"{one:.4f} one engine (mean {spp[1]:.1f} spp)"
    )
    return Row("noise_two_nodes", merged / one, (0.95, 1.05), detail)


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

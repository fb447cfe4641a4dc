"""noise_calibration_*: the error that `lrnap film noise` predicts of a merged picture / the error that it has.

Predicted from two runs, each fetched several times while it renders as a farm does; true is the root mean square
difference from a long render with another seed, in the picture in which 1 is white. Pairs of runs with seeds of their
own are averaged, because both figures are random numbers. The aim is 15 percent either way.

`python -m bench.noise_calibration ../shared/scenes` measures it on scenes that are not the project's own.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.row import Row
from bench.scenes import BEADS, room
from lrnap.client.recording import scene_of_file
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.film.noise import Display, Noise, estimate
from lrnap.film.snapshot import Snapshot
from lrnap.lux import params
from lrnap.lux.scene import Scene

SIZE = (96, 72)
PAIRS = 3
GROWTH = 1.5  # times as many samples from one fetched film to the next


@dataclass(frozen=True)
class Case:
    name: str
    scene: Callable[[], Scene]
    spp: float  # of each run
    reference: float


CASES = (
    Case("sobol", lambda: room(*SIZE, "lowdiscrepancy"), 64, 3000),
    Case("metropolis", lambda: room(*SIZE, "metropolis"), 64, 2000),
    Case("beads", lambda: _small(BEADS), 128, 4000),
)
REAL = {"cornell_box/path.lxs": 128, "cornell_box/bidir.lxs": 64, "bumpmapping/default.lxs": 64}  # spp of each run


def rows() -> list[Row]:
    return asyncio.run(_rows())


async def _rows() -> list[Row]:
    return [await _row(case) for case in CASES]


async def _row(case: Case) -> Row:
    scene = case.scene()
    reference = (await _render(scene, 999_983, case.reference, threads=0))[-1]
    found = []
    for pair in range(PAIRS):
        runs = await asyncio.gather(*(_render(scene, 10 * pair + i, case.spp) for i in (1, 2)))
        found.append(_measured([snapshot for run in runs for snapshot in run], reference))
    predicted, true = (math.sqrt(np.mean(np.square(values))) for values in zip(*found, strict=True))
    what = f"{PAIRS} pairs of runs of {case.spp:g} spp at {SIZE[0]}x{SIZE[1]}: {predicted:.4f} / {true:.4f}"
    return Row(f"noise_calibration_{case.name}", predicted / true, (0.85, 1.15), what)


def _measured(snapshots: list[Snapshot], reference: Snapshot) -> tuple[float, float]:
    """Predicted and true error. What the reference itself is off by is taken from the true one."""
    here = estimate(snapshots)
    assert here is not None
    alone = Noise(reference.layout, None)
    there = alone.resolve(reference).radiance
    shown = Display(there)
    true = float(np.mean(np.square(shown(here.radiance) - shown(there))))
    return here.value, math.sqrt(true / (1 + here.spp / reference.spp))


async def _render(scene: Scene, seed: int, spp: float, threads: int = 1) -> list[Snapshot]:
    """The films of one run, the last of them whole."""
    halt = Halt(spp=spp, seconds=math.inf, noise=math.inf)
    run = await ProcessEngine().start(scene, RunOptions(f"bench-{seed}", seed, threads, halt))
    films: list[Snapshot] = []
    try:
        async for status in run.events():
            if status.error is not None:
                raise status.error
            if status.spp >= (GROWTH * films[-1].spp if films else 1):
                films.append(await run.snapshot())
        return [*films, await run.snapshot()]
    finally:
        await run.close()


def _small(path: Path) -> Scene:
    """A scene of a file, in SIZE."""
    scene, recording = scene_of_file(path, on_warning=lambda _: None)
    atexit.register(recording.close)  # until then the engine reads its files
    size = [params.from_token(f"integer {axis}resolution", [n]) for axis, n in zip("xy", SIZE, strict=True)]
    calls = []
    for call in scene.calls:
        if call.name == "Film":
            kept = [p for p in call.params if not p.name.endswith("resolution") and not p.name.startswith("halt")]
            call = replace(call, params=(*kept, *size))
        calls.append(call)
    return replace(scene, calls=tuple(calls))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    folder = parser.parse_args().scenes
    for name, spp in REAL.items():
        row = asyncio.run(_row(Case(name, lambda name=name: _small(folder / name), spp, 20 * spp)))
        print(f"{name}: {row.value:.2f} ({row.detail})", flush=True)


if __name__ == "__main__":
    main()

"""`make faults`: every fault of the table, again and again, each time at another moment; a table of what came of it.

A round is a farm of its own that goes through all faults in some order, which its seed decides: `SEED=s TIMES=1` is
that round again. What a farm has left after something was wrong is kept in out/faults.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import postgres
from faults import namespaces, truth
from faults.ground import ENGINES, IN_NAMESPACES, PLACES, ground
from faults.table import FAULTS, NAMES, Fault
from faults.trial import trial, whenever

JOBS: tuple[dict[str, Any], ...] = ({"frames": 1}, {"frames": 1, "alone": True}, {"frames": 3})


class Sweep:
    def __init__(self, place: str, engine: str, faults: list[Fault], out: Path) -> None:
        self.place = place
        self.engine = engine
        self.faults = faults
        self.out = out
        self.tried: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.noticed: list[float] = []
        self.moved: defaultdict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def round(self, seed: int) -> None:
        """A farm that goes through all faults; after something was wrong, another one goes on."""
        rng = Random(seed)
        left = rng.sample(self.faults, len(self.faults))
        while left:
            left = self._farm(seed, rng, left)

    def _farm(self, seed: int, rng: Random, left: list[Fault]) -> list[Fault]:
        folder = Path(tempfile.mkdtemp(prefix="lrnap-faults-"))
        wrong: list[str] = []
        fault, *rest = left
        before: list[str] = []
        try:
            with ground(folder, rng, place=self.place, engine=self.engine) as farm:
                while left and not wrong:
                    fault, *rest = left
                    left = rest
                    began = time.monotonic()
                    wrong = trial(farm, fault, whenever, **rng.choice(JOBS))
                    self.tried[fault.name] += 1
                    self.moved[fault.name] += farm.moved
                    farm.moved.clear()
                    before.append(f"{fault.name} {time.monotonic() - began:.0f} s")
                self.noticed += farm.noticed
                wrong = wrong or [*truth.of_programs(farm)]
                farm.manager.end()
                wrong = wrong or [*truth.of_store(farm)]
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")
        self._note(seed, fault, before, wrong, folder)
        return rest

    def _note(self, seed: int, fault: Fault, before: list[str], wrong: list[str], folder: Path) -> None:
        with self._lock:
            if wrong:
                self.wrong[fault.name] += 1
                kept = self.out / f"{seed}-{folder.name}"
                shutil.copytree(folder, kept)
                (kept / "wrong").write_text("\n".join([*wrong, "", *before]))
                print(
                    f"seed {seed}: {fault.name}, kept in {kept}",
                    *(text[:300] for text in wrong),
                    sep="\n    ",
                    flush=True,
                )
            else:
                print(f"seed {seed}: {', '.join(before)}", flush=True)
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.split(":")[0])
    parser.add_argument("--times", type=int, default=24, help="of each fault")
    parser.add_argument("--seed", type=int, default=None, help="of the first round; the others count on")
    parser.add_argument("--place", choices=PLACES, help="only there")
    parser.add_argument(
        "--inside", action="store_true", help=argparse.SUPPRESS
    )  # of namespaces, where the place has any
    parser.add_argument("--engine", choices=ENGINES, default="fake", help="luxcore: for those faults where it matters")
    parser.add_argument("--only", action="append", choices=[*NAMES], help="this fault; may be repeated")
    parser.add_argument("--at-once", type=int, default=2, help="farms side by side")
    parser.add_argument("--out", type=Path, default=Path("out/faults"))
    given = parser.parse_args()
    first = given.seed if given.seed is not None else int.from_bytes(os.urandom(4), "big")
    if not given.inside:
        return max([_elsewhere(place, first, given.times) for place in ([given.place] if given.place else PLACES)])
    print(f"{given.place}: {given.times} rounds with the seeds {first} to {first + given.times - 1}", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    chosen = [
        fault
        for fault in FAULTS
        if given.place in fault.places
        and fault.name in (given.only or NAMES)
        and fault.real >= (given.engine != "fake")
    ]
    if not chosen:
        print(f"{given.place}: nothing of that", flush=True)
        return 0
    sweep = Sweep(given.place, given.engine, chosen, given.out)
    with ThreadPoolExecutor(given.at_once) as pool:
        for done in [pool.submit(sweep.round, first + n) for n in range(given.times)]:
            done.result()
    print(f"\n{given.place:28}{'times':>6}{'wrong':>6}{'moved':>18}  what happens")
    for fault in chosen:
        moved = _seconds(sweep.moved[fault.name])
        print(f"{fault.name:28}{sweep.tried[fault.name]:6}{sweep.wrong[fault.name]:6}{moved:>18}  {fault.what}")
    print("times: seconds at the median, and at most, of so many")
    print(f"until nodes that said nothing were given up: {_seconds(sweep.noticed) or 'none'}")
    moved = _seconds([seconds for each in sweep.moved.values() for seconds in each])
    print(f"moved, from the fault to a sample of what the node alone rendered by another run: {moved or 'none'}")
    return 1 if sweep.wrong else 0


def _seconds(measured: Sequence[float]) -> str:
    return f"{median(measured):.1f} {max(measured):.1f} of {len(measured)}" if measured else ""


def _elsewhere(place: str, first: int, times: int) -> int:
    """A process for each place, because one needs namespaces of its own."""
    why = namespaces.possible() if place == "apart" else ""
    if place == "postgres" and postgres.programs() is None:
        why = "there is no PostgreSQL here"
    if why:
        print(f"{place}: not here, {why}", flush=True)
        return 0
    inside = IN_NAMESPACES if place == "apart" else ()
    words = [*sys.argv[1:], "--inside", "--place", place, "--seed", str(first), "--times", str(times)]
    return subprocess.run([*inside, sys.executable, "-m", "faults", *words]).returncode


if __name__ == "__main__":
    sys.exit(main())

"""Nothing lost, nothing twice: what must hold of a farm whatever has happened to it."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
from faults.ground import OWNER, Ground, Never, Wish, until
from nodes import SIZE, number

from lrnap.engine.fake import pattern
from lrnap.film.snapshot import FilmLayout, Planes
from lrnap.manager.store import Store
from lrnap.manager.validate import validate
from lrnap.manager.world import World
from lrnap.wire.listing import Listed

PIXELS = SIZE[0] * SIZE[1]
LAYOUT = FilmLayout(*SIZE)
WEIGHED = 0.001  # of samples, by which the weight of a film may differ from them
ALIKE = 0.03  # of the light of a film, by which another one of the scene may differ


def of_jobs(ground: Ground, wishes: Sequence[Wish]) -> Iterator[str]:
    """What is wrong with jobs that were acknowledged. Waits for their ends."""
    for wish in wishes:
        try:
            until(lambda wish=wish: ground.over(wish), f"{wish.name} is over")  # type: ignore[misc]
        except Never as error:
            yield f"{error}: {_facts(ground, wish)}"
            continue
        facts = ground.manager.facts(wish.name)
        if facts["state"] != "DONE":
            yield f"{wish.name} is {facts['state']}: {facts.get('error')}"
            continue
        if len(ground.manager.lines(f"CTL_JOBS owner={OWNER} token={wish.name}")) != 1:
            yield f"{wish.name} is not one job"
        yield from _film(ground, wish)
        yield from _files(ground, wish)


def _facts(ground: Ground, wish: Wish) -> object:
    try:
        return ground.manager.facts(wish.name)
    except (OSError, AssertionError) as error:
        return error


def _film(ground: Ground, wish: Wish) -> Iterator[str]:
    """Each frame's film is the sum over its runs, to the last sample of each."""
    runs = ground.manager.lines(f'CTL_JOB "{wish.name}" show=runs')
    seeds = Counter(run.fields["seed"] for run in runs)
    yield from (f"{wish.name}: seed {seed} is used {n} times" for seed, n in seeds.items() if n > 1)
    for frame in range(1, wish.frames + 1):
        of_frame = [run for run in runs if run.fields["frame"] == frame]
        with ground.manager.talk() as talk:
            reply = talk.ask(f'API_DumpFilmBuffer "{wish.name}" frame={frame} format=accum')
            if not reply.startswith("R_OK"):
                yield f"{wish.name}: no film of frame {frame}: {reply}"
                continue
            block = np.frombuffer(talk.bytes(number(reply, "LENGTH")), "<f4")
        match = re.search(r"SAMPLES = \"?([0-9.e+]+)", reply)
        samples = float(match[1]) if match else 0.0
        reported = sum(int(str(run.fields["samples"])) for run in of_frame)
        if samples != reported:
            yield f"{wish.name}: the film of frame {frame} has {samples} samples, its runs report {reported}"
        if samples < wish.spp * PIXELS:
            yield f"{wish.name}: frame {frame} is done with {samples / PIXELS} of {wish.spp} samples per pixel"
        yield from _picture(ground, f"{wish.name}: the film of frame {frame}", LAYOUT.planes(block), of_frame)


def _picture(ground: Ground, what: str, planes: Planes, runs: Sequence[Listed]) -> Iterator[str]:
    """What the fake engine makes is known; what the real one does weighs as much as its samples, and is as bright as
    in the first film of this farm."""
    if ground.engine == "fake":
        if not np.allclose(planes.pixel, rendered(runs), rtol=1e-4):
            yield f"{what} is not the sum of what its runs have rendered"
        return
    weight, samples = float(planes.weight.sum()), sum(int(str(run.fields["samples"])) for run in runs)
    if abs(weight - samples) > WEIGHED * samples:
        yield f"{what} weighs {weight}, its runs have {samples} samples"
    light = float(planes.pixel.sum()) / weight
    ground.light = ground.light or light
    if not np.isclose(light, ground.light, rtol=ALIKE):
        yield f"{what} is {light / ground.light} times as bright as the first"


def rendered(runs: Sequence[Listed]) -> np.ndarray:
    """What the fake engine has made in these runs together: it depends on their seeds and samples alone."""
    means = pattern(LAYOUT)
    film = np.zeros_like(LAYOUT.planes(LAYOUT.new_block()).pixel)
    for run in runs:
        passes = int(str(run.fields["samples"])) // PIXELS
        if passes:
            chance = np.random.default_rng([int(str(run.fields["seed"])), passes])
            film += means * chance.standard_gamma(passes, film.shape)
    return film


def _files(ground: Ground, wish: Wish) -> Iterator[str]:
    """The pictures are there, and the films of the runs have become one."""
    for frame in range(1, wish.frames + 1) if wish.output else ():
        path = ground.data / "pictures" / wish.output.replace("###", f"{frame:03}")
        try:
            until(path.exists, f"{path.name} is written")
        except Never as error:
            yield str(error)


def of_programs(ground: Ground) -> Iterator[str]:
    """What the manager said of itself in all its lives."""
    for line in ground.said().splitlines():
        if re.search(r"defect|Traceback|Error: ", line):
            yield f"the manager says: {line}"
    claimed = Counter(re.findall(r"run (\S+) is CLAIMED", ground.said()))
    yield from (f"run {run} was begun {n} times" for run, n in claimed.items() if n > 1)
    seeds = Counter((run.split(".")[0], run.split(".")[3]) for run in claimed)
    yield from (f"seed {seed} of {key} was used {n} times" for (key, seed), n in seeds.items() if n > 1)
    for node in ground.nodes:
        if "Traceback" in node.log():
            yield f"{node.folder.name} says: {node.log()[-1500:]}"


def of_store(ground: Ground) -> Iterator[str]:
    """Of a manager that does not run: its rows are what they are to be, and no acknowledged job is missing."""
    if ground.server is None:
        with closing(sqlite3.connect(ground.database)) as opened:
            (verdict,) = opened.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            yield f"the database is damaged: {verdict}"
            return
    store = Store(ground.db or f"sqlite:///{ground.database}")
    try:
        world = store.load()
        jobs = store.jobs(limit=100_000)
        names = Counter(job.name for job in jobs)
        for wish in ground.acknowledged:
            if wish.name not in ground.forgotten and names[wish.name] != 1:
                yield f"{wish.name} was acknowledged, and is {names[wish.name]} times in the store"
        for job in jobs:
            if job.id not in world.jobs:
                world.admit(store.load_job(job.id))
        yield from _valid(world)
    finally:
        store.close()


def _valid(world: World) -> Iterator[str]:
    try:
        validate(world)
    except Exception as error:
        yield f"the store is not consistent: {error}"

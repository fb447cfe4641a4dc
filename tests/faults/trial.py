"""One fault on a farm, at some moment, and what is wrong afterwards."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from faults import truth
from faults.ground import Ground, Never, Wish, until
from faults.table import Fault

Moment = Callable[[Ground, Wish], None]


def once_it_renders(ground: Ground, wish: Wish) -> None:
    ground.submitted()
    until(lambda: ground.rendering(wish), f"{wish.name} renders")


def whenever(ground: Ground, wish: Wish) -> None:
    """From before the job is acknowledged until after it is done."""
    sleep(ground.rng.uniform(0, 4))


def trial(ground: Ground, fault: Fault, moment: Moment, *, frames: int = 1, alone: bool = False) -> list[str]:
    """What is wrong after it; empty: nothing. A farm of which something is wrong is of no more use. `alone`: the job is
    for one node at a time."""
    since, known = len(ground.said()), len(ground.acknowledged)
    jobs = 2 if frames == 1 else 1
    wish, *_ = ground.begin(fault.spp // frames, frames=frames, output=True, jobs=jobs, alone=alone)
    moment(ground, wish)
    try:
        told = fault.inject(ground, wish)
        ground.submitted()
        until(ground.all_here, "all nodes are here again")
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    wrong = [*truth.of_jobs(ground, [w for w in ground.acknowledged[known:] if w.name not in ground.forgotten])]
    while ground.watching:
        ground.watching.pop().join()
    for pattern in filter(None, (fault.told, told)):
        try:
            ground.hears(pattern, since)
        except Never as error:
            wrong.append(str(error))
    return wrong

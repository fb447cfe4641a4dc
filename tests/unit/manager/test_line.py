"""When films set out on a line that they share."""

from __future__ import annotations

import asyncio

from loops import on_a_fake_clock

from lrnap.limits import DATA_FRAME
from lrnap.manager.cadence import FRESH
from lrnap.manager.line import Line

LARGE = 101 * DATA_FRAME


class Traveller:
    """A film that sets out when it may. `at`: when it did."""

    def __init__(self, line: Line, size: int | None = LARGE) -> None:
        self.at: float | None = None
        self._line = line
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._travel(size))

    async def _travel(self, size: int | None) -> None:
        async with self._line.take(size):
            self.at = asyncio.get_running_loop().time()
            await self._leave.wait()

    async def come(self, size: int, seconds: float) -> None:
        self._line.came(size, seconds)
        await self.go()

    async def go(self) -> None:
        self._leave.set()
        await self.task
        await asyncio.sleep(0)


def of(line: Line, *sizes: int | None) -> list[Traveller]:
    return [Traveller(line, size) for size in sizes]


@on_a_fake_clock
async def test_the_first_one_sets_out_alone_and_the_others_as_far_apart_as_it_took() -> None:
    first, *others = of(Line(), None, LARGE, LARGE, LARGE)
    await asyncio.sleep(1.5)
    assert [film.at for film in others] == [None] * 3
    await first.come(LARGE, seconds=1.0)
    await asyncio.sleep(10)
    assert [film.at for film in others] == [1.5, 2.5, 3.5]
    for film in others:
        await film.go()


@on_a_fake_clock
async def test_films_of_one_frame_crowd_nobody() -> None:
    line = Line()
    [first] = of(line, None)
    await asyncio.sleep(0)
    await first.come(DATA_FRAME, seconds=0.0)
    films = of(line, *[DATA_FRAME] * 8)
    await asyncio.sleep(0)
    assert [film.at for film in films] == [0.0] * 8
    for film in films:
        await film.go()


@on_a_fake_clock
async def test_films_that_do_not_come_are_given_ever_longer() -> None:
    films = of(Line(), *[LARGE] * 4)
    await asyncio.sleep(100)
    assert [film.at for film in films] == [0.0, FRESH, 3 * FRESH, 6 * FRESH]
    for film in films:
        await film.go()


@on_a_fake_clock
async def test_who_gives_up_leaves_no_gap() -> None:
    first, waiting, after = of(Line(), *[LARGE] * 3)
    await asyncio.sleep(1)
    waiting.task.cancel()
    await asyncio.sleep(0)
    await first.go()
    assert (waiting.at, after.at) == (None, 1.0)
    await after.go()

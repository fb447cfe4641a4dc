"""Films on their way have a place each, and take their turns."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from loops import in_loop

from lrnap.manager.slots import Slots


class Traveller:
    """A film that waits for its place, has it, and leaves it when it is told."""

    def __init__(self, slots: Slots, size: int | None) -> None:
        self.here = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._travel(slots, size))

    async def _travel(self, slots: Slots, size: int | None) -> None:
        async with slots.take(size):
            self.here = True
            await self._leave.wait()
        self.here = False

    async def leave(self) -> None:
        self._leave.set()
        await self.task
        await settled()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def of(slots: Slots, *sizes: int | None) -> list[Traveller]:
    travellers = [Traveller(slots, size) for size in sizes]
    await settled()
    return travellers


def here(travellers: list[Traveller]) -> list[bool]:
    return [traveller.here for traveller in travellers]


@in_loop
async def test_so_many_at_once_and_then_in_turn() -> None:
    films = await of(Slots(2, 100), 1, 1, 1, 1)
    assert here(films) == [True, True, False, False]
    await films[1].leave()
    assert here(films) == [True, False, True, False]
    for film in films:
        await film.leave()


@in_loop
async def test_no_more_than_there_is_room_for() -> None:
    films = await of(Slots(9, 100), 60, 60, 30)
    assert here(films) == [True, False, False]  # the third does not overtake
    await films[0].leave()
    assert here(films) == [False, True, True]
    for film in films:
        await film.leave()


@in_loop
async def test_a_film_that_is_larger_than_all_the_room_travels_alone() -> None:
    films = await of(Slots(9, 100), 500, 1)
    assert here(films) == [True, False]
    await films[0].leave()
    assert here(films) == [False, True]
    await films[1].leave()


@in_loop
async def test_a_film_of_unknown_size_is_taken_for_one_like_the_last() -> None:
    films = await of(Slots(9, 100), 60, None)
    assert here(films) == [True, False]
    for film in films:
        await film.leave()


@pytest.mark.parametrize("waiting", [True, False])
@in_loop
async def test_who_gives_up_leaves_no_gap(*, waiting: bool) -> None:
    slots = Slots(1, 100)
    async with AsyncExitStack() as stack:
        if waiting:
            await stack.enter_async_context(slots.take(1))
        given_up, after = await of(slots, 1, 1)
        given_up.task.cancel()
        await asyncio.gather(given_up.task, return_exceptions=True)
        await settled()
        assert after.here is not waiting
    await settled()
    assert after.here
    await after.leave()
    async with slots.take(1):
        pass

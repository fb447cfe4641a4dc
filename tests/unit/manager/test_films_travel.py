"""How films come from many nodes over lines of every kind: told on a clock that does not tick by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from film_farm import FULL_HD, REPORT, UHD, Farm, Node, Wire, now
from loops import on_a_fake_clock

from lrnap.engine.pace import TRANSFER_SHARE
from lrnap.film.snapshot import FilmLayout
from lrnap.manager import events
from lrnap.manager.cadence import FRESH
from lrnap.manager.fetching import PATIENCE, Way
from lrnap.manager.slots import Slots

GIGABIT = 125e6  # bytes a second
SLOW = 0.1 * GIGABIT


def one_at_a_time() -> Way:
    return Way(room=Slots(1, 1 << 40))


# --- how often, and how old


@pytest.mark.parametrize("reading", [0.05, 0.7])
@pytest.mark.parametrize("layout", [UHD, FULL_HD])
@pytest.mark.parametrize("rate", [GIGABIT, 10 * GIGABIT])
@pytest.mark.parametrize("nodes", [1, 4, 16])
@on_a_fake_clock
async def test_pictures_of_nodes_that_share_a_line_are_as_fresh_as_it_allows(
    nodes: int, rate: float, layout: FilmLayout, reading: float
) -> None:
    wire, flow = Wire(rate), 4 * layout.floats / rate
    sending = reading + flow
    settled = 2 * sending * max(nodes, 10)
    async with Farm(*(Node(wire, layout, reading) for _ in range(nodes))) as farm:
        await asyncio.sleep(settled + 60 + 3 * sending * max(nodes, 10))
    due = max(FRESH, sending / TRANSFER_SHARE, nodes * flow)  # from one film of a node to its next
    for node in farm.nodes:
        assert node.share <= TRANSFER_SHARE + 1e-9
        assert node.age(since=settled) <= 1.15 * due + sending + REPORT


@on_a_fake_clock
async def test_the_first_picture_waits_for_no_other_films() -> None:
    wire = Wire(GIGABIT)
    async with Farm(*(Node(wire) for _ in range(16))) as farm:
        await asyncio.sleep(30)
        first = min(film.counted for node in farm.nodes for film in node.counted)
        alone = 0.001 + REPORT + farm.nodes[0].reading + 4 * UHD.floats / GIGABIT
        assert first == pytest.approx(alone, abs=0.01)


@on_a_fake_clock
async def test_a_node_whose_line_is_slow_holds_no_other_up() -> None:
    wire = Wire(10 * GIGABIT)
    slow, *quick = (Node(wire, rate=rate) for rate in (SLOW, *[10 * GIGABIT] * 7))
    async with Farm(slow, *quick):
        await asyncio.sleep(600)
    assert slow.share <= TRANSFER_SHARE + 1e-9
    assert len(slow.counted) >= 4
    assert max(node.age() for node in quick) <= 2 * FRESH + 1.0  # as long as the line is kept free for one


@on_a_fake_clock
async def test_engines_that_read_films_slowly_read_them_side_by_side() -> None:
    wire = Wire(GIGABIT)
    nodes = [Node(wire, reading=10.0) for _ in range(16)]
    async with Farm(*nodes):
        await asyncio.sleep(800)
    sending = 10.0 + 4 * UHD.floats / GIGABIT
    assert max(node.share for node in nodes) <= TRANSFER_SHARE + 1e-9
    assert max(node.age(since=200) for node in nodes) <= 1.2 * sending / TRANSFER_SHARE


# --- what counts as sending


@on_a_fake_clock
async def test_waiting_for_its_turn_is_not_a_nodes_sending() -> None:
    wire = Wire()
    before, node = Node(wire, rate=SLOW), Node(wire)
    async with Farm(before, node, way=one_at_a_time()):
        await asyncio.sleep(60)
    waited = before.films[0].ended
    assert waited > 13
    assert node.films[0].asked >= waited
    assert node.films[1].asked <= waited + FRESH


@on_a_fake_clock
async def test_a_film_that_was_given_up_on_the_way_was_sending_all_the_same() -> None:
    node = Node(Wire(GIGABIT), breaks=1)
    async with Farm(node) as farm:
        await asyncio.sleep(60)
    first, second = node.films[:2]
    assert (second.asked - first.asked) * TRANSFER_SHARE >= first.ended - first.asked - 1e-9
    assert any(isinstance(event, events.Counted) for event in farm.said)


# --- films that take long


@on_a_fake_clock
async def test_a_film_may_take_minutes_and_counts_while_its_node_renders() -> None:
    node, other = Node(Wire(), rate=UHD.floats * 4 / 600), Node(Wire())
    async with Farm(node, other, way=one_at_a_time()):
        await asyncio.sleep(700)
    [film] = node.films
    assert other.films[0].asked >= film.ended, "its place is its own while it flows"
    assert film.counted - film.asked == pytest.approx(600, abs=2)


@on_a_fake_clock
async def test_a_film_of_which_nothing_comes_leaves_its_place_to_others_and_counts_when_it_comes() -> None:
    wire, comes = Wire(GIGABIT), asyncio.Event()
    hung, other = Node(wire, hangs=comes), Node(wire)
    async with Farm(hung, other, way=one_at_a_time()) as farm:
        await asyncio.sleep(200)
        assert PATIENCE < other.films[0].counted < PATIENCE + 3
        assert len(other.counted) > 2
        assert [len(hung.films), hung.counted] == [1, []]
        comes.set()
        await asyncio.sleep(PATIENCE + 3)
        assert hung.films[0].counted < 200 + PATIENCE + 3
        counted = [event for event in farm.said if isinstance(event, events.Counted) and event.run == hung.run]
        assert [event.samples for event in counted] == [hung.films[0].samples]


# --- who asks for films


@on_a_fake_clock
async def test_who_asks_for_a_film_that_is_on_its_way_gets_that_one_and_may_go() -> None:
    node = Node(Wire(GIGABIT))
    async with Farm(node) as farm:
        [drive] = farm.drives
        await asyncio.sleep(REPORT + 0.1)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await drive.renew()
        [film] = node.films
        assert film.ended > now()
        await drive.renew()
        assert film.counted == now()
        await drive.renew()  # and at once again
        assert node.films == [film]


@on_a_fake_clock
async def test_nobody_makes_a_node_send_more_by_asking_more() -> None:
    node = Node(Wire(GIGABIT))
    async with Farm(node) as farm:
        await asyncio.sleep(REPORT)
        for _ in range(600):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await farm.drives[0].renew()
            await asyncio.sleep(0.1)
    assert node.share <= TRANSFER_SHARE + 1e-9


@on_a_fake_clock
async def test_the_last_film_is_that_of_the_end_though_another_is_on_its_way_then() -> None:
    node = Node(Wire(GIGABIT), spp=10.0)  # a film takes a second and more, and so does all the rendering
    async with Farm(node) as farm:
        await farm.over()
    assert node.films[0].ended > 1.0, "it was on its way when the run was over"
    assert [film.samples for film in node.counted][-1] == node.status().samples
    ended = [type(event) for event in farm.said if not isinstance(event, events.RunReport)]
    assert ended == [events.Counted, events.Counted, events.RunEnded]


@on_a_fake_clock
async def test_last_films_do_not_wait_for_those_of_nodes_that_render() -> None:
    wire = Wire()
    slow, done = Node(wire, rate=SLOW / 100), Node(wire, spp=50.0)
    async with Farm(slow, done, way=one_at_a_time()) as farm:
        await asyncio.sleep(20)
        assert [event.run for event in farm.said if isinstance(event, events.RunEnded)] == [done.run]


@on_a_fake_clock
async def test_a_run_whose_last_film_takes_long_is_waited_for_as_long_as_it_comes() -> None:
    comes = asyncio.Event()
    slow, waiting, hung = Node(Wire(), spp=5.0, rate=UHD.floats * 4 / 300), Node(Wire(), spp=5.0), Node(Wire(), spp=5.0)
    hung.hangs = comes
    async with Farm(slow, waiting, hung) as farm:
        await asyncio.sleep(290)
        assert waiting.counted
        said = [event.run for event in farm.said if isinstance(event, events.RunWaits)]
        assert said.count(slow.run) >= 290 // 20 - 1
        assert said.count(hung.run) <= 2
        await asyncio.sleep(400)
        assert slow.run in {event.run for event in farm.said if isinstance(event, events.RunEnded)}

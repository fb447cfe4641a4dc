"""What subscribers are told, and what they are told of what they missed."""

from __future__ import annotations

import asyncio

import pytest

from lrnap.errors import LrnapError
from lrnap.node.events import Publisher, Subscription
from lrnap.wire import Reply


def told(subscription: Subscription) -> list[Reply]:
    """All that waits for a subscriber."""

    found: list[Reply] = []

    async def listen() -> None:
        async for event in subscription.events():
            found.append(event)

    async def read() -> None:
        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)  # takes all there is without waiting
        subscription.close()
        await listening

    asyncio.run(read())
    return found


def said(events: list[Reply]) -> list[tuple[object, ...]]:
    facts = ("line", "from", "to")
    return [(e.fields["seq"], str(e.fields["type"]), *(e.fields[f] for f in facts if f in e.fields)) for e in events]


def test_only_what_was_asked_for_comes() -> None:
    publisher = Publisher(10)
    logs = publisher.subscribe(frozenset({"log"}), None, 1, None)
    mine = publisher.subscribe(frozenset({"state", "log"}), "mine", 1, None)
    publisher.publish("log", "mine", line="a")
    publisher.publish("state", "mine", state="DONE")
    publisher.publish("log", "other", line="b")
    assert said(told(logs)) == [(1, "log", "a"), (3, "log", "b")]
    assert said(told(mine)) == [(1, "log", "a"), (2, "state")]


def test_of_statistics_the_latest_is_enough() -> None:
    publisher = Publisher(10)
    stats = publisher.subscribe(frozenset({"stats"}), None, 20, None)
    for spp in range(5):
        publisher.publish("stats", "job", spp=spp)
    [event] = told(stats)
    assert event.fields["spp"] == 4


def test_what_had_to_give_way_is_named() -> None:
    publisher = Publisher(3)
    slow = publisher.subscribe(frozenset({"log"}), None, 1, None)
    for i in range(8):
        publisher.publish("log", None, line=str(i))
    assert said(told(slow)) == [(5, "gap", 1, 5), (6, "log", "5"), (7, "log", "6"), (8, "log", "7")]


def test_who_comes_back_goes_on_where_it_was() -> None:
    publisher = Publisher(3)
    for i in range(8):
        publisher.publish("log", None, line=str(i))
    back = publisher.subscribe(frozenset({"log"}), None, 1, 6)
    assert said(told(back)) == [(7, "log", "6"), (8, "log", "7")]
    late = publisher.subscribe(frozenset({"log"}), None, 1, 2)
    assert said(told(late)) == [(5, "gap", 3, 5), (6, "log", "5"), (7, "log", "6"), (8, "log", "7")]


def test_who_knows_the_node_from_before_it_was_started_anew_is_told_all() -> None:
    publisher = Publisher(3)
    for i in range(4):
        publisher.publish("log", None, line=str(i))
    back = publisher.subscribe(frozenset({"log"}), None, 1, 811)
    assert said(told(back)) == [(1, "gap", 1, 1), (2, "log", "1"), (3, "log", "2"), (4, "log", "3")]


def test_who_is_dropped_is_told_no_more() -> None:
    publisher = Publisher(3)
    gone = publisher.subscribe(frozenset({"log"}), None, 1, None)
    publisher.drop(gone)
    publisher.publish("log", None, line="x")
    assert told(gone) == []
    assert publisher.wanted == frozenset()


@pytest.mark.parametrize("rate", [0, -1, 1000])
def test_a_rate_has_bounds(rate: float) -> None:
    with pytest.raises(LrnapError, match="rate"):
        Publisher(3).subscribe(frozenset({"stats"}), None, rate, None)

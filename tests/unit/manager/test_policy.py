"""The scheduling policy, by example."""

from __future__ import annotations

import random
from collections import Counter

from lrnap.manager.policy import SHIFT_SECONDS, Demand, Plan, Release, Seat, entitle, plan


def seats(count: int, tags: frozenset[str] = frozenset()) -> list[Seat]:
    return [Seat(n, tags) for n in range(1, count + 1)]


def busy(node: int, job: int, *, frame: int = 1, age: float = SHIFT_SECONDS, shown: bool = True) -> Seat:
    return Seat(node, run=f"r{node}", job=job, frame=frame, age=age, shown=shown)


def shares(result: Plan) -> Counter[int]:
    return Counter(start.job for start in result.starts)


def test_every_job_gets_a_node_before_any_gets_two() -> None:
    assert shares(plan([Demand(1), Demand(2), Demand(3)], seats(4))) == {1: 2, 2: 1, 3: 1}


def test_one_job_gets_all_the_nodes_there_are() -> None:
    assert shares(plan([Demand(7)], seats(5))) == {7: 5}


def test_priority_goes_first_but_a_quarter_of_the_nodes_shows_first_pictures() -> None:
    wanted = [Demand(1, pictured=True), Demand(2), Demand(3, priority=5, pictured=True)]
    assert entitle(wanted, seats(8)) == {3: 7, 2: 1}


def test_with_few_nodes_priority_is_all_that_counts() -> None:
    assert entitle([Demand(1), Demand(2, priority=1)], seats(2)) == {2: 2}


def test_owners_share_alike_however_many_jobs_they_have() -> None:
    wanted = [*(Demand(n, "anna", pictured=True) for n in range(1, 10)), Demand(10, "bert", pictured=True)]
    result = entitle(wanted, seats(6))
    assert result[10] == 3
    assert sum(result.values()) == 6


def test_a_job_never_gets_more_than_its_maximum() -> None:
    assert shares(plan([Demand(1, most=2)], seats(5))) == {1: 2}


def test_a_job_waits_until_it_can_have_its_minimum() -> None:
    assert plan([Demand(1, least=3), Demand(2)], seats(2)).starts == plan([Demand(2)], seats(2)).starts
    assert shares(plan([Demand(1, least=3)], seats(3))) == {1: 3}


def test_tags_are_honoured_and_special_nodes_stay_for_who_needs_them() -> None:
    there = [Seat(1, frozenset({"gpu"})), Seat(2)]
    starts = plan([Demand(1), Demand(2, tags=frozenset({"gpu"}))], there).starts
    assert {(s.job, s.node) for s in starts} == {(1, 2), (2, 1)}
    assert not plan([Demand(1, tags=frozenset({"moon"}))], there).starts


def test_a_node_that_failed_is_avoided_and_one_that_failed_too_often_gets_nothing() -> None:
    (start,) = plan([Demand(1, most=1, avoided=frozenset({1}))], seats(2)).starts
    assert start.node == 2
    assert not plan([Demand(1, excluded=frozenset({1}))], seats(1)).starts


def test_frames_get_a_node_each_and_then_nodes_gang_up() -> None:
    frames = ((1, 0), (2, 0), (3, 0))
    assert Counter(s.frame for s in plan([Demand(1, frames=frames)], seats(5)).starts) == {1: 2, 2: 2, 3: 1}


def test_a_slow_node_on_the_last_frame_is_helped() -> None:
    there = [busy(1, 1, frame=9), *seats(3)[1:]]
    assert [s.frame for s in plan([Demand(1, frames=((9, 1),))], there).starts] == [9, 9]


def test_a_node_that_has_the_scene_is_taken_first() -> None:
    there = [Seat(1), Seat(2, warm=7), Seat(3, warm=8)]
    (start,) = plan([Demand(7, most=1)], there).starts
    assert start.node == 2


def test_a_job_that_has_too_many_nodes_gives_way() -> None:
    there = [busy(1, 1, age=100), busy(2, 1, age=50)]
    result = plan([Demand(1, pictured=True), Demand(2)], there)
    assert result.releases == [Release("r2", 2)]
    assert not result.starts


def test_a_run_that_has_shown_nothing_or_is_young_is_not_released() -> None:
    there = [busy(1, 1, shown=False), busy(2, 1, age=SHIFT_SECONDS / 2)]
    assert not plan([Demand(1), Demand(2)], there).releases


def test_for_a_job_whose_node_was_lost_a_young_run_gives_way_too() -> None:
    there = [busy(1, 2, age=1), busy(2, 2, age=2), busy(3, 2, age=SHIFT_SECONDS), busy(4, 2, shown=False)]
    wanted = [Demand(1, most=1, bereft=True, pictured=True), Demand(2, pictured=True)]
    assert plan(wanted, there).releases == [Release("r3", 1)], "one that is old enough goes first"
    assert plan(wanted, there[:2]).releases == [Release("r1", 1)]
    assert not plan([Demand(1, most=1), Demand(2, pictured=True)], there[:2]).releases
    assert not plan(wanted, [busy(1, 2, age=1, shown=False), busy(2, 2, age=2, shown=False)]).releases


def test_a_node_that_is_being_freed_is_waited_for() -> None:
    there = [busy(1, 1), Seat(2, run="r2", job=1, frame=1, ending=True)]
    assert not plan([Demand(1), Demand(2)], there).releases


def test_a_paused_job_keeps_its_nodes_until_another_needs_them() -> None:
    there = [busy(1, 99)]
    assert not plan([], there).releases
    assert plan([Demand(1)], there).releases == [Release("r1", 1)]


def test_whatever_is_wanted_no_node_is_idle_without_reason() -> None:
    rng = random.Random(5)
    for _ in range(300):
        tags = [frozenset(), frozenset("a"), frozenset("ab")]
        there = [Seat(n, rng.choice(tags)) for n in range(1, rng.randint(2, 9))]
        nodes = [seat.node for seat in there]
        wanted = [
            Demand(
                n,
                rng.choice("xy"),
                rng.randint(0, 2),
                most=rng.choice((0, 1, 2)),
                tags=rng.choice(tags),
                excluded=frozenset(rng.sample(nodes, rng.randint(0, 1))),
            )
            for n in range(1, rng.randint(2, 7))
        ]
        result = plan(wanted, there)
        used = {start.node for start in result.starts}
        assert len(used) == len(result.starts), "a node was given away twice"
        got = shares(result)
        for demand in wanted:
            assert not demand.most or got[demand.job] <= demand.most
            idle = [seat.node for seat in there if seat.node not in used and seat.suits(demand)]
            assert not idle or got[demand.job] == demand.most, f"{idle} are idle, and {demand} could use them"

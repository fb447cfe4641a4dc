"""Who steers a node: claims of managers, and what becomes of orders without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodes import Talk, serving

from lrnap.errors import Code, LrnapError
from lrnap.node.lease import Claim, Lease

ORDERS = [
    "CTL_PAUSE",
    "CTL_RESUME",
    "CTL_STOP",
    "CTL_ADDTHREAD",
    "CTL_SET threads 1",
    "CTL_SET gamma 2",
    "API_Render",
    "API_EditBegin",
    "API_EditEnd",
    "API_Pause",
    "API_ResetFlm",
    "API_SetHaltSamplesPerPixel 1 false false",
    "API_SetParameterValue LUX_FILM TM_TONEMAPKERNEL 1",
    "CTL_RESET",
]
LOOKS = ["CTL_INFO", "CTL_STATUS", "CTL_GET gamma", "API_Statistics sceneIsReady", "CTL_PING"]


class Connection:
    """Stands for one."""


def claims(talk: Talk, manager: str, generation: int) -> str:
    return talk.ask(f"CTL_CLAIM {manager} {generation}")


@pytest.mark.parametrize(
    ("known", "claim", "held", "taken"),
    [
        (None, Claim("a", 1), True, True),
        (Claim("a", 3), Claim("a", 3), True, True),
        (Claim("a", 3), Claim("a", 4), True, True),
        (Claim("a", 3), Claim("a", 2), True, False),
        (Claim("a", 3), Claim("a", 2), False, False),
        (Claim("a", 3), Claim("b", 4), True, True),
        (Claim("a", 3), Claim("b", 3), True, False),
        (Claim("a", 3), Claim("b", 1), True, False),
        (Claim("a", 3), Claim("b", 1), False, True),
    ],
)
def test_which_claims_are_taken(known: Claim | None, claim: Claim, held: bool, taken: bool) -> None:
    lease, first, second = Lease(), Connection(), Connection()
    if known is not None:
        lease.take(first, known)
    if not held:
        lease.gone(first)
    if taken:
        lease.take(second, claim)
        lease.check(second)
        assert lease.claim == claim
        return
    with pytest.raises(LrnapError, match="too late") as caught:
        lease.take(second, claim)
    assert caught.value.code is Code.FENCED
    assert lease.claim == known


def test_who_says_nothing_for_long_holds_nothing_until_he_speaks_again() -> None:
    """A manager that hangs keeps its sockets."""
    now = 0.0
    lease, hanging, person, other = Lease(lambda: now, silence=60), Connection(), Connection(), Connection()
    lease.take(hanging, Claim("a", 3))
    now = 59
    lease.hear(hanging)
    now = 119
    with pytest.raises(LrnapError, match="belongs to manager a"):
        lease.check(person)
    lease.hear(person)
    now = 120
    assert not lease.held
    lease.check(person)
    lease.check(hanging)
    lease.hear(hanging)
    assert lease.held
    now = 200
    lease.take(other, Claim("b", 1))
    lease.hear(hanging)
    with pytest.raises(LrnapError, match="has taken over"):
        lease.check(hanging)
    lease.gone(other)
    assert not lease.held, "only who has the present claim can hold it"


def test_all_connections_of_a_claim_give_orders_until_a_newer_one_comes(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as one, node.talk() as two, node.talk() as newer:
        assert claims(one, "farm", 3).startswith("R_OK")
        assert claims(two, "farm", 3).startswith("R_OK")
        node.write("scene.lxs")
        assert two.all('API_LuxParse "scene.lxs" "job"', "API_Render", "CTL_PAUSE") == ["R_OK"] * 3
        assert one.ask("CTL_RESUME") == "R_OK"
        assert claims(newer, "farm", 4).startswith("R_OK")
        for old in (one, two):
            assert old.ask("CTL_STOP").startswith("R_ERROR CODE = E_FENCED DESC = manager farm (generation 4)")
        assert newer.ask("CTL_STOP") == "R_OK"


@pytest.mark.parametrize("order", ORDERS)
def test_others_may_look_at_a_claimed_node_and_change_nothing(tmp_path: Path, order: str) -> None:
    with serving(tmp_path) as node, node.talk() as manager, node.talk() as person:
        node.write("scene.lxs")
        claims(manager, "farm", 1)
        manager.all('API_LuxParse "scene.lxs" "job"', "API_Render")
        before = person.ask("CTL_STATUS").split(" SAMPLES")[0]
        assert "RENDERING" in before
        assert person.ask(order).startswith("R_ERROR CODE = E_FENCED")
        assert person.ask("CTL_STATUS").split(" SAMPLES")[0] == before
        for look in LOOKS:
            assert not person.ask(look).startswith("R_ERROR")


def test_a_manager_that_is_gone_locks_nobody_out(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as person:
        node.write("scene.lxs")
        with node.talk() as manager:
            claims(manager, "farm", 7)
            manager.all('API_LuxParse "scene.lxs" "job"', "API_Render")
            assert "E_FENCED" in person.ask("CTL_STOP")
        person.until("CTL_STOP", "R_OK")
        assert "E_FENCED" in claims(person, "farm", 6), "the manager of yesterday stays refused"
        assert claims(person, "farm", 8).startswith("R_OK")


def test_a_claim_is_shown_to_programs_and_released(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as manager, node.talk() as program:
        program.ask("CTL_HELLO LRNAP/1")
        assert "manager=" not in program.ask("#1 CTL_INFO")
        claims(manager, "farm", 7)
        for look in ("#2 CTL_INFO", "#3 CTL_STATUS"):
            assert 'manager="farm" generation=7 held=true' in program.ask(look)
        assert "manager" not in manager.ask("CTL_STATUS"), "people at level 0 see what they always saw"
        assert manager.ask("CTL_RELEASE") == "R_OK"
        assert "manager=" not in program.ask("#4 CTL_STATUS")
        assert claims(manager, "farm", 1).startswith("R_OK"), "what was released is forgotten"


@pytest.mark.parametrize(
    "line",
    [
        "CTL_RETRY",
        'CTL_CHANGE "job" priority=1',
        "CTL_NODES",
        "CTL_NODE 1 step=drain",
        "CTL_ADDNODE lrnap://n7",
        *(f'API_Render "job" {wish}' for wish in ("priority=-1", "after=a", "nodes=2-8", "tags=gpu", "frames=1-9")),
        *(f'API_Render "job" {wish}' for wish in ('output="a.png"', "owner=ana", "token=1")),
        'API_LuxInit "job" frame=1',
        'API_EditBegin "job" frame=1',
        'API_DumpFilmBuffer "job" frame=1',
    ],
)
def test_a_node_says_by_name_what_only_a_queue_can_do(tmp_path: Path, line: str) -> None:
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        talk.ask('API_LuxParse "scene.lxs" "job"')
        said = talk.ask(line)
        assert said.startswith(f"R_ERROR CODE = E_UNSUPPORTED DESC = {line.split()[0]} ")
        assert "lrnap manager" in said
        assert talk.ask("CTL_STATUS").startswith("R_STATUS READY")


def test_a_node_lists_what_it_has_as_a_queue_does(tmp_path: Path) -> None:
    with serving(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        for name in ("a", "b"):
            talk.ask(f'API_LuxParse "scene.lxs" "{name}"')
        talk.ask('API_Render "a" seed=7 run="one"')
        assert [line.split()[:2] for line in talk.text("CTL_JOBS state=READY")] == [['"b"', "READY"]]
        assert [line.split()[0] for line in talk.text("CTL_JOBS limit=1")] == ['"a"']
        assert talk.text("CTL_JOBS owner=nobody") == []
        assert "E_ARGS" in talk.ask("CTL_JOBS state=ASLEEP")
        facts = dict(line.split(" = ", 1) for line in talk.text('CTL_JOB "a"'))
        assert (facts["name"], facts["state"], facts["seed"]) == ('"a"', "RENDERING", "7")
        assert talk.text('CTL_JOB "a" show=runs') == ['"one" seed=7']
        assert [line.split("at=")[0] for line in talk.text('CTL_JOB "a" show=history')] == [
            "1 PARSING ", "2 READY ", "3 RENDERING "
        ]  # fmt: skip
        assert talk.text('CTL_JOB "a" show=frames')[0].startswith("1 RENDERING ")

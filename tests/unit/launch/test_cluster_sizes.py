"""How nodes of a cluster are grouped under managers, by a scaler that places nothing."""

from __future__ import annotations

from collections.abc import Sequence

from test_up import Ledger

from lrnap.cli.farm_link import ManagerLink
from lrnap.launch.cluster import FAN_OUT, Cluster, Member, Scaler


class Simulated(Scaler):
    """It remembers what it was to place."""

    def __init__(self, nodes: int) -> None:
        super().__init__(Cluster("nowhere:1", nodes), Ledger(), ManagerLink, lambda _: None)
        self.words: list[str] = []

    def _place(self, word: str, arguments: Sequence[str] = (), **resources: float) -> Member:
        self.words.append(word)
        return Member(None)

    def grow(self, by: int) -> list[int]:
        """Nodes of each group, then."""
        for _ in range(by):
            self._grow()
        return [len(group.members) for group in self._groups]


def test_up_to_64_nodes_are_the_farms_own() -> None:
    scaler = Simulated(FAN_OUT)
    assert scaler.grow(FAN_OUT) == [FAN_OUT]
    assert {*scaler.words} == {"node"}


def test_beyond_that_managers_stand_between_as_few_as_hold_them_and_gaps_are_filled_first() -> None:
    scaler = Simulated(1000)
    assert scaler.grow(1000) == [FAN_OUT] * 15 + [40]
    assert scaler.words.count("manager") == 16 <= FAN_OUT, "they are nodes of one manager, too"
    del scaler._groups[3].members[:10]
    assert scaler.grow(10) == [FAN_OUT] * 15 + [40]
    assert scaler.words.count("manager") == 16

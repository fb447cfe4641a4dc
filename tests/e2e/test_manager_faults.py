"""Whatever happens to a farm: nothing is lost, nothing counts twice, what can go on goes on, and its user is told.

Each fault of `faults/table.py` once, at a moment at which the job surely renders; `make faults` tries them at any.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from faults import truth
from faults.ground import Ground, ground, until
from faults.table import FAULTS, Fault
from faults.trial import once_it_renders, trial

pytestmark = pytest.mark.timeout(900)
AT_WORK = ("between a stored step and its effects", "while films become one", "before a picture is written")
ELSEWHERE = ("manager killed", "manager dies between")  # told as stories, below and in test_manager_survives.py
HERE = [fault for fault in FAULTS if "here" in fault.places and fault.name not in ELSEWHERE]


class Farms:
    """One farm for many faults, and another one once something is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._count = 0
        self._farm: Ground | None = None

    def get(self) -> Ground:
        if self._farm is None:
            self._count += 1
            self._farm = self._stack.enter_context(ground(self._folder / str(self._count), Random(self._count)))
        return self._farm

    def spoilt(self) -> None:
        self._farm = None
        self._stack.close()

    def close(self) -> list[str]:
        """What is wrong with programs and store of a farm that has survived all."""
        wrong = []
        with self._stack:
            if self._farm is not None:
                wrong = [*truth.of_programs(self._farm)]
                self._farm.manager.end()
                wrong += truth.of_store(self._farm)
        return wrong


@pytest.fixture(scope="module")
def farms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farms]:
    made = Farms(tmp_path_factory.mktemp("farms"))
    yield made
    assert not made.close()


@pytest.mark.parametrize("fault", HERE, ids=lambda fault: fault.name)
def test_nothing_is_lost_and_nothing_counts_twice(farms: Farms, fault: Fault) -> None:
    wrong = trial(farms.get(), fault, once_it_renders)
    if wrong:
        said = farms.get().said()[-4000:]
        farms.spoilt()
        raise AssertionError("\n".join([*wrong, said]))


@pytest.mark.parametrize("place", AT_WORK)
def test_a_manager_that_dies_at_work_is_started_again_and_goes_on(farms: Farms, place: str) -> None:
    farm = farms.get()
    manager = farm.manager
    manager.kill()
    manager.first = f"from faults.within import die; die({place!r}, {6 if 'step' in place else 1})"
    manager.again()
    manager.first = ""
    assert manager.address
    wishes = farm.begin(400, output=True)
    until(lambda: manager.process.poll() is not None, "it dies")
    manager.kill()
    manager.again()
    farm.submitted()
    wrong = [*truth.of_jobs(farm, wishes)]
    if wrong:
        farms.spoilt()
    assert not wrong

"""Faults that need a place of their own: full disks, a network that breaks, a PostgreSQL server that ends."""

from __future__ import annotations

import os
import subprocess
import sys

import postgres
import pytest
from faults import namespaces
from faults.table import FAULTS
from managers import TESTS

pytestmark = pytest.mark.timeout(900)


def elsewhere(place: str) -> None:
    """Faults that are nowhere else, at moments of chance, by a process of its own."""
    command = [sys.executable, "-m", "faults", "--place", place, "--times", "1", "--seed", "1"]
    for fault in FAULTS:
        if fault.places == (place,):
            command += ["--only", fault.name]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.pathsep.join(TESTS)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(postgres.programs() is None, reason="there is no PostgreSQL here")
def test_on_postgresql() -> None:
    elsewhere("postgres")


def test_with_full_disks_and_a_network_that_breaks() -> None:
    if why := namespaces.possible():
        pytest.skip(f"namespaces are not allowed here: {why}")
    elsewhere("apart")

"""For tests whose films shall come at once."""

from __future__ import annotations

import pytest

from lrnap.engine import pace


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pace, "LONGEST_PAUSE", 0.001)

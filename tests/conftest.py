"""What all tests share: where other people's scenes are, if they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a shared machine is decides over no test: neither an example's time nor the generator's. Nor does chance: the
# examples are the same in each run. `--hypothesis-profile explore` looks for others.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("lrnap", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("lrnap")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_scenes() -> Path:
    """The folder of real scenes beside the checkout (or in $LRNAP_SCENES); tests that need it skip without it."""
    folder = Path(os.environ.get("LRNAP_SCENES", CHECKOUT.parent / "shared" / "scenes"))
    if not folder.is_dir():
        pytest.skip("the collection of real scenes is not beside this checkout")
    return folder

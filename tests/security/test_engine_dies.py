"""An engine's process that fails, is killed or outlives its node: who asked is told, and nothing stays behind."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import RunOptions
from lrnap.errors import Code
from lrnap.lux.scene import Scene


def test_25_a_defect_in_the_engines_process_shows_its_traceback_to_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> tuple[object, list[str]]:
        started = await ProcessEngine("fake").start(Scene("broken", ("no call",), {}), RunOptions("run", 1))  # type: ignore[arg-type]
        async for status in started.events():
            pass
        await started.close()
        return status.error, [*started.log()]

    with caplog.at_level(logging.ERROR, "lrnap.engine"):
        error, said = asyncio.run(run())
    assert error.code is Code.INTERNAL and "a defect of lrnap (AttributeError)" in str(error)
    assert not any("Traceback" in line or ".py" in line for line in [*said, *error.log, str(error)])
    assert "Traceback" in caplog.text and "AttributeError: 'str' object" in caplog.text

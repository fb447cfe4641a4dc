"""An engine's process that fails, is killed or outlives its node: who asked is told, and nothing stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from node_processes import lives, node_process
from nodes import PATIENCE

from lrnap.engine import scratch
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import RunOptions
from lrnap.errors import Code
from lrnap.lux.scene import Scene


def test_25_a_defect_in_the_engines_process_shows_its_traceback_to_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> tuple[object, list[str]]:
        started = await ProcessEngine("fake").start(Scene("broken", ("no call",), {}), RunOptions("run", 1))  # type: ignore[arg-type]
        *_, last = [status async for status in started.events()]
        await started.close()
        return last.error, [*started.log()]

    with caplog.at_level(logging.ERROR, "lrnap.engine"):
        error, said = asyncio.run(run())
    assert error.code is Code.INTERNAL and "a defect of lrnap (AttributeError)" in str(error)
    assert not any("Traceback" in line or ".py" in line for line in [*said, *error.log, str(error)])
    assert "Traceback" in caplog.text and "AttributeError: 'str' object" in caplog.text


def test_what_a_killed_process_leaves_is_swept_and_nothing_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = "import time; from lrnap.engine.scratch import Scratch; s = Scratch(); print(s.name, flush=True); "
    program += "time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    theirs = Path(process.stdout.readline().strip())
    (theirs / "film.flm").write_bytes(b"film")
    somebodys = tmp_path / "lrnap-mine"
    somebodys.mkdir()
    with scratch.Scratch() as ours:
        assert scratch.sweep(older=-1) == [], "all of them are in use"
        process.kill()
        process.wait()
        process.stdout.close()
        assert scratch.sweep(older=600) == [], "it may just have been made"
        assert scratch.sweep(older=-1) == [theirs]
        assert sorted(tmp_path.iterdir()) == sorted([somebodys, Path(ours)])


@pytest.mark.parametrize("engine", ["fake", "luxcore"])
def test_a_node_that_is_killed_leaves_no_engine_behind(tmp_path: Path, engine: str) -> None:
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(node_process(tmp_path, engine=engine))
        node.write("scene.lxs")
        with node.talk() as talk:
            assert talk.all('API_LuxParse "scene.lxs"', "API_Render") == ["R_OK", "R_OK"]
            talk.until("CTL_STATUS", r"R_STATUS RENDERING.* SAMPLES [1-9]")
        [child] = node.engines()
        node.process.kill()
        assert node.process.wait(PATIENCE) == -signal.SIGKILL
        for _ in range(PATIENCE * 50):
            if not lives(child):
                break
            threading.Event().wait(0.02)
        assert not lives(child)
        stack.pop_all()  # its end is not a clean one

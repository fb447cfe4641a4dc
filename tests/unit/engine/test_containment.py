"""The parts that hold a renderer's process: film blocks, messages, processors, and pixels that are not finite."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lrnap.engine import blocks, pipe
from lrnap.engine.blocks import BlockFile, open_block, scratch_folder
from lrnap.engine.child import drop_non_finite
from lrnap.engine.cores import RENDER_NICE, Cores, available
from lrnap.film.snapshot import FilmLayout
from lrnap.lux.call import Call, Param


def test_a_block_is_written_by_one_side_and_read_by_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MEMORY", tmp_path)
    file = BlockFile(1000)
    theirs = open_block(file.path)
    assert not file.path.exists()  # nothing is left behind, whoever dies now
    theirs[:] = np.arange(1000)
    del theirs
    ours = file.block
    file.remove()
    del file
    assert ours[999] == 999
    assert not ours.flags.writeable
    assert list(tmp_path.iterdir()) == []


def test_a_block_without_room_is_refused_before_anybody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MEMORY", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(OSError, match="Errno"):
        BlockFile(1 << 46)
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_goes_with_all_that_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MEMORY", tmp_path)
    with scratch_folder(1) as folder:
        (Path(folder) / "film.flm").write_bytes(b"film")
        (Path(folder) / "film.flm.bak").write_bytes(b"the film before")
    assert list(tmp_path.iterdir()) == []


def test_calls_travel_with_their_large_arrays_beside_them() -> None:
    large = Param("point", "P", np.arange(30_000, dtype=np.float32).reshape(-1, 3))
    small = Param("float", "fov", np.array([35], np.float32))
    calls = (Call("Camera", ("perspective",), (small,)), *(Call("Shape", ("mesh",), (large,)) for _ in range(400)))
    stream = io.BytesIO()
    copied = 0
    for message, parts in pipe.slices(calls):
        stream.write(pipe.line(message))
        for part in parts:
            stream.write(part)
        copied += parts[0].nbytes
    assert copied < 1_000_000  # 48 MB of points are not pickled
    stream.seek(0)
    received: list[Call] = []
    while message := pipe.receive(stream):
        received += pipe.calls_of(message[1])
    assert tuple(received) == calls


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_parent_that_dies_while_it_speaks_is_the_end(cut: int) -> None:
    message, parts = next(iter(pipe.slices((Call("WorldBegin"),) * 100)))
    whole = pipe.line(message) + b"".join(parts)
    assert pipe.receive(io.BytesIO(whole)) is not None
    assert pipe.receive(io.BytesIO(whole[:-cut])) is None
    assert pipe.receive(io.BytesIO(b"")) is None


@pytest.mark.parametrize("screen", [False, True])
def test_pixels_that_are_not_finite_were_never_sampled(screen: bool) -> None:
    layout = FilmLayout(4, 3, ("a", "b"), screen)
    block = layout.new_block()
    block[:] = 2
    planes = layout.planes(block)
    assert drop_non_finite(layout, block) == 0
    planes.pixel[1, 0, 0, 2] = np.nan
    planes.weight[2, 3] = np.inf
    if screen:
        planes.screen[0, 1, 1, 0] = -np.inf
    assert drop_non_finite(layout, block) == (3 if screen else 2)
    assert np.isfinite(block).all()
    assert planes.weight[0, 0] == planes.alpha[0, 0] == 0
    assert not planes.pixel[:, 0, 0].any()
    assert planes.weight[1, 1] == 2
    if screen:
        assert not planes.screen[:, 1, 1].any()


ONE_OF_SEVERAL = """
import os, sys
from lrnap.engine.cores import Cores
cores = Cores()
cores.use(1)
print(*os.sched_getaffinity(0), flush=True)
sys.stdin.read()
cores.use(0)
assert len(os.sched_getaffinity(0)) == cores.used
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processors are chosen on Linux only")
def test_processors_are_taken_and_given_back_for_every_thread() -> None:
    run = subprocess.run([sys.executable, "-c", ONE_OF_SEVERAL], input="", capture_output=True, text=True, check=True)
    (processor,) = run.stdout.split()
    assert int(processor) in os.sched_getaffinity(0)


GIVING_WAY = """
import os, threading
from lrnap.engine.cores import give_way, threads
ours = threads()
end = threading.Event()
rendering = threading.Thread(target=end.wait)
rendering.start()
give_way(threads() - ours)
print(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), end=" ")
print(os.getpriority(os.PRIO_PROCESS, rendering.native_id))
end.set()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_threads_that_render_give_way_to_the_one_that_reads_films() -> None:
    run = subprocess.run([sys.executable, "-c", GIVING_WAY], capture_output=True, text=True, check=True)
    control, rendering = map(int, run.stdout.split())
    assert rendering == min(control + RENDER_NICE, 19)


def test_all_processors_are_used_unless_told_otherwise() -> None:
    cores = Cores()
    cores.use(0)
    assert cores.used == available()
    assert cores.engine_threads(0) == available()

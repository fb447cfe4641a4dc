"""What a process sees of its own threads."""

from __future__ import annotations

import hashlib
import sys
import threading
import time

import pytest

from lrnap.engine.cores import at_rest


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what threads do")
def test_a_process_is_at_rest_when_none_of_its_other_threads_wants_to_run() -> None:
    ended, data = threading.Event(), bytes(1 << 25)

    def work() -> None:
        while not ended.is_set():
            hashlib.sha256(data)  # without the interpreter's lock, as native code renders

    worker = threading.Thread(target=work)
    worker.start()
    try:
        seen(False)
    finally:
        ended.set()
        worker.join()
    seen(True)


def seen(rest: bool) -> None:
    give_up = time.monotonic() + 120
    while at_rest() is not rest:
        assert time.monotonic() < give_up
        time.sleep(0.001)

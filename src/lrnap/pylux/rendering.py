"""What renders in the background: from worldEnd or the reading of a scene file until the last picture is written."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

from lrnap.client.job import Job
from lrnap.client.written import Written
from lrnap.errors import LrnapError
from lrnap.pylux.reporting import report_error, report_warning


class Rendering(threading.Thread):
    """`start` begins it. `begin` gives the job and its files, and may take its time; None if nothing is to render.

    A daemon: a program that ends does not wait for a render that has no end.
    """

    def __init__(self, begin: Callable[[], tuple[Job, Written] | None]) -> None:
        super().__init__(name="pylux", daemon=True)
        self._begin = begin
        self._told: set[str] = set()

    def run(self) -> None:
        try:
            begun = self._begin()
            if begun is not None:
                self._follow(*begun)
        except LrnapError as error:
            report_error(error)
        except CancelledError:
            pass  # the context is closed
        except Exception:  # of the exporter's own error handler
            logging.getLogger("lrnap").exception("an error handler failed")

    def wait(self) -> None:
        if threading.current_thread() is not self:  # an error handler may call anything
            self.join()

    def _follow(self, job: Job, written: Written) -> None:
        self._tell(*written.notes)
        try:
            job.keep_writing(written, failed=lambda error: self._tell(str(error)))
        finally:
            self._tell(*job.warnings)
        job.wait()

    def _tell(self, *sentences: str) -> None:
        """Each only once: a disk that is full is full each time."""
        for sentence in sentences:
            if sentence not in self._told:
                self._told.add(sentence)
                report_warning(sentence)

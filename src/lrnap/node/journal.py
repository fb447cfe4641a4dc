"""What a node has to say of itself and of its jobs: to CTL_LOG, to subscribers, and to the log of the process."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

from lrnap.engine.protocol import Run
from lrnap.limits import MAX_WARNING, MAX_WARNINGS, NodeLimits
from lrnap.node.events import Publisher
from lrnap.node.jobs import Job
from lrnap.wire import Scalar, Word, printable

log = logging.getLogger("lrnap.node")


class Journal:
    """`run_of`: the run that a job has now."""

    def __init__(
        self,
        limits: NodeLimits,
        publisher: Publisher,
        clock: Callable[[], float],
        run_of: Callable[[Job], Run | None],
    ) -> None:
        self._bound = limits.log_lines
        self._publisher = publisher
        self._clock = clock
        self._run_of = run_of
        self._lines: deque[str] = deque(maxlen=self._bound)

    def note(self, text: str, job: Job | None = None, *, known: bool = False) -> None:
        """One line. `known`: the job's log has it already."""
        text = printable(text)
        line = f"{time.strftime('%H:%M:%S', time.localtime(self._clock()))} {text}"
        self._lines.append(line)
        if job is not None and not known:
            job.log.append(line)
        name = job.name if job is not None else None
        run = None if job is None else self._run_of(job)
        log.info("%s", text, extra={"job": name, "run": None if run is None else run.name})
        self._publisher.publish("log", name, line=line, **({} if name is None else {"jobname": name}))

    def tell(self, job: Job) -> None:
        """The state that a job has come to."""
        why = f": {job.error}" if job.error is not None else ""
        self.note(f'job "{job.name}" is {job.state.value}{why}', job)
        fields: dict[str, Scalar] = {"jobname": job.name, "state": Word(job.state.value)}
        if job.error is not None:
            fields["desc"] = printable(str(job.error))
        self._publisher.publish("state", job.name, **fields)

    def warn(self, job: Job, warnings: Sequence[str]) -> None:
        """What a scene asks for and does not get, once each; beyond the bound they are only counted."""
        room = MAX_WARNINGS - len(job.warnings)
        new = [text for text in dict.fromkeys(warnings) if text not in job.warnings]
        job.warnings.update(new)
        for text in new[: max(room, 0)]:
            self.note(f'job "{job.name}": warning: {text[:MAX_WARNING]}', job)
        if 0 <= room < len(new):
            self.note(f'job "{job.name}": no more warnings are shown; CTL_STATUS counts them', job)

    def lines(self, job: Job | None) -> list[str]:
        """The log of a job with what its engine prints, or of the node."""
        if job is None:
            return [*self._lines]
        run = self._run_of(job)
        return [*job.log, *(() if run is None else run.log(self._bound))]

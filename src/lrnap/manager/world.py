"""The rows that the manager has in memory, with the indexes that make looking at them cheap.

Only jobs that have something to render are here, however many the store holds. Rows never change: a new one takes the
place of the old, in `put`, which is the only way in. Each change is noted in a journal, from which a step knows what
to store, and can be undone if the store refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lrnap.manager import frames, jobs
from lrnap.manager.frames import Frame
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Exclusion, Node
from lrnap.manager.runs import Run

Row = Job | Frame | Run | Node | Exclusion
Key = int | str | tuple[int, int]
FrameKey = tuple[int, int]


def key_of(row: Row) -> Key:
    match row:
        case Job() | Node():
            return row.id
        case Frame():
            return row.key
        case Run():
            return row.name
        case Exclusion():
            return (row.job, row.node)


class World:
    """Rows by key. `next_job`, `next_node`: ids that were never used. `ended`: states of jobs that are not here."""

    def __init__(self, *, next_job: int = 1, next_node: int = 1) -> None:
        self.next_job = next_job
        self.next_node = next_node
        self.jobs: dict[int, Job] = {}
        self.frames: dict[FrameKey, Frame] = {}
        self.runs: dict[str, Run] = {}
        self.nodes: dict[int, Node] = {}
        self.exclusions: dict[tuple[int, int], Exclusion] = {}
        self.ended: dict[int, JobState] = {}
        # indexes
        self.names: dict[str, int] = {}  # of jobs that are here
        self.keys: dict[str, int] = {}
        self.tokens: dict[tuple[str, str], int] = {}
        self.urls: dict[str, int] = {}
        self.frames_of: dict[int, dict[int, None]] = defaultdict(dict)
        self.open_frames: dict[int, dict[int, None]] = defaultdict(dict)
        self.runs_of: dict[FrameKey, dict[str, None]] = defaultdict(dict)
        self.live_runs: dict[FrameKey, dict[str, None]] = defaultdict(dict)
        self.live: dict[int, int] = defaultdict(int)  # job -> how many live runs it has
        self.run_on: dict[int, str] = {}  # node -> its live run
        self.seeds: dict[int, set[int]] = defaultdict(set)
        self.queues: dict[tuple[int, str], dict[int, None]] = {}  # (-priority, owner) -> jobs to render, oldest first
        self.idle: dict[int, None] = {}  # jobs that have nothing to render
        self.excluded: dict[int, dict[int, None]] = defaultdict(dict)  # job -> nodes that failed on it
        self.journal: list[tuple[Row | None, Row | None]] = []  # (before, after)

    # --- changing it

    def put(self, row: Row) -> None:
        before = self._table(row).get(key_of(row))
        if before is row:
            return
        self.journal.append((before, row))
        self._replace(before, row)

    def delete(self, row: Row) -> None:
        self.journal.append((row, None))
        self._replace(row, None)
        if isinstance(row, Job):
            self.ended.pop(row.id, None)

    def undo(self, mark: int = 0) -> None:
        """Takes back what was done since the journal had that length."""
        while len(self.journal) > mark:
            before, after = self.journal.pop()
            self._replace(after, before)

    def admit(self, rows: Iterable[Row]) -> None:
        """Rows that come from the store. They are in no journal."""
        for row in rows:
            self._replace(self._table(row).get(key_of(row)), row)
            if isinstance(row, Job):
                self.ended.pop(row.id, None)

    def evict(self, job: Job) -> None:
        """A job that is over leaves the memory; the store has it."""
        self.ended[job.id] = job.state
        numbers = [*self.frames_of.get(job.id, ())]
        for row in [*self.belongings(job.id), job]:
            self._replace(row, None)
        for number in numbers:
            self.runs_of.pop((job.id, number), None)
            self.live_runs.pop((job.id, number), None)
        self._clear(job.id)

    # --- looking at it

    def belongings(self, job: int) -> list[Row]:
        """All rows of a job but its own."""
        rows: list[Row] = [self.exclusions[job, node] for node in self.excluded.get(job, ())]
        for number in self.frames_of.get(job, ()):
            rows += [self.runs[name] for name in self.runs_of.get((job, number), ())]
            rows.append(self.frames[job, number])
        return rows

    def runs_in(self, frame: FrameKey) -> list[Run]:
        return [self.runs[name] for name in self.runs_of.get(frame, ())]

    def live_in(self, frame: FrameKey) -> list[Run]:
        return [self.runs[name] for name in self.live_runs.get(frame, ())]

    def live_of(self, job: int) -> list[Run]:
        return [run for number in self.frames_of.get(job, ()) for run in self.live_in((job, number))]

    def failures(self, job: int, node: int) -> int:
        known = self.exclusions.get((job, node))
        return known.failures if known else 0

    def state_of(self, job: int) -> JobState | None:
        """Of a job here or not; None: there is none."""
        known = self.jobs.get(job)
        return known.state if known else self.ended.get(job)

    def waits_for(self, job: Job) -> list[int]:
        """The jobs that must be done before this one."""
        return [other for other in job.after if self.state_of(other) is not JobState.DONE]

    def in_order(self) -> Iterator[tuple[tuple[int, str], dict[int, None]]]:
        """The queues of jobs to render, higher priorities first."""
        yield from sorted(self.queues.items())

    # --- inside

    def _clear(self, job: int) -> None:
        """Empty entries of the indexes would add up over the years."""
        self.frames_of.pop(job, None)
        self.open_frames.pop(job, None)
        self.live.pop(job, None)
        self.seeds.pop(job, None)
        self.excluded.pop(job, None)

    def _table(self, row: Row) -> dict[Any, Any]:
        return _TABLES[type(row)](self)

    def _replace(self, before: Row | None, after: Row | None) -> None:
        row = after or before
        assert row is not None
        table, key = self._table(row), key_of(row)
        if before is not None:
            _OUT[type(before)](self, before)
        if after is None:
            del table[key]
        else:
            table[key] = after
            _IN[type(after)](self, after)

    def _job_in(self, job: Job) -> None:
        self.names[job.name] = job.id
        self.keys[job.key] = job.id
        if job.token:
            self.tokens[job.owner, job.token] = job.id
        if job.state not in jobs.ACTIVE:
            self.idle[job.id] = None
        elif job.state is not JobState.PAUSED:
            queue = self.queues.setdefault((-job.priority, job.owner), {})
            last = next(reversed(queue), 0)
            queue[job.id] = None
            if last > job.id:  # it comes back into the middle of its queue
                self.queues[-job.priority, job.owner] = dict.fromkeys(sorted(queue))

    def _job_out(self, job: Job) -> None:
        if self.names.get(job.name) == job.id:
            del self.names[job.name]
        self.keys.pop(job.key, None)
        self.idle.pop(job.id, None)
        if job.token:
            self.tokens.pop((job.owner, job.token), None)
        queue = self.queues.get((-job.priority, job.owner))
        if queue is not None:
            queue.pop(job.id, None)
            if not queue:
                del self.queues[-job.priority, job.owner]

    def _frame_in(self, frame: Frame) -> None:
        self.frames_of[frame.job][frame.number] = None
        if frame.state in frames.OPEN:
            self.open_frames[frame.job][frame.number] = None

    def _frame_out(self, frame: Frame) -> None:
        self.frames_of[frame.job].pop(frame.number, None)
        self.open_frames[frame.job].pop(frame.number, None)

    def _run_in(self, run: Run) -> None:
        frame = (run.job, run.frame)
        self.runs_of[frame][run.name] = None
        self.seeds[run.job].add(run.seed)
        if run.live:
            self.live_runs[frame][run.name] = None
            self.live[run.job] += 1
            self.run_on[run.node] = run.name

    def _run_out(self, run: Run) -> None:
        frame = (run.job, run.frame)
        self.runs_of[frame].pop(run.name, None)
        if run.live:
            self.live_runs[frame].pop(run.name, None)
            self.live[run.job] -= 1
            if not self.live[run.job]:
                del self.live[run.job]
            if self.run_on.get(run.node) == run.name:
                del self.run_on[run.node]

    def _node_in(self, node: Node) -> None:
        self.urls[node.url] = node.id

    def _node_out(self, node: Node) -> None:
        self.urls.pop(node.url, None)

    def _exclusion_in(self, row: Exclusion) -> None:
        self.excluded[row.job][row.node] = None

    def _exclusion_out(self, row: Exclusion) -> None:
        self.excluded[row.job].pop(row.node, None)


_TABLES: Mapping[type, Callable[[World], dict[Any, Any]]] = {
    Job: lambda world: world.jobs,
    Frame: lambda world: world.frames,
    Run: lambda world: world.runs,
    Node: lambda world: world.nodes,
    Exclusion: lambda world: world.exclusions,
}
_IN: Mapping[type, Callable[[World, Any], None]] = {
    Job: World._job_in,
    Frame: World._frame_in,
    Run: World._run_in,
    Node: World._node_in,
    Exclusion: World._exclusion_in,
}
_OUT: Mapping[type, Callable[[World, Any], None]] = {
    Job: World._job_out,
    Frame: World._frame_out,
    Run: World._run_out,
    Node: World._node_out,
    Exclusion: World._exclusion_out,
}


def of_a_job(rows: Iterable[Row]) -> tuple[Job, list[Frame], list[Run]] | None:
    """A job with what belongs to it, out of rows of all kinds; None if there is no job among them."""
    job, its_frames, its_runs = None, [], []
    for row in rows:
        match row:
            case Job():
                job = row
            case Frame():
                its_frames.append(row)
            case Run():
                its_runs.append(row)
            case _:
                pass
    return None if job is None else (job, its_frames, its_runs)

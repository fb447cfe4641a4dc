"""The rows that the manager has in memory, with the indexes that make looking at them cheap.

Only jobs that have something to render are here, however many the store holds. Rows never change: a new one takes the
place of the old, in `put`, which is the only way in. Each change is noted in a journal, from which a step knows what
to store, and can be undone if the store refuses.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lrnap.manager import frames, jobs
from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Exclusion, Node
from lrnap.manager.queues import Queues
from lrnap.manager.runs import Run

K = TypeVar("K")
T = TypeVar("T")
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
        self.called: dict[int, str] = {}  # names of those of them that others come after
        # indexes
        self.names: dict[str, int] = {}  # of jobs that are here
        self.keys: dict[str, int] = {}
        self.tokens: dict[tuple[str, str], int] = {}
        self.urls: dict[str, int] = {}
        self.frames_of: dict[int, dict[int, None]] = defaultdict(dict)
        self.open_frames: dict[int, dict[int, None]] = defaultdict(dict)
        self.waiting_frames: dict[int, list[int]] = defaultdict(list)  # those of the open ones that nobody renders
        self.runs_of: dict[FrameKey, dict[str, None]] = {}
        self.live_runs: dict[FrameKey, dict[str, None]] = {}
        self.live: dict[int, dict[str, None]] = {}  # job -> its live runs; only of jobs that have some
        self.run_on: dict[int, str] = {}  # node -> its live run
        self.seeds: dict[int, set[int]] = defaultdict(set)
        self.queues = Queues()  # jobs to render that wait for no other
        self.followers: dict[int, dict[int, None]] = {}  # job, here or not -> those here that come after it
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
            self._refile(row.id)
            self._clear(row.id)

    def undo(self, mark: int = 0) -> None:
        """Takes back what was done since the journal had that length."""
        while len(self.journal) > mark:
            before, after = self.journal.pop()
            self._replace(after, before)
            if before is None and isinstance(after, Job):
                self._clear(after.id)

    def admit(self, rows: Iterable[Row]) -> None:
        """Rows that come from the store. They are in no journal."""
        for row in rows:
            self._replace(self._table(row).get(key_of(row)), row)
            if isinstance(row, Job):
                self.ended.pop(row.id, None)

    def know(self, states: Mapping[int, JobState], names: Mapping[int, str]) -> None:
        """Jobs that are not here, as the store has them."""
        self.ended.update(states)
        self.called.update(names)
        for job in states:
            self._refile(job)

    def evict(self, job: Job) -> None:
        """A job that is over leaves the memory; the store has it."""
        self.ended[job.id] = job.state
        if self.followers.get(job.id):
            self.called[job.id] = job.name
        for row in [*self.belongings(job.id), job]:
            self._replace(row, None)
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
        return [self.runs[name] for name in self.live.get(job, ())]

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

    # --- inside

    def _clear(self, job: int) -> None:
        self.frames_of.pop(job, None)
        self.open_frames.pop(job, None)
        self.waiting_frames.pop(job, None)
        self.seeds.pop(job, None)
        self.excluded.pop(job, None)

    def _table(self, row: Row) -> dict[Any, Any]:
        return _TABLES[type(row)](self)

    def _replace(self, before: Row | None, after: Row | None) -> None:
        row = after or before
        assert row is not None
        table, key = self._table(row), key_of(row)
        if (
            isinstance(before, Run)
            and isinstance(after, Run)
            and (before.live, before.node) == (after.live, after.node)
        ):
            table[key] = after  # most of all that happens: a report
            return
        if before is not None:
            _OUT[type(before)](self, before)
        if after is None:
            del table[key]
        else:
            table[key] = after
            _IN[type(after)](self, after)
        if isinstance(row, Job):
            self._file(row.id)
            if not (isinstance(before, Job) and isinstance(after, Job) and before.state is after.state):
                self._refile(row.id)

    def _file(self, job: int) -> None:
        """In its queue, if it is here, is to be rendered, and waits for no other."""
        row = self.jobs.get(job)
        if row is None or row.state not in jobs.ACTIVE or row.state is JobState.PAUSED or self.waits_for(row):
            self.queues.drop(job)
        else:
            self.queues.put(row)

    def _refile(self, job: int) -> None:
        """Those that come after it, whose turn it may be."""
        for other in self.followers.get(job, ()):
            self._file(other)

    def _job_in(self, job: Job) -> None:
        self.names[job.name] = job.id
        self.keys[job.key] = job.id
        if job.token:
            self.tokens[job.owner, job.token] = job.id
        if job.state not in jobs.ACTIVE:
            self.idle[job.id] = None
        for other in job.after:
            self.followers.setdefault(other, {})[job.id] = None

    def _job_out(self, job: Job) -> None:
        if self.names.get(job.name) == job.id:
            del self.names[job.name]
        self.keys.pop(job.key, None)
        self.idle.pop(job.id, None)
        if job.token:
            self.tokens.pop((job.owner, job.token), None)
        for other in job.after:
            _drop(self.followers, other, job.id)

    def _frame_in(self, frame: Frame) -> None:
        self.frames_of[frame.job][frame.number] = None
        if frame.state in frames.OPEN:
            self.open_frames[frame.job][frame.number] = None
        if frame.state is FrameState.WAITING:
            insort(self.waiting_frames[frame.job], frame.number)

    def _frame_out(self, frame: Frame) -> None:
        self.frames_of[frame.job].pop(frame.number, None)
        self.open_frames[frame.job].pop(frame.number, None)
        if frame.state is FrameState.WAITING:
            waiting = self.waiting_frames[frame.job]
            del waiting[bisect_left(waiting, frame.number)]

    def _run_in(self, run: Run) -> None:
        frame = (run.job, run.frame)
        self.runs_of.setdefault(frame, {})[run.name] = None
        self.seeds[run.job].add(run.seed)
        if run.live:
            self.live_runs.setdefault(frame, {})[run.name] = None
            self.live.setdefault(run.job, {})[run.name] = None
            self.run_on[run.node] = run.name

    def _run_out(self, run: Run) -> None:
        frame = (run.job, run.frame)
        _drop(self.runs_of, frame, run.name)
        if run.live:
            _drop(self.live_runs, frame, run.name)
            _drop(self.live, run.job, run.name)
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


def _drop(index: dict[K, dict[T, None]], key: K, value: T) -> None:
    """Empty entries would add up over the years."""
    del index[key][value]
    if not index[key]:
        del index[key]


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

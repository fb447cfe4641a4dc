"""Jobs and nodes as lines: what the verbs of the queue answer. Rows in, text out (`lrnap.wire.listing`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lrnap.manager import jobs, waiting
from lrnap.manager.core import Core
from lrnap.manager.frames import Frame, FrameState
from lrnap.manager.jobs import Job, JobState
from lrnap.manager.nodes import Node
from lrnap.manager.runs import Run, RunState
from lrnap.manager.turn import History
from lrnap.manager.world import Row, of_a_job
from lrnap.wire import Word
from lrnap.wire.listing import Field, facts, line
from lrnap.wire.wishes import frames_text, nodes_text

AT_WORK = 64  # frames that the facts of a job name


@dataclass(frozen=True, slots=True)
class Live:
    """What only the core knows of a job that is not over."""

    why: str = ""
    nodes: int = 0  # that render it now
    spp: float = 0.0  # of the frame that has most, where there are several
    rate: float = 0.0
    trouble: str = ""
    done: int = 0
    frames: int = 1


@dataclass(slots=True)
class Report:
    """A job with all that belongs to it. `urls`: of nodes by id; `whys`: of frames that wait, by number."""

    job: Job
    frames: list[Frame] = field(default_factory=list)
    runs: dict[int, list[Run]] = field(default_factory=lambda: defaultdict(list))
    why: str = ""
    whys: Mapping[int, str] = field(default_factory=dict)
    urls: Mapping[int, str] = field(default_factory=dict)
    after: Sequence[str] = ()  # names of the jobs that it comes after
    unwritten: str = ""  # why a picture of it is not written yet

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Report | None:
        """None: there is no job among the rows."""
        whole = of_a_job(rows)
        if whole is None:
            return None
        job, frames, runs = whole
        report = cls(job, sorted(frames, key=lambda frame: frame.number))
        for run in runs:
            report.runs[run.frame].append(run)
        return report

    def counted(self, frame: int) -> list[Run]:
        """The runs whose films are the frame's."""
        return [run for run in self.runs.get(frame, ()) if run.epoch == self.job.epoch]

    def all_runs(self) -> list[Run]:
        return [run for number in sorted(self.runs) for run in self.runs[number]]

    @property
    def trouble(self) -> str:
        """What goes on nevertheless, and its user should know."""
        runs = self.all_runs()
        lost = [run for run in runs if run.state in (RunState.FAILED, RunState.LOST)]
        said = [self.unwritten, _held_up(runs)]
        if lost:
            last = max(lost, key=lambda run: run.ended or 0.0)
            what = last.error or "the node was lost, and what it had sent counts"
            where = self.urls.get(last.node, "a node that was removed")
            said.append(f"{len(lost)} of {len(runs)} runs failed or were lost, at last on {where}: {what}")
        return "; ".join(filter(None, said))

    # -- as text

    def facts(self) -> Iterator[str]:
        job, runs, states = self.job, self.all_runs(), Counter(frame.state for frame in self.frames)
        live = [run for run in runs if run.live]
        spp = [_spp(self.counted(frame.number)) for frame in self.frames]
        yield from facts(
            {
                "name": job.name,
                "id": job.id,
                "state": Word(job.state.value),
                "why": self.why or None,
                "trouble": self.trouble or None,
                "code": Word(job.code) if job.code else None,
                "error": job.error or None,
                "owner": job.owner,
                "priority": job.priority,
                "nodes": nodes_text(job.nodes_min, job.nodes_max),
                "tags": ",".join(job.tags) or None,
                "after": ",".join(self.after) or None,
                "haltspp": job.spp,
                "halttime": job.seconds,
                "haltthreshold": job.noise,
                "output": job.output or None,
                "epoch": job.epoch or None,
                "submitted": round(job.submitted, 3),
                "ended": None if job.ended is None else round(job.ended, 3),
                "frames": len(self.frames),
                "numbers": frames_text(frame.number for frame in self.frames),
                "done": states[FrameState.DONE],
                "now": self._now() or None,
                "failed": states[FrameState.FAILED] or None,
                **self._numbers_of(*_TOLD),
                "rendering": len(live),
                "spp": round(max(spp, default=0.0), 3),
                "samples": int(sum(max(run.samples, run.live_samples) for n in self.runs for run in self.counted(n))),
                "rate": round(sum(run.rate for run in live), 1),
                "noise": self.frames[0].noise if len(self.frames) == 1 else None,
                "runs": len(runs),
            }
        )

    def _now(self) -> str:
        """Of many frames those that are being rendered, the first of them, each with its samples per pixel."""
        if len(self.frames) == 1:
            return ""
        at_work = [f.number for f in self.frames if any(run.live for run in self.runs.get(f.number, ()))]
        return " ".join(f"{n}:{_spp(self.counted(n)):.6g}" for n in at_work[:AT_WORK])

    def _numbers_of(self, *states: FrameState) -> dict[str, str]:
        """Which frames of many are so."""
        found = {state: [frame.number for frame in self.frames if frame.state is state] for state in states}
        many = len(self.frames) > 1
        return {f"frames_{s.value.lower()}": frames_text(numbers) for s, numbers in found.items() if numbers and many}

    def frame_lines(self, since: int, limit: int) -> Iterator[str]:
        for frame in [frame for frame in self.frames if frame.number > since][:limit]:
            runs = self.counted(frame.number)
            yield line(
                frame.number,
                Word(frame.state.value),
                spp=round(_spp(runs), 3),
                seconds=round(max((run.hoped_seconds for run in runs), default=0.0), 3),
                noise=frame.noise,
                nodes=sum(run.live for run in runs),
                why=self.whys.get(frame.number) or None,
                code=Word(frame.code) if frame.code else None,
                error=frame.error or None,
            )

    def run_lines(self, limit: int) -> Iterator[str]:
        """The newest, the newest last."""
        runs = sorted(self.all_runs(), key=lambda run: run.started)
        for run in runs[max(0, len(runs) - limit) :]:
            yield line(
                run.name,
                Word(run.state.value),
                frame=run.frame,
                node=self.urls.get(run.node, f"node {run.node}, which was removed"),
                seed=run.seed,
                spp=round(run.hoped_spp, 3),
                samples=int(max(run.samples, run.live_samples if run.live else 0.0)),
                seconds=round(run.hoped_seconds, 3),
                rate=round(run.rate, 1) if run.live else None,
                threads=run.threads or None if run.live else None,
                epoch=run.epoch or None,
                started=round(run.started, 3),
                ended=None if run.ended is None else round(run.ended, 3),
                code=Word(run.code) if run.code else None,
                error=run.error or None,
            )


_TOLD = (FrameState.STOPPED, FrameState.FAILED)  # whose numbers stand among a job's facts


def _held_up(runs: Iterable[Run]) -> str:
    """What live runs wait for, such as room on a disk."""
    return next((run.error for run in runs if run.live and run.error), "")


def _spp(runs: Iterable[Run]) -> float:
    return sum(run.hoped_spp for run in runs)


def report_of(core: Core, number: int) -> Report | None:
    """Of a job that is in memory."""
    job = core.world.jobs.get(number)
    if job is None:
        return None
    report = Report.of([job, *core.world.belongings(number)])
    assert report is not None
    report.why = waiting.why_job(core, job)
    report.whys = {n: why for n in core.world.open_frames.get(number, ()) if (why := waiting.why_frame(core, job, n))}
    return report


# --- lists


def live_of(core: Core, number: int) -> Live | None:
    """Of a job that is in memory and not over."""
    world, job = core.world, core.world.jobs.get(number)
    if job is None or job.state in jobs.OVER:
        return None
    runs = world.live_of(number)
    frames = {run.frame for run in runs}
    if len(world.frames_of[number]) == 1:
        frames = {*world.frames_of[number]}
    spp = [_spp(run for run in world.runs_in((number, n)) if run.epoch == job.epoch) for n in frames]
    return Live(
        waiting.why_job(core, job),
        len(runs),
        max(spp, default=0.0),
        sum(run.rate for run in runs if run.state is RunState.RENDERING),
        _held_up(runs),
        len(world.frames_of[number]) - len(world.open_frames.get(number, ())),
        len(world.frames_of[number]),
    )


def job_line(job: Job, live: Live | None, frames: int, done: int, spp: float | None) -> str:
    """`frames`: how many it has, and how many of them are done; `spp`: of the one that has most."""
    return line(
        job.name,
        Word(job.state.value),
        id=job.id,
        owner=job.owner,
        priority=job.priority or None,
        frames=frames if frames != 1 else None,
        done=done if frames != 1 else None,
        rendering=live.nodes if live else None,
        spp=None if spp is None else round(spp, 3),
        rate=round(live.rate, 1) if live and live.rate else None,
        haltspp=job.spp,
        halttime=job.seconds,
        haltthreshold=job.noise,
        submitted=round(job.submitted, 3),
        ended=None if job.ended is None else round(job.ended, 3),
        why=(live.why or None) if live else None,
        trouble=(live.trouble or None) if live else None,
        code=Word(job.code) if job.code and job.state is JobState.ERROR else None,
        error=job.error or None if job.state is JobState.ERROR else None,
    )


def history_line(number: int, row: History) -> str:
    return line(number, Word(row.state), at=round(row.wall, 3), kind=row.kind, subject=row.subject, step=row.step,
                by=row.who or None, job=row.job or None, why=row.reason or None)  # fmt: skip


# --- nodes


def node_fields(core: Core, node: Node) -> dict[str, Field]:
    run = core.world.runs.get(core.world.run_on.get(node.id, ""))
    job = None if run is None else core.world.jobs.get(run.job)
    return {
        "id": node.id,
        "standing": Word(node.standing.value),
        "tags": ",".join(node.tags) or None,
        "threads": node.threads or None,
        "cores": node.cores or None,
        "job": job.name if job else None,
        "frame": run.frame if run and job and len(core.world.frames_of[job.id]) > 1 else None,
        "spp": round(run.hoped_spp, 3) if run else None,
        "rate": round(run.rate, 1) if run else None,
        "foreign": node.foreign or None,
        "yields": True if node.yields else None,
        "strikes": len(node.strikes) or None,
        "note": node.note or None,
        "why": node.trouble or None,
        "since": round(node.since, 3) if node.trouble else None,
        "generation": node.generation,
    }


def node_lines(core: Core) -> list[str]:
    nodes = sorted(core.world.nodes.values(), key=lambda node: node.id)
    return [line(node.url, Word(node.presence.value), **node_fields(core, node)) for node in nodes]


def node_facts(core: Core, node: Node) -> list[str]:
    excluded = [core.world.jobs[job].name for job in node_exclusions(core, node.id) if job in core.world.jobs]
    return facts(
        {
            "url": node.url,
            "presence": Word(node.presence.value),
            **node_fields(core, node),
            "excluded": ",".join(excluded) or None,
        }
    )


def node_exclusions(core: Core, node: int) -> list[int]:
    """Jobs that it gets no more of, because it failed on them."""
    bound = core.limits.run_failures
    return [job for job, other in core.world.exclusions if other == node and core.world.failures(job, node) >= bound]

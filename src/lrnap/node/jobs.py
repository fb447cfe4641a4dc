"""The jobs of a node: their states as a table, and which of them a request means. Pure: no I/O, no clock, no engine.

    IDLE -> PARSING -> READY -> RENDERING <-> PAUSED -> STOPPED | DONE | ERROR -> RENDERING ... -> IDLE

A job is born IDLE and ends IDLE; what happened in between is in its history. `TRANSITIONS` is the only place where a
state is decided: a pair that is not in it is refused with a sentence that says what would help.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from lrnap.engine import halts, seeds
from lrnap.engine.protocol import Halt, RunOptions, RunStatus
from lrnap.errors import Code, LrnapError
from lrnap.film.merge import Film
from lrnap.film.snapshot import Snapshot
from lrnap.limits import NodeLimits
from lrnap.lux.scene import Scene
from lrnap.wire.verb import Status

MAX_NAME = 128  # characters of a job's name: it stands in status lines, and in file names of clients
MAX_HISTORY = 64  # steps kept for messages; a job that is paused every second must not grow


class Step(Enum):
    """What can happen to a job."""

    PARSE = "parse"
    DESCRIBE = "describe"
    RENDER = "render"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    FINISH = "finish"
    FAIL = "fail"
    EDIT = "be edited"
    RESET = "reset"
    LOAD = "take a film without a scene"


_S = Status
TRANSITIONS: Mapping[tuple[Status, Step], Status] = {
    (_S.IDLE, Step.PARSE): _S.PARSING,
    (_S.IDLE, Step.DESCRIBE): _S.READY,
    (_S.PARSING, Step.DESCRIBE): _S.READY,
    (_S.PARSING, Step.LOAD): _S.STOPPED,
    (_S.READY, Step.RENDER): _S.RENDERING,
    (_S.RENDERING, Step.PAUSE): _S.PAUSED,
    (_S.RENDERING, Step.RESUME): _S.RENDERING,
    (_S.RENDERING, Step.STOP): _S.STOPPED,
    (_S.RENDERING, Step.FINISH): _S.DONE,
    (_S.RENDERING, Step.FAIL): _S.ERROR,
    (_S.PAUSED, Step.PAUSE): _S.PAUSED,
    (_S.PAUSED, Step.RESUME): _S.RENDERING,
    (_S.PAUSED, Step.STOP): _S.STOPPED,
    (_S.PAUSED, Step.FINISH): _S.DONE,
    (_S.PAUSED, Step.FAIL): _S.ERROR,
    (_S.STOPPED, Step.STOP): _S.STOPPED,
    (_S.STOPPED, Step.RENDER): _S.RENDERING,
    (_S.DONE, Step.STOP): _S.DONE,
    (_S.DONE, Step.RENDER): _S.RENDERING,
    (_S.ERROR, Step.RENDER): _S.RENDERING,
    **{(state, Step.EDIT): _S.READY for state in (_S.READY, _S.STOPPED, _S.DONE, _S.ERROR)},
    **{(state, Step.EDIT): state for state in (_S.RENDERING, _S.PAUSED)},
    **{(state, Step.RESET): _S.IDLE for state in Status},
}

ACTIVE = frozenset({_S.RENDERING, _S.PAUSED})  # holds the engine
FINISHED = frozenset({_S.STOPPED, _S.DONE, _S.ERROR})

_CURE: Mapping[Status, str] = {
    _S.IDLE: "describe a scene first, for example with API_LuxParse",
    _S.PARSING: "wait until its scene is read",
    _S.READY: "start it with API_Render",
    _S.RENDERING: "end it with CTL_STOP",
    _S.PAUSED: "go on with CTL_RESUME or end it with CTL_STOP",
    _S.STOPPED: "API_Render goes on, CTL_RESET forgets it",
    _S.DONE: "API_Render adds to it, CTL_RESET forgets it",
    _S.ERROR: "API_Render tries again, CTL_LOG says what happened, CTL_RESET forgets it",
}


@dataclass(slots=True, eq=False)
class Job:
    """A scene to be rendered. Its film is the sum over its runs, under the name of the first, and only grows."""

    name: str
    owner: str
    since: float  # when it was begun, in seconds of the node's clock
    state: Status = Status.IDLE
    scene: Scene | None = None
    error: LrnapError | None = None
    film: Film | None = None
    runs: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)  # all that were ever used
    status: RunStatus | None = None  # of its newest run, as last heard
    before: tuple[float, float] = (0.0, 0.0)  # samples and seconds of the runs before the newest
    channels: tuple[str, ...] = ()  # of its film, asked for by API_Render
    epoch: int = 0  # of its film: how often the scene was edited
    develop: dict[str, object] = field(default_factory=dict)  # Film parameters set by CTL_SET
    halt: Halt = field(default_factory=Halt)  # set by API_Render or CTL_SET
    suspends: bool = False  # pauses where it would be done
    resumed: float = 0.0  # samples of films that were loaded
    warnings: set[str] = field(default_factory=set)
    log: deque[str] = field(default_factory=lambda: deque(maxlen=NodeLimits().log_lines))
    belongings: Callable[[], None] = lambda: None  # gives back what its scene has used
    history: list[tuple[float, Step, Status]] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    def check(self, step: Step) -> Status:
        """The state after a step; raises LrnapError (STATE) if the table has none."""
        after = TRANSITIONS.get((self.state, step))
        if after is None:
            raise LrnapError(
                Code.STATE, f'job "{self.name}" is {self.state.value}, so it cannot {step.value}: {_CURE[self.state]}'
            )
        return after

    def step(self, step: Step, now: float, error: LrnapError | None = None) -> Status:
        """Goes to the next state; raises LrnapError (STATE) and changes nothing if the table has none."""
        after = self.check(step)
        if after is not self.state:
            self.history.append((now, step, after))
            del self.history[:-MAX_HISTORY]
        self.state = after
        self.error = error
        return after

    # --- its runs

    def options(
        self, run: str, seed: int | None, threads: int, halt: Halt, channels: tuple[str, ...] | None
    ) -> RunOptions:
        """What a run that adds to the film is started with. None: as its scene and the runs before have it. Raises
        LrnapError if the run would add nothing, or something else."""
        if run in self.runs:
            raise LrnapError(Code.EXISTS, f'job "{self.name}" has had a run {run!r}: each run has a name of its own')
        halt = halts.NEVER if self.suspends else halt
        return RunOptions(run, self._seed(seed), threads, halt, self._channels(channels), self.epoch)

    def _seed(self, asked: int | None) -> int:
        if asked is None:
            return seeds.fresh(self.seeds) if self.scene is None else seeds.of_scene(self.scene, self.seeds)
        if asked in self.seeds:
            raise LrnapError(
                Code.ARGS, f'job "{self.name}" has used the seed {asked} already: the same samples again add nothing'
            )
        return asked

    def _channels(self, asked: tuple[str, ...] | None) -> tuple[str, ...]:
        """Those that are asked for, which a job that has a film already cannot change."""
        if asked is None or asked == self.channels or self.film is None:
            return self.channels if asked is None else asked
        have = ",".join(self.channels) or "none"
        raise LrnapError(
            Code.STATE, f'the film of job "{self.name}" has the channels {have}: render with them, or describe it anew'
        )

    def began(self, options: RunOptions, halt: Halt, status: RunStatus) -> None:
        """A run was started. `halt`: of the job, which may be another than that of the run."""
        if self.film is not None:
            self.before = (self.film.samples, self.film.seconds)
        self.runs.append(options.run)
        self.seeds.append(options.seed)
        self.halt, self.channels, self.status = halt, options.channels, status

    def begin_epoch(self, epoch: int) -> bool:
        """The film begins anew, unless it is of that epoch already. A job that does not render has none then."""
        if epoch == self.epoch:
            return False
        self.epoch, self.before = epoch, (0.0, 0.0)
        if self.film is not None:
            self.film.restart(epoch)
        if not self.active:
            self.film = self.status = None
        return True


class JobTable:
    """All jobs of a node, by name. One that is PARSING has its name, but replaces an older one only when READY."""

    def __init__(self, limits: NodeLimits) -> None:
        self._limits = limits
        self._jobs: dict[str, Job] = {}  # in the order in which they were last begun
        self._parsing: dict[str, Job] = {}
        self._idle = True  # no job is meant where no name is given, until one is begun, finished or named again

    def __iter__(self) -> Iterator[Job]:
        yield from self._jobs.values()
        yield from self._parsing.values()

    @property
    def active(self) -> Job | None:
        """The job that holds the engine; of several the last."""
        return next((job for job in reversed(self._jobs.values()) if job.active), None)

    def begin(self, name: str, owner: str, now: float) -> Job:
        """A job that is PARSING. Raises LrnapError if the name cannot be had."""
        self._check_name(name)
        self._check_room(name)
        job = self._parsing[name] = Job(name, owner, now)
        job.step(Step.PARSE, now)
        return job

    def abandon(self, job: Job) -> None:
        """The scene of a job that is PARSING was bad, or its client is gone: nothing stays."""
        if self._parsing.get(job.name) is job:
            del self._parsing[job.name]

    def ready(self, job: Job, scene: Scene, now: float) -> Job | None:
        """A complete scene makes the job READY; returns the one that it replaces."""
        parsing = self._parsing.get(job.name) is job
        if not parsing:
            self._check_name(job.name)
        self._check_room(job.name)
        if parsing:
            del self._parsing[job.name]
        job.step(Step.DESCRIBE, now)
        job.scene = scene
        replaced = self._jobs.pop(job.name, None)
        self._jobs[job.name] = job
        self._idle = False
        return replaced

    def loaded(self, job: Job, film: Snapshot, now: float) -> None:
        """A job that is PARSING becomes a film without a scene."""
        job.film = Film(film.layout)
        job.film.add(film)
        job.runs, job.seeds, job.resumed = [film.run], [film.seed], film.samples
        del self._parsing[job.name]
        job.step(Step.LOAD, now)
        self._jobs[job.name] = job
        self._idle = False

    def touch(self, job: Job) -> None:
        """Makes it the last one, which is meant where no name is given."""
        self._jobs[job.name] = self._jobs.pop(job.name)
        self._idle = False

    def find(self, name: str) -> Job:
        job = self._jobs.get(name) or self._parsing.get(name)
        if job is None:
            raise LrnapError(Code.NOT_FOUND, f'there is no job "{name}"; CTL_JOBS lists the jobs')
        return job

    def meant(self, name: str | None) -> Job | None:
        """The job of that name; without a name the one that renders, else the last; None if there is none, or if the
        last was reset: then the node is IDLE, and older jobs are there by their names.

        A scene that is only being described comes behind all of them: its name is not known yet, or still another's.
        """
        if name is not None:
            return self.find(name)
        known = () if self._idle else self._jobs.values()
        return self.active or next(reversed([*self._parsing.values(), *known]), None)

    def drop(self, job: Job) -> None:
        if self._jobs.get(job.name) is job:
            self._idle |= job is next(reversed(self._jobs.values()))
            del self._jobs[job.name]
        self.abandon(job)

    def surplus(self) -> list[Job]:
        """Finished jobs beyond those whose films are kept, oldest first."""
        finished = [job for job in self._jobs.values() if job.state in FINISHED]
        return finished[: max(0, len(finished) - self._limits.films)]

    def unused_name(self) -> str:
        names = {job.name for job in self}
        return next(name for n in range(1, len(names) + 2) if (name := f"scene{n}") not in names)

    def _check_name(self, name: str) -> None:
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise LrnapError(Code.ARGS, f"a job's name is 1 to {MAX_NAME} printable characters, not {name[:40]!r}")
        if name in self._parsing:
            raise LrnapError(Code.EXISTS, f'a scene for job "{name}" is being read now: choose another name')

    def _check_room(self, name: str) -> None:
        known = self._jobs.get(name)
        if known is not None and known.active:
            raise LrnapError(
                Code.EXISTS,
                f'job "{name}" is {known.state.value}: choose another name, or end it with CTL_STOP "{name}"',
            )
        waiting = sum(job.state is Status.READY for job in self._jobs.values() if job.name != name)
        if waiting >= self._limits.ready:
            raise LrnapError(
                Code.QUOTA,
                f"{waiting} jobs are READY (ready={self._limits.ready}): render one, or forget one with CTL_RESET",
            )

"""What CTL_STATUS, statistics and metrics say of a job that has rendered, and of a node. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lrnap.engine.protocol import Halt, RunState, RunStatus
from lrnap.node.jobs import Job
from lrnap.wire import Scalar, Word


@dataclass(slots=True)
class Tally:
    """What a node has done since it was started: runs begun and failed, and the samples of those that are over."""

    runs: int = 0
    failed: int = 0
    samples: float = 0.0


@dataclass(frozen=True, slots=True)
class Amounts:
    """Samples, seconds and samples per pixel of a job, all its runs together."""

    samples: float
    seconds: float
    spp: float

    def reached(self, halt: Halt) -> bool:
        """Whether this is what a halt condition asks for."""
        wanted = ((halt.spp, self.spp), (halt.seconds, self.seconds))
        return any(limit is not None and round(have, 3) >= limit for limit, have in wanted)


def amounts(job: Job, status: RunStatus) -> Amounts:
    if job.film is not None and not job.active:
        return Amounts(job.film.samples, job.film.seconds, job.film.spp)
    before = job.before if status.epoch == job.epoch else (0.0, 0.0)  # else it is being edited at this moment
    samples = before[0] + status.samples
    pixels = status.samples / status.spp if status.spp else 0.0
    return Amounts(samples, before[1] + status.seconds, samples / pixels if pixels else 0.0)


def figures(job: Job, status: RunStatus, amounts: Amounts) -> dict[str, Scalar]:
    """`status`: of its newest run."""
    fields: dict[str, Scalar] = {
        "jobname": job.name,
        "thread": status.threads if job.active else 0,
        "samples": int(amounts.samples),
        "spp": round(amounts.spp, 3),
        "seconds": round(amounts.seconds, 3),
        "rate": round(status.samples_per_second if job.active else 0.0, 1),
        "triangles": status.triangles,
        "warnings": len(job.warnings),
        "seed": job.seeds[-1],
        "run": job.runs[0],
    }
    if job.film is not None:
        fields |= {"dimx": job.film.layout.width, "dimy": job.film.layout.height}
    if epoch := max(status.epoch, job.epoch):
        fields["epoch"] = epoch
    if status.noise is not None:
        fields["noise"] = float(f"{status.noise:.3g}")
    if status.engine:
        fields["engine"] = status.engine
    if status.state is RunState.BUILDING:
        fields["phase"] = Word("BUILDING")
    return fields

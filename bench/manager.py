"""manager_two_nodes: samples a second of a film merged from two nodes of one thread / the sum of the two by themselves.

manager_*: how a manager's work grows with its nodes. They are simulated (`bench.simulated_nodes`): protocol, sockets
and films are real, samples are not. The value of a row is that with most nodes, its detail shows all. The same with
other numbers, which take longer:

    python -m bench.manager --nodes 1,4,16,64,256,1000
    python -m bench.manager --nodes 1,4,16,64 --film 3840x2160 --seconds 30
    python -m bench.manager --nodes 2000 --tree 64         managers of 64 nodes each below one

    cpu       processors that the manager keeps busy while all nodes render one film; of a tree, the one above
    nodes     processors that the simulated nodes keep busy then, and of a tree the managers between
    memory    MiB in memory then
    films     MB of films that it keeps in a second
    status    ms until CTL_JOB is answered then, 99th percentile
    share     most of its time that a node spends on sending films, from the first to the last one while it renders
    age       s since a run's newest film was counted, 99th percentile over runs and time
    first     s from submitting to the first sample reported, on idle nodes
    idle      ms from the end of a run to the beginning of the next on its node, 99th percentile: the last film is
              fetched and counted, the next frame is given to the node, its scene sent. Frames take 5 to 11 s. Of a tree
              it is not looked at: there a frame is rendered by all nodes of a manager

`cpu` is time of the manager's own process, so a busy machine makes it smaller only where the manager does not keep up;
all others are time on the clock.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

import numpy as np

import lrnap
from bench.row import Row
from bench.scenes import BEADS
from bench.table import show
from lrnap.client.queue import Queue
from lrnap.client.submitted import SubmittedJob
from lrnap.launch.local import local_node

SECONDS = 15.0
PAIRS = 3
NODES = (1, 4, 16, 64)
FILM = "320x180"
WATCHED = 8.0  # seconds that the nodes render one film
STEADY_SPP = 1e12  # of the film that all render: never reached
FRAME_SPP = 80  # of the frames that follow each other: 8 s, more or less
FRAMES = 3  # for each node
PER_PROCESS = 128  # simulated nodes
PATIENCE = 300.0  # seconds for what a test farm does

SCENE = """
Camera "perspective"
Film "fleximage" "integer xresolution" [{}] "integer yresolution" [{}]
WorldBegin
LightSource "point"
Shape "sphere"
WorldEnd
"""
FIGURES = {
    "cpu": "processors busy",
    "nodes": "processors busy beside it",
    "memory": "MiB",
    "films": "MB/s of films kept",
    "status": "ms, p99 of CTL_JOB",
    "share": "of a node's time, the most that sending films takes",
    "age": "s, p99 of the age of a run's film",
    "first": "s from submit to the first sample",
    "idle": "ms, p99 between two runs on a node",
}


def rows() -> list[Row]:
    return [*two_nodes(), *growth(NODES, FILM, WATCHED)]


# --- two real nodes


def two_nodes() -> list[Row]:
    together, alone = [], []
    with ExitStack() as stack:
        nodes = [stack.enter_context(local_node(threads=1)).url for _ in range(2)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lrnap-bench-")))
        for i in range(PAIRS):
            alone.append(sum(_alone(url) for url in nodes))
            with _manager(folder / str(i), nodes) as (farm, _):
                _until(lambda farm=farm: len(_here(farm)) == 2, "both nodes are there")  # type: ignore[misc]
                together.append(_merged(farm))
    ratio = median(t / a for t, a in zip(together, alone, strict=True))
    detail = (
        f"bead dish, {PAIRS} pairs of {SECONDS:.0f} s: each alone, summed, {median(alone):.3g}, merged "
        f"{median(together):.3g} samples/s"
    )
    return [Row("manager_two_nodes", ratio, 0.97, detail)]


def _alone(url: str) -> float:
    with lrnap.Context(url) as lux:
        lux.parse(BEADS)
        job = lux.render(seconds=SECONDS)
        job.wait()
        return float(job.samples / job.progress.seconds)


def _merged(farm: Queue) -> float:
    job = farm.submit(BEADS, seconds=SECONDS)
    job.wait()
    runs = job.runs()
    if len(runs) < 2:
        raise RuntimeError("one node has rendered it all")
    return job.film().samples / max(float(str(run.fields["seconds"])) for run in runs)


# --- many simulated ones


def growth(counts: Sequence[int], film: str, seconds: float, tree: int = 0) -> list[Row]:
    """`tree`: how many nodes are below each manager of those below the one that is watched; 0: it has nodes itself."""
    found = {count: _farm_of(count, film, seconds, tree) for count in counts}
    most = max(counts)
    return [
        Row(
            f"manager_{name}",
            found[most][name],
            None,
            f"{what}; {film}, nodes: "
            + ", ".join(f"{count}: {found[count].get(name, np.nan):.3g}" for count in counts),
        )
        for name, what in FIGURES.items()
        if name in found[most]
    ]


def _farm_of(count: int, film: str, seconds: float, tree: int) -> dict[str, float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lrnap-bench-")))
        scene = folder / "scene.lxs"
        scene.write_text(SCENE.format(*film.split("x")))
        urls: list[str] = []
        below: list[int] = []  # processes
        idle: list[Path] = []
        for first in range(0, count, PER_PROCESS):
            here = folder / f"nodes{first}"
            here.mkdir()
            idle.append(here / "idle")
            some, pid = stack.enter_context(_simulated(min(PER_PROCESS, count - first), film, here))
            urls, below = [*urls, *some], [*below, pid]
        if tree:
            groups = [urls[first : first + tree] for first in range(0, count, tree)]
            between = [stack.enter_context(_manager(folder / f"manager{i}", some)) for i, some in enumerate(groups)]
            _until(lambda: sum(len(_here(farm)) for farm, _ in between) == count, "all nodes are there")
            urls, below = [farm.url for farm, _ in between], [*below, *(pid for _, pid in between)]
        farm, pid = stack.enter_context(_manager(folder / "manager", urls))
        _until(lambda: len(_here(farm)) == len(urls), "all nodes are there")

        began = time.perf_counter()
        job = farm.submit(scene, name="steady", spp=STEADY_SPP)
        _until(lambda: job.status.spp > 0, "it has samples", every=0.01)
        figures = {"first": time.perf_counter() - began}
        films = folder / "manager" / "films"
        _until(lambda: len([*films.glob("*/*/*.run")]) == len(urls), "every node has sent a film")
        figures |= _watch(job, pid, below, films, seconds) | _share(idle)
        job.stop()
        if not tree:
            figures["idle"] = _idle(farm, scene, FRAMES * count, idle)
        return figures


def _idle(farm: Queue, scene: Path, frames: int, idle: Sequence[Path]) -> float:
    since = time.time()
    job = farm.submit(scene, name="frames", spp=FRAME_SPP, frames=range(1, frames + 1))
    if not job.wait(PATIENCE):
        raise RuntimeError("the frames take too long")
    lines = [line.split() for path in idle if path.exists() for line in path.read_text().splitlines()]
    waits = [float(wait) for when, wait in lines if float(when) - float(wait) > since]  # not the one before the first
    if not waits:
        raise RuntimeError("no node has rendered two frames")
    return float(np.percentile(waits, 99)) * 1e3


def _share(idle: Sequence[Path]) -> dict[str, float]:
    """Nothing if no node has sent two films."""
    sent: dict[str, list[tuple[float, float]]] = {}
    for path in idle:
        for line in path.with_name("sent").read_text().splitlines():
            who, began, ended = line.split()
            sent.setdefault(f"{path} {who}", []).append((float(began), float(ended)))
    shares = [
        sum(ended - began for began, ended in films[:-1]) / (films[-1][0] - films[0][0])
        for films in sent.values()
        if len(films) > 1
    ]
    return {"share": max(shares)} if shares else {}


def _watch(job: SubmittedJob, pid: int, below: Sequence[int], films: Path, seconds: float) -> dict[str, float]:
    answers, ages = [], []
    began, busy, written = time.perf_counter(), _processor_seconds(pid), _written(pid)
    others = sum(map(_processor_seconds, below))
    while (passed := time.perf_counter() - began) < seconds:
        asked = time.perf_counter()
        assert job.status.spp > 0
        answers.append(time.perf_counter() - asked)
        ages += _ages(films)
        time.sleep(0.1)
    return {
        "cpu": (_processor_seconds(pid) - busy) / passed,
        "nodes": (sum(map(_processor_seconds, below)) - others) / passed,
        "memory": _resident(pid),
        "films": (_written(pid) - written) / passed / 1e6,
        "status": float(np.percentile(answers, 99)) * 1e3,
        "age": float(np.percentile(ages, 99)),
    }


def _ages(films: Path) -> list[float]:
    now, found = time.time(), []
    for path in films.glob("*/*/*.run"):
        with suppress(FileNotFoundError):
            found.append(now - path.stat().st_mtime)
    return found


# --- programs


@contextmanager
def _program(*command: str) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[1]
    started = [sys.executable, "-m", *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(started, cwd=root, text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _simulated(count: int, film: str, folder: Path) -> Iterator[tuple[list[str], int]]:
    with _program("bench.simulated_nodes", str(count), film, str(folder)) as process:
        assert process.stdout is not None
        yield [process.stdout.readline().strip() for _ in range(count)], process.pid


@contextmanager
def _manager(folder: Path, nodes: Sequence[str]) -> Iterator[tuple[Queue, int]]:
    named = [word for url in nodes for word in ("--node", url)]
    command = ("lrnap", "manager", "--listen", "127.0.0.1:0", "--data", str(folder), *named)
    with _program(*command) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("manager ready at ")
        with lrnap.connect(url) as farm:
            yield farm, process.pid


def _here(farm: Queue) -> list[str]:
    return [node.name for node in farm.nodes() if node.state == "HERE"]


def _until(holds: Callable[[], bool], what: str, every: float = 0.1) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"never: {what}")
        time.sleep(every)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _written(pid: int) -> int:
    """Bytes that a process has given to files and sockets; what a manager says is little beside its films."""
    return int(Path(f"/proc/{pid}/io").read_text().partition("wchar:")[2].split()[0])


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.manager")
    parser.add_argument("--nodes", default=",".join(map(str, NODES)))
    parser.add_argument("--film", default=FILM, help="WIDTHxHEIGHT")
    parser.add_argument("--seconds", type=float, default=WATCHED)
    parser.add_argument("--tree", type=int, default=0, help="nodes of each manager between; 0: no managers between")
    given = parser.parse_args()
    show(growth([int(count) for count in given.nodes.split(",")], given.film, given.seconds, given.tree))


if __name__ == "__main__":
    main()

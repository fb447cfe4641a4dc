"""The queue in Python, against a manager and its nodes in processes of their own."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from managers import FarmOfPrograms, farm
from nodes import PATIENCE, SCENE, SIZE

import lrnap
from lrnap.client import queue_link
from lrnap.client.editing import SceneEdit
from lrnap.client.queue import Queue
from lrnap.errors import Code, LrnapError, RemoteError, SceneError
from lrnap.film import images


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarmOfPrograms]:
    with farm(tmp_path_factory.mktemp("farm"), nodes=2) as started:
        yield started


@pytest.fixture
def queue(programs: FarmOfPrograms) -> Iterator[Queue]:
    """It is empty, and the nodes render as anybody would have them, whatever a test before has done."""
    with lrnap.connect(programs.manager.url) as made:
        for job in made.jobs():
            made.job(job.id).remove()
        for node in made.nodes():
            made.node(node.name).enable()
            made.node(node.name).set_tags("")
        yield made


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "ball.lxs"
    path.write_text(SCENE)
    return path


def test_a_scene_is_submitted_watched_and_fetched(queue: Queue, scene: Path, tmp_path: Path) -> None:
    job = queue.submit(scene, name="watched", spp=20, priority=2, owner="ana")
    seen = [(status.state, status.spp) for status in job]
    assert seen[-1][0] == "DONE"
    status = job.status
    assert (status.name, status.owner, status.priority, status.frames, status.fraction) == ("watched", "ana", 2, 1, 1.0)
    assert status.spp >= 20
    assert [known.name for known in queue.jobs(owner="ana", limit=1)] == ["watched"]
    assert job.film().spp >= 20
    picture = job.picture()
    assert picture.shape == (SIZE[1], SIZE[0], 4)
    for name, options in (("a.png", {"depth": "16"}), ("a.exr", {"compression": "piz"}), ("a.flm", {})):
        job.save(tmp_path / name, **options)
    assert images.read(tmp_path / "a.png").shape[:2] == (SIZE[1], SIZE[0])
    assert job.history()[0].fields["step"] == "submit"
    (did,) = [one for one in queue.audit(kind="job") if one.fields["job"] == job.id]
    assert (did.fields["step"], did.fields["by"]) == ("submit", job.history()[0].fields["by"])
    assert {run.state for run in job.runs()} <= {"DONE", "STOPPED"}
    assert [(frame.frame, frame.state) for frame in job.frames()] == [(1, "DONE")]


def test_a_context_is_submitted_as_it_was_described(queue: Queue) -> None:
    lux = lrnap.Context()
    lux.lookAt(0, -4, 1, 0, 0, 1, 0, 0, 1)
    lux.film("fleximage", {"integer xresolution": 24, "integer yresolution": 16, "integer haltspp": 4})
    lux.worldBegin()
    lux.lightSource("point", {})
    lux.shape("sphere", {})
    lux.worldEnd()
    job = queue.submit(lux)
    assert job.wait(PATIENCE)
    assert job.status.number("haltspp") == 4, "the scene's own"
    assert (job.film().layout.width, job.film().layout.height) == (24, 16)


def test_a_job_is_steered(queue: Queue, scene: Path) -> None:
    job = queue.submit(scene, name="steered", spp=1e6)
    for status in job:
        if status.spp > 0:
            break
    job.pause()
    assert job.state == "PAUSED"
    assert "resume" in job.why
    assert not job.wait(0.01)
    job.resume()
    job.priority = -4
    assert job.priority == -4
    job.change(nodes="1-1", tags="nobody-has-this")
    assert (job.status.text("nodes"), job.status.text("tags")) == ("1-1", "nobody-has-this")
    job.stop()
    assert job.wait(PATIENCE)
    job.change(tags="", spp=job.spp + 1)
    job.retry()
    assert job.wait(PATIENCE)
    assert job.state == "DONE"
    job.render(spp=2)
    assert job.wait(PATIENCE)
    job.remove()
    with pytest.raises(RemoteError, match=f'no job "#{job.id}"') as caught:
        job.status  # noqa: B018
    assert caught.value.code is Code.NOT_FOUND


def test_why_a_job_waits_is_one_sentence(queue: Queue, scene: Path) -> None:
    tagged = queue.submit(scene, name="tagged", spp=4, tags="gpu")
    assert tagged.why.startswith("no node has the tag gpu:")
    later = queue.submit(scene, name="later", spp=4, after=tagged)
    assert later.why == 'job "tagged", which it comes after, is QUEUED'
    queue.node(queue.nodes()[0].name).set_tags("gpu")
    assert later.wait(PATIENCE)
    assert tagged.state == "DONE"


def test_a_scene_without_a_name_gets_one_that_is_free(queue: Queue, scene: Path) -> None:
    jobs = [queue.submit(scene, spp=1e6, tags="nobody-has-this") for _ in range(3)]
    assert [job.name for job in jobs] == ["ball", "ball-2", "ball-3"]
    with pytest.raises(RemoteError, match="choose another name") as caught:
        queue.submit(scene, name="ball", spp=1)
    assert caught.value.code is Code.EXISTS
    jobs[0].stop()
    assert queue.submit(scene, name="ball", spp=1, tags="nobody-has-this").id > jobs[2].id
    assert queue.job(jobs[0].id).state == "STOPPED", "its number means it, whoever has its name now"


def test_the_same_submission_makes_one_job(queue: Queue, scene: Path) -> None:
    first = queue.submit(scene, name="once", spp=2, token="t-1", owner="ana")
    again = queue.submit(scene, name="twice", spp=9, token="t-1", owner="ana")
    other = queue.submit(scene, name="twice", spp=2, token="t-1", owner="bo")
    assert (again.id, again.name) == (first.id, "once")
    assert other.id != first.id


def test_frames_with_changes_between_them(queue: Queue, scene: Path) -> None:
    def move(lux: SceneEdit, frame: int) -> None:
        lux.lookAt(0, -4 - frame, 1, 0, 0, 1, 0, 0, 1)

    job = queue.submit(scene, name="moving", spp=2, frames="1-5:2", changes=move)
    assert job.wait(PATIENCE)
    status = job.status
    assert (status.frames, status.done, status.text("numbers"), status.fraction) == (3, 3, "1-5:2", 1.0)
    assert [frame.frame for frame in job.frames()] == [1, 3, 5]
    assert job.film(frame=3).spp >= 2
    with pytest.raises(RemoteError):
        job.film(frame=2)


def test_a_scene_for_each_frame(queue: Queue, tmp_path: Path) -> None:
    for number, width in ((1, 16), (2, 32)):
        (tmp_path / f"shot.{number:04d}.lxs").write_text(
            SCENE.replace('"integer xresolution" [32]', f'"integer xresolution" [{width}]')
        )
    job = queue.submit(tmp_path / "shot.####.lxs", spp=2, frames=[1, 2])
    assert job.name == "shot"
    assert job.wait(PATIENCE)
    assert [job.film(number).layout.width for number in (1, 2)] == [16, 32]


def test_a_mesh_in_every_frame_is_kept_once(queue: Queue, programs: FarmOfPrograms, tmp_path: Path) -> None:
    """By the manager and by each of its nodes, however the frames differ otherwise."""
    points = np.random.default_rng(5).integers(0, 1000, 9000)
    mesh = f'Shape "trianglemesh" "integer indices" [0 1 2] "point P" [{" ".join(map(str, points))}]\nWorldEnd'
    for number in range(1, 5):
        turned = f"Rotate {number * 10} 0 0 1\n{mesh}"
        (tmp_path / f"turn.{number:04d}.lxs").write_text(SCENE.replace("WorldEnd", turned))
    job = queue.submit(tmp_path / "turn.####.lxs", spp=2, frames="1-4")
    assert job.wait(PATIENCE)
    data = points.astype(np.float32).tobytes()
    busy = {run.fields["node"] for run in job.runs()}  # which may be one alone, on a machine that has other work
    for program in (programs.manager, *(node for node in programs.nodes if node.url in busy)):
        kept = [path for path in (program.root / "data" / "assets").glob("??/*") if path.stat().st_size >= len(data)]
        assert [path.read_bytes() for path in kept] == [data]


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"spp": 0}, "spp must be above zero"),
        ({"frames": "5-1"}, "the first may not be behind the last"),
        ({"nodes": "8-2"}, "the most may not be below"),
        ({"after": "nobody"}, 'no job "nobody"'),
        ({"changes": "move.####.lxs"}, "say which ones"),
        ({"changes": "move.lxs", "frames": "1-2"}, "no place for a frame's number"),
        ({"changes": "move.####.lxs", "frames": "1-2"}, "no file for frame 1, nor for 1 others"),
        ({"changes": lambda lux, _: lux.lookAt(), "frames": "1-2"}, "lookAt"),
        ({"priority": 1 << 40}, "beyond 32 bits"),
        ({"owner": "x" * 200}, "owner is at most"),
        ({"name": "x" * 200}, "name is 1 to"),
        ({"output": "../a.png"}, "pictures"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    queue: Queue, scene: Path, wishes: dict[str, object], says: str
) -> None:
    before = len(queue.jobs())
    with pytest.raises(LrnapError, match=says):
        queue.submit(scene, **wishes)  # type: ignore[arg-type]
    assert len(queue.jobs()) == before


def test_a_wrong_scene_is_refused_where_it_is_wrong(queue: Queue, tmp_path: Path) -> None:
    bad = tmp_path / "bad.lxs"
    bad.write_text(SCENE.replace("WorldEnd", "WorldEnd\nWorldEnd"))
    with pytest.raises(SceneError, match=r"bad\.lxs:\d+:\d+"):
        queue.submit(bad)
    with pytest.raises(LrnapError, match="not found"):
        queue.submit(tmp_path / "missing.lxs")


def test_nodes_are_looked_at_and_steered(queue: Queue, programs: FarmOfPrograms) -> None:
    url = programs.nodes[0].url
    node = queue.node(url)
    assert (node.status.name, node.status.state, node.status.standing) == (url, "HERE", "ENABLED")
    node.drain("moving house")
    assert (node.status.standing, node.status.text("note")) == ("DRAINING", "moving house")
    node.disable()
    assert node.status.standing == "DISABLED"
    node.enable()
    assert queue.add_node(url, tags=["gpu", "big"], threads=2).status.tags == ("gpu", "big")
    node.set_threads(0)
    with pytest.raises(RemoteError, match="no node"):
        queue.node("lrnap://nowhere:1")


def test_a_render_node_has_no_queue_and_says_what_would_help(programs: FarmOfPrograms, scene: Path) -> None:
    with lrnap.connect(programs.nodes[0].url) as node:
        with pytest.raises(LrnapError, match="lrnap render --node") as caught:
            node.submit(scene)
        assert caught.value.code is Code.UNSUPPORTED


class Cutter:
    """A way to a server that breaks off after so many bytes from the client, once, and is whole from then on."""

    def __init__(self, host: str, port: int, bytes_sent: int) -> None:
        self._to = (host, port)
        self.left = bytes_sent
        self.cuts = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"lrnap://127.0.0.1:{self._listening.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(self._to)
            self._sockets += [client, server]
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if counted and not self.cuts:
                    data = data[: self.left]
                    self.left -= len(data)
                target.sendall(data)
                if counted and not self.cuts and self.left <= 0:
                    self.cuts += 1
                    break
        except OSError:
            pass
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        for one in self._sockets:
            one.close()


@pytest.mark.parametrize("share", [0.35, 0.6, 0.85, 0.97])
def test_a_connection_that_breaks_while_submitting_makes_one_job(
    programs: FarmOfPrograms, scene: Path, share: float
) -> None:
    """Wherever it breaks: before the scene is there, in the middle of it, or behind the last word."""
    address = programs.manager.address
    counting = Cutter(address.host, address.port, 1 << 30)
    with lrnap.connect(counting.url) as queue:
        job = queue.submit(scene, name="whole", spp=2, owner="cut")
        sent = (1 << 30) - counting.left
        job.remove()
    counting.close()
    cutter = Cutter(address.host, address.port, int(sent * share))
    try:
        with lrnap.connect(cutter.url) as queue:
            job = queue.submit(scene, name="whole", spp=2, owner="cut")
            assert job.wait(PATIENCE)
            assert cutter.cuts == 1
            assert [known.id for known in queue.jobs(owner="cut")] == [job.id]
            job.remove()
    finally:
        cutter.close()


def test_who_waits_goes_on_waiting_when_the_manager_is_killed(
    tmp_path: Path, scene: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_link, "PATIENCE_SECONDS", float(PATIENCE))  # a busy machine takes long to start one
    with farm(tmp_path / "farm") as programs, lrnap.connect(programs.manager.url) as queue:
        job = queue.submit(scene, name="long", spp=1e6)
        states = iter(job)
        before = next(status.spp for status in states if status.spp > 0)
        programs.manager.kill()
        programs.manager.again()
        assert next(status.state for status in states if status.spp > before + 100) == "RENDERING"
        job.stop()
        assert [*states][-1].state == "STOPPED"
        film = job.film()
        assert film.spp > before + 100
        assert np.isfinite(film.block).all()

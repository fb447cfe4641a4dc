"""The commands of the queue as they are typed, and docs/queue.md, against a manager and its nodes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from managers import FarmOfPrograms, farm
from nodes import PATIENCE, SCENE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "queue.md"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "turntable"
BLOCKS = re.findall(r"^```(shell|py)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarmOfPrograms]:
    with farm(tmp_path_factory.mktemp("farm"), nodes=2) as started:
        yield started


@dataclass(frozen=True)
class Shell:
    """Where somebody types, beside a scene and its frames."""

    folder: Path
    url: str

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        """What it says on standard output and standard error."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "LRNAP_URL": self.url}
        done = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True, timeout=PATIENCE * 4)
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    def lrnap(self, line: str, code: int = 0) -> str:
        said, complained = self.run("lrnap", *shlex.split(line), code=code)
        return complained if code else said

    def json(self, line: str) -> list[dict[str, object]]:
        return [json.loads(text) for text in self.lrnap(f"{line} --json").splitlines()]


@pytest.fixture
def shell(tmp_path: Path, programs: FarmOfPrograms) -> Shell:
    return shell_in(tmp_path, programs)


@pytest.mark.parametrize("block", [text for language, text in BLOCKS if language == "shell"])
def test_commands_do_what_the_page_says(block: str, tmp_path: Path) -> None:
    with farm(tmp_path / "farm", nodes=2) as programs:
        (tmp_path / "here").mkdir()
        shell = shell_in(tmp_path / "here", programs)
        said: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                said = shell.run(*shlex.split(line[2:]))[0].splitlines()
            else:
                words = line.split()
                assert any(set(words) <= set(text.split()) for text in said), f"{line!r} is not in {said}"


def shell_in(folder: Path, programs: FarmOfPrograms) -> Shell:
    made = Shell(folder, programs.manager.url)
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / "scene.lxs").write_text(SCENE)
    for number in (1, 3, 5):
        (folder / f"move.{number:04d}.lxs").write_text(f"LookAt 0 {-4 - number} 1  0 0 1  0 0 1\n")
        (folder / f"shot.{number:04d}.lxs").write_text(SCENE)
    return made


def test_python_does_what_the_page_says(shell: Shell) -> None:
    (text,) = [text for language, text in BLOCKS if language == "py"]
    script = shell.folder / "snippet.py"
    script.write_text(text.replace("lrnap://127.0.0.1:1978", shell.url))
    shell.run(sys.executable, "-W", "error", str(script))
    assert (shell.folder / "frame2.png").read_bytes().startswith(b"\x89PNG")


def test_a_job_is_steered_by_commands(shell: Shell) -> None:
    (job,) = shell.json("submit scene.lxs --name steered --spp 1e6 --tag nobody-has-this --owner ana --priority -2")
    assert (job["name"], job["state"], job["priority"]) == ("steered", "QUEUED", -2)
    assert job["why"].startswith("no node has the tag nobody-has-this:")
    assert [known["name"] for known in shell.json("jobs --owner ana")] == ["steered"]
    assert "no node has the tag" in shell.lrnap("jobs --state queued")
    shell.lrnap("job steered priority 7")
    assert shell.json("job steered")[0]["priority"] == 7
    assert shell.json("job steered pause")[0]["state"] == "PAUSED"
    assert shell.json("job steered resume")[0]["state"] == "QUEUED"
    assert shell.json("job steered stop")[0]["state"] == "STOPPED"
    assert shell.json("job steered retry")[0]["state"] == "QUEUED"
    changed = shell.json("job steered change --spp 8 --nodes 2-3 --tag neither --after ''")[0]
    assert (changed["haltspp"], changed["nodes"], changed["tags"]) == (8, "2-3", "neither")
    assert [one["name"] for one in shell.json("job steered frames")] == ["1"]
    assert shell.json("job steered history")[0]["step"] == "submit"
    assert shell.json("job steered remove") == [{"name": "steered", "state": "REMOVED"}]
    assert "no job" in shell.lrnap("job steered", code=2)


def test_a_job_whose_name_is_misspelt_is_guessed(shell: Shell) -> None:
    shell.lrnap("submit scene.lxs --name kitchen --spp 1e6 --tag nobody-has-this")
    assert "there is no job 'kitchn', did you mean 'kitchen'? `lrnap jobs` lists" in shell.lrnap("job kitchn", code=2)
    shell.lrnap("job kitchen remove")


def test_a_job_that_is_done_is_listed_with_what_its_film_has(shell: Shell) -> None:
    shell.lrnap("submit scene.lxs --name listed --spp 8")
    shell.lrnap("job listed watch")
    (listed,) = [job for job in shell.json("jobs") if job["name"] == "listed"]
    assert listed["state"] == "DONE"
    assert 8 <= float(str(listed["spp"])) == shell.json("job listed")[0]["spp"]


def test_who_did_what_is_told(shell: Shell, programs: FarmOfPrograms) -> None:
    shell.lrnap("submit scene.lxs --name told --spp 1e6 --tag nobody-has-this")
    shell.lrnap("job told priority 3")
    url = programs.nodes[1].url
    shell.lrnap(f"nodes drain {url} --why 'moving house'")
    shell.lrnap(f"nodes enable {url}")
    shell.lrnap("job told remove")
    did = shell.json("audit --limit 5")
    assert [(one["kind"], one["step"]) for one in did] == [
        ("job", "submit"), ("job", "change"), ("node", "drain"), ("node", "enable"), ("job", "remove")
    ]  # fmt: skip
    (who,) = {one["by"] for one in did}
    assert did[1]["why"] == "priority 3"
    assert did[2]["why"] == "moving house"
    assert shell.json(f"audit --by {who} --limit 5") == did
    assert shell.json(f"audit --by {who.partition('@')[0]} --kind node --limit 2") == did[2:4]
    assert shell.json("audit --by nobody") == []
    assert "moving house" in shell.lrnap("audit --limit 5")


def test_what_no_job_needs_is_shown_before_it_is_removed(shell: Shell, programs: FarmOfPrograms) -> None:
    shell.lrnap("submit scene.lxs --name kept --spp 1e6 --tag nobody-has-this")
    stray = programs.manager.root / "data" / "assets" / "ab" / ("ab" + 62 * "0")
    stray.parent.mkdir(exist_ok=True, parents=True)
    stray.write_bytes(b"of a job that was removed long ago")
    os.utime(stray, (0, 0))
    (kept,) = shell.json("content")
    assert (kept["unneeded_files"], kept["unneeded_bytes"]) == (1, 34)
    assert "no job needs 1 file, 34B: " in shell.lrnap("content")
    assert shell.json("content unneeded") == [{"sha256": stray.name, "bytes": 34}]
    assert stray.name in shell.lrnap("content unneeded")
    assert stray.exists()
    assert shell.json("content collect") == [{"files": 1, "bytes": 34}]
    assert not stray.exists()
    assert shell.json("content unneeded") == []
    assert shell.json("job kept")[0]["state"] == "QUEUED"
    shell.lrnap("job kept remove")


def test_what_was_only_described_is_listed_and_started(shell: Shell, programs: FarmOfPrograms) -> None:
    programs.manager.write("typed.lxs")
    with programs.manager.talk() as talk:
        assert talk.ask('API_LuxParse "typed.lxs" "typed"').startswith("R_OK")
    ready = shell.json("jobs --limit 1")[0]
    assert (ready["name"], ready["state"]) == ("typed", "READY")
    assert ready["why"].startswith("nobody has started it yet")
    assert [one["name"] for one in shell.json("jobs --state ready")] == ["typed"]
    assert shell.json("job typed")[0]["state"] == "READY"
    assert shell.json("job typed render --spp 4")[0]["state"] in ("QUEUED", "RENDERING", "DONE")
    assert shell.json("job typed watch")[-1]["state"] == "DONE"
    assert shell.json("jobs --state ready") == []


def test_the_servers_of_the_lux_api_are_the_managers_nodes(programs: FarmOfPrograms) -> None:
    """So a master of the classic kind, or a plugin that knows only these calls, steers a farm."""
    url = programs.nodes[0].url
    with programs.manager.talk() as talk:
        talk.until("API_GetServerCount", f"R_OK VALUE = {len(programs.nodes)}")  # they may just be being added
        status = "\n".join(talk.text("API_GetRenderingServersStatus"))
        assert all(str(node.address) in status for node in programs.nodes)
        name = url.removeprefix("lrnap://")
        assert talk.ask(f'API_RemoveServer "{name}"') == "R_OK"
        assert talk.ask("API_GetServerCount") == f"R_OK VALUE = {len(programs.nodes) - 1}"
        assert talk.ask(f'API_AddServer "{name}"') == "R_OK"
        assert talk.ask("API_GetServerCount") == f"R_OK VALUE = {len(programs.nodes)}"
        assert talk.ask(f'API_ResetServer "{name}" ""') == "R_OK"
        assert "CODE = E_NOT_FOUND" in talk.ask('API_RemoveServer "127.0.0.1:9"')
        assert "as often as it is worth it" in talk.ask("API_SetNetworkServerUpdateInterval 3")


def test_one_frame_of_many_is_retried(shell: Shell) -> None:
    shell.lrnap("submit scene.lxs --name several --frames 1-3 --spp 1e6")
    shell.lrnap("job several stop")
    shell.lrnap("job several retry --frames 2")
    states = {frame["name"]: frame["state"] for frame in shell.json("job several frames")}
    assert states["1"] == states["3"] == "STOPPED" and states["2"] in ("WAITING", "RENDERING")
    (job,) = shell.json("job several")
    assert job["frames_stopped"] == "1-3:2" and "frames_failed" not in job
    assert "has no frame 9" in shell.lrnap("job several retry --frames 9", code=2)
    assert "--frames says what" in shell.lrnap("job several pause --frames 2", code=2)
    shell.lrnap("job several remove")


def test_nodes_are_steered_by_commands(shell: Shell, programs: FarmOfPrograms) -> None:
    url = programs.nodes[0].url
    assert {node["name"] for node in shell.json("nodes")} == {node.url for node in programs.nodes}
    assert shell.json(f"nodes drain {url} --why 'moving house'")[0]["standing"] == "DRAINING"
    assert "moving house" in shell.lrnap("nodes")
    assert shell.json(f"nodes disable {url}")[0]["standing"] == "DISABLED"
    assert shell.json(f"nodes enable {url}")[0]["standing"] == "ENABLED"
    assert shell.json(f"nodes tags {url} --tags gpu,big")[0]["tags"] == "gpu,big"
    assert shell.json(f"nodes threads {url} --threads 1")[0]["threads"] == 1
    shell.lrnap(f"nodes forgive {url}")
    shell.lrnap(f"nodes remove {url}")
    assert url not in shell.lrnap("nodes")
    assert shell.json(f"nodes add {url} --tags fast")[0]["tags"] == "fast"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("submit missing.lxs", 2, "missing.lxs"),
        ("submit scene.lxs --spp 0", 2, "above zero"),
        ("submit scene.lxs --frames 5-1", 2, "frames"),
        ("submit shot.####.lxs", 2, "which frames"),
        ("submit shot.####.lxs --frames 1-9", 2, "no file for frame 2"),
        ("submit scene.lxs --after nobody", 2, "nobody"),
        ("job nobody", 2, "there is no job 'nobody'; `lrnap jobs` lists the jobs"),
        ("nodes drain 99", 2, "there is no node '99'; `lrnap nodes` lists the nodes"),
        ("job nobody dance", 2, "there are show, watch"),
        ("job nobody pause 3", 2, "takes no '3'"),
        ("job nobody show -o a.png", 2, "fetch"),
        ("job nobody pause --nodes 3", 2, "--nodes is for `change`, not for `pause`"),
        ("job nobody render --tag gpu", 2, "--tag is for `change`"),
        ("job nobody change", 2, "nothing is to change: say --spp"),
        ("audit --kind film", 2, "nothing is done to 'film'"),
        ("content collcet", 2, "did you mean 'collect'"),
        ("jobs --state asleep", 2, "there is no state"),
        ("nodes dance", 2, "there are list, show, add"),
        ("nodes drain", 2, "which node"),
        ("nodes tags lrnap://n7", 2, "which tags"),
        ("nodes drain lrnap://n7 --threads 3", 2, "--threads is for"),
        ("nodes add n7:port", 2, "n7:port"),
        ("jobs --to lrnap://127.0.0.1:1", 3, "nothing listens at lrnap://127.0.0.1:1: start `lrnap manager` there"),
        ("jobs --to nonsense://x", 2, "nonsense"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_with_the_code_of_its_kind(
    shell: Shell, line: str, code: int, says: str
) -> None:
    said = shell.lrnap(line, code=code)
    assert says in said
    assert said.startswith("error: ")


def test_a_render_node_has_no_queue(shell: Shell, programs: FarmOfPrograms) -> None:
    said = shell.lrnap(f"submit scene.lxs --to {programs.nodes[1].url}", code=2)
    assert "lrnap render --node" in said

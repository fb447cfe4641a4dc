"""`lrnap up` as people with two machines use it: the line that it prints, a job on both, nodes that are found."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from nodes import SCENE, Talk

from lrnap.cli import found
from lrnap.cli.main import app
from lrnap.net import discovery, identity
from lrnap.net.address import Address
from lrnap.net.discovery import Announcement
from lrnap.wire import Role

PATIENCE = 240
LOOPBACK = ["--listen", "127.0.0.1:0", "--listen", "lrnaps://127.0.0.1:0"]


@dataclass
class Up:
    """One `lrnap up`, with all that it has said so far."""

    process: subprocess.Popen[bytes]
    said: Path

    def line(self, pattern: str) -> re.Match[str]:
        """Waits until it says this."""
        for _ in range(PATIENCE * 20):
            if match := re.search(pattern, self.said.read_text(errors="replace"), re.MULTILINE):
                return match
            assert self.process.poll() is None, self.said.read_text()
            threading.Event().wait(0.05)
        raise AssertionError(f"it never said {pattern}:\n{self.said.read_text()}")

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE) == 0, self.said.read_text()


@contextlib.contextmanager
def machine(folder: Path, *words: str, mdns: str = "off") -> Iterator[Up]:
    """A machine of its own, as far as folders make one."""
    folder.mkdir(exist_ok=True)
    homes = {name: str(folder / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrnap", "up", *words],
            cwd=folder,
            env={**_clean(os.environ), **homes, "LRNAP_MDNS": mdns},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Up(process, said)
    finally:
        process.kill()
        process.wait()


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if not key.startswith("LRNAP_")}


def test_two_machines_render_one_job_and_a_killed_one_comes_back(tmp_path: Path) -> None:
    with machine(tmp_path / "attic", "--nodes", "1", *LOOPBACK) as attic:
        (tmp_path / "attic" / "scene.lxs").write_text(SCENE)
        url = attic.line(r"^farm ready at (lrnap://\S+) with 1 node$")[1]
        line = attic.line(r"type there: lrnap up (.*)$")[1].split()
        with machine(tmp_path / "desk", *line, "--nodes", "1") as desk:
            desk.line(r"^1 node of this machine joined lrnaps://")
            with Talk(Address.parse(url)) as talk:
                both = r'"lrnap://\S+ HERE .*\n"lrnaps://\S+ HERE '
                _until(talk, both)
                assert talk.ask('API_LuxParse "scene.lxs" "ball"').startswith("R_OK")
                assert talk.ask("API_Render spp=1000000").startswith("R_OK")
                _until(talk, r'"lrnap://\S+ HERE .*job="ball".*\n"lrnaps://\S+ HERE .*job="ball"')
                desk.process.kill()  # the power of the second machine fails, and comes back
                desk.process.wait()
                with machine(tmp_path / "desk", *line[:2], "--nodes", "1") as again:
                    again.line(r"^1 node of this machine joined lrnaps://")
                    _until(talk, r'"lrnap://\S+ HERE .*\n"lrnaps://\S+ HERE .*job="ball"')
                    assert len(talk.text("CTL_NODES")) == 2
                    assert talk.ask('CTL_STOP "ball"').startswith("R_OK")
                    again.end()
        attic.end()
        assert "Traceback" not in attic.said.read_text()


def _typed_on_the_page() -> list[str]:
    page = (Path(__file__).resolve().parents[2] / "docs" / "farm.md").read_text()
    return re.findall(r"^\w*\$ (lrnap .*)$", page, re.MULTILINE)


@pytest.mark.parametrize("line", _typed_on_the_page())
def test_what_the_page_says_to_type_can_be_typed(line: str) -> None:
    """Other machines are not here; that the options are there, and take what they are given, is."""
    arguments = shlex.split(line)[1:]
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]
    command.make_context(arguments[0], arguments[1:])


def _until(talk: Talk, pattern: str) -> None:
    for _ in range(PATIENCE * 20):
        lines = "\n".join(talk.text("CTL_NODES"))
        if re.search(pattern, lines):
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{pattern} is not in\n{lines}")


def _multicast_works() -> bool:
    """To this machine's own loopback, which some containers do not let through."""
    one = Announcement.make("lrnaps://127.0.0.1:9", "sha256:" + "00" * 32, "t" * 16)

    async def heard() -> bool:
        async with discovery.announced([one]):
            return one.url in {other.url for other in await discovery.search(5)}

    return asyncio.run(heard())


def test_nodes_that_hold_the_farms_token_are_offered_and_others_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LRNAP_MDNS", "127.0.0.1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if not _multicast_works():
        pytest.skip("multicast does not work on this machine's loopback")
    with machine(tmp_path / "attic", "--nodes", "0", *LOOPBACK, mdns="127.0.0.1") as attic:
        url = attic.line(r"^farm ready at (lrnap://\S+)")[1]
        data = tmp_path / "attic" / "XDG_DATA_HOME" / "lrnap"
        token = identity.load_or_make(data / "manager" / "identity").token(Role.NODE)
        alone = ["--no-manager", "--host", "127.0.0.1", "--nodes", "1", "--token"]
        with (
            machine(tmp_path / "stranger", *alone, "admin-of-another-farm", mdns="127.0.0.1") as stranger,
            machine(tmp_path / "desk", *alone, token, mdns="127.0.0.1") as desk,
        ):
            other = stranger.line(r"^node ready at (lrnaps://\S+)$")[1]
            ours = desk.line(r"^node ready at (lrnaps://\S+)$")[1]
            attic.line(rf"was found at {ours} and holds .*; to use it: lrnap nodes found --use --to {url}$")
            with Talk(Address.parse(url)) as talk:
                assert talk.text("CTL_NODES") == []
                for half in (f'token="{token}"', f'fingerprint="sha256:{"0" * 64}"'):
                    assert "belong together" in talk.ask(f"CTL_ADDNODE {ours} {half}")
                assert talk.text("CTL_NODES") == []
                for _ in range(20):  # a loaded machine answers late
                    assert found.run(url, use=True, data=data, as_json=False) == 0
                    if talk.text("CTL_NODES"):
                        break
                _until(talk, f'"{ours}" HERE')
                assert len(talk.text("CTL_NODES")) == 1
            assert re.search(rf"^{ours}  .*  takes part from now on$", capsys.readouterr().out, re.MULTILINE)
            assert other not in attic.said.read_text()

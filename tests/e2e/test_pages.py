"""What README.md and docs/ tell people to type is typed: shell commands, Python, and sessions with a node."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nodes import SCENE

from lrnap.launch.local import local_node

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
DEFAULT_URL = "lrnap://127.0.0.1:1978"
PATIENCE = 240  # seconds until a command has failed

_BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TARGETS = re.compile(r"^([a-z-]+):", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str) -> list[Block]:
    return [
        Block(page, page.read_text().count("\n", 0, found.start()) + 2, language, found[2])
        for page in PAGES
        for found in _BLOCK.finditer(page.read_text())
        if found[1] == language
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a reader of the pages would be: beside a scene."""
    (tmp_path / "scene.lxs").write_text(SCENE)
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Iterator[Shell]:
    with contextlib.ExitStack() as opened:
        yield Shell(folder, opened)


@dataclass
class Shell:
    """Commands of one block. What they start runs until its end, and is talked to by those behind it."""

    folder: Path
    opened: contextlib.ExitStack
    farm: str = ""  # URL of the manager that `lrnap up` has started

    @functools.cached_property
    def url(self) -> str:
        return self.opened.enter_context(local_node(root=self.folder)).url

    def run(self, command: str) -> str:
        """Runs one command of a page: a node at the usual port is our node, and few samples will do."""
        words = shlex.split(command)
        if words[:2] == ["lrnap", "up"]:
            self.farm = self.opened.enter_context(up(self.folder, words))
            return f"farm ready at {self.farm}"
        words = [self.url if word == DEFAULT_URL else word for word in words]
        for option in ("--spp", "--time"):
            if option in words:
                words[words.index(option) + 1] = "1"
        if words[0] == "make":
            assert words[1] in _TARGETS.findall((CHECKOUT / "Makefile").read_text()), f"the Makefile has no {words[1]}"
            return ""
        if words[:2] == ["lrnap", "node"]:
            with local_node(root=self.folder, extra=words[2:]) as node:
                return f"node ready at {node.url}"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=os.environ | {"PATH": path} | ({"LRNAP_URL": self.farm} if self.farm else {}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@contextlib.contextmanager
def up(folder: Path, words: list[str]) -> Iterator[str]:
    """`lrnap up` at a free port, with its data in the folder; its URL."""
    more = ["--listen", "127.0.0.1:0", "--data", "farm", "--nodes", "1"]
    environment = os.environ | {"LRNAP_MDNS": "off"}
    with (folder / "up.log").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, *more],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    try:
        assert process.stdout is not None
        found = next((m for line in process.stdout if (m := re.match(r"farm ready at (lrnap://\S+)", line))), None)
        assert found is not None, (folder / "up.log").read_text()
        yield found[1]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_commands_do_what_the_page_says(block: Block, shell: Shell) -> None:
    said = ""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            said = shell.run(line[2:])
        elif line:
            expected = re.escape(line).replace("1978", r"\d+")
            assert re.search(expected, said), f"{block}: {line!r} is not in what the command says:\n{said}"


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_runs(block: Block, folder: Path) -> None:
    script = folder / "snippet.py"
    script.write_text(block.text)
    done = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=folder, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{block}:\n{done.stderr}"


@pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP here")
@pytest.mark.parametrize("block", blocks("php"), ids=str)
def test_clients_in_other_languages_run(block: Block, folder: Path) -> None:
    with local_node(root=folder) as node:
        script = folder / "client.php"
        script.write_text(block.text.replace(DEFAULT_URL.removeprefix("lrnap://"), node.url.removeprefix("lrnap://")))
        done = subprocess.run(["php", script], cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{block}:\n{done.stdout}\n{done.stderr}"
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_pages_have_something_to_try() -> None:
    assert blocks("console")
    assert blocks("python")
    assert blocks("php")


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name} links to {target}, which is not there"
            if anchor:
                assert anchor in anchors(there), f"{page.name} links to {target}#{anchor}, which has no such heading"


def anchors(page: Path) -> set[str]:
    """Of the headings, as they are made of their words where Markdown is shown."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_linked_from_the_first() -> None:
    linked = re.findall(r"\]\((docs/[^)#]+)", PAGES[0].read_text())
    assert {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"} - {*linked} == set()

"""What pages and messages tell people to type exists, with these options: also where no test can run it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from lrnap.cli.main import app

CHECKOUT = Path(__file__).resolve().parents[3]
PAGES = [*CHECKOUT.glob("*.md"), *sorted((CHECKOUT / "docs").rglob("*.md"))]
SOURCES = sorted((CHECKOUT / "src").rglob("*.py"))
TREE: Any = typer.main.get_command(app)
PLACEHOLDERS = {"COMMAND"}  # stand for any command

_FENCED = re.compile(r"^```(?:text|console|shell|ini)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"(?:^|\$ |: |=\S*/)(lrnap .*)$", re.MULTILINE)  # also behind a prompt, a remark, or a path
_INDENTED = re.compile(r"^ {4}(lrnap .*?)(?:  .*)?$", re.MULTILINE)  # up to what is said beside it
_INLINE = re.compile(r"(?<!`)`(lrnap [^`{}]+)`")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_JOINED = re.compile(r'"\s*\n\s*f?"')  # a sentence of the source that goes on in the next line


def commands_of(page: str) -> Iterator[str]:
    for block in _FENCED.findall(page):
        yield from _TYPED.findall(block)
    yield from _INDENTED.findall(page)
    yield from _INLINE.findall(page)


def wrong_in(command: str) -> str:
    """What the command line would not take; "" if it would. A word that is missing is no mistake of a sentence."""
    words = iter(shlex.split(command.replace("\n", " "))[1:])
    here = TREE
    for word in words:
        if word.startswith("-"):
            option = next((one for one in here.params if word.partition("=")[0] in one.opts), None)
            if option is None and word != "--help":
                return f"{here.name} has no option {word}"
            if option is not None and not option.is_flag and "=" not in word:
                next(words, None)
        elif hasattr(here, "commands") and word not in PLACEHOLDERS:
            if word not in here.commands:
                return f"{here.name} has no command {word}"
            here = here.commands[word]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_exist(page: Path) -> None:
    text = re.sub(r"^```lrnap name=.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    named = [command for command in commands_of(text) if "name=<name>" not in command]
    assert [(command, wrong) for command in named if (wrong := wrong_in(command))] == []


def test_commands_of_messages_exist() -> None:
    for source in SOURCES:
        for command in _INLINE.findall(_JOINED.sub("", source.read_text())):
            assert wrong_in(command) == "", f"{source.name}: {command}"


def test_options_that_pages_speak_of_are_those_of_some_command() -> None:
    def options(command: Any) -> set[str]:
        own = {name for one in command.params for name in one.opts}
        return own.union(*(options(below) for below in getattr(command, "commands", {}).values()))

    known = options(TREE) | {"--help", "--shm-size"}  # the latter is Docker's
    for page in PAGES:
        if page.name == "decisions.md":  # speaks of benches
            continue
        prose = " ".join(re.findall(r"(?<!`)`(-[^`]+)`", page.read_text()))
        assert {*_OPTION.findall(prose)} <= known, page.name


def test_the_pages_are_read() -> None:
    assert sum(len([*commands_of(page.read_text())]) for page in PAGES) > 200
    assert wrong_in("lrnap render scene.lxs --sspp 4") == "render has no option --sspp"
    assert wrong_in("lrnap film devlop") == "film has no command devlop"
    assert wrong_in("lrnap job beads fetch -o a.png --frames 1-5") == ""

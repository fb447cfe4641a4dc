"""`lrnap shell` for a person at a terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from lrnap.cli import shell
from lrnap.net.address import Address

CTRL_C, CTRL_D, UP = b"\x03", b"\x04", b"\x1b[A"


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The lines that the shell takes from what is typed, which Ctrl-D ends."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    async def lines(keys: bytes) -> list[str]:
        with create_pipe_input() as terminal, create_app_session(input=terminal, output=DummyOutput()):
            terminal.send_bytes(keys + CTRL_D)
            return [line async for line in shell._typed(Address("127.0.0.1", 1978))]

    return lambda keys: asyncio.run(lines(keys))


def pasted(text: str) -> bytes:
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


def test_lines_are_taken_one_by_one(typed):
    assert typed(b"CTL_INFO\rCTL_STATUS\r") == ["CTL_INFO", "CTL_STATUS"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_pasted_may_have_many_lines(typed, end):
    lines = ["API_LuxInit", 'API_Film "fleximage" "integer xresolution" [32]', "API_WorldBegin"]
    assert typed(pasted(end.join(lines)) + b"\r") == lines


def test_ctrl_c_drops_the_line_and_not_the_shell(typed):
    assert typed(b"CTL_RESET" + CTRL_C + b"CTL_INFO\r") == ["CTL_INFO"]


def test_what_was_typed_is_there_the_next_time(typed):
    typed(b'API_LuxParse "scene.lxs"\r')
    assert typed(UP + b"\r") == ['API_LuxParse "scene.lxs"']

"""Commands in this process, without the time that one of their own takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from lrnap.cli.main import main


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def commands_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *first: str
) -> Callable[..., Done]:
    """Runs `lrnap FIRST ... ARGUMENTS ...` in a folder."""

    def run(*arguments: str) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["lrnap", *first, *arguments])
        with pytest.raises(SystemExit) as exit:
            main()
        return Done(int(exit.value.code or 0), *capsys.readouterr())

    return run

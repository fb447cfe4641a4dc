"""From the line that a node prints to a picture rendered on it, as two people on two machines would do it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nodes import SCENE

from lrnap.film import images

PATIENCE = 240


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    folders = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    known = {key: value for key, value in os.environ.items() if not key.startswith("LRNAP_")}
    return {**known, **folders}


def lrnap(home: dict[str, str], *words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrnap", *map(str, words)]
    return subprocess.run(command, env=home, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE)


def test_the_printed_line_is_all_that_it_takes(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SCENE)
    node = subprocess.Popen(
        [sys.executable, "-m", "lrnap", "node", "--listen", "lrnaps://127.0.0.1:0"],
        env=home,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert node.stdout is not None
        url = node.stdout.readline().strip().removeprefix("node ready at ")
        line = node.stdout.readline().strip().partition("type there: lrnap ")[2].split()
        assert line[:2] == ["login", url]

        stranger = lrnap(home, "render", "scene.lxs", "--node", url, "--spp", 1, "-o", "a.png", cwd=tmp_path)
        assert stranger.returncode == 3
        assert "lrnap token" in stranger.stderr

        mistyped = lrnap(home, *line[:3], "admin-0000000000000000", *line[4:], cwd=tmp_path)
        assert mistyped.returncode == 3
        assert "the token was refused" in mistyped.stderr

        assert "your role there is admin" in lrnap(home, *line, cwd=tmp_path).stderr
        done = lrnap(home, "render", "scene.lxs", "--node", url, "--spp", 1, "-o", "a.png", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert images.read(tmp_path / "a.png").mean() > 0.01
        shell = subprocess.run(
            [sys.executable, "-m", "lrnap", "shell", url],
            env=home, cwd=tmp_path, input="CTL_STATUS\n", capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert shell.stdout.startswith("R_STATUS"), shell.stderr

        again = lrnap(home, "token", "--role", "read", "--url", url, cwd=tmp_path).stdout.split()
        assert again[-1] == line[-1]
        lrnap(home, *again[1:], cwd=tmp_path)
        refused = lrnap(home, "render", "scene.lxs", "--node", url, "--spp", 1, "-o", "b.png", cwd=tmp_path)
        assert refused.returncode != 0
        assert "needs the role submit; yours is read" in refused.stderr
        assert lrnap(home, "logout", url, cwd=tmp_path).returncode == 0
    finally:
        node.terminate()
        assert node.wait(PATIENCE) == 0
        assert node.stdout is not None
        node.stdout.close()

"""Rendering until the noise is below what is asked for: by the command, and on a node alone; and looking at it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from node_processes import node_process
from nodes import PATIENCE, SCENE

from lrnap.film import films

SMALL = SCENE.replace("WorldBegin", 'Sampler "random"\nWorldBegin')


def lrnap(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lrnap", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=3 * PATIENCE, check=False)


def test_it_renders_until_the_noise_of_all_engines_together_is_low_enough(tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SMALL)
    wanted = ["--noise", "0.02", "--local", "2", "--json", "-o", "a.exr", "--write", "weights=true"]
    done = lrnap("render", "scene.lxs", *wanted, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["halt"]["noise"] == 0.02
    assert events[-1]["event"] == "end"
    assert events[-1]["state"] == "DONE"
    assert 0 < events[-1]["noise"] <= 0.02
    assert events[-1]["spp"] >= 16
    assert films.load(tmp_path / "a.exr").film.spp > 16


def test_a_noise_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scene.lxs").write_text(SMALL)
    done = lrnap("render", "scene.lxs", "--noise", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "--noise must be above zero" in done.stderr


def test_a_node_alone_halts_by_the_same_noise(tmp_path: Path) -> None:
    with node_process(tmp_path, engine="luxcore") as node, node.talk() as talk:
        node.write("scene.lxs", SMALL.replace('"fleximage"', '"fleximage" "float haltthreshold" [0.05]'))
        assert talk.ask('API_LuxParse "scene.lxs" "job"') == "R_OK"
        assert talk.ask("API_Render") == "R_OK"
        done = talk.until("CTL_STATUS", "R_STATUS DONE ")
        noise = float(done.partition(" NOISE ")[2].split()[0])
        assert 0 < noise <= 0.05


def test_a_nodes_picture_is_shown_in_the_terminal(tmp_path: Path) -> None:
    with node_process(tmp_path) as node, node.talk() as talk:
        node.write("scene.lxs")
        assert talk.ask('API_LuxParse "scene.lxs" "ball"') == "R_OK"
        assert talk.ask("API_Render spp=400") == "R_OK"
        url = node.addresses[0].url
        done = lrnap("film", "view", url, "--watch", "--terminal", "blocks", "--columns", 16, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("▀") % (16 * 6) == 0
        assert "ball: done, 400.0 samples per pixel" in done.stdout
        assert talk.ask("CTL_RESET") == "R_OK"
        done = lrnap("film", "view", url, cwd=tmp_path)
        assert done.returncode == 2
        assert "there is no picture to show" in done.stderr

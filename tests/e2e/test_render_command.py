"""`lrnap render` as a user runs it: real engines, real nodes, real pictures."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from lrnap.film import flm, images
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import resolve
from lrnap.launch.local import local_node

PATIENCE = 120

SCENE = """
LookAt 0 -4 1  0 0 0  0 0 1
Camera "perspective" "float fov" [40]
Film "fleximage" "integer xresolution" [64] "integer yresolution" [48] "string filename" ["ball"]
    "string tonemapkernel" ["reinhard"] {film}
WorldBegin
LightGroup "key"
LightSource "point" "color L" [20 20 20] "point from" [0 -3 3]
LightGroup "sky"
LightSource "infinite" "color L" [0.2 0.3 0.5]
{world}
Material "matte" "color Kd" [0.7 0.7 0.7]
Shape "sphere" "float radius" [1]
WorldEnd
"""


@pytest.fixture
def scene(tmp_path):
    def write(film="", world="", name="ball.lxs"):
        path = tmp_path / name
        path.write_text(SCENE.format(film=film, world=world))
        return path

    return write


def lrnap(*arguments, cwd, **more):
    command = [sys.executable, "-m", "lrnap", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False, **more)


def start(*arguments, cwd):
    command = [sys.executable, "-m", "lrnap", *map(str, arguments)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def no_traceback(done):
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_each_warning_is_told_once(scene, tmp_path):
    done = no_traceback(lrnap("render", scene(film='"bool nonsense" ["true"]'), "--spp", "1", cwd=tmp_path))
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning:")]
    assert [line for line in warnings if "nonsense" in line]
    assert len(set(warnings)) == len(warnings)


def test_a_picture_that_cannot_be_written_is_no_success(scene, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    process = start("render", scene(), "-o", folder / "a.png", "--time", 3, cwd=tmp_path)
    wait_for((folder / "a.png").exists)
    folder.rename(tmp_path / "elsewhere")  # in one go, whatever is being written there
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "create it, or write elsewhere" in said
    assert "Traceback" not in said


def shared_work(cwd, *arguments, both):
    """A render that two take part in: on a busy machine one of them may be done before the other has begun."""
    for spp in (400, 4000, 40000):
        done = no_traceback(lrnap("render", *arguments, "--spp", spp, cwd=cwd))
        if done.returncode or both():
            break
    assert done.returncode == 0, done.stderr
    return done


def test_two_local_engines_make_one_picture(scene, tmp_path):
    def both():
        return len(set(images.read_metadata(tmp_path / "a.png")["seeds"].split())) == 2

    files = [word for name in ("a.png", "a.exr", "a.flm") for word in ("-o", name)]
    done = shared_work(tmp_path, scene(), *files, "--local", 2, both=both)
    assert done.stdout.splitlines()[-1] == "a.png"
    picture = images.read(tmp_path / "a.png")
    assert picture.shape[:2] == (48, 64)
    assert picture[:24].mean() > 0.05
    assert picture.std() > 0.05
    facts = images.read_metadata(tmp_path / "a.png")
    assert float(facts["spp"]) >= 400
    assert both()
    assert {"key", "sky"} <= set(images.read_layers(tmp_path / "a.exr"))
    classic = to_snapshot(flm.read(tmp_path / "a.flm"))
    assert classic.spp >= 400
    for group, light in zip(classic.layout.groups, resolve(classic)[0], strict=True):
        np.testing.assert_allclose(light, images.read_layers(tmp_path / "a.exr")[group], rtol=2e-3, atol=1e-4)


def test_the_scene_itself_says_when_to_halt_and_how_the_picture_is_called(scene, tmp_path):
    done = no_traceback(lrnap("render", scene(film='"integer haltspp" [5]'), cwd=tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ball.png"
    assert float(images.read_metadata(tmp_path / "ball.png")["spp"]) >= 5


def test_what_is_asked_for_replaces_what_the_scene_says(scene, tmp_path):
    done = lrnap("render", scene(film='"integer haltspp" [2]'), "-o", "a.png", "--spp", 40, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(images.read_metadata(tmp_path / "a.png")["spp"]) >= 40


def test_two_nodes_make_one_picture_with_assets_that_only_the_client_has(scene, tmp_path):
    texture = np.zeros((8, 8, 3), np.float32)
    texture[..., 0] = 1
    images.write(tmp_path / "red.png", texture)
    world = 'Texture "t" "color" "imagemap" "string filename" ["red.png"]\nMaterial "matte" "texture Kd" ["t"]\n'
    world += 'Shape "disk" "float radius" [3]'
    path = scene(world=world)
    empty = tmp_path / "empty"
    empty.mkdir()
    with local_node(root=empty) as one, local_node(root=empty) as two:

        def both():
            engines = images.read_metadata(tmp_path / "n.png")["engines"]
            return one.url in engines and two.url in engines

        shared_work(tmp_path, path, "-o", "n.png", "--node", one.url, "--node", two.url, both=both)
        assert both()
        again = lrnap("render", path, "-o", "m.png", "--spp", 2, "--node", one.url, cwd=tmp_path)  # nothing was left
        assert again.returncode == 0, again.stderr
    red, green, blue = images.read(tmp_path / "n.png")[..., :3].reshape(-1, 3).mean(axis=0)
    assert red > green
    assert red > blue


def test_a_node_killed_in_the_middle_costs_nothing_but_time(scene, tmp_path):
    with local_node(root=tmp_path) as one, local_node(root=tmp_path) as two:
        nodes = ["--node", one.url, "--node", two.url]
        for spp in (3000, 30000):  # more, if it was done before anybody could come in between
            render = start("render", scene(), "-o", "k.png", "--spp", spp, *nodes, cwd=tmp_path)
            wait_for(lambda: (tmp_path / "k.png").exists() or render.poll() is not None)  # noqa: B023  # within its turn
            if render.poll() is None:
                two.process.kill()
            out, err = render.communicate(timeout=PATIENCE)
            assert render.returncode == 0, err
            if two.url in err:
                break
            (tmp_path / "k.png").unlink()
        assert out.splitlines()[-1] == "k.png"
        assert two.url in err
    assert float(images.read_metadata(tmp_path / "k.png")["spp"]) >= spp


def test_ctrl_c_writes_what_there_is(scene, tmp_path):
    with local_node(root=tmp_path) as node:
        render = start("render", scene(), "-o", "c.png", "--node", node.url, "--local", 1, cwd=tmp_path)
        wait_for(lambda: (tmp_path / "c.png").exists() or render.poll() is not None)
        render.send_signal(signal.SIGINT)
        out, err = render.communicate(timeout=PATIENCE)
        assert render.returncode == 130, err
        assert out.splitlines()[-1] == "c.png"
        assert "Traceback" not in err
        wait_for(lambda: ask(node.url, "CTL_STATUS") == "R_STATUS IDLE")  # nothing is left on the node
    assert images.read(tmp_path / "c.png").shape[:2] == (48, 64)


def ask(url, line):
    host, port = url.removeprefix("lrnap://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection, connection.makefile("rw") as stream:
        stream.write(f"{line}\n")
        stream.flush()
        return stream.readline().strip()


def test_a_node_that_cannot_be_reached_is_named_and_the_others_render(scene, tmp_path):
    done = no_traceback(
        lrnap("render", scene(), "-o", "a.png", "--spp", 4, "--local", 1, "--node", "lrnap://127.0.0.1:1", cwd=tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "lrnap://127.0.0.1:1" in done.stderr
    assert "start `lrnap node` there" in done.stderr


def test_no_node_at_all_is_exit_code_3(scene, tmp_path):
    done = no_traceback(lrnap("render", scene(), "-o", "a.png", "--node", "lrnap://127.0.0.1:1", cwd=tmp_path))
    assert done.returncode == 3
    assert "nothing listens" in done.stderr
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda text: text.replace('"sphere"', '"shpere"'), "did you mean 'sphere'"),
        (lambda text: text.replace("WorldEnd", ""), "WorldEnd"),
        (lambda text: text.replace("Material", "Materiel"), "did you mean 'Material'"),
        (lambda text: text.replace("[1]\nWorldEnd", "[1"), "broken.lxs"),
        (lambda text: text.replace("WorldBegin", 'Include "missing.lxo"\nWorldBegin'), "missing.lxo"),
        (lambda text: text.replace("WorldEnd", 'Shape "plymesh" "string filename" ["no.ply"]\nWorldEnd'), "no.ply"),
    ],
)
def test_a_bad_scene_is_exit_code_2_with_its_place(scene, tmp_path, change, says):
    path = tmp_path / "broken.lxs"
    path.write_text(change(SCENE.format(film="", world="")))
    done = no_traceback(lrnap("render", path, "-o", "a.png", cwd=tmp_path))
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert not (tmp_path / "a.png").exists()


def test_a_broken_mesh_file_is_a_bad_scene_on_a_node_too(scene, tmp_path):
    (tmp_path / "bad.ply").write_bytes(b"ply\nformat ascii 1.0\nelement vertex 3\n")
    path = scene(world='Shape "plymesh" "string filename" ["bad.ply"]')
    with local_node(root=tmp_path) as node:
        for where in (["--local", 1], ["--node", node.url]):
            done = no_traceback(lrnap("render", path, "-o", "a.png", "--spp", 2, *where, cwd=tmp_path))
            assert done.returncode == 2, done.stderr
            assert "bad.ply" in done.stderr


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["nowhere.lxs"], "nowhere.lxs"),
        (["ball.lxs", "-o", "a.bmp"], ".png"),
        (["ball.lxs", "-o", "no-folder/a.png"], "no-folder"),
        (["ball.lxs", "--spp", "0"], "--spp"),
        (["ball.lxs", "--time", "-1"], "--time"),
        (["ball.lxs", "--local", "0"], "--local"),
        (["ball.lxs", "--node", "http://x"], "lrnap://"),
        (["ball.lxs", "--nonsense"], "--nonsense"),
        ([], "SCENE"),
    ],
)
def test_bad_usage_is_exit_code_2(scene, tmp_path, arguments, says):
    scene()
    done = no_traceback(lrnap("render", *arguments, cwd=tmp_path))
    assert done.returncode == 2
    assert says.lower() in done.stderr.lower()


def test_json_has_one_object_a_line_and_the_picture_last(scene, tmp_path):
    done = lrnap("render", scene(), "-o", "a.png", "--spp", 4, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "begin"
    assert events[-1]["event"] == "end"
    assert events[-1]["picture"] == "a.png"
    assert events[-1]["spp"] >= 4


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_on_a_terminal_it_shows_a_live_table(scene, tmp_path):
    master, slave = os.openpty()
    command = [sys.executable, "-m", "lrnap", "render", str(scene()), "-o", "t.png", "--spp", "8"]
    render = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the terminal's other end is closed: it has ended
        pass
    finally:
        os.close(master)
    out, _ = render.communicate(timeout=PATIENCE)
    assert render.returncode == 0
    assert out.splitlines() == ["t.png"]
    assert b"samples/s" in shown
    assert b"Done" in shown

"""`lrnap lxs`, `lrnap doctor`, `lrnap shell` and `lrnap --help`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from lrnap.cli import doctor
from lrnap.cli.completion import complete
from lrnap.engine.process import ProcessEngine
from lrnap.lux import reader
from lrnap.net.address import Address
from lrnap.net.server import Server
from lrnap.node.service import Node

GOOD = """Film "fleximage" "integer xresolution" [32] "integer yresolution" [24]
PixelFilter "gaussian"
WorldBegin
LightSource "point" "color L" [5 5 5]
Shape "sphere" "float radius" [1]
WorldEnd
"""


def lrnap(*arguments, cwd=None, **more):
    command = [sys.executable, "-m", "lrnap", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **more)
    assert "Traceback" not in done.stderr
    return done


# -- lxs


def test_check_says_that_nothing_is_wrong(tmp_path):
    (tmp_path / "a.lxs").write_text(GOOD)
    done = lrnap("lxs", "check", "a.lxs", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("a.lxs: nothing wrong (6 calls, 0 files, film 32x24")


def test_check_says_what_is_wrong_and_where(tmp_path):
    (tmp_path / "a.lxs").write_text(GOOD.replace('"sphere"', '"shpere"'))
    done = lrnap("lxs", "check", "a.lxs", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("error: a.lxs:5:1: ")
    assert "did you mean 'sphere'" in done.stdout


def test_check_names_warnings_and_what_the_engine_does_not_honour(tmp_path):
    text = GOOD.replace('"color L"', '"float nonsense" [1] "color L"').replace(
        'PixelFilter "gaussian"', 'PixelFilter "mitchell"'
    )
    (tmp_path / "a.lxs").write_text(text)
    done = lrnap("lxs", "check", "a.lxs", "--json", cwd=tmp_path)
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["error"] is None
    assert any("nonsense" in line and line.startswith("a.lxs:4:1") for line in said["warnings"])
    assert any("mitchell" in line for line in said["not_honoured"])


def test_check_names_a_missing_file(tmp_path):
    done = lrnap("lxs", "check", tmp_path / "no.lxs")
    assert done.returncode == 2
    assert "no.lxs" in done.stdout


def test_checking_does_not_load_the_engine(tmp_path):
    (tmp_path / "a.lxs").write_text(GOOD)
    script = (
        "import sys; from pathlib import Path; from lrnap.cli.lxs import check;"
        "check(Path('a.lxs'), False); print('pyluxcore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "False"


def test_convert_writes_one_file_that_is_the_same_scene(tmp_path):
    (tmp_path / "part.lxo").write_text('Shape "sphere" "float radius" [1]\n')
    (tmp_path / "a.lxs").write_text(GOOD.replace('Shape "sphere" "float radius" [1]', 'Include "part.lxo"'))
    (tmp_path / "out").mkdir()
    done = lrnap("lxs", "convert", "a.lxs", "out/b.lxs", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "out/b.lxs"
    assert list(reader.read(tmp_path / "out" / "b.lxs")) == list(reader.read_bytes(GOOD.encode()))


@pytest.mark.parametrize("command", [("render", "a.lxs"), ("lxs", "convert", "a.lxs", "b.lxs")])
def test_warnings_that_say_why_a_scene_cannot_be_read_come_before_the_error(tmp_path, command):
    (tmp_path / "a.lxs").write_text(GOOD.replace('"sphere"', '"plymesh" "string filename" ["parts\\wall.ply"]'))
    done = lrnap(*command, cwd=tmp_path)
    assert done.returncode == 2
    warning, error = (done.stdout + done.stderr).splitlines()
    assert "a.lxs:5:" in warning and 'the backslash before "w" is dropped' in warning
    assert '"partswall.ply" was not found' in error


@pytest.mark.parametrize(
    "source, target, says",
    [
        ("a.lxs", "b.xml", ".lxs"),
        ("a.lxs", "a.lxs", "same file"),
        ("a.lxs", "no/b.lxs", "no folder"),
        ("no.lxs", "b.lxs", "no.lxs"),
        ("part.lxs", "b.lxs", "WorldEnd"),
    ],
)
def test_convert_refuses_what_it_cannot_do(tmp_path, source, target, says):
    (tmp_path / "a.lxs").write_text(GOOD)
    (tmp_path / "part.lxs").write_text("WorldBegin\n")
    done = lrnap("lxs", "convert", source, target, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.lxs", "part.lxs"]
    assert (tmp_path / "a.lxs").read_text() == GOOD


# -- doctor


def test_doctor_finds_the_engine_here():
    done = lrnap("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert findings["engine"]["level"] == "ok"
    assert findings["engine"]["found"].startswith("LuxCore 2.")


def test_doctor_says_how_to_get_an_engine_that_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "ASK_ENGINE", "import no_such_engine_at_all")
    assert doctor.run(as_json=False) == 1
    said = capsys.readouterr().out
    assert "missing engine" in said.replace("  ", " ").replace("  ", " ")
    assert "pip install" in said


def test_doctor_names_the_package_of_a_system_library_that_is_missing(monkeypatch, capsys):
    said = "libatomic.so.1: cannot open shared object file: No such file or directory"
    monkeypatch.setattr(doctor, "ASK_ENGINE", f"raise ImportError({said!r})")
    assert doctor.run(as_json=False) == 1
    assert "apt-get install libatomic1" in capsys.readouterr().out


def test_doctor_looks_at_every_library_that_lrnap_needs():
    needed = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["dependencies"]
    found = [finding.found.split()[0] for finding in doctor.libraries()]
    assert found == [re.split("[^a-z_-]", row)[0] for row in needed]


def test_doctor_finds_a_library_that_does_not_load_and_goes_on(tmp_path):
    (tmp_path / "OpenImageIO.py").write_text("raise ImportError('libfoo.so.1: cannot open shared object file')")
    done = lrnap("doctor", "--json", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    findings = json.loads(done.stdout)
    [missing] = [finding for finding in findings if finding["level"] == "missing"]
    assert missing["found"].endswith(": libfoo.so.1: cannot open shared object file")
    assert missing["cure"] == "pip install --force-reinstall openimageio"
    assert findings[-1]["what"] == "disk"


def test_doctor_finds_that_there_is_no_place_for_assets(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    [finding] = doctor.folders()
    assert (finding.level, finding.cure) == ("warn", "lrnap node --data FOLDER")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "there" / "yet"))
    [finding] = doctor.folders()
    assert finding.level == "ok"


def test_doctor_tells_a_node_from_another_program(monkeypatch, node):
    url, _ = node
    monkeypatch.setattr(doctor, "PORT", int(url.rpartition(":")[2]))
    [finding] = doctor.port()
    assert (finding.level, finding.found.split(":")[0]) == ("ok", "a node answers")


# -- shell


@pytest.fixture
def node(tmp_path):
    """A node with the fake engine in a thread: its URL and itself."""
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()
    found = []

    async def serve():
        made = Node(ProcessEngine("fake"), [tmp_path], tmp_path / "data")
        server = Server(made)
        [address] = await server.listen([Address("127.0.0.1", 0)])
        found.extend((address.url, made))
        ready.set()
        await ended.wait()
        while server.open_links:
            await asyncio.sleep(0.005)
        await server.close()
        await made.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(60)
    yield tuple(found)
    loop.call_soon_threadsafe(ended.set)
    thread.join(60)
    loop.close()


def test_the_shell_takes_lines_from_a_pipe_and_keeps_films(tmp_path, node):
    url, _ = node
    (tmp_path / "a.lxs").write_text(GOOD)
    lines = [
        "CTL_STATUS",
        "HELP CTL_PING",
        'API_LuxParse "a.lxs" "job"',
        "API_Render spp=4",
        "API_Wait",
        "API_DumpFilmBuffer format=png > film.png",
        "API_DumpFilmBuffer",
        "exit",
        "CTL_NEVER_SENT",
    ]
    done = lrnap("shell", url, cwd=tmp_path, input="\n".join(lines))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("R_STATUS IDLE\nR_OK LINES = ".replace("\n", "\r\n")) or done.stdout.startswith(
        "R_STATUS IDLE\nR_OK LINES = "
    )
    assert (tmp_path / "film.png").read_bytes().startswith(b"\x89PNG")
    assert "bytes, not shown; end the line with > FILE" in done.stdout


def test_a_wrong_line_is_an_error_and_the_shell_goes_on(tmp_path, node):
    url, _ = node
    done = lrnap("shell", url, cwd=tmp_path, input='FOO\nCTL_STATUS "unclosed\nCTL_STATUS\n')
    assert done.returncode == 2
    assert "E_UNKNOWN_VERB" in done.stdout
    assert "E_SYNTAX" in done.stdout
    assert done.stdout.rstrip().endswith("R_STATUS IDLE")


def test_a_shell_without_a_node_says_what_to_do(tmp_path):
    done = lrnap("shell", "lrnap://127.0.0.1:1", cwd=tmp_path, input="")
    assert done.returncode == 3
    assert "start `lrnap node` there" in done.stderr


@pytest.mark.parametrize(
    "line, first",
    [
        ("CTL_STA", "CTL_STATUS"),
        ("ctl_sta", "CTL_STATUS"),
        ("API_Sh", "API_Shape"),
        ('API_Shape "sp', 'sphere"'),
        ('API_Shape "sphere" "float ra', 'float radius"'),
        ('API_Texture "t" "color" "imagem', 'imagemap"'),
        ('API_MakeNamedMaterial "m" "str', 'string type"'),
        ('API_MakeNamedMaterial "m" "string type" ["glossy', 'glossy"'),
        ("API_DumpFilmBuffer for", "format="),
        ("HELP CTL_PI", "CTL_PING"),
    ],
)
def test_completion(line, first):
    assert next(word.text for word in complete(line)) == first


@pytest.mark.parametrize(
    "line", ["", "nonsense", 'API_Shape "no such', "API_Translate 1 ", 'CTL_STATUS "', "API_Nope "]
)
def test_completion_survives_everything(line):
    list(complete(line))


# -- all together


def test_help_names_every_command():
    done = lrnap("--help")
    assert done.returncode == 0
    for command in ("node", "render", "shell", "doctor", "lxs"):
        assert command in done.stdout


def test_help_loads_nothing_heavy():
    script = (
        "import sys\nsys.argv = ['lrnap', '--help']\n"
        "from lrnap.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'pyluxcore', 'OpenImageIO') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version():
    assert lrnap("--version").stdout.startswith("lrnap 0.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_standard_output_is_said_in_one_line(tmp_path):
    (tmp_path / "a.lxs").write_text(GOOD)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lrnap", "lxs", "check", "a.lxs"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["error: standard output: No space left on device"]


def test_a_node_that_cannot_keep_assets_says_where_and_how_to_cure_it(tmp_path):
    (tmp_path / "file").write_text("")
    done = lrnap("node", "--listen", "127.0.0.1:0", "--data", tmp_path / "file", cwd=tmp_path)
    assert done.returncode == 2
    assert "--data" in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""lxs_reader, lxs_reader_100mb: how much faster scene files are read here than by the engine's own ParseLXS.

Both read the same files with warm caches, in turns, each in a process of its own that does nothing else, and the best
round counts. Both keep one processor busy and wait for nothing, so the processor's time is what is compared: other
programs on the machine cannot lengthen it. Reading here means all calls with all arrays in numpy; ParseLXS also ends
with the meshes in memory. The second scene is generated: meshes as exporters write them, with points, normals, texture
coordinates and indices as decimals of six places. The detail says what the reader needs in memory, in multiples of the
file's size.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import process_time

import numpy as np

from bench.row import Row

CHECKOUT = Path(__file__).resolve().parents[1]
SCENES = Path(os.environ.get("LRNAP_SCENES", CHECKOUT.parent / "shared" / "scenes"))
AIM = 5.0
SIZE = 100e6  # bytes of the generated scene
TURNS = 2  # of each side


def rows() -> list[Row]:
    found = []
    scene = SCENES / "allmaterials_inline" / "allmaterials.lxs"
    if scene.is_file():
        size = sum(file.stat().st_size for file in scene.parent.iterdir())
        found.append(_compare("lxs_reader", scene, size, rounds=7))
    else:
        print(f"lxs_reader is left out: there is no {scene}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mesh.lxs")
        write_mesh_scene(path, SIZE)
        found.append(_compare("lxs_reader_100mb", path, path.stat().st_size, rounds=2))
    return found


def write_mesh_scene(path: Path, size: float) -> None:
    """A scene of at least `size` bytes: copies of one wavy grid of 40,000 vertices."""
    side = 200
    x, y = np.meshgrid(np.linspace(-10, 10, side), np.linspace(-10, 10, side))
    points = np.stack([x, y, np.sin(x) * np.cos(y)], axis=-1).reshape(-1, 3)
    slopes = np.stack([-np.cos(x) * np.cos(y), np.sin(x) * np.sin(y), np.ones_like(x)], axis=-1).reshape(-1, 3)
    normals = slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    corners = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    quads = np.stack([corners, corners + 1, corners + side, corners + side, corners + 1, corners + side + 1], axis=1)
    mesh = "".join(
        (
            'AttributeBegin\nMaterial "matte" "color Kd" [0.8 0.8 0.8]\nShape "trianglemesh"\n',
            f'"integer indices" [{_lines(quads.reshape(-1, 3), "%d")}]\n',
            f'"point P" [{_lines(points, "%.6f")}]\n',
            f'"normal N" [{_lines(normals, "%.6f")}]\n',
            f'"float uv" [{_lines(points[:, :2] / 20 + 0.5, "%.6f")}]\nAttributeEnd\n',
        )
    )
    with path.open("w") as file:
        file.write('LookAt 0 -30 20 0 0 0 0 0 1\nCamera "perspective" "float fov" [40]\n')
        file.write('Film "fleximage" "integer xresolution" [64] "integer yresolution" [48]\nWorldBegin\n')
        file.write('LightSource "point" "point from" [0 0 20]\n')
        while file.tell() < size:
            file.write(mesh)
        file.write("WorldEnd\n")


def _lines(array: np.ndarray, form: str) -> str:
    line = " ".join([form] * array.shape[1]) + "\n"
    return (line * len(array)) % tuple(array.ravel().tolist())


def _compare(name: str, scene: Path, size: int, rounds: int) -> Row:
    turns = [(_in_process("parse", scene, rounds), _in_process("read", scene, rounds)) for _ in range(TURNS)]
    theirs, ours = (min(answers, key=lambda answer: answer["seconds"]) for answers in zip(*turns, strict=True))
    detail = (
        f"{size / 1e6:.1f} MB: ParseLXS {theirs['seconds']:.3f} s ({size / theirs['seconds'] / 1e6:.0f} MB/s), reader "
        f"{ours['seconds']:.3f} s ({size / ours['seconds'] / 1e6:.0f} MB/s), memory {ours['memory'] / size:.2f} x file"
    )
    return Row(name, theirs["seconds"] / ours["seconds"], AIM, detail)


def _in_process(what: str, scene: Path, rounds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.lxs_reader", what, str(scene), str(rounds)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{what} {scene} failed: {done.stderr[-500:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _measure(what: str, scene: Path, rounds: int) -> dict[str, float]:
    """Seconds of the best round, and by how many bytes the process grew in the first."""
    import_module("pyluxcore" if what == "parse" else "lrnap.lux.reader")
    run = _parse if what == "parse" else _read
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = run(scene)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {"seconds": min([first] + [run(scene) for _ in range(rounds - 1)]), "memory": float(memory)}


def _parse(scene: Path) -> float:
    import pyluxcore

    pyluxcore.Init(lambda _text: None)
    os.chdir(scene.parent)
    config, properties = pyluxcore.Properties(), pyluxcore.Properties()
    start = process_time()
    pyluxcore.ParseLXS(scene.name, config, properties)
    seconds = process_time() - start
    pyluxcore.SetLogHandler(None)
    return seconds


def _read(scene: Path) -> float:
    from lrnap.lux.reader import read

    start = process_time()
    calls = list(read(scene))
    seconds = process_time() - start
    if calls[-1].name != "WorldEnd":
        raise RuntimeError("the scene was not read to its end")
    return seconds


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        for row in rows():
            print(f"{row.name}: {row.value:.1f} (aim {row.aim_text}); {row.detail}")

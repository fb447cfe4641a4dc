"""The files that examples of parameters name (`lrnap.lux.plugins.examples`): one small file of each kind."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import OpenImageIO

LAMP = "IESNA:LM-63-1995\nTILT=NONE\n1 1000 1 3 1 1 2 0.1 0.1 0\n1 1 10\n0 80 170\n0\n100 40 10\n"
LENS = "50 .01 1.5 20\n-50 .01 1 20\n0 .01 0 5\n"
CORNERS = ((0, 0, 0), (1, 0, 0), (1, 1, 0.3), (0, 1, 0))
FACES = ((0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4))


def write(folder: Path, *, other: bool = False) -> dict[str, str]:
    """Writes all of them; names as scenes say them -> paths. `other`: with other contents."""
    pixels = np.random.default_rng(2 if other else 1).random((8, 8, 4), np.float32)
    image = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(8, 8, 4, "uint8"))
    image.set_pixels(OpenImageIO.ROI(), pixels)
    assert image.write(str(folder / "image.png"))
    n, edge, top = (1.2, 600, 0.4) if other else (0.2, 500, 1)
    (folder / "metal.nk").write_text("".join(f"{w} {n} {w / 2000}\n" for w in range(3800, 7801, 200)))
    (folder / "spectrum.txt").write_text("".join(f"{w} {float(w > edge)}\n" for w in range(380, 781, 20)))
    (folder / "light.ies").write_text(LAMP)
    (folder / "lens.dat").write_text(LENS.replace("50", "45") if other else LENS)
    (folder / "mesh.ply").write_text(_ply(top))
    (folder / "mesh.stl").write_text(_stl(top))
    strand = np.array([[0.6, -0.7, 0.3], [0.1, -0.2, -0.3], [0, 0.3, 0.4], [0.3, 0, top]], "<f4")
    strands = b"HAIR" + struct.pack("<4I5f", 1, 4, 2, 3, 0.5, 0, 0.3, 0.6, 0.9)
    (folder / "strands.hair").write_bytes(strands.ljust(128, b"\0") + strand.tobytes())
    return {path.name: str(path) for path in folder.iterdir()}


def _corners(top: float) -> tuple[tuple[float, float, float], ...]:
    return (*CORNERS, (0.5, 0.5, top))


def _ply(top: float) -> str:
    header = ["ply", "format ascii 1.0", f"element vertex {len(_corners(top))}"]
    header += [f"property float {axis}" for axis in ("x", "y", "z", "nx", "ny", "nz")]
    header += [f"property uchar {color}" for color in ("red", "green", "blue")]
    header += [f"element face {len(FACES)}", "property list uchar int vertex_indices", "end_header"]
    rows = [f"{x} {y} {z} 0 0 1 {int(200 * x) + 20} {int(200 * y) + 20} 90" for x, y, z in _corners(top)]
    return "\n".join([*header, *rows, *(f"3 {a} {b} {c}" for a, b, c in FACES)]) + "\n"


def _stl(top: float) -> str:
    facets = ""
    for face in FACES:
        corners = "".join("vertex {} {} {}\n".format(*_corners(top)[i]) for i in face)
        facets += f"facet\nouter loop\n{corners}endloop\nendfacet\n"
    return f"solid it\n{facets}endsolid\n"

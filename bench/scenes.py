"""Scenes of the bench, made of calls."""

from __future__ import annotations

from pathlib import Path

import lrnap
from lrnap.lux.scene import Scene

BEADS = Path(__file__).resolve().parents[1] / "examples" / "beads" / "beads.lxs"


def room(width: int, height: int, sampler: str) -> Scene:
    """A matte ball in a bright corner: no caustics, so no outlier decides over the error of a whole picture."""
    with lrnap.Context(name="room") as lux:
        lux.lookAt(0, -6, 2.5, 0, 0, 1, 0, 0, 1)
        lux.camera("perspective", {"float fov": 40})
        lux.film("fleximage", {"integer xresolution": width, "integer yresolution": height})
        lux.sampler(sampler)
        lux.surfaceIntegrator("path", {"integer maxdepth": 5})
        lux.worldBegin()
        lux.lightSource("infinite", {"color L": [0.5, 0.6, 0.8]})
        lux.attributeBegin()
        lux.translate(-2, -2, 5)
        lux.areaLightSource("area", {"color L": [8, 7, 6]})
        lux.shape("trianglemesh", _quad(1.0, down=True))
        lux.attributeEnd()
        lux.material("matte", {"color Kd": [0.6, 0.6, 0.55]})
        lux.shape("trianglemesh", _quad(5.0))
        lux.material("matte", {"color Kd": [0.7, 0.3, 0.2]})
        lux.translate(0, 0, 1)
        lux.shape("sphere", {"float radius": 1.0})
        lux.worldEnd()
        return lux.scene


def _quad(half: float, down: bool = False) -> dict[str, object]:
    corners = [-half, -half, 0, half, -half, 0, half, half, 0, -half, half, 0]
    return {"integer indices": [0, 2, 1, 0, 3, 2] if down else [0, 1, 2, 0, 2, 3], "point P": corners}

"""Draws docs/images/darkroom.jpg: one film of the project's own scene through every kernel and every effect.

lrnap render examples/beads/beads.lxs --spp 60 -o beads.flm
python examples/contact_sheet.py beads.flm docs/images/darkroom.jpg
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lrnap.film import flm, images
from lrnap.film.develop import Settings, develop, estimate_linear
from lrnap.film.develop.aperture import Aperture
from lrnap.film.develop.films import FORMULAS
from lrnap.film.develop.letters import HEIGHT, written
from lrnap.film.develop.settings import FALSE_SCALES
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.snapshot import Snapshot

COLUMNS = 6
TILE, SHRUNK = (200, 150), 3  # pixels, and how many of the film's are one
CAPTION, SCALE = 14, 2
QUALITY = 70  # of the JPEG: 300 KB
SOFT = {"tonemapkernel": "reinhard", "reinhard_postscale": 1.6}
FALSE = {"tonemapkernel": "falsecolors", "false_method": "log", "false_max": 30000.0}

# Caption and parameters, row by row.
TILES: dict[str, dict[str, object]] = {
    **{kernel: {"tonemapkernel": kernel} for kernel in ("autolinear", "reinhard", "maxwhite", "linear")},
    "contrast": {"tonemapkernel": "contrast", "contrast_ywa": 60.0},
    "falsecolors": {**FALSE, "false_legend": True},
    **{scale: {**FALSE, "false_colorscale": scale} for scale in FALSE_SCALES if scale != "std"},
    "false linear": {**FALSE, "false_method": "linear"},
    "bloom": {**SOFT, "bloom_enabled": True, "bloom_weight": 0.5},
    "glare": {**SOFT, "glare_enabled": True, "glare_blades": 8, "glare_amount": 0.5, "glare_threshold": 0.2},
    "pupil": {**SOFT, "glare_enabled": True, "glare_amount": 0.5, "glare_radius": 0.1, "glare_threshold": 0.2},
    "vignetting": {**SOFT, "vignetting_enabled": True, "vignetting_scale": 0.9},
    "aberration": {**SOFT, "abberation_enabled": True, "abberation_amount": 0.03},
    "outliers": {**SOFT, "outlierrejection_k": 1},
    "denoise": {**SOFT, "denoise_enabled": True},
    **{film: {"cameraresponse": film} for film in FORMULAS},
    "hable bw": {"cameraresponse": "hable_bw"},
    "rec2020": {**SOFT, "colorspace_preset": "Rec2020"},
    "white a": {**SOFT, "whitepoint_preset": "A"},
    "clamp lum": {"ldr_clamp_method": "lum", "tonemapkernel": "linear"},
    "clamp darken": {"ldr_clamp_method": "darken", "tonemapkernel": "linear"},
    "lamp": {**SOFT, "lightgroup.sky.enabled": False},
    "sky": {**SOFT, "lightgroup.lamp.enabled": False},
    "lamp 2000 k": {**SOFT, "lightgroup.lamp.temperature": 2000},
    "ocio aces": {"ocio": "ocio://default"},
    "gamma 1": {**SOFT, "gamma": 1.0},
}


def main(film: str, target: str) -> int:
    snapshot = to_snapshot(flm.read(Path(film)))
    tiles = [_tile(snapshot, caption, params) for caption, params in TILES.items()]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    images.write(target, np.vstack(rows), quality=QUALITY)
    return 0


def _tile(snapshot: Snapshot, caption: str, params: dict[str, object]) -> npt.NDArray[np.float32]:
    settings = Settings.from_params(params)
    if caption == "pupil":
        settings = replace(settings, glare_map=True, pupil=_pupil())
    if settings.tonemapkernel == "linear":
        settings = estimate_linear(snapshot, settings)
        settings = Settings.from_params({**settings.to_params(), "linear_exposure": 1.6 * settings.linear_exposure})
    picture = np.asarray(develop(snapshot, settings), np.float32)[..., :3]
    tile = np.zeros((TILE[1] + CAPTION, TILE[0], 3), np.float32)
    tile[: TILE[1]] = picture.reshape(TILE[1], SHRUNK, TILE[0], SHRUNK, 3).mean(axis=(1, 3))
    text = written(caption, SCALE)[:, : TILE[0] - 4]
    top = TILE[1] + (CAPTION - HEIGHT * SCALE) // 2
    tile[top : top + text.shape[0], 3 : 3 + text.shape[1]][text] = 0.8
    return tile


def _pupil() -> Aperture:
    """Six-sided, with a scratch."""
    y, x = np.mgrid[-64:65, -64:65] / 60.0
    inside = np.max([np.abs(x * np.cos(a) + y * np.sin(a)) for a in np.pi / 3 * np.arange(3)], axis=0) < 0.87
    return Aperture(inside * (np.abs(x - y) > 0.02))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

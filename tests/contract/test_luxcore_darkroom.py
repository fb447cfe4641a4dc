"""Our darkroom beside LuxCore's own image pipeline, step by step, where both have the step.

They differ by design in three things, which the pictures and settings here leave out: LuxCore weighs colours with the
luminances of sRGB, ours are those of classic Lux (so pictures are grey where a kernel measures them); it measures
places from the corners of pixels and not from their middles (half a pixel); and its gamma is a table of 4096 entries
(so nothing is nearly black). Its camera responses cannot be compared: LuxCore 2.11.2 reads no file of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from engine_bench import HERE

from lrnap.film.develop import Settings, develop
from lrnap.film.snapshot import FilmLayout, Snapshot

HEIGHT, WIDTH = 300, 400
Picture = npt.NDArray[np.float32]

BUILT_IN = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"


def pictures() -> dict[str, Picture]:
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH])[:, None, None]
    colours = np.exp(random.normal(-1.5, 1, (HEIGHT, WIDTH, 3)))
    smooth = np.stack([0.5 + 0.4 * np.sin(3 * x + k + 2 * y) for k in range(3)], axis=-1)
    lamps = np.full((HEIGHT, WIDTH, 3), 0.02)
    lamps[100:104, 150:156] = [3.0, 2.0, 1.0]
    lamps[250, 20] = 5.0
    grey = np.repeat(colours[..., :1], 3, axis=2)
    found = {"colours": colours, "grey": grey, "smooth": smooth, "lamps": lamps}
    return {name: picture.astype(np.float32) for name, picture in found.items()}


@dataclass(frozen=True)
class Case:
    picture: str
    plugins: tuple[dict[str, list[Any]], ...]
    settings: dict[str, Any]
    display: bool = False
    as_theirs: Callable[[Picture, Picture], Picture] = lambda ours, before: ours
    within: float = 2e-3


PLAIN = {"tonemapkernel": "linear", "linear_fstop": 1.0, "linear_sensitivity": 10 / 0.65, "linear_gamma": 0.0}  # x 1
CAMERA = {"linear_sensitivity": 320.0, "linear_exposure": 0.25, "linear_fstop": 2.8}

CASES = {
    "linear": Case(
        "colours",
        ({"type": ["TONEMAP_LUXLINEAR"], "sensitivity": [320.0], "exposure": [0.25], "fstop": [2.8]},),
        {"tonemapkernel": "linear", "linear_gamma": 1.0, **CAMERA},
    ),
    "autolinear": Case("grey", ({"type": ["TONEMAP_AUTOLINEAR"]},), {"tonemapkernel": "autolinear", "gamma": 1.0}),
    "reinhard": Case(
        "grey",
        ({"type": ["TONEMAP_REINHARD02"], "prescale": [0.8], "postscale": [1.3], "burn": [4.0]},),
        {"tonemapkernel": "reinhard", "reinhard_prescale": 0.8, "reinhard_postscale": 1.3, "reinhard_burn": 4.0},
    ),
    "bloom": Case(
        "lamps",
        ({"type": ["BLOOM"], "radius": [0.1], "weight": [0.3]},),
        {**PLAIN, "bloom_enabled": True, "bloom_radius": 0.1, "bloom_weight": 0.3},
    ),
    "vignetting": Case(
        "smooth",
        ({"type": ["VIGNETTING"], "scale": [0.2]},),
        # LuxCore measures in half widths, so its corners are twice as far away.
        {**PLAIN, "vignetting_enabled": True, "vignetting_scale": 0.4},
    ),
    "aberration": Case(
        "smooth",
        ({"type": ["COLOR_ABERRATION"], "amount": [0.02]},),
        {**PLAIN, "abberation_enabled": True, "abberation_amount": 0.02},
        as_theirs=lambda ours, before: (ours + before) / 2,  # LuxCore mixes it with what was there
    ),
    "view": Case(
        "smooth",
        (
            {
                "type": ["TONEMAP_OPENCOLORIO"],
                "mode": ["DISPLAY_CONVERSION"],
                "config": [BUILT_IN],
                "src": ["lin_rec709"],
                "display": ["sRGB - Display"],
                "view": ["ACES 1.0 - SDR Video"],
            },
        ),
        {**PLAIN, "ocio": BUILT_IN, "ocio_display": "sRGB - Display", "ocio_view": "ACES 1.0 - SDR Video"},
        display=True,
    ),
    "gamma": Case("smooth", ({"type": ["GAMMA_CORRECTION"], "value": [2.2]},), {**PLAIN, "gamma": 2.2}, display=True),
    "all of them": Case(
        "lamps",
        (
            {"type": ["BLOOM"], "radius": [0.06], "weight": [0.2]},
            {"type": ["TONEMAP_LUXLINEAR"], "sensitivity": [320.0], "exposure": [0.25], "fstop": [2.8]},
            {"type": ["VIGNETTING"], "scale": [0.2]},
        ),
        {
            "tonemapkernel": "linear",
            "linear_gamma": 1.0,
            **CAMERA,
            "bloom_enabled": True,
            "bloom_radius": 0.06,
            "bloom_weight": 0.2,
            "vignetting_enabled": True,
            "vignetting_scale": 0.4,
        },
    ),
}


@pytest.fixture(scope="module")
def luxcore(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Picture]:
    """Each case as LuxCore develops it."""
    folder = tmp_path_factory.mktemp("darkroom")
    np.savez(folder / "pictures.npz", **pictures())
    (folder / "cases.json").write_text(json.dumps({name: [case.picture, case.plugins] for name, case in CASES.items()}))
    program = [sys.executable, HERE / "luxcore_darkroom.py", folder]
    subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=240, check=True)
    return dict(np.load(folder / "developed.npz"))


@pytest.mark.parametrize("name", CASES)
def test_a_step_gives_what_luxcore_gives(name: str, luxcore: dict[str, Picture]) -> None:
    case = CASES[name]
    before = pictures()[case.picture]
    settings = Settings.from_params(case.settings)
    ours = np.asarray(develop(film_of(before), settings, display=case.display, limited=case.display), np.float32)
    expected = case.as_theirs(ours[..., :3], before)
    theirs = luxcore[name]
    assert not np.array_equal(theirs, before), "LuxCore has done nothing"
    np.testing.assert_allclose(expected, theirs, rtol=case.within, atol=case.within)


def film_of(picture: Picture) -> Snapshot:
    layout = FilmLayout(WIDTH, HEIGHT)
    block = layout.new_block()
    planes = layout.planes(block)
    planes.weight[:] = planes.alpha[:] = 1
    planes.pixel[0] = picture
    return Snapshot("a", 1, 1, layout, block, samples=WIDTH * HEIGHT)

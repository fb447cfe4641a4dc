"""A film that LuxRender made, and one of the same scene that we made, are of the same light: they can be added."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from lrnap.film import flm
from lrnap.film.flm_convert import to_snapshot
from lrnap.film.radiance import resolve


def lrnap(*arguments, cwd):
    command = [sys.executable, "-m", "lrnap", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def brightness(path):
    """Of red, green and blue, over the pixels that have samples."""
    film = to_snapshot(flm.read(path))
    return resolve(film)[0][0][film.planes.weight > 0].mean(axis=0, dtype=np.float64)


def test_our_film_has_luxrenders_light_and_can_be_added_to_its_own(shared_scenes, tmp_path):
    scene = shared_scenes / "bumpmapping"
    theirs = scene / "reference.flm"
    lrnap("render", scene / "default.lxs", "-o", "ours.flm", "--spp", 2, cwd=tmp_path)
    np.testing.assert_allclose(brightness(tmp_path / "ours.flm"), brightness(theirs), rtol=0.03)
    said = lrnap("film", "merge", theirs, "ours.flm", "-o", "both.flm", cwd=tmp_path)
    assert said.startswith("both.flm: 2 of 2 films, 13")
    merged, added = flm.read(tmp_path / "both.flm"), flm.read(tmp_path / "ours.flm")
    assert merged.groups[0].samples == 40247385 + added.groups[0].samples

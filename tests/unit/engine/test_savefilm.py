"""Reading the accumulators out of LuxCore's film file, from files made here: the layout, and files cut anywhere."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from lrnap.engine.luxcore import savefilm
from lrnap.errors import EngineError
from lrnap.film.snapshot import FilmLayout

LAYOUT = FilmLayout(5, 4, ("a", "b"), screen=True)


def channel(values: np.ndarray) -> bytes:
    height, width, _ = values.shape
    return b"\0\1\0\0\0" + struct.pack("<IIQ", width, height, values.size) + values.astype("<f4").tobytes()


def film_file(path: Path, pixel: list[np.ndarray], screen: list[np.ndarray], alpha: np.ndarray) -> bytes:
    """As the engine writes it, for two threads; rows bottom-up."""
    h, w = LAYOUT.height, LAYOUT.width
    picture = np.ones((h, w, 3), np.float32)
    data = b"\x16\0\0\0\0\0\0\0serialization::archive" + bytes(52)
    data += b"".join(channel(values) for values in [*pixel, *screen, alpha, picture])
    data += bytes(40) + struct.pack("<7I", w, h, 0, w - 1, 0, h - 1, w * h)
    data += struct.pack("<I2Q", len(LAYOUT.groups), 1, 0)[:12] + struct.pack("<IQ", 77, 0)  # one material id, no others
    data += struct.pack("<3d", 1.5, 1.0, 1.5) + b"\0\1\0\0\0" + struct.pack("<I", 2)
    for counts in ((30, 12), (20, 11), (10, 1)):
        data += struct.pack("<Q2d", 2, *counts)
    path.write_bytes(gzip.compress(data + bytes(100)))
    return data


def test_sums_are_read_top_down_and_counts_over_all_threads(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    pixel = [random.random((4, 5, 4), np.float32) for _ in LAYOUT.groups]
    pixel[1][..., 3] = pixel[0][..., 3]
    screen = [random.random((4, 5, 3), np.float32) for _ in LAYOUT.groups]
    alpha = np.stack([random.random((4, 5), np.float32), pixel[0][..., 3]], axis=-1)
    film_file(tmp_path / "film.flm", pixel, screen, alpha)
    planes = LAYOUT.planes(LAYOUT.new_block())
    counts = savefilm.read(tmp_path / "film.flm", LAYOUT, planes)
    assert counts == (42, 31, 11)
    assert np.array_equal(planes.weight, pixel[0][::-1, :, 3])
    assert np.array_equal(planes.alpha, alpha[::-1, :, 0])
    for group in range(2):
        assert np.array_equal(planes.pixel[group], pixel[group][::-1, :, :3])
        assert np.array_equal(planes.screen[group], screen[group][::-1])


def test_a_group_that_lost_samples_keeps_its_mean(tmp_path: Path) -> None:
    """The engine skips non-finite samples group by group; the film has one weight for all groups."""
    pixel = [np.full((4, 5, 4), 8, np.float32), np.full((4, 5, 4), 6, np.float32)]
    pixel[1][..., :3] = 3
    alpha = np.full((4, 5, 2), 8, np.float32)
    film_file(tmp_path / "film.flm", pixel, [], alpha)
    planes = LAYOUT.planes(LAYOUT.new_block())
    savefilm.read(tmp_path / "film.flm", LAYOUT, planes)
    assert (planes.weight == 8).all()
    assert np.allclose(planes.pixel[1] / planes.weight[..., None], 3 / 6)


def test_a_film_traced_from_the_lights_alone_has_no_weights(tmp_path: Path) -> None:
    screen = [np.full((4, 5, 3), 2, np.float32) for _ in LAYOUT.groups]
    film_file(tmp_path / "film.flm", [], screen, np.zeros((4, 5, 2), np.float32))
    planes = LAYOUT.planes(LAYOUT.new_block())
    savefilm.read(tmp_path / "film.flm", LAYOUT, planes)
    assert not planes.weight.any()
    assert (planes.screen == 2).all()


@pytest.mark.parametrize("part", [0.0, 0.02, 0.1, 0.4, 0.8, 0.93])
def test_a_file_that_is_not_as_expected_is_an_error(tmp_path: Path, part: float) -> None:
    ones = np.ones((4, 5, 4), np.float32)
    data = film_file(tmp_path / "film.flm", [ones, ones], [], np.ones((4, 5, 2), np.float32))
    (tmp_path / "film.flm").write_bytes(gzip.compress(data[: int(len(data) * part)]))
    with pytest.raises(EngineError, match="unknown form"):
        savefilm.read(tmp_path / "film.flm", LAYOUT, LAYOUT.planes(LAYOUT.new_block()))

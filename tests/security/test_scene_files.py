"""Files that a scene names and that lie, are cut off or are no files: refused where the scene names them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

from lrnap.engine.luxcore.translate import translate
from lrnap.errors import SceneError
from lrnap.lux.builder import describe
from lrnap.lux.reader import read_bytes

SCENE = """
WorldBegin
Texture "t" "color" "imagemap" "string filename" ["{}"]
Material "matte" "texture Kd" ["t"]
Shape "sphere"
WorldEnd
"""


def use(path: Path) -> None:
    """Translates a scene with the image."""
    calls = read_bytes(SCENE.format(path.name).encode(), "test.lxs")
    translate(describe(calls), {path.name: str(path)})


def picture(path: Path, tiles: int = 0) -> Path:
    spec = OpenImageIO.ImageSpec(64, 64, 3, "uint8")
    spec.tile_width = spec.tile_height = tiles
    output = OpenImageIO.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(np.random.default_rng(1).random((64, 64, 3), np.float32))
    output.close()
    return path


@pytest.mark.parametrize(("name", "tiles"), [("a.png", 0), ("a.jpg", 0), ("a.tif", 0), ("t.tif", 32), ("a.exr", 0)])
def test_17_an_image_that_is_cut_off_is_refused_at_its_place(tmp_path: Path, name: str, tiles: int) -> None:
    path = picture(tmp_path / name, tiles)
    use(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SceneError, match=f"the image '{name}' cannot be read: ") as caught:
        use(path)
    assert str(caught.value.at).startswith("test.lxs:3:")
    assert str(tmp_path) not in str(caught.value)


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (40_000, 40_000), (64, 64)])
def test_14_an_image_that_claims_more_than_it_has_is_refused_before_anybody_believes_it(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "bomb.png").write_bytes(png(*size, zlib.compress(bytes(1000))))
    with pytest.raises(SceneError, match=r"the image 'bomb\.png' cannot be read: "):
        use(tmp_path / "bomb.png")


def test_14_an_image_with_more_pixels_than_the_bound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png(60_000, 60_000, bytes(20 << 20)))
    with pytest.raises(SceneError, match="60000 x 60000 are more than 536870912 pixels"):
        use(tmp_path / "huge.png")

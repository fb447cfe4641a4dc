"""Damaged files: the error says where in the scene the file is named, and what is wrong where in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrnap.errors import SceneError

FILES = {  # kind of file: what names it, its content, what is wrong with it
    "a.ply": ('Shape "plymesh" "string filename" ["{}"]', "ply\nformat ascii 1.0\nfrog\nend_header\n", "a.ply:3"),
    "a.stl": ('Shape "stlmesh" "string filename" ["{}"]', "solid\nvertex 1 2 3\n", "a.stl"),
    "a.hair": ('Shape "hairfile" "string filename" ["{}"]', "HAIR", "a.hair"),
    "a.ies": ('LightSource "point" "string iesname" ["{}"]', "no lamp", "a.ies"),
    "b.ies": ('AreaLightSource "area" "string iesname" ["{}"] Shape "disk"', "no lamp", "b.ies"),
    "a.hdr": ('LightSource "infinite" "string mapname" ["{}"]', "no image", "a.hdr"),
    "a.png": (
        'Texture "t" "color" "imagemap" "string filename" ["{}"] Material "matte" "texture Kd" ["t"] Shape "disk"',
        "no image",
        "a.png",
    ),
    "a.nk": ('Material "metal" "string filename" ["{}"] Shape "disk"', "iron", "'a.nk'"),
    "a.txt": (
        'Texture "t" "color" "tabulateddata" "string filename" ["{}"] Material "matte" "texture Kd" ["t"] Shape "disk"',
        "one two",
        "'a.txt'",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_with_its_place_in_the_scene(translated, tmp_path: Path, name: str) -> None:
    names_it, content, place = FILES[name]
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(SceneError) as caught:
        translated(f"Identity\n  {names_it.format(name)}", files={name: str(path)})
    assert caught.value.at is not None and caught.value.at.startswith("test.lxs:"), caught.value
    assert caught.value.at.endswith(":3"), "the column of the statement"
    assert place in caught.value.message
    assert str(tmp_path) not in str(caught.value), "where the file lies is nobody's business on a node"


def test_a_damaged_lens_is_named_with_its_camera(translated, tmp_path: Path) -> None:
    (tmp_path / "lens.dat").write_text("50 1 1.5 nan\n")
    camera = 'Camera "realistic" "string specfile" ["lens.dat"]'
    with pytest.raises(SceneError, match=r"^test\.lxs:3:1: camera 'realistic': lens\.dat: the lens file"):
        translated(camera=camera, files={"lens.dat": str(tmp_path / "lens.dat")})

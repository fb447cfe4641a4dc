"""Pictures as text for terminals: what a terminal that obeys would show is the picture."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from lrnap.cli import terminal_picture
from lrnap.film import images


def a_picture(height: int = 40, width: int = 60) -> np.ndarray:
    """Red to the right, green downwards, and a white square."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 40)], axis=-1).astype(np.uint8)
    picture[height // 4 : height // 2, width // 4 : width // 2] = 255
    return picture


def blocks_shown(text: str) -> np.ndarray:
    """What a terminal makes of half blocks: two rows of pixels for a line."""
    rows: list[list[tuple[int, ...]]] = []
    for line in text.splitlines():
        upper: list[tuple[int, ...]] = []
        lower: list[tuple[int, ...]] = []
        colours = ()
        for found in re.finditer(r"\x1b\[38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m|▀", line):
            if found[0] != "▀":
                colours = tuple(map(int, found.groups()))
            else:
                upper.append(colours[:3])
                lower.append(colours[3:])
        rows += [upper, lower]
    return np.array(rows)


def sixels_shown(text: str) -> np.ndarray:
    """What a terminal makes of sixels."""
    size = re.match(r'\x1bPq"1;1;(\d+);(\d+)', text)
    assert size is not None
    width, height = int(size[1]), int(size[2])
    shown, palette = np.full((height, width, 3), -1), {}
    top = x = number = 0
    for found in re.finditer(
        r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)", text[size.end() : -3]
    ):
        if found[1]:
            palette[int(found[1])] = [int(found[i]) * 255 // 100 for i in (2, 3, 4)]
        elif found[5]:
            number = int(found[5])
        elif found[9]:
            x = 0
        elif found[10]:
            top, x = top + 6, 0
        else:
            count, code = (int(found[6]), found[7]) if found[6] else (1, found[8])
            for bit in range(6):
                if (ord(code) - 63) >> bit & 1:
                    shown[top + bit, x : x + count] = palette[number]
            x += count
    return shown


def test_half_blocks_show_two_pixels_a_character():
    picture = a_picture()
    shown = blocks_shown(terminal_picture.blocks(picture, 60))
    assert np.array_equal(shown, picture)


def test_a_large_picture_becomes_the_means_of_its_pixels():
    shown = blocks_shown(terminal_picture.blocks(a_picture(400, 600), 30))
    assert shown.shape == (20, 30, 3)
    assert np.abs(shown - a_picture(400, 600).reshape(20, 20, 30, 20, 3).mean(axis=(1, 3))).max() <= 0.5


def test_a_small_picture_is_enlarged():
    shown = blocks_shown(terminal_picture.blocks(a_picture(4, 6), 60))
    assert shown.shape == (40, 60, 3)
    assert len({tuple(colour) for colour in shown.reshape(-1, 3)}) <= 24


def test_sixels_cover_the_picture_in_colours_that_are_its_own_from_afar():
    picture = a_picture(36, 60)
    shown = sixels_shown(terminal_picture.sixel(picture, 6))
    assert shown.shape == (36, 60, 3)
    assert shown.min() >= 0  # nothing is left out
    afar, true = (values.reshape(9, 4, 15, 4, 3).mean(axis=(1, 3)) for values in (shown, picture))
    assert np.abs(afar - true).max() < 12  # of 51 between two levels


def test_kittys_chunks_make_a_png_of_the_picture(tmp_path):
    picture = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    text = terminal_picture.kitty(picture, 40)
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert len(chunks) > 2
    assert chunks[0][0] == "a=T,f=100,q=2,c=40,m=1"
    assert [head for head, _ in chunks[1:]] == ["m=1"] * (len(chunks) - 2) + ["m=0"]
    assert max(len(data) for _, data in chunks) <= 4096
    (tmp_path / "a.png").write_bytes(base64.b64decode("".join(data for _, data in chunks)))
    assert np.array_equal(np.rint(images.read(tmp_path / "a.png") * 255), picture)


def test_iterms_picture_says_its_size(tmp_path):
    text = terminal_picture.iterm(a_picture(), 40)
    found = re.fullmatch(r"\x1b\]1337;File=inline=1;.*width=40;size=(\d+):([^\a]*)\a\n", text)
    assert found is not None
    data = base64.b64decode(found[2])
    assert len(data) == int(found[1])
    assert data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"KITTY_WINDOW_ID": "1", "TERM": "xterm-kitty"}, "kitty"),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, "iterm"),
        ({"TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "screen", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({}, "blocks"),
    ],
)
def test_a_terminal_is_taken_for_what_it_says(environment, kind):
    assert terminal_picture.kind_of(environment) == kind


@pytest.mark.parametrize("kind", terminal_picture.KINDS)
def test_every_kind_can_show_a_picture_of_one_pixel(kind):
    assert terminal_picture.KINDS[kind](np.zeros((1, 1, 3), np.uint8), 10)
    assert terminal_picture.lines_of(kind, np.zeros((1, 1, 3), np.uint8), 10) >= 1

"""A picture as the text that makes a terminal show it: one function for each way that terminals know.

kitty's graphics protocol, iTerm2's inline images, DEC's sixels, and for every other terminal half blocks: a character
whose upper half has the colour of one pixel and whose lower half that of the pixel below. Pure: arrays (H, W, 3) of
uint8 in, text out. A terminal is judged by what it says of itself in the environment; it is never asked.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from lrnap.film import images

Pixels = npt.NDArray[np.uint8]

CHUNK = 4096  # bytes of base64 in one of kitty's sequences, which allows no more
CELL = (10, 20)  # pixels of a character where nobody says it: most fonts are twice as high as wide
SHARP = 2  # pixels of a picture for one of CELL, for displays with fine ones
LEVELS = 6  # of each colour in a sixel picture: 216 colours, of the 256 registers that terminals have
DITHER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16  # Bayer's
UPPER = "▀"


def kind_of(environment: Mapping[str, str]) -> str:
    """Which of KINDS the terminal understands, by its own account."""
    program, term = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    if environment.get("TMUX") or term.startswith("screen"):
        return "blocks"  # which keeps pictures to itself
    if environment.get("KITTY_WINDOW_ID") or term == "xterm-kitty" or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm", "vscode", "mintty"):
        return "iterm"
    if "sixel" in term or term.startswith(("mlterm", "foot", "yaft")):
        return "sixel"
    return "blocks"


def kitty(picture: Pixels, columns: int) -> str:
    data = base64.b64encode(_png(picture, columns)).decode()
    chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    heads = [f"a=T,f=100,q=2,c={columns},m={int(len(chunks) > 1)}"]
    heads += [f"m={int(i < len(chunks) - 1)}" for i in range(1, len(chunks))]
    return "".join(f"\x1b_G{head};{chunk}\x1b\\" for head, chunk in zip(heads, chunks, strict=True)) + "\n"


def iterm(picture: Pixels, columns: int) -> str:
    data = _png(picture, columns)
    head = f"inline=1;preserveAspectRatio=1;width={columns};size={len(data)}"
    return f"\x1b]1337;File={head}:{base64.b64encode(data).decode()}\a\n"


def sixel(picture: Pixels, columns: int) -> str:
    small = fitted(picture, columns * CELL[0], 6)
    height, width = small.shape[:2]
    dither = np.tile(DITHER, (-(-height // 4), -(-width // 4)))[:height, :width, None]
    places = np.floor(small / 255 * (LEVELS - 1) + dither).astype(np.uint16)
    numbers = (places[..., 0] * LEVELS + places[..., 1]) * LEVELS + places[..., 2]
    parts = [f'\x1bPq"1;1;{width};{height}']
    for number in np.unique(numbers):
        red, green, blue = (int(number) // LEVELS**power % LEVELS * 100 // (LEVELS - 1) for power in (2, 1, 0))
        parts.append(f"#{number};2;{red};{green};{blue}")
    for top in range(0, height, 6):
        band = numbers[top : top + 6]
        rows = [f"#{number}{_sixels(band == number)}" for number in np.unique(band)]
        parts.append("$".join(rows) + "-")
    return "".join(parts) + "\x1b\\\n"


def blocks(picture: Pixels, columns: int) -> str:
    small = fitted(picture, columns, 2)
    lines = []
    for top in range(0, small.shape[0], 2):
        line, before = [], ""
        for upper, lower in zip(small[top].tolist(), small[top + 1].tolist(), strict=True):
            colours = f"\x1b[38;2;{upper[0]};{upper[1]};{upper[2]};48;2;{lower[0]};{lower[1]};{lower[2]}m"
            line.append(UPPER if colours == before else colours + UPPER)
            before = colours
        lines.append("".join(line) + "\x1b[0m\n")
    return "".join(lines)


KINDS: Mapping[str, Callable[[Pixels, int], str]] = {"kitty": kitty, "iterm": iterm, "sixel": sixel, "blocks": blocks}


def lines_of(kind: str, picture: Pixels, columns: int) -> int:
    """How many lines of the terminal it takes; to be drawn anew in its place."""
    height, width = int(picture.shape[0]), int(picture.shape[1])
    if kind == "blocks":
        return _rows(height, width, columns, 2) // 2
    return -(-height * columns * CELL[0] // (width * CELL[1])) + 1


def fitted(picture: Pixels, width: int, multiple: int) -> Pixels:
    """With that width, and as high as suits it, a multiple of so many rows: means of the pixels that fall together."""
    height = _rows(picture.shape[0], picture.shape[1], width, multiple)
    return np.rint(_means(_means(picture.astype(np.float32), height, 0), width, 1)).astype(np.uint8)


def _rows(height: int, width: int, wanted: int, multiple: int) -> int:
    return max(1, round(height * wanted / width / multiple)) * multiple


def _means(values: npt.NDArray[np.float32], size: int, axis: int) -> npt.NDArray[np.float32]:
    """Of the pixels of each of so many equal parts along an axis; a part is one pixel at least."""
    length = values.shape[axis]
    starts = np.arange(size) * length // size
    ends = np.maximum(starts + 1, (np.arange(size) + 1) * length // size)
    sums = np.concatenate([np.zeros_like(np.take(values, [0], axis)), np.cumsum(values, axis, dtype=np.float64)], axis)
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    means = (np.take(sums, ends, axis) - np.take(sums, starts, axis)) / (ends - starts).reshape(shape)
    return np.asarray(means, np.float32)


def _sixels(lit: npt.NDArray[np.bool_]) -> str:
    """A row of up to six lines as characters, runs of the same shortened."""
    bits = sum(lit[i].astype(np.uint8) << i for i in range(len(lit)))
    codes = np.asarray(bits, np.uint8) + 63
    edges = np.flatnonzero(np.diff(codes)) + 1
    parts = []
    for run in np.split(codes, edges):
        parts.append(f"!{len(run)}{chr(run[0])}" if len(run) > 3 else chr(run[0]) * len(run))
    return "".join(parts)


def _png(picture: Pixels, columns: int) -> bytes:
    """No larger than what is seen of it."""
    width = min(picture.shape[1], columns * CELL[0] * SHARP)
    return images.encode("png", picture if width == picture.shape[1] else fitted(picture, width, 1))

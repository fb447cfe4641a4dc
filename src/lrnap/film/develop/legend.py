"""The legend of false colours, drawn into the picture: the scale with the luminances of some of its colours."""

from __future__ import annotations

import numpy as np

from lrnap.film.develop.falsecolours import Range, colours_at
from lrnap.film.develop.letters import HEIGHT, written
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block

MARKS = 5  # luminances that are written
LEAST = 64  # pixels of a picture's shorter side that has room for a legend
PAPER, INK = np.float32(0.02), np.float32(0.8)


def draw(picture: Block, settings: Settings, between: Range) -> None:
    """In place, on linear colours (3, H, W): in the lower left corner, half as high as the picture."""
    _, height, width = picture.shape
    if min(height, width) < LEAST:
        return
    scale = max(1, height // 270)
    bar_height, bar_width, gap = height // 2, 8 * scale, 3 * scale
    labels = [written(f"{between.luminance(mark / (MARKS - 1)):.3g}", scale) for mark in range(MARKS)]
    panel_width = min(width, bar_width + max(label.shape[1] for label in labels) + 4 * gap)
    panel_height = bar_height + HEIGHT * scale + 2 * gap
    panel = picture[:, height - panel_height :, :panel_width]
    panel[:] = PAPER
    top = gap + HEIGHT * scale // 2
    places = np.linspace(1, 0, bar_height)
    panel[:, top : top + bar_height, gap : gap + bar_width] = colours_at(settings.false_colorscale, places)[:, :, None]
    for mark, label in enumerate(labels):
        middle = top + round((1 - mark / (MARKS - 1)) * (bar_height - 1))
        row, column = middle - HEIGHT * scale // 2, bar_width + 3 * gap
        panel[:, middle : middle + scale, gap + bar_width : column - gap] = INK
        room = panel[:, row : row + label.shape[0], column : column + label.shape[1]]
        room[:, label[:, : room.shape[2]]] = INK

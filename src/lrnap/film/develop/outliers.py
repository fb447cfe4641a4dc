"""Outlier rejection: a pixel far brighter than its neighbours is one path's luck, and made as bright as they are.

Classic Lux's `outlierrejection_k` looks at samples while it renders; a film has only their sums, so here it is a
pixel's neighbours that must bear it out: it may be at most FAR times as bright as the k-th brightest of the eight
around it. So k = 1 removes single fireflies and k = 2 pairs; the larger, the more goes, small lamps among it.
"""

from __future__ import annotations

import numpy as np

from lrnap.film.bands import SHORT, each
from lrnap.film.develop.colour import ROOM, luminance
from lrnap.film.develop.settings import Settings
from lrnap.film.snapshot import Block

FAR = 4.0
_AROUND = tuple((down, across) for down in (0, 1, 2) for across in (0, 1, 2) if (down, across) != (1, 1))


def reject(picture: Block, settings: Settings) -> None:
    """In place, colours (3, H, W). Beyond its borders the picture is mirrored."""
    _, height, width = picture.shape
    k = min(settings.outlierrejection_k, len(_AROUND))
    y = np.pad(luminance(picture, ROOM.luminance), 1, mode="reflect" if min(height, width) > 1 else "edge")

    def one(rows: slice) -> None:
        count = rows.stop - rows.start
        part = y[rows.start : rows.stop + 2]
        around = np.stack([part[down : down + count, across : across + width] for down, across in _AROUND])
        around.partition(len(_AROUND) - k, axis=0)
        most = around[len(_AROUND) - k] * np.float32(FAR)
        own = part[1:-1, 1:-1]
        far = own > most
        picture[:, rows][:, far] *= most[far] / own[far]

    each(one, height, max(1, SHORT // width))

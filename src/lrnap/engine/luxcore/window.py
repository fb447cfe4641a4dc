"""Where the picture lies in the engine's film, for cameras that cannot be told to see less or to see otherwise.

The environment camera always sees all around, and every row of it one row lower than classic Lux's. So the engine keeps
the whole film but samples only what is asked for, and the picture is read from one row further down. Its lowest row is
nowhere in the film: the directions straight down, for which the row above it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore.draft import Fields
from lrnap.film.snapshot import FilmLayout, Planes

Array = npt.NDArray[np.float32]
LOWER = 1  # rows


@dataclass(frozen=True, slots=True)
class Window:
    """Sizes in pixels; `left` and `top` count from the film's top left."""

    film_width: int
    film_height: int
    left: int
    top: int
    width: int
    height: int

    def config(self) -> Fields:
        """What the engine is told of its film: its rows count from below."""
        rows = self._rows()
        sides = [self.left, self.left + self.width - 1]
        ends = [self.film_height - 1 - int(row) for row in (rows[-1], rows[0])]
        return {"film.width": [self.film_width], "film.height": [self.film_height], "film.subregion": sides + ends}

    def film(self, picture: FilmLayout) -> FilmLayout:
        """The layout of the engine's film, of which this is the picture's."""
        return replace(picture, width=self.film_width, height=self.film_height)

    def part(self, film: Array) -> Array:
        """The picture of an image of the film (film_height, film_width, ...), the top row first."""
        return film[self._rows(), self.left : self.left + self.width]

    def cut(self, film: Planes, picture: Planes) -> None:
        """Fills the planes of the picture from those of the film."""
        picture.weight[:], picture.alpha[:] = self.part(film.weight), self.part(film.alpha)
        for group, values in enumerate(film.pixel):
            picture.pixel[group] = self.part(values)
        for name, values in film.channels.items():
            picture.channels[name][:] = self.part(values)
        if film.screen is not None and picture.screen is not None:
            # Light that comes from lamps is counted by how many pixels there are.
            share = self.film_width * self.film_height / (self.width * self.height)
            for group, values in enumerate(film.screen):
                picture.screen[group] = self.part(values) * np.float32(share)

    def _rows(self) -> npt.NDArray[np.int64]:
        return np.minimum(np.arange(self.top, self.top + self.height), self.film_height - 1)

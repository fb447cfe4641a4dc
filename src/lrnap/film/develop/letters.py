"""Capital letters and digits of three by five dots, for what is written into pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

HEIGHT = 5
_ROWS: Mapping[str, str] = {  # five rows, top first; a row is three dots
    " ": "   /   /   /   /   ",
    "0": "###/# #/# #/# #/###",
    "1": " # /## / # / # /###",
    "2": "###/  #/###/#  /###",
    "3": "###/  #/ ##/  #/###",
    "4": "# #/# #/###/  #/  #",
    "5": "###/#  /###/  #/###",
    "6": "###/#  /###/# #/###",
    "7": "###/  #/ # / # / # ",
    "8": "###/# #/###/# #/###",
    "9": "###/# #/###/  #/###",
    "A": " # /# #/###/# #/# #",
    "B": "## /# #/## /# #/## ",
    "C": " ##/#  /#  /#  / ##",
    "D": "## /# #/# #/# #/## ",
    "E": "###/#  /## /#  /###",
    "F": "###/#  /## /#  /#  ",
    "G": " ##/#  /# #/# #/ ##",
    "H": "# #/# #/###/# #/# #",
    "I": "###/ # / # / # /###",
    "J": "  #/  #/  #/# #/ # ",
    "K": "# #/# #/## /# #/# #",
    "L": "#  /#  /#  /#  /###",
    "M": "# #/###/###/# #/# #",
    "N": "## /# #/# #/# #/# #",
    "O": " # /# #/# #/# #/ # ",
    "P": "## /# #/## /#  /#  ",
    "Q": " # /# #/# #/ # /  #",
    "R": "## /# #/## /# #/# #",
    "S": " ##/#  / # /  #/## ",
    "T": "###/ # / # / # / # ",
    "U": "# #/# #/# #/# #/###",
    "V": "# #/# #/# #/# #/ # ",
    "W": "# #/# #/###/###/# #",
    "X": "# #/# #/ # /# #/# #",
    "Y": "# #/# #/ # / # / # ",
    "Z": "###/  #/ # /#  /###",
    ".": "   /   /   /   / # ",
    ",": "   /   /   / # /#  ",
    "-": "   /   /###/   /   ",
    "+": "   / # /###/ # /   ",
    "_": "   /   /   /   /###",
    ":": "   / # /   / # /   ",
    "/": "  #/  #/ # /#  /#  ",
    "=": "   /###/   /###/   ",
}
_DOTS = {
    letter: np.array([[dot == "#" for dot in row[:3]] for row in rows.split("/")]) for letter, rows in _ROWS.items()
}


def written(text: str, scale: int = 1) -> npt.NDArray[np.bool_]:
    """Where a line of text is dark, (HEIGHT * scale, columns); what there is no letter for is a gap."""
    gap = np.zeros((HEIGHT, 1), bool)
    parts = [part for letter in text.upper() for part in (_DOTS.get(letter, _DOTS[" "]), gap)]
    dots: npt.NDArray[np.bool_] = np.hstack(parts[:-1] or [gap])
    return dots.repeat(scale, axis=0).repeat(scale, axis=1)

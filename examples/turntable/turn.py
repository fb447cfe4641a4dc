"""Writes turn.0001.lxs ... turn.0024.lxs: what each frame of the turntable changes.

    python turn.py [FRAMES]     24 if not given

A file holds the calls of an edit: where the object is placed. It turns while the shutter is open, from where it stands
in this frame towards where it stands in the next, so that it is blurred as in a film.
"""

from __future__ import annotations

import sys
from pathlib import Path

TURN = """# frame {number} of {frames}
MotionBegin [0 1]
    Rotate {begin:g} 0 0 1
    Rotate {end:g} 0 0 1
MotionEnd
ObjectInstance "top"
"""


def main(frames: int) -> None:
    folder = Path(__file__).parent
    for number in range(1, frames + 1):
        begin, end = ((number - 1 + step) * 360 / frames for step in (0, 1))
        text = TURN.format(number=number, frames=frames, begin=begin, end=end)
        (folder / f"turn.{number:04d}.lxs").write_text(text)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 24)

"""LuxCore's image pipeline in a process of its own: `python -m bench.bare_darkroom WIDTH HEIGHT`.

For each line that comes it develops once (tonemap, gamma) and makes 8 bits of it, and answers with the seconds and
the time of the processors that it took: of a film in memory, such as a master has merged, and of one that this session
has rendered.

LuxCore takes no film of others. It develops a film in memory where that is laid, as a background image, over a black
film of its own; every new film is a new image. Its own film spares it that, and the division of sums, too.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lrnap.engine.luxcore.native import pyluxcore

CONFIG = {
    "renderengine.type": ["PATHCPU"],
    "sampler.type": ["SOBOL"],
    "film.filter.type": ["NONE"],
    "path.forceblackbackground.enable": [True],
    "film.outputs.0.type": ["ALPHA"],
    "film.outputs.0.filename": ["alpha.exr"],
    "batch.haltspp": [4],
}
STEPS = ({"type": ["TONEMAP_AUTOLINEAR"]}, {"type": ["GAMMA_CORRECTION"], "value": [2.2]})
PIPELINE = "film.imagepipelines.0."


def main(width: int, height: int) -> None:
    pyluxcore.Init(lambda _: None)
    light = np.random.default_rng(1).random((height, width, 3), np.float32)
    memory, own = _session(width, height, 0.0), _session(width, height, 1.0)
    own.Parse(_properties(_pipeline(0)))
    picture, eight = np.empty_like(light), np.empty(light.shape, np.uint8)
    for _ in sys.stdin:
        times = [_now()]
        _lay_over(memory, light)
        _develop(memory, picture, eight)
        times.append(_now())
        _develop(own, picture, eight)
        times.append(_now())
        print(
            *(end - begin for first, second in pairwise(times) for begin, end in zip(first, second, strict=True)),
            flush=True,
        )


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _session(width: int, height: int, gain: float) -> pyluxcore.RenderSession:
    scene = pyluxcore.Scene()
    scene.Parse(
        _properties(
            {
                "scene.camera.type": ["perspective"],
                "scene.lights.sky.type": ["constantinfinite"],
                "scene.lights.sky.gain": [gain, gain, gain],
            }
        )
    )
    seen = {"path.forceblackbackground.enable": [gain == 0], "film.width": [width], "film.height": [height]}
    session = pyluxcore.RenderSession(pyluxcore.RenderConfig(_properties(CONFIG | seen), scene))
    session.Start()
    while not session.HasDone():
        session.UpdateStats()
        time.sleep(0.01)
    session.Stop()
    return session


def _pipeline(first: int) -> dict[str, list[object]]:
    return {f"{PIPELINE}{first + i}.{name}": value for i, step in enumerate(STEPS) for name, value in step.items()}


def _lay_over(session: pyluxcore.RenderSession, light: npt.NDArray[np.float32]) -> None:
    height, width, channels = light.shape
    background = {
        "type": ["BACKGROUND_IMG"],
        "storage": ["float"],
        "gamma": [1.0],
        "blob": [light],
        "blob.width": [width],
        "blob.height": [height],
        "blob.channelcount": [channels],
    }
    session.Parse(_properties({f"{PIPELINE}0.{name}": value for name, value in background.items()} | _pipeline(1)))


def _develop(session: pyluxcore.RenderSession, picture: npt.NDArray[np.float32], eight: npt.NDArray[np.uint8]) -> None:
    """Into memory that is at hand, so that touching it costs nothing."""
    session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB_IMAGEPIPELINE, picture)
    np.multiply(picture, np.float32(255), out=picture)
    np.add(picture, np.float32(0.5), out=picture)
    np.copyto(eight, picture, casting="unsafe")


def _properties(values: dict[str, list[object]]) -> pyluxcore.Properties:
    found = pyluxcore.Properties()
    for name, value in values.items():
        found.Set(pyluxcore.Property(name, value))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""Puts pictures through LuxCore's own image pipeline: a program of its own, because LuxCore must not be loaded into the
process of the tests.

Arguments: a folder. `pictures.npz` in it holds pictures (H, W, 3) of one size by name; `cases.json` says by case which
picture goes through which plugins, as lists of properties. Writes `developed.npz`, by case.

LuxCore develops only films that it has rendered. So a black scene is rendered once, and each picture laid over it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from lrnap.engine.luxcore.native import pyluxcore

PIPELINE = "film.imagepipelines.0."


def main(folder: Path) -> None:
    pictures = dict(np.load(folder / "pictures.npz"))
    cases = json.loads((folder / "cases.json").read_text())
    pyluxcore.Init(lambda text: None)
    height, width, _ = next(iter(pictures.values())).shape
    session = carrier(width, height)
    developed = {name: through(session, pictures[picture], plugins) for name, (picture, plugins) in cases.items()}
    np.savez(folder / "developed.npz", **developed)
    os._exit(0)


def carrier(width: int, height: int) -> pyluxcore.RenderSession:
    """A session whose film is black, and has samples in every pixel."""
    scene = pyluxcore.Scene()
    scene.Parse(
        properties(
            {
                "scene.camera.type": ["perspective"],
                "scene.lights.dark.type": ["constantinfinite"],
                "scene.lights.dark.gain": [0.0, 0.0, 0.0],
            }
        )
    )
    config = {
        "renderengine.type": ["PATHCPU"],
        "sampler.type": ["SOBOL"],
        "film.width": [width],
        "film.height": [height],
        "film.filter.type": ["NONE"],
        "path.forceblackbackground.enable": [True],
        "film.outputs.0.type": ["ALPHA"],
        "film.outputs.0.filename": ["alpha.exr"],
        "batch.haltspp": [8],
    }
    session = pyluxcore.RenderSession(pyluxcore.RenderConfig(properties(config), scene))
    session.Start()
    while not session.HasDone():
        session.UpdateStats()
        time.sleep(0.01)
    session.Stop()
    return session


def through(session: pyluxcore.RenderSession, picture: np.ndarray, plugins: list[dict[str, list]]) -> np.ndarray:
    background = {"type": ["BACKGROUND_IMG"], "storage": ["float"], "gamma": [1.0]}
    props = pyluxcore.Properties()
    for place, plugin in enumerate([background, *plugins]):
        for name, values in plugin.items():
            props.Set(pyluxcore.Property(f"{PIPELINE}{place}.{name}", values))
    height, width, channels = picture.shape
    for name, value in (("width", width), ("height", height), ("channelcount", channels)):
        props.Set(pyluxcore.Property(f"{PIPELINE}0.blob.{name}", [value]))
    blob = np.ascontiguousarray(picture, np.float32)
    props.Set(pyluxcore.Property(f"{PIPELINE}0.blob", [blob]))
    session.Parse(props)
    result = np.empty(picture.shape, np.float32)
    session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB_IMAGEPIPELINE, result)
    return result[::-1].copy()


def properties(values: dict[str, list]) -> pyluxcore.Properties:
    found = pyluxcore.Properties()
    for name, value in values.items():
        found.Set(pyluxcore.Property(name, value))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))

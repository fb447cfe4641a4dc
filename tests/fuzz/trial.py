"""What becomes of one scene: whether whoever wrote it gets a picture, or an error that helps.

`read` stops where the engine begins; `python -m fuzz.trial` renders, one scene after the other, as the runner says.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Mapping

from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.errors import LrnapError, SceneError
from lrnap.lux.builder import describe
from lrnap.lux.reader import read_bytes

NAME = "scene.lxs"
PLACE = re.compile(rf"{re.escape(NAME)}:\d+:\d+$|[a-z]+\.[a-z]+(:\d+)*$")  # in the scene, or in a file that it names
MEMORY = 8 << 30  # bytes that a trial may take: a scene of a few lines needs none of it


class Blameless(Exception):
    """An error that does not help."""


def read(text: str, files: Mapping[str, str]) -> Translation | SceneError:
    """What the engine would hear, or the refusal. Raises what is a defect: any other error, and one without place."""
    try:
        return translate(describe(read_bytes(text.encode(), NAME)), files)
    except SceneError as error:
        if error.at is None and "scene ends" not in error.message and "scene is incomplete" not in error.message:
            raise Blameless(f"without place: {error}") from error
        if error.at is not None and not PLACE.search(error.at):
            raise Blameless(f"the place is '{error.at}': {error}") from error
        return error


def render(text: str, files: Mapping[str, str]) -> str:
    """ "picture" or "refused"; raises what is a defect."""
    import numpy as np

    from lrnap.engine.luxcore.native import pyluxcore
    from lrnap.engine.luxcore.renderer import properties_of, scene_of

    translation = read(text, files)
    if isinstance(translation, SceneError):
        return "refused"
    config = translation.config | {"native.threads.count": [1], "batch.haltspp": [1], "renderengine.seed": [1]}
    config |= {"film.width": [translation.layout.width], "film.height": [translation.layout.height]}
    try:
        scene = scene_of(translation)
    except LrnapError as error:
        if error.at is None:
            raise Blameless(f"without place: {error}") from error
        return "refused"
    except RuntimeError as error:
        raise Blameless(f"the engine refuses the scene: {error}") from error
    try:
        session = pyluxcore.RenderSession(pyluxcore.RenderConfig(properties_of(config), scene))
        session.Start()
    except RuntimeError as error:
        raise Blameless(f"the engine cannot start: {error}") from error
    while not session.HasDone():
        time.sleep(0.002)
        session.UpdateStats()
    session.Stop()
    pixels = np.empty((translation.layout.height, translation.layout.width, 3), np.float32)
    session.GetFilm().GetOutputFloat(pyluxcore.FilmOutputType.RGB, pixels, 0, False)
    return "picture"


def main() -> None:
    """Lines of JSON in, `{"text": ..., "files": ...}`, and out, `{"is": ..., "what": ..., "where": ...}`."""
    import numpy  # noqa: F401  # before the engine

    from lrnap.engine.luxcore.native import pyluxcore

    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    pyluxcore.Init(lambda _text: None)
    for line in sys.stdin:
        sent = json.loads(line)
        try:
            found = {"is": render(sent["text"], sent["files"])}
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            found = {"is": "defect", "what": f"{type(error).__name__}: {error}", "where": f"{at.filename}:{at.lineno}"}
        print(f"TRIAL {json.dumps(found)}", flush=True)
    pyluxcore.SetLogHandler(None)


if __name__ == "__main__":
    main()

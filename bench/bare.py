"""Bare pyluxcore in one process: `python -m bench.bare SCENE SECONDS` prints the samples per second it reaches.

The baseline of `node_overhead`: the scene's translation, and nothing else of lrnap while it renders. It has the
priority and, by its caller, the session that a run has, so that other programs of the machine slow both alike.
"""

from __future__ import annotations

import os
import sys
import time

import lrnap
from lrnap.engine.cores import RENDER_NICE
from lrnap.engine.luxcore import renderer as luxcore
from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.translate import translate
from lrnap.lux.builder import describe

LOOKS = 0.5  # seconds between looks at the statistics, which is what a user's own loop would do


def main(path: str, seconds: float) -> float:
    os.nice(RENDER_NICE)
    pyluxcore.Init(lambda _: None)
    with lrnap.Context(name="bare") as lux:
        lux.parse(path)
        scene = lux.scene
        translation = translate(describe(scene.calls), scene.files)
    config = {key: value for key, value in translation.config.items() if not key.startswith("batch.")}
    config["native.threads.count"] = [os.cpu_count() or 1]
    session = pyluxcore.RenderSession(
        pyluxcore.RenderConfig(luxcore.properties_of(config), luxcore.scene_of(translation))
    )
    session.Start()
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        time.sleep(LOOKS)
        session.UpdateStats()
    stats = session.GetStats()
    rate = stats.Get("stats.renderengine.total.samplecount").GetFloat() / (time.perf_counter() - begin)
    session.Stop()
    pyluxcore.SetLogHandler(None)
    return float(rate)


if __name__ == "__main__":
    print(main(sys.argv[1], float(sys.argv[2])))

"""develop_1080p: a 1920x1080 film developed to 8 bits (tonemap, gamma) / the same by LuxCore's own image pipeline.

LuxCore is in another process, and they take turns. What is compared is a film in memory, such as a master has merged;
develop_1080p_own compares with a film that LuxCore has rendered itself, which it need not be given first. preview_4k is
what a preview has to save: LuxCore's pipeline for all of a 3840x2160 film / a preview of it here that fits a screen of
1920x1080. preview_8k has no aim, as both sides are ours and the one that matters is the quicker one: all of a 7680x4320
film / such a preview of it, which has a sixteenth of the pixels, and a quarter of the rows to read. The plain figures
say how the time grows with pixels (0.5 to 33 megapixels) and light groups (1 to 16), and how much memory it takes.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

from bench.row import Row
from lrnap.film.develop import Settings, develop, thinned
from lrnap.film.snapshot import FilmLayout, Snapshot

SCREEN = (1920, 1080)
ROUNDS = 15
SIZES = ((960, 540), (1920, 1080), (3840, 2160), (7680, 4320))
GROUPS = (1, 4, 16)
USUAL = Settings()  # autolinear, which has to measure first


def rows() -> list[Row]:
    return [*_beside_luxcore(), *_preview_beside_luxcore(), *_previews(), *_growth(), *_memory()]


def _beside_luxcore() -> list[Row]:
    film = _film(*SCREEN)
    memory, memory_cpu, own, own_cpu, ours, ours_cpu = _in_turns(SCREEN, lambda: develop(film, USUAL, dtype=np.uint8))
    here = f"here {ours:.0f} ms (processors {ours_cpu:.0f}); tonemap, gamma, 8 bits, best of {ROUNDS} in turns"
    luxcore = "LuxCore {:.0f} ms (processors {:.0f})".format
    return [
        Row("develop_1080p", memory / ours, 4.0, f"{luxcore(memory, memory_cpu)}, {here}"),
        Row("develop_1080p_own", own / ours, None, f"{luxcore(own, own_cpu)}, {here}"),
    ]


def _preview_beside_luxcore() -> list[Row]:
    size = 3840, 2160
    film = _film(*size)
    memory, _, _, _, ours, _ = _in_turns(size, lambda: develop(thinned(film, *SCREEN), USUAL, dtype=np.uint8))
    detail = f"8.3 megapixels: LuxCore develops all in {memory:.0f} ms, a preview for a screen takes {ours:.0f} ms here"
    return [Row("preview_4k", memory / ours, 10.0, detail)]


def _in_turns(size: tuple[int, int], work: Callable[[], object]) -> tuple[float, ...]:
    """Milliseconds on the clock and of processors: LuxCore's for a film in memory and for its own, and those of `work`.

    Not the first touches of memory; and the best of each, because others use the machine, too.
    """
    rounds = []
    command = [sys.executable, "-m", "bench.bare_darkroom", *map(str, size)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as bare:
        assert bare.stdin and bare.stdout
        for _ in range(ROUNDS + 2):
            print(file=bare.stdin, flush=True)
            theirs = map(float, _next_numbers(bare.stdout.readline))
            begin = perf_counter(), process_time()
            work()
            rounds.append((*theirs, perf_counter() - begin[0], process_time() - begin[1]))
        bare.stdin.close()
    return tuple(1e3 * min(times) for times in zip(*rounds[2:], strict=True))


def _previews() -> list[Row]:
    film = _film(*SIZES[-1])
    whole, preview = [], []
    for _ in range(5):
        whole.append(_timed(lambda: develop(film, USUAL, dtype=np.uint8)))
        preview.append(_timed(lambda: develop(thinned(film, *SCREEN), USUAL, dtype=np.uint8)))
    detail = (
        f"33 megapixels, autolinear, 8 bits: all {min(whole) * 1e3:.0f} ms, for a screen of 1920x1080 "
        f"{min(preview) * 1e3:.0f} ms"
    )
    return [Row("preview_8k", min(whole) / min(preview), None, detail)]


def _growth() -> list[Row]:
    films = {size: _film(*size) for size in SIZES}
    sizes = {size: _best(lambda film=film: develop(film, USUAL, dtype=np.uint8)) for size, film in films.items()}
    films.clear()
    first, last = sizes[SIZES[0]], sizes[SIZES[-1]]
    pixels = [width * height for width, height in SIZES]
    text = ", ".join(f"{w * h / 1e6:.1f} MP {sizes[w, h] * 1e3:.0f} ms" for w, h in SIZES)
    growth = Row("develop_growth", (last / first) / (pixels[-1] / pixels[0]), None, f"1 is linear: {text}")
    groups = {}
    for count in GROUPS:
        film = _film(*SCREEN, count)
        groups[count] = _best(lambda film=film: develop(film, USUAL, dtype=np.uint8))
    text = ", ".join(f"{count} groups {seconds * 1e3:.0f} ms" for count, seconds in groups.items())
    return [growth, Row("develop_groups", groups[GROUPS[-1]] / groups[1], None, f"16 to 1, at 1080p: {text}")]


def _memory() -> list[Row]:
    film = _film(*SCREEN)
    everything = Settings(bloom_enabled=True, glare_enabled=True, vignetting_enabled=True, abberation_enabled=True)
    found = []
    for name, settings in (("develop_memory", USUAL), ("develop_memory_lens", everything)):
        tracemalloc.start()
        develop(film, settings, dtype=np.uint8)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        detail = f"at 1080p: {peak / 1e6:.0f} MB beside a film of {film.block.nbytes / 1e6:.0f} MB"
        found.append(Row(name, 1 + peak / film.block.nbytes, (0.0, 3.0), f"films, that one counted; {detail}"))
    return found


def _timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def _best(work: Callable[[], object]) -> float:
    return min(_timed(work) for _ in range(5))


def _next_numbers(read: Callable[[], str]) -> list[str]:
    """The next line that is of numbers: the engine may say things of its own before."""
    while line := read():
        if line[0].isdigit():
            return line.split()
    raise RuntimeError("LuxCore's process has ended")


def _film(width: int, height: int, groups: int = 1) -> Snapshot:
    layout = FilmLayout(width, height, tuple(f"group {i}" for i in range(groups)))
    block = np.random.default_rng(1).random(layout.floats, np.float32)
    planes = layout.planes(block)
    planes.weight[:] = 16
    return Snapshot("a", 1, 1, layout, block, samples=16.0 * width * height)

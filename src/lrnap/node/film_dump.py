"""A film as bytes, in each of the formats that API_DumpFilmBuffer knows. Blocking: work for a thread.

A format is a row of FORMATS: what it makes of a snapshot, and under which name it travels. Pictures are developed with
the job's settings; accumulators and float films hold what was rendered, so that they can be merged or developed later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrnap import __version__
from lrnap.errors import Code, LrnapError
from lrnap.film import accum, output
from lrnap.film.develop import Settings
from lrnap.film.options import KINDS, Options
from lrnap.film.radiance import rgba
from lrnap.film.snapshot import Snapshot
from lrnap.wire import Buffer, Scalar, Word
from lrnap.wire.grammar import number
from lrnap.wire.payload import pack

DEFAULT = "float32"


@dataclass(frozen=True, slots=True)
class Encoded:
    """`film`: the name of the format on the wire. `fields`: what else describes it."""

    film: str
    data: Buffer
    fields: Mapping[str, Scalar] = field(default_factory=dict)


Encoder = Callable[[Snapshot, Settings, Mapping[str, Any]], Encoded]


def _pixels(film: str, dtype: str) -> Encoder:
    def encode(snapshot: Snapshot, settings: Settings, options: Mapping[str, Any]) -> Encoded:  # noqa: ARG001
        return Encoded(film, np.ascontiguousarray(rgba(snapshot, dtype)).data.cast("B"))

    return encode


def _picture(kind: str) -> Encoder:
    def encode(snapshot: Snapshot, settings: Settings, options: Mapping[str, Any]) -> Encoded:
        facts = {
            "software": f"lrnap {__version__}",
            "spp": f"{snapshot.spp:.2f}",
            "seconds": f"{snapshot.seconds:.1f}",
            "seed": snapshot.seed,
        }
        return Encoded(kind.upper(), output.encode(kind, snapshot, settings, facts, **options))

    return encode


def _accumulators(snapshot: Snapshot, settings: Settings, options: Mapping[str, Any]) -> Encoded:  # noqa: ARG001
    fields: dict[str, Scalar] = {}
    for key, value in accum.describe(snapshot).items():
        if key not in ("FILM", "DIMX", "DIMY", "LENGTH"):
            as_number = None if key in ("RUN", "GROUPS", "NAMES") else number(value)
            fields[key.lower()] = Word(value) if as_number is None else as_number
    return Encoded(accum.FORMAT, accum.payload(snapshot), fields)


def _flm(snapshot: Snapshot, settings: Settings, options: Mapping[str, Any]) -> Encoded:  # noqa: ARG001
    return Encoded("FLM", output.encode(output.FILM, snapshot, settings))


FORMATS: Mapping[str, Encoder] = {
    "accum": _accumulators,
    "float32": _pixels("SPECTRUM_FLOAT32_RGBA", "<f4"),
    "half": _pixels("SPECTRUM_FLOAT16_RGBA", "<f2"),
    "flm": _flm,
    "exr": _picture("exr"),
    "png": _picture("png"),
    "jpeg": _picture("jpeg"),
    "tiff": _picture("tiff"),
    "tga": _picture("tga"),
}


WITH_SETTINGS = frozenset({"flm", *KINDS})  # differ with how the film is developed


def check(kind: str, options: Mapping[str, Any]) -> Options:
    """What is asked of a file. Raises LrnapError for options that the format does not have."""
    if kind in KINDS:
        return Options.of(kind, options)
    if options:
        raise LrnapError(Code.ARGS, f"format={kind} has no option {next(iter(options))}: ask for {', '.join(KINDS)}")
    return Options()


def encode(
    kind: str, snapshot: Snapshot, settings: Settings, options: Options | None = None, *, compress: bool = False
) -> Encoded:
    """The film as bytes; compressed with zstd only where that makes it smaller, and then its fields say so."""
    plain = FORMATS[kind](snapshot, settings, {} if options is None else options.given())
    if not compress:
        return plain
    packed = pack(plain.data)
    size = memoryview(plain.data).nbytes
    if len(packed) >= size:
        return plain
    return Encoded(plain.film, packed, {**plain.fields, "enc": Word("zstd"), "ulen": size})

"""Calls to scene files that read back as the same calls.

    with Writer("scene.lxs") as writer: ...          one file
    with Writer("scene.lxs", split=True) as writer:  and scene-mat.lxm, scene-geom.lxo beside it, as exporters do

Numbers are as short as they can be and still be the same float32; lists break into lines, one vertex or face a line.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from lrnap.errors import Code, SceneError
from lrnap.lux import files
from lrnap.lux.call import Call, Param
from lrnap.lux.calls import CALLS
from lrnap.lux.params import parse_token

ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", '"': '\\"', "\\": "\\\\"}

_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')
_ROW = 12  # numbers a line, of lists that are not triplets; a multiple of 2, 3 and 4
_LINES = 1 << 15  # lines formatted at a time, so that other threads get their turn

MATERIAL_FILE = "-mat.lxm"
GEOMETRY_FILE = "-geom.lxo"
# Calls that go into the material file of a split scene.
MATERIALS = frozenset(("Texture", "MakeNamedMaterial", "MakeNamedVolume"))


def quote(text: str) -> str:
    """Text in quotes, escaped as scene files have it."""
    return '"' + _UNSAFE.sub(lambda found: ESCAPES.get(found[0]) or f"\\{ord(found[0]):03d}", text) + '"'


class Writer:
    """A target that writes. `close` must follow the last call; as a context manager it does.

    To a path, the scene is written beside it and takes its place in `close`, so that a scene that fails half-way
    leaves what was there. `folder` is where the file names in the calls start from; if the output lies elsewhere, they
    are rewritten relative to it, where such a file exists.
    """

    def __init__(self, out: str | Path | TextIO, *, split: bool = False, folder: str | Path | None = None) -> None:
        if isinstance(out, str | Path):
            self._files: _Files | None = _Files(Path(out), split)
            self._main: TextIO = self._files.main
        elif split:
            raise ValueError("a scene is split into files, so Writer needs a path")
        else:
            self._files, self._main = None, out
        self._folder = None if folder is None else Path(folder)
        self._depth = 0
        self._in_world = False

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.close(keep=kind is None)

    def close(self, keep: bool = True) -> None:
        """Finish. `keep=False` throws away what was written to a path."""
        if self._files:
            self._files.close(keep)
            self._files = None

    def call(self, call: Call, /) -> None:
        spec = CALLS.get(call.name)
        if spec is None or spec.lxs is None:
            raise SceneError(
                f"{call.name} has no statement in scene files, so it cannot be written",
                at=call.at,
                code=Code.UNSUPPORTED,
            )
        text = io.StringIO()
        for piece in self._statement(spec.lxs, self._relocated(call)):
            text.write(piece)
        out = self._files.choose(call, self._in_world) if self._files else self._main
        try:
            out.write(text.getvalue())  # all or nothing: a call that cannot be written has raised by now
        except UnicodeEncodeError as error:
            raise SceneError(
                f"{call.name}: text that is not Unicode cannot be written: {error.object[:40]!r}"
            ) from None
        self._step(call)

    def _step(self, call: Call) -> None:
        if call.name in ("WorldBegin", "WorldEnd"):
            self._in_world = call.name == "WorldBegin"
        elif call.name.endswith("Begin"):
            self._depth += 1
        elif call.name.endswith("End"):
            self._depth = max(0, self._depth - 1)

    def _statement(self, statement: str, call: Call) -> Iterator[str]:
        closes = call.name.endswith("End") and call.name != "WorldEnd"
        yield "\t" * max(0, self._depth - closes) + statement
        for arg in call.args:
            if isinstance(arg, str):
                yield f" {quote(arg)}"
            elif isinstance(arg, np.ndarray):
                yield f" [{' '.join(_floats(arg))}]"
            else:
                yield f" {_number(float(arg))}"
        for param in call.params:
            yield f"\n{chr(9) * (self._depth + 1)}{_token(param)} ["
            yield from _value(param)
            yield "]"
        yield "\n"

    def _relocated(self, call: Call) -> Call:
        """With file names relative to the output's folder."""
        if self._folder is None or self._files is None or self._folder.resolve() == self._files.folder:
            return call
        names = {}
        for name in files.file_names(call):
            path = files.locate_as_named(name, (self._folder,))
            if path is not None and not Path(name).is_absolute():
                names[name] = Path(os.path.relpath(path.resolve(), self._files.folder)).as_posix()
        return files.rename(call, names) if names else call


class _Files:
    """The output files of a scene, written under temporary names until the scene is complete.

    Split, the definitions of materials that open the world go into one side file and what follows into another, up
    to WorldEnd. So the order of calls is that of the one file.
    """

    def __init__(self, path: Path, split: bool) -> None:
        self.folder = path.parent.resolve()
        self._path = path
        self._split = split
        self._targets: list[tuple[Path, Path]] = []
        self._sides: dict[str, TextIO] = {}
        self._opened: list[TextIO] = []
        self.main = self._open(path)

    def choose(self, call: Call, in_world: bool) -> TextIO:
        """The file that a call belongs into."""
        if not self._split or not in_world or call.name == "WorldEnd":
            return self.main
        if call.name in MATERIALS and GEOMETRY_FILE not in self._sides:
            return self._side(MATERIAL_FILE)
        return self._side(GEOMETRY_FILE)

    def _side(self, suffix: str) -> TextIO:
        if suffix not in self._sides:
            path = self._path.with_name(self._path.stem + suffix)
            self._sides[suffix] = self._open(path)
            self.main.write(f"Include {quote(path.name)}\n")
        return self._sides[suffix]

    def _open(self, path: Path) -> TextIO:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            file = temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="\n")
        except OSError as error:
            self.close(keep=False)
            raise SceneError(f'cannot write "{path}": {error.strerror}', code=Code.DENIED) from None
        self._targets.append((temporary, path))
        self._opened.append(file)
        return file

    def close(self, keep: bool) -> None:
        for file in self._opened:
            file.close()
        for temporary, path in self._targets:
            if keep:
                temporary.replace(path)
            else:
                temporary.unlink(missing_ok=True)


def _token(param: Param) -> str:
    token = f"{param.type} {param.name}"
    if parse_token(token) != (param.type, param.name):
        raise SceneError(f"a parameter cannot be named {param.name!r} in a scene file")
    return quote(token)


def _value(param: Param) -> Iterator[str]:
    """The inside of the brackets: on the parameter's line if it is short, or on lines of their own."""
    value = param.value
    if isinstance(value, tuple):
        words = [quote(item if isinstance(item, str) else str(item).lower()) for item in value]
        yield " ".join(words)
        return
    flat = value.reshape(-1)
    row = 3 if value.ndim == 2 else _ROW
    words_of = _integers if flat.dtype == np.int32 else _floats
    if len(flat) <= _ROW:
        yield " ".join(words_of(flat))
        return
    for start in range(0, len(flat), row * _LINES):
        words = words_of(flat[start : start + row * _LINES])
        for first in range(0, len(words), row):
            yield "\n" + " ".join(words[first : first + row])
    yield "\n"


def _integers(array: npt.NDArray[Any]) -> list[str]:
    return list(map(str, array.tolist()))


def _floats(array: npt.NDArray[Any]) -> list[str]:
    """The shortest decimals that are read as the same float32 values."""
    if not np.isfinite(array).all():
        raise SceneError("a scene file holds finite numbers only")
    words = " ".join(array.astype("U24").tolist()) + " "
    return words.replace(".0 ", " ").split()


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise SceneError("a scene file holds finite numbers only")
    return repr(value).removesuffix(".0")

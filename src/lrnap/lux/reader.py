"""Scene files to calls: the complete grammar of classic Lux, at the speed of numpy.

    for call in read("scene.lxs"): target.call(call)

Calls come one by one, each with its place. What is wrong raises SceneError with file:line:column, cause and cure; what
classic Lux read in a way that is hardly meant is told to `on_warning`. The order of calls and the names of plugins
are not looked at; that is `checker.py`.

An included file, and a file that a parameter names, is looked for in the main scene's folder first, as in classic
Lux, then in the folder of the file that names it. A parameter's file found only there is renamed relative to the main
scene's folder, so that calls mean the same wherever they go.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lrnap.errors import Code, SceneError
from lrnap.lux import files, params
from lrnap.lux.call import Argument, Call, FloatArray, Location, Param
from lrnap.lux.call_spec import Arg, CallSpec
from lrnap.lux.calls import STATEMENTS
from lrnap.lux.spelling import did_you_mean
from lrnap.lux.tokens import Source, Tokens

Warn = Callable[[str], None]
Allow = Callable[[Path], bool]


def read(path: str | Path, *, on_warning: Warn | None = None, allow: Allow | None = None) -> Iterator[Call]:
    """The calls of a scene file. `allow` decides for each file, by its resolved path, whether it may be read."""
    main = _load(Path(path), str(path), None, allow)
    return _Reader(main, on_warning, allow).calls()


def read_bytes(
    data: bytes,
    name: str = "scene",
    folder: str | Path = ".",
    *,
    on_warning: Warn | None = None,
    allow: Allow | None = None,
) -> Iterator[Call]:
    """The calls of a scene that is already in memory; `folder` is where its file names start from."""
    return _Reader(Source(data, name, str(folder)), on_warning, allow).calls()


def _load(path: Path, name: str, at: Location | None, allow: Allow | None) -> Source:
    """A file as a Source; `name` is how the user would write it."""
    if allow is not None and not allow(path.resolve()):
        raise SceneError(f'"{name}" lies outside the allowed folders', at=at, code=Code.DENIED)
    try:
        if not path.is_file():
            cause = "it is not a file" if path.exists() else "File not found"
            raise SceneError(f'{cause}: "{name}"', at=at, code=Code.NOT_FOUND)
        return Source(path.read_bytes(), name, str(path.parent))
    except OSError as error:
        raise SceneError(f'cannot read "{name}": {error.strerror}', at=at, code=Code.NOT_FOUND) from None


class _Parsed(dict[str, tuple[str, str]]):
    """Parameter tokens to their type and name, each parsed once; those of other programs are told to `foreign`."""

    def __init__(self, foreign: Callable[[str, str], None]) -> None:
        super().__init__()
        self._foreign = foreign

    def __missing__(self, token: str) -> tuple[str, str]:
        self[token] = found = params.parse_token(token)
        if not token.lstrip().startswith(found[0]):
            self._foreign(token, f"{found[0]} {found[1]}")
        return found


class _Reader:
    def __init__(self, main: Source, on_warning: Warn | None, allow: Allow | None) -> None:
        self._tokens = Tokens(main, self._open, lambda at, text: self._warn(f"{at}: {text}"))
        self._folder = main.folder
        self._warn = on_warning or (lambda _text: None)
        self._allow = allow
        self._kinds_and_names = _Parsed(self._foreign)

    def calls(self) -> Iterator[Call]:
        tokens, main = self._tokens, self._tokens.source
        try:
            while tokens.peek():
                at, source = tokens.here, tokens.source
                spec = self._statement(at)
                args = self._arguments(spec)
                given = tuple(self._params()) if spec.takes_params else ()
                if spec.name == "SearchPath":
                    self._warn(f"{at}: SearchPath has no effect")
                    continue
                call = Call(spec.name, args, given, at)
                yield self._localised(call, source) if source is not main and given else call
        finally:
            tokens.close()

    def _statement(self, at: Location) -> CallSpec:
        word = self._tokens.word()
        spec = STATEMENTS.get(word)
        if spec is None:
            self._tokens.fail(f"unknown statement '{word}'{did_you_mean(word, STATEMENTS)}", at)
        return spec

    def _arguments(self, spec: CallSpec) -> tuple[Argument, ...]:
        if spec.args and spec.args[0].kind == "number":  # then they all are: Translate, Rotate, LookAt ...
            numbers = self._tokens.bare_numbers(len(spec.args))
            if numbers is not None:
                return numbers
        return tuple([self._argument(spec, arg) for arg in spec.args])

    def _argument(self, spec: CallSpec, arg: Arg) -> Argument:
        tokens = self._tokens
        char = tokens.peek()
        if arg.kind == "numbers":
            return self._number_list(spec, arg)
        if arg.kind == "string":
            if char != '"':
                tokens.fail(f"{spec.name} needs {arg.name} in quotes here, not {tokens.show()}; write {spec.usage}")
            return tokens.take_string()
        if char != "0":
            tokens.fail(f"{spec.name} needs the number {arg.name} here, not {tokens.show()}; write {spec.usage}")
        return tokens.take_number()

    def _number_list(self, spec: CallSpec, arg: Arg) -> FloatArray:
        """`[ ... ]`, or the numbers alone."""
        tokens, at = self._tokens, self._tokens.here
        if tokens.peek() == "[":
            tokens.source.pos += 1
            values = params.make("float", arg.name, tokens.numbers(), at).value
        else:
            bare: list[float] = []
            while tokens.peek() == "0" and len(bare) != arg.count:
                bare.append(tokens.take_number())
            if not bare:
                tokens.fail(f"{spec.name} needs a list of numbers here, not {tokens.show()}; write {spec.usage}")
            values = np.array(bare, np.float32)
        if arg.count is not None and len(values) != arg.count:
            tokens.fail(f"{spec.name} needs {arg.count} numbers, not {len(values)}", at)
        return values  # type: ignore[return-value]  # "float" makes a float array

    def _params(self) -> Iterator[Param]:
        tokens = self._tokens
        while True:
            source, pos = tokens.source, tokens.source.pos
            try:
                if usual := tokens.usual_param():
                    kind, name = self._kinds_and_names[usual[0]]
                    yield params.make(kind, name, tokens.numbers(kind == "integer") if usual[1] is None else usual[1])
                elif tokens.peek() == '"':
                    source, pos = tokens.source, tokens.source.pos
                    kind, name = self._kinds_and_names[tokens.take_string()]
                    yield self._value(kind, name, source, pos)
                else:
                    return
            except SceneError as error:
                error.at = error.at or str(source.at(source.data.index(b'"', pos)))
                raise

    def _foreign(self, token: str, read_as: str) -> None:
        self._warn(f'{self._tokens.here}: "{token}", which classic Lux skips, is read as "{read_as}" everywhere')

    def _value(self, kind: str, name: str, source: Source, pos: int) -> Param:
        tokens = self._tokens
        char = tokens.peek()
        if char == "[":
            tokens.source.pos += 1
            if tokens.peek() == '"':
                return params.make(kind, name, tokens.strings())
            return params.make(kind, name, tokens.numbers(kind == "integer"))
        if char == "0":
            return params.make(kind, name, (tokens.take_number(),))
        if char != '"':
            tokens.fail(f'"{kind} {name}" needs a value here, not {tokens.show()}')
        text = tokens.take_string()
        if kind == "bool" and text in ("true", "false"):
            self._warn(f'{source.at(pos)}: classic Lux ignores "bool {name}" without brackets; write ["{text}"]')
        elif kind not in params.TEXT_TYPES:
            self._warn(f'{source.at(pos)}: "{kind} {name}" is given text without brackets, so it names a texture')
            kind = "texture"
        return params.make(kind, name, (text,))

    def _open(self, name: str, source: Source, at: Location) -> Source:
        """An included file; named as one would open it from where the main scene was opened."""
        path = files.locate_as_named(name, (self._folder, source.folder))
        if path is None:
            where = dict.fromkeys((self._folder, source.folder))
            folders = " or ".join(f'"{folder or "."}"' for folder in where)
            raise SceneError(f'File not found: "{name}", included here, in {folders}', at=str(at), code=Code.NOT_FOUND)
        return _load(path, str(path), at, self._allow)

    def _localised(self, call: Call, source: Source) -> Call:
        """The call of an included file with file names that are found only beside that file made relative to main."""
        if source.folder == self._folder:
            return call
        names = {}
        for name in files.file_names(call):
            if files.locate_as_named(name, (self._folder,)) is None:
                path = files.locate_as_named(name, (source.folder,))
                if path is not None:
                    names[name] = Path(os.path.relpath(path, self._folder)).as_posix()
        return files.rename(call, names) if names else call

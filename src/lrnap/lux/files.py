"""The files that calls name: which parameters they are, where they lie, and files that are embedded in a scene.

A name is looked for as classic Lux does: in the main scene's folder, with backslashes as slashes if need be, and at
last its bare file name in that folder (scenes travel from one machine to another with absolute paths inside). They
also travel between systems that tell capitals apart and such that do not, and that spell umlauts each in its own way.

Rules for this file: it looks for files and unpacks embedded ones; their contents are the business of the engine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lrnap import limits
from lrnap.errors import SceneError
from lrnap.lux import plugins
from lrnap.lux.call import Call, Param
from lrnap.lux.entities import plugin_of
from lrnap.lux.plugins.spec import Plugin

EMBEDDED = plugins.EMBEDDED


def file_params(call: Call) -> list[Param]:
    """The parameters of a call that name files that the scene reads, empty names left out."""
    plugin = plugin_of(call)
    if plugin is None:
        return []
    return [p for p in call.params if p.type == "string" and p.value and _is_file(plugin, p.name, str(p.value[0]))]


def file_names(call: Call) -> list[str]:
    """The names of the files that a call needs, as the call spells them."""
    return [str(param.value[0]) for param in file_params(call)]


def _is_file(plugin: Plugin, name: str, value: str) -> bool:
    row = plugins.row(plugin, name)
    return row is not None and row.file and value != "" and not (row.bare and "." not in bare_name(value))


def locate(name: str, folders: Sequence[str | Path]) -> Path | None:
    """The absolute path of a file: as `locate_as_named`, or its bare name in one of the folders; None if nowhere."""
    path = locate_as_named(name, folders) or locate_as_named(bare_name(name), folders)
    return path.resolve() if path else None


def locate_as_named(name: str, folders: Sequence[str | Path]) -> Path | None:
    """A file in the folders in their order, as spelled or with slashes for backslashes. If there is none, one whose
    name differs only by capitals or by how its letters are encoded; None if there is none either."""
    spellings = [spelling for spelling in dict.fromkeys((name, name.replace("\\", "/"))) if spelling]
    for find in (Path, alike):
        for spelling in spellings:
            for folder in folders:
                path = find(folder, spelling)
                if path is not None and _is_readable(path):
                    return path
    return None


def alike(folder: str | Path, name: str) -> Path | None:
    """What lies in a folder under a name that people would call the same; None if nothing does.

    Of several the first in the order of their names; each part of the name is looked for by itself.
    """
    path = Path(folder)
    for part in Path(name).parts:
        if part in (os.sep, "..") or _exists(path / part):
            path /= part
            continue
        try:
            found = min((entry for entry in path.iterdir() if _folded(entry.name) == _folded(part)), default=None)
        except (OSError, ValueError):
            return None
        if found is None:
            return None
        path = found
    return path


def _folded(name: str) -> str:
    """A file's name without capitals, and without a difference between UTF-8 and what older systems wrote."""
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        name = os.fsencode(name).decode("latin-1")
    return unicodedata.normalize("NFC", name).casefold()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def bare_name(name: str) -> str:
    """A file's name without its folders, as any system spells them."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _is_readable(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name with a null byte, or too long
        return False


def rename(call: Call, names: Mapping[str, str]) -> Call:
    """The call with file names replaced, e.g. by where a copy of the file lies."""
    files = {p.name for p in file_params(call)}
    params = tuple(
        Param(p.type, p.name, (names.get(str(p.value[0]), str(p.value[0])), *map(str, p.value[1:])))
        if p.type == "string" and p.name in files
        else p
        for p in call.params
    )
    return replace(call, params=params)


def has_embedded(call: Call) -> bool:
    """Whether a call carries a file inside: `"string filename_data"` beside `"string filename"`."""
    return any(p.type == "string" and p.name.endswith(EMBEDDED) for p in call.params)


def unpack(call: Call, folder: str | Path) -> Call:
    """The call with its embedded files written into `folder` and named from there.

    The files are base64 of zlib, as classic Lux has it. Each lies in a folder named by its content, under its bare
    name, so that none lands elsewhere and equal names do not meet.
    """
    texts = {p.name: p for p in call.params if p.type == "string" and p.value}
    unpacked: dict[str, str] = {}
    for name, param in texts.items():
        of = name.removesuffix(EMBEDDED)
        if of == name or of not in texts:
            continue
        data = _decode("".join(map(str, param.value)), param.name, call)
        place = Path(folder, hashlib.sha256(data).hexdigest()[:16])
        path = place / (bare_name(str(texts[of].value[0])).strip(".\0") or "embedded")
        place.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        unpacked[of] = str(path.resolve())
    params = tuple(
        Param("string", p.name, (unpacked[p.name],)) if p.type == "string" and p.name in unpacked else p
        for p in call.params
        if not (p.type == "string" and p.name.removesuffix(EMBEDDED) in unpacked and p.name not in unpacked)
    )
    return replace(call, params=params)


def _decode(text: str, name: str, call: Call) -> bytes:
    at = call.at
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, limits.MAX_EMBEDDED_FILE)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise SceneError(f'{call.name}: "string {name}" is no embedded file (base64 of zlib): {error}', at=at) from None
    if unpacker.unconsumed_tail:
        raise SceneError(
            f'{call.name}: the file in "string {name}" is larger than {limits.MAX_EMBEDDED_FILE} bytes', at=at
        )
    if not unpacker.eof:
        raise SceneError(f'{call.name}: the file in "string {name}" is cut off', at=at)
    return data

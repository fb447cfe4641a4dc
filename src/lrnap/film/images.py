"""Picture files. The only module that knows OpenImageIO.

Pictures are arrays (H, W, 3 or 4) with the top row first: red, green, blue, alpha. Files for looking (PNG, JPEG, TIFF,
TGA) take values in [0, 1], already encoded for a display; EXR takes linear light as it is. Alpha is stored as coverage
beside the colours; neither is multiplied by the other. A file appears complete or not at all: what stood under its
name stays until the new one is finished.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from lrnap.errors import Code, LrnapError
from lrnap.film.develop import quantise
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Block

Picture = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of what can be written."""

    extensions: tuple[str, ...]
    depths: tuple[str, ...]  # the first is the default
    linear: bool = False  # holds scene light, not an encoded picture
    alpha: bool | None = False  # the default; None: cannot hold it
    notes: int = 1 << 20  # bytes of metadata that fit


KINDS: Mapping[str, Kind] = {
    "exr": Kind((".exr",), ("float", "half"), linear=True, alpha=True),
    "jpeg": Kind((".jpg", ".jpeg"), ("8",), alpha=None, notes=60_000),
    "png": Kind((".png",), ("8", "16")),
    "tga": Kind((".tga",), ("8",), notes=300),
    "tiff": Kind((".tif", ".tiff"), ("8", "16", "half", "float")),
}
_DTYPES: Mapping[str, type[np.generic]] = {"8": np.uint8, "16": np.uint16, "half": np.float16, "float": np.float32}
_JPEG_QUALITY = 92


def kind_of(path: str | os.PathLike[str]) -> str:
    """The kind of a file name, a key of KINDS; raises LrnapError that lists the extensions there are."""
    suffix = Path(path).suffix.lower()
    for name, kind in KINDS.items():
        if suffix in kind.extensions:
            return name
    known = " ".join(ext for kind in KINDS.values() for ext in kind.extensions)
    what = f"there is no picture format {suffix!r}" if suffix else "the name has no extension"
    raise LrnapError(Code.ARGS, f"{what}; a picture's name ends in one of {known}", at=os.fspath(path))


def write(
    path: str | os.PathLike[str],
    picture: Picture,
    metadata: Mapping[str, object] | None = None,
    *,
    depth: str | None = None,
    alpha: bool | None = None,
    layers: Mapping[str, Block] | None = None,
) -> None:
    """Writes a picture to a file whose kind is that of its extension, replacing an older one at once.

    `metadata` is put inside, for `read_metadata`. `depth`: "8", "16", "half" or "float", where the kind has it.
    `alpha`: whether to write the fourth channel; by default for EXR only. `layers`: more colours (H, W, 3) by name, EXR
    only. Raises LrnapError that names the path, the cause and the cure; the older file is then still there.
    """
    kind = kind_of(path)
    data = encode(kind, picture, metadata, depth=depth, alpha=alpha, layers=layers)
    replace_file(path, [data], "picture")


def encode(
    kind: str,
    picture: Picture,
    metadata: Mapping[str, object] | None = None,
    *,
    depth: str | None = None,
    alpha: bool | None = None,
    layers: Mapping[str, Block] | None = None,
) -> bytes:
    """The bytes that `write` puts into a file of a kind (a key of KINDS)."""
    if kind not in KINDS:
        raise LrnapError(Code.ARGS, f"there is no picture format {kind!r}; there are {', '.join(KINDS)}")
    pixels, spec = _prepare(kind, picture, metadata or {}, depth, alpha, layers or {})
    with _scratch() as path:
        output: Any = oiio.ImageOutput.create(KINDS[kind].extensions[0][1:])
        if output is None:
            raise LrnapError(Code.UNSUPPORTED, f"this build of OpenImageIO cannot write {kind}: {oiio.geterror()}")
        good = output.open(os.fspath(path), spec) and output.write_image(pixels)
        closed = output.close()
        message = output.geterror()  # said of harmless things too, such as TIFF tags left out
        if not (good and closed):
            raise LrnapError(Code.INTERNAL, f"cannot encode a picture as {kind}: {message[:200] or 'no reason given'}")
        return path.read_bytes()


@contextmanager
def _scratch() -> Iterator[Path]:
    """A file for OpenImageIO, which from Python writes only to files; in memory where the system can, because several
    of its formats do not notice a full disk, and one ends the process."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        descriptor = os.memfd_create("lrnap-picture")
        try:
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(prefix="lrnap-") as folder:
            yield Path(folder) / "picture"


def read(path: str | os.PathLike[str]) -> Block:
    """A picture file's own channels as float32 (H, W, C), top row first; integers become values in [0, 1]."""
    names, pixels = _read(path)
    own = [i for i, name in enumerate(names) if "." not in name]
    return np.ascontiguousarray(pixels[..., own])


def read_layers(path: str | os.PathLike[str]) -> dict[str, Block]:
    """The layers of an EXR file by name, float32 (H, W, 3)."""
    names, pixels = _read(path)
    layers = sorted({name.rpartition(".")[0] for name in names if "." in name})
    return {layer: pixels[..., [names.index(f"{layer}.{c}") for c in "RGB"]] for layer in layers}


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """What was given to `write` as metadata, as text; empty if the file holds none."""
    opened = _open(path)
    text = opened.spec().get_string_attribute("ImageDescription")
    opened.close()
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: _unescaped(value) for key, equals, value in pairs if equals}


def _prepare(
    name: str,
    picture: Picture,
    metadata: Mapping[str, object],
    depth: str | None,
    alpha: bool | None,
    layers: Mapping[str, Block],
) -> tuple[Picture, Any]:
    """The pixels as the file will hold them, and OpenImageIO's description of them."""
    kind = KINDS[name]
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        raise LrnapError(Code.TYPE, f"a picture is an array (height, width, 3 or 4), not {picture.shape}")
    depth = depth or kind.depths[0]
    if depth not in kind.depths:
        raise LrnapError(Code.ARGS, f"{name} has no depth {depth!r}; there is {', '.join(kind.depths)}")
    if alpha and kind.alpha is None:
        raise LrnapError(Code.ARGS, f"{name} cannot hold alpha; write png, tiff or exr instead")
    if layers and name != "exr":
        raise LrnapError(Code.ARGS, f"{name} cannot hold layers; write exr instead")
    wanted = 4 if (kind.alpha if alpha is None else alpha) and picture.shape[2] == 4 else 3
    names = list("RGBA"[:wanted])
    parts = [picture[..., :wanted]]
    for layer, colours in layers.items():
        if colours.shape != (*picture.shape[:2], 3):
            raise LrnapError(Code.TYPE, f"layer {layer!r} is {colours.shape}, not as large as the picture")
        names += [f"{layer}.{c}" for c in "RGB"]
        parts.append(colours)
    pixels = _as_depth(np.concatenate(parts, axis=2) if layers else np.ascontiguousarray(parts[0]), depth)

    height, width = picture.shape[:2]
    spec = oiio.ImageSpec(width, height, len(names), oiio.TypeDesc(_OIIO_TYPE[depth]))
    spec.channelnames = tuple(names)
    spec.attribute("ImageDescription", _as_text(metadata, kind.notes))
    spec.attribute("Software", f"lrnap {metadata.get('version', '')}".rstrip())
    spec.attribute("oiio:UnassociatedAlpha", 1)  # so that OpenImageIO does not divide colours by alpha
    if name == "jpeg":
        spec.attribute("Compression", f"jpeg:{_JPEG_QUALITY}")
        spec.attribute("jpeg:subsampling", "4:4:4")
    if name == "exr":
        spec.attribute("compression", "zip")
    return pixels, spec


_OIIO_TYPE: Mapping[str, str] = {"8": "uint8", "16": "uint16", "half": "half", "float": "float"}


def _as_depth(pixels: Picture, depth: str) -> Picture:
    dtype = _DTYPES[depth]
    if pixels.dtype == dtype:
        return pixels
    if pixels.dtype.kind == "u":  # already quantised, to another depth
        pixels = pixels / np.float32(np.iinfo(pixels.dtype).max)
    if depth in ("8", "16"):
        return quantise(pixels, dtype)
    if depth == "half":
        most = np.float32(np.finfo(np.float16).max)
        return np.clip(pixels, -most, most).astype(np.float16)
    return pixels.astype(np.float32)


def _as_text(metadata: Mapping[str, object], room: int) -> str:
    """One line `key=value` each, in ASCII, since most formats know no other; what does not fit is left out whole."""
    lines: list[str] = []
    for key, value in metadata.items():
        line = f"{key}=" + str(value).encode("unicode_escape").decode("ascii")
        if len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    return "\n".join(lines)


def _unescaped(value: str) -> str:
    try:
        return value.encode("ascii").decode("unicode_escape")
    except UnicodeError:  # not written by us
        return value


def _open(path: str | os.PathLike[str]) -> Any:
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)  # so that OpenImageIO does not multiply colours by alpha
    opened = oiio.ImageInput.open(os.fspath(path), config)
    if opened is None:
        message = oiio.geterror()
        if not Path(path).exists():
            raise LrnapError(Code.NOT_FOUND, "there is no such file", at=os.fspath(path))
        raise LrnapError(Code.TYPE, f"cannot be read as a picture: {message}", at=os.fspath(path))
    return opened


def _read(path: str | os.PathLike[str]) -> tuple[list[str], Block]:
    opened = _open(path)
    spec = opened.spec()
    pixels = opened.read_image(0, 0, 0, spec.nchannels, oiio.FLOAT)
    message = opened.geterror()
    opened.close()
    if pixels is None:
        raise LrnapError(Code.TYPE, f"cannot be read as a picture: {message}", at=os.fspath(path))
    return list(spec.channelnames), np.asarray(pixels, np.float32).reshape(spec.height, spec.width, spec.nchannels)

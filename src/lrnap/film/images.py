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
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from lrnap.errors import Code, LrnapError
from lrnap.film.channels import CHANNELS, SLOTS, of_votes
from lrnap.film.cryptomatte import is_layer
from lrnap.film.develop import quantise
from lrnap.film.develop.colour import ROOM
from lrnap.film.options import KINDS, Options, known_kind
from lrnap.film.replace import replace_file
from lrnap.film.snapshot import Block
from lrnap.limits import MAX_IMAGE_PIXELS

Picture = npt.NDArray[Any]


_DTYPES: Mapping[str, type[np.generic]] = {"8": np.uint8, "16": np.uint16, "half": np.float16, "float": np.float32}
SOFTWARE = "lrnap"  # what our files say that they are made by
_OF_LIGHT = ("openexr", "hdr")  # as OpenImageIO calls kinds of files
WEIGHT = "weight"  # the layer of a film's weights
_JPEG_QUALITY = 92
DEPTH = "Z"  # what programs that read EXR look for
HALF_MOST = np.float32(np.finfo(np.float16).max)
_VOTES = frozenset(map(of_votes, CHANNELS))
_CHANNEL_DEPTH = dict.fromkeys(("depth", "position", "material_id", "object_id"), "float")  # half has 11 bits


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
    layers: Mapping[str, Block] | None = None,
    **options: Any,
) -> None:
    """Writes a picture to a file whose kind is that of its extension, replacing an older one at once.

    `metadata` is put inside, for `read_metadata`. `options`: see options.py. `layers`: more colours (H, W, 3) by name,
    EXR only; a layer of a channel's name holds its values. Raises LrnapError that names the path, the cause and the
    cure; the older file is then still there.
    """
    kind = kind_of(path)
    replace_file(path, [encode(kind, picture, metadata, layers=layers, **options)], "picture")


def encode(
    kind: str,
    picture: Picture,
    metadata: Mapping[str, object] | None = None,
    *,
    layers: Mapping[str, Block] | None = None,
    header: Mapping[str, str] | None = None,
    **options: Any,
) -> bytes:
    """The bytes that `write` puts into a file of a kind (a key of KINDS). `header`: attributes of an EXR."""
    known_kind(kind)
    pixels, spec = _prepare(kind, picture, metadata or {}, Options.of(kind, options), layers or {})
    for key, value in (header or {}).items():
        spec.attribute(key, value)
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
    """A picture file's own colours as float32 (H, W, C), top row first; integers become values in [0, 1].

    C is 3 or 4, with coverage, or 1 or 2 for grey. Of a file without colours of its own, as others write it, those of
    its first layer that has any, or else its first channel as grey.
    """
    names, pixels = _read(path)
    return np.ascontiguousarray(pixels[..., [names.index(name) for name in _colours(names)]])


def read_colours(path: str | os.PathLike[str]) -> Block:
    """The colours (H, W, 3) of a picture file, grey or not, as `read` does."""
    return in_colour(read(path))[..., :3]


def in_colour(picture: Block) -> Block:
    """What `read` gives, with three colours where it is grey: (H, W, 3), or with coverage (H, W, 4)."""
    if picture.shape[2] > 2:
        return picture
    return np.concatenate([np.repeat(picture[..., :1], 3, axis=2), picture[..., 1:]], axis=2)


def _colours(names: list[str]) -> list[str]:
    for layer in dict.fromkeys(["", *(name[: name.rfind(".") + 1] for name in names)]):
        if all(f"{layer}{colour}" in names for colour in "RGB"):
            return [f"{layer}{part}" for part in "RGBA" if f"{layer}{part}" in names]
    grey = "Y" if "Y" in names else names[0]
    return [grey, *(["A"] if "A" in names and grey != "A" else [])]


def read_layers(path: str | os.PathLike[str]) -> dict[str, Block]:
    """The layers of an EXR file by name, float32 (H, W, channels): colours, and channels of the film."""
    names, pixels = _read(path)
    layers: dict[str, Block] = {}
    for layer in sorted({name.rpartition(".")[0] for name in names if "." in name}):
        parts = _components(layer)
        known = [f"{layer}.{c}" for c in parts if f"{layer}.{c}" in names]
        layers[layer] = pixels[..., [names.index(name) for name in known]]
    if DEPTH in names:
        layers["depth"] = pixels[..., [names.index(DEPTH)]]
    return layers


def read_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of the values that a picture file's pixels have; only its head is read."""
    opened = _open(path)
    names = tuple(opened.spec().channelnames)
    opened.close()
    return names


def is_light(path: str | os.PathLike[str]) -> bool:
    """Whether a picture file holds light, to be exposed and developed, and not what a display shows: EXR and Radiance
    do, and others' floats. Ours in a TIFF are of a developed picture. Only the head is read."""
    opened = _open(path)
    spec, program = opened.spec(), opened.format_name()
    opened.close()
    floats = spec.format.basetype in (oiio.HALF, oiio.FLOAT, oiio.DOUBLE)
    return program in _OF_LIGHT or (floats and not spec.get_string_attribute("Software").startswith(SOFTWARE))


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """What was given to `write` as metadata, as text; empty if the file holds none."""
    opened = _open(path)
    text = opened.spec().get_string_attribute("ImageDescription")
    opened.close()
    pairs = (line.partition("=") for line in text.splitlines())
    return {key: _unescaped(value) for key, equals, value in pairs if equals}


def _prepare(
    name: str, picture: Picture, metadata: Mapping[str, object], options: Options, layers: Mapping[str, Block]
) -> tuple[Picture, Any]:
    """The pixels as the file will hold them, and OpenImageIO's description of them."""
    kind = KINDS[name]
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or 0 in picture.shape:
        raise LrnapError(Code.TYPE, f"a picture is an array (height, width, 3 or 4), not {picture.shape}")
    if layers and name != "exr":
        raise LrnapError(Code.ARGS, f"{name} cannot hold layers; write exr instead")
    depth = options.depth or kind.depths[0]
    with_alpha = bool(kind.alpha if options.alpha is None else options.alpha) and picture.shape[2] == 4
    own = _own(picture, options, alpha=with_alpha)
    names = [*("Y" if options.grey else "RGB"), *("A" if with_alpha else "")]
    if name == "exr":
        depths = [depth] * len(names)
        parts = [own]
        for layer, values in layers.items():
            if values.ndim != 3 or values.shape[:2] != picture.shape[:2]:
                raise LrnapError(Code.TYPE, f"layer {layer!r} is {values.shape}, not as large as the picture")
            names += [DEPTH] if layer == "depth" else [f"{layer}.{c}" for c in _components(layer)]
            own_depth = "float" if is_layer(layer) or layer in _VOTES else _CHANNEL_DEPTH.get(layer, depth)
            depths += [own_depth] * values.shape[2]
            parts.append(values)
        pixels = np.concatenate([part.astype(np.float32, copy=False) for part in parts], axis=2)
        for i, of_channel in enumerate(depths):
            if of_channel == "half":
                np.clip(pixels[..., i], -HALF_MOST, HALF_MOST, out=pixels[..., i])
    else:
        depths, pixels = [depth], _as_depth(own, depth)

    height, width = picture.shape[:2]
    spec = oiio.ImageSpec(width, height, len(names), oiio.TypeDesc(_OIIO_TYPE[depth]))
    spec.channelnames = tuple(names)
    if len(set(depths)) > 1:
        spec.channelformats = tuple(oiio.TypeDesc(_OIIO_TYPE[d]) for d in depths)
    spec.attribute("ImageDescription", _as_text(metadata, kind.notes))
    spec.attribute("Software", f"{SOFTWARE} {metadata.get('version', '')}".rstrip())
    spec.attribute("oiio:UnassociatedAlpha", 1)  # so that OpenImageIO does not divide colours by alpha
    if name == "jpeg":
        spec.attribute("Compression", f"jpeg:{options.quality or _JPEG_QUALITY}")
        spec.attribute("jpeg:subsampling", "4:4:4")
    elif kind.compressions:
        spec.attribute("compression", options.compression or kind.compressions[0])
    return pixels, spec


def _own(picture: Picture, options: Options, *, alpha: bool) -> Picture:
    """The colours as they are wanted, and coverage."""
    colours = picture[..., :3]
    if options.premultiplied and picture.shape[2] == 4:
        colours = _as_depth(colours, "float") * _as_depth(picture[..., 3:], "float")
    if options.grey:
        colours = (_as_depth(colours, "float") @ ROOM.luminance.astype(np.float32))[..., None]
    coverage = picture[..., 3:] if colours.dtype == picture.dtype else _as_depth(picture[..., 3:], "float")
    return np.ascontiguousarray(np.concatenate([colours, coverage], axis=2) if alpha else colours)


def _components(layer: str) -> tuple[str, ...]:
    """The names of a layer's values: those of a channel of films, or of its weights, else colours."""
    if layer == WEIGHT:
        return ("W",)
    if is_layer(layer):
        return ("R", "G", "B", "A")
    if layer in _VOTES:
        return tuple(f"{part}{slot}" for slot in range(SLOTS) for part in ("ID", "W"))
    return CHANNELS[layer].names if layer in CHANNELS else ("R", "G", "B")


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
        return np.clip(pixels, -HALF_MOST, HALF_MOST).astype(np.float16)
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
        raise _unreadable(path, message)
    return opened


def _unreadable(path: str | os.PathLike[str], message: str) -> LrnapError:
    """OpenImageIO names the file, and what went wrong with each of its lines; the first one will do."""
    name = os.fspath(path)
    why = next((line for line in message.splitlines() if line.strip()), "no reason given").replace(f" ({name})", "")
    return LrnapError(
        Code.TYPE, f"cannot be read as a picture: {why[:200]}; is it whole, and what its name says?", at=name
    )


def _read(path: str | os.PathLike[str]) -> tuple[list[str], Block]:
    opened = _open(path)
    spec = opened.spec()
    if spec.width * spec.height * spec.nchannels > 4 * MAX_IMAGE_PIXELS:
        opened.close()
        size = f"{spec.width}x{spec.height} pixels of {spec.nchannels} values"
        raise LrnapError(
            Code.QUOTA, f"{size} are too many (MAX_IMAGE_PIXELS={MAX_IMAGE_PIXELS} of 4)", at=os.fspath(path)
        )
    pixels = opened.read_image(0, 0, 0, spec.nchannels, oiio.FLOAT)
    message = opened.geterror()
    opened.close()
    if pixels is None:
        raise _unreadable(path, message)
    return list(spec.channelnames), np.asarray(pixels, np.float32).reshape(spec.height, spec.width, spec.nchannels)

"""Settings of the darkroom in files: presets (TOML), and pictures, which know how they were developed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lrnap.errors import Code, LrnapError
from lrnap.film import images
from lrnap.film.develop import Settings, spelled
from lrnap.film.develop.presets import NAMED, from_text, to_text
from lrnap.film.develop.settings import FILES, names_file
from lrnap.film.replace import replace_file
from lrnap.limits import MAX_PRESET_FILE

EXTENSION = ".toml"
SETTINGS = "settings"  # the fact of a picture that holds them


@dataclass(frozen=True, slots=True)
class Preset:
    """Film parameters, and where the files lie that they name."""

    params: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: Preset) -> Preset:
        """What the other says counts more; a light group's parameters are each by itself."""
        return Preset({**self.params, **other.params}, {**self.files, **other.files})


def preset(params: Mapping[str, Any], folder: str | os.PathLike[str]) -> Preset:
    """Film parameters whose files lie in a folder, where they are not named from the root. Raises LrnapError for a name
    that the darkroom does not know."""
    for name in params:
        if spelled(name) != name:
            near = get_close_matches(name, (*Settings().to_params(), *NAMED), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise LrnapError(Code.ARGS, f"there is no parameter {name!r} of developing{hint}")
    named = [str(params[name]) for name in FILES if names_file(name, params.get(name))]
    return Preset(params, {name: os.fspath(Path(folder) / name) for name in named})


def read(path: str | os.PathLike[str]) -> Preset:
    """A preset's file; files that it names lie beside it. Raises LrnapError that names it and what is wrong."""
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(MAX_PRESET_FILE + 1)
        if len(data) > MAX_PRESET_FILE:
            raise LrnapError(Code.QUOTA, f"a preset has at most MAX_PRESET_FILE = {MAX_PRESET_FILE} bytes")
        found = preset(from_text(data.decode()), Path(path).parent)
        Settings.from_params({name: value for name, value in found.params.items() if name not in FILES})
    except FileNotFoundError:
        raise LrnapError(Code.NOT_FOUND, "there is no such preset", at=os.fspath(path)) from None
    except OSError as error:
        raise LrnapError(Code.DENIED, f"the preset cannot be read: {error.strerror}", at=os.fspath(path)) from None
    except UnicodeDecodeError:
        raise LrnapError(Code.TYPE, "not a preset: TOML is text in UTF-8", at=os.fspath(path)) from None
    except LrnapError as error:
        raise LrnapError(error.code, error.message, at=error.at or os.fspath(path)) from None
    return found


def write(path: str | os.PathLike[str], settings: Settings) -> None:
    """All settings as a preset. Files that they name stay where they are."""
    text = to_text(settings.to_params(), "How to develop a film: lrnap film develop FILM --develop THIS")
    replace_file(path, [text.encode()], "preset")


def of_picture(path: str | os.PathLike[str]) -> Preset:
    """How a picture was developed. Raises LrnapError where it does not say."""
    text = images.read_metadata(path).get(SETTINGS)
    try:
        params = json.loads(text) if text else None
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise LrnapError(Code.TYPE, "the picture does not say how it was developed", at=os.fspath(path))
    return preset({name: value for name, value in params.items() if spelled(name) == name}, Path(path).parent)

"""The darkroom: film in, picture out."""

from lrnap.film.develop.groups import GroupLook
from lrnap.film.develop.pipeline import develop, quantise, to_8bit
from lrnap.film.develop.settings import Settings, not_honoured, spelled

__all__ = ["GroupLook", "Settings", "develop", "not_honoured", "quantise", "spelled", "to_8bit"]

"""The darkroom: film in, picture out."""

from lrnap.film.develop.pipeline import develop, quantise, to_8bit
from lrnap.film.develop.settings import Gain, Settings, not_honoured

__all__ = ["Gain", "Settings", "develop", "not_honoured", "quantise", "to_8bit"]

"""The darkroom: film in, picture out."""

from lrnap.film.develop.groups import GroupLook
from lrnap.film.develop.meter import Brightness, brightness, estimate_linear, histogram_image, histogram_of
from lrnap.film.develop.pipeline import develop, notices, quantise, to_8bit
from lrnap.film.develop.preview import thinned
from lrnap.film.develop.settings import Settings, not_honoured, spelled

__all__ = [
    "Brightness",
    "GroupLook",
    "Settings",
    "brightness",
    "develop",
    "estimate_linear",
    "histogram_image",
    "histogram_of",
    "not_honoured",
    "notices",
    "quantise",
    "spelled",
    "thinned",
    "to_8bit",
]

"""pylux.FlexImageFilm: the tonemapping kernels by their numbers, for setAttribute("film", "TonemapKernel", ...)."""

from __future__ import annotations

from enum import IntEnum


class TonemapKernels(IntEnum):
    Reinhard = 0
    Linear = 1
    Contrast = 2
    MaxWhite = 3
    AutoLinear = 4

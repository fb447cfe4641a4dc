"""Lens files of classic Lux's realistic camera, and the thin lens that does most of what such a lens does.

A file has a line a surface, from the front to the film: radius of curvature (positive: convex to the front; 0: the
stop), distance to the next surface, index of refraction behind it, aperture. Lengths are the scene's units.

Rules for this file: numbers in, numbers out. Paraxial optics: a ray is (height, slope times index).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrnap.errors import SceneError
from lrnap.limits import MAX_LENS_SURFACES

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    radius: float
    distance: float  # to the next
    index: float  # behind it
    aperture: float  # its diameter


@dataclass(frozen=True, slots=True)
class ThinLens:
    """Seen from the front surface, along the view."""

    ahead: float  # of the front surface, where the rays seem to enter: the camera's eye
    radius: float  # of the opening there
    focus: float  # distance of what is sharp
    scale: float  # how much is seen at distance one for a unit of the film


def parse(text: str, shown: str) -> tuple[Surface, ...]:
    """The surfaces of a file, which errors call `shown`. Lines that are not four numbers are comments."""
    surfaces = []
    for line in text.splitlines():
        words = line.split()
        try:
            numbers = [float(word) for word in words[:4]]
        except ValueError:
            continue
        if len(numbers) == 4:
            if not np.isfinite(numbers).all() or numbers[3] < 0:
                raise SceneError(f"the lens file has a line '{line.strip()[:60]}': no lens is like this", at=shown)
            surfaces.append(Surface(*numbers))
    if not surfaces or len(surfaces) > MAX_LENS_SURFACES:
        raise SceneError(
            f"the lens file has {len(surfaces)} surfaces, and 1 to MAX_LENS_SURFACES, {MAX_LENS_SURFACES}, are right: "
            "give a line of four numbers for each",
            at=shown,
        )
    return tuple(surfaces)


def thin_lens(surfaces: tuple[Surface, ...], film_distance: float, aperture: float, shown: str) -> ThinLens:
    """`film_distance`: of the film from the end of the lens; `aperture`: diameter of the stop."""
    to_stop, whole, stop = np.eye(2), np.eye(2), None
    front = 1.0
    for surface in surfaces:
        if surface.radius:
            behind = surface.index or 1.0
            whole = np.array([[1.0, 0.0], [-(behind - front) / surface.radius, 1.0]]) @ whole
            front = behind
        else:
            front = 1.0  # as classic Lux has it
            if stop is None:
                stop, to_stop = surface, whole
        whole = np.array([[1.0, surface.distance / front], [0.0, 1.0]]) @ whole
    if stop is None:  # then the last opening is what limits the rays
        to_stop, aperture = whole, surfaces[-1].aperture
    whole = np.array([[1.0, film_distance], [0.0, 1.0]]) @ whole
    a, b = whole[0].tolist()  # of a ray that enters at height y with slope m, the height on the film is a y + b m
    first, slope = to_stop[0].tolist()
    if min(abs(a), abs(first)) < 1e-12 or not np.isfinite([a, b, first, slope]).all():
        raise SceneError("the lens of the lens file makes no picture: check its radii and distances", at=shown)
    ahead = -slope / first
    sharp, spread = -b / a - ahead, a * ahead + b
    return ThinLens(
        ahead=ahead,
        radius=abs(aperture / 2 / first),
        focus=sharp if sharp > 0 else math.inf,
        scale=1 / max(abs(spread), 1e-12),
    )

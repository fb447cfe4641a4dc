"""The camera: its placement as eye, target and up; and the window of the picture, of which a crop is a part.

Both programs measure the field of view over a window of -1 to 1, so it is handed on as it is; the window always is,
since each has its own default.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from lrnap.engine.geometry.mesh_file import file_bytes
from lrnap.engine.luxcore.draft import Draft, Fidelity, Fields, Inputs, Row, inverse, matrix, named_by, plain
from lrnap.engine.luxcore.film import Frame
from lrnap.engine.luxcore.lens_file import parse, thin_lens
from lrnap.engine.luxcore.rows import approximated, ignored
from lrnap.engine.luxcore.shutter import Shutter
from lrnap.engine.luxcore.volumes import volume
from lrnap.engine.luxcore.window import LOWER, Window
from lrnap.lux.description import Matrix, SceneDescription
from lrnap.lux.placing import finely
from lrnap.lux.transforms import translate

Build = Callable[[Inputs, float], Fields]  # the second: length of a camera unit in the world
FAR = 1e30
FOCUS_AT_INFINITY = 1e6  # as sharp as infinity, and still a point that a ray can be aimed at in 32 bits
NEAREST = 1e-4  # the least distance at which classic Lux begins to see
WITHOUT_WINDOW = ("environment", "realistic")
AHEAD = "ahead"  # not the engine's: how far before the camera's place its eye is
POLYGON = math.sqrt(2)  # by which the engine makes lenses with blades smaller than round ones
FROM_AFAR = 200  # times the distance of what is sharp: from there all rays are alike within 0.2 %
FARTHEST = 1e4  # distance of what is sharp, up to which a camera so far away still sees in 32 bits
UNFOCUSED = "without a lens all is sharp, and with one what lies at its focaldistance"
ROW_SHIFT = 1  # the engine's camera sees every row of the picture one row too high, so the window starts one lower


def put_camera(draft: Draft, frame: Frame) -> None:
    description = draft.description
    inputs = Inputs(draft, description.camera)
    row = CAMERAS.get(inputs.plugin)
    if row is None:
        inputs.warn("cannot be rendered and is replaced by a perspective camera of 45 degrees")
        row = Row(lambda _inputs, _unit: {"type": ["perspective"], "fieldofview": [45.0]}, Fidelity.EXACT)
    to_world = inverse(description.camera_transform.matrix)
    unit, mirrored = _measure(inputs)
    fields = row.build(inputs, unit)
    (ahead,) = fields.pop(AHEAD, [0.0])
    fields |= _common(inputs, unit, min(ahead, 0.0))
    to_world = to_world @ translate(0.0, 0.0, ahead)
    size = unit if fields["type"] == ["orthographic"] else 1.0  # of the window: a length there, a slope elsewhere
    fields["screenwindow"] = [size * edge for edge in _window(inputs, frame, mirrored)]
    fields |= _placement(inputs, to_world)
    if description.camera_volume is not None:
        fields |= {"autovolume.enable": [False], "volume": [volume(draft, description.camera_volume, inputs.entity)]}
    draft.put("scene.camera", fields)
    draft.finish(inputs, row)


def window_of(description: SceneDescription, frame: Frame) -> Window | None:
    """Where the picture lies in the engine's film; None if it is all of it: other cameras have a screen window."""
    if description.camera.plugin != "environment":
        return None
    top = frame.top + LOWER
    return Window(frame.full_width, frame.full_height, frame.left, top, frame.width, frame.height)


def _measure(inputs: Inputs) -> tuple[float, bool]:
    """Scale of the camera's space, and whether it is mirrored. It normally is left-handed: right, up, ahead."""
    axes = inverse(inputs.draft.description.camera_transform.matrix)[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    unit = float(lengths[2])
    turned = axes / lengths
    if not np.allclose(turned.T @ turned, np.eye(3), atol=1e-3) or not np.allclose(lengths, unit, rtol=1e-3):
        inputs.warn("its transform stretches the picture, which is approximated by an unstretched one")
    return unit, bool(np.linalg.det(axes) > 0)


def _placement(inputs: Inputs, to_world: Matrix) -> Fields:
    eye, ahead = to_world[:3, 3], to_world[:3, 2]
    fields: Fields = {
        "lookat.orig": plain(eye),
        "lookat.target": plain(eye + ahead / np.linalg.norm(ahead)),
        "up": plain(to_world[:3, 1] / np.linalg.norm(to_world[:3, 1])),
    }
    transform = finely(inputs.draft.description.camera_transform)
    if not transform.moving:
        return fields
    transform = Shutter.of(inputs.draft).engine(transform)
    still = inputs.draft.description.camera_transform.matrix
    for i, (time, to_camera) in enumerate(zip(transform.times, transform.matrices, strict=True)):
        # What is set here is applied to the camera's place at the first time.
        fields[f"motion.{i}.time"] = [float(time)]
        fields[f"motion.{i}.transformation"] = matrix(inverse(to_camera) @ still)
    return fields


def _window(inputs: Inputs, frame: Frame, mirrored: bool) -> list[float]:
    """Left, right, bottom, top of what is rendered; the whole picture's shorter side is -1 to 1 unless given."""
    p = inputs.params
    given = p.floats("screenwindow")
    if given.size == 4 and inputs.plugin not in WITHOUT_WINDOW:
        left, right, bottom, top = (float(x) for x in given)
        p.ignore("frameaspectratio")
    else:
        aspect = p.float("frameaspectratio") if p.has("frameaspectratio") else frame.full_width / frame.full_height
        x, y = (aspect, 1.0) if aspect > 1 else (1.0, 1.0 / aspect)
        left, right, bottom, top = -x, x, -y, y
    width, height = right - left, top - bottom
    x0, x1 = frame.left / frame.full_width, (frame.left + frame.width) / frame.full_width
    y0, y1 = ((frame.top + ROW_SHIFT + y) / frame.full_height for y in (0, frame.height))
    cropped = [left + x0 * width, left + x1 * width, top - y1 * height, top - y0 * height]
    return [cropped[1], cropped[0], *cropped[2:]] if mirrored else cropped


def _common(inputs: Inputs, unit: float, ahead: float) -> Fields:
    p = inputs.params
    p.ignore("shutterdistribution", "endtransform")  # read with what moves
    return {
        "cliphither": [(max(p.float("hither"), NEAREST) - ahead) * unit],
        "clipyon": [min((p.float("yon") - ahead) * unit, FAR)],
        "shutteropen": [p.float("shutteropen")],
        "shutterclose": [p.float("shutterclose")],
    }


def _lens(inputs: Inputs, unit: float) -> Fields:
    p = inputs.params
    return {
        "lensradius": [p.float("lensradius") * unit],
        "focaldistance": [min(p.float("focaldistance") * unit, FOCUS_AT_INFINITY)],
        "autofocus.enable": [p.bool("autofocus")],
    }


def _perspective(inputs: Inputs, unit: float) -> Fields:
    p = inputs.params
    fields: Fields = {"type": ["perspective"], "fieldofview": [p.float("fov")]}
    fields |= _lens(inputs, unit)
    blades, shape = p.int("blades"), p.string("distribution")
    if blades >= 3:
        fields["lensradius"] = [fields["lensradius"][0] * POLYGON]
    fields |= {
        "bokeh.blades": [max(blades, 0) if blades >= 3 else 0],
        "bokeh.power": [max(p.int("power"), 0)],
        "bokeh.distribution.type": [shape.upper().replace(" ", "")],
    }
    plane = p.floats("clippingplane")
    if plane.size >= 6:
        fields |= {
            "clippingplane.enable": [True],
            "clippingplane.center": plain(plane[:3]),
            "clippingplane.normal": plain(plane[3:6]),
        }
        if plane.size > 6:
            inputs.warn("only the first clipping plane is honoured")
    return fields


def _orthographic(inputs: Inputs, unit: float) -> Fields:
    """The engine's has no lens; so one with a lens is a perspective camera far away, whose lens is as much larger."""
    p = inputs.params
    radius, focus = p.float("lensradius"), p.float("focaldistance")
    p.ignore("autofocus")
    if not radius > 0:
        return {"type": ["orthographic"]}
    if not 0 < focus <= FARTHEST:
        inputs.warn(f"has no lens, so all is sharp: give a focaldistance above 0 and up to {FARTHEST:g}")
        return {"type": ["orthographic"]}
    if p.bool("autofocus"):
        inputs.warn(f"autofocus is not honoured: {UNFOCUSED}")
    away = FROM_AFAR * focus
    return {
        "type": ["perspective"],
        "fieldofview": [math.degrees(2 * math.atan(1 / (away + focus)))],
        "lensradius": [radius * (away + focus) / focus * unit],
        "focaldistance": [(away + focus) * unit],
        AHEAD: [-away],
    }


def _environment(inputs: Inputs, _unit: float) -> Fields:
    if _measure(inputs)[1]:
        inputs.warn("a mirrored environment camera is not honoured")
    return {"type": ["environment"]}


def _realistic(inputs: Inputs, unit: float) -> Fields:
    """A thin lens for the lens of a file: the same angle of view, the same place sharp, as much blur elsewhere."""
    p, film = inputs.params, Inputs(inputs.draft, inputs.draft.description.film).params
    path = inputs.needed(inputs.file, "specfile")
    shown = p.string("specfile")
    with named_by(inputs.entity):
        surfaces = parse(file_bytes(path, shown, what="lens file").decode("latin-1"), shown)
        found = thin_lens(surfaces, p.float("filmdistance"), p.float("aperture_diameter"), shown)
    width, height = film.int("xresolution"), film.int("yresolution")
    shorter = p.float("filmdiag") * min(width, height) / math.hypot(width, height)
    return {
        "type": ["perspective"],
        "fieldofview": [math.degrees(2 * math.atan(shorter / 2 * found.scale))],
        "lensradius": [found.radius * unit],
        "focaldistance": [min(found.focus * unit, FOCUS_AT_INFINITY)],
        AHEAD: [found.ahead],
    }


CAMERAS: Mapping[str, Row[Build]] = {
    "perspective": Row(_perspective, Fidelity.EXACT),
    "orthographic": Row(
        _orthographic,
        Fidelity.EXACT,
        parameters=approximated(
            f"by a camera with perspective from {FROM_AFAR} times as far as what is sharp", "lensradius"
        )
        | ignored(UNFOCUSED, "autofocus"),
    ),
    "environment": Row(
        _environment,
        Fidelity.APPROXIMATED,
        "the lowest row of pixels, of the directions straight down, is that above it",
        ignored(
            "all directions are seen, from one point", "lensradius", "focaldistance", "screenwindow", "frameaspectratio"
        ),
    ),
    "realistic": Row(
        _realistic,
        Fidelity.APPROXIMATED,
        "by a thin lens of the same angle, focus and opening: without distortion, and without darker corners",
        ignored("the lens file says it", "lensradius", "focaldistance", "screenwindow", "frameaspectratio"),
    ),
}

"""The registry of queryable attributes: which objects there are, and what can be asked and set of each.

A row names object, attribute, type and meaning, how its value is got and, where it can be set, how. The rows of
statistics and of film parameters derive from their own tables. Types are those of classic Lux.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from lrnap.control import look, parameters, statistics
from lrnap.control.scene import Plugins
from lrnap.control.statistics import Look
from lrnap.errors import Code, LrnapError
from lrnap.film.develop import Brightness, brightness
from lrnap.lux.spelling import did_you_mean

if TYPE_CHECKING:
    from lrnap.control.console import Console

KINDS = ("bool", "int", "float", "double", "string")


class View:
    """What attributes are read from: a console, looked at once."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.job = console.job
        self.figures = console.job.figures()
        self.look = Look(self.figures, console.window.rate)
        self.plugins = Plugins(console.job.scene)

    def film(self, name: str) -> Any:
        return look.value(self.job, name)

    def resolution(self, axis: int) -> Any:
        """0: width, 1: height; of a film without a scene its own."""
        return self.figures.size[axis] if self.figures.only_film else self.film(("xresolution", "yresolution")[axis])

    def pixels(self, axis: int) -> int:
        """What is left of the resolution by the crop window; 0 where there is nothing to render."""
        if self.figures.size[axis] or not self.figures.ready:
            return self.figures.size[axis]
        whole: int = self.resolution(axis)
        window: list[float] = sorted(self.film("cropwindow")[2 * axis : 2 * axis + 2])
        first, last = (math.ceil(whole * min(max(edge, 0.0), 1.0)) for edge in window)
        return max(last - first, 1)


@dataclass(frozen=True, slots=True)
class Attribute:
    thing: str  # the object that has it
    name: str
    kind: str
    doc: str
    get: Callable[[View], Any]
    set: Callable[[Console, Any], Awaitable[None]] | None = None
    default: object | None = None


# --- film ---------------------------------------------------------------------------------------------------------

_PARAMETERS = (  # attribute, type, Film parameter, meaning
    ("premultiplyAlpha", "bool", "premultiplyalpha", "Premultiplied alpha enabled"),
    ("filename", "string", "filename", "Output filename"),
    ("writeResumeFlm", "bool", "write_resume_flm", "Write resume file"),
    ("restartResumeFlm", "bool", "restart_resume_flm", "Restart (overwrite) resume file"),
    ("writeFlmDirect", "bool", "write_flm_direct", "Write resume file directly to disk"),
    ("write_EXR", "bool", "write_exr", "Enable OpenEXR output"),
    ("write_EXR_halftype", "bool", "write_exr_halftype", "OpenEXR with half floats"),
    ("write_EXR_applyimaging", "bool", "write_exr_applyimaging", "OpenEXR tonemapped"),
    ("write_EXR_gamutclamp", "bool", "write_exr_gamutclamp", "OpenEXR clamped to the gamut"),
    ("write_EXR_ZBuf", "bool", "write_exr_ZBuf", "OpenEXR with depth"),
    ("write_EXR_channels", "string", "write_exr_channels", "OpenEXR channels"),
    ("write_EXR_straight_colors", "bool", "write_exr_straightcolors", "OpenEXR colours not multiplied by alpha"),
    ("write_PNG", "bool", "write_png", "Enable PNG output"),
    ("write_PNG_16bit", "bool", "write_png_16bit", "PNG of 16 bits a channel"),
    ("displayInterval", "int", "displayinterval", "Interval between pictures shown, in seconds"),
    ("writeInterval", "int", "writeinterval", "Interval between pictures written, in seconds"),
    ("flmWriteInterval", "int", "flmwriteinterval", "Interval between films written, in seconds"),
)
_NUMBERED = (  # attribute, type, number of the film parameter
    ("TonemapKernel", "int", 0),
    ("ReinhardPreScale", "double", 1),
    ("ReinhardPostScale", "double", 2),
    ("ReinhardBurn", "double", 3),
    ("LinearSensitivity", "double", 4),
    ("LinearExposure", "double", 5),
    ("LinearFStop", "double", 6),
    ("LinearGamma", "double", 7),
    ("ContrastYwa", "double", 8),
    ("FalseMethod", "int", 65),
    ("FalseColorScale", "int", 66),
    ("FalseMax", "double", 67),
    ("FalseMin", "double", 68),
    ("FalseMaxSat", "double", 69),
    ("FalseMinSat", "double", 70),
    ("RGB_X_White", "double", 9),
    ("RGB_Y_White", "double", 10),
    ("RGB_X_Red", "double", 11),
    ("RGB_Y_Red", "double", 12),
    ("RGB_X_Green", "double", 13),
    ("RGB_Y_Green", "double", 14),
    ("RGB_X_Blue", "double", 15),
    ("RGB_Y_Blue", "double", 16),
    ("Gamma", "double", 17),
    ("BloomRadius", "double", 20),
    ("BloomWeight", "double", 21),
    ("VignettingScale", "double", 23),
    ("AberrationAmount", "double", 25),
    ("GlareAmount", "double", 28),
    ("GlareRadius", "double", 29),
    ("GlareBlades", "int", 30),
    ("GlareThreshold", "double", 61),
    ("GlareMap", "bool", 73),
    ("GlarePupilFilename", "string", 74),
    ("GlareLashesFilename", "string", 75),
    ("CameraResponse", "string", 63),
)
_HALTS = (  # attribute, type, Film parameter, field of Halt, meaning
    ("haltSamplesPerPixel", "int", "haltspp", "spp", "Halt Samples per Pixel"),
    ("haltTime", "int", "halttime", "seconds", "Halt time in seconds"),
    ("haltThreshold", "float", "haltthreshold", "noise", "Halt threshold"),
)


def _parameter(name: str, kind: str, film: str, doc: str) -> Attribute:
    async def change(console: Console, value: Any) -> None:
        await look.change(console.job, film, value)

    return Attribute("film", name, kind, doc, lambda view: view.film(film), change, look.default(film))


def _numbered(name: str, kind: str, number: int) -> Attribute:
    row = parameters.ROWS[number]

    async def change(console: Console, value: Any) -> None:
        await parameters.change(console.job, row, value if kind == "string" else float(value))

    doc = row.name.replace("_", " ").capitalize()
    default = parameters.default(row)
    return Attribute("film", name, kind, doc, lambda view: parameters.current(view.job, row), change, default)


def _halt(name: str, kind: str, film: str, field: str, doc: str) -> Attribute:
    async def change(console: Console, value: Any) -> None:
        await look.change(console.job, film, value)

    def get(view: View) -> float:
        limit = getattr(view.figures.halt, field)
        return -1 if limit is None or math.isinf(limit) else limit

    return Attribute("film", name, kind, doc, get, change, -1)


def _crop(index: int) -> Attribute:
    doc = f"Crop window {index}"
    return Attribute("film", f"cropWindow.{index}", "float", doc, lambda view: view.film("cropwindow")[index])


def _film() -> Iterator[Attribute]:
    rows: tuple[tuple[str, str, str, Callable[[View], Any]], ...] = (
        ("xResolution", "int", "Horizontal resolution (pixels)", lambda v: v.resolution(0)),
        ("yResolution", "int", "Vertical resolution (pixels)", lambda v: v.resolution(1)),
        ("xPixelCount", "int", "Horizontal pixel count (after cropping)", lambda v: v.pixels(0)),
        ("yPixelCount", "int", "Vertical pixel count (after cropping)", lambda v: v.pixels(1)),
        ("numberOfLocalSamples", "double", "Number of samples of this machine", lambda v: v.look.local),
        ("numberOfSamplesFromNetwork", "double", "Number of samples of nodes", lambda v: v.figures.from_network),
        ("numberOfResumedSamples", "double", "Number of samples loaded", lambda v: v.figures.resumed),
        ("enoughSamples", "bool", "Whether the halt condition is reached", lambda v: v.figures.enough),
        (
            "haltThresholdComplete",
            "float",
            "How far the picture has converged, up to 1",
            lambda v: v.look.converged / 100,
        ),
        ("EV", "float", "Exposure value", lambda v: _brightness(v).ev),
        ("averageLuminance", "float", "Average luminance of the picture", lambda v: _brightness(v).mean),
    )
    yield from (Attribute("film", name, kind, doc, get) for name, kind, doc, get in rows)
    yield from (_crop(index) for index in range(4))
    yield from (_halt(*row) for row in _HALTS)
    yield from (_parameter(*row) for row in _PARAMETERS)
    yield from (_numbered(*row) for row in _NUMBERED)


def _brightness(view: View) -> Brightness:
    """Of the film of the picture that is shown."""
    picture = view.console.picture
    if picture is None or picture.film is None:
        return Brightness(0.0, 0.0, 0.0, 0.0)
    return brightness(picture.film, picture.settings)


# --- the others ---------------------------------------------------------------------------------------------------


def _statistics() -> Iterator[Attribute]:
    def number(row: statistics.Number) -> Attribute:
        return Attribute("renderer_statistics", row.name, row.kind, row.doc, lambda view: row.get(view.look))

    def text(row: statistics.Number, thing: str, short: bool) -> Attribute:
        return Attribute(
            thing, row.name, "string", row.doc, lambda view: statistics.worded(row, view.look, short=short)
        )

    def recommended(thing: str, short: bool) -> Iterator[Attribute]:
        yield Attribute(
            thing,
            "_recommended_string_template",
            "string",
            "Recommended statistics string template",
            lambda view: statistics.template(view.look),
        )
        yield Attribute(
            thing,
            "_recommended_string",
            "string",
            "Recommended statistics string",
            lambda view: statistics.filled(statistics.template(view.look), view.look, short=short),
        )

    yield from map(number, statistics.NUMBERS)
    for thing, short in (("renderer_statistics_formatted", False), ("renderer_statistics_formatted_short", True)):
        yield from recommended(thing, short)
        yield from (text(row, thing, short) for row in statistics.NUMBERS)


def _farm() -> Iterator[Attribute]:
    async def interval(console: Console, value: Any) -> None:
        console.job.set_interval(float(value))

    farm, seconds = "render_farm", "Time between films from the network, in seconds"
    yield Attribute(farm, "defaultTcpPort", "int", "Port of a node that names none", lambda _: 1978)
    yield Attribute(farm, "pollingInterval", "int", seconds, lambda v: v.figures.interval, interval)
    yield Attribute(farm, "slaveNodeCount", "int", "Number of network nodes", lambda v: len(v.figures.servers))
    yield Attribute(farm, "updateTimeRemaining", "int", "Time until the next film", lambda v: v.figures.interval)


_PLUGINS = (  # object, attribute, type, plugin kind, parameter ("": the plugin's name), meaning
    ("renderer", "name", "string", "renderer", "", "Name of the renderer"),
    ("sampler", "name", "string", "sampler", "", "Name of the sampler"),
    ("sampler", "maxRejects", "int", "sampler", "maxconsecrejects", "Rejections in a row before a move is forced"),
    ("sampler", "pLarge", "float", "sampler", "largemutationprob", "Probability of a large step"),
    ("sampler", "range", "float", "sampler", "mutationrange", "Size of small steps"),
    ("surfaceintegrator", "name", "string", "surfaceintegrator", "", "Name of the surface integrator"),
    ("surfaceintegrator", "maxDepth", "int", "surfaceintegrator", "maxdepth", "Longest path"),
    ("surfaceintegrator", "maxEyeDepth", "int", "surfaceintegrator", "eyedepth", "Longest path from the camera"),
    ("surfaceintegrator", "maxLightDepth", "int", "surfaceintegrator", "lightdepth", "Longest path from a light"),
    ("volumeintegrator", "name", "string", "volumeintegrator", "", "Name of the volume integrator"),
    ("filter", "type", "string", "filter", "", "Name of the pixel filter"),
    ("camera", "ClipHither", "float", "camera", "hither", "Distance of the near clipping plane"),
    ("camera", "ClipYon", "float", "camera", "yon", "Distance of the far clipping plane"),
    ("camera", "ShutterOpen", "float", "camera", "shutteropen", "Time when the shutter opens"),
    ("camera", "ShutterClose", "float", "camera", "shutterclose", "Time when the shutter closes"),
    ("camera", "LensRadius", "float", "camera", "lensradius", "Radius of the lens"),
    ("camera", "FocalDistance", "float", "camera", "focaldistance", "Distance of what is sharp"),
    ("camera", "fov", "float", "camera", "fov", "Field of view, in degrees"),
)


def _scene() -> Iterator[Attribute]:
    def plugin(thing: str, name: str, kind: str, of: str, parameter: str, doc: str) -> Attribute:
        return Attribute(thing, name, kind, doc, lambda view: view.plugins.value(of, parameter))

    def axis(vector: str, index: int) -> Attribute:
        name = f"{vector}.{'xyz'[index]}"
        return Attribute("camera", name, "float", f"Camera's {vector}", lambda view: view.plugins.camera(vector)[index])

    def window(index: int) -> Attribute:
        doc = f"Screen window {index}"
        return Attribute("camera", f"ScreenWindow.{index}", "float", doc, lambda v: v.plugins.screen_window()[index])

    yield from (plugin(*row) for row in _PLUGINS)
    yield from (window(index) for index in range(4))
    yield from (axis(vector, index) for vector in ("position", "normal", "up") for index in range(3))


def _registry() -> Mapping[str, Mapping[str, Attribute]]:
    objects: dict[str, dict[str, Attribute]] = {}
    for row in (*_film(), *_statistics(), *_farm(), *_scene()):
        objects.setdefault(row.thing, {})[row.name] = row
    return objects


OBJECTS = _registry()


def find(thing: str, name: str) -> Attribute:
    """Raises LrnapError (NOT_FOUND) with a suggestion."""
    if thing not in OBJECTS:
        raise LrnapError(Code.NOT_FOUND, f"there is no object {thing[:40]!r}{did_you_mean(thing, OBJECTS)}")
    known = OBJECTS[thing]
    if name not in known:
        raise LrnapError(
            Code.NOT_FOUND, f"the object {thing!r} has no attribute {name[:60]!r}{did_you_mean(name, known)}"
        )
    return known[name]


def shown(row: Attribute, value: object) -> str:
    """A value as text."""
    if row.kind == "bool":
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:.0f}" if row.kind == "int" and math.isfinite(value) else f"{value:g}"
    return str(value)


def xml(view: View) -> str:
    """All objects and attributes, in the form of classic Lux."""
    lines = ["<?xml version='1.0' encoding='utf-8'?>", "<context>"]
    for thing, rows in sorted(OBJECTS.items()):
        lines += ["  <object>", f"    <name>{thing}</name>"]
        for row in rows.values():
            lines += [
                "    <attribute>",
                f"      <name>{row.name}</name>",
                f"      <type>{row.kind}</type>",
                f"      <description>{escape(row.doc)}</description>",
                f"      <value>{escape(shown(row, row.get(view)))}</value>",
            ]
            if row.default is not None:
                lines.append(f"      <default>{escape(shown(row, row.default))}</default>")
            lines.append("    </attribute>")
        lines.append("  </object>")
    return "\n".join([*lines, "</context>"])

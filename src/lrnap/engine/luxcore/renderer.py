"""LuxCore as a renderer: a translation becomes its scene, configuration and session, its film our block.

Only the child process imports this. What LuxCore would answer with a crash or a hang is checked before it hears of
it: sizes of the film, indices of meshes, seeds. Halt conditions are not its affair, so none are handed on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lrnap.engine.cores import at_rest
from lrnap.engine.devices import AUTO, Hardware, usable
from lrnap.engine.geometry.mesh import Mesh, check
from lrnap.engine.luxcore import channels, savefilm
from lrnap.engine.luxcore.difference import Difference, Known, difference, told, units
from lrnap.engine.luxcore.draft import Image
from lrnap.engine.luxcore.native import pyluxcore
from lrnap.engine.luxcore.translate import Translation, translate
from lrnap.engine.protocol import Halt, RunOptions
from lrnap.engine.renderer import Built, FilmCounts, Log, Stats, check_layout, wanted_channels
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.film.names import Names
from lrnap.film.snapshot import Block, FilmLayout, Planes
from lrnap.lux.description import SceneDescription

# Engines and samplers whose every sample has weight 1, so that mean x sample count is the exact sum. All others are
# read from the engine's own accumulators, which is exact for all, but slower (1 s for a full-HD film).
_COUNTED = {("PATHCPU", "SOBOL"), ("PATHCPU", "RANDOM")}

# Engines that cannot render independent samples of one picture, and what renders instead.
_REPLACED = {
    "TILEPATHCPU": ("PATHCPU", "it ignores seeds, so films of several nodes would show the same noise"),
    "TILEPATHOCL": ("PATHOCL", "it ignores seeds, so films of several nodes would show the same noise"),
}

_ON_DEVICES = ("PATHOCL",)  # engines that need a device

_OURS = ("film.outputs.", "film.imagepipeline.", "film.imagepipelines.", "batch.halt", "film.halt", "periodicsave.")
_CONFIG: dict[str, list[Any]] = {
    "film.outputs.0.type": ["SAMPLECOUNT"],  # asking for an output is what makes the engine keep the channel
    "film.outputs.0.filename": ["samplecount.exr"],
    "film.outputs.1.type": ["ALPHA"],
    "film.outputs.1.filename": ["alpha.exr"],
}

_SETTLED = 0.02  # seconds without a new sample after which a paused engine rests, if none of its threads wants to run
_SETTLING = 20.0  # seconds to wait for that at most; where processors are short a sample takes its time to end


class LuxCoreRenderer:
    """See `Renderer`."""

    def __init__(self, log: Log, hardware: Hardware = Hardware()) -> None:  # noqa: B008  # a constant
        self._log = log
        self._hardware = hardware
        self._started = False
        self._quiet = False
        self._stopped = False
        pyluxcore.Init(self._hear)

    def build(self, description: SceneDescription, files: Mapping[str, str], options: RunOptions) -> Built:
        try:
            return self._build(description, files, options)
        except EngineError as error:
            if self._hardware.choice != AUTO or not usable(self._hardware.devices):
                raise
            device, self._hardware = self._hardware.device, Hardware()
            reason = " ".join(error.message.split())
            told = f"{device} cannot be used, and the processor renders ({reason}): `--engine cpu` never tries it"
            built = self._build(description, files, options)
            return replace(built, warnings=(told, *built.warnings))

    def _build(self, description: SceneDescription, files: Mapping[str, str], options: RunOptions) -> Built:
        translation = translate(description, files, None, self._hardware)
        self._options, self._described = options, (description, files)
        wanted = wanted_channels(options, description)
        self._layout = replace(translation.layout, channels=wanted, names=_of_channels(translation, wanted))
        check_layout(self._layout, description.film.at)
        if translation.window is not None:
            check_layout(translation.window.film(self._layout), description.film.at)
        warnings = list(translation.warnings)
        config = self._config(translation, options, warnings)
        self._open(translation, config)
        engine, sampler = config["renderengine.type"][0], config["sampler.type"][0]
        self._counted = (engine, sampler) in _COUNTED and not self._layout.screen
        return Built(
            engine=f"LuxCore {pyluxcore.Version()} {engine} {sampler}",
            layout=self._layout,
            triangles=sum(len(mesh.triangles) for mesh in translation.meshes),
            halt=translation.halt,
            warnings=tuple(warnings),
        )

    def _open(self, translation: Translation, config: dict[str, list[Any]]) -> None:
        try:
            scene = scene_of(translation)
            self._session = pyluxcore.RenderSession(pyluxcore.RenderConfig(properties_of(config), scene))
        except RuntimeError as error:
            raise EngineError(f"LuxCore refuses the scene: {error}", code=Code.SCENE) from error
        if config["renderengine.type"][0] in _ON_DEVICES:  # only this shows whether its programs can be compiled
            self.start()
        self._window = translation.window
        self._known = Known(translation.config, units(translation.scene), translation.images)
        self._kept = translation.kept

    def edit(self, description: SceneDescription, files: Mapping[str, str]) -> tuple[str, ...]:
        files = {**self._described[1], **files}
        translation = translate(description, files, self._kept, self._hardware)
        self._check_layout(translation, description)
        change = difference(self._known, translation.config, translation.scene, translation.images)
        if self._known.has("shapes"):  # whose textures show only where their meshes are made
            anew = translate(description, files, None, self._hardware)
            change.whole |= difference(self._known, anew.config, anew.scene, anew.images).whole
        try:
            if change.whole:
                self._begin_anew(description, files)
            else:
                self._change(translation, change)
        except (RuntimeError, LrnapError) as error:
            self._begin_anew(*self._described)
            if isinstance(error, LrnapError):
                raise
            raise EngineError(f"LuxCore refuses the edit: {error}", code=Code.SCENE) from error
        self._described = description, files
        self._layout = replace(self._layout, names=_of_channels(translation, self._layout.channels))
        return tuple(translation.warnings)

    @property
    def names(self) -> Names:
        return self._layout.names

    def _check_layout(self, translation: Translation, description: SceneDescription) -> None:
        """Raises SceneError unless the scene fits the film. Light groups may become dark, but there are no new ones."""
        theirs = translation.layout.groups
        groups = self._layout.groups if self._layout.groups[: len(theirs)] == theirs else theirs
        layout = replace(translation.layout, groups=groups, channels=self._layout.channels)
        if layout != self._layout:
            message = "the edit changes size or light groups of the film, which stay while it renders: render anew"
            raise SceneError(message, at=description.film.at)

    def _change(self, translation: Translation, change: Difference) -> None:
        """Tells the engine what differs. Raises RuntimeError with the scene half changed."""
        session, scene = self._session, self._session.GetRenderConfig().GetScene()
        session.BeginSceneEdit()
        try:
            define(scene, change.images, translation.meshes)
            for kind, name in change.gone:
                (scene.DeleteObject if kind == "objects" else scene.DeleteLight)(name)
            scene.Parse(properties_of(change.properties))
            session.GetFilm().Clear()  # which the engine does itself only if it was told something
        finally:
            session.EndSceneEdit()
        self._known, self._kept = told(self._known, change), translation.kept

    def _begin_anew(self, description: SceneDescription, files: Mapping[str, str]) -> None:
        """Another session with another scene, with the same seed: the film of this one counts no more."""
        paused = self._session.IsInPause()
        self.stop()
        self._started = False
        translation = translate(description, files, None, self._hardware)
        self._open(translation, self._config(translation, self._options, []))
        self._stopped = False
        self.start()
        if paused:
            self.pause()

    def _config(self, translation: Translation, options: RunOptions, warnings: list[str]) -> dict[str, list[Any]]:
        config = {key: value for key, value in translation.config.items() if not key.startswith(_OURS)}
        config.setdefault("renderengine.type", ["PATHCPU"])
        config.setdefault("sampler.type", ["SOBOL"])
        engine = config["renderengine.type"][0]
        if engine in _REPLACED:
            other, reason = _REPLACED[engine]
            config["renderengine.type"] = [other]
            warnings.append(f"the engine {engine} is not used but {other}: {reason}")
        return config | {
            "renderengine.seed": [options.seed],
            "native.threads.count": [options.threads],
            "film.width": config["film.width"],
            "film.height": config["film.height"],
            "opencl.native.threads.count": [options.threads],  # which help a graphics processor
            **_CONFIG,
            **channels.outputs(self._layout.channels, start=2),
        }

    def start(self) -> None:
        if self._started:
            return
        try:
            self._session.Start()
        except RuntimeError as error:
            raise EngineError(f"LuxCore cannot start: {error}") from error
        self._started = True

    def stats(self) -> Stats:
        if not self._stopped:
            self._session.UpdateStats()
        return Stats(self._samples())

    def read_film(self, block: Block, scratch: Path) -> FilmCounts:
        if self._window is None:
            return self._read(self._layout, block, scratch)
        layout = self._window.film(self._layout)
        film = layout.new_block()
        counts = self._read(layout, film, scratch)
        self._window.cut(layout.planes(film), self._layout.planes(block))
        return counts

    def _read(self, layout: FilmLayout, block: Block, scratch: Path) -> FilmCounts:
        """Reads the engine's film, which has that layout."""
        planes = layout.planes(block)
        counts = self._read_counted(planes) if self._counted else self._read_saved(layout, planes, scratch)
        channels.read(self._session.GetFilm(), pyluxcore.FilmOutputType, planes)
        return counts

    def _read_saved(self, layout: FilmLayout, planes: Planes, scratch: Path) -> FilmCounts:
        file = scratch / "film.flm"
        self._quiet = True  # the engine logs every file it writes
        try:
            self._session.GetFilm().SaveFilm(str(file))
        finally:
            self._quiet = False
        counts = savefilm.read(file, layout, planes)
        return FilmCounts(samples=counts.total, screen_samples=counts.light)

    def pause(self) -> None:
        self._session.Pause()
        deadline = time.monotonic() + _SETTLING
        before = -1.0
        while ((now := self._samples()) != before or not at_rest()) and time.monotonic() < deadline:
            before = now
            time.sleep(_SETTLED)

    def resume(self) -> None:
        self._session.Resume()

    def set_halt(self, halt: Halt) -> None:
        pass  # every condition is judged outside

    def stop(self) -> None:
        if self._session.IsInPause():
            self._session.Resume()  # paused threads do not end
        self._session.Stop()
        self._stopped = True

    def _samples(self) -> float:
        return float(self._session.GetFilm().GetStats().Get("stats.film.total.samplecount").Get()[0])

    def _read_counted(self, planes: Planes) -> FilmCounts:
        film, types = self._session.GetFilm(), pyluxcore.FilmOutputType
        height, width = planes.weight.shape
        counts = np.empty(height * width, np.uint32)
        film.GetOutputUInt(types.SAMPLECOUNT, counts, 0, False)
        weight = planes.weight
        weight[:] = counts.reshape(height, width)[::-1]
        alpha = np.empty(height * width, np.float32)
        film.GetOutputFloat(types.ALPHA, alpha, 0, False)
        np.multiply(alpha.reshape(height, width)[::-1], weight, out=planes.alpha)
        colour = np.empty(height * width * 3, np.float32)
        for group in range(min(film.GetRadianceGroupCount(), len(planes.pixel))):
            film.GetOutputFloat(types.RADIANCE_GROUP, colour, group, False)
            top_down = colour.reshape(height, width, 3)[::-1]
            np.multiply(top_down, weight[..., None], out=planes.pixel[group])
        return FilmCounts(samples=float(counts.sum(dtype=np.float64)))

    def _hear(self, text: str) -> None:
        if not self._quiet:
            self._log(text)


def _of_channels(translation: Translation, channels: Sequence[str]) -> Names:
    return {name: called for name, called in translation.layout.names.items() if name in channels}


def scene_of(translation: Translation) -> pyluxcore.Scene:
    """The scene; it keeps copies of images and meshes."""
    scene = pyluxcore.Scene()
    define(scene, translation.images, translation.meshes)
    scene.Parse(properties_of(translation.scene))
    return scene


def define(scene: pyluxcore.Scene, images: Mapping[str, Image], meshes: Sequence[Mesh]) -> None:
    for name, pixels in images.items():
        height, width, channels = pixels.shape
        scene.DefineImageMap(name, np.ascontiguousarray(pixels, np.float32), 1.0, channels, width, height)
    for mesh in meshes:
        check(mesh)
        scene.DefineMeshExt(
            name=mesh.name,
            points=mesh.points,
            triangles=mesh.triangles,
            normals=mesh.normals,
            uvs=_only_set(mesh.uvs),
            colors=_only_set(mesh.colors),
            alphas=_only_set(mesh.alphas),
        )


def _only_set(values: npt.NDArray[np.float32] | None) -> list[npt.NDArray[np.float32]] | None:
    """A mesh may have several sets of coordinates and colours; ours have one."""
    return None if values is None else [values]


def properties_of(values: Mapping[str, list[Any]]) -> pyluxcore.Properties:
    """As objects, never as text: quotes and line ends in names would be read as more properties."""
    properties = pyluxcore.Properties()
    for key, value in values.items():
        properties.Set(pyluxcore.Property(key, value))
    return properties

"""pylux.Dynload: the names of the plugins that scenes may use, as lists."""

from __future__ import annotations

from collections.abc import Callable

from lrnap.lux import plugins


def _of(kind: str) -> Callable[[], list[str]]:
    def registered() -> list[str]:
        return sorted(plugins.spellings(kind))

    return registered


def _textures(variant: str) -> Callable[[], list[str]]:
    def registered() -> list[str]:
        rows = (row for row in plugins.PLUGINS["texture"] if not row.variants or variant in row.variants)
        return sorted(name for row in rows for name in (row.name, *row.aliases))

    return registered


def _none() -> list[str]:
    return []


registeredAccelerators = _of("accelerator")
registeredAreaLights = _of("arealight")
registeredCameras = _of("camera")
registeredFilms = _of("film")
registeredFilters = _of("filter")
registeredFloatTextures = _textures("float")
registeredFresnelTextures = _textures("fresnel")
registeredLights = _of("light")
registeredMaterials = _of("material")
registeredPixelSamplers = _none  # a part of samplers, whose parameters name them
registeredRenderer = _of("renderer")
registeredSWCSpectrumTextures = _textures("color")
registeredSamplers = _of("sampler")
registeredShapes = _of("shape")
registeredSurfaceIntegrators = _of("surfaceintegrator")
registeredToneMaps = _none  # parameters of the film
registeredVolumeIntegrators = _of("volumeintegrator")
registeredVolumeRegions = _of("volumeregion")
registeredVolumes = _of("volume")

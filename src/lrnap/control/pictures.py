"""The calls about films and pictures: framebuffers, EXR, .flm.

All pictures have their top row first, but for those that are made for Blender. Without a film they have no pixels, as
in classic Lux; calls that cannot do without raise LrnapError (STATE).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from lrnap.control import look
from lrnap.control.console import Picture
from lrnap.control.job import Array, Attachment, Floats, Steered
from lrnap.errors import Code, LrnapError
from lrnap.film import channels, output, resume
from lrnap.film.develop import Settings, develop, histogram, histogram_image
from lrnap.film.radiance import resolve
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Param

if TYPE_CHECKING:
    from lrnap.control.console import Console

NO_PIXELS = (0, 0)
COMPRESSIONS = ("rle", "piz", "zip", "pxr24", "none")


def empty() -> Picture:
    """Where there is no film."""
    none = np.zeros(NO_PIXELS, np.float32)
    return Picture(np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0, 3), np.float32), none, none)


def developed(film: Snapshot, settings: Settings) -> Picture:
    """Blocking."""
    display = develop(film, settings)[..., :3]
    linear = develop(film, settings, display=False)[..., :3]
    _, alpha = resolve(film)
    return Picture(
        np.rint(np.clip(display, 0, 1) * 255).astype(np.uint8),
        np.ascontiguousarray(np.clip(linear, 0, 1), np.float32),
        np.clip(alpha, 0, 1).astype(np.float32),
        depth(film),
        film,
        settings,
    )


def depth(film: Snapshot) -> Floats:
    """(H, W) float32, infinite where nothing is; of no pixels in a film that holds none."""
    planes = film.planes
    if "depth" not in planes.channels:
        return np.zeros(NO_PIXELS, np.float32)
    return channels.shown("depth", planes.channels["depth"])[..., 0]


# --- framebuffers -------------------------------------------------------------------------------------------------


async def update_framebuffer(console: Console) -> None:
    if not console.job.figures().film:
        console.picture = None
        return
    film = await console.job.film()
    settings = look.settings(console.job)
    console.picture = await asyncio.to_thread(developed, film, settings)


async def _picture(console: Console) -> Picture:
    """What UpdateFramebuffer made last; the first time, made now."""
    if console.picture is None:
        await update_framebuffer(console)
    return console.picture or empty()


async def framebuffer(console: Console) -> Array:
    return (await _picture(console)).display


async def float_framebuffer(console: Console) -> Array:
    return (await _picture(console)).linear


async def alpha_buffer(console: Console) -> Array:
    return (await _picture(console)).alpha


async def z_buffer(console: Console) -> Array:
    return (await _picture(console)).depth


async def blender_combined_depth_buffers(console: Console) -> tuple[Array, ...]:
    """(H, W, 4) and (H, W, 1), bottom row first. Pixels are opaque unless the Film has premultiplyalpha."""
    picture = await _picture(console)
    covered = picture.alpha if look.value(console.job, "premultiplyalpha") else np.ones_like(picture.alpha)
    rgba = np.concatenate([picture.linear, covered[..., None]], axis=2)[::-1]
    return np.ascontiguousarray(rgba), np.ascontiguousarray(picture.depth[::-1, :, None])


async def blender_combined_depth_rects(console: Console) -> tuple[Array, ...]:
    """The same as one row of pixels each: (H * W, 4) and (H * W, 1)."""
    rgba, distance = await blender_combined_depth_buffers(console)
    return rgba.reshape(-1, 4), distance.reshape(-1, 1)


async def get_histogram_image(console: Console, width: int, height: int, options: int) -> Array:
    """(height, width, 3) uint8, of the picture that is shown; black without one."""
    histogram.check(width, height, options)
    picture = await _picture(console)
    if picture.film is None:
        return np.zeros((height, width, 3), np.uint8)
    return await asyncio.to_thread(histogram_image, picture.film, picture.settings, width, height, options)


async def set_user_sampling_map(console: Console, numbers: Array) -> None:
    width, height = console.job.figures().size
    if not width:
        raise LrnapError(Code.STATE, "the size of the film is not known yet: wait until it renders")
    if numbers.size != width * height:
        raise LrnapError(
            Code.ARGS, f"a sampling map has a number for each pixel, here {width * height}, not {numbers.size}"
        )
    console.sampling_map = numbers.astype(np.float32).reshape(height, width)
    console.job.warn("SetUserSamplingMap: the map is kept and changes nothing, since the engine itself adapts sampling")


async def get_user_sampling_map(console: Console) -> Array:
    kept = console.sampling_map
    return np.zeros(NO_PIXELS, np.float32) if kept is None else kept.copy()


# --- files --------------------------------------------------------------------------------------------------------


async def save_exr(
    console: Console, file: str, half: bool, zbuffer: bool, compression: int, tonemapped: bool
) -> int | Attachment:
    """1, or the file itself where it cannot be written."""
    if not 0 <= compression < len(COMPRESSIONS):
        known = ", ".join(f"{i} {name}" for i, name in enumerate(COMPRESSIONS))
        raise LrnapError(Code.ARGS, f"there is no compression {compression}: {known}")
    film, settings = await _film(console.job)
    if zbuffer and "depth" not in film.layout.channels:
        wanted = "the scene asks for it with write_exr_ZBuf or write_png_ZBuf"
        console.job.warn(f"SaveEXR: the film holds no depth; {wanted}")
        zbuffer = False

    def encoded() -> bytes:
        return output.encode(
            "exr",
            film,
            settings,
            tonemapped=tonemapped,
            depth="half" if half else "float",
            compression=COMPRESSIONS[compression],
            channels=("depth",) if zbuffer else (),
        )

    return await console.job.write_file(file, await asyncio.to_thread(encoded)) or 1


async def save_flm(console: Console, file: str) -> Attachment | None:
    return await console.job.write_file(file, await _flm(console.job))


async def save_flm_to_stream(console: Console) -> bytes:
    """As in classic Lux the film begins anew, so that streams can be added up."""
    data = await _flm(console.job)
    await console.job.clear_film()
    console.picture = None
    return data


async def delete_flm_buffer(console: Console) -> None:  # noqa: ARG001
    return None


async def load_flm(console: Console, file: str) -> None:
    path = console.job.find_file(file)
    await console.job.show_film(*await asyncio.to_thread(resume.load, path))
    console.picture = None


async def load_flm_from_stream(console: Console, data: bytes, name: str) -> None:
    await console.job.show_film(*await asyncio.to_thread(resume.decode, data, name))
    console.picture = None


async def update_flm_from_stream(console: Console, data: bytes) -> float:
    """How many samples it brought."""
    film, _ = await asyncio.to_thread(resume.decode, data)
    await console.job.add_film(film)
    return film.samples


async def reset_flm(console: Console) -> None:
    await console.job.clear_film()
    console.picture = None


async def _flm(job: Steered) -> bytes:
    film, settings = await _film(job)
    return await asyncio.to_thread(output.encode, output.FILM, film, settings)


async def _film(job: Steered) -> tuple[Snapshot, Settings]:
    return await job.film(), look.settings(job)


# --- what the next Film says --------------------------------------------------------------------------------------


async def override_resume_flm(console: Console, file: str) -> None:
    flags = [Param("bool", "write_resume_flm", (True,)), Param("bool", "restart_resume_flm", (False,))]
    console.job.override_film([*flags, *_filename(file)])


async def override_filename(console: Console, file: str) -> None:
    console.job.override_film(_filename(file))


def _filename(file: str) -> list[Param]:
    """Without its extension, and nothing for no name."""
    folder, slash, name = file.replace("\\", "/").rpartition("/")
    stem = name.rpartition(".")[0] or name
    return [Param("string", "filename", (f"{folder}{slash}{stem}",))] if name else []

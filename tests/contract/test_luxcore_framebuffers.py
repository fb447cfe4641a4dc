"""The framebuffer calls on the real engine: a ball in the upper half of the picture, before nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import lrnap
from lrnap.client.context import Context
from lrnap.film import images

WIDTH, HEIGHT = 64, 48
DISTANCE, RADIUS = 4.0, 0.5


@pytest.fixture(scope="module")
def rendered() -> Iterator[Context]:
    with lrnap.Context(on_warning=lambda _: None) as lux:
        lux.lookAt(0, -DISTANCE, 0.5, 0, 0, 0.5, 0, 0, 1)
        lux.camera("perspective", {"float fov": 40})
        size = {"integer xresolution": WIDTH, "integer yresolution": HEIGHT}
        lux.film("fleximage", size | {"bool write_exr": True, "bool write_exr_ZBuf": True})
        lux.worldBegin()
        lux.lightSource("point", {"color L": [10, 10, 10], "point from": [0, -3, 3]})
        lux.material("matte", {"color Kd": [0.7, 0.2, 0.2]})
        lux.translate(0, 0, 1.2)
        lux.shape("sphere", {"float radius": RADIUS})
        lux.worldEnd()
        lux.render(spp=16)
        lux.wait()
        yield lux


def test_row_0_is_the_top_and_the_ball_is_red(rendered: Context) -> None:
    picture = rendered.framebuffer()
    upper, lower = picture[: HEIGHT // 2], picture[HEIGHT // 2 :]
    assert upper.mean() > 10 * max(lower.mean(), 0.01)
    assert upper[..., 0].mean() > 1.3 * upper[..., 1].mean()
    linear = rendered.floatFramebuffer()
    assert linear.min() >= 0 and linear.max() <= 1
    lit = linear[..., 0] > 0.01
    assert picture[..., 0][lit].min() > 0


def test_alpha_and_depth_are_those_of_the_ball(rendered: Context) -> None:
    alpha, depth = rendered.alphaBuffer(), rendered.zBuffer()
    assert alpha[HEIGHT // 2 :].max() == 0
    inside = alpha > 0.99
    assert inside.any()
    nearest = np.hypot(DISTANCE, 0.7) - RADIUS
    assert depth[inside].min() == pytest.approx(nearest, abs=0.05)
    assert np.isinf(depth[HEIGHT // 2 :]).all()


def test_blender_gets_the_bottom_row_first(rendered: Context) -> None:
    rgba, depth = rendered.blenderCombinedDepthBuffers()
    assert np.array_equal(rgba[::-1, :, :3], rendered.floatFramebuffer())
    assert (rgba[..., 3] == 1).all()  # the film does not premultiply
    assert np.array_equal(depth[::-1, :, 0], rendered.zBuffer())
    pixels, distances = rendered.blenderCombinedDepthRects()
    assert pixels.shape == (WIDTH * HEIGHT, 4) and distances.shape == (WIDTH * HEIGHT, 1)
    assert np.array_equal(pixels[0], rgba[0, 0])


def test_an_exr_holds_what_was_asked_for(rendered: Context, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rendered.saveEXR("plain.exr", True, False, 2, False) == 1
    assert rendered.saveEXR("depth.exr", False, True, 0, True) == 1
    assert images.read("plain.exr").shape == (HEIGHT, WIDTH, 4)
    layers = images.read_layers("depth.exr")
    assert layers.keys() - images.read_layers("plain.exr").keys()


def test_statistics_are_those_of_the_render(rendered: Context) -> None:
    assert rendered.getAttribute("renderer_statistics", "totalSamplesPerPixel") >= 16
    assert rendered.getAttribute("renderer_statistics", "percentHaltSppComplete") >= 100
    assert rendered.getAttribute("film", "enoughSamples") is True
    assert rendered.getAttribute("camera", "fov") == 40
    assert rendered.getAttribute("camera", "position.y") == pytest.approx(-DISTANCE)
    assert rendered.getAttribute("camera", "normal.y") == pytest.approx(1)
    assert "S/p (" in rendered.printableStatistics(True)
    rendered.updateFramebuffer()  # whose film it is that is measured
    assert rendered.getAttribute("film", "averageLuminance") > 0


def test_a_light_group_that_is_dimmed_darkens_the_picture(rendered: Context) -> None:
    before = rendered.framebuffer().astype(float)
    rendered.setParameterValue("LUX_FILM", "LG_SCALE_RED", 0.0, 0)
    rendered.updateFramebuffer()
    after = rendered.framebuffer()
    rendered.setParameterValue("LUX_FILM", "LG_SCALE_RED", 1.0, 0)
    rendered.updateFramebuffer()
    assert before[..., 0].mean() > 1
    assert after[..., 0].max() < before[..., 0].max() / 2
    assert np.abs(rendered.framebuffer().astype(float) - before).max() <= 1

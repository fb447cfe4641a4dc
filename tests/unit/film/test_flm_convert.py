"""Between classic Lux's films and ours: the same light, the same settings, whichever way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from films import film_of, noise
from hypothesis import given
from hypothesis import strategies as st

from lrnap.errors import LrnapError
from lrnap.film import flm, flm_parameters, output
from lrnap.film.develop import GroupLook, Settings, develop, to_8bit
from lrnap.film.develop.colour import ROOM
from lrnap.film.flm import BufferType, Flm, Group, Parameter, ParameterType
from lrnap.film.flm_convert import from_snapshot, to_snapshot
from lrnap.film.images import read as read_picture
from lrnap.film.merge import Film
from lrnap.film.radiance import resolve
from lrnap.film.snapshot import FilmLayout, Snapshot

PER_PIXEL, PER_SCREEN, PER_SCREEN_SCALED, RAW = BufferType
WHITE = ROOM.to_xyz @ np.ones(3)  # in XYZ


def buffer(light: float, alpha: float, weight: float, height: int = 2, width: int = 3) -> npt.NDArray[np.float32]:
    """Sums whose colour is white, with `light` as Y."""
    return np.broadcast_to(np.array([*(light * WHITE), alpha, weight], np.float32), (height, width, 5)).copy()


def film(
    *groups: tuple[float, dict[BufferType, npt.NDArray[np.float32]]], parameters: tuple[Parameter, ...] = ()
) -> Flm:
    """Of (samples, buffers by type) for each light group."""
    types = tuple(groups[0][1])
    return Flm(3, 2, types, tuple(Group(n, tuple(buffers.values())) for n, buffers in groups), parameters)


def radiance(snapshot: Snapshot) -> list[float]:
    """Of each light group, which is white and the same everywhere."""
    colours, _ = resolve(snapshot)
    for colour in colours:
        np.testing.assert_allclose(colour, colour.flat[0], rtol=1e-5)
    return [round(float(colour.flat[0]), 4) for colour in colours]


def two_groups(seed: int = 3) -> Snapshot:
    """With light-traced planes, and as many light paths as camera samples."""
    layout = FilmLayout(7, 9, ("key", "Zoë's lamp"), screen=True)
    random = np.random.default_rng(seed)
    block = random.random(layout.floats, np.float32) + np.float32(0.1)
    return Snapshot("a", 5, 3, layout, block, samples=630.0, screen_samples=630.0, seconds=4.0)


# --- what buffers mean --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "light"),
    [
        (PER_PIXEL, 8.0 / 4),
        (PER_SCREEN, 8.0 * 6 / 24),
        (PER_SCREEN_SCALED, 8.0 / 24),
        (RAW, 8.0),
    ],
)
def test_each_type_of_buffer_is_divided_by_its_own(kind: BufferType, light: float) -> None:
    snapshot = to_snapshot(film((24.0, {kind: buffer(8, 2, 4)})))
    assert radiance(snapshot) == [round(light, 4)]
    assert np.allclose(resolve(snapshot)[1], 0.5)
    assert snapshot.samples == 24


def test_buffers_of_a_light_group_are_summed() -> None:
    both = film((24.0, {PER_PIXEL: buffer(8, 4, 4), PER_SCREEN: buffer(1, 4, 4)}))
    assert radiance(to_snapshot(both)) == [8 / 4 + 6 / 24]


def test_light_groups_may_have_counted_differently() -> None:
    """Classic Lux throws outliers away group by group."""
    uneven = film((24.0, {PER_PIXEL: buffer(8, 4, 4)}), (12.0, {PER_PIXEL: buffer(9, 3, 3)}))
    assert radiance(to_snapshot(uneven)) == [2.0, 3.0]
    uneven = film((24.0, {PER_SCREEN: buffer(8, 4, 4)}), (12.0, {PER_SCREEN: buffer(8, 4, 4)}))
    assert radiance(to_snapshot(uneven)) == [2.0, 4.0]


def test_what_no_sample_reached_is_black_and_transparent() -> None:
    empty = film((0.0, {PER_PIXEL: buffer(0, 0, 0), PER_SCREEN: buffer(0, 0, 0)}))
    colours, alpha = resolve(to_snapshot(empty))
    assert not colours.any()
    assert not alpha.any()


def test_what_is_not_finite_is_left_to_merging() -> None:
    sums = buffer(8, 4, 4)
    sums[0, 0] = np.nan
    sums[0, 1, 0] = np.inf
    sums[0, 2, :3] = 3e38
    snapshot = to_snapshot(film((24.0, {PER_PIXEL: sums})))
    merged = Film(snapshot.layout)
    merged.add(snapshot)
    assert np.isfinite(merged.merged().block).all()
    assert np.allclose(resolve(merged.merged())[0][0, 1], 2)


# --- there and back -----------------------------------------------------------------------------------------------


def test_a_film_of_ours_comes_back() -> None:
    ours = two_groups()
    back = to_snapshot(flm.decode(flm.encode(from_snapshot(ours))))
    assert back.layout == ours.layout
    assert (back.samples, back.screen_samples) == (630, 630)
    assert np.array_equal(back.planes.weight, ours.planes.weight)
    assert np.array_equal(back.planes.alpha, ours.planes.alpha)
    np.testing.assert_allclose(resolve(back)[0], resolve(ours)[0], rtol=1e-5, atol=1e-5)


def test_light_paths_and_camera_samples_may_differ_in_number() -> None:
    layout = FilmLayout(3, 2, screen=True)
    for camera, paths in ((60.0, 600.0), (0.0, 600.0), (60.0, 0.0)):
        block = layout.new_block()
        planes = layout.planes(block)
        planes.weight[:] = planes.alpha[:] = 10 if camera else 0
        planes.pixel[:] = 20 if camera else 0
        planes.screen[:] = 5 if paths else 0  # type: ignore[index]
        ours = Snapshot("a", 1, 1, layout, block, camera, paths)
        np.testing.assert_allclose(resolve(to_snapshot(from_snapshot(ours)))[0], resolve(ours)[0], rtol=1e-5)


def test_adding_classic_films_is_adding_ours() -> None:
    one, other = two_groups(3), two_groups(4)
    ours = Film(one.layout)
    ours.add(one)
    ours.add(Snapshot("b", 6, 3, other.layout, other.block, 630.0, 630.0))
    theirs = to_snapshot(flm.merge(from_snapshot(one), from_snapshot(other)))
    np.testing.assert_allclose(resolve(theirs)[0], resolve(ours.merged())[0], rtol=1e-5, atol=1e-5)
    assert theirs.samples == ours.samples


def test_classic_lux_shows_what_only_light_paths_reached() -> None:
    """It calls a pixel black whose weight is 0."""
    layout = FilmLayout(2, 1, screen=True)
    block = layout.new_block()
    layout.planes(block).screen[0, 0, 0] = 1.0  # type: ignore[index]
    lit = from_snapshot(Snapshot("a", 1, 1, layout, block, 2.0, 2.0)).groups[0].buffers[1]
    assert lit[0, :, 4].tolist() == [1, 0]


def test_colours_are_xyz_of_the_default_colour_space() -> None:
    grey = from_snapshot(film_of(np.full((2, 3, 3), 0.5), weight=4)).groups[0].buffers[0]
    np.testing.assert_allclose(grey[0, 0], [*(0.5 * 4 * WHITE), 4, 4], rtol=1e-6)


# --- settings -----------------------------------------------------------------------------------------------------


def test_all_parameters_are_written_in_classic_order() -> None:
    numbers = [p.number for p in flm_parameters.from_settings(Settings(), ("a", "b"))]
    head = [*range(9), 64, *range(9, 18), 62, 63, *range(18, 31), 61, 73, 74, 75, *range(32, 50)]
    assert numbers == [*head, *[53, 51, 54, 56, 55, 57, 52] * 2]
    assert len(head) == 56


def test_settings_come_back() -> None:
    gains = {
        "key": GroupLook(2.0, (1.0, 0.5, 0.25)),
        "fill": GroupLook(enabled=False),
        "rest": GroupLook(temperature=6500.0),
    }
    chosen = Settings.from_params(
        {"tonemapkernel": "linear", "linear_exposure": 0.3, "gamma": 1.8, "ldr_clamp_method": "hue",
         "colorspace_white": (0.3, 0.31), "contrast_ywa": 3.5},
        gains,
    )  # fmt: skip
    parameters = flm_parameters.from_settings(chosen, ("key", "fill", "rest"))
    packed = flm.decode(flm.encode(film((1.0, {RAW: buffer(0, 0, 0)}), parameters=parameters)))
    assert flm_parameters.names(packed.parameters, 3) == ("key", "fill", "rest")
    assert flm_parameters.settings(packed.parameters, ("key", "fill", "rest")) == (chosen, ())


def test_a_film_without_parameters_is_developed_as_usual() -> None:
    """Films on their way between classic Lux's machines have none."""
    assert flm_parameters.settings((), ("a",)) == (Settings(), ())
    assert flm_parameters.names((), 2) == ("lightgroup #1", "lightgroup #2")


def test_half_a_chromaticity_is_completed() -> None:
    half, _ = flm_parameters.settings((Parameter(9, 0.3),), ())
    assert half.colorspace_white == (0.3, Settings().colorspace_white[1])


def test_wishes_that_cannot_be_met_are_named() -> None:
    wishes = (
        Parameter(62, 1.0),
        Parameter(63, "Agfacolor_HDC_100_plusCD", 0, ParameterType.STRING),
        Parameter(57, 99.0, 0),
    )
    _, notes = flm_parameters.settings(wishes, ("key",))
    assert len(notes) == 2
    assert "cameraresponse" in notes[0]
    assert "'key' has a temperature of 99 K" in notes[1]


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        (Parameter(0, 17.0), r"parameter 0 \(TM_TONEMAPKERNEL\) must be 0 \(reinhard\)"),
        (Parameter(0, float("nan")), "must be a finite number"),
        (Parameter(0, "linear", 0, ParameterType.STRING), "must be a finite number"),
        (Parameter(17, -1.0), "'gamma' must be a number from"),
        (Parameter(9, 5.0), "'colorspace_white' must be"),
        (Parameter(53, float("inf")), r"parameter 53 \(LG_SCALE\) must be a finite number"),
    ],
)
def test_parameters_out_of_range_are_named(parameter: Parameter, says: str) -> None:
    with pytest.raises(LrnapError, match=says):
        flm_parameters.settings((parameter,), ("key",))


def test_what_is_changed_counts_instead() -> None:
    chosen, _ = flm_parameters.settings((Parameter(17, -1.0), Parameter(0, 3.0)), (), {"gamma": 2.0})
    assert (chosen.gamma, chosen.tonemapkernel) == (2.0, "maxwhite")


NAMES = st.sampled_from(["", "a", "a\0b", "b", "lightgroup #1", "lightgroup #2", "x" * 2000, "\udcff"])


@given(st.lists(st.builds(Parameter, st.just(52), NAMES, st.integers(0, 4), st.just(ParameterType.STRING)), max_size=6))
def test_light_groups_always_have_names_that_differ(parameters: list[Parameter]) -> None:
    names = flm_parameters.names(parameters, 4)
    assert len(set(names)) == 4
    assert all(name and name.encode() for name in names)


# --- pictures -----------------------------------------------------------------------------------------------------


def test_a_film_of_luxrender_makes_luxrenders_picture(shared_scenes: Path) -> None:
    """Its picture was made with the brightest pixel white; ours is the same, the right way up, but for rounding."""
    theirs = read_picture(shared_scenes / "bumpmapping" / "reference.png")[..., :3]
    snapshot = to_snapshot(flm.read(shared_scenes / "bumpmapping" / "reference.flm"))
    assert snapshot.layout == FilmLayout(640, 480, ("default",))
    ours = np.asarray(develop(snapshot, Settings(tonemapkernel="maxwhite")), np.float32)[..., :3]
    assert np.abs(ours - theirs).max() < 7 / 255
    assert np.abs(ours[::-1] - theirs).mean() > 10 * np.abs(ours - theirs).mean()


def test_a_film_develops_as_what_it_was_made_of(tmp_path: Path) -> None:
    ours = film_of(noise(), weight=16)
    chosen = Settings.from_params({"tonemapkernel": "linear", "gamma": 1.6})
    output.save(tmp_path / "a.flm", ours, chosen, {"spp": 16})
    classic = flm.read(tmp_path / "a.flm")
    snapshot = to_snapshot(classic)
    settings, _ = flm_parameters.settings(classic.parameters, snapshot.layout.groups)
    assert output.encode("flm", ours, chosen) == (tmp_path / "a.flm").read_bytes()
    difference = to_8bit(develop(snapshot, settings)).astype(int) - to_8bit(develop(ours, chosen))
    assert np.abs(difference).max() <= 1


def test_names_of_files_are_told_apart() -> None:
    assert output.kind_of("a.FLM") == "flm"
    assert output.kind_of("a.png") == "png"
    with pytest.raises(LrnapError, match=r"\.exr .*, a film's in \.flm"):
        output.kind_of("a.flmx")

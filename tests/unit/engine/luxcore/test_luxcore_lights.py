"""How bright things are: the numbers that make LuxCore's lights as bright as classic Lux's."""

from __future__ import annotations

import math

import pytest

from lrnap.engine.luxcore import spectra

L = spectra.L_UNIT
EMITTER = 'Scale {scale} AreaLightSource "area" "color L" [1 1 1] {params}'


def light(translation, index: int = 0) -> dict[str, list]:
    """The properties of a light, without their prefix."""
    names = list(dict.fromkeys(key.split(".")[2] for key in translation.scene if key.startswith("scene.lights.")))
    return fields(translation, f"scene.lights.{names[index]}.")


def fields(translation, prefix: str) -> dict[str, list]:
    return {key.removeprefix(prefix): value for key, value in translation.scene.items() if key.startswith(prefix)}


def emission(translated, params: str, scale: str = "1 1 1", before: str = "") -> dict[str, list]:
    translation = translated(f"{before} {EMITTER.format(scale=scale, params=params)}", lamp="")
    return fields(translation, "scene.materials.mat_default.emission.") | {
        "L": translation.scene["scene.materials.mat_default.emission"]
    }


def test_without_power_the_radiance_of_an_area_light_is_L_times_gain(translated):
    assert emission(translated, '"float power" [0] "float gain" [2]')["gain"] == pytest.approx([2 * L] * 3)


@pytest.mark.parametrize(("scale", "area"), [("1 1 1", 4.0), ("2 1 1", 8.0), ("-1 3 1", 12.0)])
def test_power_and_efficacy_are_the_flux_of_an_area_light_however_large_it_is(translated, scale, area):
    radiance = emission(translated, '"float power" [10] "float efficacy" [20]', scale)["gain"][0]
    assert radiance * math.pi * area * spectra.luminance((1.0, 1.0, 1.0)) == pytest.approx(200.0, rel=1e-5)


def test_an_area_light_of_constant_texture_is_its_colour(translated):
    found = emission(
        translated, '"texture L" ["b"]', before='Texture "b" "color" "blackbody" "float temperature" [3000]'
    )
    assert found["L"] == pytest.approx(spectra.blackbody(3000.0))


def test_the_engine_normalises_area_lights_of_varying_textures(translated):
    found = emission(translated, '"texture L" ["c"]', before='Texture "c" "color" "checkerboard"')
    assert (found["power"], found["efficency"], found["gain"], found["L"]) == ([100.0], [17.0], [1.0] * 3, ["tex_c"])


def test_the_engine_spreads_a_point_lights_flux_of_one_over_the_sphere(translated):
    found = light(translated(lamp='LightSource "point" "float gain" [3]'))
    assert found["gain"] == pytest.approx([3 * L * 4 * math.pi] * 3)


def test_power_is_the_flux_of_a_point_light(translated):
    found = light(translated(lamp='LightSource "point" "float power" [10] "float efficacy" [5] "color L" [1 0 0]'))
    assert found["gain"][0] * spectra.luminance((1.0, 0.0, 0.0)) == pytest.approx(50.0)


def test_a_point_light_stands_where_from_says_in_the_world(translated):
    found = light(translated(lamp='Scale 2 2 2 LightSource "point" "point from" [1 2 3]'))
    assert found["transformation"][12:15] == [1.0, 2.0, 3.0]


def test_a_distant_light_is_as_bright_however_wide_it_is(translated):
    sharp = light(translated(lamp='LightSource "distant"'))
    wide = light(translated(lamp='LightSource "distant" "float theta" [10]'))
    cone = 2 * math.pi * (1 - math.cos(math.radians(10)))
    assert (sharp["type"], wide["type"]) == (["sharpdistant"], ["distant"])
    assert wide["gain"][0] * cone == pytest.approx(sharp["gain"][0])


def test_sun_and_sky_come_together_and_the_old_sky_is_drawn_as_an_image(translated):
    translation = translated(lamp='LightSource "sunsky" "float turbidity" [3]')
    assert [light(translation, i)["type"] for i in (0, 1)] == [["sun"], ["infinite"]]
    assert light(translation, 1)["file"][0] in translation.images
    assert not translation.warnings


def test_skies_of_one_sun_are_drawn_once(translated):
    translation = translated(lamp='LightSource "sky" LightSource "sky" LightSource "sky" "float aconst" [2]')
    assert len(translation.images) == 2


def test_an_environment_image_keeps_its_colour_and_gamma(translated, image):
    lamp = 'LightSource "infinite" "string mapname" ["sky.png"] "color L" [1 2 4] "float gamma" [2.2]'
    found = light(translated(lamp=lamp, files={"sky.png": image}))
    assert (found["file"], found["gamma"][0]) == ([image], pytest.approx(2.2))
    assert found["gain"] == pytest.approx([L, 2 * L, 4 * L])


def test_light_groups_are_numbered_in_order_up_to_the_last_that_gives_light(translated):
    lamps = 'LightGroup "key" LightSource "point" LightGroup "fill" LightSource "point"'
    translation = translated(lamp=lamps)
    assert translation.groups == translation.layout.groups == ("key", "fill")
    assert [light(translation, i)["id"] for i in (0, 1)] == [[0], [1]]


def test_one_material_under_two_lights_is_written_twice(translated):
    quad = 'Shape "disk"'
    world = f'MakeNamedMaterial "m" NamedMaterial "m" {quad}' + "".join(
        f' AttributeBegin LightGroup "{group}" AreaLightSource "area" {quad} AttributeEnd' for group in "ab"
    )
    scene = translated(world, lamp="").scene
    ids = {key: value for key, value in scene.items() if key.endswith("emission.id")}
    assert sorted(ids.values()) == [[0], [1]]
    assert len({value[0] for key, value in scene.items() if key.endswith(".material")}) == 3


def test_null_with_light_is_seen_from_the_front_only(translated):
    translation = translated('Material "null" AreaLightSource "area"', lamp="")
    found = fields(translation, "scene.materials.mat__1.")
    assert (found["type"], found["kd"], found["transparency.back"]) == (["matte"], [0.0] * 3, [0.0])
    assert any("null" in warning for warning in translation.warnings)


def test_white_light_is_one_and_a_black_body_is_redder_when_cooler():
    day, lamp = spectra.blackbody(6500.0), spectra.blackbody(2800.0)
    assert day == pytest.approx((1.0, 1.0, 1.0), abs=0.06)
    assert lamp[0] > lamp[1] > lamp[2] > 0

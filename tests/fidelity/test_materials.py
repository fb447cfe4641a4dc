"""Materials: what they reflect and let pass of an even light, against arithmetic.

Under a sky of 1 everywhere a surface that loses no light cannot be told from the sky (a white furnace), and a mirror
shows its reflectance, without noise but that of the choice between reflection and transmission.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import bench
from lrnap.engine.luxcore import spectra

SKY = 'LightSource "infinite"'
ANGLES = (0.0, 30.0, 60.0, 75.0)
SMOOTH = '"float uroughness" [0.0001] "float vroughness" [0.0001]'


def aslant(degrees: float) -> str:
    """A camera that looks at the middle of the square from that far off its normal."""
    x, z = 0.5 - 5 * math.sin(math.radians(degrees)), 5 * math.cos(math.radians(degrees))
    window = '"float screenwindow" [-0.02 0.02 -0.02 0.02]'
    return f'LookAt {x} 0.5 {z}  0.5 0.5 0  0 1 0  Camera "orthographic" {window}'


def seen(materials: dict[str, str], angles: tuple[float, ...] = ANGLES, spp: int = 64) -> dict[str, np.ndarray]:
    """(angles, 3): what the square shows of the sky, by the name of its material."""
    keys = [(name, angle) for name in materials for angle in angles]
    scenes = [bench.scene(f"{SKY} {materials[n]} {bench.SQUARE}", camera=aslant(a), size=4, depth=8) for n, a in keys]
    pictures = bench.render(scenes, spp=spp)
    means = np.array([picture.mean(axis=(0, 1)) for picture in pictures]).reshape(len(materials), len(angles), 3)
    return dict(zip(materials, means, strict=True))


# What loses no light. The last number: how much of it the model itself is known to lose or gain.
CONSERVING = {
    "matte": ('Material "matte" "color Kd" [1 1 1]', 0.01),
    "mattetranslucent": ('Material "mattetranslucent" "color Kr" [0.4 0.4 0.4] "color Kt" [0.6 0.6 0.6]', 0.02),
    "scatter": ('Material "scatter" "color Kd" [1 1 1] "color g" [0.3 0.3 0.3]', 0.02),
    "mirror": ('Material "mirror"', 0.001),
    "architectural glass": ('Material "glass" "bool architectural" ["true"]', 0.1),
    "metal2": (f'Material "metal2" "float fresnel" [1000] {SMOOTH}', 0.01),
    "null": ('Material "null"', 0.001),
    "mix": (
        'MakeNamedMaterial "a" "string type" ["matte"] "color Kd" [1 1 1]'
        ' MakeNamedMaterial "b" "string type" ["mirror"]'
        ' Material "mix" "string namedmaterial1" ["a"] "string namedmaterial2" ["b"] "float amount" [0.3]',
        0.02,
    ),
    "layered": (
        'MakeNamedMaterial "a" "string type" ["matte"] "color Kd" [1 1 1]'
        ' MakeNamedMaterial "b" "string type" ["mirror"]'
        ' Material "layered" "string namedmaterial1" ["a"] "string namedmaterial2" ["b"] "float opacity1" [0.4]'
        ' "float opacity2" [0.5]',
        0.05,
    ),
    "doubleside": (
        'MakeNamedMaterial "a" "string type" ["matte"] "color Kd" [1 1 1] MakeNamedMaterial "b" "string type" ["matte"]'
        ' "color Kd" [0 0 0] Material "doubleside" "string frontnamedmaterial" ["a"] "string backnamedmaterial" ["b"]',
        0.01,
    ),
}


def test_a_white_furnace_hides_what_loses_no_light() -> None:
    found = seen({name: material for name, (material, _) in CONSERVING.items()}, (0.0, 60.0), spp=256)
    for name, (_, loss) in CONSERVING.items():
        assert found[name] == pytest.approx(np.ones((2, 3)), abs=loss + 0.01), name


def film(thickness: float, index: float, degrees: float) -> np.ndarray:
    """What a film leaves of a mirror's white: the square of the cosine of each wavelength's phase, as a colour."""
    path = math.sqrt(index**2 - math.sin(math.radians(degrees)) ** 2)
    left = np.cos(4 * math.pi * thickness / spectra.WAVELENGTHS * path) ** 2
    return np.divide(spectra.illuminant(left), spectra.illuminant(np.ones_like(left)))


@pytest.mark.parametrize("angle", [0.0, 60.0, 180.0])
def test_a_mirror_with_a_thin_film_shimmers_by_the_angle(angle: float) -> None:
    films = {
        thickness: f'Material "mirror" "float film" [{thickness}] "float filmindex" [1.5]' for thickness in (100, 600)
    }
    found = seen({str(thickness): material for thickness, material in films.items()}, (angle,), spp=16)
    for thickness in films:
        assert found[str(thickness)][0] == pytest.approx(film(thickness, 1.5, angle), abs=0.05)


@pytest.mark.parametrize("reflected", [0.5, 0.8, 0.95])
def test_light_that_bounces_often_is_as_bright_as_arithmetic_says(reflected: float) -> None:
    """A half sphere under the sky: half of what each point sees is the sky, the other half is as bright as itself.

    Russian roulette, as the engine plays it after three bounces, makes this 1.3, 3.3 and 4.6 % too bright.
    """
    bowl = f'Material "matte" "color Kd" {[reflected] * 3} Shape "sphere" "float radius" [1] "float zmax" [0]'
    world = f"{SKY} {bowl}".replace(",", "")
    camera = 'LookAt 0 0 5  0 0 0  0 1 0 Camera "orthographic" "float screenwindow" [-.5 .5 -.5 .5]'
    (seen,) = bench.render([bench.scene(world, camera=camera, depth=60)], spp=200)
    assert seen.mean() == pytest.approx(reflected / (2 - reflected), rel=0.006)


def test_a_room_that_glows_all_over_is_as_bright_as_arithmetic_says() -> None:
    """Where lamps are sampled and hit alike: with roulette after three bounces this is 16 % too bright."""
    room = 'AreaLightSource "area" "float power" [0] ReverseOrientation Shape "sphere" "float radius" [1]'
    inside = 'LookAt 0 0 0  0 0 -1  0 1 0 Camera "perspective" "float fov" [80]'
    world = f'Material "matte" "color Kd" [.8 .8 .8] {room}'
    (seen,) = bench.render([bench.scene(world, camera=inside, size=8, depth=60)], spp=100)
    assert seen.mean() == pytest.approx(1 / (1 - 0.8), rel=0.005)


def test_a_rough_matte_surface_is_darker_by_oren_and_nayars_formula() -> None:
    found = seen({"rough": 'Material "matte" "color Kd" [1 1 1] "float sigma" [30]'}, (0.0,), spp=256)
    square = math.radians(30) ** 2
    assert found["rough"][0] == pytest.approx(np.full(3, 1 - square / (2 * (square + 0.33))), abs=0.02)


def test_what_is_mixed_with_nothing_is_there_by_its_share() -> None:
    both = (
        'MakeNamedMaterial "a" "string type" ["matte"] "color Kd" [1 0 0] MakeNamedMaterial "n" "string type" ["null"]'
        ' Material "mix" "string namedmaterial1" ["{}"] "string namedmaterial2" ["{}"] "float amount" [0.25]'
    )
    found = seen({"mostly": both.format("a", "n"), "hardly": both.format("n", "a")}, (0.0,), spp=400)
    assert found["mostly"][0] == pytest.approx([1, 0.25, 0.25], abs=0.02)
    assert found["hardly"][0] == pytest.approx([1, 0.75, 0.75], abs=0.02)


def dielectric(n: float, degrees: float) -> float:
    """Fresnel's reflectance of unpolarised light."""
    c = math.cos(math.radians(degrees))
    t = math.sqrt(1 - (1 - c * c) / n**2)
    return (((c - n * t) / (c + n * t)) ** 2 + ((n * c - t) / (n * c + t)) ** 2) / 2


def conductor(n: np.ndarray, k: np.ndarray, degrees: float) -> np.ndarray:
    """The same with absorption, as classic Lux approximates it."""
    c = math.cos(math.radians(degrees))
    sine2 = (1 - c * c) / n**2
    t2, a = 1 - sine2, 2 * k * k * sine2
    t = np.sqrt((t2 + np.sqrt(t2 * t2 + a * a)) / 2)
    both = n * n + k * k
    parallel = (both * c * c + t * t - 2 * c * t * n) / (both * c * c + t * t + 2 * c * t * n)
    across = (both * t * t + c * c - 2 * c * t * n) / (both * t * t + c * c + 2 * c * t * n)
    return (parallel + across) / 2


GOLD = np.array([0.09812042, 0.3736585, 1.57058]), np.array([3.353643, 2.526033, 1.767798])
SILVER = np.array([0.1295209, 0.1223102, 0.1516005]), np.array([4.064717, 3.300159, 2.377164])


def test_glass_reflects_what_fresnel_says() -> None:
    found = seen(
        {
            "glass": 'Material "glass" "float index" [1.5] "color Kt" [0 0 0]',
            "dense": 'Material "glass" "float index" [2] "color Kt" [0 0 0] "color Kr" [0.5 0.5 0.5]',
            "of a volume": 'MakeNamedVolume "v" "clear" "float fresnel" [1.5] Interior "v" Material "glass2"',
        },
        spp=256,
    )
    glass = np.array([dielectric(1.5, angle) for angle in ANGLES])
    assert found["glass"][:, 0] == pytest.approx(glass, abs=0.02)
    assert found["dense"][:, 0] == pytest.approx([dielectric(2, angle) / 2 for angle in ANGLES], abs=0.02)
    # What passes into glass has its radiance divided by the index squared, seen from outside.
    assert found["of a volume"][:, 0] == pytest.approx(glass + (1 - glass) / 1.5**2, abs=0.02)


def test_metals_reflect_what_their_n_and_k_say() -> None:
    gold = 'Texture "gold" "fresnel" "preset" "string name" ["gold"]'
    silver = 'Texture "silver" "fresnel" "preset" "string name" ["silver"]'
    mixed = 'Texture "both" "fresnel" "mix" "texture tex1" ["gold"] "texture tex2" ["silver"] "float amount" [0.25]'
    banded = (
        'Texture "both" "fresnel" "band" "float offsets" [0 1] "texture tex1" ["gold"] "texture tex2" ["silver"]'
        ' "float amount" [0.25]'
    )
    metals = {
        "gold": f'Material "metal" "string name" ["gold"] {SMOOTH}',
        "number": f'Material "metal2" "float fresnel" [5] {SMOOTH}',
        "mix": f'{gold} {silver} {mixed} Material "metal2" "texture fresnel" ["both"] {SMOOTH}',
        "band": f'{gold} {silver} {banded} Material "metal2" "texture fresnel" ["both"] {SMOOTH}',
    }
    both = 0.75 * GOLD[0] + 0.25 * SILVER[0], 0.75 * GOLD[1] + 0.25 * SILVER[1]
    expected = {"gold": GOLD, "number": (np.full(3, 5.0), np.zeros(3)), "mix": both, "band": both}
    for name, picture in seen(metals).items():
        n, k = expected[name]
        assert picture == pytest.approx(np.array([conductor(n, k, a) for a in ANGLES]), abs=0.02), name


def test_formulas_of_glass_are_the_index_at_red_green_and_blue() -> None:
    """BK7 by Sellmeier's formula and by Abbe's number: the same within what Abbe's number says."""
    sellmeier = (
        '"sellmeier" "float B" [1.03961212 0.231792344 1.01046945] "float C" [0.00600069867 0.0200179144 103.560653]'
    )
    metals = {
        name: f'Texture "n" "fresnel" {formula} Material "metal2" "texture fresnel" ["n"] {SMOOTH}'
        for name, formula in {"sellmeier": sellmeier, "abbe": '"abbe" "float V" [64.17] "float n" [1.5168]'}.items()
    }
    found = seen(metals, (0.0,), spp=256)
    for reflectance in found.values():
        assert reflectance[0] == pytest.approx([dielectric(n, 0) for n in (1.5145, 1.5187, 1.5264)], abs=5e-4)
        assert reflectance[0, 0] < reflectance[0, 1] < reflectance[0, 2]


def test_light_is_shared_by_layers_and_sides_as_they_say() -> None:
    red, blue = (
        f'MakeNamedMaterial "{name}" "string type" ["matte"] "color Kd" [{color}]'
        for name, color in (("red", "1 0 0"), ("blue", "0 0 1"))
    )
    names = '"string {}" ["red"] "string {}" ["blue"]'
    layered = f'{red} {blue} Material "layered" {names.format("namedmaterial1", "namedmaterial2")}'
    doubleside = f'{red} {blue} Material "doubleside" {names.format("frontnamedmaterial", "backnamedmaterial")}'
    found = seen(
        {
            "layered": f'{layered} "float opacity1" [0.25] "float opacity2" [0.5]',
            "front": doubleside,
            "back": f"{doubleside} ReverseOrientation",
            "scatter": 'Material "scatter" "color Kd" [0.8 0.4 0] "color g" [0.5 0.5 0.5]',
        },
        (0.0,),
        spp=400,
    )
    open_sky = (1 - 0.25) * (1 - 0.5)
    assert found["layered"][0] == pytest.approx([0.25 + open_sky, open_sky, 0.375 + open_sky], abs=0.02)
    assert found["front"][0] == pytest.approx([1, 0, 0], abs=0.02)
    assert found["back"][0] == pytest.approx([0, 0, 1], abs=0.02)
    assert found["scatter"][0] == pytest.approx([0.8, 0.4, 0], abs=0.02)

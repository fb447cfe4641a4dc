"""Textures: mappings, the order of gain and gamma, constants, and what stands in for what cannot be rendered."""

from __future__ import annotations

import numpy as np
import pytest

from lrnap.engine.luxcore import spectra
from lrnap.engine.luxcore.fresnel import RGB_WAVELENGTHS
from lrnap.errors import SceneError


def texture(translated, params: str, variant: str = "color", **options) -> dict[str, list]:
    use = {"color": '"texture Kd" ["t"]', "float": '"texture sigma" ["t"]'}[variant]
    translation = translated(f'Texture "t" "{variant}" {params} Material "matte" {use}', **options)
    prefix = "scene.textures.tex_t."
    return {key.removeprefix(prefix): value for key, value in translation.scene.items() if key.startswith(prefix)}


def test_classic_lux_multiplies_an_image_before_it_decodes_it(translated, image):
    params = '"imagemap" "string filename" ["i"] "float gain" [2] "float gamma" [2.2]'
    found = texture(translated, params, files={"i": image})
    assert (found["file"], found["gamma"], found["gain"]) == ([image], [pytest.approx(2.2)], [pytest.approx(2**2.2)])


def test_uv_mapping_and_wrapping_of_an_image(translated, image):
    params = (
        '"imagemap" "string filename" ["i"] "string wrap" ["clamp"] "string channel" ["alpha"]'
        ' "float uscale" [2] "float vscale" [-3] "float udelta" [.5] "float vdelta" [.25]'
    )
    found = texture(translated, params, "float", files={"i": image})
    assert (found["mapping.uvscale"], found["mapping.uvdelta"]) == ([2.0, -3.0], [0.5, 0.25])
    assert (found["wrap"], found["channel"]) == (["clamp"], ["alpha"])


def test_a_pattern_in_space_goes_from_the_world_to_the_texture(translated):
    params = '"checkerboard" "integer dimension" [3] "vector scale" [2 4 8] "vector translate" [1 2 3]'
    found = texture(translated, params)
    matrix = np.array(found["mapping.transformation"]).reshape(4, 4).T
    assert found["mapping.type"] == ["globalmapping3d"]
    assert matrix @ [1, 2, 3, 1] == pytest.approx([0, 0, 0, 1])
    assert matrix @ [3, 6, 11, 1] == pytest.approx([1, 1, 1, 1])


@pytest.mark.parametrize(("axis", "point", "turned"), [("1 0 0", 1, 2), ("0 1 0", 2, 0), ("0 0 1", 0, 1)])
def test_rotations_of_a_pattern_are_right_handed(translated, axis, point, turned):
    angles = " ".join("90" if a == "1" else "0" for a in axis.split())
    found = texture(translated, f'"checkerboard" "integer dimension" [3] "vector rotate" [{angles}]')
    matrix = np.array(found["mapping.transformation"]).reshape(4, 4).T
    assert matrix[:3, :3] @ np.eye(3)[point] == pytest.approx(np.eye(3)[turned])


def test_blender_patterns_lie_between_their_two_textures(translated):
    plain = texture(translated, '"blender_clouds" "string noisebasis" ["voronoi_crackle"]', "float")
    mixed = texture(translated, '"blender_clouds" "float tex1" [2]', "float")
    assert (plain["type"], plain["noisebasis"]) == (["blender_clouds"], ["voronoi_crackle"])
    assert (mixed["type"], mixed["texture1"], mixed["texture2"]) == (["mix"], [2.0], [1.0])


@pytest.mark.parametrize(
    ("classic", "engine"), [('"string type" ["halo"]', "halo"), ('"string type" ["lin"]', "linear"), ("", "linear")]
)
def test_blend_types_have_longer_names_in_the_engine(translated, classic, engine):
    assert texture(translated, f'"blender_blend" {classic}', "float")["progressiontype"] == [engine]


def test_spectra_are_colours(translated):
    found = texture(translated, '"blackbody" "float temperature" [4000]')
    assert (found["type"], found["value"]) == (["constfloat3"], pytest.approx(list(spectra.blackbody(4000.0))))


def test_cauchys_index_is_that_in_the_middle_of_the_visible_range(translated):
    world = 'Texture "r" "fresnel" "cauchy" "float index" [1.6] "float cauchyb" [.01]'
    scene = translated(f'{world} Material "metal2" "texture fresnel" ["r"]').scene
    a = 1.6 - 0.01 / (0.720 * 0.380)
    assert scene["scene.textures.tex_r.n"] == pytest.approx([a + 0.01 / w**2 for w in RGB_WAVELENGTHS])


def test_abbes_number_is_what_cauchys_formula_gives(translated):
    world = 'Texture "r" "fresnel" "abbe" "float V" [64.17] "float n" [1.5168]'
    scene = translated(f'{world} Material "metal2" "texture fresnel" ["r"]').scene
    b, a = np.polyfit(np.array(RGB_WAVELENGTHS) ** -2.0, scene["scene.textures.tex_r.n"], 1)
    n = {line: a + b / line**2 for line in (0.58756, 0.48613, 0.65627)}
    assert (n[0.58756] - 1) / (n[0.48613] - n[0.65627]) == pytest.approx(64.17)


@pytest.mark.parametrize(("depth", "refused"), [(60, False), (3000, True)])
def test_nested_textures_take_linear_time_and_have_an_end(translated, depth, refused):
    """Each uses the one before it twice: followed naively, 60 of them are 10^18 visits."""
    chain = "".join(
        f'Texture "t{i + 1}" "float" "scale" "texture tex1" ["t{i}"] "texture tex2" ["t{i}"] ' for i in range(depth)
    )
    world = f'Texture "t0" "float" "constant" "float value" [1] {chain} Material "matte" "texture sigma" ["t{depth}"]'
    if refused:
        with pytest.raises(SceneError, match="is nested in 64 others"):
            translated(world)
    else:
        assert ["roughmatte"] in translated(world).scene.values()


def test_textures_that_nothing_uses_cost_nothing(translated):
    translation = translated('Texture "t" "color" "imagemap" "string filename" ["gone.png"]')
    assert not [key for key in translation.scene if key.startswith("scene.textures.")]


@pytest.mark.parametrize("spheres", [-1, 2_000_000_000])
def test_a_cloud_is_made_of_so_many_spheres_at_most(translated, spheres):
    with pytest.raises(SceneError, match=f"it is made of {spheres} spheres: give from 0 to 10000"):
        texture(translated, f'"cloud" "integer spheres" [{spheres}]', variant="float")


def test_a_density_grid_must_have_all_its_cells(translated):
    with pytest.raises(SceneError, match="3 densities are given for a grid of 2 x 2 x 1"):
        texture(translated, '"densitygrid" "float density" [1 2 3] "integer nx" [2] "integer ny" [2]', "float")


@pytest.mark.parametrize(
    "use",
    [
        'Material "matte" "texture Kd" ["r"]',
        'Material "metal2" "texture fresnel" ["c"]',
        'MakeNamedVolume "v" "clear" "texture fresnel" ["c"] Interior "v" Material "glass2"',
        'Texture "x" "fresnel" "mix" "texture tex1" ["c"] Material "metal2" "texture fresnel" ["x"]',
    ],
)
def test_a_texture_of_the_wrong_variant_is_refused_with_its_place(translated, use):
    world = 'Texture "r" "fresnel" "fresnelcolor" Texture "c" "color" "uv"'
    with pytest.raises(SceneError, match=r"test\.lxs:\d+:\d+: .*the texture '[rc]' is a .* texture, and a"):
        translated(f"{world} {use}")

"""Materials and volumes, as LuxCore gets them."""

from __future__ import annotations

import math

import pytest

from lrnap.errors import SceneError


def material(translation, name: str = "mat__1") -> dict[str, list]:
    prefix = f"scene.materials.{name}."
    return {key.removeprefix(prefix): value for key, value in translation.scene.items() if key.startswith(prefix)}


def near(*numbers: float):
    return pytest.approx(list(numbers))


HALF = '"color Kr" [.5 .5 .5] "color Kt" [.2 .2 .2]'
SAME = [
    ("matte", '"color Kd" [.1 .2 .3]', {"type": ["matte"], "kd": near(0.1, 0.2, 0.3)}),
    ("matte", '"float sigma" [30]', {"type": ["roughmatte"], "sigma": near(math.radians(30))}),
    ("mirror", '"color Kr" [.1 .2 .3]', {"type": ["mirror"], "kr": near(0.1, 0.2, 0.3)}),
    ("glass", '"float index" [1.4]', {"type": ["glass"], "interiorior": near(1.4), "exteriorior": [1.0]}),
    ("glass", '"bool architectural" ["true"]', {"type": ["archglass"]}),
    ("glass", '"float film" [200] "float filmindex" [1.3]', {"filmthickness": near(200), "filmior": near(1.3)}),
    ("glass", '"float cauchyb" [.01]', {"interiorior": near(1.5 + 0.01 / 0.58756**2), "cauchyb": near(0.01)}),
    (
        "roughglass",
        '"float uroughness" [.2]',
        {"type": ["roughglass"], "uroughness": near(0.2), "vroughness": near(0.001)},
    ),
    ("glossy", '"color Ks" [.1 .2 .3]', {"type": ["glossy2"], "ks": near(0.1, 0.2, 0.3), "multibounce": [False]}),
    ("glossy", '"float sigma" [30]', {"type": ["glossycoating"], "base": ["mat_base"]}),
    ("glossytranslucent", '"color Ks" [.1 .2 .3]', {"ks_bf": near(0.1, 0.2, 0.3), "uroughness_bf": near(0.1)}),
    ("glossytranslucent", '"bool onesided" ["false"]', {"ks_bf": near(0, 0, 0)}),
    ("carpaint", '"string name" ["blue"]', {"type": ["carpaint"], "preset": ["blue"]}),
    ("cloth", '"string presetname" ["wool_gabardine"]', {"preset": ["wool_garbardine"]}),
    ("velvet", '"float p3" [3]', {"type": ["velvet"], "p2": near(20), "p3": near(3)}),
    ("null", "", {"type": ["null"]}),
    ("mattetranslucent", HALF, {"kt": near(0.4, 0.4, 0.4)}),
    ("mattetranslucent", f'{HALF} "bool energyconserving" ["true"]', {"kt": near(0.2, 0.2, 0.2)}),
]


@pytest.mark.parametrize(("plugin", "params", "expected"), SAME)
def test_a_material_says_the_same_in_the_engines_words(translated, plugin, params, expected):
    found = material(translated(f'Material "{plugin}" {params}'))
    assert {key: found.get(key) for key in expected} == expected


def test_metals_by_name_and_by_file(translated, nk):
    named = translated('Material "metal" "string name" ["gold"]').scene
    filed = translated('Material "metal" "string filename" ["m.nk"]', files={"m.nk": str(nk)}).scene
    assert named["scene.textures.tex_metal.name"] == ["gold"]
    assert filed["scene.textures.tex_metal.type"] == ["fresnelluxpop"]


def test_an_unknown_metal_is_aluminium_and_says_so(translated):
    translation = translated('Material "metal" "string name" ["unobtainium"]')
    assert translation.scene["scene.textures.tex_metal.name"] == ["aluminium"]
    assert any("unobtainium" in warning for warning in translation.warnings)


def test_a_material_of_materials_comes_after_them(translated):
    world = (
        'MakeNamedMaterial "a" MakeNamedMaterial "b" "string type" ["mirror"]'
        ' Material "mix" "string namedmaterial1" ["b"] "string namedmaterial2" ["a"] "float amount" [.25]'
    )
    translation = translated(world)
    found = material(translation)
    assert (found["material1"], found["material2"], found["amount"]) == (["mat_b"], ["mat_a"], [0.25])
    keys = list(translation.scene)
    assert keys.index("scene.materials.mat_b.type") < keys.index("scene.materials.mat__1.type")


def test_a_measured_material_of_old_is_as_bright_on_the_whole_and_says_so(translated):
    translation = translated('Material "skin"')
    assert material(translation)["kd"] == near(0.487, 0.36, 0.388)
    assert any("test.lxs:" in w and "'skin'" in w and "approximated" in w for w in translation.warnings)


def test_bump_maps_are_measured_over_the_sample_distance(translated):
    translation = translated('Texture "f" "float" "fbm" Material "matte" "texture bumpmap" ["f"]')
    found = material(translation)
    assert found["bumpsamplingdistance"] == near(0.001)
    assert translation.scene[f"scene.textures.{found['bumptex'][0]}.texture"] == ["tex_f"]


def test_normal_maps_stay_normal_maps(translated, image):
    world = 'Texture "n" "float" "normalmap" "string filename" ["n.png"] Material "matte" "texture bumpmap" ["n"]'
    assert material(translated(world, files={"n.png": image}))["bumptex"] == ["tex_n"]


def test_volumes_of_a_shape_are_its_materials(translated):
    volumes = 'MakeNamedVolume "in" "clear" "float fresnel" [1.3] MakeNamedVolume "out" "homogeneous"'
    translation = translated(f'{volumes} Interior "in" Exterior "out" Material "glass2"')
    found = material(translation)
    assert (found["volume.interior"], found["volume.exterior"]) == (["vol_in"], ["vol_out"])
    assert translation.scene["scene.volumes.vol_in.ior"] == near(1.3)
    assert translation.scene["scene.volumes.vol_out.multiscattering"] == [False]


def test_glass2_disperses_as_its_volume_does(translated):
    cauchy = 'Texture "i" "fresnel" "cauchy" "float cauchya" [1.5] "float cauchyb" [.01]'
    world = f'{cauchy} MakeNamedVolume "v" "clear" "texture fresnel" ["i"] Interior "v" Material "glass2"'
    still = material(translated(world))
    moving = material(translated(world + ' "bool dispersion" ["true"]'))
    assert "cauchyb" not in still
    assert moving["cauchyb"] == near(0.01)


def test_volumes_scatter_more_than_once_under_the_integrator_multi(translated):
    world = 'MakeNamedVolume "fog" "homogeneous" Interior "fog"'
    scene = translated(world, options='VolumeIntegrator "multi"').scene
    assert scene["scene.volumes.vol_fog.multiscattering"] == [True]


def test_names_that_the_engine_could_not_read_are_made_safe_and_stay_apart(translated):
    world = "".join(
        f'MakeNamedMaterial "{name}" AttributeBegin NamedMaterial "{name}" Shape "disk" AttributeEnd '
        for name in ("a.b", "a b", "a\\nb")
    )
    names = [value[0] for key, value in translated(world).scene.items() if key.endswith(".material")]
    assert names == ["mat_a_b", "mat_a_b_2", "mat_a_b_3"]


@pytest.mark.parametrize(
    ("integrator", "seen", "told"),
    [("distributedpath", "true", False), ("distributedpath", "false", True), ("path", "false", False)],
)
def test_compositing_is_reported_where_classic_lux_would_have_looked_at_it(translated, integrator, seen, told):
    world = f'Material "matte" "bool compo_visible_material" ["{seen}"]'
    warnings = translated(world, options=f'SurfaceIntegrator "{integrator}"').warnings
    assert any("compo_visible_material" in warning for warning in warnings) is told


def test_a_missing_file_is_named_with_its_place_and_cure(translated):
    with pytest.raises(SceneError, match=r"test\.lxs:\d+:\d+: texture 'imagemap' needs the file 'gone.png'.*beside"):
        translated('Texture "t" "color" "imagemap" "string filename" ["gone.png"] Material "matte" "texture Kd" ["t"]')


def test_a_broken_image_never_reaches_native_code(translated, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG and no more")
    world = 'Texture "t" "color" "imagemap" "string filename" ["t.png"] Material "matte" "texture Kd" ["t"]'
    with pytest.raises(SceneError, match=r"'t\.png' cannot be read"):
        translated(world, files={"t.png": str(broken)})


@pytest.mark.parametrize("name", ["metal", "shinymetal", "plastic", "substrate"])
def test_one_roughness_of_older_scenes_counts_for_both_directions(translated, name):
    def rough(params: str) -> list[list[object]]:
        scene = translated(f'Texture "t" "float" "fbm" Material "{name}" {params}').scene
        return [value for key, value in scene.items() if key.endswith(("uroughness", "vroughness"))]

    assert rough('"float roughness" [0.25]') == [[0.25], [0.25]]
    assert rough('"texture roughness" ["t"]') == [["tex_t"], ["tex_t"]]
    assert rough('"float roughness" [0.25] "float uroughness" [0.5]') == [[0.5], [0.1]]

"""Material and MakeNamedMaterial: every material plugin with its parameters.

Composites (mix, layered, doubleside, glossycoating) name other materials, which must be defined before them.
"""

from __future__ import annotations

from lrnap.lux.plugins.rows import (
    Triplet,
    as_in,
    color_texture,
    flag,
    float_texture,
    fresnel,
    named,
    only_with,
    real,
    texture,
    word,
)
from lrnap.lux.plugins.spec import Parameter, Plugin

FABRICS = (
    "silk_charmeuse",
    "denim",
    "cotton_twill",
    "wool_gabardine",
    "polyester_lining_cloth",
    "silk_shantung",
)
PAINTS = (
    "ford f8",
    "polaris silber",
    "opel titan",
    "bmw339",
    "2k acrylack",
    "white",
    "blue",
    "blue matte",
)
METALS = ("amorphous carbon", "silver", "gold", "copper", "aluminium")

COMPOSITING: tuple[Parameter, ...] = (
    flag("compo_visible_material", True),
    flag("compo_visible_emission", True),
    flag("compo_visible_indirect_material", True),
    flag("compo_visible_indirect_emission", True),
    flag("compo_override_alpha", False),
    *only_with('"bool compo_override_alpha" ["true"]', real("compo_override_alpha_value", 0.0)),
)
SAMPLE_DISTANCE: tuple[Parameter, ...] = only_with(
    '"texture bumpmap" ["f"]', as_in("[0.1]", real("bumpmapsampledistance", 0.001))
)
BUMP: tuple[Parameter, ...] = (texture("bumpmap"), *SAMPLE_DISTANCE)

THIN_FILM: tuple[Parameter, ...] = (
    as_in("[300]", float_texture("film", 0.0, note="nm")),
    *only_with('"float film" [300]', as_in("[1.9]", float_texture("filmindex", 1.5))),
)
DYED = '"color warp_Kd" [0.5 0.3 0.2] "color weft_Ks" [0.4 0.4 0.6]'  # undyed cloth is black
ROUGH_BACK = (
    '"color backface_Ks" [0.5 0.5 0.5]',
    ' "float backface_uroughness" [0.2]',
    ' "float backface_vroughness" [0.3]',
)
DULL = '"color Ks" [0.1 0.1 0.1]'  # a coat that does not hide what is under it
ABSORBING: tuple[Parameter, ...] = (
    *only_with('"float d" [0.5]', color_texture("Ka", 0.0)),
    *only_with('"color Ka" [0.2 0.4 0.6]', float_texture("d", 0.0)),
)
COAT: tuple[Parameter, ...] = (
    color_texture("Ks", 1.0),
    float_texture("index", 0.0),
    *only_with(DULL, *ABSORBING),
)
OLD_ROUGHNESS = (
    as_in(
        "[0.4]",
        float_texture("roughness", 0.1, note="of older versions: counts where neither of the other two is given"),
    ),
)


def roughness(default: float) -> tuple[Parameter, ...]:
    return float_texture("uroughness", default), float_texture("vroughness", default)


def material(name: str, *parameters: Parameter, bump: bool = True, note: str = "", needs: str = "") -> Plugin:
    common = (BUMP if bump else SAMPLE_DISTANCE) + COMPOSITING
    return Plugin("material", name, parameters + common, note=note, needs=needs)


def _carpaint_defaults() -> tuple[Parameter, ...]:
    """What each parameter is where neither it nor a preset's name is given: the first preset, "ford f8"."""
    colors: dict[str, Triplet] = {
        "Kd": (0.0012, 0.0015, 0.0018),
        "Ks1": (0.0049, 0.0076, 0.0120),
        "Ks2": (0.0100, 0.0130, 0.0180),
        "Ks3": (0.0070, 0.0065, 0.0077),
    }
    numbers = {"R1": 0.15, "R2": 0.087, "R3": 0.9, "M1": 0.32, "M2": 0.11, "M3": 0.013}
    return (
        *(color_texture(name, value) for name, value in colors.items()),
        *(float_texture(name, value) for name, value in numbers.items()),
    )


def _old(name: str, *parameters: Parameter) -> Plugin:
    """A material of older versions."""
    return Plugin("material", name, parameters + BUMP + COMPOSITING, note="a material of older versions", obsolete=True)


PLUGINS: tuple[Plugin, ...] = (
    material("matte", color_texture("Kd", 0.9), float_texture("sigma", 0.0, note="degrees; above 0 Oren-Nayar")),
    material(
        "mattetranslucent",
        color_texture("Kr", 1.0),
        *only_with('"color Kr" [0.3 0.3 0.3]', color_texture("Kt", 1.0)),
        float_texture("sigma", 0.0),
        *only_with('"color Kr" [0.3 0.3 0.3] "color Kt" [0.5 0.5 0.5]', flag("energyconserving", False)),
    ),
    material("mirror", color_texture("Kr", 1.0), *THIN_FILM),
    material(
        "glass",
        color_texture("Kr", 1.0),
        color_texture("Kt", 1.0),
        float_texture("index", 1.5),
        float_texture("cauchyb", 0.0),
        *THIN_FILM,
        flag("architectural", False, note="light passes straight, and shadows are not dark"),
    ),
    material(
        "glass2",
        flag("architectural", False),
        flag("dispersion", False),
        note="index and absorption come from Interior and Exterior volumes",
    ),
    material(
        "roughglass",
        color_texture("Kr", 1.0),
        color_texture("Kt", 1.0),
        *roughness(0.001),
        float_texture("index", 1.5),
        float_texture("cauchyb", 0.0),
        flag("dispersion", False),
    ),
    material(
        "metal",
        as_in('["metal.nk"]', Parameter("filename", "string", file=True, note="an .nk file; rules over name")),
        word("name", None, note=f"{', '.join(METALS)}, or an .nk file; an unknown one is aluminium"),
        *roughness(0.1),
        *OLD_ROUGHNESS,
    ),
    material("metal2", fresnel("fresnel", 5.0), *roughness(0.1)),
    material(
        "shinymetal", color_texture("Kr", 1.0), color_texture("Ks", 1.0), *roughness(0.1), *THIN_FILM, *OLD_ROUGHNESS
    ),
    material(
        "glossy",
        color_texture("Kd", 1.0),
        *COAT,
        *roughness(0.1),
        float_texture("sigma", 0.0),
        flag("multibounce", False),
        flag("separable", True),
    ),
    material(
        "glossycoating",
        named("basematerial"),
        *COAT,
        *roughness(0.1),
        flag("multibounce", False),
        needs='"string basematerial" ["a"]',
    ),
    Plugin(
        "material",
        "glossy_lossy",
        (color_texture("Kd", 1.0), *COAT, *roughness(0.1), *OLD_ROUGHNESS, *BUMP, *COMPOSITING),
        aliases=("substrate", "plastic"),
    ),
    material(
        "glossytranslucent",
        *only_with(DULL, color_texture("Kd", 1.0), *only_with('"color Kd" [0.3 0.3 0.3]', color_texture("Kt", 1.0))),
        *COAT,
        *roughness(0.1),
        flag("multibounce", False),
        flag("onesided", True, note="the back is as the front"),
        *only_with(
            '"bool onesided" ["false"]',
            color_texture("backface_Ks", 0.0),
            *only_with('"float backface_d" [0.5]', color_texture("backface_Ka", 0.0)),
            *only_with(ROUGH_BACK[0], float_texture("backface_index", 0.0)),
            *only_with('"color backface_Ka" [0.2 0.4 0.6]', float_texture("backface_d", 0.0)),
            *only_with(ROUGH_BACK[0] + ROUGH_BACK[2], float_texture("backface_uroughness", 0.0)),
            *only_with(ROUGH_BACK[0] + ROUGH_BACK[1], float_texture("backface_vroughness", 0.0)),
            *only_with("".join(ROUGH_BACK), flag("backface_multibounce", False)),
        ),
    ),
    material(
        "carpaint",
        word("name", None, note=f"a preset, which rules over all below: {', '.join(PAINTS)}"),
        *ABSORBING,
        *_carpaint_defaults(),
    ),
    Plugin(
        "material",
        "cloth",
        (
            *only_with(DYED, word("presetname", "denim", *FABRICS)),
            color_texture("warp_Kd", 0.0),
            color_texture("warp_Ks", 0.0),
            color_texture("weft_Kd", 0.0),
            color_texture("weft_Ks", 0.0),
            *only_with(DYED, real("repeat_u", 100.0), real("repeat_v", 100.0), *BUMP),
            *COMPOSITING,
        ),
    ),
    material(
        "velvet",
        color_texture("Kd", 0.3),
        float_texture("p1", -2.0),
        float_texture("p2", 20.0),
        float_texture("p3", 2.0),
        float_texture("thickness", 0.1),
    ),
    material(
        "mix",
        named("namedmaterial1"),
        named("namedmaterial2"),
        float_texture("amount", 0.5, note="1: all of the second"),
        needs='"string namedmaterial1" ["a"] "string namedmaterial2" ["b"]',
    ),
    material(
        "layered",
        *(named(f"namedmaterial{i}") for i in (1, 2, 3, 4)),
        *(float_texture(f"opacity{i}", 1.0) for i in (1, 2, 3, 4)),
        needs='"string namedmaterial1" ["a"] "string namedmaterial2" ["b"]',
    ),
    material(
        "doubleside",
        named("frontnamedmaterial"),
        named("backnamedmaterial"),
        flag("usefrontforfront", True),
        flag("usefrontforback", True),
        bump=False,
        needs='"string frontnamedmaterial" ["a"] "string backnamedmaterial" ["b"]',
    ),
    material("scatter", color_texture("Kd", 0.9), color_texture("g", 0.0), bump=False),
    material("null", bump=False, note="not there: light passes unchanged"),
    *(_old(name) for name in ("bluepaint", "brushedmetal", "clay", "felt", "primer", "skin")),
    _old(
        "translucent",
        color_texture("Kd", 1.0),
        color_texture("Ks", 1.0),
        color_texture("reflect", 0.5),
        color_texture("transmit", 0.5),
        float_texture("roughness", 0.1),
    ),
    _old(
        "uber",
        color_texture("Kd", 1.0),
        color_texture("Ks", 1.0),
        color_texture("Kr", 0.0),
        color_texture("opacity", 1.0),
        float_texture("roughness", 0.1),
    ),
)

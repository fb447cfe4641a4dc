"""Texture: every texture plugin, the variants (float, color, fresnel) in which it exists, and its parameters.

Procedural ones are float textures in the last versions and had a colour variant before, so both are accepted.
`open` plugins take a numbered series (`tex1`, `tex2`, ... as many as there are offsets or weights).
"""

from __future__ import annotations

from dataclasses import replace

from lrnap.lux.plugins.rows import (
    as_in,
    color_texture,
    file,
    flag,
    float_texture,
    old,
    only_with,
    real,
    triplet,
    variant,
    whole,
    word,
)
from lrnap.lux.plugins.spec import Parameter, Plugin
from lrnap.lux.plugins.volumes import CLOUD

F, C, R = "float", "color", "fresnel"

MAPPING_2D: tuple[Parameter, ...] = (
    word("mapping", "uv", "uv", "spherical", "cylindrical", "planar"),
    as_in("[2.7]", real("uscale", 1.0)),
    as_in("[3.6]", real("vscale", 1.0)),
    real("udelta", 0.0),
    real("vdelta", 0.0),
    *only_with(
        '"string mapping" ["planar"]',
        triplet("vector", "v1", (1.0, 0.0, 0.0), note="planar: what u runs along"),
        triplet("vector", "v2", (0.0, 1.0, 0.0), note="planar: what v runs along"),
    ),
)
MAPPING_3D: tuple[Parameter, ...] = (
    word("coordinates", "global", "global", "local", "uv", "globalnormal", "localnormal"),
    as_in("[0.3 0.2 0.4]", triplet("vector", "scale", (1.0, 1.0, 1.0))),
    as_in("[10 20 30]", triplet("vector", "rotate", (0.0, 0.0, 0.0), note="degrees about x, y, z")),
    as_in("[0.3 0.2 0.1]", triplet("vector", "translate", (0.0, 0.0, 0.0))),
)
IMAGE: tuple[Parameter, ...] = (
    file("filename"),
    word("filtertype", "bilinear", "nearest", "bilinear", "mipmap_trilinear", "mipmap_ewa"),
    real("maxanisotropy", 8.0),
    *only_with('"float uscale" [2]', as_in('["black"]', word("wrap", "repeat", "repeat", "black", "white", "clamp"))),
    real("gain", 1.0),
    real("gamma", 1.0, note="of the file's values"),
    whole("discardmipmaps", 0),
    *old("bool", "trilinear"),
)
IMAGE_NAME = '"string filename" ["image.png"]'
METAL_NAME = '"string filename" ["metal.nk"]'
NOISE_BASES = (
    "blender_original",
    "original_perlin",
    "improved_perlin",
    "voronoi_f1",
    "voronoi_f2",
    "voronoi_f3",
    "voronoi_f4",
    "voronoi_f2_f1",
    "voronoi_crackle",
    "cell_noise",
)
BLENDER: tuple[Parameter, ...] = (
    variant("tex1", 0.0),
    variant("tex2", 1.0),
    real("bright", 1.0),
    real("contrast", 1.0),
)
NOISE_TYPE = word("noisetype", "soft_noise", "soft_noise", "hard_noise")
NOISE_BASIS = word("noisebasis", "blender_original", *NOISE_BASES)
NOISE_SHAPE = word("noisebasis2", "sin", "sin", "saw", "tri")
NOISE_SIZE = real("noisesize", 0.25)
NOISE_DEPTH = whole("noisedepth", 2)
TURBULENCE: tuple[Parameter, ...] = (
    real("turbulence", 5.0),
    *old("float", "turbulance", note="older spelling of turbulence"),
)
NABLA = real("nabla", 0.025)
LAMPS = (
    *("Alcohol", "AntiInsect", "Ar", "BLAU", "BLNG", "BLP", "Butane", "Candle", "CarbonArc", "Cd", "CFL27K", "CFL4K"),
    *("CFL6K", "CL42053", "CobaltGlass", "Daylight", "FeCo", "FL37K", "FLAV17K", "FLAV8K", "FLBL", "FLBLB", "FLD2"),
    *("GaPb", "GreenLaser", "GroLux", "GRUN", "HPM2", "HPMFL1", "HPMFL2", "HPMFL2Glow", "HPMFLCL42053"),
    *("HPMFLCobaltGlass", "HPMFLRedGlass", "HPMSB", "HPMSBFL", "HPS", "HPX", "Incandescent1", "Incandescent2", "LCDS"),
    *("LEDB", "LPM2", "LPS", "MHD", "MHN", "MHSc", "MHWWD", "MPS", "Ne", "NeKrFL", "NeXeFL1", "NeXeFL2", "OliveOil"),
    *("PLANTA", "Rb", "RedGlass", "RedLaser", "SHPS", "SS1", "SS2", "TV", "UVA", "Welsbach", "Xe", "XeI", "Zn"),
)
UPRIGHT = '"vector rotate" [90 0 0]'  # courses of bricks lie on one another along z
BRICK_BONDS = ("stacked", "flemish", "english", "herringbone", "basket", "chain link", "running")


def texture(
    name: str, variants: tuple[str, ...], *parameters: Parameter, open: bool = False, note: str = "", needs: str = ""
) -> Plugin:
    return Plugin("texture", name, parameters, variants=variants, open=open, note=note, needs=needs)


def blender(name: str, *parameters: Parameter) -> Plugin:
    return Plugin("texture", f"blender_{name}", BLENDER + parameters + MAPPING_3D, variants=(F, C))


GENERAL: tuple[Plugin, ...] = (
    texture("constant", (F, C, R), variant("value", 1.0, texture=False)),
    texture(
        "imagemap",
        (F, C),
        *IMAGE,
        replace(word("channel", "mean", "red", "green", "blue", "alpha", "mean", "colored_mean"), variant=F),
        *MAPPING_2D,
        needs=IMAGE_NAME,
    ),
    texture(
        "normalmap", (F,), *IMAGE, *MAPPING_2D, *old("string", "channel", note="normals take all"), needs=IMAGE_NAME
    ),
    texture("add", (F, C), variant("tex1", 1.0), variant("tex2", 1.0)),
    texture(
        "subtract",
        (F, C),
        *only_with('"{v} tex2" [{n}]', variant("tex1", 1.0)),
        *only_with('"{v} tex1" [{n}]', as_in("[0.1]", variant("tex2", 1.0))),
    ),
    texture("scale", (F, C), variant("tex1", 1.0), variant("tex2", 1.0)),
    texture("mix", (F, C, R), variant("tex1", 0.0), variant("tex2", 1.0), float_texture("amount", 0.5)),
    texture(
        "band",
        (F, C, R),
        real("offsets", count=None, note="ascending; as many as there are textures"),
        float_texture("amount", 0.0),
        variant("tex1"),
        open=True,
        needs='"float offsets" [0.2 0.8] "{v} tex1" [{n}] "texture tex2" ["{t}"] "float amount" [0.4]',
    ),
    texture(
        "multimix",
        (F, C, R),
        real("weights", count=None),
        variant("tex1"),
        open=True,
        needs='"float weights" [0.5 0.5] "{v} tex1" [{n}] "texture tex2" ["{t}"]',
    ),
    texture(
        "bilerp",
        (F, C, R),
        variant("v00", 0.0, texture=False),
        variant("v01", 1.0, texture=False),
        variant("v10", 0.0, texture=False),
        variant("v11", 1.0, texture=False),
        *only_with('"{v} v10" [{n}]', *MAPPING_2D),
    ),
    texture(
        "checkerboard",
        (F, C),
        *only_with('"float uscale" [4]', as_in("[3]", whole("dimension", 2, note="2 or 3"))),
        variant("tex1", 1.0),
        *only_with('"float uscale" [4]', variant("tex2", 0.0)),
        word("aamode", "none", "none", "supersample", "closedform"),
        *only_with('"float vscale" [3]', MAPPING_2D[0]),
        *MAPPING_2D[1:],
        *only_with(
            '"integer dimension" [3]', *only_with('"vector scale" [0.4 0.3 0.2]', MAPPING_3D[0]), *MAPPING_3D[1:]
        ),
    ),
    texture("dots", (F, C), variant("inside", 1.0), variant("outside", 0.0), *MAPPING_2D),
    texture(
        "uvmask",
        (F,),
        float_texture("innertex", 1.0),
        *only_with('"float uscale" [2]', float_texture("outertex", 0.0), MAPPING_2D[0]),
        *MAPPING_2D[1:],
    ),
    texture("uv", (C,), *MAPPING_2D),
    texture("windy", (F, C), *MAPPING_3D),
    texture("harlequin", (C,)),
    texture(
        "brick",
        (F, C),
        variant("bricktex", 1.0),
        variant("mortartex", 0.2),
        float_texture("brickmodtex", 1.0),
        real("brickwidth", 0.3),
        *only_with(UPRIGHT, real("brickheight", 0.1)),
        real("brickdepth", 0.15),
        real("mortarsize", 0.01),
        word("brickbond", "running", *BRICK_BONDS),
        *only_with(UPRIGHT, real("brickrun", 0.75)),
        real("brickbevel", 0.0),
        *MAPPING_3D,
    ),
    texture("fbm", (F, C), whole("octaves", 8), real("roughness", 0.5), *MAPPING_3D),
    texture("wrinkled", (F, C), whole("octaves", 8), real("roughness", 0.5), *MAPPING_3D),
    texture(
        "marble",
        (C,),
        whole("octaves", 8),
        real("roughness", 0.5),
        Parameter("scale", "float", 1.0, also=("vector",), note="of the pattern; as a vector, of the mapping"),
        real("variation", 0.2),
        *(row for row in MAPPING_3D if row.name != "scale"),
    ),
    texture(
        "cloud",
        (F,),
        *CLOUD,
        *MAPPING_3D,
        needs='"vector translate" [0 0 -0.45]',
    ),
    texture(
        "densitygrid",
        (F,),
        real("density", count=None, note="nx * ny * nz values, x running fastest"),
        whole("nx", 1),
        whole("ny", 1),
        whole("nz", 1),
        *only_with(
            '"vector scale" [0.4 0.4 0.4]',
            as_in('["black"]', word("wrap", "repeat", "repeat", "black", "white", "clamp")),
        ),
        *MAPPING_3D,
        needs='"float density" [0.1 0.9 0.3 0.4 0.7 0.2 0.8 0.5] "integer nx" [2] "integer ny" [2] "integer nz" [2]',
    ),
    texture(
        "exponential",
        (F,),
        triplet("point", "origin", (0.0, 0.0, 0.0)),
        triplet("vector", "updir", (0.0, 0.0, 1.0)),
        real("decay", 1.0),
        *MAPPING_3D,
    ),
    texture("hitpointcolor", (C,), note="the mesh's vertex colour"),
    texture("hitpointgrey", (F,), whole("channel", -1, note="0, 1, 2: red, green, blue; -1: their mean")),
    texture("hitpointalpha", (F,), note="the mesh's vertex alpha"),
)

BLENDERS: tuple[Plugin, ...] = (
    blender(
        "blend",
        word("type", "lin", "lin", "quad", "ease", "diag", "sphere", "halo", "radial"),
        flag("flipxy", False),
    ),
    blender("clouds", word("type", "default", "default", "color"), NOISE_TYPE, NOISE_BASIS, NOISE_SIZE, NOISE_DEPTH),
    blender(
        "distortednoise",
        word("type", "blender_original", *NOISE_BASES, note="the noise that distorts"),
        NOISE_BASIS,
        NOISE_SIZE,
        real("distamount", 1.0),
        NABLA,
    ),
    blender("magic", NOISE_DEPTH, *TURBULENCE),
    blender(
        "marble",
        word("type", "soft", "soft", "sharp", "sharper"),
        NOISE_TYPE,
        NOISE_BASIS,
        NOISE_SHAPE,
        NOISE_SIZE,
        NOISE_DEPTH,
        *TURBULENCE,
    ),
    blender(
        "musgrave",
        word(
            "type",
            "multifractal",
            "multifractal",
            "ridged_multifractal",
            "hybrid_multifractal",
            "hetero_terrain",
            "fbm",
        ),
        NOISE_BASIS,
        NOISE_SIZE,
        real("h", 1.0),
        real("lacu", 2.0),
        real("octs", 2.0),
        *only_with('"string type" ["hybrid_multifractal"]', real("gain", 1.0), real("offset", 1.0)),
        real("outscale", 1.0),
    ),
    blender("noise", NOISE_DEPTH),
    blender(
        "stucci",
        word("type", "plastic", "plastic", "wall_in", "wall_out", note="older: Plastic, Wall In, Wall Out"),
        NOISE_TYPE,
        NOISE_BASIS,
        NOISE_SIZE,
        *TURBULENCE,
    ),
    blender(
        "voronoi",
        word(
            "distmetric",
            "actual_distance",
            "actual_distance",
            "distance_squared",
            "manhattan",
            "chebychev",
            "minkovsky_half",
            "minkovsky_four",
            "minkovsky",
        ),
        whole("coltype", 0),
        *only_with('"string distmetric" ["minkovsky"]', real("minkovsky_exp", 2.5)),
        real("outscale", 1.0),
        NOISE_SIZE,
        NABLA,
        real("w1", 1.0),
        real("w2", 0.0),
        real("w3", 0.0),
        real("w4", 0.0),
    ),
    blender(
        "wood",
        word("type", "bands", "bands", "rings", "bandnoise", "ringnoise"),
        NOISE_SHAPE,
        *only_with('"string type" ["bandnoise"]', NOISE_TYPE, NOISE_BASIS, NOISE_SIZE, *TURBULENCE),
    ),
)

SPECTRA: tuple[Plugin, ...] = (
    texture("blackbody", (C,), as_in("[3000]", real("temperature", 6500.0, note="kelvin"))),
    texture("equalenergy", (C,), real("energy", 1.0)),
    texture("frequency", (C,), real("freq", 0.03), real("phase", 0.5), real("energy", 1.0)),
    texture(
        "gaussian",
        (C,),
        as_in("[600]", real("wavelength", 550.0, note="nm")),
        as_in("[20]", real("width", 50.0)),
        real("energy", 1.0),
    ),
    texture(
        "irregulardata",
        (C,),
        real("wavelengths", count=None, note="nm, ascending"),
        real("data", count=None),
        needs='"float wavelengths" [400 700] "float data" [0.2 1]',
    ),
    texture(
        "regulardata",
        (C,),
        as_in("[450]", real("start", 380.0)),
        as_in("[600]", real("end", 720.0)),
        real("data", count=None),
        needs='"float data" [0 1]',
    ),
    texture("tabulateddata", (C,), file("filename"), needs='"string filename" ["spectrum.txt"]'),
    texture("lampspectrum", (C,), as_in('["Ne"]', word("name", "Incandescent2", *LAMPS))),
    texture(
        "colordepth",
        (C,),
        color_texture("Kt", 1.0),
        *only_with('"color Kt" [0.5 0.4 0.3]', real("depth", 1.0)),
    ),
)

FRESNELS: tuple[Plugin, ...] = (
    texture("cauchy", (R,), real("cauchyb", 0.0), real("index", -1.0), real("cauchya", 1.5)),
    texture(
        "abbe",
        (R,),
        word("type", "d", "d", "D", "e", "custom"),
        as_in("[30]", real("V", 64.17)),
        as_in("[1.8]", real("n", 1.5168)),
        *only_with(
            '"string type" ["custom"]',
            as_in("[600]", real("lambda_D", 587.5618, note="nm; type custom")),
            as_in("[450]", real("lambda_F", 486.13, note="nm; type custom")),
            as_in("[700]", real("lambda_C", 656.28, note="nm; type custom")),
        ),
    ),
    texture(
        "sellmeier",
        (R,),
        real("A", 1.0),
        real("B", count=None),
        real("C", count=None),
        needs='"float B" [1.04 0.23 1.01] "float C" [0.006 0.02 103]',
    ),
    texture("fresnelcolor", (R,), color_texture("Kr", 0.5)),
    texture("sopra", (R,), file("filename"), needs=METAL_NAME),
    texture("luxpop", (R,), file("filename"), needs=METAL_NAME),
    texture("preset", (R,), word("name", None)),
    texture("fresnelname", (R,), word("name", None), Parameter("filename", "string", file=True)),
)

PLUGINS: tuple[Plugin, ...] = GENERAL + BLENDERS + SPECTRA + FRESNELS

"""Film: the one film plugin of classic Lux, "fleximage", with every parameter.

"multiimage" is what it was called before; scenes of that time name outputs and intervals that nobody reads now.
"""

from __future__ import annotations

from lrnap.lux.plugins.rows import as_in, file, flag, old, real, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

CHANNELS = ("Y", "YA", "RGB", "RGBA")
COMPRESSIONS = ("RLE (lossless)", "PIZ (lossless)", "ZIP (lossless)", "Pxr24 (lossy)", "None")
DEPTH_RANGES = ("None", "Camera Start/End clip", "Min/Max")
KERNELS = ("reinhard", "linear", "contrast", "maxwhite", "autolinear", "falsecolors")
CLAMPS = ("lum", "hue", "cut", "darken")

SIZE: tuple[Parameter, ...] = (
    whole("xresolution", 800),
    whole("yresolution", 600),
    as_in("[0 0.5 0 1]", real("cropwindow", (0.0, 1.0, 0.0, 1.0), count=4, note="xmin xmax ymin ymax, as fractions")),
    flag("premultiplyalpha", False),
    whole("filterquality", 4),
    whole("tilecount", 0),
)
EXR: tuple[Parameter, ...] = (
    flag("write_exr", False),
    word("write_exr_channels", "RGB", *CHANNELS),
    flag("write_exr_halftype", True),
    word("write_exr_compressiontype", "PIZ (lossless)", *COMPRESSIONS),
    flag("write_exr_applyimaging", True),
    flag("write_exr_gamutclamp", True),
    flag("write_exr_ZBuf", False),
    as_in('["Min/Max"]', word("write_exr_zbuf_normalizationtype", "None", *DEPTH_RANGES)),
    flag("write_exr_straightcolors", False),
)
PNG: tuple[Parameter, ...] = (
    flag("write_png", True),
    word("write_png_channels", "RGB", *CHANNELS),
    flag("write_png_16bit", False),
    flag("write_png_gamutclamp", True),
    flag("write_png_ZBuf", False),
    word("write_png_zbuf_normalizationtype", "Min/Max", *DEPTH_RANGES),
)
TGA: tuple[Parameter, ...] = (
    flag("write_tga", False),
    word("write_tga_channels", "RGB", "Y", "RGB", "RGBA"),
    flag("write_tga_gamutclamp", True),
    flag("write_tga_ZBuf", False),
    word("write_tga_zbuf_normalizationtype", "Min/Max", *DEPTH_RANGES),
)
OUTPUT: tuple[Parameter, ...] = (
    flag("write_resume_flm", False),
    flag("restart_resume_flm", False),
    flag("write_flm_direct", False),
    word("filename", "luxout", note="of the picture, without extension"),
    whole("writeinterval", 60, note="seconds"),
    whole("flmwriteinterval", None, note="seconds; writeinterval"),
    whole("displayinterval", 12, note="seconds"),
)
HALT: tuple[Parameter, ...] = (
    whole("haltspp", -1, note="samples a pixel; under 1, never"),
    whole("halttime", -1, note="seconds; under 1, never"),
    real("haltthreshold", -1.0),
    real("convergencestep", 32.0),
    whole("outlierrejection_k", 0),
    flag("debug", False),
    flag("disable_noisemap_update", False),
    file("usersamplingmap_filename"),
)
COLOUR: tuple[Parameter, ...] = (
    as_in("[0.6 0.33]", real("colorspace_red", (0.63, 0.34), count=2)),
    as_in("[0.3 0.6]", real("colorspace_green", (0.31, 0.595), count=2)),
    as_in("[0.15 0.06]", real("colorspace_blue", (0.155, 0.07), count=2)),
    as_in("[0.3127 0.329]", real("colorspace_white", (0.314275, 0.329411), count=2)),
    real("gamma", 2.2),
    as_in('["aces"]', file("cameraresponse", bare=True, note="a built-in film's name, or a file")),
    word("ldr_clamp_method", "cut", *CLAMPS),
)
TONEMAP: tuple[Parameter, ...] = (
    word("tonemapkernel", "autolinear", *KERNELS),
    real("reinhard_prescale", 1.0),
    real("reinhard_postscale", 1.0),
    as_in("[2]", real("reinhard_burn", 6.0)),
    real("linear_sensitivity", 50.0),
    real("linear_exposure", 1.0),
    real("linear_fstop", 2.8),
    real("linear_gamma", 1.0),
    real("contrast_ywa", 1.0),
    word("false_method", "linear", "linear", "log", "log3"),
    word("false_colorscale", "std", "std", "lmk", "red", "white", "yellow", "speos"),
    real("false_max", 0.0),
    real("false_min", 0.0),
)
LENS: tuple[Parameter, ...] = (
    flag("bloom_enabled", False),
    real("bloom_radius", 0.07),
    real("bloom_weight", 0.25),
    flag("vignetting_enabled", False),
    real("vignetting_scale", 0.4),
    flag("abberation_enabled", False, note="spelled so"),
    real("abberation_amount", 0.005, note="spelled so"),
    flag("glare_enabled", False),
    real("glare_amount", 0.03),
    as_in("[0.1]", real("glare_radius", 0.03)),
    as_in("[5]", whole("glare_blades", 3)),
    real("glare_threshold", 0.5),
    flag("glare_map", False),
    file("glarelashesfilename"),
    file("glarepupilfilename"),
)
TODAY: tuple[Parameter, ...] = (  # of our own darkroom; classic Lux passes them over
    flag("denoise_enabled", False, note="Open Image Denoise"),
    as_in("[0.5]", real("denoise_strength", 1.0)),
    flag("false_legend", False),
    as_in('["Rec2020"]', word("colorspace_preset", None, note="a colour space by name: sRGB, Rec2020 ...")),
    as_in('["A"]', word("whitepoint_preset", None, note="a white by name: D65, A ...")),
    as_in(
        '["ocio://default"]',
        word("ocio", None, note="an OpenColorIO configuration that is built in, such as ocio://default"),
    ),
    as_in('["sRGB - Display"]', word("ocio_display", None, note="one of its displays")),
    as_in('["Un-tone-mapped"]', word("ocio_view", None, note="one of the display's views")),
)
OLD: tuple[Parameter, ...] = (
    *old("string", "hdr_filename", "igi_filename", "ldr_filename", note="an older output's name"),
    *old(
        "integer",
        "hdr_writeinterval",
        "igi_writeinterval",
        "ldr_writeinterval",
        "ldr_displayinterval",
        note="an older output's interval",
    ),
    *old("string", "tonemapper", note="older name of tonemapkernel"),
    *old("float", "contrast_displayadaptationY", "nonlinear_maxY", "bloomradius", "bloomwidth", "dither"),
    *old("integer", "reject_warmup", "reject_warmup_samples", also=("float",)),
)

PLUGINS: tuple[Plugin, ...] = (
    Plugin(
        "film",
        "fleximage",
        SIZE + EXR + PNG + TGA + OUTPUT + HALT + COLOUR + TONEMAP + LENS + TODAY + OLD,
        aliases=("multiimage",),
    ),
)

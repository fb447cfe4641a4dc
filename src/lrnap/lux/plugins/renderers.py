"""Renderer: every renderer plugin with its parameters. (Version 1.9 has sampler and sppm only.)"""

from __future__ import annotations

from lrnap.lux.plugins.rows import flag, real, whole, word
from lrnap.lux.plugins.spec import Parameter, Plugin

PLUGINS: tuple[Plugin, ...] = (
    Plugin("renderer", "sampler", ()),
    Plugin("renderer", "sppm", ()),
    Plugin(
        "renderer",
        "hybrid",
        (
            word("configfile", None),
            whole("raybuffersize", 8192),
            whole("statebuffercount", 1),
            whole("opencl.platform.index", -1),
            flag("opencl.gpu.use", True),
            whole("opencl.gpu.workgroup.size", 64),
            word("opencl.devices.select", None),
            whole("accelerator.qbvh.stacksize.max", 32),
            real("opencl.cpu.threads", None),
        ),
        aliases=("hybridsampler",),
    ),
    Plugin(
        "renderer",
        "luxcore",
        (
            Parameter(
                "config", "string", count=None, note="lines of LuxCore properties", example='["path.maxdepth = 2"]'
            ),
            word("localconfigfile", None, note="a file of LuxCore properties"),
            word("configfile", None, note="older name of localconfigfile"),
        ),
        aliases=("slg",),
    ),
)

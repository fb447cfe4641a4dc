"""The rows of the verbs about assets, scenes and films: `ASSET_...` and `API_...`, in the order that help has.

`API_<Name>` beyond these is a call of the Lux API (`LUX_CALL`); which calls exist is known to `lrnap.lux.calls`.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.wire.verb import FRAME, HALTS, JOB, RUNNING, WISHES, Argument, Kind, OptionSpec, Order, Role, Status, Verb

_STARTABLE = frozenset({Status.READY, Status.STOPPED, Status.DONE, Status.ERROR})
_HAS_FILM = frozenset({Status.RENDERING, Status.PAUSED, Status.STOPPED, Status.DONE, Status.ERROR})
FORMATS = ("accum", "float32", "half", "flm", "exr", "png", "jpeg", "tiff", "tga")
FILE_OPTIONS: Mapping[str, str] = {  # of the formats that are files; a test holds them against film.options
    "depth": "of a picture file: bits of a value, 8 16 half float",
    "alpha": "of a picture file, true or false: with coverage",
    "grey": "of a picture file: luminance instead of colours",
    "premultiplied": "of exr and tiff: colours times coverage",
    "compression": "of exr and tiff: none zip piz dwaa lzw ...",
    "quality": "of jpeg: 1 to 100",
    "tonemapped": "of exr: as developed, but in linear light",
    "clamped": "of a picture file: colours that cannot be shown are brought into range",
    "groups": "of exr: each light group as a layer",
    "channels": "of exr: which of the film's channels, joined by commas; all if not given",
    "depth_range": "of exr: none, or minmax for 1 at the nearest and 0 at the farthest",
    "cryptomatte": "of exr: the film's ids as Cryptomatte has them",
    "weights": "of exr: each pixel's samples, so that the file is a film that can be merged",
}

SCENE_VERBS = (
    Verb(
        "ASSET_HAVE",
        "which of these assets are lacking; one line each, with the bytes already here",
        "ASSET_HAVE 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        args=(Argument("sha256", Kind.SHA256, repeated=True),),
        role=Role.SUBMIT,
    ),
    Verb(
        "ASSET_PUT",
        "send an asset, or a part of it",
        "ASSET_PUT {4} sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        args=(Argument("content", Kind.PAYLOAD),),
        options=(
            OptionSpec("sha256", Kind.SHA256, "of the whole asset", required=True),
            OptionSpec("offset", Kind.INTEGER, "where this part begins; 0 if not given"),
            OptionSpec("size", Kind.INTEGER, "bytes of the whole asset; to the end of this part if not given"),
        ),
        role=Role.SUBMIT,
    ),
    Verb(
        "ASSET_BIND",
        "say which asset a file name of the scene means",
        'ASSET_BIND "textures/wood.png" sha256=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        args=(Argument("name"),),
        options=(OptionSpec("sha256", Kind.SHA256, "of the asset", required=True),),
        role=Role.SUBMIT,
        order=Order.SCENE,
    ),
    Verb(
        "API_LuxInit",
        "begin an empty scene (the first call of a scene does it too)",
        'API_LuxInit "myjob"',
        args=JOB,
        options=(FRAME,),
        role=Role.SUBMIT,
        order=Order.SCENE,
    ),
    Verb(
        "API_LuxParse",
        "read a scene file into a job",
        'API_LuxParse "x:\\scene.lxs" "myjob"',
        args=(Argument("file"), Argument("job", optional=True)),
        role=Role.SUBMIT,
        order=Order.SCENE,
    ),
    Verb(
        "API_LuxCleanup",
        "end the description of a scene; the job stays, ready to render",
        "API_LuxCleanup",
        role=Role.SUBMIT,
        order=Order.SCENE,
    ),
    Verb(
        "API_Render",
        "render a job until its halt condition",
        'API_Render "myjob" spp=64',
        args=JOB,
        options=(
            OptionSpec("seed", Kind.INTEGER, "of the random numbers, 1 or more; never twice for one job"),
            OptionSpec("threads", Kind.INTEGER, "0: all cores"),
            *HALTS,
            OptionSpec("run", Kind.TEXT, "name of the run, given by a master"),
            OptionSpec("channels", Kind.TEXT, "of the film beside light, joined by commas: depth,normal,albedo ..."),
            *WISHES,
            OptionSpec("frames", Kind.SCALAR, "of a manager: which ones, 7 or 1-250 or 1-250:5, joined by commas"),
            OptionSpec("owner", Kind.SCALAR, "of a manager: whose job it is, so that all get their share"),
            OptionSpec("token", Kind.SCALAR, "of a manager: one that a job of this owner has makes no other job"),
        ),
        role=Role.SUBMIT,
        order=Order.SCENE,
        states=_STARTABLE,
    ),
    Verb(
        "API_EditBegin",
        "begin to change the scene of a job, also while it renders; the calls that follow say how",
        'API_EditBegin "myjob"',
        args=JOB,
        options=(FRAME,),
        role=Role.SUBMIT,
        order=Order.SCENE,
        states=_STARTABLE | RUNNING,
    ),
    Verb(
        "API_EditEnd",
        "change the scene as was said since API_EditBegin, all or nothing; the film begins anew",
        "API_EditEnd",
        options=(OptionSpec("epoch", Kind.INTEGER, "number of the new film's epoch, given by a master"),),
        role=Role.SUBMIT,
        order=Order.SCENE,
    ),
    Verb(
        "API_DumpFilmBuffer",
        "fetch the film",
        'API_DumpFilmBuffer "myjob" format=png',
        args=JOB,
        options=(
            OptionSpec("format", Kind.TEXT, "float32 if not given", choices=FORMATS),
            OptionSpec("snapshot", Kind.TEXT, "of this snapshot; a new one if not given"),
            OptionSpec("range", Kind.RANGE, "only these bytes, to go on after a break"),
            OptionSpec("compress", Kind.TEXT, "how the bytes travel", choices=("none", "zstd")),
            FRAME,
            *(OptionSpec(name, Kind.SCALAR, text) for name, text in FILE_OPTIONS.items()),
        ),
        states=_HAS_FILM,
    ),
)

LUX_CALL = Verb(
    "API_<Name>",
    "a call of the Lux API, with or without its lux prefix",
    'API_Shape "sphere" "float radius" [2]',
    args=(Argument("argument", Kind.ANY, optional=True, repeated=True),),
    options=(OptionSpec("at", Kind.TEXT, "where the call stands in its file, for messages: file:line:column"),),
    role=Role.SUBMIT,
    order=Order.SCENE,
)

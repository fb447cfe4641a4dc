"""THE table of verbs: names, arguments, options, roles, and what a reply begins with.

Dispatch, `CTL_HELP`, authorisation, the client, completion, docs/protocol.md and the fuzzers derive from it. A new
verb is a new row. Rules for this file: a table and its lookup, no behaviour. `API_<Name>` beyond the table is a call
of the Lux API (`LUX_CALL`); which calls exist is known to `lrnap.lux.calls`, never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from lrnap.errors import Code, WireError


class Role(IntEnum):
    """Who may use a verb; each includes those before it. NONE: also before authentication."""

    NONE = 0
    READ = 1
    SUBMIT = 2
    ADMIN = 3


class Order(Enum):
    """SCENE: strictly in the order sent, on this connection. FREE: may be answered before earlier requests (level 1).
    BARRIER: the client sends nothing more until it is answered."""

    SCENE = "in scene order"
    FREE = "may overtake"
    BARRIER = "barrier"


class Status(Enum):
    """The states of `R_STATUS`."""

    IDLE = "IDLE"
    PARSING = "PARSING"
    READY = "READY"
    QUEUED = "QUEUED"  # of a manager: it is to be rendered, and no node renders it yet
    RENDERING = "RENDERING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    DONE = "DONE"
    ERROR = "ERROR"


class Kind(Enum):
    """What an argument or an option may hold, in words for the user."""

    TEXT = "text"
    INTEGER = "a whole number"
    SIGNED = "a whole number, which may be below zero"
    NUMBER = "a number"
    SHA256 = "a SHA-256 in lower-case hexadecimal"
    RANGE = "a range of bytes, first-last"
    PAYLOAD = "a payload"
    SCALAR = "one word, text or number"
    VALUE = "a value that stands in the line"
    ANY = "any value"


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    kind: Kind = Kind.TEXT
    optional: bool = False
    repeated: bool = False  # one or more (none or more, if optional); the last argument only
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = f"<{self.name}>" + ("..." if self.repeated else "")
        return f"[{shown}]" if self.optional else shown


@dataclass(frozen=True, slots=True)
class OptionSpec:
    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()
    required: bool = False

    def __str__(self) -> str:
        shown = f"{self.name}=" + ("|".join(self.choices) if self.choices else f"<{self.kind.name.lower()}>")
        return shown if self.required else f"[{shown}]"


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    help: str
    example: str
    args: tuple[Argument, ...] = ()
    options: tuple[OptionSpec, ...] = ()
    role: Role = Role.READ
    level: int = 0
    order: Order = Order.FREE
    reply: str = "R_OK"
    states: frozenset[Status] = frozenset()  # of the job it acts on; empty: any

    @property
    def usage(self) -> str:
        return " ".join([self.name, *map(str, self.args), *map(str, self.options)])

    def option(self, name: str) -> OptionSpec | None:
        return next((option for option in self.options if option.name == name), None)


_JOB = (Argument("job", optional=True),)
_RUNNING = frozenset({Status.QUEUED, Status.RENDERING, Status.PAUSED})
_STARTABLE = frozenset({Status.READY, Status.STOPPED, Status.DONE, Status.ERROR})
_HAS_FILM = frozenset({Status.RENDERING, Status.PAUSED, Status.STOPPED, Status.DONE, Status.ERROR})
_THREADS = (Argument("job", optional=True),)
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
TOPICS = ("state", "stats", "log")
STEPS_OF_NODES = ("enable", "disable", "drain", "forgive", "remove")
PARTS_OF_JOBS = ("facts", "frames", "runs", "history")
_HALTS = (
    OptionSpec("spp", Kind.NUMBER, "halt at this many samples per pixel; 0: never, whatever the scene says"),
    OptionSpec("seconds", Kind.NUMBER, "halt after this time of rendering; 0: never"),
    OptionSpec("noise", Kind.NUMBER, "halt when the picture's error is below, where 1 is white; 0: never"),
)
_WISHES = (
    OptionSpec("priority", Kind.SIGNED, "of a manager: higher ones come first; 0 if not given"),
    OptionSpec("after", Kind.SCALAR, "of a manager: jobs that must be DONE before, joined by commas"),
    OptionSpec("nodes", Kind.SCALAR, "of a manager: how many at once, at least and at most, 2-8 or 4 or 2-"),
    OptionSpec("tags", Kind.SCALAR, "of a manager: what its nodes must have, joined by commas"),
    OptionSpec("output", Kind.TEXT, "of a manager: name of the pictures that it writes, #### for the frame"),
)
_OF_JOB = OptionSpec("job", Kind.TEXT, "of this job; if not given, of the one that renders, else the last")
_FRAME = OptionSpec("frame", Kind.INTEGER, "of a manager: of this frame of a job of many")
_NODE_CHANGES = (
    OptionSpec("threads", Kind.INTEGER, "to render with; 0: all cores"),
    OptionSpec("tags", Kind.SCALAR, "what jobs can ask for, joined by commas; empty: none"),
)

_TABLE = (
    Verb(
        "CTL_HELLO",
        "agree on a protocol version and unlock level 1",
        'CTL_HELLO LRNAP/1 client="blender/4.2"',
        args=(Argument("version"),),
        options=(
            OptionSpec("client", Kind.TEXT, "name and version of the client, for the log"),
            OptionSpec("want", Kind.TEXT, "capabilities wished for, separated by commas"),
        ),
        role=Role.NONE,
        order=Order.BARRIER,
    ),
    Verb(
        "CTL_AUTH",
        "prove who you are with a token",
        'CTL_AUTH "s3cret"',
        args=(Argument("token"),),
        role=Role.NONE,
        order=Order.BARRIER,
    ),
    Verb("CTL_INFO", "what this server is: version, platform, memory, cores", "CTL_INFO", reply="R_INFO"),
    Verb("CTL_STATUS", "what is going on, here or with one job", 'CTL_STATUS "myjob"', args=_JOB, reply="R_STATUS"),
    Verb(
        "CTL_HELP",
        "the verbs and calls, or how to use one of them",
        "CTL_HELP API_Render",
        args=(Argument("verb", optional=True),),
        role=Role.NONE,
    ),
    Verb(
        "CTL_PING",
        "is anyone there; answers with the token",
        "CTL_PING 42",
        args=(Argument("token", Kind.SCALAR, optional=True),),
        role=Role.NONE,
    ),
    Verb("CTL_QUIT", "end this connection; rendering goes on", "CTL_QUIT", role=Role.NONE, order=Order.SCENE),
    Verb(
        "CTL_JOBS",
        "the jobs, one a line, the newest last",
        "CTL_JOBS state=QUEUED,RENDERING limit=20",
        options=(
            OptionSpec("state", Kind.TEXT, "only those in these states, joined by commas"),
            OptionSpec("owner", Kind.SCALAR, "only those of this owner"),
            OptionSpec("token", Kind.SCALAR, "only the job of this submission of that owner"),
            OptionSpec("limit", Kind.INTEGER, "at most so many, the newest; 1000 if not given"),
            OptionSpec("before", Kind.INTEGER, "of a manager: those with smaller ids, to read on"),
        ),
    ),
    Verb(
        "CTL_JOB",
        "all about a job: facts, and why it waits; or its frames, runs or history, one a line",
        'CTL_JOB "myjob" show=frames',
        args=(Argument("job", Kind.SCALAR),),
        options=(
            OptionSpec("show", Kind.TEXT, "facts if not given", choices=PARTS_OF_JOBS),
            OptionSpec("limit", Kind.INTEGER, "at most so many lines; 1000 if not given"),
            OptionSpec("since", Kind.INTEGER, "to read on: frames or entries of the history behind this number"),
        ),
    ),
    Verb(
        "CTL_LOG",
        "the last lines of the log (20 if not said otherwise)",
        'CTL_LOG 50 "myjob"',
        args=(Argument("lines", Kind.INTEGER, optional=True), Argument("job", optional=True)),
    ),
    Verb(
        "CTL_GET",
        "one setting, or all",
        "CTL_GET threads",
        args=(Argument("name", optional=True),),
        options=(_OF_JOB,),
    ),
    Verb(
        "CTL_SET",
        "change a setting; without a value it is again as the scene says",
        "CTL_SET gamma 1.8",
        args=(Argument("name"), Argument("value", Kind.VALUE, optional=True)),
        options=(_OF_JOB,),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_PAUSE",
        "pause rendering; the film and its memory stay",
        'CTL_PAUSE "myjob"',
        args=_JOB,
        role=Role.SUBMIT,
        states=_RUNNING,
    ),
    Verb(
        "CTL_RESUME",
        "go on after CTL_PAUSE",
        'CTL_RESUME "myjob"',
        args=_JOB,
        role=Role.SUBMIT,
        states=_RUNNING,
    ),
    Verb(
        "CTL_STOP",
        "end rendering; the film stays",
        'CTL_STOP "myjob"',
        args=_JOB,
        role=Role.SUBMIT,
        states=_RUNNING | {Status.STOPPED, Status.DONE},
    ),
    Verb(
        "CTL_RESET",
        "back to IDLE: rendering ends, job and film are gone",
        'CTL_RESET "myjob"',
        args=_JOB,
        role=Role.SUBMIT,
    ),
    Verb(
        "CTL_RETRY",
        "of a manager: what failed or was stopped of a job is rendered on, to the same goal",
        'CTL_RETRY "myjob"',
        args=_JOB,
        role=Role.SUBMIT,
        states=frozenset({Status.STOPPED, Status.DONE, Status.ERROR}),
    ),
    Verb(
        "CTL_CHANGE",
        "of a manager: other wishes for a job, whatever it does now",
        'CTL_CHANGE "myjob" priority=10',
        args=(Argument("job", Kind.SCALAR),),
        options=(*_HALTS, *_WISHES),
        role=Role.SUBMIT,
    ),
    Verb(
        "CTL_ADDTHREAD",
        "render with one thread more",
        "CTL_ADDTHREAD",
        args=_THREADS,
        role=Role.SUBMIT,
        states=_RUNNING,
    ),
    Verb(
        "CTL_REMOVETHREAD",
        "render with one thread less",
        "CTL_REMOVETHREAD",
        args=_THREADS,
        role=Role.SUBMIT,
        states=_RUNNING,
    ),
    Verb(
        "CTL_SUBSCRIBE",
        "be told of changes as they happen (R_EVENT)",
        '#5 CTL_SUBSCRIBE state stats job="myjob" rate=1',
        args=(Argument("topic", repeated=True, choices=TOPICS),),
        options=(
            OptionSpec("job", Kind.TEXT, "only of this job"),
            OptionSpec("rate", Kind.NUMBER, "statistics at most this often a second"),
            OptionSpec("since", Kind.INTEGER, "go on after the event with this seq"),
        ),
        level=1,
    ),
    Verb(
        "CTL_UNSUBSCRIBE",
        "end a subscription",
        "#6 CTL_UNSUBSCRIBE 3",
        args=(Argument("sub", Kind.INTEGER),),
        level=1,
    ),
    Verb(
        "CTL_NODES",
        "of a manager: its nodes, one a line; or all about one of them",
        "CTL_NODES",
        args=(Argument("node", Kind.SCALAR, optional=True),),
    ),
    Verb(
        "CTL_NODE",
        "of a manager: change one of its nodes",
        "CTL_NODE lrnap://n7:1978 step=drain",
        args=(Argument("node", Kind.SCALAR),),
        options=(
            OptionSpec("step", Kind.TEXT, "what is to become of it", choices=STEPS_OF_NODES),
            *_NODE_CHANGES,
            OptionSpec("why", Kind.TEXT, "for those who wonder"),
        ),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_ADDNODE",
        "of a manager: render on a node, too; one that it has gets threads and tags",
        "CTL_ADDNODE lrnap://n7:1978 tags=gpu",
        args=(Argument("url"),),
        options=(
            *_NODE_CHANGES,
            OptionSpec("fingerprint", Kind.TEXT, "of the certificate of a node that encrypts"),
            OptionSpec("token", Kind.TEXT, "what makes the manager admin there"),
        ),
        role=Role.ADMIN,
    ),
    Verb(
        "CTL_CLAIM",
        "from now on this connection alone steers the node, until a claim of a higher generation; others may look",
        "CTL_CLAIM 7f3a 12",
        args=(Argument("manager", Kind.SCALAR), Argument("generation", Kind.INTEGER)),
        role=Role.ADMIN,
    ),
    Verb("CTL_RELEASE", "the claim of this connection is over, and forgotten", "CTL_RELEASE", role=Role.ADMIN),
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
        args=_JOB,
        options=(_FRAME,),
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
        args=_JOB,
        options=(
            OptionSpec("seed", Kind.INTEGER, "of the random numbers, 1 or more; never twice for one job"),
            OptionSpec("threads", Kind.INTEGER, "0: all cores"),
            *_HALTS,
            OptionSpec("run", Kind.TEXT, "name of the run, given by a master"),
            OptionSpec("channels", Kind.TEXT, "of the film beside light, joined by commas: depth,normal,albedo ..."),
            *_WISHES,
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
        args=_JOB,
        options=(_FRAME,),
        role=Role.SUBMIT,
        order=Order.SCENE,
        states=_STARTABLE | _RUNNING,
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
        args=_JOB,
        options=(
            OptionSpec("format", Kind.TEXT, "float32 if not given", choices=FORMATS),
            OptionSpec("snapshot", Kind.TEXT, "of this snapshot; a new one if not given"),
            OptionSpec("range", Kind.RANGE, "only these bytes, to go on after a break"),
            OptionSpec("compress", Kind.TEXT, "how the bytes travel", choices=("none", "zstd")),
            _FRAME,
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

VERBS: Mapping[str, Verb] = {verb.name: verb for verb in _TABLE}


def key(name: str) -> str:
    """The one spelling under which a verb is looked up: upper case, without the lux prefix of an API verb."""
    name = name.upper()
    return "API_" + name[7:] if name.startswith("API_LUX") and len(name) > 7 else name


_BY_KEY = {key(verb.name): verb for verb in _TABLE}


def find(name: str) -> Verb | None:
    """The verb of any spelling; LUX_CALL for any other `API_...`; None if there is none."""
    upper = key(name)
    found = _BY_KEY.get(upper)
    if found is None and upper.startswith("API_") and len(upper) > 4:
        return LUX_CALL
    return found


def unknown(name: str) -> WireError:
    """That there is no such verb; people leave out the prefix."""
    meant = _BY_KEY.get(key(f"CTL_{name}")) or _BY_KEY.get(key(f"API_{name}"))
    cure = f"write {meant.name}" if meant else "CTL_HELP lists them"
    return WireError(Code.UNKNOWN_VERB, f"there is no verb {name[:40]}; {cure}")


def canonical(name: str) -> str:
    """`name` as the table spells it; a Lux call as `API_` and its name without the lux prefix, as typed."""
    verb = find(name)
    if verb is None:
        raise unknown(name)
    if verb is not LUX_CALL:
        return verb.name
    rest = name[4:]
    return "API_" + (rest[3:] if rest[:3].lower() == "lux" and len(rest) > 3 else rest)

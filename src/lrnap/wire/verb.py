"""What a verb is: its name, arguments and options, who may use it, when it is answered.

The rows are in `control_verbs` and `scene_verbs`; here stands what they are made of, and what many of them share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Role(IntEnum):
    """Who may use a verb; each includes those before it. NONE: also before authentication; NODE: a machine whose
    nodes join a manager, which may do that and nothing else (`Verb.joins`)."""

    NONE = 0
    NODE = 1
    READ = 2
    SUBMIT = 3
    ADMIN = 4


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
    joins: bool = False  # machines that join may use it, too
    level: int = 0
    order: Order = Order.FREE
    reply: str = "R_OK"
    states: frozenset[Status] = frozenset()  # of the job it acts on; empty: any

    @property
    def usage(self) -> str:
        return " ".join([self.name, *map(str, self.args), *map(str, self.options)])

    def option(self, name: str) -> OptionSpec | None:
        return next((option for option in self.options if option.name == name), None)


JOB = (Argument("job", optional=True),)
RUNNING = frozenset({Status.QUEUED, Status.RENDERING, Status.PAUSED})
FRAME = OptionSpec("frame", Kind.INTEGER, "of a manager: of this frame of a job of many")
HALTS = (
    OptionSpec("spp", Kind.NUMBER, "halt at this many samples per pixel; 0: never, whatever the scene says"),
    OptionSpec("seconds", Kind.NUMBER, "halt after this time of rendering; 0: never"),
    OptionSpec("noise", Kind.NUMBER, "halt when the picture's error is below, where 1 is white; 0: never"),
)
WISHES = (
    OptionSpec("priority", Kind.SIGNED, "of a manager: higher ones come first; 0 if not given"),
    OptionSpec("after", Kind.SCALAR, "of a manager: jobs that must be DONE before, joined by commas"),
    OptionSpec("nodes", Kind.SCALAR, "of a manager: how many at once, at least and at most, 2-8 or 4 or 2-"),
    OptionSpec("tags", Kind.SCALAR, "of a manager: what its nodes must have, joined by commas"),
    OptionSpec("output", Kind.TEXT, "of a manager: name of the pictures that it writes, #### for the frame"),
)

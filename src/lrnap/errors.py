"""Every error code once, and the exceptions that carry them.

A code is a promise: its name and number are never changed, only added to. `R_ERROR` on the wire, exit codes of
the command line and exceptions in Python all derive from this table. Nothing here imports anything of lrnap.
"""

from __future__ import annotations

from enum import Enum


class Blame(Enum):
    """Whose mistake an error is, so that a program knows whether to mend its request or to try elsewhere."""

    CLIENT = "client"
    SERVER = "server"
    SCENE = "scene"


class Retry(Enum):
    """Whether the same request can succeed later, unchanged."""

    NO = "no"
    LATER = "later"


class Code(Enum):
    """`NAME = (number, blame, retry, meaning)`; the name on the wire is `E_` + NAME."""

    SYNTAX = (1, Blame.CLIENT, Retry.NO, "the line does not follow the grammar")
    FRAMING = (2, Blame.CLIENT, Retry.NO, "a payload or a line is framed wrongly; the connection is closed")
    TOO_LONG = (3, Blame.CLIENT, Retry.NO, "a line, an argument list or a payload is over its limit")
    UNKNOWN_VERB = (4, Blame.CLIENT, Retry.NO, "there is no such verb")
    ARGS = (5, Blame.CLIENT, Retry.NO, "wrong number of arguments, or an unknown option")
    TYPE = (6, Blame.CLIENT, Retry.NO, "an argument has the wrong type")
    VERSION = (7, Blame.CLIENT, Retry.NO, "no common protocol version")
    AUTH_REQUIRED = (8, Blame.CLIENT, Retry.NO, "the verb needs an authenticated connection")
    AUTH_FAILED = (9, Blame.CLIENT, Retry.NO, "the credentials were refused")
    DENIED = (10, Blame.CLIENT, Retry.NO, "not allowed, or outside the allowed folders")
    TLS_REQUIRED = (11, Blame.CLIENT, Retry.NO, "the verb needs an encrypted connection")
    QUOTA = (12, Blame.CLIENT, Retry.LATER, "a quota is used up")
    BUSY = (13, Blame.SERVER, Retry.LATER, "the node is rendering another job")
    TIMEOUT = (14, Blame.CLIENT, Retry.LATER, "it took too long")
    NOT_FOUND = (15, Blame.CLIENT, Retry.NO, "no such job, file or asset")
    EXISTS = (16, Blame.CLIENT, Retry.NO, "the name is taken")
    STATE = (17, Blame.CLIENT, Retry.NO, "not possible in the present state")
    SEQ = (18, Blame.CLIENT, Retry.NO, "a sequence number is out of order")
    FENCED = (19, Blame.CLIENT, Retry.NO, "another master has taken over")
    SKIPPED = (20, Blame.CLIENT, Retry.NO, "not run, because an earlier call of this scene failed")
    HASH = (21, Blame.CLIENT, Retry.LATER, "the content does not have the announced hash")
    GONE = (22, Blame.CLIENT, Retry.LATER, "the snapshot is no longer kept")
    SCENE = (23, Blame.SCENE, Retry.NO, "the scene is wrong at the place given")
    ENGINE = (24, Blame.SERVER, Retry.LATER, "the render engine failed")
    UNAVAILABLE = (25, Blame.SERVER, Retry.LATER, "no node can do it now")
    INTERNAL = (26, Blame.SERVER, Retry.LATER, "a defect of the server")
    UNSUPPORTED = (27, Blame.CLIENT, Retry.NO, "known, but not available on this server")

    def __init__(self, number: int, blame: Blame, retry: Retry, meaning: str) -> None:
        self.number = number
        self.blame = blame
        self.retry = retry
        self.meaning = meaning

    @property
    def wire_name(self) -> str:
        return f"E_{self.name}"

    @classmethod
    def from_wire(cls, name: str) -> Code:
        """The code of a name as it stands on the wire; an unknown one (of a newer server) is INTERNAL."""
        return cls.__members__.get(name.removeprefix("E_"), cls.INTERNAL)


class LrnapError(Exception):
    """Base of all errors that users see: a code, one sentence that names cause and cure, and the place.

    `at`: whatever says it as text: a Location, a path, or None.
    """

    def __init__(self, code: Code, message: str, *, at: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = None if at is None else str(at)

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


class WireError(LrnapError):
    """What the peer sent breaks the protocol. `fatal`: the connection cannot be resynchronised."""

    def __init__(self, code: Code, message: str, *, fatal: bool = False) -> None:
        super().__init__(code, message)
        self.fatal = fatal


class SceneError(LrnapError):
    """The scene is wrong, at a place (`file:line:column`, or the position of the call)."""

    def __init__(self, message: str, *, at: object = None, code: Code = Code.SCENE) -> None:
        super().__init__(code, message, at=at)


class EngineError(LrnapError):
    """The engine refused the scene or died; `log` holds its last lines."""

    def __init__(self, message: str, *, log: tuple[str, ...] = (), code: Code = Code.ENGINE) -> None:
        super().__init__(code, message)
        self.log = log


class RemoteError(LrnapError):
    """A server answered `R_ERROR`, or could not be reached (`E_UNAVAILABLE`)."""

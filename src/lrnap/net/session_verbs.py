"""The verbs that are about the connection itself, the same on every server.

Each row takes the link and the request, changes the session, and gives the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lrnap import __version__
from lrnap.errors import Code, LrnapError
from lrnap.limits import POST_AUTH
from lrnap.net.help import help_reply
from lrnap.wire import Reply, Request, Scalar, Word, ok

if TYPE_CHECKING:
    from lrnap.net.link import Link

PROTOCOL, MINOR = "LRNAP/1", "0"
CAPABILITIES = ("tags", "events", "assets", "arrays", "zstd")


def _hello(link: Link, request: Request) -> Reply:
    asked = str(request.args[0])
    if asked.upper().partition(".")[0] != PROTOCOL:
        raise LrnapError(Code.VERSION, f"this server speaks {PROTOCOL}, not {asked[:40]}")
    wanted = str(request.options.get("want", ",".join(CAPABILITIES))).lower().split(",")
    link.session.level = 1
    fields: dict[str, Scalar] = {
        "server": f"lrnap/{__version__}",
        **link.service.facts(),
        "caps": Word(",".join(cap for cap in CAPABILITIES if cap in wanted) or "none"),
        "maxline": POST_AUTH.line,
        "maxpayload": POST_AUTH.payload,
        "role": Word(link.session.role.name.lower()),
    }
    return Reply("R_OK", (Word(f"{PROTOCOL}.{MINOR}"),), fields)


def _auth(link: Link, request: Request) -> Reply:
    try:
        grant = link.gate.authenticate(str(request.args[0]))
    except LrnapError:
        link.refused()
        raise
    if grant is not None:
        link.authenticated(grant)
    return ok(role=Word(link.session.role.name.lower()))


def _ping(link: Link, request: Request) -> Reply:  # noqa: ARG001
    return ok(*(arg for arg in request.args if isinstance(arg, str | int | float)))


def _quit(link: Link, request: Request) -> Reply:  # noqa: ARG001
    link.quit()
    return ok()


def _help(link: Link, request: Request) -> Reply:  # noqa: ARG001
    return help_reply(str(request.args[0]) if request.args else None)


SESSION_VERBS: Mapping[str, Callable[[Link, Request], Reply]] = {
    "CTL_HELLO": _hello,
    "CTL_AUTH": _auth,
    "CTL_PING": _ping,
    "CTL_QUIT": _quit,
    "CTL_HELP": _help,
}

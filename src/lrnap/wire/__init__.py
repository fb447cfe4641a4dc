"""LRNAP without I/O: bytes in, events out; messages in, bytes out. The normative text is docs/protocol.md.

    ServerConnection(limits=POST_AUTH, *, level=0)            one connection of a server
        receive_data(bytes) | get_buffer() + buffer_updated(n), receive_eof()        bytes in
        next_event() -> Request | Offer | BadLine | Hangup | Signal                  events out
        accept(into=()) | refuse(reply)                       decide on an Offer, before byte 1 of its payloads
        send(reply), data_to_send() -> list[Buffer]           messages in, bytes out
        .level, .limits (set POST_AUTH after authentication), .state, .unanswered, .received
    ClientConnection(limits=POST_AUTH, *, level=0)            one connection of a client
        receive_data ... data_to_send as above, next_event() -> Reply | Hangup | Signal
        send(request, into=None), new_tag(); level 1 from the R_OK to CTL_HELLO on
    Signal.NEED_DATA | PAUSED (answer or decide first, stop reading) | CLOSED
    Request(verb, args, options, tag): .spec (its row), .call (name of a Lux call, or None), .payloads
    Reply(word, args, fields, tag, text, data): .final, .code, .check()
    ok, error, error_of, info, status, text, film, frames, event, gap    builders of replies
    Payload.of(data, dtype=, shape=, compress=, sha256=); .content() gives the decoded, verified bytes
    VERBS, LUX_CALL, find(name) -> Verb | None, Verb, Role, Order, Status, Kind      the table
    help.overview(), help.explain(verb): the lines that CTL_HELP answers
    Word (a str written without quotes), quote(value), printable(text)

How a server uses it: take events until NEED_DATA or PAUSED. Request: authorise it by `request.spec.role`, do it,
`send` one final reply. Offer: authorise `offer.request`, then `accept()` (the Request follows, with data) or
`refuse(error)`. BadLine: `send(error_of(bad.error, tag=bad.tag))`. Hangup: if `silent`, close at once; otherwise send
what is outstanding, then `error_of(hangup.error, tag=hangup.tag)` if there is one, and close.
Replies without a tag go out in the order of their requests: the server sees to that.
"""

from lrnap.wire.client import ClientConnection as ClientConnection
from lrnap.wire.events import BadLine as BadLine
from lrnap.wire.events import Hangup as Hangup
from lrnap.wire.events import Offer as Offer
from lrnap.wire.events import Signal as Signal
from lrnap.wire.grammar import Scalar as Scalar
from lrnap.wire.grammar import Value as Value
from lrnap.wire.grammar import Word as Word
from lrnap.wire.grammar import printable as printable
from lrnap.wire.grammar import quote as quote
from lrnap.wire.messages import Reply as Reply
from lrnap.wire.messages import Request as Request
from lrnap.wire.messages import error as error
from lrnap.wire.messages import error_of as error_of
from lrnap.wire.messages import event as event
from lrnap.wire.messages import film as film
from lrnap.wire.messages import frames as frames
from lrnap.wire.messages import gap as gap
from lrnap.wire.messages import info as info
from lrnap.wire.messages import ok as ok
from lrnap.wire.messages import status as status
from lrnap.wire.messages import text as text
from lrnap.wire.payload import Buffer as Buffer
from lrnap.wire.payload import Payload as Payload
from lrnap.wire.scene_verbs import LUX_CALL as LUX_CALL
from lrnap.wire.server import ServerConnection as ServerConnection
from lrnap.wire.states import State as State
from lrnap.wire.verb import Kind as Kind
from lrnap.wire.verb import Order as Order
from lrnap.wire.verb import Role as Role
from lrnap.wire.verb import Status as Status
from lrnap.wire.verb import Verb as Verb
from lrnap.wire.verbs import VERBS as VERBS
from lrnap.wire.verbs import find as find

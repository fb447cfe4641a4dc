"""The states of a connection and the one table that says which follows which.

Rules for this file: everything that decides a transition is here; it does not know what a line or a byte is.
"""

from __future__ import annotations

from enum import Enum

from lrnap.errors import Code, WireError


class State(Enum):
    LINE = "waiting for a line"
    SKIP = "dropping the rest of a line that is too long"
    OFFER = "payloads are announced; the server decides"
    PAYLOAD = "receiving a payload"
    PAYLOAD_END = "expecting the CRLF of a payload"
    DRAIN = "dropping refused payloads"
    BARRIER = "waiting for our own answer to CTL_HELLO or CTL_AUTH"
    TEXT = "receiving the lines that a reply announced"
    DATA = "receiving the bytes that a reply announced"
    CLOSED = "nothing more comes out"


class Cue(Enum):
    TOO_LONG = "the line is over its limit"
    LINE_END = "the line that was too long ends"
    ANNOUNCED = "the line announces payloads"
    ACCEPTED = "the payloads are wanted"
    REFUSED = "the payloads are not wanted, and will not come"
    REFUSED_COMING = "the payloads are not wanted, but come, and are small"
    FILLED = "all bytes are there"
    NEXT = "another payload follows"
    COMPLETE = "that was the last one"
    ASKED = "CTL_HELLO or CTL_AUTH arrived"
    ANSWERED = "it was answered"
    LINES_FOLLOW = "the reply announces lines"
    BYTES_FOLLOW = "the reply announces bytes"
    FRAME_FOLLOWS = "an R_DATA announces bytes and a CRLF"
    FATAL = "the stream cannot be understood any more, or is over"


TABLE: dict[tuple[State, Cue], State] = {
    (State.LINE, Cue.TOO_LONG): State.SKIP,
    (State.SKIP, Cue.LINE_END): State.LINE,
    # server: payloads of a request
    (State.LINE, Cue.ANNOUNCED): State.OFFER,
    (State.OFFER, Cue.ACCEPTED): State.PAYLOAD,
    (State.OFFER, Cue.REFUSED): State.LINE,
    (State.OFFER, Cue.REFUSED_COMING): State.DRAIN,
    (State.DRAIN, Cue.COMPLETE): State.LINE,
    (State.PAYLOAD, Cue.FILLED): State.PAYLOAD_END,
    (State.PAYLOAD_END, Cue.NEXT): State.PAYLOAD,
    (State.PAYLOAD_END, Cue.COMPLETE): State.LINE,
    # server: nothing may be pipelined behind a change of level or of rights
    (State.LINE, Cue.ASKED): State.BARRIER,
    (State.BARRIER, Cue.ANSWERED): State.LINE,
    # client: what follows a reply
    (State.LINE, Cue.LINES_FOLLOW): State.TEXT,
    (State.TEXT, Cue.COMPLETE): State.LINE,
    (State.LINE, Cue.BYTES_FOLLOW): State.DATA,
    (State.DATA, Cue.COMPLETE): State.LINE,
    (State.LINE, Cue.FRAME_FOLLOWS): State.PAYLOAD,
}


def after(state: State, cue: Cue) -> State:
    """The state that follows; FATAL leads to CLOSED from anywhere. What the table lacks is a defect of the caller."""
    if cue is Cue.FATAL:
        return State.CLOSED
    if (state, cue) not in TABLE:
        raise WireError(Code.STATE, f"not possible now ({state.value}): {cue.value}")
    return TABLE[state, cue]

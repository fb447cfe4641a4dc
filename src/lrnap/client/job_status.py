"""What a node says of a job, as the status of a run: `R_STATUS` and statistics in, `RunStatus` out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lrnap.engine.protocol import RunState, RunStatus
from lrnap.errors import Code, EngineError, LrnapError, SceneError
from lrnap.wire import Scalar

STATES: Mapping[str, RunState] = {  # of a job, in R_STATUS -> of its run
    "IDLE": RunState.BUILDING,
    "PARSING": RunState.BUILDING,
    "READY": RunState.BUILDING,
    "RENDERING": RunState.RENDERING,
    "PAUSED": RunState.PAUSED,
    "STOPPED": RunState.STOPPED,
    "DONE": RunState.DONE,
    "ERROR": RunState.FAILED,
}


def status_of(word: str, fields: Mapping[str, Scalar], before: RunStatus) -> RunStatus:
    """What an R_STATUS or statistics say of a job in the state `word`; what they leave out is as before."""
    state = STATES.get(word, RunState.BUILDING)
    if state is RunState.RENDERING and fields.get("phase") == "BUILDING":
        state = RunState.BUILDING

    def number(name: str, otherwise: float) -> float:
        value = fields.get(name, otherwise)
        return float(value) if isinstance(value, int | float) else otherwise

    return RunStatus(
        state=state,
        samples=number("samples", before.samples),
        spp=number("spp", before.spp),
        samples_per_second=number("rate", before.samples_per_second),
        seconds=number("seconds", before.seconds),
        threads=int(number("thread", before.threads)),
        triangles=int(number("triangles", before.triangles)),
        engine=str(fields.get("engine", before.engine)),
        epoch=int(number("epoch", before.epoch)),
        noise=number("noise", 0.0) or before.noise,
        error=_failure(fields) if state is RunState.FAILED else None,
    )


def _failure(fields: Mapping[str, Scalar]) -> LrnapError:
    code = Code.from_wire(str(fields.get("code", Code.ENGINE.wire_name)))
    message = str(fields.get("desc", "the node does not say why"))
    if code is Code.SCENE:
        at = fields.get("at")
        return SceneError(message, at=None if at is None else str(at))
    return EngineError(message, code=code)

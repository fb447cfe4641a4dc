"""What one Context of pylux does: its calls on `lrnap.Context`, where the mode of the Lux API says.

Nothing raises but a call of the wrong form: what is wrong is told (`reporting`), and the call changes nothing. A call
behind worldEnd begins another scene; the render goes on meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrnap.client import mode
from lrnap.client.context import RECORDED
from lrnap.client.context import Context as Lux
from lrnap.client.job import Job
from lrnap.client.written import Written, of_scene, put_aside
from lrnap.engine.process import ProcessEngine
from lrnap.engine.protocol import Run, RunOptions
from lrnap.errors import Code, LrnapError
from lrnap.lux.call import Call
from lrnap.lux.scene import Scene
from lrnap.pylux import buffers
from lrnap.pylux.buffers import Frame
from lrnap.pylux.rendering import Rendering
from lrnap.pylux.reporting import report_error, report_warning
from lrnap.pylux.servers import RenderingServerInfo, infos

DESCRIBING = frozenset(spec.name for spec in RECORDED)
NOTHING: Mapping[str, Any] = {"bool": False, "integer": 0, "number": 0.0, "string": "", "text": ""}
FAR = float("inf")


class OneThread:
    """The engine of this machine as pylux has it: it begins with one thread, and addThread brings more."""

    def __init__(self) -> None:
        self._engine = ProcessEngine()
        self.name = self._engine.name

    async def start(self, scene: Scene, options: RunOptions) -> Run:
        return await self._engine.start(scene, replace(options, threads=options.threads or 1))


class Session:
    """Raises LrnapError if the mode of the Lux API lacks its host or its file; nothing else here does."""

    def __init__(self, name: str) -> None:
        mode.target()
        self.name = name
        self._lock = threading.RLock()
        self._now: Lux | None = None
        self._rendering: Rendering | None = None
        self._failed = False  # to parse
        self._leaving = False  # nothing is to render that has not begun

    @property
    def lux(self) -> Lux:
        """Made with the first call, and anew with the first behind cleanup."""
        with self._lock:
            if self._now is None:
                target = mode.target()
                self._now = Lux(OneThread() if target is None else target, name=self.name, on_warning=report_warning)
            return self._now

    def do(self, call: Call, returns: str) -> Any:
        """Makes the call; what it returns, or what is nothing of that kind if it was told to be wrong."""
        try:
            special = _SPECIAL.get(call.name)
            if special is not None:
                return special(self, *call.args)
            return self._describe(call) if call.name in DESCRIBING else self.lux.steer(call)
        except LrnapError as error:
            error.at = error.at or str(call.at)
            report_error(error)
            return NOTHING.get(returns)

    def close(self) -> None:
        """Ends everything at once."""
        with self._lock:
            lux, self._now = self._now, None
        if lux is not None:
            lux.close()

    # -- describing

    def _describe(self, call: Call) -> None:
        if call.name == "WorldEnd":
            self._world_end(call)
            return
        if self.lux.finished and not self.lux.writes:
            self.lux.reset()
        self.lux.call(call)

    def _world_end(self, call: Call) -> None:
        if self._busy:
            message = "a scene is rendering: end it with exit() and wait() before the next worldEnd()"
            raise LrnapError(Code.STATE, message)
        self.lux.call(call)
        if not self.lux.writes:
            begun = self._begin(anywhere=True)
            self._start(lambda: begun)

    def parse(self, path: str, background: bool = False) -> bool:
        """Reads a whole scene and renders it, before it returns, or in the background."""
        if self._busy:
            raise LrnapError(Code.STATE, "a scene is rendering: end it with exit() and wait() before another is parsed")
        self._failed = False
        lux = self.lux

        def begin() -> tuple[Job, Written] | None:
            try:
                lux.parse(path)
            except LrnapError:
                self._failed = True
                raise
            idle = lux.writes or not lux.finished or self._leaving
            return None if idle else self._begin(anywhere=False)

        rendering = self._start(begin)
        if background:
            return True
        rendering.wait()
        return not self._failed

    def parse_partial(self, path: str, background: bool = False) -> bool:  # noqa: ARG002
        """Read before it returns in either way: the calls that follow it stand behind it."""
        self._failed = False
        try:
            return self.lux.parsePartial(path)
        except LrnapError:
            self._failed = True
            raise

    def cleanup(self) -> None:
        """Ends what renders, its files written; the next call is that of a new context."""
        self._failed = False
        try:
            self.exit()
            self.wait()
            self.lux.cleanup()
        finally:
            self.close()

    # -- rendering

    @property
    def _busy(self) -> bool:
        return self._rendering is not None and self._rendering.is_alive()

    def _begin(self, *, anywhere: bool) -> tuple[Job, Written]:
        scene = self.lux.scene
        written = of_scene(scene, Path.cwd(), anywhere=anywhere)
        put_aside(written)
        resume = written.resume if written.resume is not None and written.resume.exists() else None
        return self.lux.render(resume=resume), written

    def _start(self, begin: Callable[[], tuple[Job, Written] | None]) -> Rendering:
        rendering = self._rendering = Rendering(begin)
        self._leaving = False
        rendering.start()
        return rendering

    def exit(self) -> None:
        self._leaving = True
        self.lux.exit()

    def wait(self) -> None:
        rendering = self._rendering
        if rendering is not None:
            rendering.wait()

    def change_threads(self, by: int) -> int:
        """How many there are then. A render that is over has no use for them."""
        figures = self.lux.figures
        if figures.over:
            return figures.threads
        return int(self.lux.addThread() if by > 0 else self.lux.removeThread())

    # -- looking

    def attribute(self, thing: str, name: str) -> Any:
        """None for what there is not."""
        try:
            return self.lux.getAttribute(thing, name)
        except LrnapError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise

    def servers(self) -> tuple[RenderingServerInfo, ...]:
        return infos(self.lux.figures.servers)

    @property
    def frame(self) -> Frame:
        """Of no size before a scene or a film says one."""
        figures, lux = self.lux.figures, self.lux
        if not figures.ready and not figures.film:
            return Frame(0, 0)
        if figures.only_film:
            return Frame(*figures.size)
        crop = [lux.getAttribute("film", f"cropWindow.{index}") for index in range(4)]
        return Frame(lux.getAttribute("film", "xResolution"), lux.getAttribute("film", "yResolution"), crop)

    def framebuffer(self) -> list[int]:
        return buffers.flat(self.frame.whole(self.lux.framebuffer(), 3))

    def float_framebuffer(self) -> list[float]:
        return buffers.flat(self.frame.whole(self.lux.floatFramebuffer(), 3))

    def alpha_buffer(self) -> list[float]:
        return buffers.flat(self.frame.whole(self.lux.alphaBuffer(), 1))

    def z_buffer(self) -> list[float]:
        return buffers.flat(self.frame.whole(self.lux.zBuffer(), 1, FAR))

    def combined_buffers(self) -> tuple[memoryview, memoryview]:
        colours, depth = self._combined()
        return buffers.buffer(colours), buffers.buffer(depth)

    def combined_rects(self) -> tuple[list[list[float]], list[list[float]]]:
        colours, depth = self._combined()
        return buffers.rects(colours), buffers.rects(depth)

    def _combined(self) -> Sequence[buffers.Pixels]:
        self.lux.updateFramebuffer()
        colours, depth = self.lux.blenderCombinedDepthBuffers()
        frame = self.frame
        return frame.whole(colours, 4, upwards=True), frame.whole(depth, 1, FAR, upwards=True)

    def histogram(self, width: float, height: float, options: float) -> list[int]:
        return buffers.flat(self.lux.getHistogramImage(width, height, options))

    def save_exr(self, path: str, half: float, depth: float, tonemapped: float) -> None:
        self.lux.saveEXR(path, half, depth, 2, tonemapped)


_SPECIAL: Mapping[str, Callable[..., Any]] = {
    "Parse": Session.parse,
    "ParsePartial": Session.parse_partial,
    "ParseSuccessful": lambda session: not session._failed,
    "Cleanup": Session.cleanup,
    "Exit": Session.exit,
    "Wait": Session.wait,
    "AddThread": lambda session: session.change_threads(+1),
    "RemoveThread": lambda session: session.change_threads(-1),
    "GetAttribute": Session.attribute,
    "GetRenderingServersStatus": Session.servers,
    "Framebuffer": Session.framebuffer,
    "FloatFramebuffer": Session.float_framebuffer,
    "AlphaBuffer": Session.alpha_buffer,
    "ZBuffer": Session.z_buffer,
    "BlenderCombinedDepthBuffers": Session.combined_buffers,
    "BlenderCombinedDepthRects": Session.combined_rects,
    "GetHistogramImage": Session.histogram,
    "SaveEXR": Session.save_exr,
}

"""What control calls steer: a job, as seen from a node's connection, from a Context, or where nothing renders at all.

Each mode gives one `Steered`. Rules for this file: types only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from lrnap.engine.protocol import Halt, RunState
from lrnap.film.snapshot import Snapshot
from lrnap.lux.call import Param
from lrnap.lux.scene import Scene

Array: TypeAlias = npt.NDArray[np.generic]
Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is handed to whoever asked for it, because he alone knows where it belongs."""

    name: str
    data: bytes


Result: TypeAlias = bool | int | float | str | bytes | Attachment | Array | tuple[Array, ...] | None


@dataclass(frozen=True, slots=True)
class Server:
    """A node that renders the job, or did. Times in seconds, by the clock of whoever steers."""

    name: str  # host:port
    port: int
    run: str
    state: RunState
    samples: float = 0.0
    samples_per_second: float = 0.0
    since_contact: float = 0.0
    since_samples: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a job stands. All zeros where nothing has been rendered."""

    state: RunState | None = None  # None: not started
    ready: bool = False  # its scene is complete
    film: bool = False  # there is one
    only_film: bool = False  # loaded, without a scene
    samples: float = 0.0
    spp: float = 0.0
    samples_per_second: float = 0.0
    seconds: float = 0.0
    threads: int = 0  # of this machine
    triangles: int = 0
    noise: float | None = None  # the error of the picture in which 1 is white, once it is known
    resumed: float = 0.0  # samples of films that were loaded
    halt: Halt = field(default_factory=Halt)  # in force; `math.inf` is never, too
    enough: bool = False  # the halt condition holds, or somebody has said so
    engine: str = ""
    size: tuple[int, int] = (0, 0)
    groups: tuple[str, ...] = ()  # light groups, known once there is a film
    servers: tuple[Server, ...] = ()
    interval: float = 0.0  # seconds between films from the network, at most

    @property
    def over(self) -> bool:
        return self.state is not None and self.state.over

    @property
    def from_network(self) -> float:
        return sum(server.samples for server in self.servers)


class Steered(Protocol):
    """Methods raise LrnapError for what cannot be, with the cure; they change nothing then."""

    @property
    def scene(self) -> Scene | None:
        """Complete, or None."""

    @property
    def parsed(self) -> bool:
        """The scene, as far as it was described, was taken without error."""

    def figures(self) -> Figures: ...
    def film_params(self) -> Mapping[str, object]:
        """Film parameters that are not as the plugin table has them: the scene's, and what was set since."""

    def keep_film_params(self, changed: Mapping[str, object]) -> None:
        """From now on these count; they have been checked."""

    def override_film(self, params: Sequence[Param]) -> None:
        """The Film of the scene that is described, or of the next, has these whatever it says."""

    def warn(self, text: str) -> None: ...
    def log(self) -> Sequence[str]:
        """What the engines say, oldest line first."""

    # rendering
    async def render(self) -> None:
        """Starts, and does not wait."""

    async def resume(self) -> None: ...
    async def pause(self) -> None: ...
    async def finish(self) -> None:
        """Ends rendering; the film is complete when this returns."""

    async def abort(self) -> None:
        """Ends rendering at once; the film may be gone."""

    async def wait(self) -> None:
        """Until nothing renders any more. Raises what made it fail."""

    async def set_halt(self, halt: Halt, *, suspend: bool = False) -> None:
        """Replaces the halt condition of the job, or of the next one if there is none; `suspend`: it pauses then."""

    async def change_threads(self, by: int) -> int:
        """How many there are then."""

    # films
    async def film(self) -> Snapshot:
        """The newest there is. Raises LrnapError (STATE) if there is none."""

    async def add_film(self, film: Snapshot) -> None:
        """Counts it beside what is rendered."""

    async def show_film(self, film: Snapshot, params: Mapping[str, object]) -> None:
        """Shows this film, with these Film parameters, and no scene."""

    async def clear_film(self) -> None:
        """Forgets all samples; what renders begins anew."""

    def find_file(self, name: str) -> Path:
        """A file that may be read. Raises LrnapError (NOT_FOUND, DENIED)."""

    async def write_file(self, name: str, data: bytes) -> Attachment | None:
        """An attachment where there is no room for files."""

    # network
    async def add_server(self, name: str) -> None: ...
    async def remove_server(self, name: str) -> None: ...
    async def reset_server(self, name: str, password: str) -> None: ...
    def set_interval(self, seconds: float) -> None: ...

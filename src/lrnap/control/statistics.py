"""Statistics of a render under their classic names: as numbers, and as classic Lux words them.

Each row of NUMBERS is an attribute of the object renderer_statistics; LONG and SHORT word them for the objects
renderer_statistics_formatted and ..._formatted_short. Percentages are 0 and halts infinite where there is no halt
condition, as in classic Lux. Samples and times are those of the job; "net" is what nodes have sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lrnap.control.job import Figures
from lrnap.engine.protocol import RunState

_PREFIXES = ((1e3, 1.0, ""), (1e6, 1e3, "k"), (1e9, 1e6, "M"), (1e12, 1e9, "G"), (math.inf, 1e12, "T"))


def magnitude(number: float) -> tuple[float, str]:
    """A number reduced below a thousand, and the prefix that says by how much."""
    if not math.isfinite(number):
        return number, ""
    _, by, prefix = next(row for row in _PREFIXES if number < row[0])
    return number / by, prefix


@dataclass(frozen=True, slots=True)
class Look:
    """What statistics are made of: the job's figures, and the rate over the window."""

    figures: Figures
    window: float  # samples a second

    @property
    def pixels(self) -> float:
        width, height = self.figures.size
        by_samples = self.figures.samples / self.figures.spp if self.figures.spp else 0.0  # before there is a film
        return float(width * height) or by_samples

    @property
    def local(self) -> float:
        """Samples of this machine."""
        return max(0.0, self.figures.samples - self.figures.from_network - self.figures.resumed)

    @property
    def net_rate(self) -> float:
        return sum(server.samples_per_second for server in self.figures.servers)

    def per_pixel(self, samples: float) -> float:
        return samples / self.pixels if self.pixels else 0.0

    def per_second(self, samples: float) -> float:
        return samples / self.figures.seconds if self.figures.seconds else 0.0

    @property
    def halt_spp(self) -> float:
        return self.figures.halt.spp or math.inf

    @property
    def halt_time(self) -> float:
        return self.figures.halt.seconds or math.inf

    @property
    def halt_noise(self) -> float:
        return self.figures.halt.noise or math.inf

    @property
    def rate(self) -> float:
        return self.window or self.figures.samples_per_second

    @property
    def remaining_spp(self) -> float:
        return max(0.0, self.halt_spp - self.figures.spp)

    @property
    def remaining_time(self) -> float:
        by_time = max(0.0, self.halt_time - self.figures.seconds)
        if self.remaining_spp == 0:
            return 0.0
        return min(by_time, self.remaining_spp * self.pixels / self.rate if self.rate else math.inf)

    @property
    def converged(self) -> float:
        """Percent; what the noise leaves of 100."""
        noise = self.figures.noise
        return 0.0 if noise is None else 100 * max(0.0, 1 - noise)

    @property
    def quiet(self) -> float:
        """Percent of the samples that the halt condition on noise asks for; noise falls with the root of them."""
        noise, wanted = self.figures.noise, self.figures.halt.noise
        if not wanted or noise is None or math.isinf(wanted):
            return 0.0
        return 100 * min(1.0, (wanted / noise) ** 2 if noise > 0 else 1.0)

    @property
    def complete(self) -> float:
        """Percent of the halt condition that is nearest."""
        by_time, by_spp = 100 * self.figures.seconds / self.halt_time, 100 * self.figures.spp / self.halt_spp
        return max(by_time, by_spp, self.quiet)


@dataclass(frozen=True, slots=True)
class Number:
    name: str
    kind: str  # "double" or "int"
    doc: str
    get: Callable[[Look], float]
    unit: str = ""  # of its wording, see `worded`


NUMBERS = (
    Number("elapsedTime", "double", "Elapsed rendering time", lambda s: s.figures.seconds, "time"),
    Number("remainingTime", "double", "Remaining rendering time", lambda s: s.remaining_time, "time"),
    Number("haltTime", "double", "Halt rendering after time", lambda s: s.halt_time, "time"),
    Number(
        "percentHaltTimeComplete",
        "double",
        "Percent of halt time completed",
        lambda s: 100 * s.figures.seconds / s.halt_time,
        "% Time|% T",
    ),
    Number("haltThreshold", "double", "Halt rendering when noise drops below threshold", lambda s: s.halt_noise, "%"),
    Number(
        "percentHaltThresholdComplete",
        "double",
        "Percent of halt threshold completed",
        lambda s: s.quiet,
        "% Threshold|% Thld",
    ),
    Number("percentConvergence", "double", "Percent of convergence", lambda s: s.converged, "% Convergence|% Conv"),
    Number("percentComplete", "double", "Percent of render completed", lambda s: s.complete, "%"),
    Number(
        "efficiency",
        "double",
        "Percent of samples that count",
        lambda s: 100.0 if s.figures.samples else 0.0,
        "% Efficiency|% Eff",
    ),
    Number(
        "efficiencyWindow",
        "double",
        "Percent of samples that count, in the window",
        lambda s: 100.0 if s.window else 0.0,
        "% Efficiency|% Eff",
    ),
    Number("threadCount", "int", "Number of rendering threads on local node", lambda s: s.figures.threads, "Thread|T"),
    Number("slaveNodeCount", "int", "Number of network nodes", lambda s: len(s.figures.servers), "Node|N"),
    Number(
        "haltSamplesPerPixel", "double", "Samples per pixel to complete before halting", lambda s: s.halt_spp, "S/p"
    ),
    Number("remainingSamplesPerPixel", "double", "Samples per pixel remaining", lambda s: s.remaining_spp, "kS/p"),
    Number(
        "percentHaltSppComplete",
        "double",
        "Percent of halt S/p completed",
        lambda s: 100 * s.figures.spp / s.halt_spp,
        "% S/p",
    ),
    Number(
        "resumedSamplesPerPixel",
        "double",
        "Samples per pixel loaded from FLM",
        lambda s: s.per_pixel(s.figures.resumed),
        "kS/p",
    ),
    Number("samplesPerPixel", "double", "Samples per pixel by local node", lambda s: s.per_pixel(s.local), "kS/p"),
    Number("samplesPerSecond", "double", "Samples per second by local node", lambda s: s.per_second(s.local), "kS/s"),
    Number(
        "samplesPerSecondWindow",
        "double",
        "Samples per second by local node in current time window",
        lambda s: max(0.0, s.rate - s.net_rate),
        "kS/s",
    ),
    Number(
        "contributionsPerSecond",
        "double",
        "Contributions per second by local node",
        lambda s: s.per_second(s.local),
        "kC/s",
    ),
    Number(
        "contributionsPerSecondWindow",
        "double",
        "Contributions per second by local node in current time window",
        lambda s: max(0.0, s.rate - s.net_rate),
        "kC/s",
    ),
    Number(
        "netSamplesPerPixel",
        "double",
        "Samples per pixel by network nodes",
        lambda s: s.per_pixel(s.figures.from_network),
        "kS/p",
    ),
    Number("netSamplesPerSecond", "double", "Samples per second by network nodes", lambda s: s.net_rate, "kS/s"),
    Number("totalSamplesPerPixel", "double", "Samples per pixel", lambda s: s.figures.spp, "kS/p"),
    Number("totalSamplesPerSecond", "double", "Samples per second", lambda s: s.per_second(s.figures.samples), "kS/s"),
    Number(
        "totalSamplesPerSecondWindow", "double", "Samples per second in current time window", lambda s: s.rate, "kS/s"
    ),
    Number("triangleCount", "double", "Number of triangles of the scene", lambda s: s.figures.triangles, "k triangles"),
)
BY_NAME: Mapping[str, Number] = {row.name: row for row in NUMBERS}

# What luxStatistics(name) has known in one version of classic Lux or another; anything else is 0.
FLAGS: Mapping[str, Callable[[Figures], bool]] = {
    "sceneIsReady": lambda f: f.ready and not f.only_film and f.state is not RunState.BUILDING,
    "filmIsReady": lambda f: f.only_film,  # loaded; that there are samples says samplesPx
    "terminated": lambda f: f.over,
    "enoughSamples": lambda f: f.enough,
}
OLD: Mapping[str, str] = {
    "secElapsed": "elapsedTime",
    "samplesPx": "totalSamplesPerPixel",
    "samplesSec": "totalSamplesPerSecond",
    "samplesTotSec": "totalSamplesPerSecond",
    "threadCount": "threadCount",
    "percentComplete": "percentComplete",
    "haltSppComplete": "percentHaltSppComplete",
}


def statistic(name: str, look: Look) -> float:
    """The figure of a name; 0, as in classic Lux, for one that is unknown."""
    if name in FLAGS:
        return float(FLAGS[name](look.figures))
    row = BY_NAME.get(OLD.get(name, name))
    return float(row.get(look)) if row is not None else 0.0


def worded(row: Number, look: Look, *, short: bool = False) -> str:
    """The figure in classic Lux's words: "00:01:30", "50% Time", "2 Threads", "1.25 MS/s"."""
    number = float(row.get(look))
    long_unit, _, short_unit = row.unit.partition("|")
    unit = short_unit if short and short_unit else long_unit
    if unit == "time":
        return _time(number)
    if unit.startswith("%"):
        return f"{number:.0f}{unit}"
    if unit.startswith("k"):
        reduced, prefix = magnitude(number)
        return f"{reduced:.2f} {prefix}{unit[1:]}"
    if row.kind == "int" and not short:
        return f"{number:.0f} {unit}{'' if number == 1 else 's'}"
    return f"{number:g} {unit}"


def _time(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "infinity"
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def template(look: Look, *, total: bool = True) -> str:
    """What is worth saying now, with a name between % signs for each figure."""
    figures = look.figures
    parts = ["%elapsedTime%"]
    parts += [" [%remainingTime%]"] if math.isfinite(look.remaining_time) else []
    parts += [" (%percentHaltTimeComplete%)"] if math.isfinite(look.halt_time) else []
    if math.isfinite(look.halt_noise):
        parts += [" (%percentHaltThresholdComplete%) %percentConvergence%"]
    parts += [" - %threadCount%"]
    parts += [" %slaveNodeCount%"] if figures.servers else []
    parts += [": %samplesPerPixel%"]
    parts += [" (%percentHaltSppComplete%)"] if math.isfinite(look.halt_spp) else []
    parts += [" %samplesPerSecondWindow%"]
    parts += [" | Net: ~%netSamplesPerPixel% ~%netSamplesPerSecond%"] if figures.servers else []
    if total and (figures.servers or figures.resumed):
        parts += [" | Tot: ~%totalSamplesPerPixel% ~%totalSamplesPerSecondWindow%"]
    return "".join(parts)


def filled(text: str, look: Look, *, short: bool = False) -> str:
    """A template with its figures in it; %% is a percent sign, and a name that is unknown stays."""

    def one(match: re.Match[str]) -> str:
        row = BY_NAME.get(match[1])
        return "%" if not match[1] else worded(row, look, short=short) if row is not None else match[0]

    return re.sub("%([^%]*)%", one, text)

"""Which devices the engine could render on, and what somebody wants of them.

    auto      what the scene asks for, on a graphics processor where there is one that can do it
    cpu, gpu  what the scene asks for, there
    pathcpu, bidircpu, pathocl   that engine, whatever the scene asks for

The devices are asked for in a process of its own, with a time limit, because it is drivers that answer; and only where
there is a sign of any, because loading the engine takes its time. What they are is then handed on as plain data, so a
test says which there are.
"""

from __future__ import annotations

import functools
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.lux.spelling import did_you_mean

AUTO, CPU, GPU = "auto", "cpu", "gpu"
NAMED = ("pathcpu", "bidircpu", "pathocl")  # engines by their own names
CHOICES = (AUTO, CPU, GPU, *NAMED)

SECONDS = 60  # for drivers to answer
_SIGNS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri", "/dev/dxg", "/etc/OpenCL/vendors")  # that a driver leaves on Linux
_ASK = "import lrnap.engine.luxcore.probe"

log = logging.getLogger("lrnap.engine")


@dataclass(frozen=True, slots=True)
class Device:
    """`kind`: the engine's word, OPENCL_GPU, CUDA_GPU, OPENCL_CPU ..."""

    name: str
    kind: str

    @property
    def renders(self) -> bool:
        """Whether it is worth to render on: a processor is better used without OpenCL."""
        return self.kind.endswith("_GPU")


def check_choice(choice: str, devices: Sequence[Device] | None = None) -> str:
    """The choice as it is spelled here. Raises LrnapError (ARGS) for one that nobody knows and, where `devices` are
    known, for a graphics processor that is not there."""
    known = choice.lower()
    if known not in CHOICES:
        message = f"there is no engine {choice[:40]!r}{did_you_mean(known, CHOICES)}; choose {', '.join(CHOICES)}"
        raise LrnapError(Code.ARGS, message)
    if devices is not None and known in (GPU, "pathocl") and not usable(devices):
        raise LrnapError(
            Code.UNSUPPORTED,
            f"the engine {known} needs a graphics processor that LuxCore can use, and there is none: `lrnap doctor` "
            "lists devices; choose auto or cpu",
        )
    return known


@dataclass(frozen=True, slots=True)
class Hardware:
    """What somebody wants to render on, and what there is."""

    choice: str = AUTO
    devices: tuple[Device, ...] = ()

    @property
    def device(self) -> str:
        """What a scene of paths is rendered on, in words."""
        there = usable(self.devices) if self.choice in (AUTO, GPU, "pathocl") else ()
        return ", ".join(dict.fromkeys(device.name for device in there)) or "CPU"


def here(choice: str = AUTO) -> Hardware:
    """This machine's. Raises LrnapError for a choice that nobody knows, or that cannot be."""
    known = check_choice(choice)
    devices = () if known in (CPU, "pathcpu", "bidircpu") else found()
    return Hardware(check_choice(known, devices), devices)


def usable(devices: Sequence[Device]) -> tuple[Device, ...]:
    return tuple(device for device in devices if device.renders)


@functools.cache
def found() -> tuple[Device, ...]:
    """The devices of this machine, looked for once; none if they cannot be asked."""
    return ask() if sys.platform != "linux" or any(map(_there, _SIGNS)) else ()


def ask(seconds: float = SECONDS) -> tuple[Device, ...]:
    """Asks the engine now, in a process of its own; whatever becomes of it."""
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-c", _ASK], capture_output=True, text=True, timeout=seconds, check=True
        )
        return tuple(Device(*device) for device in json.loads(asked.stdout.splitlines()[-1])["devices"])
    except (subprocess.SubprocessError, OSError, ValueError, LookupError, TypeError) as error:
        log.warning("the engine cannot be asked for its devices, so the processor renders: %s", error)
        return ()


def _there(path: str) -> bool:
    place = Path(path)
    return place.exists() and (not place.is_dir() or any(place.iterdir()))

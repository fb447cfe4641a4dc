"""Where on this machine nodes are put: one for each graphics processor or, without any, for each part of the memory.

A machine with several processors has memory near each (NUMA): a node for each part renders faster than one whose
threads read everything from everywhere. Graphics processors that cannot be told apart from outside share one node.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lrnap.engine import devices
from lrnap.engine.devices import Device
from lrnap.launch.attached import processors, written

MEMORIES = Path("/sys/devices/system/node")


@dataclass(frozen=True, slots=True)
class Place:
    """`processors`: as Linux writes them; empty: all. `environment`: what shows an engine its device alone."""

    processors: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    what: str = "this machine"  # in words


def here(count: int = 0, engine: str = devices.AUTO) -> list[Place]:
    """The places of this machine, or `count` of them (0: as many as it has). `engine`: what nodes render on."""
    wants_gpu = engine in (devices.AUTO, devices.GPU, "pathocl")
    return places(memories(), _usable(), devices.found() if wants_gpu else (), count)


def places(parts: Sequence[set[int]], usable: set[int], found: Sequence[Device], count: int = 0) -> list[Place]:
    """`parts`: processors near each part of the memory; `usable`: those that this process may use."""
    near = [part & usable for part in parts if part & usable] or [usable]
    graphics = [device for device in found if device.kind == "CUDA_GPU"]
    wanted = count or len(graphics) or len(near)
    shares = near if wanted == len(near) else _shares([number for part in near for number in sorted(part)], wanted)
    alone = wanted == 1
    return [
        Place(
            "" if alone or not share else written(share),
            {"CUDA_VISIBLE_DEVICES": str(i % len(graphics))} if len(graphics) > 1 and not alone else {},
            _words(graphics[i % len(graphics)].name if graphics else "", "" if alone else written(share)),
        )
        for i, share in enumerate(shares)
    ]


def memories(folder: Path = MEMORIES) -> list[set[int]]:
    """The processors near each part of the memory; none where the system does not say."""
    found = []
    for part in sorted(folder.glob("node[0-9]*"), key=lambda path: int(path.name[4:])):
        try:
            text = (part / "cpulist").read_text().strip()
        except OSError:
            continue
        if text:  # a part can be memory alone
            found.append(processors(text))
    return found


def _usable() -> set[int]:
    return os.sched_getaffinity(0) if sys.platform == "linux" else set()


def _shares(numbers: list[int], count: int) -> list[set[int]]:
    """Neighbours together. With more shares than processors nobody is kept to any."""
    if len(numbers) < count:
        return [set() for _ in range(count)]
    return [set(numbers[len(numbers) * i // count : len(numbers) * (i + 1) // count]) for i in range(count)]


def _words(device: str, share: str) -> str:
    return " and ".join(filter(None, (device, f"processors {share}" if share else ""))) or "this machine"

"""A job that was described becomes one that is stored: its wishes, its scene, what its frames have of their own.

Scenes are kept before the event that names them is made, so what is stored is there whatever happens next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lrnap.engine.protocol import Halt
from lrnap.manager import events, pictures
from lrnap.manager.described import Described
from lrnap.manager.scenes import Scenes
from lrnap.manager.wishes import Wishes
from lrnap.node.jobs import Job


async def submission(
    job: Job,
    wishes: Wishes,
    described: Mapping[Job, Described],
    scenes: Scenes,
    *,
    halt: Halt,
    channels: tuple[str, ...],
) -> events.Submit:
    """Raises LrnapError: ARGS for an output that cannot be written and for a frame without a scene, NOT_FOUND for a
    file of a scene that cannot be read."""
    assert job.scene is not None
    pictures.check(str(wishes.given.get("output", "")))
    sha256, assets = await scenes.keep(job.scene, channels)
    frames, more = await _frames(described.get(job, Described()), wishes.frames, scenes, channels)
    if job.scene.edits or any(spec.changes for spec in frames):
        job.epoch = max(job.epoch, 1)  # as on the nodes, where edits make it so
    return events.Submit(
        name=job.name,
        owner=wishes.owner or job.owner.rpartition(":")[0],  # whoever connects from that machine
        scene=sha256,
        assets={**assets, **more},
        frames=frames,
        halt=halt,
        develop=stored_look(job.develop),
        token=wishes.token,
        epoch=job.epoch,
        **wishes.given,
    )


async def _frames(
    described: Described, asked: Sequence[int], scenes: Scenes, channels: tuple[str, ...]
) -> tuple[tuple[events.FrameSpec, ...], dict[str, str]]:
    """What each frame has of its own, and the files that it needs for that."""
    specs, assets = [], {}
    for number in described.frames(asked):
        own = {}
        if number in described.scenes:
            own["scene"], files = await scenes.keep(described.scenes[number], channels)
            assets.update({f"{name}#{number}": sha256 for name, sha256 in files.items()})
        if number in described.changes:
            own["changes"], files = await scenes.keep(described.changes[number].scene, ())
            assets.update({f"{name}#{number}": sha256 for name, sha256 in files.items()})
        specs.append(events.FrameSpec(number=number, **own))
    return tuple(specs), assets


def stored_look(develop: Mapping[str, object]) -> dict[str, object]:
    """How a job is developed, as JSON has values: single ones, and lists of them."""
    return {name: _plain(value) for name, value in develop.items()}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    item = getattr(value, "item", None)  # of numpy's numbers
    return value if item is None else item()

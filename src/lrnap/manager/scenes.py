"""Scenes of jobs: put where they outlive this process, and read again for the nodes.

What a scene has of files and large arrays lies beside it, each by its content, and is held there for the job.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path

from lrnap.errors import Code, LrnapError
from lrnap.lux.editing import edited
from lrnap.lux.scene import Scene
from lrnap.manager.content import Content
from lrnap.manager.recording import Recorded, record, replay
from lrnap.net.arrays import Arrays
from lrnap.node.assets import hash_of

PIECE = 8 << 20  # bytes of a file that are copied at once
SCENES = 4  # that stay in memory for the nodes to come


class Scenes:
    def __init__(self, content: Content) -> None:
        self._content = content
        self._recorded: OrderedDict[tuple[str, str], Recorded] = OrderedDict()

    async def keep(self, scene: Scene, channels: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        """Puts a scene with its files where they outlive this process: its SHA-256, and theirs by name."""
        return await asyncio.to_thread(self._keep, scene, channels)

    def _keep(self, scene: Scene, channels: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        assets = {name: self._keep_file(Path(path)) for name, path in scene.files.items()}
        arrays = Arrays((*scene.calls, *scene.edits))
        self._content.hold(arrays.data)
        for name, data in arrays.data.items():
            self._content.put(data, name)
        sha256 = self._content.put(record(scene, assets, channels, arrays))
        self._content.hold([sha256])
        return sha256, {**assets, **{f"sha256:{name}": name for name in arrays.data}}

    def _keep_file(self, path: Path) -> str:
        try:
            sha256 = hash_of(path)
            size = path.stat().st_size
            self._content.hold([sha256])
            with path.open("rb") as file:
                offset = self._content.assets.have(sha256)
                while offset is not None and offset < max(size, 1):
                    file.seek(offset)
                    offset = self._content.assets.put(sha256, offset, file.read(PIECE), size)
        except OSError as error:
            raise LrnapError(
                Code.NOT_FOUND, f"a file of the scene cannot be read: {error.strerror}", at=str(path)
            ) from None
        return sha256

    def stored(self, name: str, sha256: str, changes: str) -> Recorded:
        """Blocking. A stored scene, and what changes it for a frame."""
        known = self._recorded.get((sha256, changes))
        if known is None:
            known = replay(self._content.get(changes or sha256), "scene", self._asset, self._content.assets.array)
            if changes:
                base = self.stored(name, sha256, "")  # the same for all frames of a job
                scene = edited(base.scene, known.scene.edits, known.scene.files)
                known = Recorded(scene, base.channels, {**base.assets, **known.assets})
            self._recorded[sha256, changes] = known
            while len(self._recorded) > SCENES:
                self._recorded.popitem(last=False)
        return known

    def _asset(self, sha256: str, name: str) -> str:
        return str(self._content.assets.path(sha256, Path(name.replace("\\", "/")).suffix))

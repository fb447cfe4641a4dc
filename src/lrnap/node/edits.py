"""An edit of a job while it is being described: it belongs to its connection, and is gone with it.

Nothing changes before API_EditEnd, which hands it to `Node.edit` as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lrnap.lux.call import Call
from lrnap.lux.editing import Edit, edited
from lrnap.lux.scene import Scene
from lrnap.node.description import Belongings, Places
from lrnap.node.jobs import Job


class JobEdit:
    """A Target. `close` unless the job has taken it over."""

    def __init__(self, job: Job, scene: Scene, places: Places) -> None:
        self.job = job
        self.belongings = Belongings(places.assets)
        self._places = places
        self._edit = Edit(scene, self._find, self.belongings.folder)

    @property
    def calls(self) -> tuple[Call, ...]:
        return self._edit.calls

    @property
    def files(self) -> Mapping[str, str]:
        return self._edit.files

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._edit.warnings

    def call(self, call: Call, /) -> None:
        self._edit.call(call)

    def require_finished(self) -> None:
        """Raises SceneError if a block is open."""
        self._edit.require_finished()

    def apply(self, epoch: int) -> bool:
        """The job has the new scene, and what it uses. Whether its film begins anew, as of that epoch."""
        job, before = self.job, self.job.belongings
        assert job.scene is not None  # or it could not be edited
        job.scene = edited(job.scene, self.calls, self.files)
        told = {param.name for call in self.calls if call.name == "Film" for param in call.params}
        job.develop = {name: value for name, value in job.develop.items() if name not in told}

        def give_back() -> None:
            before()
            self.close()

        job.belongings = give_back
        return job.begin_epoch(epoch)

    def close(self) -> None:
        """Idempotent."""
        self.belongings.close()

    def _find(self, name: str) -> Path:
        path = self._places.find(name, None)
        if name in self._places.bound:
            self.belongings.hold(self._places.bound[name])
        return path

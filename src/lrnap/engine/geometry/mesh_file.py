"""A mesh file's content, and what is said where it cannot be had; the formats are `ply.py` and `stl.py`."""

from __future__ import annotations

from pathlib import Path

from lrnap.errors import Code, SceneError


def file_bytes(path: str | Path, shown: str, what: str = "mesh file") -> bytes:
    """The content of a mesh file (or of `what`), which errors call `shown`. Raises SceneError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SceneError(
            f"cannot read the {what}: {error.strerror}; is the name right, relative to the scene's folder?",
            at=shown,
            code=Code.NOT_FOUND if isinstance(error, FileNotFoundError) else Code.SCENE,
        ) from None

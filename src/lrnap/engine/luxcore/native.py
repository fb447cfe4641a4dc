"""Loads pyluxcore, after everything else that is native.

It brings its own memory allocator; numpy or OpenImageIO loaded after it abort the process ("free(): invalid pointer",
"double free or corruption"). Whoever needs pyluxcore takes it from here, and only in the child process.
"""

from __future__ import annotations

import numpy  # noqa: F401
import OpenImageIO  # noqa: F401
import pyluxcore

__all__ = ["pyluxcore"]

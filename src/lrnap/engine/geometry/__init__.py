"""Every shape of a scene as a triangle mesh: files, points in the scene, quadrics by tessellation, subdivision.

Pure numpy, and nothing of an engine: what native code will be given is complete and checked here.
"""

from __future__ import annotations

from lrnap.engine.geometry.build import build_mesh
from lrnap.engine.geometry.mesh import Mesh, check, reverse_mesh, transform_mesh

__all__ = ["Mesh", "build_mesh", "check", "reverse_mesh", "transform_mesh"]

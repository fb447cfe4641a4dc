"""A drop-in for pylux, the Python module of classic LuxRender."""

"""Prints version and devices of the engine, as one line of JSON: a program of its own (`lrnap.engine.devices`)."""

from __future__ import annotations

import json
import os

from lrnap.engine.luxcore.native import pyluxcore

pyluxcore.Init()
devices = [[str(device[0]), str(device[1])] for device in pyluxcore.GetOpenCLDeviceList()]
print(json.dumps({"version": pyluxcore.Version(), "devices": devices}), flush=True)
os._exit(0)  # the engine's own ending can crash

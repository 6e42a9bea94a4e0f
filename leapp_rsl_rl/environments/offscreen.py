"""How MuJoCo draws without a display. Has to be chosen before it is imported."""

from __future__ import annotations

import ctypes.util
import os
import sys

from leapp_core.errors import EnvError

_VARIABLE = "MUJOCO_GL"
_LIBRARIES = (("egl", "EGL"), ("osmesa", "OSMesa"))


def choose_renderer(otherwise: str = "leave --video out") -> None:
    """Choose how MuJoCo draws, unless the user did (``MUJOCO_GL``) or there is a display.

    Args:
        otherwise: What to do where nothing can be installed.

    Raises:
        EnvError: the machine has no library that draws without a display, or MuJoCo was loaded without one.
    """
    if os.environ.get(_VARIABLE) or os.environ.get("DISPLAY") or sys.platform != "linux":
        return
    found = next((name for name, library in _LIBRARIES if ctypes.util.find_library(library)), None)
    if found is None:
        raise EnvError(
            "this machine has no library that draws without a display, so there is nothing to film",
            expected="EGL or OSMesa",
            fix=f"install one (Debian, Ubuntu: libegl1 or libosmesa6), or {otherwise}",
            code="E004",
        )
    if "mujoco" in sys.modules:
        raise EnvError(
            "MuJoCo was loaded before a renderer was chosen",
            fix=f"set {_VARIABLE}={found} before starting Python",
            code="E004",
        )
    os.environ[_VARIABLE] = found

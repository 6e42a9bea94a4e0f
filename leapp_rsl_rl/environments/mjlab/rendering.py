"""Pictures of a mjlab scene without a display. Has to be prepared before MuJoCo is imported."""

from __future__ import annotations

import ctypes.util
import os
import sys
from typing import Any

from leapp_core.errors import EnvError

_VARIABLE = "MUJOCO_GL"
_LIBRARIES = (("egl", "EGL"), ("osmesa", "OSMesa"))
_SIZE = (480, 360)


def choose_renderer() -> None:
    """Choose how MuJoCo draws, unless the user did (``MUJOCO_GL``) or there is a display.

    Raises:
        EnvError: MuJoCo was loaded before with no offscreen renderer, or the machine has none.
    """
    if os.environ.get(_VARIABLE) or os.environ.get("DISPLAY") or sys.platform != "linux":
        return
    found = next((name for name, library in _LIBRARIES if ctypes.util.find_library(library)), None)
    if found is None:
        raise EnvError(
            "this machine has no library that draws without a display",
            expected="EGL or OSMesa",
            fix="install one (Debian, Ubuntu: libegl1 or libosmesa6), or leave --video out",
            code="E004",
        )
    if "mujoco" in sys.modules:
        raise EnvError(
            "MuJoCo was loaded before a renderer was chosen",
            fix=f"set {_VARIABLE}={found} before starting Python",
            code="E004",
        )
    os.environ[_VARIABLE] = found


def set_picture_size(viewer: Any) -> None:
    """Give mjlab's viewer configuration a size fit for films, without what software renderers are slow at."""
    viewer.width, viewer.height = _SIZE
    viewer.enable_reflections = False

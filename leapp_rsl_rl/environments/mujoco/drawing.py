"""Pictures of a model without a display, and the viewer with one."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from leapp_core.errors import EnvError

_WIDTH, _HEIGHT = 640, 480


class Camera:
    """Draws a model offscreen, from the side, near enough to see what moves, and following its base.

    Args:
        model: MuJoCo's ``MjModel``.
        data: Its data in the start state.
        base: Body to follow, or ``None``.

    Raises:
        EnvError: nothing can be drawn on this machine.
    """

    def __init__(self, model: Any, data: Any, base: int | None) -> None:
        import mujoco

        width = min(_WIDTH, int(model.vis.global_.offwidth))
        height = min(_HEIGHT, int(model.vis.global_.offheight))
        try:
            self._renderer = mujoco.Renderer(model, height, width)
        except Exception as error:
            raise EnvError(
                f"MuJoCo cannot draw here: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
                expected="a display, or EGL or OSMesa with MUJOCO_GL=egl or osmesa",
                fix="leave --video out; --plot FILE.png shows the targets over time",
                code="E004",
            ) from error
        self._camera: Any = mujoco.MjvCamera()
        mujoco.mjv_defaultFreeCamera(model, self._camera)
        self._camera.lookat[:], reach = _extent(model, data)
        self._camera.distance, self._camera.azimuth, self._camera.elevation = 3.0 * reach, 90.0, -15.0
        if base is not None:
            self._camera.type = mujoco.mjtCamera.mjCAMERA_TRACKING
            self._camera.trackbodyid = base

    def picture(self, data: Any) -> Any:
        """Return what is seen now, ``uint8[height, width, 3]``."""
        self._renderer.update_scene(data, self._camera)
        return self._renderer.render().copy()

    def close(self) -> None:
        """Release the renderer."""
        self._renderer.close()


def _extent(model: Any, data: Any) -> tuple[Any, float]:
    """Return the middle (m, world) of what moves, and how far it reaches from there (m): the ground may be endless."""
    moving = [g for g in range(model.ngeom) if model.body_weldid[model.geom_bodyid[g]] != 0]
    if not moving:
        return model.stat.center, float(model.stat.extent)
    places = data.geom_xpos[moving]
    middle = (places.min(axis=0) + places.max(axis=0)) / 2.0
    reach = ((places - middle) ** 2).sum(axis=1) ** 0.5 + model.geom_rbound[moving]
    return middle, float(reach.max())


class Window:
    """Shows a model in MuJoCo's viewer, at the speed of the clock.

    Args:
        model: MuJoCo's ``MjModel``.
        data: Its data.
        period: Seconds of a control step.

    Raises:
        EnvError: there is no display.
    """

    def __init__(self, model: Any, data: Any, period: float) -> None:
        self._period = period
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise EnvError(
                "--viewer opens a window, and this machine has no display",
                fix="leave --viewer out; --video FILE.mp4 films the scene without one",
                code="E002",
            )
        try:
            import mujoco.viewer

            self._viewer = mujoco.viewer.launch_passive(model, data)
        except Exception as error:
            raise EnvError(f"MuJoCo's viewer does not open: {error}", fix="leave --viewer out", code="E002") from error
        self._due = time.monotonic()

    def show(self) -> None:
        """Show the state as it is now, when its time has come.

        Raises:
            EnvError: the window was closed, which ends the run.
        """
        if not self._viewer.is_running():
            raise EnvError("the viewer's window was closed", code="E002")
        self._viewer.sync()
        self._due = max(self._due + self._period, time.monotonic() - self._period)
        time.sleep(max(0.0, self._due - time.monotonic()))

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()

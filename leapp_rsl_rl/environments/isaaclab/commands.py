"""When a task's commands are computed."""

from __future__ import annotations

from typing import Any


def keep_first_commands(manager: Any) -> None:
    """Let the first reading of an episode be the commands as the reset left them.

    Training computes commands after physics, so that the policy is first shown what was drawn at the reset. Isaac Lab's
    deployment computes them before every reading: a velocity command with a heading, which turns the heading into a
    yaw rate when it is computed, would be another one, and time would run a step ahead.

    Args:
        manager: Isaac Lab's command manager, just reset; its next ``compute`` does nothing, later ones do.
    """

    def stand(dt: float) -> None:
        del dt
        del manager.compute  # the class's own is found again

    manager.compute = stand

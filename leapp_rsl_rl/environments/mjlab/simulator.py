"""One mjlab environment, quiet on the terminal and with a random stream of its own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_rsl_rl.environments.mjlab.rendering import set_picture_size
from leapp_rsl_rl.environments.random_stream import RandomStream

if TYPE_CHECKING:
    import numpy as np
    import torch


class Simulator:
    """Owns mjlab's ``ManagerBasedRlEnv`` and the way it is run: inference mode, own random stream, no printing.

    Args:
        cfg: mjlab's environment configuration.
        device: Torch device string.
        task: Task name, for messages.
        render: Set up an offscreen renderer.
    """

    def __init__(self, cfg: Any, device: str, task: str, *, render: bool = False) -> None:
        from mjlab.envs import ManagerBasedRlEnv

        if render:
            set_picture_size(cfg.viewer)
        mode = "rgb_array" if render else None
        self._random = RandomStream()
        with self._random.active(), contextlib.redirect_stdout(io.StringIO()):
            try:
                self.env: Any = ManagerBasedRlEnv(cfg, device=device, render_mode=mode)
            except (RuntimeError, ValueError, KeyError, OSError) as error:
                raise EnvError(f"mjlab cannot make task {task}: {error}", code="E002") from error

    @contextlib.contextmanager
    def running(self) -> Iterator[Any]:
        """Give the environment for the block, in inference mode and with its own random stream."""
        import torch

        with self._random.active(), contextlib.redirect_stdout(io.StringIO()), torch.inference_mode():
            yield self.env

    @property
    def frequency(self) -> float:
        """Control steps per second (Hz)."""
        return float(1.0 / self.env.step_dt)

    def reset(self, seed: int) -> None:
        """Start an episode that depends on ``seed`` only.

        What some events do at a reset (choose the terrain) shows in the next episode, so there are two resets.
        """
        with self.running() as env:
            env.reset(seed=seed)
            env.reset(seed=seed)

    def step(self, action: torch.Tensor) -> tuple[float, bool]:
        """Run mjlab's own step; return reward and whether the episode ended (the next one has begun then)."""
        with self.running() as env:
            _, reward, terminated, truncated, _ = env.step(action)
            return float(reward[0]), bool(terminated[0] | truncated[0])

    def state(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return pose and velocity of every moving entity, for comparing two runs."""
        values: dict[str, Any] = {}
        with self.running() as env:
            for name, entity in env.scene.entities.items():
                if entity.is_articulated:
                    values[f"{name}.joint_pos"] = entity.data.joint_pos
                    values[f"{name}.joint_vel"] = entity.data.joint_vel
                if not entity.is_fixed_base:
                    values[f"{name}.root_pose"] = entity.data.root_link_pose_w
            return {name: as_array(value) for name, value in values.items()}

    def render(self) -> np.ndarray[Any, Any] | None:
        """Return a picture, ``uint8[height, width, 3]``, if a renderer was asked for."""
        with self.running() as env:
            picture: np.ndarray[Any, Any] | None = env.render()
        return picture

    def close(self) -> None:
        """Release the simulator."""
        self.env.close()


def as_array(value: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a NumPy copy of a tensor."""
    return value.detach().to("cpu", copy=True).numpy()

"""A task of one's own: a rover that sees an image, its wheels and a goal, and chooses a gear for each wheel."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces


class Rover(gymnasium.Env[Any, Any]):
    """Wheels speed up by their gears; the image is brighter where the rover is."""

    metadata: ClassVar[dict[str, Any]] = {"render_fps": 10, "render_modes": []}

    def __init__(self, render_mode: str | None = None) -> None:
        self.observation_space = spaces.Dict(
            {
                "image": spaces.Box(0, 255, (36, 36, 3), np.uint8),
                "wheels": spaces.Box(-np.inf, np.inf, (2,), np.float32),
                "goal": spaces.Discrete(3),
            }
        )
        self.action_space = spaces.MultiDiscrete([3, 4])
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self._wheels = self.np_random.normal(size=2).astype(np.float32)
        self._goal = int(self.np_random.integers(3))
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        self._wheels = 0.9 * self._wheels + 0.1 * (np.asarray(action, np.float32) - np.float32([1, 1.5]))
        self._goal = (self._goal + int(abs(self._wheels[0]) > 0.5)) % 3
        return self._seen(), -float(np.abs(self._wheels).sum()), False, False, {}

    def _seen(self) -> dict[str, Any]:
        rows, columns = np.mgrid[0:36, 0:36]
        place = 18 + 10 * np.tanh(self._wheels)
        bright = 255 * np.exp(-((rows - place[0]) ** 2 + (columns - place[1]) ** 2) / 40)
        image = np.stack([bright, bright.T, np.full_like(bright, 80 * self._goal)], -1).astype(np.uint8)
        return {"image": image, "wheels": self._wheels.astype(np.float32), "goal": np.int64(self._goal)}


gymnasium.register("Rover-v0", Rover, max_episode_steps=100)

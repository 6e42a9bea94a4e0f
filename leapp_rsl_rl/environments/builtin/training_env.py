"""The built-in environments as rsl_rl trains in them. This, and training itself, is all that needs rsl_rl."""

from __future__ import annotations

from rsl_rl.env import VecEnv
from tensordict import TensorDict

from leapp_rsl_rl.environments.builtin.env import ManagerBasedEnv


class TrainingEnv(ManagerBasedEnv, VecEnv):  # type: ignore[misc]  # rsl_rl ships no types
    """The environment with the type and the observations that rsl_rl's runners expect."""

    def observe(self) -> TensorDict:
        """Compute the observations of this step, which advances delays and histories."""
        self._observations = TensorDict(super().observe(), batch_size=[self.num_envs], device=self.device)
        return self._observations

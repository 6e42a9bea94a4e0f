"""mjlab's own step, with its observation part movable and its first application of actions observable.

mjlab computes observations at the end of a step, a recorded step needs them at its beginning, after the readings were
declared. While recording, the gate therefore puts off the observations at the end of mjlab's step, keeps episodes from
ending (their reset is no part of the policy) and leaves rewards out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_rsl_rl.environments.mjlab.taps import TapBoard
from leapp_rsl_rl.environments.mjlab.writes import Write, WriteBoard

if TYPE_CHECKING:
    import torch

Declare = Callable[[Sequence[Write]], None]


class StepGate:
    """Stands between mjlab's step and three of its managers.

    Args:
        env: mjlab's environment; its managers get instance attributes that ask the gate.
        groups: Observation groups the policy uses.
        taps: Answers reads of action terms too.
        writes: Notes what action terms write.
    """

    def __init__(self, env: Any, groups: Sequence[str], taps: TapBoard, writes: WriteBoard) -> None:
        self._env, self._groups, self._taps, self._writes = env, tuple(groups), taps, writes
        self._declare: Declare | None = None
        self._recording = False
        self._due = self._fresh = False
        self._compute = env.observation_manager.compute
        self._apply = env.action_manager.apply_action
        self._reward = env.reward_manager.compute
        env.observation_manager.compute = self._compute_observations
        env.action_manager.apply_action = self._apply_action
        env.reward_manager.compute = self._compute_reward

    def episode_began(self) -> None:
        """Note that mjlab has just reset and filled its observation buffers."""
        self._due, self._fresh = False, True

    def stepped(self, done: bool) -> None:
        """Note an unrecorded step; after the last one of an episode mjlab has begun the next."""
        self._fresh = done

    def observations(self) -> dict[str, torch.Tensor]:
        """Return current observations of all groups, computed if they were put off."""
        if self._due:
            self._due = False
            return dict(self._compute(update_history=True))
        return dict(self._compute())

    def observe(self) -> dict[str, torch.Tensor]:
        """Compute the policy's observation groups now, advancing their history.

        At the beginning of an episode mjlab has already put the first frame into the buffers; they are emptied again,
        so that the step begins from the state that a bundle begins from.

        Raises:
            EnvError: the observations of this step were computed before, amid an episode.
        """
        import torch

        manager = self._env.observation_manager
        if self._fresh:
            manager.reset(torch.arange(self._env.num_envs, device=self._env.device))
        elif not self._due:
            raise EnvError(
                "a recording was begun amid an episode", fix="reset the environment, then record", code="E007"
            )
        self._due = self._fresh = False
        return {name: manager.compute_group(name, update_history=True) for name in self._groups}

    @contextmanager
    def recording(self, declare: Declare) -> Iterator[None]:
        """Run the step in the block as part of a recording; ``declare`` gets the first writes of its actions."""
        self._recording, self._declare = True, declare
        auto_reset, self._env.cfg.auto_reset = self._env.cfg.auto_reset, False
        try:
            yield
        finally:
            self._recording, self._declare = False, None
            self._env.cfg.auto_reset = auto_reset
            self._env._manual_reset_pending[:] = False

    def _compute_observations(self, update_history: bool = False, env_ids: Any = None) -> Any:
        if self._recording:
            self._due = True
            return {}
        return self._compute(update_history=update_history, env_ids=env_ids)

    def _apply_action(self) -> None:
        declare, self._declare = self._declare, None
        if declare is None:
            self._apply()
            return
        with self._writes.listening() as writes:
            self._apply()
        declare(writes)

    def _compute_reward(self, dt: float) -> Any:
        import torch

        if self._recording:
            return torch.zeros(self._env.num_envs, device=self._env.device)
        return self._reward(dt=dt)

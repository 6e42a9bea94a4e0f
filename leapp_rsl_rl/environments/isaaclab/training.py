"""An Isaac Lab task in training form, annotated by Isaac Lab's own exporter code."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.compat import Engine, activate, engine_of
from leapp_core.errors import EnvError
from leapp_core.plugins.environments import PolicyEnvironment, StepOutcome
from leapp_rsl_rl.environments.clipping import clipped
from leapp_rsl_rl.environments.isaaclab.config import TaskConfig
from leapp_rsl_rl.environments.isaaclab.facts import PortFacts, task_facts
from leapp_rsl_rl.environments.isaaclab.gains import with_actuator_gains
from leapp_rsl_rl.environments.isaaclab.relay import AnnotationRelay
from leapp_rsl_rl.environments.isaaclab.sensors import SensorReadings
from leapp_rsl_rl.environments.isaaclab.state import robot_state
from leapp_rsl_rl.environments.random_stream import RandomStream
from leapp_rsl_rl.environments.terms import manager_terms

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.policies import LoadedPolicy, Recorder


class IsaacPolicyEnvironment(PolicyEnvironment):
    """See :class:`leapp_core.plugins.environments.PolicyEnvironment`.

    Episodes do not end: terminations are training's, and Isaac Lab's deployment has none.

    Args:
        config: The prepared configuration.
        seed: Seed of the first episode.
        device: Torch device string.
    """

    def __init__(self, config: TaskConfig, seed: int, device: str) -> None:
        self.task, self.agent, self.agent_changes = config.task, config.agent, config.agent_changes
        self.frequency, self.max_episode_steps = 1.0 / config.step, config.episode_steps
        self._random = RandomStream()
        self._engine: Engine = engine_of(activate(force=True))
        self._launch = contextlib.ExitStack()
        with self._random.active(), contextlib.redirect_stdout(io.StringIO()):
            self._env, self.node = self._make(config, device)
        self._ports = PortFacts(self._env.unwrapped)
        self.facts = task_facts(self._env.unwrapped, config.actor_groups)
        self.num_actions = num_actions(self._env.unwrapped)
        self.terms = manager_terms(self._env.unwrapped)
        self._seed, self._fresh, self._recorded = seed, False, False
        self._observed: Mapping[str, torch.Tensor] = {}
        self._readings: Mapping[str, torch.Tensor] = {}
        self.reset(seed)
        self.notes = (*config.notes, *self._sensor_notes())

    def observations(self) -> Mapping[str, torch.Tensor]:
        """Return the current observations by group, each ``[1, ...]``."""
        return self._observed

    def reset(self, seed: int) -> None:
        """Start an episode that depends on ``seed`` only."""
        self._seed, self._fresh = seed, True
        self._readings = {}
        with self._running(None):
            self._begin()

    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        """Make one control step; the first recorded one begins its episode again, so that its readings are declared.

        Raises:
            EnvError: a recording that begins amid an episode, or a task that declares no outputs.
        """
        with self._running(session) as relay:
            if session is not None and not self._recorded:
                if not self._fresh:
                    raise EnvError(
                        "a recording was begun amid an episode", fix="reset the environment, then record", code="E007"
                    )
                self._begin()
            self._fresh, self._recorded = False, session is not None
            action = clipped(policy.act(self._observed, session, self.node), policy)
            self._observed, reward, *_ = self._env.step(action)
            self._check(relay)
            if session is not None:
                return StepOutcome({}, None, False)  # reading what came of it is no part of the policy
            targets = {name: tensor.detach().cpu().numpy().copy() for name, tensor in relay.targets.items()}
            readings = {name: tensor.cpu().numpy() for name, tensor in relay.shown.items()}
            state = robot_state(self._env.unwrapped.scene)
            return StepOutcome(targets, float(reward[0]), False, state, readings)

    def close(self) -> None:
        """Release the simulator."""
        self._env.close()
        self._launch.close()

    def _sensor_notes(self) -> tuple[str, ...]:
        """Say which inputs were declared here and not by Isaac Lab; they have been read once by now."""
        if not self._sensors.declared:
            return ()
        names = ", ".join(self._sensors.declared)
        return (f"sensor readings that Isaac Lab does not annotate were made inputs: {names}",)

    def _begin(self) -> None:
        observed, _ = self._env.unwrapped.reset(seed=self._seed)
        self._observed = dict(observed)
        self._recorded = False

    def _check(self, relay: AnnotationRelay) -> None:
        if not relay.targets:
            raise EnvError(
                f"task {self.task} declares no outputs",
                expected="a manager-based task, or a direct one that calls annotate.output_tensors",
                fix="annotate the task's _apply_action and _get_observations; the documentation has an example",
                code="E007",
            )

    @contextlib.contextmanager
    def _running(self, session: Recorder | None) -> Iterator[AnnotationRelay]:
        import torch

        scene = self._env.unwrapped.scene
        relay = AnnotationRelay(
            session, self._readings, lambda outputs: with_actuator_gains(scene, outputs), self._ports.described
        )
        with (
            self._random.active(),
            contextlib.redirect_stdout(io.StringIO()),
            torch.inference_mode(),
            self._engine.lent_to(relay),
        ):
            yield relay
        self._readings = relay.readings

    def _make(self, config: TaskConfig, device: str) -> tuple[Any, str]:
        """Start the simulation and wrap the task as Isaac Lab's exporter does; return it with its node's name."""
        from isaaclab.app import launch_simulation

        self._launch.enter_context(launch_simulation(config.env, {"headless": True, "device": device}))
        import gymnasium
        from isaaclab.utils.leapp.utils import ensure_env_spec_id

        try:
            made = gymnasium.make(config.task, cfg=config.env, render_mode=None)
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, OSError) as error:
            raise EnvError(f"Isaac Lab cannot make task {self.task}: {error}", code="E002") from error
        node = str(ensure_env_spec_id(made))
        self._sensors = SensorReadings(made.unwrapped.scene)
        _annotate(made, set(config.actor_groups), self._sensors)
        made.reset()  # the first reset of a scene is unlike later ones
        return made, node


def num_actions(env: Any) -> int:
    """Return the size of an action of an Isaac Lab task."""
    if hasattr(env, "action_manager"):
        return int(env.action_manager.total_action_dim)
    import gymnasium

    return int(gymnasium.spaces.flatdim(env.single_action_space))


def _annotate(made: Any, groups: set[str], sensors: SensorReadings) -> None:
    """Let Isaac Lab annotate a manager-based task; a direct one annotates itself. Rewards stay, for reporting."""
    from isaaclab.envs import ManagerBasedRLEnv
    from isaaclab.utils.leapp import patch_env_for_export

    env = made.unwrapped
    if not isinstance(env, ManagerBasedRLEnv):
        _keep_going(env)
        return
    rewards = env.reward_manager.compute
    patch_env_for_export(made, export_method="onnx-dynamo", required_obs_groups=groups)
    env.reward_manager.compute = rewards
    observe = env.observation_manager.compute

    def observe_fresh(*args: Any, **kwargs: Any) -> Any:
        sensors.refresh()
        return observe(*args, **kwargs)

    env.observation_manager.compute = observe_fresh


def _keep_going(env: Any) -> None:
    """Let no episode of a direct task end. Its judgement is still asked for, as tasks refresh readings in it."""
    judge = env._get_dones

    def never() -> tuple[torch.Tensor, torch.Tensor]:
        terminated, timed_out = judge()
        return terminated & False, timed_out & False

    env._get_dones = never

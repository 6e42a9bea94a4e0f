"""An Isaac Lab task's configuration, made fit for one environment that can be exported."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvRequest
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.isaaclab.agents import actor_groups, agent_entry, agent_values
from leapp_rsl_rl.environments.isaaclab.overrides import agent_changes, resolve_config

_PRESETS = ("presets=", "physics=")


@dataclass(frozen=True)
class TaskConfig:
    """What an environment is made from.

    Attributes:
        env: Isaac Lab's environment configuration: one environment, noise and randomisation off.
        agent: The agent's configuration as plain values.
        episode_steps: Control steps of an episode.
        notes: What was switched off or chosen.
        task: Name it is registered under.
        agent_changes: What overrides set in ``agent``, by dotted path.
        actor_groups: Observation groups that the acting network reads.
    """

    env: Any
    agent: dict[str, Any]
    episode_steps: int
    notes: tuple[str, ...]
    task: str
    agent_changes: dict[str, Any]
    actor_groups: tuple[str, ...] = ("policy",)

    @property
    def direct(self) -> bool:
        """Whether it is of the direct workflow: no managers, its own code observes, acts and resets."""
        return not hasattr(self.env, "actions")

    @property
    def step(self) -> float:
        """Seconds of a control step."""
        return float(self.env.sim.dt * self.env.decimation)


def load_config(request: EnvRequest) -> TaskConfig:
    """Resolve a task's play configuration with Hydra overrides and presets, and prepare it.

    Raises:
        UsageError: unknown task or override.
        EnvError: Isaac Lab cannot resolve it.
    """
    from isaaclab_tasks.utils.hydra import resolve_task_config

    task = registered_task(request.task)
    entry = agent_entry(task, request.adapter)
    overrides, notes = _with_physics(list(request.overrides))
    cfg, agent = resolve_config(lambda given: resolve_task_config(task, entry, True, given), overrides)
    if any(override.startswith("env.scene.num_envs=") for override in overrides):
        notes.append("env.scene.num_envs is 1: a bundle controls one robot")
    cfg.scene.num_envs, cfg.seed, cfg.sim.device = 1, request.seed, request.device
    notes += [*_quiet_observations(cfg), *_quiet_events(cfg)]
    if getattr(cfg, "curriculum", None) is not None:
        cfg.curriculum = None
        notes.append("curriculum is off")
    plain = agent_values(agent, request.device)
    changes = agent_changes(overrides, plain)
    return TaskConfig(cfg, plain, _episode_steps(cfg), tuple(notes), task, changes, actor_groups(plain))


def _episode_steps(cfg: Any) -> int:
    for name, value in (("sim.dt", cfg.sim.dt), ("decimation", cfg.decimation)):
        if value <= 0:
            raise UsageError(f"env.{name} is {value}", expected="a positive number", code="E003")
    return max(1, round(float(cfg.episode_length_s / (cfg.sim.dt * cfg.decimation))))


def registered_task(name: str) -> str:
    """Return the task of ``TASK`` or ``MODULE:TASK``, after importing the module, which registers it.

    Raises:
        UsageError: the module cannot be imported, or registers no such task.
    """
    import gymnasium
    import isaaclab_tasks  # noqa: F401 - importing registers the tasks

    module, _, task = name.rpartition(":")
    if module:
        sys.path.insert(0, str(Path.cwd()))
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(f"task {name!r}: module {module!r} cannot be imported: {error}", code="E001") from error
        finally:
            sys.path.remove(str(Path.cwd()))
    if task not in gymnasium.registry:
        known = [name for name in gymnasium.registry if name.startswith("Isaac")]
        raise UsageError(f"Isaac Lab has no task {task!r}", expected=suggest(task, known), code="E001")
    return task


def _with_physics(overrides: list[str]) -> tuple[list[str], list[str]]:
    """Choose Newton where the user chose no physics and Isaac Sim is not installed."""
    if any(o.startswith(_PRESETS) for o in overrides) or importlib.util.find_spec("isaacsim") is not None:
        return overrides, []
    return [*overrides, "presets=newton_mjwarp"], ["physics: Newton (presets=newton_mjwarp), as Isaac Sim is absent"]


def _quiet_observations(cfg: Any) -> list[str]:
    notes = []
    for name, group in vars(getattr(cfg, "observations", None) or object.__new__(_Nothing)).items():
        if getattr(group, "enable_corruption", False):
            group.enable_corruption = False
            notes.append(f"noise of observation group {name!r} is off")
    return notes


def _quiet_events(cfg: Any) -> list[str]:
    """Remove randomisation and disturbances; what sets the state at a reset stays."""
    notes = []
    events = getattr(cfg, "events", None)
    for name, event in list(vars(events or object.__new__(_Nothing)).items()):
        mode = getattr(event, "mode", "reset")
        if mode != "reset":
            setattr(events, name, None)
            notes.append(f"event {name!r} ({mode}) is off: randomisation or disturbance")
    return notes


class _Nothing:
    """Stands for a part that a configuration does not have."""
